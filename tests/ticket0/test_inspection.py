"""What can be observed of Ticket0's lists: each judgement once in each of its ways."""

from datetime import UTC, datetime, timedelta

from client.kit import desk, play, reply, tickets
from willcall.ticket0 import inspection
from willcall.ticket0.api import FlowTicket0
from willcall.ticket0.models import Ticket

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


def ticket(number: int, *tags: str, inbox: str = "inb_1", minutes: int | None = None) -> Ticket:
    """A ticket that was made so many minutes ago."""
    made = None if minutes is None else NOW - timedelta(minutes=minutes)
    return Ticket(
        id=f"tkt_{number}", subject="s", status="open", inbox_id=inbox, tags=tags, created_at=made
    )


def test_the_order_of_a_list_is_told_as_far_as_it_shows() -> None:
    """Whatever it is, nothing depends on it."""
    said = [
        inspection.order(tickets).said
        for tickets in (
            [ticket(n, minutes=n) for n in range(4)],
            [ticket(n, minutes=-n) for n in range(4)],
            [ticket(n, minutes=m) for n, m in enumerate((1, 5, 2))],
            [ticket(0, minutes=1)],
            [],
        )
    ]
    assert said[0] == "the newest first, by creation"
    assert said[1] == "the oldest first, by creation"
    assert said[2] == "none that their dates would show; every page is read"
    assert said[3] == said[4] == "too few tickets to tell in which order they are listed"


def test_the_tag_filter_is_judged_by_what_it_lets_through() -> None:
    """And by what it does not find."""
    good = inspection.tag_filter("a", [ticket(1, "a")], [])
    assert not good.warning
    for tagged, none in (
        ([ticket(1, "a"), ticket(2)], []),
        ([ticket(1, "a")], [ticket(2)]),
        ([], []),
    ):
        found = inspection.tag_filter("a", tagged, none)
        assert found.warning
        assert "does not rely on it" in found.do


def test_an_inbox_that_nobody_has_used_is_told_with_those_that_are() -> None:
    """It may be new; it may be spelt wrong."""
    assert inspection.inbox("inb_1", [ticket(1)], []).warning is False
    found = inspection.inbox("inb_2", [], [ticket(1)])
    assert (found.warning, found.do) == (True, "in use: inb_1")
    assert inspection.inbox("inb_2", [], []).do == "compare it with Ticket0's settings"


def test_a_desk_without_tags_does_not_show_its_tag_filter() -> None:
    """That is said, and the filter is not asked."""
    flow = inspection.inspect(FlowTicket0(desk()), ["inb_1"])
    remarks, _ = play(flow, tickets(), tickets())
    assert [remark.about for remark in remarks] == ["order", "tags", "inbox"]
    assert "cannot be observed" in remarks[1].said


def test_an_inbox_is_judged_by_the_tickets_in_it() -> None:
    """Where no ticket has an inbox, and where the filter is refused, there are none."""
    assert inspection.inbox("inb_1", [], [ticket(1, inbox="")]).warning
    flow = inspection.inspect(FlowTicket0(desk()), ["inb_1"])
    refused = reply(400, {"error": {"code": "VALIDATION_ERROR", "message": "no such filter"}})
    remarks, _ = play(flow, tickets("t1"), refused)
    assert remarks[-1].warning
    assert "refuses inboxes" in remarks[-1].said


def test_the_tags_that_are_there_show_whether_their_filter_works() -> None:
    row = {"id": "t1", "subject": "x", "status": "open", "tags": ["vip"]}
    tagged = reply(200, {"tickets": [row], "nextCursor": None})
    flow = inspection.inspect(FlowTicket0(desk()), [])
    remarks, _ = play(flow, tagged, tagged, tickets())
    assert remarks[1].said == "the tag filter works"
