"""Plays many seeds and sums up their results."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import attrs

from ..bridge.model.policies import DeliveryPolicy
from ..bridge.model.rules import Rules
from .ledgers import in_sqlite
from .play import Mishap, Play, Result

BOTH = 100
"""Every seed divisible by this number is also played on a ledger in SQLite."""


@attrs.define
class Campaign:
    """The results of many seeds: how many, what fired, what broke, the slowest recovery, and the
    longest time that a ticket could lag behind the box office."""

    seeds: int = 0
    runs: int = 0
    requests: int = 0
    seconds: float = 0.0
    worst: float = 0.0
    worst_seed: int = 0
    bound: float = 0.0
    bound_seed: int = 0
    added: float = 0.0
    damped: float = 0.0
    fired: Counter[str] = attrs.field(factory=Counter)
    excused: Counter[str] = attrs.field(factory=Counter)
    broken: list[Result] = attrs.field(factory=list)

    def add(self, result: Result) -> None:
        """Add the result of a seed."""
        self.seeds += 1
        self.runs += result.runs
        self.requests += result.requests
        self.fired.update(result.fired)
        self.excused.update(result.excused)
        if result.broken is not None:
            self.broken.append(result)
        elif result.converged > self.worst:
            self.worst, self.worst_seed = result.converged, result.seed
        if result.bound > self.bound:
            self.bound, self.bound_seed, self.added = result.bound, result.seed, result.added
        self.damped = max(self.damped, result.damped)

    def report(self) -> str:
        """The results as text."""
        played = f"{self.seeds} seeds, {self.runs} runs, {self.requests} requests"
        slowest = f"{self.worst:.0f} s after the last fault (seed {self.worst_seed})"
        lag = (
            f"{self.bound:.0f} s (seed {self.bound_seed}): the longest that an event went unseen"
            f" and the desk waited, and {self.added:.0f} s of `for`, quiet hours and a cached list"
        )
        if self.damped:
            lag += f"; damping takes it back up to {self.damped:.0f} s later"
        lines = [
            f"{played} in {self.seconds:.0f} s: {len(self.broken)} broke the promise",
            f"slowest return to calm: {slowest}",
            f"slowest to say what is so: {lag}",
            "what fired:",
            *(f"  {count:9d}  {what}" for what, count in self.fired.most_common()),
        ]
        if self.excused:
            lines += ["what the promise leaves open:"]
            lines += [f"  {count:9d}  {what}" for what, count in self.excused.most_common()]
        lines += [f"BROKEN: seed {result.seed}: {result.broken}" for result in self.broken]
        return "\n".join(lines)


def play_seed(
    seed: int,
    rules: Sequence[Rules],
    delivery_policy: DeliveryPolicy | None = None,
    habits: Sequence[str] = (),
    mishap: Mishap | None = None,
) -> Result:
    """Play a seed; every hundredth on both ledgers, which must agree in every step."""
    play = partial(Play, seed, rules, delivery_policy=delivery_policy, habits=habits, mishap=mishap)
    result = play().play()
    if mishap is None and seed % BOTH == 0 and play(ledger=in_sqlite).play() != result:
        return attrs.evolve(result, broken="on a ledger in SQLite it goes otherwise")
    return result


def play_many(
    seeds: Iterable[int],
    rules: Sequence[Rules],
    *,
    delivery_policy: DeliveryPolicy | None = None,
    habits: Sequence[str] = (),
    mishap: Mishap | None = None,
    seconds: float | None = None,
    workers: int = 1,
    stop_at: int = 5,
) -> Campaign:
    """Play seeds in order.

    Args:
        seeds: which.
        rules: what opens tickets.
        delivery_policy: how patient delivery is.
        habits: what the box office may be like, see ``habits.py``; nothing unusual by default.
        mishap: what becomes of the ledger; nothing by default.
        seconds: after this time no further seed is begun.
        workers: the number of processes.
        stop_at: stop after this many broken seeds.
    """
    campaign = Campaign()
    started = time.monotonic()
    play = partial(
        play_seed, rules=rules, delivery_policy=delivery_policy, habits=habits, mishap=mishap
    )

    def enough() -> bool:
        campaign.seconds = time.monotonic() - started
        late = seconds is not None and campaign.seconds >= seconds
        return late or len(campaign.broken) >= stop_at

    if workers == 1:
        for seed in seeds:
            campaign.add(play(seed))
            if enough():
                break
        return campaign
    # Spawned: what traces this process, such as a measurement of coverage, would slow theirs too.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for result in pool.map(play, seeds, chunksize=8):
            campaign.add(result)
            if enough():
                pool.shutdown(cancel_futures=True)
                break
    return campaign
