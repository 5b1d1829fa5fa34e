"""uvicorn's HTTP protocol, with the two things the sandbox needs: to pause and to hang up."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from willcall.sandbox.app import DROP, PAUSE, App
from willcall.sandbox.clock import RealClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope

    from willcall.sandbox.sandbox import Sandbox

_SILENT = logging.Logger("willcall.sandbox", logging.CRITICAL + 1)  # noqa: LOG001 - on its own
"""Stands outside the logging tree, so that nothing the process logs elsewhere is touched.

A sandbox that hangs up on purpose has no errors worth a line.
"""


class _Protocol(H11Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let the application know how to pause and how to hang up."""
        super().connection_made(transport)
        # Head and body leave in two writes: without this every answer waits 40 ms for an
        # acknowledgement. asyncio sees to it only for sockets that name their protocol.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.logger = _SILENT
        self.access_log = False
        extensions: dict[str, Any] = {DROP: self._drop}
        sandbox = self.config.app.sandbox  # type: ignore[union-attr]
        if isinstance(sandbox.clock, RealClock):
            extensions[PAUSE] = asyncio.sleep
        served = cast("ASGI3Application", self.app)

        async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            if scope["type"] == "http":  # the only kind there is, with ws and lifespan off
                scope["extensions"] = extensions
            await served(scope, receive, send)

        self.app = app

    def _drop(self, flush: bool) -> None:
        if flush:
            self.transport.close()
        else:
            self.transport.abort()


def protocol_factory(sandbox: Sandbox) -> tuple[Callable[[], asyncio.Protocol], ServerState]:
    """What makes a protocol for each connection, and the state they share."""
    config = Config(
        cast("ASGI3Application", App(sandbox)),
        interface="asgi3",
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,  # the sandbox's own clock writes it
        timeout_keep_alive=75,
    )
    config.load()
    state = ServerState()
    return lambda: _Protocol(config, state, {}), state


def connections(state: ServerState) -> list[asyncio.Transport]:
    """The open connections."""
    return [cast("_Protocol", connection).transport for connection in state.connections]
