"""A job is a flow: a generator that *says* what it wants done, and never does it itself.

A flow yields effects and is handed their answers. Whatever can go wrong is decided inside the
flow, once, without a network, an event loop or a clock in sight. Three drivers run it:

* :func:`drive` blocks: the sync clients, cron, the command line;
* :func:`adrive` awaits: the async clients;
* :func:`simulate` plays it in virtual time against a scripted network, and can end it at any step.

Since all three run the same flow, sync and async cannot drift apart, and the code that is
simulated is the code that runs.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NoReturn, Protocol, TypeAlias, TypeVar

import attrs

from ..errors import InputError, Reply

T = TypeVar("T")


@attrs.frozen
class Request:
    """One HTTP request, as a value. Headers and content stay out of the repr.

    Its answer must begin within ``timeout`` seconds, of which connecting may take
    ``connect_timeout``. ``ends`` is the monotonic moment at which the whole call must have ended.
    """

    provider: str
    method: str
    url: str
    headers: dict[str, str] = attrs.field(factory=dict, repr=False)
    content: bytes | None = attrs.field(default=None, repr=False)
    timeout: float | None = 10.0
    ends: float | None = None
    connect_timeout: float | None = None

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method not in {"GET", "HEAD", "OPTIONS"}

    def __reduce__(self) -> Any:
        raise TypeError("a request holds a key, so it is neither pickled nor copied")


@attrs.frozen
class Send:
    """Send a request; answered with a Reply, or a TransportError is thrown in."""

    request: Request


@attrs.frozen
class Sleep:
    """Let this many seconds pass."""

    seconds: float


@attrs.frozen
class Now:
    """What time is it? Answered with an aware datetime in UTC: for what outlives the process."""


@attrs.frozen
class Tick:
    """How far has time gone? Answered with monotonic seconds: for waits and deadlines."""


@attrs.frozen
class Draw:
    """Draw a number from 0 up to 1: the only randomness a flow may have."""


@attrs.frozen
class Do(Generic[T]):
    """Do a piece of local work that blocks, such as one transaction in the ledger.

    ``name`` is what a simulation calls this step. Answered with what ``work`` returns; what it
    raises is thrown in.
    """

    name: str
    work: Callable[[], T] = attrs.field(repr=False)


@attrs.frozen
class Await:
    """Await something on the event loop, such as a hook that is a coroutine function.

    Answered with its result. A driver that blocks has no event loop and refuses it.
    """

    work: Awaitable[Any] = attrs.field(repr=False)


Effect: TypeAlias = Send | Sleep | Now | Tick | Draw | Do[Any] | Await
Flow: TypeAlias = Generator[Effect, Any, T]


def send(request: Request) -> Flow[Reply]:
    """Yield :class:`Send`, with its answer's type."""
    reply: Reply = yield Send(request)
    return reply


def sleep(seconds: float) -> Flow[None]:
    """Yield :class:`Sleep`."""
    yield Sleep(seconds)


def now() -> Flow[datetime]:
    """Yield :class:`Now`, with its answer's type."""
    moment: datetime = yield Now()
    return moment


def tick() -> Flow[float]:
    """Yield :class:`Tick`, with its answer's type."""
    seconds: float = yield Tick()
    return seconds


def draw() -> Flow[float]:
    """Yield :class:`Draw`, with its answer's type."""
    number: float = yield Draw()
    return number


def do(name: str, work: Callable[[], T]) -> Flow[T]:
    """Yield :class:`Do`, with its answer's type."""
    answer: T = yield Do(name, work)
    return answer


class Watcher(Protocol):
    """Somebody who looks on while a flow runs, to show how far it has come."""

    def begins(self, effect: Effect) -> None:
        """An effect is about to be carried out."""
        ...  # pragma: no cover - a protocol has no body

    def ended(self, effect: Effect, answer: Any) -> None:
        """An effect was carried out; ``answer`` is its answer, or the error that came of it."""
        ...  # pragma: no cover - a protocol has no body


def watched(flow: Flow[T], watcher: Watcher) -> Flow[T]:
    """The same flow, with somebody looking on at each of its effects; nothing else changes.

    So a flow need not know that there are screens, and whoever shows its progress needs no word in
    it.
    """
    answer: Any = None
    error: Exception | None = None
    try:
        while True:
            effect = flow.send(answer) if error is None else flow.throw(error)
            answer = error = None
            watcher.begins(effect)
            try:
                answer = yield effect
            except Exception as problem:  # noqa: BLE001 - the flow decides what to make of it
                error = problem
            watcher.ended(effect, answer if error is None else error)
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        flow.close()


# System randomness: two processes started at the same moment must not jitter alike.
_random = random.SystemRandom()


def drive(
    flow: Flow[T],
    transport: Callable[[Request], Reply],
    pause: Callable[[float], None] | None = None,
) -> T:
    """Run a flow, blocking; ``transport`` carries its requests, ``pause`` lets time pass.

    Raises:
        whatever the flow raises.
    """

    def answer(effect: Effect) -> Any:
        if isinstance(effect, Send):
            return transport(effect.request)
        if isinstance(effect, Sleep):
            return (pause or time.sleep)(effect.seconds)
        if isinstance(effect, Do):
            return effect.work()
        return _ask(effect)

    return _turn(flow, answer)


async def adrive(flow: Flow[T], transport: Callable[[Request], Awaitable[Reply]]) -> T:
    """Run a flow on the running event loop; ``transport`` carries its requests.

    Raises:
        whatever the flow raises.
    """
    import asyncio  # whoever blocks need not pay for it

    answer: Any = None
    error: Exception | None = None
    try:
        while True:
            effect = flow.send(answer) if error is None else flow.throw(error)
            answer = error = None
            try:
                if isinstance(effect, Send):
                    answer = await transport(effect.request)
                elif isinstance(effect, Sleep):
                    await asyncio.sleep(effect.seconds)
                elif isinstance(effect, Do):
                    answer = await asyncio.to_thread(effect.work)
                elif isinstance(effect, Await):
                    answer = await effect.work
                else:
                    answer = _ask(effect)
            except Exception as problem:  # noqa: BLE001 - the flow decides what to make of it
                error = problem
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        flow.close()


def _turn(flow: Flow[T], perform: Callable[[Effect], Any]) -> T:
    """Hand a flow the answers to its effects until it returns or raises."""
    answer: Any = None
    error: Exception | None = None
    try:
        while True:
            effect = flow.send(answer) if error is None else flow.throw(error)
            answer = error = None
            try:
                answer = perform(effect)
            except Exception as problem:  # noqa: BLE001 - the flow decides what to make of it
                error = problem
    except StopIteration as stop:
        value: T = stop.value
        return value
    finally:
        flow.close()


def _ask(effect: Now | Tick | Draw | Await) -> datetime | float:
    if isinstance(effect, Await):
        _refuse(effect)
    if isinstance(effect, Tick):
        return time.monotonic()
    if isinstance(effect, Now):
        return datetime.now(UTC)
    return _random.random()


def _refuse(effect: Await) -> NoReturn:
    close = getattr(effect.work, "close", None)
    if close is not None:
        close()  # else Python warns that it was never awaited
    raise InputError(
        "hooks", "a hook is a coroutine function, and this client blocks", "use def, without async"
    )


class Crash(BaseException):
    """A simulated end of the process: nothing in a flow may catch it."""


@attrs.define
class World:
    """Where :func:`simulate` plays a flow: virtual time, a scripted network, seeded randomness.

    Args:
        network: answers requests: a callable, or the answers in order; an exception among them is
            raised instead of being returned.
        start: the wall clock's first reading (aware).
        seed: fixes every :class:`Draw`.
        crash_at: end the process at this boundary: an even number ``2n`` is the moment before the
            n-th effect (from 0), ``2n + 1`` the moment after it was done and before the flow knew.
    """

    network: Callable[[Request], Reply] | Iterable[Reply | Exception]
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    seed: int = 0
    crash_at: int | None = None
    elapsed: float = attrs.field(default=0.0, init=False)
    trace: list[Effect] = attrs.field(factory=list, init=False)
    _random: random.Random = attrs.field(init=False, repr=False)
    _script: Iterator[Reply | Exception] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a simulation must repeat itself
        self._script = iter(() if callable(self.network) else self.network)

    @property
    def requests(self) -> list[Request]:
        """What was sent so far, in order."""
        return [effect.request for effect in self.trace if isinstance(effect, Send)]

    def perform(self, effect: Effect) -> Any:
        """Answer one effect, or end the process at the chosen boundary."""
        step = len(self.trace)
        if self.crash_at == 2 * step:
            raise Crash(f"before step {step}: {effect!r}")
        self.trace.append(effect)
        try:
            return self._answer(effect)
        finally:
            if self.crash_at == 2 * step + 1:
                raise Crash(f"after step {step}: {effect!r}")

    def _answer(self, effect: Effect) -> Any:
        if isinstance(effect, Send):
            return self._carry(effect.request)
        if isinstance(effect, Sleep):
            self.elapsed += max(0.0, effect.seconds)
            return None
        if isinstance(effect, Now):
            return self.start + timedelta(seconds=self.elapsed)
        if isinstance(effect, Tick):
            return self.elapsed
        if isinstance(effect, Draw):
            return self._random.random()
        if isinstance(effect, Await):
            _refuse(effect)
        return effect.work()

    def _carry(self, request: Request) -> Reply:
        if callable(self.network):
            return self.network(request)
        try:
            answer = next(self._script)
        except StopIteration:
            raise AssertionError(f"the script has no answer left for {request!r}") from None
        if isinstance(answer, Exception):
            raise answer
        return answer


def simulate(flow: Flow[T], world: World) -> T:
    """Run a flow in a :class:`World`; no real time passes and nothing real is touched.

    Raises:
        Crash: at the boundary ``world.crash_at``.
        whatever the flow raises.
    """
    return _turn(flow, world.perform)
