"""What breaks: seeded faults on the wire, on the machine, in the ledger, and of the keys."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from ..bridge.ledger import LEASE
from ..errors import LedgerError
from ..sandbox import Sandbox
from ..sandbox.faults import Kind
from .network import Network
from .stage import Process, Stage

_LOSING: tuple[Kind, ...] = ("lost_request", "lost_response", "truncated", "cut", "garbage")
_OPEN = (
    "ticket_types_in_rows",
    "enveloped",
    "pagination_fields",
    "auto_sold_out",
    "ticket_enveloped",
    "ticket_order",
    "strict",
    "stock_in_events",
)
_BAD = '{"error": {"code": "INTERNAL", "message": "it broke"}}'
_NO = '{"error": {"code": "VALIDATION_ERROR", "message": "no such customer"}}'


class Weather:
    """The faults of a seed. Each seed has only a few, so that no fault hides another."""

    def __init__(self, seed: object, stage: Stage, sandbox: Sandbox, network: Network) -> None:
        self.dice = random.Random(f"weather/{seed}")  # noqa: S311 - it must repeat itself
        self.stage, self.sandbox, self.network = stage, sandbox, network
        self.fired: Counter[str] = Counter()
        self.keys = {"ticketsmart": sandbox.ticketsmart_key, "ticket0": sandbox.ticket0_key}
        self.on_kill: Callable[[Process], None] = lambda _: None
        self._raging = False
        self._hold = self._kill = self._disk = 0.0
        self.troubled = False
        """Whether TicketSmart was ever in trouble."""

    def manners(self) -> None:
        """Choose what the services do where their documents leave it open."""
        switched = {name: self.dice.random() < 0.25 for name in _OPEN}
        settings = self.sandbox.settings
        changed: dict[str, object] = {
            name: "oldest" if name == "ticket_order" else not getattr(settings, name)
            for name, on in switched.items()
            if on
        }
        shape = "older" if self.dice.random() < 0.25 else "public"
        settings.change({**changed, "message_shape": shape})

    def rage(self) -> None:
        """Choose this seed's faults and let them loose."""
        self._raging = True
        dice, add = self.dice, self.sandbox.faults.add
        for _ in range(dice.randint(1, 4)):
            dice.choice(self._wire)(self)
        self._hold = dice.choice((0.0, 0.0, 0.003, 0.02))
        self._kill = dice.choice((0.0, 0.002, 0.006, 0.02))
        self._disk = dice.choice((0.0, 0.0, 0.0, 0.01))
        if dice.random() < 0.4:
            self._pages()
        elif dice.random() < 0.3:
            add("shuffle", service="ticket0", probability=dice.choice((0.3, 1.0)))
        if dice.random() < 0.2:
            add("tag_lag", service="ticket0", seconds=60)
        if dice.random() < 0.2:
            add("skew", seconds=dice.choice((-900, 900)))
        self.troubled = any(fault.service != "ticket0" for fault in self.sandbox.faults)

    def calm(self) -> None:
        """Everything works again, and stays so."""
        self._raging = False
        self.sandbox.faults.clear()
        self.network.page = None
        for key in self.keys.values():
            self.sandbox.keys.find(key).revoked = False

    def _pages(self) -> None:
        """Lists are read in many small pages, and their rows do not always hold still."""
        dice, add = self.dice, self.sandbox.faults.add
        self.network.page = dice.choice((1, 2, 3))
        for _ in range(dice.randint(0, 2)):
            kind = dice.choice(("moving", "shuffled desk", "shuffled office"))
            often = self._often()
            if kind == "moving":
                often = dice.choice((0.1, 0.3, 0.6))
                add("moving", service="ticket0", method="GET", probability=often)
            elif kind == "shuffled desk":
                add("shuffle", service="ticket0", probability=dice.choice((often, 1.0)))
            else:
                add("shuffle", service="ticketsmart", probability=often)

    # -- the wire ---------------------------------------------------------------------------------

    def _service(self) -> str:
        return self.dice.choice(("ticket0", "ticket0", "ticket0", "*", "ticketsmart"))

    def _often(self) -> float:
        return self.dice.choice((0.03, 0.1, 0.3))

    def _lost(self) -> None:
        kind = self.dice.choice(_LOSING)
        self.sandbox.faults.add(kind, service=self._service(), probability=self._often())

    def _late(self) -> None:
        if any(fault.kind == "late_commit" for fault in self.sandbox.faults):
            return
        seconds = self.dice.choice((3, 12, 25, 45, 200, 400))
        self.sandbox.faults.add(
            "late_commit",
            service="*",
            method=self.dice.choice(("POST", "POST", "*")),
            seconds=seconds,
            probability=self._often(),
        )

    def _slow(self) -> None:
        seconds = self.dice.choice((1, 8, 14))
        self.sandbox.faults.add(
            "delay", service=self._service(), seconds=seconds, probability=self._often()
        )

    def _sick(self) -> None:
        self.sandbox.faults.add(
            "status",
            service=self._service(),
            status=self.dice.choice((500, 502, 503)),
            body=_BAD,
            carried_out=self.dice.random() < 0.5,
            probability=self._often(),
        )

    def _html(self) -> None:
        self.sandbox.faults.add(
            "html",
            service=self._service(),
            carried_out=self.dice.random() < 0.5,
            probability=self._often(),
        )

    def _blocked(self) -> None:
        """Something on the way refuses, with a page and a status that only a service could mean."""
        self.sandbox.faults.add(
            "status",
            service=self._service(),
            status=self.dice.choice((400, 404, 409)),
            body="<h1>blocked</h1>",
            carried_out=self.dice.random() < 0.5,
            probability=self._often(),
        )

    def _storm(self) -> None:
        headers = self.dice.choice(({}, {"Retry-After": "2"}, {"Retry-After": "40"}))
        self.sandbox.faults.add(
            "status",
            service=self._service(),
            status=429,
            headers=headers,
            probability=self._often(),
        )

    def _refusal(self) -> None:
        self.sandbox.faults.add(
            "status",
            service="ticket0",
            method="POST",
            status=self.dice.choice((400, 409)),
            body=_NO,
            probability=0.1,
        )

    _wire = (
        _lost,
        _lost,
        _lost,
        _late,
        _late,
        _slow,
        _sick,
        _sick,
        _html,
        _blocked,
        _storm,
        _refusal,
    )

    # -- time and again ---------------------------------------------------------------------------

    def turn(self) -> None:
        """Something that lasts a while, or happens once."""
        if not self._raging:
            return
        self.dice.choice((self._down, self._revoke, self._jump, self._crowd))()

    def _down(self) -> None:
        service = self.dice.choice(("ticketsmart", "ticket0"))
        self.troubled = self.troubled or service == "ticketsmart"
        fault = self.sandbox.faults.add("down", service=service)

        def up() -> None:
            if fault in self.sandbox.faults.all():
                self.sandbox.faults.remove(fault)

        self.stage.after(self.dice.choice((20, 90, 240)), up)

    def _revoke(self) -> None:
        service = self.dice.choice(("ticketsmart", "ticket0"))
        self.troubled = self.troubled or service == "ticketsmart"
        key = self.sandbox.keys.find(self.keys[service])
        key.revoked = True
        self.fired["key revoked"] += 1

        def restore() -> None:
            key.revoked = False
            self.fired["key restored"] += 1

        self.stage.after(self.dice.choice((30, 120)), restore)

    def _jump(self) -> None:
        by = self.dice.choice((-2400, -90, 50, 1500))
        self.stage.jump(by)
        self.fired[f"clock jumped {'ahead' if by > 0 else 'back'}"] += 1

    def _crowd(self) -> None:
        """Other programs use up the workspace's requests."""
        self.fired["others spent the quota"] += 1
        headers = [("authorization", f"Bearer {self.keys['ticket0']}")]
        for _ in range(self.dice.choice((20, 60))):
            self.sandbox.exchange("ticket0", "GET", "/tickets", headers=headers)

    # -- the machine ------------------------------------------------------------------------------

    def held_up(self, process: Process) -> float:  # noqa: ARG002 - it befalls all alike
        """A few milliseconds; now and then longer than a lease lasts."""
        if self._raging and self.dice.random() < self._hold:
            seconds = self.dice.choice((2.0, 40.0, 130.0, 300.0))
            longer = seconds > LEASE.total_seconds()
            self.fired["process paused" + (" beyond its lease" if longer else "")] += 1
            return seconds
        return self.dice.random() * 0.01

    def dies(self, process: Process) -> bool:
        """Now and then."""
        if not self._raging or self.dice.random() >= self._kill:
            return False
        self.fired["process killed"] += 1
        process.die()
        return True

    def killed(self, process: Process) -> None:
        """Tell whoever started it."""
        self.on_kill(process)

    def ledger(self, process: Process, step: str) -> None:  # noqa: ARG002 - all alike
        """The disk is full, or another program holds the file."""
        if self._raging and self.dice.random() < self._disk:
            self.fired["ledger failed"] += 1
            raise LedgerError("the ledger cannot be used: disk I/O error", temporary=True)
