"""Questions to the list: what an answer shows, and what it must not be trusted with."""

from __future__ import annotations

from typing import Any, cast

import pytest

from support.schedules import DAY, NOW, event, moment
from support.virtual_watch import VirtualWatch
from willcall.bridge.model.questions import Question
from willcall.bridge.polling.budget import Poll, PollReason
from willcall.bridge.polling.schedule import Schedule
from willcall.sandbox.settings import Switches

SILENT: dict[str, Any] = {"ticket_types_in_rows": False}


def watching(**switches: Any) -> VirtualWatch:
    """A watch over a list of two pages, baseline taken and a minute old."""
    virtual = VirtualWatch(130, switches=cast("Switches", {**SILENT, **switches}))
    virtual.run()
    virtual.begin()
    virtual.pass_time(90.0)
    return virtual


HABITS: list[dict[str, Any]] = [
    {},
    {"list_filters": "ignored"},
    {"list_filters": "status_only"},
    {"list_filters": "exclusive"},
    {"list_filters": "stale"},
    {"list_capped": True},
    {"list_capped": True, "pagination_fields": False},
    {"pagination_fields": False},
    {"list_order": "updated"},
    {"list_hides": "both"},
    {"auto_sold_out": False},
    {"status_lag": 300.0},
]


@pytest.mark.parametrize("habit", HABITS, ids=str)
def test_whatever_filters_do_nothing_false_is_said(habit: dict[str, Any]) -> None:
    """What happens is reported once, and nothing that did not happen is."""
    virtual = watching(**habit)
    first, second, third = virtual.on_sale()[:3]
    virtual.box_office.sell_out(first.id)
    virtual.box_office.cancel(second.id)
    virtual.pass_time(400.0)
    virtual.box_office.cancel(third.id)
    virtual.pass_time(400.0)
    kinds = virtual.kinds()
    assert kinds.count("event.cancelled") == 2
    assert kinds.count("event.sold_out") == 1
    assert not {"event.back_on_sale", "event.vanished", "event.reinstated"} & set(kinds)
    assert virtual.leave().exit_code == 0


def test_a_sell_out_among_many_is_seen_by_a_question() -> None:
    virtual = watching()
    sold = virtual.on_sale()[7]
    virtual.box_office.sell_out(sold.id)
    virtual.pass_time(25.0)
    assert virtual.kinds().count("event.sold_out") == 1
    assert virtual.leave().exit_code == 0


# -- what is asked --------------------------------------------------------------------------------


class Office:
    """A list of many events, which answers questions as it is told to."""

    def __init__(self, size: int, sold: int) -> None:
        self.starts = {f"e{n}": NOW + DAY + 60 * n for n in range(size)}
        self.status = {f"e{n}": "SOLD_OUT" if n < sold else "PUBLISHED" for n in range(size)}
        self.stock: dict[str, int] = {}
        self.asked: list[Poll] = []
        self.shown: dict[str, float] = {}
        self.totals = True
        self.frozen: dict[str, str] | None = None
        self.schedule = Schedule(1.0, asks=True)
        self.at = NOW
        for name in self.status:
            self.schedule.remember(self.facts(name), {"at": NOW - 300})
        for page in range(1, -(-size // 100) + 1):
            self.schedule.page_seen(page, [], NOW, last=page * 100 >= size)

    def facts(self, name: str) -> Any:
        """An event with what is left."""
        status = self.status[name]
        left = self.stock.get(name, 0 if status == "SOLD_OUT" else 50)
        return event(name, left, status=status, starts=self.starts[name])

    def answer(self, question: Question) -> tuple[list[Any], bool, int | None]:
        """The rows of a page, whether it is the last, and the total."""
        status = self.status if self.frozen is None else self.frozen
        until = None if question.until is None else question.until.timestamp()
        names = [
            name
            for name, starts in self.starts.items()
            if status.get(name) == question.status
            and starts >= question.since.timestamp()
            and (until is None or starts <= until)
        ]
        page = names[(question.page - 1) * 100 : question.page * 100]
        rows = [event(name, status=question.status, starts=self.starts[name]) for name in page]
        return rows, question.page * 100 >= len(names), len(names) if self.totals else None

    def go(self, seconds: float) -> None:
        """Poll for a while."""
        end = self.at + seconds
        while (poll := self.schedule.next(self.at)).at < end:
            self.at = poll.at
            self.asked.append(poll)
            if poll.question is not None:
                rows, last, total = self.answer(poll.question)
                for row in rows:
                    self.shown.setdefault(row.id, self.at)
                self.schedule.question_seen(poll.question, rows, self.at, last=last, total=total)
            elif poll.event is not None:
                self.schedule.event_seen(self.facts(poll.event), self.at)
            else:
                self.schedule.failed(poll, self.at)  # sweeps must not help here
        self.at = end

    def known(self, name: str) -> str:
        """The status by which it is known."""
        return self.schedule._events[name].facts.status


@pytest.mark.parametrize("totals", [True, False])
@pytest.mark.parametrize(("size", "sold"), [(300, 20), (1_000, 250), (3_000, 1_200)])
def test_a_change_among_all_events_is_found(size: int, sold: int, totals: bool) -> None:
    """Whatever the number, sold out, back and new; without totals the windows are read in turn."""
    office = Office(size, sold)
    office.totals = totals
    office.go(60)
    office.status[f"e{size // 2 + 100}"] = "SOLD_OUT"
    office.status["e7"] = "PUBLISHED"
    office.status["new"], office.starts["new"] = "PUBLISHED", NOW + 2 * DAY + 30
    office.go(300 if totals else 3_000)
    assert office.known(f"e{size // 2 + 100}") == "SOLD_OUT"
    assert office.known("e7") == "PUBLISHED"
    assert office.known("new") == "PUBLISHED"
    assert office.schedule.questions.distrusted == {}


def test_absence_concludes_nothing() -> None:
    """It is a reason for a poll of the event; that decides."""
    office = Office(300, 20)
    office.go(60)
    office.frozen = {**office.status, "e7": "PUBLISHED"}  # an answer that lies
    office.asked.clear()
    office.go(60)
    assert "e7" in [poll.event for poll in office.asked if poll.why is PollReason.RETRY]
    assert office.known("e7") == "SOLD_OUT"


def test_old_answers_lose_their_share_within_minutes_and_win_it_back() -> None:
    office = Office(400, 120)
    office.frozen = dict(office.status)
    for n in range(12):
        office.status[f"e{n}"] = "PUBLISHED"
        office.stock[f"e{n}"] = 40
        office.schedule.event_seen(office.facts(f"e{n}"), office.at)
    office.go(600)
    assert "SOLD_OUT" in office.schedule.questions.distrusted
    office.asked.clear()
    office.go(600)
    asked = [p for p in office.asked if p.question and p.question.status == "SOLD_OUT"]
    assert 0 < len(asked) < 30  # of 75
    office.frozen = None
    for n in range(200, 216):
        office.status[f"e{n}"] = "SOLD_OUT"
        office.go(187)
    assert office.schedule.questions.distrusted == {}


def test_a_status_that_never_follows_the_stock_loses_its_share() -> None:
    office = Office(400, 10)
    for n in range(100, 106):
        office.stock[f"e{n}"] = 0
        office.schedule.event_seen(office.facts(f"e{n}"), office.at)
    office.go(300)
    assert office.schedule.questions.distrusted["SOLD_OUT"] >= 8
    # And the next process knows.
    kept = Schedule(1.0, asks=True, memory=office.schedule.to_json())
    assert "SOLD_OUT" in kept.questions.distrusted


def test_a_quiet_evening_is_no_evidence() -> None:
    office = Office(1_000, 220)
    office.go(7_200)
    assert office.schedule.questions.to_json() == dict.fromkeys(
        ("SOLD_OUT", "PUBLISHED", "CANCELLED"), 1.0
    )


def test_an_ignored_filter_is_noticed_at_once() -> None:
    office = Office(300, 20)
    while (poll := office.schedule.next(office.at)).question is None:
        office.at = poll.at
    rows = [event("e250", status="DRAFT", starts=NOW + 3 * DAY)]
    office.schedule.question_seen(poll.question, rows, poll.at, last=True)
    assert poll.question.status in office.schedule.questions.distrusted


def test_many_that_start_at_one_moment_are_read_page_by_page() -> None:
    """No date divides them."""
    office = Office(500, 300)
    evening = NOW + 3 * DAY
    office.starts = dict.fromkeys(office.starts, evening)
    office.schedule = Schedule(1.0, asks=True)
    for name in office.status:
        office.schedule.remember(office.facts(name), {"at": NOW - 300})
    office.schedule.page_seen(5, [], NOW, last=True)
    office.go(30)
    office.status["e450"] = "SOLD_OUT"
    office.go(90)
    assert office.known("e450") == "SOLD_OUT"


def test_questions_take_no_more_than_their_share() -> None:
    """However much changes; and every event has its turn within the bound."""
    office = Office(2_000, 700)
    stated = 0.0
    for n in range(60):
        office.status[f"e{n * 31}"] = "PUBLISHED" if n % 2 else "SOLD_OUT"
        office.go(20)
        stated = max(stated, office.schedule.longest_unseen)
    asked = [poll for poll in office.asked if poll.question]
    assert len(asked) <= office.schedule.questions.share * len(office.asked) + 20
    windows = [poll.question for poll in asked if poll.question and poll.question.until]
    assert windows
    assert all(question.since >= moment(NOW) for question in windows)
