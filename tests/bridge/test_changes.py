"""The catalogue and its words hold together: nothing names what is not there."""

import re
from collections.abc import Mapping

import pytest

from willcall.bridge.changes import KINDS, Kind, ended_by
from willcall.bridge.compose import words

OPENING = sorted(name for name, kind in KINDS.items() if kind.opens)


def uses(kind: Kind) -> set[str]:
    """The texts that a kind is ever asked for."""
    needed: set[str] = set()
    if kind.opens:
        needed |= {"subject", "body", "message"}
    if any(kind.name in other.cleared_by for other in KINDS.values()):
        needed |= {"message", "note"}
    if any(kind.name in other.overtaken_by for other in KINDS.values()):
        needed |= {"overtakes"}
    return needed


def test_every_kind_goes_by_its_own_name() -> None:
    """And belongs to an event or to a ticket type."""
    assert [kind.name for kind in KINDS.values()] == list(KINDS)
    assert {name.split(".")[0] for name in KINDS} == {"event", "ticket_type"}


@pytest.mark.parametrize("name", KINDS)
def test_what_a_kind_names_is_there(name: str) -> None:
    """Kinds that end it by name; kinds it covers by a glob that fits at least one other."""
    kind = KINDS[name]
    assert {*kind.cleared_by, *kind.overtaken_by} <= set(KINDS)
    assert set(kind.cleared_by).isdisjoint(kind.overtaken_by)
    for glob in kind.covers:
        covered = [other for other in KINDS if Kind("x", "", covers=(glob,)).does_cover(other)]
        assert covered, glob
        assert name not in covered


@pytest.mark.parametrize("name", KINDS)
def test_only_what_opens_has_an_end_or_a_cover(name: str) -> None:
    """The others hold for a moment only."""
    kind = KINDS[name]
    if not kind.opens:
        assert (kind.cleared_by, kind.overtaken_by, kind.covers) == ((), (), ())
    else:
        assert kind.overtaken_by, "its ticket would stay open for ever"


def test_covers_form_no_circle() -> None:
    """Two kinds that covered each other would both stay silent."""
    pairs = {(a.name, b) for a in KINDS.values() for b in KINDS if a.does_cover(b)}
    assert not {(a, b) for a, b in pairs if (b, a) in pairs}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_the_words_it_needs_and_no_others(name: str) -> None:
    """A text that is missing would end a run; one that nobody asks for would rot."""
    told: Mapping[str, str] = words().get(name, {})
    assert uses(KINDS[name]) == set(told)


def test_there_are_no_words_for_what_is_no_kind() -> None:
    """A misspelt table would never be read."""
    assert set(words()) <= set(KINDS)


@pytest.mark.parametrize("name", OPENING)
def test_an_opening_says_what_to_do(name: str) -> None:
    """Whoever reads the ticket was not there."""
    assert "What to do: " in words()[name]["body"]
    assert "{{ seen }}" in words()[name]["body"]


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_an_event_never_names_a_ticket_type(name: str) -> None:
    """It would have none to show."""
    text = " ".join(words().get(name, {}).values())
    names = set(re.findall(r"\{[{%][^}%]*?\bticket_type\.", text))
    assert KINDS[name].of_ticket_type or not names


@pytest.mark.parametrize(
    ("change", "among", "cleared", "overtaken"),
    [
        ("event.back_on_sale", {"event.sold_out", "event.moved"}, {"event.sold_out"}, set()),
        (
            "event.cancelled",
            {"event.sold_out", "event.cancelled", "ticket_type.sold_out"},
            set(),
            {"event.sold_out", "ticket_type.sold_out"},
        ),
        ("event.sold_out", {"ticket_type.sold_out"}, set(), {"ticket_type.sold_out"}),
        ("event.rescheduled", {"event.rescheduled", "event.moved"}, set(), {"event.rescheduled"}),
        ("event.archived", {"event.cancelled"}, set(), {"event.cancelled"}),
        (
            "ticket_type.removed",
            {"ticket_type.sold_out", "ticket_type.removal_failed"},
            {"ticket_type.removal_failed"},
            {"ticket_type.sold_out"},
        ),
        ("event.sold_out", set(), set(), set()),
    ],
)
def test_what_a_change_ends(
    change: str, among: set[str], cleared: set[str], overtaken: set[str]
) -> None:
    """With good news, or because it no longer matters."""
    assert (cleared, overtaken) == ended_by(change, among)
