"""Where 60 requests a minute see most: policies compared on a model of a box office.

Virtual time; the planner and the quota are the real ones. ``--full`` plays two weeks by five seeds,
``--quick`` is the guard that `make test` runs.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import plots
from market import DAY, HOUR, START, Market, Model
from play import PER_MINUTE, Informed, InTurn, Played, clairvoyant, play

from willcall.bridge.model.facts import EventFacts, TypeFacts
from willcall.bridge.polling.budget import Poll
from willcall.bridge.polling.schedule import Schedule

RATE = PER_MINUTE / 60
NAMES = {
    "sweep": "in turn",
    "list": "list + in turn",
    "willcall": "willcall",
    "informed": "given the rates",
    "clairvoyant": "clairvoyant",
}


@attrs.frozen
class Task:
    """One policy on one market."""

    policy: str
    events: int
    days: float
    seed: int
    warm: float = DAY
    rows_tell: bool = False
    model: Model = attrs.field(factory=Model)


def work(task: Task) -> tuple[Task, Played, float]:
    """Play it; and the CPU seconds it took."""
    before = time.process_time()
    market = Market(task.events, task.days, task.seed, task.model)
    if task.policy == "clairvoyant":
        return task, clairvoyant(market, RATE, task.warm), 0.0
    policy: Any = {
        "sweep": lambda: InTurn(market, RATE),
        "list": lambda: InTurn(market, RATE, pages=True),
        "pages": lambda: InTurn(market, RATE, pages=True, only=True),
        "willcall": lambda: Schedule(RATE),
        "informed": lambda: Informed(market, RATE),
    }[task.policy]()
    played = play(market, policy, rows_tell=task.rows_tell, warm=task.warm, seed=task.seed)
    return task, played, time.process_time() - before


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them is."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def interval(
    groups: Sequence[Sequence[tuple[float, float]]], rounds: int = 1000
) -> tuple[float, float]:
    """95 % of the means of what might have been drawn instead, of values and their weights. One
    event's crossings are seen by the same polls, so they are drawn together."""
    draw = random.Random(0)
    sums = [(sum(v * w for v, w in group), sum(w for _, w in group)) for group in groups]
    means = []
    for _ in range(rounds):
        drawn = draw.choices(sums, k=len(sums))
        total = sum(n for _, n in drawn)
        means.append(sum(s for s, _ in drawn) / total if total else 0.0)
    return quantile(means, 0.025), quantile(means, 0.975)


def summary(played: Sequence[tuple[Task, Played]]) -> dict[str, Any]:
    """All seeds of one policy and size together."""
    delays = [delay for _, p in played for delay in p.delays]
    weights = [weight for _, p in played for weight in p.weights]
    groups: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for task, p in played:
        for event, delay, weight in zip(p.events, p.delays, p.weights, strict=True):
            groups.setdefault((task.seed, event), []).append((delay, weight))
    means = interval([[(delay, 1.0) for delay, _ in group] for group in groups.values()])
    shares = interval(
        [[(float(d <= 60), weight) for d, weight in group] for group in groups.values()]
    )
    total = sum(weights)
    pairs = list(zip(delays, weights, strict=True))
    return {
        "crossings": len(delays),
        "mean": statistics.fmean(delays),
        "mean95": list(means),
        "median": quantile(delays, 0.5),
        "p95": quantile(delays, 0.95),
        "p99": quantile(delays, 0.99),
        "within60": sum(d <= 60 for d in delays) / len(delays),
        "weighted": sum(d * w for d, w in pairs) / total,
        "weighted60": sum(w for d, w in pairs if d <= 60) / total,
        "weighted60_95": list(shares),
        "over_before_seen": sum(p.missed for _, p in played),
        "longest": max(p.longest for _, p in played),
        "requests": sum(p.requests for _, p in played),
        "per_minute": statistics.fmean(p.requests / (t.days * 1440) for t, p in played),
        "refused": sum(p.refused for _, p in played),
    }


def decisions(events: int, polls: int = 3000) -> dict[str, float]:
    """What a decision costs, and what an event keeps in memory beside its facts."""
    draw = random.Random(0)
    starts = datetime.fromtimestamp(START + 30 * DAY, UTC)

    def facts(number: int, left: int) -> EventFacts:
        types = tuple(
            TypeFacts(id=f"t{one}", name="", quantity=200, available=left) for one in range(4)
        )
        return EventFacts(
            id=str(number), title="", status="PUBLISHED", starts_at=starts, ticket_types=types
        )

    known = [facts(number, draw.randint(1, 200)) for number in range(events)]
    tracemalloc.start()
    schedule, at = Schedule(RATE), START
    for one in known:
        schedule.event_seen(one, at - draw.random() * HOUR)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rows = {n: known[(n - 1) * 100 : n * 100] for n in range(1, events // 100 + 1)}
    times, learning = [], []
    for _ in range(polls):
        before = time.thread_time()
        poll: Poll = schedule.next(at)
        times.append(time.thread_time() - before)
        at = poll.at
        if poll.page is not None:
            bare = [attrs.evolve(one, ticket_types=None) for one in rows.get(poll.page, ())]
            schedule.page_seen(poll.page, bare, at, last=poll.page >= len(rows))
            continue
        seen = facts(int(poll.event or 0), draw.randint(1, 200))
        before = time.thread_time()
        schedule.event_seen(seen, at)
        learning.append(time.thread_time() - before)
    return {
        "events": events,
        "mean_us": statistics.fmean(times) * 1e6,
        "p99_us": quantile(times, 0.99) * 1e6,
        "max_us": max(times) * 1e6,
        "seen_us": statistics.fmean(learning) * 1e6 if learning else 0.0,
        "bytes": kept / events,
    }


HEAD = (
    f"  {'policy':16}{'crossings':>9}{'mean':>8}{'95 %':>16}{'median':>8}{'p95':>8}{'p99':>8}"
    f"{'<=60s':>7}{'w.mean':>9}{'w.<=60s':>8}{'95 %':>16}{'longest':>9}{'req/min':>8}{'429':>4}"
)


def line(name: str, one: dict[str, Any]) -> str:
    """A row of the table."""
    low, high = one["mean95"]
    least, most = one["weighted60_95"]
    return (
        f"  {name:16}{one['crossings']:9}{one['mean']:8.1f}{f'{low:.1f}..{high:.1f}':>16}"
        f"{one['median']:8.1f}{one['p95']:8.1f}{one['p99']:8.1f}{one['within60']:7.1%}"
        f"{one['weighted']:9.2f}{one['weighted60']:8.1%}{f'{least:.1%}..{most:.1%}':>16}{one['longest']:9.0f}"
        f"{one['per_minute']:8.2f}{one['refused']:4}"
    )


def plan(full: bool, seeds: int | None, days: float | None) -> dict[str, list[Task]]:
    """What is played, by the title it is printed under."""
    usual = {1_000: (6.0, 4), 5_000: (3.0, 4), 100: (14.0, 2)}
    tasks: dict[str, list[Task]] = {}
    for events, (some, few) in usual.items():
        long = days or (14.0 if full else some)
        many = seeds or (5 if full else few)
        tasks[f"{events:,} events, {long:g} days, {many} seeds"] = [
            Task(policy, events, long, seed) for policy in NAMES for seed in range(many)
        ]
    for events, some in ((1_000, 0.6), (5_000, 0.3)):
        tasks[f"{events:,} events whose rows carry ticket types, {some:g} days"] = [
            Task(policy, events, some, 0, 0.1 * DAY, rows_tell=True)
            for policy in ("pages", "willcall")
        ]
    many = 5 if full else 2
    tasks[f"1,000 events, every sale opens without notice, {many} seeds"] = [
        Task(policy, 1_000, 14.0 if full else 3.0, seed, model=Model(sudden=1.0))
        for policy in ("sweep", "willcall")
        for seed in range(many)
    ]
    return tasks


def run(arguments: argparse.Namespace) -> int:
    """Play everything, print it, and draw it."""
    tasks = plan(arguments.full, arguments.seeds, arguments.days)
    found: dict[str, Any] = {}
    played: dict[tuple[str, str], list[tuple[Task, Played]]] = {}
    with ProcessPoolExecutor(arguments.jobs) as pool:
        running = {title: [pool.submit(work, one) for one in some] for title, some in tasks.items()}
        for title, some in running.items():
            print(f"{title}\n{HEAD}", flush=True)
            cpu = 0.0
            for future in some:
                task, result, seconds = future.result()
                cpu += seconds
                played.setdefault((title, task.policy), []).append((task, result))
            found[title] = {
                policy: summary(played[title, policy])
                for policy in dict.fromkeys(task.policy for task in tasks[title])
            }
            for policy, one in found[title].items():
                print(line(NAMES.get(policy, policy), one), flush=True)
            print(f"  ({cpu:.0f} s of CPU)", flush=True)
    for events in (5_000, 100_000):
        one = found[f"decisions {events}"] = decisions(events)
        print(
            f"a decision at {events:,} events: mean {one['mean_us']:.0f} us, p99 "
            f"{one['p99_us']:.0f} us, longest {one['max_us']:.0f} us; to learn from a poll "
            f"{one['seen_us']:.0f} us; {one['bytes']:.0f} bytes an event beside its facts"
        )
    if arguments.plots:
        arguments.plots.mkdir(parents=True, exist_ok=True)
        drawn = {
            some[0].events: {p: (o["mean"], *o["mean95"]) for p, o in found[title].items()}
            for title, some in list(tasks.items())[:3]
        }
        plots.bars(arguments.plots / "polling-means.svg", drawn, NAMES)
        middle = next(title for title in tasks if title.startswith("1,000"))
        delays = {
            policy: [d for _, p in played[middle, policy] for d in p.delays] for policy in NAMES
        }
        plots.curves(arguments.plots / "polling-delays.svg", delays, NAMES)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))
    return 0


def guard() -> int:
    """A small case: on average the planner sees changes much sooner than polling in turn, and no
    request is refused."""
    tasks = [Task(policy, 300, 1.0, 3, 0.2 * DAY) for policy in ("sweep", "willcall")]
    found = {}
    for task in tasks:
        _, result, _ = work(task)
        found[task.policy] = summary([(task, result)])
        print(line(NAMES[task.policy], found[task.policy]))
    ratio = found["sweep"]["mean"] / found["willcall"]["mean"]
    print(json.dumps({"ratio": ratio, "refused": found["willcall"]["refused"]}))
    return 0 if ratio >= 3 and found["willcall"]["refused"] == 0 else 1


def main() -> int:
    """Read the arguments."""
    parser = argparse.ArgumentParser(prog="python benchmarks/watch", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the guard, some seconds")
    parser.add_argument("--full", action="store_true", help="two weeks by five seeds")
    parser.add_argument("--days", type=float, help="how long each market goes on")
    parser.add_argument("--seeds", type=int, help="how many markets")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--plots", type=Path, help="a folder for the pictures")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    arguments = parser.parse_args()
    return guard() if arguments.quick else run(arguments)


if __name__ == "__main__":
    sys.exit(main())
