"""Every text that leaves the house, kept word for word in golden/, and hostile values in it.

After a change to words.toml, ``WILLCALL_GOLDEN=write`` writes the files anew: read them aloud.
"""

import os
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from willcall.bridge.model.address import Address
from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import EventFacts, TypeFacts
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.markers import case_marker, in_subject, in_text, marks, read_subject
from willcall.bridge.model.rules import Rule
from willcall.bridge.templates.rendering import Words, day, money, one_line, plain, when, words

GOLDEN = Path(__file__).parent / "golden"
SEEN = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
RULE = Rule(id="gala", kinds=(), address=Address(customer_email="gala@example.com"))
TYPES = (
    TypeFacts(id="tt_1", name="Orchestra", price=8900, quantity=140, sold=140, available=0),
    TypeFacts(id="tt_2", name="Student Rush", price=0, quantity=20, available=12),
    TypeFacts(id="tt_3", name="Patron", price=25050, quantity=10, sold=7, available=3),
    TypeFacts(id="tt_5", name="Guest List", quantity=9, available=9, hidden=True),
)
PARTLY = (
    TYPES[0],
    TypeFacts(id="tt_3", name="Patron", price=25050, available=3),
    TypeFacts(id="tt_4", name="Restricted View", price=1500),
)
BEFORE = EventFacts(
    id="evt_1",
    title="The Cherry Orchard",
    status="PUBLISHED",
    starts_at=datetime(2026, 11, 30, 0, 0, tzinfo=UTC),
    timezone="America/New_York",
    venue_name="Harbor Street Theatre",
    city="New York",
    country="US",
    category="THEATER",
    visibility="PUBLIC",
    slug="the-cherry-orchard",
    public_url="https://ticketsmart.ai/e/the-cherry-orchard",
    ticket_types=TYPES,
)
BARE = EventFacts(id="evt_1", title="Open Mic", status="PUBLISHED", starts_at=SEEN)
EVENTS = {"all": BEFORE, "partly": attrs.evolve(BEFORE, ticket_types=PARTLY), "little": BARE}


def with_type(**facts: Any) -> dict[str, Any]:
    """The first ticket type with other facts."""
    return {"ticket_types": (attrs.evolve(TYPES[0], **facts), *TYPES[1:])}


AFTER: dict[str, dict[str, Any]] = {
    "event.sold_out": {"status": "SOLD_OUT"},
    "event.cancelled": {"status": "CANCELLED"},
    "event.completed": {"status": "COMPLETED"},
    "event.archived": {"status": "ARCHIVED"},
    "event.rescheduled": {"starts_at": BEFORE.starts_at + timedelta(days=7)},
    "event.moved": {"venue_name": "Town Hall", "city": "Hoboken"},
    "event.renamed": {"title": "The Cherry Orchard, Again", "slug": "the-orchard-again"},
    "event.details_changed": {
        "status": "POSTPONED",
        "ends_at": BEFORE.starts_at + timedelta(hours=3),
        "doors_open": BEFORE.starts_at - timedelta(hours=1),
        "timezone": "America/Chicago",
        "country": "CA",
        "category": "OTHER",
        "currency": "CAD",
        "public_url": "https://ticketsmart.ai/e/orchard",
    },
    "event.visibility_changed": {"visibility": "PRIVATE"},
    "ticket_type.back_on_sale": with_type(quantity=146, available=6),
    "ticket_type.low_stock": with_type(sold=132, available=8),
    "ticket_type.restocked": with_type(quantity=200, available=60),
    "ticket_type.price_changed": with_type(price=9900),
    "ticket_type.quantity_changed": with_type(quantity=160, available=20),
    "ticket_type.hidden": with_type(hidden=True),
    "ticket_type.sale_window_changed": with_type(
        sale_starts_at=SEEN, sale_ends_at=BEFORE.starts_at
    ),
}
DETAIL = {
    "box_office.key_rejected": "invalid API key",
    "box_office.scope_missing": "events:write is missing",
    "box_office.unreachable": "no answer within 10 s",
    "box_office.storm": "- Laughs: sold out [wc-00000001]\n- Open Mic: cancelled [wc-00000002]",
    "ticket_type.selling_fast": "40 minutes to 2 hours",
}


def happens(kind: str, before: EventFacts = BEFORE) -> Change:
    """A change of that kind to this event."""
    if not KINDS[kind].of_event:
        detail = DETAIL.get(kind, "") if before is not BARE else ""
        return Change(kind=kind, box_office="main-room", observed_at=SEEN, detail=detail)
    after = attrs.evolve(before, **AFTER.get(kind, {})) if before is not BARE else before
    one = (after.ticket_types or (TypeFacts(id="tt_1", name="Orchestra"),))[0]
    return Change(
        kind=kind,
        box_office="main-room",
        event=after,
        before=before if before is not BARE else None,
        ticket_type=one if KINDS[kind].of_ticket_type else None,
        observed_at=SEEN,
        detail="" if before is BARE else DETAIL.get(kind, ""),
    )


def said(use: str, change: Change, *others: Change) -> str:
    """What the built-in words for a use are."""
    telling = Words(RULE, change, others)
    work: dict[str, Callable[[], str]] = {
        "subject": telling.subject,
        "body": telling.body,
        "message": telling.message,
        "cleared": telling.cleared_message,
        "cleared_note": telling.cleared_note,
        "superseded_note": telling.superseded_note,
        "line": lambda: one_line(change),
    }
    return work[use]()


def every_text(change: Change) -> str:
    """All that is ever said about a change, as one file."""
    return "\n".join(f"== {use} ==\n{said(use, change)}\n" for use in words()[change.kind])


@pytest.mark.parametrize("told", EVENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_words_are_those_in_the_golden_file(kind: str, told: str) -> None:
    """With every fact known, with some, and with as few as there can be."""
    text = every_text(happens(kind, EVENTS[told]))
    file = GOLDEN / f"{kind}.{told}.txt"
    if os.environ.get("WILLCALL_GOLDEN") == "write":
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text


def test_there_is_no_golden_file_too_many() -> None:
    """Of a kind that is no more."""
    kept = {file.name for file in GOLDEN.iterdir()}
    assert {f"{kind}.{told}.txt" for kind in KINDS for told in EVENTS} == kept


GAPS = ("When:   ", "Was:    ", "Now:    ", "Where:  ")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("event", EVENTS)
def test_every_text_is_tidy(kind: str, event: str) -> None:
    """No gap of two lines, no blank ends, no leftover of a template, no "None"."""
    for use in words()[kind]:
        text = said(use, happens(kind, EVENTS[event]))
        assert text == text.strip() != ""
        assert "\n\n\n" not in text
        assert " \n" not in text
        bare = text
        for gap in GAPS:
            bare = bare.replace(gap, "")
        assert "  " not in bare
        assert " ," not in bare
        assert " ." not in bare
        assert not {"{", "}", "None", "()", "nil"} & {word.strip(".,:;") for word in text.split()}
        assert not bare.rstrip().endswith((",", ":"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("event", EVENTS)
def test_a_subject_can_be_triaged_on_a_phone(kind: str, event: str) -> None:
    """What, whom and when: the first two within fifty characters, and no two kinds alike."""
    change = happens(kind, EVENTS[event])
    subject = said("subject", change)
    assert len(subject) <= 90
    assert change.title in subject
    title = BARE if change.event is None else change.event
    if change.event is not None and kind not in {"event.moved", "event.rescheduled"}:
        assert subject.endswith(day(title.starts_at, title.timezone))
    others = {said("subject", happens(other, EVENTS[event])) for other in KINDS if other != kind}
    assert subject not in others


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_says_what_when_where_and_what_to_do(kind: str) -> None:
    """Whoever reads the ticket was not there. The link comes last; what is gone has none."""
    change = happens(kind)
    body = said("body", change)
    assert "\nWhat to do: " in body
    assert when(SEEN, change.event.timezone if change.event else None) in body
    if change.event is not None:
        assert change.event.title in body
        assert when(change.event.starts_at, change.event.timezone) in body
        assert "Harbor Street Theatre, New York" in body
        url = change.event.public_url or "?"
        assert body.endswith(url) == (kind != "event.vanished")


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_courteous_and_short(kind: str) -> None:
    """A greeting, what happened, what we ask; no jargon of ours, and nothing to be done in it."""
    for use in {"message", "cleared"} & set(words()[kind]):
        text = said(use, happens(kind))
        assert text.startswith("Hello,\n\n")
        assert len(text) < 420
        assert "ticket resolves" not in text
        assert "What to do" not in text


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "box_office.storm"])
@pytest.mark.parametrize("use", ["body", "cleared", "cleared_note", "superseded_note"])
def test_what_else_has_happened_is_told_in_the_same_breath(kind: str, use: str) -> None:
    """Or joined cases would lose it."""
    if use not in words()[kind]:
        return
    text = said(use, happens(kind), happens("ticket_type.price_changed"), happens("event.moved"))
    assert (
        "\nAlso:\n"
        '- "Orchestra" price: was $89.00, is $99.00\n'
        "- was at Harbor Street Theatre, New York, is at Town Hall, Hoboken"
    ) in text


def test_another_hour_of_the_same_day_is_not_called_another_date() -> None:
    """The day alone would look like no news at all."""
    later = attrs.evolve(BEFORE, starts_at=BEFORE.starts_at + timedelta(minutes=30))
    moved = attrs.evolve(happens("event.rescheduled"), event=later)
    assert said("subject", moved) == (
        "New time: The Cherry Orchard, now Sun 29 Nov 2026, 19:30 EST"
    )
    assert "date" not in every_text(moved).replace("update", "")


def test_a_first_venue_is_not_called_a_move() -> None:
    """ "Moved from place not given" is no English."""
    known = attrs.evolve(happens("event.moved"), before=attrs.evolve(BARE, title="The Orchard"))
    assert "now takes place at Town Hall, Hoboken." in said("message", known)
    assert "now has a place." in said("body", known)


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
    assert expected in said("message", change)
    assert ("so far" in said("body", change)) == bool(sold)


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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_title_stays_a_title(hostile: str, kind: str) -> None:
    """Not a template, not a line of its own, not a marker, nothing that turns a terminal red."""
    title = HOSTILE[hostile]
    change = happens(kind)
    named = attrs.evolve(change.ticket_type, name=title) if change.ticket_type else None
    event = change.event and attrs.evolve(
        change.event, title=title, venue_name=title, city=title, currency=title,
        slug=title, status=title, visibility=title, category=title, public_url=title,
    )  # fmt: skip
    change = attrs.evolve(change, event=event, ticket_type=named, box_office=title, detail=title)
    heard = ""
    for use in words()[kind]:
        text = said(use, change, change)
        heard += text
        assert {unicodedata.category(c) for c in text if c != "\n"}.isdisjoint(
            {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        )
        assert not marks(text, "wc-00000000-1")
        assert text.encode()
    assert PLAIN[hostile] in heard


def test_a_very_long_title_leaves_room_for_the_marker() -> None:
    """The body still has all of it."""
    change = happens("event.sold_out", attrs.evolve(BEFORE, title="Very " * 200))
    subject = in_subject(said("subject", change), "wc-3k9f2m7q")
    assert len(subject) <= 160 + len(" [wc-3k9f2m7q]")
    assert subject.endswith("… [wc-3k9f2m7q]")
    assert read_subject(subject) == "wc-3k9f2m7q"
    assert ("Very " * 200).strip() in said("body", change)


@pytest.mark.parametrize("nothing", ["", "   ", "\u200b\u202e", "\n"])
def test_a_title_without_a_letter_is_told_as_such(nothing: str) -> None:
    """A sentence without its subject would puzzle whoever reads it."""
    change = happens("event.sold_out", attrs.evolve(BEFORE, title=nothing))
    assert said("subject", change).startswith("Sold out: (no title), ")
    change = happens("ticket_type.sold_out", attrs.evolve(BEFORE, ticket_types=(UNNAMED,)))
    assert said("subject", change).startswith("(no name) sold out: ")


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
    marker = case_marker("main-room", "gala", "event.sold_out", "evt_1", 1)
    types = (attrs.evolve(TYPES[0], name=name),)
    change = happens("event.sold_out", attrs.evolve(BEFORE, title=title, ticket_types=types))
    text = in_text(said("body", change), f"{marker}-1")
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
        (0, "$0.00"),
        (5, "$0.05"),
        (2500, "$25.00"),
        (123456, "$1234.56"),
        (-50, "-$0.50"),
        (-2550, "-$25.50"),
    ],
)
def test_money_as_people_write_it(cents: int, expected: str) -> None:
    """Integer cents, no float anywhere."""
    assert money(cents, "USD") == expected


def test_each_detail_that_has_changed_is_told() -> None:
    """Also what has no kind of its own: a place that is gone, a ticket type's new name."""
    renamed = (attrs.evolve(TYPES[0], name="Stalls"), *TYPES[1:])
    after = attrs.evolve(BEFORE, venue_name=None, city=None, ticket_types=renamed)
    body = said("body", attrs.evolve(happens("event.details_changed"), event=after))
    assert "Place: was Harbor Street Theatre, New York, is place not given" in body
    assert (
        "Ticket types: were Orchestra, Student Rush, Patron, Guest List; "
        "are Stalls, Student Rush, Patron, Guest List" in body
    )
    assert "Status:" not in body


@pytest.mark.parametrize(
    ("sold", "expected"),
    [
        (None, "Buyers will ask."),
        (0, "No tickets had been sold."),
        (1, "One ticket had been sold; its buyer will ask."),
        (7, "7 tickets had been sold; their buyers will ask."),
    ],
)
def test_how_many_buyers_there_are_is_told_if_it_is_known(sold: int | None, expected: str) -> None:
    """Somebody will have to answer them."""
    types = (TypeFacts(id="tt_1", name="Floor", sold=sold),)
    change = attrs.evolve(
        happens("event.cancelled"), event=attrs.evolve(BEFORE, ticket_types=types)
    )
    assert f"\n{expected}\n" in said("body", change)
