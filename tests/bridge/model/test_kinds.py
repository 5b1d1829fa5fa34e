"""The catalogue of kinds: each kind is complete, and names only what is there."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from support.words import named
from willcall.bridge.detection.diff import between
from willcall.bridge.detection.troubles import kind_of
from willcall.bridge.model.facts import LowStock
from willcall.bridge.model.kinds import (
    KINDS,
    EventKind,
    Kind,
    ReadFailure,
    ReportedBy,
    TypeKind,
    matching,
)
from willcall.bridge.model.kinds.box_offices import STORM
from willcall.bridge.templates.examples import example
from willcall.bridge.templates.rendering import ANY, names, words

TESTS = Path(__file__).parent.parent.parent
SEEN_BY_DIFF = [k.name for k in KINDS.values() if not isinstance(k.seen, ReportedBy | ReadFailure)]


@pytest.mark.parametrize("name", SEEN_BY_DIFF)
def test_the_example_of_a_kind_is_detected_as_that_kind(name: str) -> None:
    """So that each kind has a test of its detection, and an example that is such a change."""
    change = example(name)
    assert change.event is not None
    before = {} if change.before is None else {change.event.id: change.before}
    found = between("main-room", before, {change.event.id: change.event}, change.observed_at)
    assert (name, change.ticket_type) in [(one.kind, one.ticket_type) for one in found]


@pytest.mark.parametrize(
    "name", [k.name for k in KINDS.values() if isinstance(k.seen, ReadFailure)]
)
def test_the_example_of_a_trouble_is_that_trouble_and_no_other(name: str) -> None:
    """An error is of one kind at most."""
    seen = KINDS[name].seen
    assert isinstance(seen, ReadFailure)
    assert kind_of(seen.example) == name
    others = [k.seen for k in KINDS.values() if isinstance(k.seen, ReadFailure) and k.name != name]
    assert not any(other.test(seen.example) for other in others)


@pytest.mark.parametrize(
    "name", [k.name for k in KINDS.values() if isinstance(k.seen, ReadFailure)]
)
def test_a_trouble_has_one_end(name: str) -> None:
    """Which the next run that works reports."""
    (end,) = KINDS[name].cleared_by
    assert KINDS[end].seen is ReportedBy.RECOVERY


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_name_of_a_kind_says_what_it_happens_to(kind: Kind) -> None:
    """Its class says the same."""
    of = "event" if isinstance(kind, EventKind) else "ticket_type"
    of = of if isinstance(kind, EventKind | TypeKind) else "box_office"
    assert kind.name.partition(".")[0] == of


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_condition_that_its_facts_show_says_so_of_its_example(kind: Kind) -> None:
    """Of the example as it is after, and not as it was before."""
    change = example(kind.name)
    if isinstance(kind, EventKind) and kind.still is not None:
        assert change.event is not None
        assert change.before is not None
        assert (kind.still(change.before), kind.still(change.event)) == (False, True)
    if isinstance(kind, TypeKind) and kind.still is not None:
        assert change.type_before is not None
        assert change.ticket_type is not None
        low = LowStock()
        assert change.before is not None
        assert change.event is not None
        shown = (
            kind.still(change.before, change.type_before, low),
            kind.still(change.event, change.ticket_type, low),
        )
        assert shown == (False, True)


def test_one_object_is_enough_for_a_kind_and_for_a_predicate() -> None:
    """Both are made up there; the script says what must work with them."""
    script = TESTS / "support" / "made_up.py"
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    ran = subprocess.run(
        [sys.executable, "-W", "error", script],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


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
