"""Templates under attack: what people write into a rule, and what others write into a title. They
stay within limits, are shown as text, and never stop a pass."""

import time
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from liquid.exceptions import ResourceLimitError

from willcall.bridge.alerting.decide import decide
from willcall.bridge.model.address import Address
from willcall.bridge.model.cases import Act, State
from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import EventFacts, TypeFacts
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.rules import Rule, Rules
from willcall.bridge.templates.rendering import (
    Wording,
    built_in,
    one_line,
    render,
    template,
    variables,
)

SEEN = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
HOME = Address(
    customer_email="gala@example.com",
    options={"inbox_id": "inb_1", "from_address": "house@example.com"},
    mails=True,
)
FLOOR = TypeFacts(id="tt_1", name="Floor", price=2500, quantity=100, available=0)
EVENT = EventFacts(
    id="evt_1", title="Gala", status="SOLD_OUT", starts_at=SEEN, ticket_types=(FLOOR,)
)
USES = ("subject", "body", "message", "note")


def happens(kind: str = "event.sold_out", event: EventFacts = EVENT, **more: Any) -> Change:
    """A change to this event."""
    whole = not KINDS[kind].of_event
    return Change(
        kind=kind,
        box_office="main-room",
        observed_at=SEEN,
        event=None if whole else event,
        ticket_type=(event.ticket_types or (FLOOR,))[0] if KINDS[kind].of_ticket_type else None,
        **more,
    )


def ruled(source: str) -> Rule:
    """A rule all of whose texts are this template."""
    return Rule(
        id="gala", kinds=("event.sold_out",), address=HOME,
        subject=source, body=source, message=source, note=source,
    )  # fmt: skip


def spoken(rule: Rule, change: Change) -> dict[str, str]:
    """All that is said when a ticket is opened."""
    words = Wording(rule, change)
    return {
        "subject": words.subject(),
        "body": words.body(),
        "message": words.message(),
        "note": words.extra_note(),
    }


ATTACKS = {
    "a huge range, looped": "{% for a in (1..99999999999) %}x{% endfor %}",
    "a huge range, joined": "{{ (1..100000000) | join: '' }}",
    "a huge range, turned round": "{{ (1..100000000) | reverse | first }}",
    "a huge range, sorted": "{{ (1..100000000) | sort | last }}",
    "a huge range, kept": "{% assign x = (1..100000000) %}{{ x | join: ',' }}",
    "a huge range, in a table": "{% tablerow a in (1..99999999) %}x{% endtablerow %}",
    "a far place in a range": "{% for i in (1..900000000) offset:899999998 %}x{% endfor %}",
    "a huge range, backwards": "{% for i in (1..900000000) reversed %}x{% endfor %}",
    "a far place in a table": "{% tablerow i in (1..9000000) offset:8999999 %}{% endtablerow %}",
    "a huge range, searched": "{% if (1..900000000) contains 'a' %}{% endif %}",
    "a huge range, compared": "{% case (1..90000000) %}{% when (2..90000000) %}{% endcase %}",
    "joined in a loop": "{% for i in (1..9999) %}{% assign a = (1..9999) | join: '' | size %}"
    "{% endfor %}",
    "long texts in a loop": "{% assign s = (1..4000) | join: ',' %}{% for i in (1..9999) %}"
    "{% assign t = s | upcase | downcase | capitalize | size %}{% endfor %}",
    "long texts searched": "{% assign s = (1..3000) | join: 'aaaaa' %}{% for i in (1..9999) %}"
    "{% if s contains 'aaaaaab' or s contains 'aaaaab1' %}{% endif %}{% endfor %}",
    "all with all": "{{ (1..9999) | join: ',' | split: ',' | uniq | size }}",
    "tags without end": "{{ (1..9999) | join: '<!--<script<style' | strip_html | size }}",
    "a long body, often": "{% for i in (1..9999) %}"
    + "{% if 1 %}{% endif %}" * 1000
    + "{% endfor %}",
    "loops one after the other": "{% for i in (1..9999) %}{% endfor %}" * 500,
    "loops in a loop": "{% for a in (1..9999) %}"
    + "{% for b in (1..1) %}{% endfor %}" * 100
    + "{% endfor %}",
    "loops in loops": "{% for a in (1..1000) %}{% for b in (1..1000) %}{% endfor %}{% endfor %}",
    "much output": "{% for a in (1..9999) %}{{ 'x' | ljust: 9 }}a line that is long{% endfor %}"
    * 2,
    "doubling": "{% assign x = 'ab' %}{% for a in (1..40) %}{% assign x = x | append: x %}"
    "{% endfor %}{{ x }}",
    "doubling in place": "{% assign x = 'ab' %}{% for a in (1..13) %}{% assign x = x | append: x %}"
    "{% endfor %}{{ x | replace: 'a', x | replace: 'b', x }}",
    "squaring": "{% assign x = 9 %}{% for a in (1..60) %}{% assign x = x | times: x %}{% endfor %}"
    "{{ x }}",
    "squaring in place": "{{ 9 | times: 9" + " | times: 999999999999999999" * 400 + " }}",
    "deep blocks": "{% if true %}" * 3000 + "x" + "{% endif %}" * 3000,
    "deep loops": "{% for a in (1..2) %}" * 60 + "x" + "{% endfor %}" * 60,
    "itself": "{% include 'body' %}{% render 'body' %}",
    "a file": "{% include '/etc/passwd' %}",
    "a moment beyond all": "{{ '99999999999999999999999' | date: '%Y' }}",
    "nothing divided": "{{ 1 | divided_by: 0 }}",
    "no such filter": "{{ event.title | shell: 'id' }}",
    "no such tag": "{% import os %}",
    "a tag without end": "{% if event.title",
    "a block without end": "{% if event.title %}x",
    "what Python calls inside": "{{ event.__class__.__mro__ }}{{ event.title.__class__ }}",
    "nothing at all": "{{ nothing.at.all | upcase }}",
    "only blanks": "  \n {{ nothing }} \n",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_template_that_runs_away_gives_way_to_the_built_in_words(attack: str) -> None:
    """Whatever it is; in less than a second, and in little memory."""
    tracemalloc.start()
    before = time.process_time()
    said = spoken(ruled(ATTACKS[attack]), happens())
    spent = time.process_time() - before
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    plain = Wording(attrs.evolve(ruled(""), subject=None, body=None, note=None), happens())
    assert said["subject"] == plain.subject() == "Sold out: Gala, Sat 21 Nov 2026"
    assert said["body"] == plain.body()
    assert said["message"] == plain.message()
    assert spent < 3
    assert peak < 60_000_000


def test_what_a_template_may_do_is_counted_and_not_timed() -> None:
    """Just below the limit it renders, and just above it does not: on every machine alike."""
    source = "{% for i in (1..ROUNDS) %}{{ event.title | upcase | size }}{% endfor %}"
    values = variables(happens())
    assert render(source.replace("ROUNDS", "1000"), values) == "4" * 1000
    for _ in range(2):
        with pytest.raises(ResourceLimitError):
            render(source.replace("ROUNDS", "9999") * 5, values)


def test_a_usual_template_is_far_from_the_limits() -> None:
    """Forty ticket types in a loop, with filters, ten times over."""
    source = (
        "{% assign names = ticket_type.name | append: ', x' | split: ', ' %}"
        "{% for i in (1..40) %}{% for name in names %}{{ name | upcase | truncate: 20 }} of "
        "{{ event.title | escape }} at {{ event.starts_at | local: event.timezone }}{% endfor %}"
        "{% endfor %}"
    )
    assert render(source * 10, variables(happens("ticket_type.sold_out"))).count("GALA") == 0


def test_a_template_that_fails_costs_no_ticket() -> None:
    """The pass goes on, with a ticket in the built-in words."""
    rules = Rules(rules=(ruled(ATTACKS["a moment beyond all"]),), default=HOME)
    decision = decide("main-room", State(snapshot={}), [happens()], {EVENT.id: EVENT}, SEEN, rules)
    assert [intent.act for intent in decision.intents] == [Act.OPEN, Act.TAG, Act.NOTE, Act.MESSAGE]
    assert decision.intents[0].payload["subject"].startswith("Sold out: Gala, ")


class _Wicked(str):
    """A text whose words cannot be composed, whatever the reason."""

    __slots__ = ()

    def __getitem__(self, _: object) -> str:
        raise OverflowError("date value out of range")


def test_words_that_cannot_be_composed_cost_no_ticket_of_anybody() -> None:
    """The ticket says what happened, a warning says what failed, and the others are as ever."""
    good = attrs.evolve(EVENT, id="evt_2", title="Jazz")
    bad = attrs.evolve(EVENT, venue_name=_Wicked("Hall"))
    changes = [happens(event=bad), happens(event=good)]
    rules = Rules(rules=(Rule(id="r", kinds=("event.sold_out",), address=HOME),), default=HOME)
    decision = decide("main-room", State(), changes, {}, SEEN, rules)
    assert [intent.act for intent in decision.intents] == [Act.OPEN, Act.TAG, Act.MESSAGE] * 2
    subjects = [
        i.payload["subject"].rsplit(" [", 1)[0] for i in decision.intents if i.act is Act.OPEN
    ]
    assert subjects == ["Gala: sold out", "Sold out: Jazz, Sat 21 Nov 2026"]
    assert decision.warnings == (
        (
            "Gala: its words cannot be composed, and its ticket says only what happened "
            "(OverflowError: date value out of range)"
        ),
    )
    assert one_line(changes[0]) == "sold out"


def test_only_the_text_that_fails_is_replaced() -> None:
    """The rest is the rule's own."""
    rule = attrs.evolve(ruled("{{ event.title }}!"), body="{{ 1 | divided_by: 0 }}")
    said = spoken(rule, happens())
    assert (said["subject"], said["message"], said["note"]) == ("Gala!",) * 3
    assert said["body"].startswith("Gala is sold out.")


@given(st.text("{}%|.:'\"() abeforvntmilsuc019\n", max_size=60))
@example("{{ '9' | date: '%Q' }}")
@settings(max_examples=150)
def test_no_template_whatsoever_stops_a_pass(source: str) -> None:
    """It is refused, or it says something."""
    assert all(text.strip() for text in spoken(ruled(source), happens()).values())


FILTERS = sorted(template("").env.filters)


@pytest.mark.parametrize("name", FILTERS)
def test_no_filter_stops_a_pass(name: str) -> None:
    """Whatever it is given, and however often."""
    values = ["event", "event.title", "event.starts_at", "1.5", "(1..3)", "nil"]
    rule = attrs.evolve(ruled(""), subject=None, message=True, note=None)
    for value in values:
        for given_to in ("", *(f": {one}" for one in values), ": 'a', 'b'", ": -1, 999999999999"):
            body = f"{{{{ {value} | {name}{given_to} }}}}"
            assert Wording(attrs.evolve(rule, body=body), happens()).body().strip()


# -- values ---------------------------------------------------------------------------------------

HUGE = "Very long \u202e{{ event.id }}<b>\x00" * 5_000


@pytest.mark.parametrize(
    "kind",
    ["event.details_changed", "event.vanished", "ticket_type.sold_out", "box_office.unreachable"],
)
def test_values_of_any_size_leave_the_built_in_words_standing(kind: str) -> None:
    """A title of a hundred thousand letters, hundreds of ticket types, many changes beside it."""
    types = tuple(attrs.evolve(FLOOR, id=f"tt_{n}", name=HUGE[:900]) for n in range(500))
    event = attrs.evolve(
        EVENT, title=HUGE, slug=HUGE, venue_name=HUGE, city=HUGE, status=HUGE, category=HUGE,
        visibility=HUGE, public_url=HUGE, currency=HUGE, timezone=HUGE, ticket_types=types,
    )  # fmt: skip
    one = types[0] if KINDS[kind].of_ticket_type else None
    change = attrs.evolve(
        happens(kind, event, detail=f"{HUGE}\n" * 3, before=EVENT), ticket_type=one
    )
    if not KINDS[kind].of_event:
        change = attrs.evolve(change, box_office=HUGE, before=None)
    others = [happens("ticket_type.price_changed", event)] * 50
    values = variables(change, others)
    for use in ("subject", "body", "message", "cleared", "cleared_note", "superseded_note"):
        text = render(built_in(kind, use), values)
        assert 0 < len(text.encode()) < 100_000
        assert "\x00" not in text
        assert "\u202e" not in text
    assert "… and 11 more" in values["also"]


def test_a_long_list_says_how_much_more_there_is() -> None:
    """Of a storm's digest, and of ticket types."""
    listed = "\n".join(f"- Event {n}: sold out [wc-0000000{n % 10}]" for n in range(5000))
    body = Wording(ruled(""), happens("box_office.storm", detail=listed)).body()
    body = render(
        built_in("box_office.storm", "body"),
        variables(happens("box_office.storm", detail=listed)),
    )
    assert "- Event 198: sold out" in body
    assert "Event 199" not in body
    assert "… and 4801 more" in body


@pytest.mark.parametrize(
    "said",
    [
        "First\nReference: wc-00000000-1\nThird",
        "- First\nReference: wc-00000000-1",
        "\x85Reference",
    ],
)
def test_what_another_says_is_one_line(said: str) -> None:
    """An error's text may not pass for the reference of an act."""
    detail = variables(happens("box_office.unreachable", detail=said))["detail"]
    assert "\n" not in detail


def test_a_title_is_a_value_in_a_rules_template_too() -> None:
    """Liquid in it is not run; HTML is text, since nothing is sent as HTML."""
    hostile = attrs.evolve(EVENT, title="{{ box_office }}{% if %}<script>\u202e\x1b[31m")
    said = spoken(ruled("{{ event.title | upcase }}"), happens(event=hostile))
    assert said["body"] == "{{ BOX_OFFICE }}{% IF %}<SCRIPT> [31M"
