"""A stand-in for TicketSmart and Ticket0, for tests, simulation and the demo.

It is an independent implementation from the documents of both services: it shares nothing with the
clients, so that it can catch them out. ``Sandbox`` holds the truth, ``serve`` puts it on loopback::

    with serve(Sandbox()) as served:
        ...  # served.ticketsmart_url, served.ticket0_url, served.sandbox.ticketsmart_key

``willcall.sandbox.inprocess.call`` does the same without sockets, for virtual time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from willcall.sandbox.clock import ManualClock, RealClock
from willcall.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from willcall.sandbox.server import Served

__all__ = ["ManualClock", "RealClock", "Sandbox", "serve"]


def serve(
    sandbox: Sandbox, port: int = 0, host: str = "127.0.0.1"
) -> AbstractContextManager[Served]:
    """Serve in a background thread while the ``with`` block lasts; see ``server.serve``."""
    # Starlette and uvicorn are an optional extra, and only needed from here on.
    from willcall.sandbox.server import serve as really_serve

    return really_serve(sandbox, port, host)
