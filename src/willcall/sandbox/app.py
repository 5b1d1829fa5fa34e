"""The ASGI application: both APIs and the control surface.

How to wait and how to drop a connection is up to the server: it passes the scope's ``extensions``
``PAUSE`` (an async callable that takes seconds) and ``DROP`` (a callable that takes whether to
flush first). Without them a pause passes by the sandbox's clock, and a drop raises
``ConnectionResetError``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request as Incoming

from willcall.sandbox.control import Control
from willcall.sandbox.wire import WireReply

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from willcall.sandbox.keys import Service
    from willcall.sandbox.sandbox import Exchange, Sandbox

PAUSE = "willcall.sandbox.pause"
DROP = "willcall.sandbox.drop"

TICKETSMART_PREFIX = "/ticketsmart/api/v1"
TICKET0_PREFIX = "/ticket0/api/v1"
CONTROL_PREFIX = "/_control"


class App:
    """One ASGI application: both APIs and the control surface."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Serve ``sandbox``."""
        self.sandbox = sandbox
        self._control = Control(sandbox)
        self._parts: dict[str, ASGIApp] = {
            TICKETSMART_PREFIX: self._api("ticketsmart", TICKETSMART_PREFIX),
            TICKET0_PREFIX: self._api("ticket0", TICKET0_PREFIX),
            CONTROL_PREFIX: self._controlled,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        # Not with a framework's router: its patterns do not take an id that holds a line break.
        for prefix, part in self._parts.items():
            if scope["path"] == prefix or scope["path"].startswith(prefix + "/"):
                await part(scope, receive, send)
                return
        await _send(WireReply.json({"error": "Not found"}, 404), send)

    def _api(self, service: Service, prefix: str) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            incoming = Incoming(scope, receive)
            outcome = self.sandbox.exchange(
                service,
                incoming.method,
                scope["path"].removeprefix(prefix),
                query=scope["query_string"].decode("latin-1"),
                headers=incoming.headers.items(),
                body=await incoming.body(),
            )
            await self._deliver(outcome, scope, receive, send)

        return answer

    async def _controlled(self, scope: Scope, receive: Receive, send: Send) -> None:
        incoming = Incoming(scope, receive)
        reply = self._control.answer(
            incoming.method,
            scope["path"].removeprefix(CONTROL_PREFIX) or "/",
            scope["query_string"].decode("latin-1"),
            await incoming.body(),
        )
        await _send(reply, send)

    async def _deliver(self, outcome: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        extensions = scope.get("extensions") or {}
        if outcome.delay:
            if PAUSE in extensions:
                await extensions[PAUSE](outcome.delay)
            else:
                self.sandbox.clock.sleep(outcome.delay)
        if outcome.reply is not None and outcome.cut is None:
            await _send(outcome.reply, send)
            return
        if outcome.reply is not None:
            await _send(outcome.reply, send, cut=outcome.cut)
        if DROP not in extensions:
            raise ConnectionResetError("the sandbox dropped this connection, because of a fault")
        extensions[DROP](outcome.reply is not None)
        # For a server, a return without an answer is an error, unless the client has gone.
        while (await receive())["type"] != "http.disconnect":
            pass


async def _send(reply: WireReply, send: Send, cut: int | None = None) -> None:
    headers = {**reply.headers}
    if reply.status not in (204, 304):
        headers["content-length"] = str(len(reply.body))
    await send(
        {
            "type": "http.response.start",
            "status": reply.status,
            "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()],
        }
    )
    whole = cut is None
    await send(
        {
            "type": "http.response.body",
            "body": reply.body if whole else reply.body[:cut],
            "more_body": not whole,
        }
    )
