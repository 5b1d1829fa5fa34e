"""What an endpoint is handed: the request with its path parameters, its key, and today's view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from willcall.sandbox.ids import scramble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from willcall.sandbox.keys import Key
    from willcall.sandbox.wire import WireRequest

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """How faults bend what lists show: tags younger than ``tag_lag`` seconds are not found yet;
    with a ``shuffle`` salt the order of rows depends on that salt and nothing else; with a
    ``moving`` salt one of the rows that are still to be shown moves to the front instead.
    """

    tag_lag: float = 0.0
    shuffle: str | None = None
    moving: str | None = None

    def arrange(
        self, rows: Iterable[T], key: Callable[[T], Any], name: Callable[[T], str]
    ) -> list[T]:
        """Rows in the service's order (``key``), or shuffled by their ``name``."""
        if self.shuffle is None:
            return sorted(rows, key=key)
        return sorted(rows, key=lambda row: scramble(f"{self.shuffle}/{name(row)}", 12))


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One authenticated request on its way to an endpoint."""

    request: WireRequest
    key: Key
    now: datetime
    path: dict[str, str] = field(default_factory=dict)
    view: View = field(default_factory=View)
