"""Seats that are taken for a while: baskets that nobody pays for, and orders that lapse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from willcall.sandbox.boxoffice import Event, TicketType


@dataclass(slots=True)
class Hold:
    """``count`` seats of a ticket type that are taken until ``until``.

    Those of a ``basket`` count as held, those of an ``order`` as sold.
    """

    event: Event
    kind: TicketType
    count: int
    until: datetime
    what: Literal["basket", "order"]

    def take(self) -> None:
        """Take the seats."""
        self._move(self.count)

    def let_go(self) -> None:
        """Give the seats back."""
        self._move(-self.count)

    def _move(self, by: int) -> None:
        if self.what == "basket":
            self.kind.held = max(0, self.kind.held + by)
        else:
            self.kind.sold = max(0, self.kind.sold + by)
