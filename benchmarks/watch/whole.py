"""What happens to whole events, and after how long it is seen: sold out, back on sale, cancelled,
published. In virtual time, beside the ticket types of the same play.

A change to CANCELLED or a new event is a moment drawn at random in the life of an event: what
matters is the next request that would have shown it.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
from array import array
from bisect import bisect_left, insort
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from typing import Any

import attrs
from market import DAY, FLICKER, START, Life, Market, Model
from play import PAGE, PER_MINUTE, QUOTA, TRIP, InTurn, Server, _first

from willcall.bridge.model.facts import EventFacts
from willcall.bridge.model.questions import Question
from willcall.bridge.polling.schedule import Schedule
from willcall.client.quota import Window

RATE = PER_MINUTE / 60
PROBES = 4000


@attrs.frozen
class Case:
    """One play: ``follows`` is after how many seconds a status follows the stock, None for never;
    ``past`` events are over, and stand first in the list."""

    policy: str
    events: int
    days: float
    seed: int
    past: int = 0
    follows: float | None = 0.0
    sudden: float = 0.0
    warm: float = 0.25 * DAY


class WholeServer(Server):
    """Answers questions, too, and notes which request would have shown what of whom."""

    def __init__(self, market: Market, case: Case) -> None:
        super().__init__(market, rows_tell=False)
        self._case = case
        self.sold = [array("d") for _ in market.lives]  # shown as sold out
        self.unsold = [array("d") for _ in market.lives]  # shown as not
        self.listed = [array("d") for _ in market.lives]  # its row shown, or it would have been
        self.cancelled = array("d")  # when all that are cancelled were asked for
        self.gone = [_shifted(life, case.follows) for life in market.lives]
        self._changes = sorted(
            change
            for life, gone in zip(market.lives, self.gone, strict=True)
            for begins, ends in gone
            for change in ((begins, 1, life.number), (ends, 0, life.number))
        )
        self._by = {"SOLD_OUT": list[tuple[float, int]](), "PUBLISHED": list[tuple[float, int]]()}
        self._comes = sorted((life.announced, life.number) for life in market.lives)
        self._done = self._come = 0
        old = datetime.fromtimestamp(START - 9 * DAY, UTC)
        self._past = [
            EventFacts(id=f"past{n}", title="", status="COMPLETED", starts_at=old)
            for n in range(case.past)
        ]

    def arrives(self, at: float) -> list[int]:
        lives = self._market.lives
        while self._come < len(self._comes) and self._comes[self._come][0] <= at:
            number = self._comes[self._come][1]
            self._come += 1
            if lives[number].starts > at:
                insort(self._by["PUBLISHED"], (lives[number].starts, number))
        while self._done < len(self._changes) and self._changes[self._done][0] <= at:
            _, on, number = self._changes[self._done]
            self._done += 1
            key = (lives[number].starts, number)
            here, there = ("PUBLISHED", "SOLD_OUT") if on else ("SOLD_OUT", "PUBLISHED")
            place = bisect_left(self._by[here], key)
            if self._by[here][place : place + 1] == [key]:
                del self._by[here][place]
                insort(self._by[there], key)
        return super().arrives(at)

    def event(self, number: int, at: float) -> EventFacts:
        facts = super().event(number, at)
        empty = all(kind.available == 0 for kind in facts.ticket_types or ())
        (self.sold if empty else self.unsold)[number].append(at)
        self.listed[number].append(at)
        return self._with_status(facts, number, at)

    def page(self, number: int, at: float) -> tuple[list[EventFacts], bool]:
        every = len(self._past) + len(self._listing.rows)
        first, end = (number - 1) * PAGE, number * PAGE
        rows = self._past[first:end]
        for n in self._listing.rows[
            max(0, first - len(self._past)) : max(0, end - len(self._past))
        ]:
            row = self._dated(self._market.lives[n], self._shown.row(n, at), at)
            rows.append(self._row(self._with_status(row, n, at), n, at))
        return rows, end > every

    def _with_status(self, row: EventFacts, number: int, at: float) -> EventFacts:
        if row.status not in self._by:
            return row
        out = any(begins <= at < ends for begins, ends in self.gone[number])
        return attrs.evolve(row, status="SOLD_OUT" if out else "PUBLISHED")

    def _row(self, row: EventFacts, number: int, at: float) -> EventFacts:
        self.listed[number].append(at)
        if row.status == "SOLD_OUT":
            self.sold[number].append(at)
            self.status[number].append(at)
        elif row.status == "PUBLISHED" and self._case.follows == 0.0:
            self.unsold[number].append(at)
        return row

    def question(self, asked: Question, at: float) -> tuple[list[EventFacts], bool, int]:
        """A page of it, whether that is the last, and how many there are."""
        if asked.status == "CANCELLED":
            self.cancelled.append(at)
            return [], True, 0
        keys = self._by[asked.status]
        first = bisect_left(keys, (asked.since.timestamp(), -1))
        end = len(keys) if asked.until is None else bisect_left(keys, (asked.until.timestamp(), -1))
        begin = first + (asked.page - 1) * PAGE
        rows = []
        for _, n in keys[begin : min(end, begin + PAGE)]:
            row = attrs.evolve(self._shown.row(n, at), status=asked.status)
            rows.append(self._row(row, n, at))
        return rows, begin + PAGE > end - 1, end - first


def _shifted(life: Life, follows: float | None) -> list[tuple[float, float]]:
    if follows is None:
        return []
    late = ((a + follows, min(b + follows, life.starts)) for a, b in life.gone)
    return [(a, b) for a, b in late if a < life.starts]


def merged(gone: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Without the moments in which a basket was let go."""
    found: list[tuple[float, float]] = []
    for begins, ends in gone:
        if found and begins - found[-1][1] <= FLICKER:
            found[-1] = (found[-1][0], ends)
        else:
            found.append((begins, ends))
    return found


def market_of(case: Case) -> Market:
    """The market, in which not all events start at eight."""
    market = Market(case.events, case.days, case.seed, Model(sudden=case.sudden))
    draw = random.Random(case.seed)
    for life in market.lives:
        was, life.starts = life.starts, life.starts + 900 * draw.randrange(8)
        life.gone = [(a, life.starts if b >= was - 1e-6 else b) for a, b in life.gone]
    return market


def work(case: Case) -> tuple[Case, dict[str, Any]]:
    """Play it."""
    market = market_of(case)
    draw, begun = random.Random(case.seed).random, random.Random(5)
    server, window, at = WholeServer(market, case), Window(), START
    server.arrives(at)
    policy: Any = (
        InTurn(market, RATE, pages=True)
        if case.policy == "in turn"
        else Schedule(RATE, asks=case.policy == "questions")
    )
    spent: dict[str, int] = {}
    if isinstance(policy, Schedule):
        # As after a restart: all were seen within ten minutes.
        for n in server._listing.rows:
            policy.remember(server.event(n, at), {"at": at - begun.random() * 600})
        policy._pages = -(-(len(server._listing.rows) + case.past) // PAGE)
        for facts in server._past:
            policy.remember(facts)
        policy.page_seen(policy._pages, [], at, last=True)
    while True:
        poll = policy.next(at)
        at = max(at, poll.at)
        if at >= market.end:
            break
        while (wait := window.take(QUOTA, at, write=False)).slot is None:
            at += wait.seconds
        arrives = at + TRIP * (0.3 + 0.4 * draw())
        at = arrives + TRIP * (0.3 + 0.4 * draw())
        window.settle(QUOTA, at, wait.slot)
        spent[poll.why] = spent.get(poll.why, 0) + 1
        for number in server.arrives(arrives):
            policy.gone(str(number))
        if poll.question is not None:
            asked, last, total = server.question(poll.question, arrives)
            policy.question_seen(poll.question, asked, at, last=last, total=total)
        elif poll.event is not None:
            policy.event_seen(server.event(int(poll.event), arrives), at)
        else:
            rows, end = server.page(poll.page, arrives)
            policy.page_seen(poll.page, rows, at, last=end)
    found = measured(market, server, case)
    found["spent"] = {why: round(100 * n / server.requests, 1) for why, n in sorted(spent.items())}
    found["refused"], found["per minute"] = server.refused, server.requests / case.days / 1440
    found["slow"] = policy.questions.to_json() if isinstance(policy, Schedule) else {}
    return case, found


def measured(market: Market, server: WholeServer, case: Case) -> dict[str, Any]:
    """Seconds until each change was seen."""
    begins, end = START + case.warm, market.end
    found: dict[str, Any] = {
        name: [] for name in ("sold", "back", "cancelled", "published", "types", "lost")
    }
    for life in market.lives:
        for gone, back in merged(life.gone):
            if begins <= gone < end:
                until = min(back, end)
                found["sold"].append(min(_first(server.sold[life.number], gone), until) - gone)
            if begins <= back < min(end, life.starts - 1):
                seen = min(_first(server.unsold[life.number], back), life.starts, end)
                found["back"].append(seen - back)
        if begins <= life.announced < end - 600:
            seen = min(_first(server.listed[life.number], life.announced), end)
            found["published"].append(seen - life.announced)
    draw, lives = random.Random(77), market.lives
    while len(found["cancelled"]) < PROBES:
        life, at = draw.choice(lives), draw.uniform(begins, end - 0.1 * (end - begins))
        if not life.announced <= at < life.starts:
            continue
        seen = min(_first(server.listed[life.number], at), _first(server.cancelled, at), end)
        found["cancelled"].append(seen - at)
    for crossing in market.crossings:
        if crossing.at >= begins:
            until = min(crossing.until, end)
            by_row = (
                math.inf if crossing.low else _first(server.status[crossing.event], crossing.at)
            )
            seen = min(_first(server.polls[crossing.event], crossing.at), by_row, until)
            found["types"].append(seen - crossing.at)
            found["lost"].append(crossing.lost)
    return found


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them is."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan


def line(policy: str, plays: Sequence[dict[str, Any]]) -> str:
    """A row of the table."""
    cells = []
    for name in ("sold", "back", "cancelled", "published", "types"):
        values = [value for play in plays for value in play[name]]
        if values:
            mean, late = statistics.fmean(values), quantile(values, 0.95)
            cells.append(f"{name} {len(values)}: {mean:.1f}/{late:.0f}")
    pairs = [pair for play in plays for pair in zip(play["types"], play["lost"], strict=True)]
    total = sum(lost for _, lost in pairs) or 1.0
    weighted = sum(delay * lost for delay, lost in pairs) / total
    soon = sum(lost for delay, lost in pairs if delay <= 60) / total
    cells.append(f"weighted {weighted:.0f} s, {soon:.1%} <= 60 s")
    cells.append(f"{plays[0]['spent']} 429s {sum(play['refused'] for play in plays)}")
    cells.append(f"slow {plays[0]['slow']}")
    return f"  {policy:10} " + " | ".join(cells)


POLICIES = ("in turn", "no questions", "questions")


def main() -> int:
    """Read the arguments."""
    parser = argparse.ArgumentParser(prog="python benchmarks/watch/whole.py", description=__doc__)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--days", type=float, default=1.0)
    parser.add_argument("--warm", type=float, default=0.25, help="days that do not count")
    parser.add_argument("--past", type=int, default=0)
    parser.add_argument("--never", action="store_true", help="the status never follows the stock")
    parser.add_argument("--late", type=float, default=0.0, help="it follows so many seconds later")
    parser.add_argument("--sudden", type=float, default=0.0, help="share of unannounced sales")
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102])
    parser.add_argument("--policies", nargs="+", default=list(POLICIES))
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    follows = None if given.never else given.late
    cases = [
        Case(
            policy,
            given.events,
            given.days,
            seed,
            given.past,
            follows,
            given.sudden,
            given.warm * DAY,
        )
        for policy in given.policies
        for seed in given.seeds
    ]
    print(vars(given))
    plays: dict[str, list[dict[str, Any]]] = {}
    with ProcessPoolExecutor(given.jobs) as pool:
        for case, found in pool.map(work, cases):
            plays.setdefault(case.policy, []).append(found)
            if len(plays[case.policy]) == len(given.seeds):
                print(line(case.policy, plays[case.policy]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
