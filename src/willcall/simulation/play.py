"""Plays a seed: minutes of faults, then calm, then everything must be as promised."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import attrs

from ..bridge.ledger import Ledger, MemoryLedger
from ..bridge.model.policies import DeliveryPolicy, WatchPolicy
from ..bridge.model.rules import Rules
from ..bridge.run import Job, PassReport, run_pass
from ..bridge.watching.watch import Watch
from ..client.flow import Flow
from ..client.provider import Account, Provider, open_account
from ..client.quota import Pace
from ..errors import WillcallError
from ..sandbox import Sandbox
from ..ticket0.desk import ADAPTER as DESK
from ..ticketsmart.box_office import ADAPTER as BOX_OFFICE
from .moments import Moments
from .network import BASE, Network
from .promise import Promise
from .stage import BrokenError, Process, SimulatedHolder, Stage
from .town import Town
from .weather import Weather

RUNS = 8
"""The number of runs, one in each interval, while faults occur; a few more come in between."""

EVERY = (60.0, 60.0, 30.0, 20.0)
"""The seconds between them: the minute of cron, or less than the settle time."""

Mishap = Literal["restored", "two"]
"""What may become of a ledger."""

BOUND = 1800.0
"""The seconds after the last fault within which nothing may be left to do. If the machine's clock
was set ahead, as many more: by that much it may misjudge how long something has waited."""

WATCHED = 0.25
"""The share of the seeds in which there are watches beside the runs."""

_MINUTE = 60.0
OFFICE = "main-room"


@attrs.frozen(kw_only=True)
class Result:
    """The result of a seed. ``broken`` says which promise did not hold; ``converged`` is after how
    many seconds of calm nothing was left to do; ``bound`` is how many seconds a ticket could lag
    behind the box office, of which rules and a cached list made up ``added``; ``damped`` is how
    many seconds longer a ticket may say that something is sold out or runs low."""

    seed: int
    broken: str | None = None
    converged: float = 0.0
    bound: float = 0.0
    added: float = 0.0
    damped: float = 0.0
    runs: int = 0
    requests: int = 0
    fired: Counter[str] = attrs.field(factory=Counter)
    excused: Counter[str] = attrs.field(factory=Counter)
    trace: tuple[str, ...] = attrs.field(default=(), repr=False)


class Play:
    """The world of a seed. The same seed with the same rules plays the same, step by step.

    Args:
        seed: decides everything.
        rules: what opens tickets; the later ones take the place of the first half-way, as if
            somebody had edited the configuration with cases open.
        pass_of: the flow under test.
        delivery_policy: how patient delivery is.
        ledger: makes a new one; see ``ledgers.py`` for one in SQLite.
        mishap: what becomes of the ledger: ``restored`` to an older copy while cases are open, or
            ``two``: a second installation runs beside the first, with a ledger of its own.
        habits: what the box office and the desk may be like, see ``habits.py`` and ``desks.py``;
            nothing unusual by default.
    """

    def __init__(
        self,
        seed: int,
        rules: Sequence[Rules],
        *,
        pass_of: Callable[[Job], Flow[PassReport]] = run_pass,
        delivery_policy: DeliveryPolicy | None = None,
        ledger: Callable[[], Ledger] = MemoryLedger,
        habits: Sequence[str] = (),
        mishap: Mishap | None = None,
    ) -> None:
        self.mishap = mishap
        self.seed, self.rules, self.pass_of = seed, list(rules), pass_of
        self.delivery_policy = delivery_policy or DeliveryPolicy()
        self.stage = Stage(seed)
        self.sandbox = Sandbox(self.stage, seed=seed, season=False)
        self.network = Network(self.stage, self.sandbox)
        self.weather = Weather(seed, self.stage, self.sandbox, self.network)
        self.town = Town(seed, self.stage, self.sandbox, self.rules[0], habits)
        for edition in self.rules:
            self.town.furnish(edition)
        self.ledger = ledger()
        self.second = ledger() if mishap == "two" else None
        self.runs = 0
        self.ended_with: dict[str, int] = {}
        self.alive = 0
        self.trace: list[str] = []
        self._ledgers: dict[str, Ledger] = {}
        self._holders: dict[str, SimulatedHolder] = {}
        self._ended_holders: set[str] = set()
        self._alive: dict[str, Process] = {}
        self._partners: dict[str, str] = {}
        self.watchers = random.Random(f"watch/{seed}")  # noqa: S311 - it must repeat itself
        self.promise = Promise(
            self.stage,
            self.sandbox,
            self.network,
            self.ledger,
            self.town,
            self.rules[0],
            self.delivery_policy.settle.total_seconds(),
        )
        self.moments = Moments(
            self.stage,
            self.sandbox,
            self.network,
            self.town,
            self.ledger,
            self.rules[:1],
            self.delivery_policy.settle.total_seconds(),
        )
        self.weather.on_kill = self.killed
        self.network.after_write.append(self.promise.after)
        self.stage.after_work.append(self._marked)
        if mishap is None:  # a copy does not know what was said, and what it has missed
            self.network.after_write.append(self.moments.sent)
            self.stage.after_work.append(self.moments.committed)
        if self.town.habits:  # what changes by itself is true from the moment it can be read
            self.network.before_exchange.append(self.town.note)

    # -- processes --------------------------------------------------------------------------------

    def start_both(self) -> None:
        """A minute of cron, on each machine that has one."""
        self.start()
        if self.second is not None:
            self.start(self.second)

    def restore(self, copy: Ledger) -> None:
        """Put an older copy of the ledger in the place of the newer; whatever ran is killed."""
        for process in list(self._alive.values()):
            process.die()
        self.ledger = self.promise.ledger = copy
        self.promise.epoch += 1
        self.weather.fired["ledger restored"] += 1

    def start(self, ledger: Ledger | None = None) -> str:
        """Start a process, as cron does; its name."""
        self.runs += 1
        self.alive += 1
        if self.alive > 1:
            self.weather.fired[f"{min(self.alive, 3)} processes at once"] += 1
        name = f"p{self.runs}"
        own = self._opened(name, ledger or self.ledger)
        self._process(name, self.pass_of(self._job(own)), self._ended)
        return name

    def watch(self) -> None:
        """Start a process that watches for a while: its two flows, which live and die together."""
        self.runs += 1
        self.alive += 1
        name = f"w{self.runs}"
        ledger = self._opened(name, self.ledger)
        until = self.stage.elapsed + self.watchers.uniform(30.0, 300.0)
        job = attrs.evolve(
            self._job(ledger),
            stopping=lambda: self.stage.elapsed >= until,
            watching=WatchPolicy(share=0.3, idle=2.0),
        )
        watch = Watch(job, lambda _: None)
        second = self._process(f"{name}/delivery", watch.delivering(), lambda *_: None)
        self._process(name, watch.observing(), self._ended)
        self._partners.update({name: second.name, second.name: name})

    def _opened(self, name: str, ledger: Ledger) -> Ledger:
        """A ledger as a new process opens it. Every third runs on another machine."""
        self.promise.ledgers[name] = (ledger is self.second, self.promise.epoch)
        holder = SimulatedHolder(name, self._ended_holders, elsewhere=self.runs % 3 == 0)
        self._holders[name] = holder
        own = self._ledgers[name] = ledger.as_another_process(holder)
        return own

    def _process(self, name: str, flow: Flow[Any], ended: Callable[..., None]) -> Process:
        carry = self.network.carry
        process = Process(self.stage, name, flow, carry, self.weather, ended)
        self._alive[name] = process
        return process

    def _job(self, ledger: Ledger) -> Job:
        return Job(
            name=OFFICE,
            box_office=BOX_OFFICE.open(self._account(BOX_OFFICE.provider, ledger), {}),
            desk=DESK.open(self._account(DESK.provider, ledger), {}),
            rules=self.rules[0],
            ledger=ledger,
            removals=self.town.removals,
            delivery_policy=self.delivery_policy,
            desk_key=f"key {self.weather.keys[DESK.provider.name]}",
        )

    def _account(self, provider: Provider, ledger: Ledger) -> Account:
        pace = Pace(provider.quota, store=ledger, name=provider.name)
        key = self.weather.keys[provider.name]
        return open_account(provider, key, f"http://localhost{BASE[provider.name]}", pace=pace)

    def _ended(self, process: Process, value: Any, error: WillcallError | None) -> None:
        self.alive -= 1
        self._with_its_partner(process)  # a process that ends takes its threads along
        self._ledgers.pop(process.name).let_go()
        code = value.exit_code if isinstance(value, PassReport) else 75
        if code == 1:  # a defect of ours, and no weather
            raise BrokenError(f"{process.name}: {value.trouble}")
        self.ended_with[process.name] = code
        if code == 0:
            self.moments.passed(process)
        said = error or (value.trouble if isinstance(value, PassReport) else None)
        self._tell(f"{process.name} ends with {code}: {said or ''}")

    def _marked(self, process: Process, answer: object) -> None:
        ledger = self._ledgers.get(process.name.removesuffix("/delivery"))
        if ledger is not None:
            self.promise.desk.marked(ledger, answer)

    def _with_its_partner(self, process: Process) -> None:
        """End the other half of a watch."""
        other = self._alive.get(self._partners.get(process.name, ""))
        if other is not None and other.alive:
            other.alive, other.died_at = False, self.stage.elapsed

    def killed(self, process: Process) -> None:
        """One was killed: nothing is tidied up, except by an interrupt."""
        self._with_its_partner(process)
        ledger = self._ledgers.pop(process.name.removesuffix("/delivery"), None)
        if ledger is None:
            return  # the other half of a watch that had ended
        self.alive -= 1
        if self.weather.dice.random() < 0.3:
            ledger.let_go()
        self._holders[process.name.removesuffix("/delivery")].end()
        self._tell(f"{process.name} killed")

    def _tell(self, text: str) -> None:
        self.trace.append(f"{self.stage.elapsed:9.3f} {text}")

    # -- the play ---------------------------------------------------------------------------------

    def play(self) -> Result:
        """From the baseline to the calm."""
        broken: str | None = None
        converged = 0.0
        try:
            self._baseline()
            self._storm()
            converged = self._calm()
        except BrokenError as error:
            broken = str(error)
            self._tell(f"BROKEN: {broken}")
        return Result(
            seed=self.seed,
            broken=broken,
            converged=converged,
            bound=self.moments.bound,
            added=self.moments.lag,
            damped=self.moments.damped,
            runs=self.runs,
            requests=sum(map(len, self.network.arrivals.values())),
            fired=self.network.fired + self.weather.fired + self.town.happened,
            excused=self.promise.excused + self.moments.excused,
            trace=tuple(self.trace),
        )

    def _baseline(self) -> None:
        self.weather.manners()
        habits = [*self.town.habits, *self.town.desk_habits]
        self._tell(f"habits: {', '.join(habits) or 'none'}")
        self.town.note()
        self.promise.baseline = frozenset(self.town.ever)
        name = self.start()
        self.stage.run(30.0)
        if self.ended_with != {name: 0}:
            raise BrokenError(f"the baseline ended with {self.ended_with}")
        if self.second is not None:
            self.start(self.second)
            stage_end = self.stage.elapsed + 30.0
            self.stage.run(stage_end)
        self.moments.begin(set(self.town.ever))

    def _storm(self) -> None:
        stage, dice = self.stage, self.town.dice
        self.weather.rage()
        every = dice.choice(EVERY)
        begin, end = stage.elapsed, stage.elapsed + RUNS * every
        for number in range(RUNS):
            stage.at(begin + number * every, self.start_both)
        for _ in range(dice.randint(0, 4)):
            stage.at(dice.uniform(begin, end), self.start)
        if self.mishap == "restored":
            taken, back = sorted(self.watchers.uniform(begin, end) for _ in range(2))
            stage.at(taken, lambda: stage.at(back, partial(self.restore, self.ledger.copy())))  # type: ignore[attr-defined]
        if self.watchers.random() < WATCHED:
            for _ in range(self.watchers.randint(1, 3)):
                stage.at(self.watchers.uniform(begin, end), self.watch)
        for _ in range(dice.randint(5, 14)):
            stage.at(dice.uniform(begin, end - every), self.town.sell)
        for deed in self.town.deeds:
            moment = self.town.world.dice.uniform(begin, end - every)
            stage.at(moment, partial(self.town.do, deed))
        for _ in range(dice.randint(0, 10)):
            stage.at(dice.uniform(begin, end), self.town.work)
        for _ in range(dice.randint(0, 2)):
            stage.at(dice.uniform(begin, end), self.weather.turn)
        if len(self.rules) > 1 and dice.random() < 0.3:
            stage.at(dice.uniform(begin, end), self._edit)
        stage.run(end)

    def _edit(self) -> None:
        """A person edits the configuration while cases are open."""
        self.rules.reverse()
        self.promise.rules = self.rules[0]
        self.moments.editions.append(self.rules[0])
        self.weather.fired["configuration edited"] += 1

    def _calm(self) -> float:
        """Minute after minute, until nothing is left to do; how long it took."""
        self.promise.troubled = self.weather.troubled
        self.weather.calm()
        begin = self.stage.elapsed
        bound = BOUND + sum(max(0.0, by) for _, by in self.stage.jumps)
        calm: float | None = None
        while self.stage.elapsed < begin + bound:
            for _, intent in self.ledger.dead():
                if intent.id is not None:
                    self.weather.fired["dead letter"] += 1
                    self.ledger.retry_dead(intent.id, self.stage.wall())
            written = len(self.network.writes)
            name = self.start()
            if self.second is not None:
                self.start(self.second)
            self.stage.run(self.stage.elapsed + _MINUTE)
            # What a pass has dropped may be decided anew by the next: that finds nothing to do.
            if calm is not None and written == len(self.network.writes):
                break
            # One that began in the storm, and was held up, has not seen what happened since.
            done = self.ended_with.get(name) == 0 and self.alive == 0 and self.promise.quiet()
            calm = self.stage.elapsed - begin if done else None
        else:
            left = [f"{i.marker} {i.act} {i.state}" for _, i in self.ledger.unsettled(OFFICE)]
            raise BrokenError(f"not right {bound:.0f} s after the last fault: {', '.join(left)}")
        if self.mishap is None:
            self.promise.kept()
        else:
            self.promise.kept_by_several_ledgers()
        return calm
