"""Every text that is sent, kept word for word in golden/, a page for each family of kinds; and
hostile values in it.

After a change to words.toml, ``WILLCALL_GOLDEN=write`` writes the pages anew: read the diff.
"""

import os
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.words import named
from willcall.bridge.model.address import Address
from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import EventFacts, TypeFacts, derived
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.markers import case_marker, in_subject, in_text, marks, read_subject
from willcall.bridge.model.rules import Rule
from willcall.bridge.templates import examples
from willcall.bridge.templates.rendering import (
    Wording,
    day,
    money,
    one_line,
    plain,
    variables,
    when,
    words,
)

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


LITTLE = attrs.evolve(BARE, ticket_types=(TypeFacts(id="tt_1", name="Orchestra"),))
OFFICES = [name for name, kind in KINDS.items() if not kind.of_event]


def happens(kind: str, event: EventFacts = BEFORE) -> Change:
    """The catalogue's example of that kind, at this event; for BARE with as little as may be known.

    Args:
        kind: which.
        event: to which event.
    """
    change = examples.example(kind, LITTLE if event is BARE else event, at=SEEN)
    if event is BARE:
        types = LITTLE.ticket_types if change.ticket_type else None
        little = None if change.event is None else attrs.evolve(change.event, ticket_types=types)
        unknown = types[0] if types else None
        change = attrs.evolve(change, event=little, before=None, ticket_type=unknown, detail="")
    return change


def now(kind: str, **facts: Any) -> Change:
    """The example with other facts of the event, or of the ticket type, as it is now."""
    change = happens(kind)
    if change.ticket_type is not None:
        return attrs.evolve(change, ticket_type=attrs.evolve(change.ticket_type, **facts))
    assert change.event is not None
    return attrs.evolve(change, event=derived(attrs.evolve(change.event, **facts), SEEN))


def was(kind: str, **facts: Any) -> Change:
    """The example with other facts of the event as it was before."""
    return attrs.evolve(happens(kind), before=attrs.evolve(BEFORE, **facts))


def sold(count: int) -> dict[str, Any]:
    """Ticket types of which so many were sold."""
    return {"ticket_types": (TypeFacts(id="tt_1", name="Floor", sold=count),)}


OTHERWISE = attrs.evolve(
    BEFORE,
    title="The Cherry Orchard, Again",
    slug="the-orchard-again",
    status="POSTPONED",
    ends_at=BEFORE.starts_at + timedelta(hours=3),
    doors_open=BEFORE.starts_at - timedelta(hours=1),
    timezone="America/Chicago",
    country="CA",
    category="OTHER",
    currency="CAD",
    public_url="https://ticketsmart.ai/e/orchard",
    venue_name=None,
    city=None,
    ticket_types=(attrs.evolve(TYPES[0], name="Stalls"), *TYPES[1:]),
)
"""The event with everything else about it."""

# What the catalogue's examples leave out, and some words are about.
MORE: dict[str, list[Change]] = {
    "event.back_on_sale": [now("event.back_on_sale", ticket_types=PARTLY)],
    "event.rescheduled": [
        was("event.rescheduled", starts_at=BEFORE.starts_at - timedelta(minutes=30))
    ],
    "event.moved": [was("event.moved", venue_name=None, city=None)],
    "event.renamed": [
        was("event.renamed", slug="another"),
        was("event.renamed", title=BEFORE.title, slug="another"),
    ],
    "event.details_changed": [
        attrs.evolve(happens("event.details_changed"), before=BEFORE, event=OTHERWISE),
        attrs.evolve(happens("event.details_changed"), before=OTHERWISE, event=BEFORE),
    ],
    "event.visibility_changed": [
        now("event.visibility_changed", visibility=seen_by) for seen_by in ("UNLISTED", "PRIVATE")
    ],
    "ticket_type.price_changed": [now("ticket_type.price_changed", price=cents)
                                  for cents in (7500, 8400)],
}  # fmt: skip


def said(use: str, change: Change, *others: Change) -> str:
    """What the built-in words for a use are."""
    telling = Wording(RULE, change, others, service="TicketSmart")
    work: dict[str, Callable[[], str]] = {
        "subject": telling.subject,
        "body": telling.body,
        "message": telling.message,
        "cleared": telling.cleared_message,
        "cleared_note": telling.cleared_note,
        "superseded_note": telling.superseded_note,
        "line": lambda: one_line(change, "TicketSmart"),
    }
    return work[use]()


def every_text(change: Change) -> str:
    """All that is ever said about a change."""
    return "\n".join(said(use, change) for use in words()[change.kind])


def fragments(source: str) -> set[str]:
    """What a template says in its own words: the pieces between values and conditions."""
    pieces = re.split(r"{%.*?%}|{{.*?}}|\n", source)
    said = {piece.strip() for piece in pieces if re.search(r"[A-Za-z]{2}", piece)}
    return said - {"Also:"}  # what follows it is another kind's, and has a test of its own


def cases(kind: str) -> list[Change]:
    """The kind's example at events of which more or less is known, and what that leaves out."""
    events = [
        BEFORE,
        EVENTS["partly"],
        attrs.evolve(BEFORE, ticket_types=TYPES[1:]),  # the first one has tickets left
        *(attrs.evolve(BEFORE, **sold(count)) for count in (0, 1, 40)),
    ]
    examples = [happens(kind, event) for event in events]
    return [*examples, *MORE.get(kind, ()), happens(kind, BARE)]


def in_golden(kind: str) -> str:
    """All that is said about a kind: of its first case; and of a later case where that makes a text
    say what it has not said so far."""
    lines = [f"## {kind}: {KINDS[kind].summary}"]
    for use, source in words()[kind].items():
        left = fragments(source)
        for number, change in enumerate(cases(kind)):
            text = said(use, change)
            fresh = {piece for piece in left if piece in text}
            if fresh or not number:
                lines.append(f"{use}:\n\n```text\n{text}\n```")
                left -= fresh
        assert not left, f"no case shows what the {use} of {kind} says: {left}"
    return "\n\n".join(lines)


@pytest.mark.parametrize("family", ["event", "ticket_type", "box_office"])
def test_the_words_are_those_in_the_golden_page(family: str) -> None:
    """Every sentence of every built-in text, as somebody would read it."""
    kinds = [kind for kind in KINDS if kind.startswith(f"{family}.")]
    page = "\n\n".join([f"# {family}.*", *map(in_golden, kinds)]) + "\n"
    file = GOLDEN / f"{family}.md"
    if os.environ.get("WILLCALL_GOLDEN") == "write":
        file.write_text(page, "utf-8")
    assert file.read_text("utf-8") == page


@pytest.mark.parametrize("kind", KINDS)
def test_the_golden_page_shows_every_value_that_the_words_use(kind: str) -> None:
    """A value that is empty in all cases would be read by nobody."""
    known = [variables(change, [change]) for change in cases(kind)]
    for source in words()[kind].values():
        for name in named(source):
            table, _, field = name.partition(".")
            assert any((one[table][field] if field else one[table]) not in {None, ""}
                       for one in known), name  # fmt: skip


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
        '- "Orchestra" price: was $84.00, is $89.00\n'
        "- was at Town Hall, New York, is at Harbor Street Theatre, New York"
    ) in text


def test_another_hour_of_the_same_day_is_not_called_another_date() -> None:
    """The day alone would look like no news at all."""
    later = attrs.evolve(BEFORE, starts_at=BEFORE.starts_at + timedelta(minutes=30))
    moved = attrs.evolve(happens("event.rescheduled"), before=BEFORE, event=later)
    assert said("subject", moved) == (
        "New time: The Cherry Orchard, now Sun 29 Nov 2026, 19:30 EST"
    )
    assert "date" not in every_text(moved).replace("update", "")


def test_a_first_venue_is_not_called_a_move() -> None:
    """ "Moved from place not given" is not English."""
    known = attrs.evolve(happens("event.moved"), before=attrs.evolve(BARE, title="The Orchard"))
    assert "now takes place at Harbor Street Theatre, New York." in said("message", known)
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


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Asia/Tokyo", "Etc/GMT+12", "UTC", None, "no"]
)
@pytest.mark.parametrize(
    "moment",
    [
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=5))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_a_placeholder_date_is_shown_as_it_was_told(moment: datetime, zone: str | None) -> None:
    """The first and the last day of the calendar have no other day in another time zone."""
    assert str(moment.year) in day(moment, zone)
    event = attrs.evolve(BEFORE, starts_at=moment, ends_at=moment, doors_open=moment, timezone=zone)
    floor = attrs.evolve((BEFORE.ticket_types or ())[0], sale_starts_at=moment, sale_ends_at=moment)
    for kind in KINDS:
        if KINDS[kind].of_event:
            change = attrs.evolve(happens(kind), event=event)
            if KINDS[kind].of_ticket_type:
                change = attrs.evolve(change, ticket_type=floor)
            every_text(change)


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
