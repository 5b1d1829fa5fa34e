"""What becomes of a request: the sandbox's own logic behind a wire that takes time and breaks."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import attrs

from ..client.flow import Request
from ..errors import ConnectError, ConnectionLostError, Reply, RequestTimeoutError
from ..sandbox import Sandbox
from ..sandbox.faults import BENDING, Fault
from ..sandbox.wire import WireReply
from .stage import Process, Stage

BASE = {"ticketsmart": "/ticketsmart/api/v1", "ticket0": "/ticket0/api/v1"}
_EVENT_ID = re.compile(rb'"id": ?"(evt_[0-9a-z]+)"')
_ON_ITS_WAY = 0.2
"""The seconds that a request is on its way at the most."""
_LIMIT = re.compile(r"\blimit=\d+")
_MARKED = re.compile(r"Reference: (wc-[0-9a-z]{8}-\d+)\s*$|\[(wc-[0-9a-z]{8})\]$")


def described(fault: Fault) -> str:
    """What a fault that has fired is counted as."""
    done = ", and carried out" if fault.carried_out else ""
    if fault.kind == "status" and fault.status == 429:
        header = "with" if fault.headers else "without"
        return f"status 429 {header} Retry-After"
    if fault.kind == "status":
        return f"status {fault.status}{done}"
    if fault.kind == "html":
        return f"html{done}"
    if fault.kind == "late_commit":
        return f"late_commit of {fault.seconds:.0f} s"
    if fault.kind in {"shuffle", "down"}:
        return f"{fault.kind}, {fault.service}"
    return fault.kind


@attrs.define
class Write:
    """A write of the bridge as it was sent, and when it was carried out, if it was.

    ``marked_at`` is when it was marked in the ledger, ``ended_at`` when its sender got an answer or
    an error; ``answered`` says that the answer was good and clear. ``ticket_read_at`` is when its
    process last asked for its ticket, ``messages_read_at`` when for what was said there.
    """

    process: Process
    method: str
    path: str
    body: dict[str, Any]
    marker: str | None
    marked_at: float
    arrived_at: float
    late: float = 0.0
    looked_at: float | None = None
    ended_at: float | None = None
    ticket_read_at: float | None = None
    messages_read_at: float | None = None
    answered: bool = False

    @property
    def landed_at(self) -> float:
        """When it was carried out at the latest."""
        return self.arrived_at + self.late

    @property
    def died_at(self) -> float:
        """When its try ended: by an answer, an error, or the death of its process."""
        ends = [at for at in (self.ended_at, self.process.died_at) if at is not None]
        return min(ends, default=self.arrived_at)


class Network:
    """Carries requests of processes to a sandbox."""

    def __init__(self, stage: Stage, sandbox: Sandbox) -> None:
        self.stage, self.sandbox = stage, sandbox
        self.page: int | None = None
        """The number of rows on a page; None for the hundred that is usual."""
        self.writes: list[Write] = []
        self.removals: list[Write] = []
        """Writes to the box office; all of them are removals of ticket types."""
        self.arrivals: dict[str, list[float]] = {"ticketsmart": [], "ticket0": []}
        self.late: dict[str, list[float]] = {"ticketsmart": [], "ticket0": []}
        """The arrivals of requests whose process was stopped when it had been allowed to send."""
        self.listed: dict[str, float] = {}
        """When events were last in a list, by id, whatever their row told."""
        self.fired: Counter[str] = Counter()
        self.after_write: list[Any] = []
        self.before_exchange: list[Callable[[], object]] = []
        self.shown: dict[str, dict[str, float]] = {}
        """By process, the ids of the events of which it was shown all that the box office tells,
        and when."""
        self._unread: set[tuple[str, str]] = set()
        self._looked: dict[tuple[str, str], float] = {}

    def carry(self, process: Process, request: Request) -> None:
        """Send a request; the process gets its answer, or an error, in its time."""
        there = self.stage.dice.uniform(0.01, 0.2)
        self.stage.after(there, lambda: self._arrive(process, request))

    def _arrive(self, process: Process, request: Request) -> None:
        stage, service = self.stage, request.provider
        parts = urlsplit(request.url)
        path = parts.path.removeprefix(BASE[service])
        query = parts.query
        if self.page is not None:
            query = _LIMIT.sub(f"limit={self.page}", query)
        self.arrivals[service].append(stage.elapsed)
        if stage.elapsed - process.sent_at > _ON_ITS_WAY:
            self.late[service].append(stage.elapsed)
        write = self._noted(process, request, path)
        for notice in self.before_exchange:
            notice()
        outcome = self.sandbox.exchange(
            service,  # type: ignore[arg-type]
            request.method,
            path,
            query=query,
            headers=request.headers.items(),
            body=request.content or b"",
        )
        self.fired.update(map(described, outcome.struck))
        back = stage.dice.uniform(0.01, 0.2)
        if write is not None:
            write.late = max(
                (fault.seconds for fault in outcome.struck if fault.kind == "late_commit"),
                default=0.0,
            )
            for check in self.after_write:
                check(write)
        answer: Reply | None = None
        error: Exception | None = None
        if request.timeout is not None and outcome.delay > request.timeout:
            back = request.timeout
            error = RequestTimeoutError("late", provider=service, request=path)
        elif outcome.reply is None and any(fault.kind == "down" for fault in outcome.struck):
            error = ConnectError("refused", provider=service, request=path)
        elif outcome.reply is None or outcome.cut is not None:
            error = ConnectionLostError("dropped", provider=service, request=path)
        else:
            back += outcome.delay
            reply = outcome.reply
            if service == "ticketsmart" and request.method == "GET":
                self._note_shown(process, path, reply)
            answer = Reply(
                reply.status,
                {name.lower(): value for name, value in reply.headers.items()},
                reply.body,
                request.url,
            )

        def deliver() -> None:
            if write is not None:
                write.ended_at = stage.elapsed
                bent = all(fault.kind in BENDING for fault in outcome.struck)
                write.answered = answer is not None and answer.status < 300 and bent
            if error is not None and service == "ticketsmart":
                self._note_shown(process, path, None)
            process.go(answer, error)

        stage.after(back, deliver)

    def _note_shown(self, process: Process, path: str, reply: WireReply | None) -> None:
        """Note what a process was shown. What it could not read it may have to do without."""
        settings = self.sandbox.settings
        shown, now = self.shown.setdefault(process.name, {}), self.stage.elapsed
        event, _, more = path.removeprefix("/events").removeprefix("/").partition("/")
        if reply is None or reply.status != 200 or not reply.body.endswith(b"}"):
            shown.pop(event, None)
            self._unread.add((process.name, event))
        elif event and (settings.stock_in_events or more == "ticket-types"):
            if (process.name, event) not in self._unread:
                shown[event] = now
        elif not event:
            rows = [found.decode() for found in _EVENT_ID.findall(reply.body)]
            self.listed.update(dict.fromkeys(rows, now))
            if settings.ticket_types_in_rows and settings.stock_in_events:
                shown.update(dict.fromkeys(rows, now))

    def _noted(self, process: Process, request: Request, path: str) -> Write | None:
        key = (process.name, path)
        if request.method == "GET":
            self._looked[key] = self.stage.elapsed
            return None
        body = json.loads(request.content or b"{}")
        text = body.get("subject") or body.get("bodyText") or body.get("body") or ""
        found = _MARKED.search(text)
        write = Write(
            process,
            request.method,
            path,
            body,
            (found[1] or found[2]) if found else None,
            process.marked_at,
            self.stage.elapsed,
            looked_at=self._looked.get(key),
        )
        ticket = "/".join(path.split("/")[:3])
        write.ticket_read_at = self._looked.get((process.name, ticket))
        write.messages_read_at = self._looked.get((process.name, f"{ticket}/messages"))
        (self.writes if request.provider == "ticket0" else self.removals).append(write)
        return write
