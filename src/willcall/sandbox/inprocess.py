"""Requests to the sandbox without sockets, threads or an event loop, for virtual time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

from willcall.sandbox.app import DROP, PAUSE, TICKET0_PREFIX, TICKETSMART_PREFIX, App

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from willcall.sandbox.keys import Service
    from willcall.sandbox.sandbox import Sandbox


class Dropped(ConnectionError):  # noqa: N818 - an outcome
    """The connection ended without a whole answer.

    As with a real service, it is not known whether the request was carried out; see the data.
    ``received`` holds the part of the body that came, ``None`` if not even the headers did.
    """

    def __init__(self, received: bytes | None = None) -> None:
        """Remember what was received."""
        super().__init__("the connection was dropped")
        self.received = received


class Late(TimeoutError):  # noqa: N818 - an outcome
    """No answer within the timeout; it is not known whether the request was carried out."""


class LocalResponse(NamedTuple):
    """An answer: ``(status, headers, body)``."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; ``ValueError`` if it is none."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """A header by its lower-case name."""
        return dict(self.headers).get(name)


def call(
    app: App,
    method: str,
    path: str,
    query: str = "",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    *,
    timeout: float | None = None,
) -> LocalResponse:
    """Send a request through the ASGI application and return its answer, synchronously.

    ``path`` is absolute and may be percent-encoded, e.g. ``/ticket0/api/v1/tickets``. A delay
    passes by the sandbox's clock: with a ``ManualClock`` it passes at once. Raises ``Dropped``, or
    ``Late`` after ``timeout`` seconds of delay.
    """
    if not path.isascii():
        path = quote(path, safe="/%~:@!$&'()*+,;=")
    state = _Exchange(body)
    clock = app.sandbox.clock

    async def pause(seconds: float) -> None:
        if timeout is not None and seconds > timeout:
            clock.sleep(timeout)
            raise Late(f"no answer within {timeout} s")
        clock.sleep(seconds)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method.upper(),
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "root_path": "",
        "query_string": query.encode("ascii"),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "extensions": {PAUSE: pause, DROP: state.drop},
    }
    _run(app(scope, state.receive, state.send))
    if state.dropped or state.status is None:
        raise Dropped(None if state.status is None else bytes(state.received))
    return LocalResponse(state.status, state.headers, bytes(state.received))


class Caller:
    """A service and a key to call it with: a short way to send requests in tests."""

    def __init__(self, sandbox: Sandbox, service: Service, key: str | None = None) -> None:
        """Call ``service`` with ``key``, or with its default key."""
        self._app = App(sandbox)
        if service == "ticketsmart":
            self._prefix = TICKETSMART_PREFIX
            self._headers = [("x-api-key", key or sandbox.ticketsmart_key)]
        else:
            self._prefix = TICKET0_PREFIX
            self._headers = [("authorization", f"Bearer {key or sandbox.ticket0_key}")]

    def get(self, path: str, **query: object) -> LocalResponse:
        """``GET`` a path below the API's prefix."""
        return self.send("GET", path, query=urlencode(query))

    def post(self, path: str, value: object) -> LocalResponse:
        """``POST`` a value as JSON."""
        return self.send("POST", path, body=json.dumps(value).encode())

    def patch(self, path: str, value: object) -> LocalResponse:
        """``PATCH`` with a value as JSON."""
        return self.send("PATCH", path, body=json.dumps(value).encode())

    def send(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes = b"",
        timeout: float | None = None,
    ) -> LocalResponse:
        """Any request; see ``call`` for what is raised."""
        headers = [*self._headers, ("content-type", "application/json")] if body else self._headers
        url_path = self._prefix + path
        return call(self._app, method, url_path, query, headers, body, timeout=timeout)


class _Exchange:
    """The caller's end of one ASGI connection."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self.status: int | None = None
        self.headers: list[tuple[str, str]] = []
        self.received = bytearray()
        self.dropped = False

    async def receive(self) -> dict[str, Any]:
        body, self._body = self._body, None
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [
                (n.decode("latin-1"), v.decode("latin-1")) for n, v in message["headers"]
            ]
        else:
            self.received += message.get("body", b"")

    def drop(self, flush: bool) -> None:  # noqa: ARG002 - there is nothing to flush in memory
        self.dropped = True


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end. The application awaits nothing, so one step is enough."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the application waited for an event loop, which there is none of here")
