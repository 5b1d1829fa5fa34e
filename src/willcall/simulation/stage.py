"""Virtual time, and processes that take turns on it."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from ..client.flow import Do, Draw, Effect, Flow, Now, Request, Send, Sleep, Tick
from ..errors import LedgerError, WillcallError

START = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


class BrokenError(AssertionError):
    """The promise does not hold."""


class Stage:
    """A queue of what happens when. ``now`` is true time in seconds; ``offset`` is by how much the
    machine's wall clock is wrong. It is a clock for the sandbox as well."""

    def __init__(self, seed: object) -> None:
        self.dice = random.Random(f"stage/{seed}")  # noqa: S311 - a simulation must repeat itself
        self.elapsed = 0.0
        self.offset = 0.0
        self.jumps: list[tuple[float, float]] = []
        self.after_work: list[Callable[[Process, object], None]] = []
        self._queue: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0

    def at(self, moment: float, what: Callable[[], object]) -> None:
        """Let something happen then."""
        self._count += 1
        heapq.heappush(self._queue, (max(moment, self.elapsed), self._count, what))

    def after(self, seconds: float, what: Callable[[], object]) -> None:
        """Let something happen after a number of seconds."""
        self.at(self.elapsed + seconds, what)

    def run(self, until: float) -> None:
        """Let happen what happens until then."""
        while self._queue and self._queue[0][0] <= until:
            moment, _, what = heapq.heappop(self._queue)
            self.elapsed = moment
            what()
        self.elapsed = max(self.elapsed, until)

    def jump(self, seconds: float) -> None:
        """Set the machine's wall clock."""
        self.offset += seconds
        self.jumps.append((self.elapsed, seconds))

    def now(self) -> datetime:
        """True time."""
        return START + timedelta(seconds=self.elapsed)

    def wall(self) -> datetime:
        """What the machine believes."""
        return START + timedelta(seconds=self.elapsed + self.offset)

    def sleep(self, seconds: float) -> None:
        """Fail: nothing may block in virtual time."""
        raise AssertionError(f"{seconds} s were waited for in real time")


class Process:
    """One process of the bridge: it runs a flow, step by step, until it ends or is ended.

    ``send`` carries a request and calls back with a reply or an error; ``trouble`` is asked before
    and after each step how long the process is held up, whether it dies, and whether its ledger
    fails.
    """

    def __init__(
        self,
        stage: Stage,
        name: str,
        flow: Flow[Any],
        send: Callable[[Process, Request], None],
        trouble: Trouble,
        ended: Callable[[Process, Any, WillcallError | None], None],
    ) -> None:
        self.name = name
        self.began = self.swept = stage.elapsed
        self.alive = True
        self.died_at: float | None = None
        self.marked_at = 0.0
        self.sent_at = 0.0
        self.waiting_for: Any = None
        self._stage, self._flow, self._send = stage, flow, send
        self._trouble, self._ended = trouble, ended
        stage.after(0, lambda: self.go(None))

    def go(self, answer: Any, error: Exception | None = None) -> None:
        """Hand the flow an answer, and take its next effect."""
        if not self.alive:
            return
        flow, stage = self._flow, self._stage
        try:
            while True:
                effect: Effect = flow.send(answer) if error is None else flow.throw(error)
                answer = error = None
                if isinstance(effect, Now):
                    answer = stage.wall()
                elif isinstance(effect, Tick):
                    answer = stage.elapsed
                elif isinstance(effect, Draw):
                    answer = stage.dice.random()
                else:
                    self._later(effect)
                    return
        except StopIteration as stop:
            self._end(stop.value, None)
        except WillcallError as problem:
            self._end(None, problem)
        except Exception as problem:
            said = f"{self.name}: unexpected {type(problem).__name__}: {problem}"
            raise BrokenError(said) from problem

    def die(self) -> None:
        """kill -9, between any two steps."""
        if self.alive:
            self.alive = False
            self.died_at = self._stage.elapsed
            self._trouble.killed(self)

    def _later(self, effect: Effect) -> None:
        wait = self._trouble.held_up(self)
        if isinstance(effect, Sleep):
            self._stage.after(wait + max(0.0, effect.seconds), lambda: self.go(None))
        elif isinstance(effect, Send):
            request, self.sent_at = effect.request, self._stage.elapsed
            self._stage.after(wait, lambda: self._carry(request))
        elif isinstance(effect, Do):
            work = effect
            self._stage.after(wait, lambda: self._work(work))

    def _carry(self, request: Request) -> None:
        if self.alive and not self._trouble.dies(self):
            self._send(self, request)
            if self._trouble.dies(self):
                return

    def _work(self, do: Do[Any]) -> None:
        if not self.alive or self._trouble.dies(self):
            return
        answer, error = None, None
        try:
            self._trouble.ledger(self, do.name)
            answer = do.work()
            for notice in self._stage.after_work:
                notice(self, answer)
        except LedgerError as problem:
            error = problem
        if do.name == "attempting":
            self.marked_at = self._stage.elapsed
        if not self._trouble.dies(self):
            self.go(answer, error)

    def _end(self, value: Any, error: WillcallError | None) -> None:
        self.alive = False
        self.died_at = self._stage.elapsed
        self._ended(self, value, error)


class SimulatedHolder:
    """A process as a holder of leases. Its end can be proven unless it runs on another machine."""

    def __init__(self, name: str, ended: set[str], *, elsewhere: bool = False) -> None:
        self._name, self._ended, self._elsewhere = name, ended, elsewhere

    def name(self) -> str:
        return self._name

    def has_ended(self, name: str) -> bool:
        return name in self._ended

    def end(self) -> None:
        """The process is gone, and gave nothing back."""
        if not self._elsewhere:
            self._ended.add(self._name)


class Trouble(Protocol):
    """What befalls processes."""

    def held_up(self, process: Process) -> float:
        """Seconds before the next step."""

    def dies(self, process: Process) -> bool:
        """Whether the process ends here; if so, it has been ended."""

    def killed(self, process: Process) -> None:
        """It has been."""

    def ledger(self, process: Process, step: str) -> None:
        """Before a step in the ledger.

        Raises:
            LedgerError: the ledger fails.
        """
