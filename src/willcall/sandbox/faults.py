"""Faults that can be programmed: which requests they meet, how often, and what they do to them."""

from __future__ import annotations

import functools
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from willcall.sandbox.keys import SERVICES
from willcall.sandbox.locking import locked

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping

Kind = Literal[
    "down",
    "lost_request",
    "lost_response",
    "late_commit",
    "delay",
    "status",
    "html",
    "truncated",
    "cut",
    "garbage",
    "echo_key",
    "tag_lag",
    "shuffle",
    "moving",
    "skew",
]

KINDS: tuple[Kind, ...] = get_args(Kind)

MEANING: dict[Kind, str] = {
    "down": "the connection is dropped, nothing is carried out",
    "lost_request": "the same as down, said of single requests",
    "lost_response": "the request is carried out, then the connection is dropped without an answer",
    "late_commit": "the connection is dropped now; the request is carried out `seconds` later",
    "delay": "the request is carried out at once, the answer comes `seconds` later",
    "status": "answered with `status`, `body`, `headers`; carried out only if ``carried_out``",
    "html": "answered 200 with an HTML page; carried out only if ``carried_out``",
    "truncated": "carried out; a whole reply whose JSON stops half-way",
    "cut": "carried out; the connection is dropped half-way through the body",
    "garbage": "carried out; the body is bytes that are no text",
    "echo_key": "answered with an error whose body repeats the API key that was sent",
    "tag_lag": "a list by tag does not find tags younger than `seconds`",
    "shuffle": "lists come in random order",
    "moving": "while a list is read, one of its later rows moves to the front, as if just touched",
    "skew": "the Date header is `seconds` off",
}
CARRIED_OUT: frozenset[Kind] = frozenset({"lost_response", "truncated", "cut", "garbage"})
NEEDS_SECONDS: frozenset[Kind] = frozenset({"late_commit", "delay", "tag_lag", "skew"})
BENDING: frozenset[Kind] = frozenset({"delay", "tag_lag", "shuffle", "moving", "skew"})
"""These go together with any other fault; of the rest the first that fires decides alone."""


@dataclass(slots=True)
class Fault:
    """One programmed fault, and how often it was met (``matches``) and fired (``hits``).

    It meets requests of ``service`` and ``method`` (``"*"``: any) whose path below the API's prefix
    fits the glob ``path`` (``*`` stays within one segment, ``**`` crosses them: ``/tickets`` is the
    list and the create alone). Of those it fires from the ``nth`` on (1 = the first), ``count``
    times (``None``: for ever, or once when ``nth`` is given), each with ``probability``.
    """

    id: str
    kind: Kind
    service: str = "*"
    method: str = "*"
    path: str = "**"
    nth: int | None = None
    count: int | None = None
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 500
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    carried_out: bool = False
    matches: int = 0
    hits: int = 0
    dice: random.Random = field(default_factory=random.Random, repr=False, compare=False)

    def fits(self, service: str, method: str, path: str) -> bool:
        """Whether this fault is about a request."""
        return (
            self.service in ("*", service)
            and self.method in ("*", method)
            and _glob(self.path).fullmatch(path) is not None
        )

    def fires(self) -> bool:
        """Count a matching request; returns whether the fault strikes it."""
        self.matches += 1
        most = self.count if self.count is not None or self.nth is None else 1
        if self.matches < (self.nth or 1) or (most is not None and self.hits >= most):
            return False
        if self.probability < 1 and self.dice.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def as_dict(self) -> dict[str, Any]:
        """Everything but the dice."""
        names = [name for name in self.__slots__ if name != "dice"]
        return {name: getattr(self, name) for name in names}


class Faults:
    """The faults that are on, in the order they were put on."""

    def __init__(self, seed: int, lock: threading.RLock) -> None:
        """Chance depends on ``seed`` and on the fault's number alone."""
        self.lock = lock
        self._seed = seed
        self._given = 0
        self._faults: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.all())

    def __len__(self) -> int:
        return len(self._faults)

    def all(self) -> list[Fault]:
        """The faults that are on."""
        with self.lock:
            return list(self._faults)

    @locked
    def add(
        self,
        kind: Kind,
        *,
        service: str = "*",
        method: str = "*",
        path: str = "**",
        nth: int | None = None,
        count: int | None = None,
        probability: float = 1.0,
        seconds: float = 0.0,
        status: int = 500,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        carried_out: bool | None = None,
    ) -> Fault:
        """Put a fault on and return it; ``ValueError`` names the field that makes no sense."""
        if kind not in KINDS:
            raise ValueError(f"kind: {kind!r} is unknown; known: {', '.join(KINDS)}")
        if service not in ("*", *SERVICES):
            raise ValueError(f"service: {service!r} is unknown; use * or {' or '.join(SERVICES)}")
        for name, number in (("nth", nth), ("count", count)):
            if number is not None and number < 1:
                raise ValueError(f"{name} must be 1 or more, not {number}")
        if not 0 <= probability <= 1:
            raise ValueError(f"probability must be between 0 and 1, not {probability}")
        if not 200 <= status <= 599:
            raise ValueError(f"status must be between 200 and 599, not {status}")
        if kind in NEEDS_SECONDS and (seconds == 0 or (seconds < 0 and kind != "skew")):
            raise ValueError(f"seconds: say how many for {kind}")
        self._given += 1
        fault = Fault(
            f"flt_{self._given}",
            kind,
            service,
            method.upper(),
            path,
            nth,
            count,
            probability,
            seconds,
            status,
            body,
            dict(headers or {}),
            kind in CARRIED_OUT if carried_out is None else carried_out,
            dice=random.Random(f"{self._seed}/{self._given}"),  # noqa: S311 - chance, not secrets
        )
        self._faults.append(fault)
        return fault

    @locked
    def remove(self, fault: Fault | str) -> None:
        """Take a fault off, by itself or its id; ``LookupError`` if it is not on."""
        wanted = fault if isinstance(fault, str) else fault.id
        for known in self._faults:
            if known.id == wanted:
                self._faults.remove(known)
                return
        raise LookupError(f"no fault {wanted!r} is on")

    @locked
    def clear(self) -> None:
        """Take all faults off."""
        self._faults.clear()

    @locked
    def strike(self, service: str, method: str, path: str) -> list[Fault]:
        """The faults that strike a request: all that bend answers, and at most one other."""
        struck: list[Fault] = []
        decided = False
        for fault in self._faults:
            if not fault.fits(service, method, path):
                continue
            bends = fault.kind in BENDING
            if (bends or not decided) and fault.fires():
                struck.append(fault)
                decided = decided or not bends
        return struck


@functools.lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    parts = [
        ".*" if part == "**" else "[^/]*" if part == "*" else re.escape(part)
        for part in re.split(r"(\*\*|\*)", pattern)
    ]
    return re.compile("(?s:" + "".join(parts) + ")")
