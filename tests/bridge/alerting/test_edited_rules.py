"""Rules that are edited while tickets are open: a condition keeps its ticket and its wishes."""

from collections.abc import Sequence
from datetime import timedelta

import attrs
import pytest

from support.decider import HOME, Decider, a_rule
from support.played import Played, hall
from willcall.bridge.model.address import Address
from willcall.bridge.model.cases import CaseState, address_of
from willcall.bridge.model.rules import OnClear, Rule, Rules
from willcall.bridge.model.wishes import from_json, to_json

VIP = a_rule("ticket_type.sold_out", id="vip", ticket_type_name_contains=("vip",))
OUT = hall(ga=50, vip=0)


@pytest.mark.parametrize(
    "rules",
    [
        [attrs.evolve(VIP, id="vips")],
        [],
        [a_rule("ticket_type.sold_out", id="all"), VIP],
        [a_rule("ticket_type.*", "event.*", id="every")],
    ],
    ids=["renamed", "removed", "one before it", "replaced"],
)
def test_a_condition_keeps_its_ticket(rules: Sequence[Rule]) -> None:
    """Whichever rule takes it now."""
    played = Played(VIP).sees(hall(ga=50, vip=50), OUT).edits(*rules).waits(timedelta(minutes=1))
    assert len(played.tickets) == 1
    played.edits(VIP).waits(timedelta(minutes=1))
    assert len(played.tickets) == 1
    played.sees(hall(ga=50, vip=50))
    assert played.open == []
    played.sees(OUT)
    assert len(played.tickets) == 2


def test_a_rule_that_takes_the_place_of_another_has_the_later_conditions_in_its_ticket() -> None:
    """As if it had opened it."""
    played = Played(a_rule("ticket_type.sold_out", id="a")).sees(hall(ga=50, vip=50), OUT)
    played.edits(a_rule("ticket_type.sold_out", id="b")).sees(hall(ga=50, vip=0, box=90))
    played.sees(hall(ga=50, vip=0, box=0))
    assert [case.rule for case in played.virtual.cases] == ["b"]
    assert len(played.tickets) == 1


def test_rules_that_continue_keep_a_ticket_each_through_a_rename() -> None:
    """Each under its own wishes; a third that is added has its own."""
    loud = a_rule("event.sold_out", id="loud", go_on=True)
    still = a_rule("event.sold_out", id="still", message=False, on_clear=OnClear.NOTE)
    played = Played(loud, still).sees(hall(ga=9), hall(ga=0))
    assert len(played.tickets) == 2
    loud, still = attrs.evolve(loud, id="zoo"), attrs.evolve(still, id="aloud")
    played.edits(loud, still).waits(timedelta(minutes=1))
    assert len(played.tickets) == 2
    by_wish = {case.wishes and case.wishes.message: case.rule for case in played.virtual.cases}
    assert by_wish == {True: "zoo", False: "aloud"}
    third = a_rule("event.sold_out", id="third", go_on=True)
    played.edits(third, loud, still).waits(timedelta(minutes=1))
    assert len(played.tickets) == 3


def test_a_threshold_that_is_reached_is_news_and_no_edit() -> None:
    """The first rule does not take it until few are left, and then has a ticket of its own."""
    few = a_rule("ticket_type.low_stock", id="few", remaining_below=5)
    many = a_rule("ticket_type.low_stock", id="many", remaining_below=50)
    played = Played(few, many).sees(hall(ga=60), hall(ga=40))
    assert len(played.tickets) == 1
    played.sees(hall(ga=3))
    assert [ticket.rule for ticket in played.tickets] == ["many", "few"]


def test_a_ticket_that_somebody_deleted_stays_deleted_though_its_rule_is_renamed() -> None:
    """Its case is gone, and the condition has had its ticket."""
    decider = Decider(a_rule("event.sold_out", id="a"))
    decider.apply("event.sold_out")
    (case,) = decider.state.cases
    gone = attrs.evolve(case, state=CaseState.GONE)
    decider.state = attrs.evolve(decider.state, cases=(gone,))
    decider.rules = attrs.evolve(decider.rules, rules=(a_rule("event.sold_out", id="b"),))
    assert decider.apply() == []


# -- what a case wishes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("later", "why"),
    [
        ([], "removed"),
        ([a_rule("event.sold_out", id="quiet")], "edited"),
        ([a_rule("event.sold_out", id="other")], "renamed"),
    ],
    ids=["removed", "edited", "renamed"],
)
def test_a_case_keeps_the_wishes_it_was_opened_with(later: list[Rule], why: str) -> None:
    """No mail was wished for, only a note."""
    quiet = a_rule("event.sold_out", id="quiet", message=False, on_clear=OnClear.NOTE)
    played = Played(quiet).sees(hall(ga=9), hall(ga=0)).edits(*later)
    played.sees(hall(ga=0)).sees(hall(ga=90))
    (ticket,) = played.tickets
    assert (len(ticket.messages), len(ticket.notes)) == (0, 1), why
    assert ticket.status == "open"


def test_a_case_whose_rule_was_removed_writes_to_whom_it_wrote() -> None:
    """And not to the default customer. An address that was corrected is used."""
    other = Address(customer_email="other@example.com", options={"inbox_id": "inb_2"}, mails=True)
    decider = Decider(a_rule("event.sold_out", address=other))
    decider.apply("event.sold_out")
    (case,) = decider.state.cases
    assert address_of(Rules(rules=(), default=HOME), case) == other
    fixed = attrs.evolve(other, customer_email="right@example.com")
    corrected = Rules(rules=(a_rule("event.sold_out", address=fixed),), default=HOME)
    assert address_of(corrected, case) == fixed


def test_what_a_case_wishes_is_the_same_from_the_ledger() -> None:
    """Every field of a rule but its predicates."""
    rule = a_rule(
        "event.sold_out", "ticket_type.*", id="r", hold=timedelta(minutes=10), severity=None,
        message="{{ title }}", note="n", body="b", subject="s", tags=("x",), go_on=True,
        on_clear=OnClear.NOTHING, quiet_hours=Decider.quiet("22:00", "08:00", "Europe/Berlin"),
        reopen_within=timedelta(days=1), assignee_id="u_1",
    )  # fmt: skip
    assert from_json(to_json(rule)) == rule
    plain = a_rule("event.sold_out")
    assert from_json(to_json(plain)) == plain
    fields = {field.name for field in attrs.fields(Rule)} - {"predicates", "include"}
    same = [name for name in fields if getattr(rule, name) == getattr(plain, name)]
    assert same == ["severity", "group_by", "address"] or set(same) == {
        "severity", "group_by", "address",
    }  # fmt: skip
