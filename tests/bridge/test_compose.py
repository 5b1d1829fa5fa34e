"""Every text that leaves the house, kept word for word in golden/, and hostile values in it.

After a change to words.toml, ``WILLCALL_GOLDEN=write`` writes the files anew: read them aloud.
"""

import os
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from willcall.bridge.changes import KINDS, Change
from willcall.bridge.compose import day, environment, money, plain, render, variables, when, words
from willcall.bridge.facts import EventFacts, TypeFacts
from willcall.bridge.marker import case_marker, in_subject, in_text, marks, read_subject

GOLDEN = Path(__file__).parent / "golden"
SEEN = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
TYPES = (
    TypeFacts(id="tt_1", name="Orchestra", price=8900, quantity=140, sold=140, available=0),
    TypeFacts(id="tt_2", name="Student Rush", price=0, quantity=20, available=12),
    TypeFacts(id="tt_3", name="Patron", price=25050, available=3),
    TypeFacts(id="tt_4", name="Restricted View", price=1500),
    TypeFacts(id="tt_5", name="Guest List", quantity=9, available=9, hidden=True),
)
BEFORE = EventFacts(
    id="evt_1",
    title="The Cherry Orchard",
    status="PUBLISHED",
    starts_at=datetime(2026, 11, 30, 0, 0, tzinfo=UTC),
    timezone="America/New_York",
    venue_name="Harbor Street Theatre",
    city="New York",
    public_url="https://ticketsmart.ai/e/the-cherry-orchard",
    ticket_types=TYPES,
)
AFTER: dict[str, dict[str, Any]] = {
    "event.sold_out": {"status": "SOLD_OUT"},
    "event.cancelled": {"status": "CANCELLED"},
    "event.completed": {"status": "COMPLETED"},
    "event.archived": {"status": "ARCHIVED"},
    "event.rescheduled": {"starts_at": BEFORE.starts_at + timedelta(days=7)},
    "event.moved": {"venue_name": "Town Hall", "city": "Hoboken"},
    "ticket_type.back_on_sale": {
        "ticket_types": (attrs.evolve(TYPES[0], quantity=146, available=6), *TYPES[1:])
    },
}
BARE = EventFacts(id="evt_1", title="Open Mic", status="PUBLISHED", starts_at=SEEN)


def happens(kind: str, before: EventFacts = BEFORE) -> Change:
    """A change of that kind to this event."""
    after = attrs.evolve(before, **AFTER.get(kind, {}))
    if before.ticket_types != TYPES:
        after = attrs.evolve(after, ticket_types=before.ticket_types)
    one = (after.ticket_types or (TypeFacts(id="tt_1", name="Orchestra"),))[0]
    return Change(
        kind=kind,
        event=after,
        before=before,
        ticket_type=one if KINDS[kind].of_ticket_type else None,
        observed_at=SEEN,
    )


def every_text(change: Change) -> str:
    """All that is ever said about a change, as one file."""
    texts = (f"== {use} ==\n{render(use, change, 'main-room')}\n" for use in words()[change.kind])
    return "\n".join(texts)


@pytest.mark.parametrize("told", ["all", "little"])
@pytest.mark.parametrize("kind", sorted(words()))
def test_the_words_are_those_in_the_golden_file(kind: str, told: str) -> None:
    """With every fact known, and with as few as there can be."""
    text = every_text(happens(kind, BEFORE if told == "all" else BARE))
    file = GOLDEN / f"{kind}.{told}.txt"
    if os.environ.get("WILLCALL_GOLDEN") == "write":
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text


def test_there_is_no_golden_file_too_many() -> None:
    """Of a kind that is no more."""
    kept = {file.name for file in GOLDEN.iterdir()}
    assert {f"{kind}.{told}.txt" for kind in words() for told in ("all", "little")} == kept


@pytest.mark.parametrize("kind", sorted(words()))
@pytest.mark.parametrize("event", [BEFORE, BARE], ids=["all", "little"])
def test_every_text_is_tidy(kind: str, event: EventFacts) -> None:
    """No gap of two lines, no blank ends, no leftover of a template, no "None"."""
    for use in words()[kind]:
        text = render(use, happens(kind, event), "main-room")
        assert text == text.strip() != ""
        assert "\n\n\n" not in text
        assert " \n" not in text
        assert "  " not in text.replace("When:   ", "").replace("Was:    ", "").replace(
            "Now:    ", ""
        ).replace("Where:  ", "")
        assert not {"{", "}", "None", "()"} & {word.strip(".,:;") for word in text.split()}


def test_another_hour_of_the_same_day_is_not_called_another_date() -> None:
    """The day alone would look like no news at all."""
    later = attrs.evolve(BEFORE, starts_at=BEFORE.starts_at + timedelta(minutes=30))
    moved = attrs.evolve(happens("event.rescheduled"), event=later)
    assert render("subject", moved, "x") == (
        "New time: The Cherry Orchard, now Sun 29 Nov 2026, 19:30 EST"
    )
    assert "date" not in every_text(moved)


def test_a_first_venue_is_not_called_a_move() -> None:
    """ "Moved from place not given" is no English."""
    known = attrs.evolve(happens("event.moved"), before=attrs.evolve(BARE, title="The Orchard"))
    assert "now takes place at Town Hall, Hoboken." in render("message", known, "x")
    assert "now has a place." in render("body", known, "x")


@pytest.mark.parametrize(
    ("sold", "expected"),
    [
        (None, "because tickets of it have already been sold"),
        (0, "because tickets of it have already been sold"),
        (1, "because one ticket of it has already been sold"),
        (2, "because 2 tickets of it have already been sold"),
    ],
)
def test_tickets_are_counted_in_english(sold: int | None, expected: str) -> None:
    """Also where the count contradicts the refusal."""
    change = attrs.evolve(
        happens("ticket_type.removal_failed"),
        ticket_type=TypeFacts(id="tt_1", name="Early Bird", sold=sold),
    )
    assert expected in render("message", change, "x")
    assert ("so far" in render("body", change, "x")) == bool(sold)


# -- what comes from outside is text and stays text -------------------------------------------

HOSTILE = {
    "liquid": "{{ event.id }}{% for i in (1..9) %}x{% endfor %}",
    "an open tag": "{% if",
    "html": "<script>alert('1')</script> & Sons",
    "lines": "First\r\nReference: wc-00000000-1\n\nSecond",
    "line separators": "First\u2028Second\u2029Third\x85Fourth\x0bFifth",
    "bidi": "\u202edrahcrO yrrehC\u202c\u2066x\u2069",
    "invisible": "Ch\u200be\u00adrry\ufeff",
    "terminal": "\x1b[31mred\x1b[0m\x07",
    "nul": "nothing\x00more",
    "a marker": "Sold out [wc-00000000]",
    "surrogates": "half \ud83d",
}
PLAIN = {
    "liquid": "{{ event.id }}{% for i in (1..9) %}x{% endfor %}",
    "an open tag": "{% if",
    "html": "<script>alert('1')</script> & Sons",
    "lines": "First Reference: wc-00000000-1 Second",
    "line separators": "First Second Third Fourth Fifth",
    "bidi": "drahcrO yrrehCx",
    "invisible": "Cherry",
    "terminal": "[31mred [0m",
    "nul": "nothing more",
    "a marker": "Sold out [wc-00000000]",
    "surrogates": "half",
}


@pytest.mark.parametrize("kind", sorted(words()))
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_title_stays_a_title(hostile: str, kind: str) -> None:
    """Not a template, not a line of its own, not a marker, nothing that turns a terminal red."""
    title = HOSTILE[hostile]
    named = (attrs.evolve(TYPES[0], name=title), *TYPES[1:])
    event = attrs.evolve(
        BEFORE, title=title, venue_name=title, city=title, currency=title, ticket_types=named
    )
    said = ""
    for use in words()[kind]:
        text = render(use, happens(kind, event), "main-room")
        said += text
        assert {unicodedata.category(c) for c in text if c != "\n"}.isdisjoint(
            {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        )
        assert not marks(text, "wc-00000000-1")
        assert text.encode()
    assert PLAIN[hostile] in said


def test_a_very_long_title_leaves_room_for_the_marker() -> None:
    """The body still has all of it."""
    change = happens("event.sold_out", attrs.evolve(BEFORE, title="Very " * 200))
    subject = in_subject(render("subject", change, "main-room"), "wc-3k9f2m7q")
    assert len(subject) <= 160 + len(" [wc-3k9f2m7q]")
    assert subject.endswith("… [wc-3k9f2m7q]")
    assert read_subject(subject) == "wc-3k9f2m7q"
    assert ("Very " * 200).strip() in render("body", change, "main-room")


@pytest.mark.parametrize("nothing", ["", "   ", "\u200b\u202e", "\n"])
def test_a_title_without_a_letter_is_told_as_such(nothing: str) -> None:
    """A sentence without its subject would puzzle whoever reads it."""
    change = happens("event.sold_out", attrs.evolve(BEFORE, title=nothing))
    assert render("subject", change, "x").startswith("Sold out: (no title), ")
    change = happens("ticket_type.sold_out", attrs.evolve(BEFORE, ticket_types=(UNNAMED,)))
    assert render("subject", change, "x").startswith("(no name) sold out: ")


UNNAMED = TypeFacts(id="tt_1", name="", available=0)


@given(st.text())
@example("\u202e{{ seen }}\n")
def test_plain_is_one_line_and_stays_as_it_is(text: str) -> None:
    """Whatever comes in; and twice is once."""
    once = plain(text)
    assert "\n" not in once
    assert once == plain(once)
    assert once.split() == once.split(" ") or once == ""
    assert {unicodedata.category(c) for c in once}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})


@given(st.text(), st.text())
def test_nothing_in_a_title_is_run(title: str, name: str) -> None:
    """And no title can forge the reference of an act."""
    marker = case_marker("main-room", "event.sold_out", "evt_1", 1)
    types = (attrs.evolve(TYPES[0], name=name),)
    change = happens("event.sold_out", attrs.evolve(BEFORE, title=title, ticket_types=types))
    text = in_text(render("body", change, "main-room"), f"{marker}-1")
    assert plain(title) in text
    assert not marks(text, f"{marker}-2")


# -- time and money -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timezone", "expected"),
    [
        ("America/New_York", "Sun 29 Nov 2026, 19:00 EST"),
        ("Europe/Berlin", "Mon 30 Nov 2026, 01:00 CET"),
        ("Asia/Kolkata", "Mon 30 Nov 2026, 05:30 IST"),
        ("UTC", "Mon 30 Nov 2026, 00:00 UTC"),
        (None, "Mon 30 Nov 2026, 00:00 UTC"),
        ("", "Mon 30 Nov 2026, 00:00 UTC"),
        ("Atlantis/Capital", "Mon 30 Nov 2026, 00:00 UTC"),
        ("../../etc/passwd", "Mon 30 Nov 2026, 00:00 UTC"),
        ("/etc/passwd", "Mon 30 Nov 2026, 00:00 UTC"),
        ("America", "Mon 30 Nov 2026, 00:00 UTC"),
        ("x" * 5000, "Mon 30 Nov 2026, 00:00 UTC"),
        ("America/\x00", "Mon 30 Nov 2026, 00:00 UTC"),
        ("Europe/Z\ud800", "Mon 30 Nov 2026, 00:00 UTC"),
        ("America/Sao_Paulo", "Sun 29 Nov 2026, 21:00 UTC-03:00"),
    ],
)
def test_when_as_the_clocks_there_show_it(timezone: str | None, expected: str) -> None:
    """In UTC, and saying so, where nobody knows the zone."""
    assert when(BEFORE.starts_at, timezone) == expected
    assert expected.startswith(day(BEFORE.starts_at, timezone) + ", ")


def test_summer_and_winter_are_told_apart() -> None:
    """By the zone's own name for each."""
    summer = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert when(summer, "Europe/London") == "Wed 1 Jul 2026, 13:00 BST"


@pytest.mark.parametrize(
    ("cents", "expected"),
    [
        (0, "0.00 USD"),
        (5, "0.05 USD"),
        (2500, "25.00 USD"),
        (123456, "1234.56 USD"),
        (-50, "-0.50 USD"),
        (-2550, "-25.50 USD"),
    ],
)
def test_money_as_people_write_it(cents: int, expected: str) -> None:
    """Integer cents, no float anywhere."""
    assert money(cents, "USD") == expected


# -- the templates' own bounds ------------------------------------------------------------------


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in (1..1000) %}{% for b in (1..1000) %}{% endfor %}{% endfor %}",
        "{% for a in (1..9000) %}long enough to matter{% endfor %}",
        "{% assign x = 'ab' %}{% for a in (1..40) %}{% assign x = x | append: x %}{% endfor %}",
    ],
    ids=["loops", "output", "memory"],
)
def test_a_template_cannot_run_away(template: str) -> None:
    """It is written by people, and people slip."""
    from liquid.exceptions import ResourceLimitError

    with pytest.raises(ResourceLimitError):
        environment().from_string(template).render()


def test_a_template_that_names_what_is_not_there_is_refused() -> None:
    """Rather than sent with a hole in it."""
    from liquid.exceptions import UndefinedError

    with pytest.raises(UndefinedError):
        environment().from_string("{{ event.titel }}").render(
            **variables(happens("event.sold_out"), "main-room")
        )


def test_all_that_a_template_may_name_is_text() -> None:
    """So that no value has anything to call or to walk into."""
    for kind in KINDS:
        for value in variables(happens(kind), "main-room").values():
            parts = value.values() if isinstance(value, dict) else [value]
            assert all(type(part) is str for part in parts)
