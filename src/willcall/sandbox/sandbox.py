"""The sandbox: both services with their keys, faults and log; ``exchange`` takes every request."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Unpack

from willcall.sandbox.boxoffice import SandboxBoxOffice
from willcall.sandbox.calls import View
from willcall.sandbox.clock import Clock, RealClock
from willcall.sandbox.desk import SandboxDesk
from willcall.sandbox.desk_settings import DESKS, DeskYear
from willcall.sandbox.faults import BENDING, Fault, Faults
from willcall.sandbox.ids import Ids
from willcall.sandbox.keys import KeyRing, Service
from willcall.sandbox.mangle import mangle
from willcall.sandbox.season import large_season, series, small_season
from willcall.sandbox.settings import Settings, Switches
from willcall.sandbox.ticket0 import Ticket0Wire
from willcall.sandbox.ticketsmart import TicketSmartWire
from willcall.sandbox.wire import WireReply, WireRequest, http_date, iso

if TYPE_CHECKING:
    from collections.abc import Iterable


MAIN = "main-room"
"""The name of the box office that is always there."""

LOG_LENGTH = 100_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A line of the request log. ``status`` is ``None`` without an answer; ``key`` is a name."""

    time: datetime
    service: Service
    method: str
    path: str
    query: str
    status: int | None
    key: str | None
    faults: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The line as plain data."""
        return {
            "time": iso(self.time),
            "service": self.service,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "key": self.key,
            "faults": list(self.faults),
        }


@dataclass(frozen=True, slots=True)
class Exchange:
    """The outcome of a request: ``reply`` after ``delay`` seconds, or a dropped connection.

    ``cut``: the connection drops after this many bytes of the body. ``struck`` are the faults that
    applied.
    """

    reply: WireReply | None
    delay: float = 0.0
    cut: int | None = None
    struck: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class _Late:
    """A request that will be carried out at ``due``."""

    due: datetime
    number: int
    service: Service
    request: WireRequest


class Sandbox:
    """Both services in one object; thread-safe.

    ``boxoffice`` and ``desk`` are their data, ``faults`` what goes wrong, ``requests`` the log, and
    ``settings`` what the documents leave open (see ``Settings`` for the keyword arguments).
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        seed: int = 0,
        season: bool | int = True,
        dates: int = 0,
        desk: DeskYear = "2026",
        **switches: Unpack[Switches],
    ) -> None:
        """Make a sandbox. The same ``seed``, clock and acts give the same ids, keys and answers.

        ``season``: ``True`` for ten plausible events, ``False`` for none, or a number of events.
        ``dates``: a series of this many more, one show each day. ``desk``: the Ticket0 that the
        documents of this year describe.
        """
        self.clock: Clock = clock or RealClock()
        self.seed = seed
        self.lock = threading.RLock()
        self._season, self._dates = season, dates
        self._switches: Switches = {**DESKS[desk], **switches}
        self.settings = Settings()
        self.reset()

    def __repr__(self) -> str:
        return f"Sandbox(seed={self.seed}, events={len(self.boxoffice.events)}, {self.desk!r})"

    def reset(self) -> None:
        """Restore the initial data, keys, settings, faults and log. The clock goes on.

        The two default keys stay the same, because they depend only on the seed.
        """
        with self.lock:
            self.settings.restore(self._switches)
            self._at: datetime | None = None
            self._late: list[_Late] = []
            self._late_count = 0
            self._ids = Ids(self.seed)
            self.keys = KeyRing(self.seed, self.lock)
            self.faults = Faults(self.seed, self.lock)
            self._log: deque[LoggedRequest] = deque(maxlen=LOG_LENGTH)
            self._box_offices: dict[str, SandboxBoxOffice] = {}
            self._desk = SandboxDesk(
                now=self.now,
                settle=self.settle,
                ids=self._ids,
                lock=self.lock,
                settings=self.settings,
            )
            self._wires: dict[Service, TicketSmartWire | Ticket0Wire] = {
                "ticketsmart": TicketSmartWire(self._box_offices, self.keys, self.settings),
                "ticket0": Ticket0Wire(self._desk, self.keys, self.settings),
            }
            main = self.new_box_office(MAIN)
            if self._season is True:
                small_season(main, self.now())
            elif self._season:
                large_season(main, self.now(), self._season, self.seed)
            series(main, self.now(), self._dates)
            self._ticketsmart_key = self.new_key("ticketsmart")
            self._ticket0_key = self.new_key("ticket0")

    # Time.

    def now(self) -> datetime:
        """The current time: that of the clock, or that of a late commit while it is carried out."""
        return self._at or self.clock.now()

    def settle(self) -> None:
        """Carry out every late request that is due, and let lapse what lapses.

        Reading the data does so too.
        """
        with self.lock:
            if self._at is not None:
                return
            while self._late and self._late[0].due <= self.clock.now():
                late = self._late.pop(0)
                self._at = late.due
                try:
                    self._pass_time(late.due)
                    self._wires[late.service].answer(late.request, late.due, View(), counted=False)
                finally:
                    self._at = None
            self._pass_time(self.clock.now())

    def _pass_time(self, now: datetime) -> None:
        for office in self._box_offices.values():
            office.pass_time(now)
        self._desk.pass_time(now)

    # Data.

    @property
    def boxoffice(self) -> SandboxBoxOffice:
        """The data of the main box office."""
        return self.box_office(MAIN)

    def box_office(self, name: str) -> SandboxBoxOffice:
        """The data of a box office by name; ``LookupError`` if there is none."""
        self.settle()
        if name not in self._box_offices:
            raise LookupError(f"no box office {name!r}")
        return self._box_offices[name]

    @property
    def box_offices(self) -> list[str]:
        """The names of all box offices."""
        return list(self._box_offices)

    def new_box_office(self, name: str) -> SandboxBoxOffice:
        """Add an empty box office; make a key for it with ``new_key(…, box_office=name)``."""
        with self.lock:
            if name in self._box_offices:
                raise ValueError(f"name: there is a box office {name!r} already")
            self._box_offices[name] = SandboxBoxOffice(
                name,
                now=self.now,
                settle=self.settle,
                ids=self._ids,
                lock=self.lock,
                settings=self.settings,
            )
            return self._box_offices[name]

    @property
    def desk(self) -> SandboxDesk:
        """The data of the workspace."""
        self.settle()
        return self._desk

    def truth(self) -> dict[str, Any]:
        """All data, as JSON."""
        with self.lock:
            self.settle()
            return {
                "now": iso(self.now()),
                "boxOffices": {name: office.truth() for name, office in self._box_offices.items()},
                "tickets": self._desk.truth(),
                "pendingCommits": len(self._late),
            }

    # The log.

    @property
    def pending_commits(self) -> int:
        """How many late commits are not carried out yet."""
        with self.lock:
            self.settle()
            return len(self._late)

    @property
    def requests(self) -> list[LoggedRequest]:
        """The last ``LOG_LENGTH`` requests to both APIs, oldest first."""
        with self.lock:
            return list(self._log)

    def forget_requests(self) -> None:
        """Empty the log."""
        with self.lock:
            self._log.clear()

    # Keys.

    @property
    def ticketsmart_key(self) -> str:
        """The default key of the main box office, with both scopes."""
        return self._ticketsmart_key

    @property
    def ticket0_key(self) -> str:
        """The default key of the workspace, with every scope but ``admin``."""
        return self._ticket0_key

    def new_key(
        self,
        service: Service,
        scopes: Iterable[str] | None = None,
        *,
        name: str | None = None,
        box_office: str = MAIN,
        expires_at: datetime | None = None,
    ) -> str:
        """A new key; ``scopes`` default to all but ``admin``. ``ValueError`` for an eleventh."""
        home = box_office if service == "ticketsmart" else "workspace"
        if service == "ticketsmart":
            self.box_office(box_office)
        return self.keys.new(
            service, scopes=scopes, name=name, home=home, expires_at=expires_at, now=self.now()
        ).token

    def revoke(self, key: str) -> None:
        """Revoke a key, given by its text or its name."""
        self.keys.find(key).revoked = True

    # Requests.

    def exchange(
        self,
        service: Service,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Exchange:
        """Carry out a request; ``path`` is relative to the API's prefix, such as ``/events``.

        Synchronous, without an event loop and without waiting: a delay is part of the outcome. All
        requests to both services, over HTTP or in process, come through here.
        """
        lowered = {name.lower(): value for name, value in headers}
        request = WireRequest(method.upper(), path, query, lowered, body)
        with self.lock:
            self.settle()
            now = self.now()
            wire = self._wires[service]
            key = wire.identify(request, now)
            struck = self.faults.strike(service, request.method, path)
            outcome = self._carry_out(service, request, struck, now)
            self._log.append(
                LoggedRequest(
                    now,
                    service,
                    request.method,
                    self.keys.conceal(path),
                    self.keys.conceal(query),
                    outcome.reply.status if outcome.reply else None,
                    key.name if key else None,
                    tuple(fault.kind for fault in struck),
                )
            )
            return outcome

    def _carry_out(
        self, service: Service, request: WireRequest, struck: list[Fault], now: datetime
    ) -> Exchange:
        view = View(
            tag_lag=max((f.seconds for f in struck if f.kind == "tag_lag"), default=0.0),
            shuffle=next((_salt(service, f) for f in struck if f.kind == "shuffle"), None),
            moving=next((f"{f.id}/{f.hits}" for f in struck if f.kind == "moving"), None),
        )
        delay = sum(fault.seconds for fault in struck if fault.kind == "delay")
        skew = sum(fault.seconds for fault in struck if fault.kind == "skew")
        blow = next((f for f in struck if f.kind not in BENDING), None)
        wire = self._wires[service]
        if blow is not None and blow.kind == "late_commit":
            if key := wire.identify(request, now):
                wire.take(key, now)
            self._late_count += 1
            due = now + timedelta(seconds=blow.seconds)
            self._late.append(_Late(due, self._late_count, service, request))
            self._late.sort(key=lambda late: (late.due, late.number))
            return Exchange(None, delay, struck=tuple(struck))
        reply = wire.answer(request, now, view) if blow is None or blow.carried_out else None
        cut = None
        if blow is not None:
            reply, cut = mangle(blow, service, request, reply)
        if reply is not None:
            reply.headers.setdefault("date", http_date(now + timedelta(seconds=skew)))
        return Exchange(reply, delay, cut, tuple(struck))


def _salt(service: Service, fault: Fault) -> str:
    # Ticket0's cursors must stay valid while a shuffled list is read, so its order is kept. With
    # page numbers the order changes with every request, which clients must handle.
    return fault.id if service == "ticket0" else f"{fault.id}/{fault.hits}"
