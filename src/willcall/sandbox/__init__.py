"""Stand-ins for TicketSmart and Ticket0, for tests, the simulation and the demo.

They are written from the documents of both services and share no code with the clients, so that
tests against them can find mistakes of the clients. ``Sandbox`` holds the data (``boxoffice``,
``desk``), which tests can change and read; ``serve`` serves both APIs on loopback::

    with serve(Sandbox()) as served:
        ...  # served.ticketsmart_url, served.ticket0_url, served.sandbox.ticketsmart_key

``willcall.sandbox.inprocess.call`` sends requests without sockets, in virtual time. The control
surface (``control``) does over HTTP what the Python objects do.
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
