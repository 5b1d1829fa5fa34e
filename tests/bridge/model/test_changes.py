"""The catalogue and its words hold together: nothing names what is not there."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase

import pytest

from support.words import named
from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import EventFacts, TypeFacts
from willcall.bridge.model.kinds import KINDS, Kind, matching
from willcall.bridge.templates.rendering import ANY, names, words

STORM = "box_office.storm"
SEEN = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


def uses(kind: Kind) -> set[str]:
    """The texts that a kind is ever asked for."""
    needed = {"subject", "body", "line"}
    if kind.name != STORM:  # nobody is written to about one
        needed |= {"message"}
    if any(kind.name in other.cleared_by for other in KINDS.values()):
        needed |= {"cleared", "cleared_note"}
    if any(kind.name in other.superseded_by for other in KINDS.values()):
        needed |= {"superseded_note"}
    return needed


def test_every_kind_goes_by_its_own_name() -> None:
    """And belongs to an event, to a ticket type or to a whole box office."""
    assert [kind.name for kind in KINDS.values()] == list(KINDS)
    assert {name.split(".")[0] for name in KINDS} == {"event", "ticket_type", "box_office"}
    assert {name for name, kind in KINDS.items() if not kind.of_event} == set(
        matching(["box_office.*"])
    )


@pytest.mark.parametrize("name", KINDS)
def test_what_a_kind_names_is_there(name: str) -> None:
    """Kinds that end it by name; kinds it covers by a glob that fits at least one other."""
    kind = KINDS[name]
    assert {*kind.cleared_by, *kind.superseded_by} <= set(KINDS)
    assert set(kind.cleared_by).isdisjoint(kind.superseded_by)
    for glob in kind.covers:
        covered = [other for other in KINDS if fnmatchcase(other, glob)]
        assert set(covered) - {name}, glob


@pytest.mark.parametrize("name", [name for name in KINDS if name != STORM])
def test_every_ticket_has_an_end(name: str) -> None:
    """A condition is cleared or superseded; a notice has had its day with the next of its kind, and
    both end with what they happened to."""
    kind = KINDS[name]
    if not kind.holds:
        assert name in kind.superseded_by
    if kind.of_event and name != "event.vanished":
        assert {"event.archived", "event.vanished", "event.completed"} <= set(kind.superseded_by)
    if kind.of_ticket_type:
        assert "ticket_type.removed" in {*kind.superseded_by, *kind.cleared_by}


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.holds])
def test_what_clears_is_no_condition_itself(name: str) -> None:
    """Good news is news once. (That a ticket type is gone ends its failed removal.)"""
    assert not any(KINDS[other].holds for other in KINDS[name].cleared_by)


def test_covers_form_no_circle() -> None:
    """Two kinds that covered each other would both stay silent. (A kind does not cover itself.)"""
    pairs = {(a.name, b) for a in KINDS.values() for b in KINDS if a.does_cover(b) and a.name != b}
    assert not {(a, b) for a, b in pairs if (b, a) in pairs}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_the_words_it_needs_and_no_others(name: str) -> None:
    """A text that is missing would end a run; one that nobody asks for would rot."""
    told: Mapping[str, str] = words().get(name, {})
    assert uses(KINDS[name]) == set(told)


def test_there_are_no_words_for_what_is_no_kind() -> None:
    """A misspelt table would never be read."""
    assert set(words()) == {*KINDS, ANY}
    assert set(words()[ANY]) == set().union(*(uses(kind) for kind in KINDS.values()))


@pytest.mark.parametrize("name", KINDS)
def test_an_opening_says_what_to_do(name: str) -> None:
    """Whoever reads the ticket was not there."""
    assert "What to do: " in words()[name]["body"]
    assert "{{ seen }}" in words()[name]["body"]


@pytest.mark.parametrize("name", KINDS)
def test_a_text_uses_only_names_that_its_kind_has(name: str) -> None:
    """It would have nothing to show for others."""
    for use, text in words()[name].items():
        assert named(text) <= names(name), use


def test_the_words_for_any_ask_before_they_use_what_some_kinds_lack() -> None:
    """They serve all of them."""
    for text in words()[ANY].values():
        for name in named(text) - names(STORM):
            table = name.split(".")[0]
            assert re.search(rf"{{% if {table}\.", text), name


@pytest.mark.parametrize("name", KINDS)
def test_the_names_of_a_kind(name: str) -> None:
    """By what it happens to."""
    has = {table for table in names(name) if "." not in table}
    assert ("event" in has, "before" in has) == (KINDS[name].of_event,) * 2
    assert ("ticket_type" in has, "ticket_type_before" in has) == (KINDS[name].of_ticket_type,) * 2


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (["event.sold_out"], ("event.sold_out",)),
        (["*.sold_out"], ("event.sold_out", "ticket_type.sold_out")),
        (["*"], tuple(KINDS)),
        (["ticket_type.removed", "event.created"], ("event.created", "ticket_type.removed")),
        (["event.sold_out", "event.s*"], ("event.sold_out",)),
        (["event"], ()),
        ([], ()),
    ],
)
def test_globs_name_kinds_in_the_order_of_the_catalogue(
    globs: list[str], expected: tuple[str, ...]
) -> None:
    """Each once."""
    assert matching(globs) == expected


def about(subject: str) -> Change:
    """A change of an event, or of an event's ticket type."""
    event, _, one = subject.partition("/")
    facts = EventFacts(id=event, title="", status="", starts_at=SEEN)
    return Change(
        kind="event.cancelled",
        box_office="main-room",
        observed_at=SEEN,
        event=facts,
        ticket_type=TypeFacts(id=one, name="") if one else None,
    )


@pytest.mark.parametrize(
    ("change", "subject", "expected"),
    [
        ("evt_1", "evt_1", True),
        ("evt_1", "evt_1/tt_1", True),
        ("evt_1/tt_1", "evt_1/tt_1", True),
        ("evt_1/tt_1", "evt_1", False),
        ("evt_1/tt_1", "evt_1/tt_10", False),
        ("evt_1", "evt_10", False),
        ("evt_1", "evt_10/tt_1", False),
        ("evt_1", "main-room", False),
    ],
)
def test_what_a_change_bears_on(change: str, subject: str, expected: bool) -> None:
    """The same thing, or a part of it."""
    assert about(change).bears_on(subject) == expected
