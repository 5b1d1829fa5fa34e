"""What the tests of the client floor share: accounts, replies, worlds, and a bare TCP server."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from willcall.client.engine import Op, Options
from willcall.client.flow import Flow, Request, World, simulate
from willcall.client.provider import Account, Provider, open_account
from willcall.client.quota import Pace
from willcall.client.retry import Retry
from willcall.errors import ConnectError, ConnectionLostError, Reply, RequestTimeoutError
from willcall.sandbox.server import Served
from willcall.ticket0.api import PROVIDER as TICKET0
from willcall.ticket0.api import Ticket0
from willcall.ticketsmart.api import PROVIDER as TICKETSMART
from willcall.ticketsmart.api import TicketSmart

KEY = "ts_sk_live_secret_KEY-1234567890"
DESK_KEY = "t0_secret_KEY-1234567890"
SOON = "2026-09-01T19:00:00Z"


def account(
    provider: Provider = TICKETSMART, *, paced: bool = False, pace: Pace | None = None
) -> Account:
    """An account nobody has; its quota is off unless asked for."""
    key = KEY if provider is TICKETSMART else DESK_KEY
    if pace is not None:
        return open_account(provider, key, pace=pace)
    return open_account(provider, key, paced=paced)


def desk() -> Account:
    """The same at Ticket0."""
    return account(TICKET0)


def reply(status: int = 200, value: Any = None, **headers: str) -> Reply:
    """A reply in JSON; header names with underscores for hyphens."""
    sent = {"content-type": "application/json"}
    sent |= {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, sent, json.dumps({} if value is None else value).encode())


def refused() -> ConnectError:
    """The request surely never left."""
    return ConnectError("no connection", provider="ticketsmart")


def lost() -> ConnectionLostError:
    """It may have arrived."""
    return ConnectionLostError("the connection broke", provider="ticketsmart")


def late() -> RequestTimeoutError:
    """It may have arrived."""
    return RequestTimeoutError("no answer", provider="ticketsmart")


def get(path: str = "/events/gala") -> Op[Any]:
    """A call that reads."""
    return Op("GET", path, lambda got: got.json(), route="/events/{id_or_slug}")


def post(path: str = "/events") -> Op[Any]:
    """A call that writes."""
    return Op(
        "POST", path, lambda got: got.json(), json={"title": "Gala"}, verify="look at the list"
    )


def options(tries: int = 3, **more: Any) -> Options:
    """Options with so many tries."""
    return Options(retry=Retry(tries=tries), **more)


def play(flow: Flow[Any], *answers: Reply | Exception, **world: Any) -> tuple[Any, World]:
    """Play a flow against answers in order; its value and the world afterwards."""
    here = World(answers, **world)
    return simulate(flow, here), here


def events(*ids: str, **pagination: Any) -> Reply:
    """A page of TicketSmart's events."""
    return reply(200, {"events": [event(name) for name in ids], "pagination": pagination})


def event(name: str, **more: Any) -> dict[str, Any]:
    """An event with what every event has."""
    return {"id": name, "title": name, "startsAt": SOON, "status": "PUBLISHED", **more}


def tickets(*ids: str, cursor: str | None = None, subject: str = "Hello") -> Reply:
    """A page of Ticket0's tickets."""
    rows = [{"id": name, "subject": subject, "status": "open"} for name in ids]
    return reply(200, {"tickets": rows, "nextCursor": cursor})


def ticketsmart(served: Served, key: str | None = None, **more: Any) -> TicketSmart:
    """A client of the sandbox, unpaced and in no hurry to settle."""
    options = {"pace": None, "settle": 0.01, **more}
    return TicketSmart(
        key or served.sandbox.ticketsmart_key, base_url=served.ticketsmart_url, **options
    )


def ticket0(served: Served, key: str | None = None, **more: Any) -> Ticket0:
    """A client of the sandbox, unpaced and in no hurry to settle."""
    options = {"pace": None, "settle": 0.01, **more}
    return Ticket0(key or served.sandbox.ticket0_key, base_url=served.ticket0_url, **options)


def http(status: int = 200, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> bytes:
    """An HTTP answer, byte for byte."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    sent = {"content-type": "application/json", "content-length": str(len(body))}
    sent |= dict(headers or {})
    lines += [f"{name}: {value}" for name, value in sent.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


Handler = Callable[[socket.socket, bytes], None]


@contextmanager
def tcp(handle: Handler) -> Iterator[tuple[str, list[bytes]]]:
    """A bare server on loopback: its URL, and the requests that came in, byte for byte.

    ``handle`` is given the connection and the request's head and body.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []
    threads: list[threading.Thread] = []

    def talk(connection: socket.socket) -> None:
        with connection:
            try:
                while got := _read(connection):
                    seen.append(got)
                    handle(connection, got)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=talk, args=(connection,), daemon=True)
            threads.append(thread)
            thread.start()

    main = threading.Thread(target=accept, daemon=True)
    main.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        main.join(5)


def always(*parts: bytes) -> Handler:
    """Answers every request alike, and hangs up if there is nothing to say."""

    def handle(connection: socket.socket, _: bytes) -> None:
        for part in parts:
            connection.sendall(part)
        if not parts:
            connection.shutdown(socket.SHUT_RDWR)

    return handle


def _read(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        part = connection.recv(65536)
        if not part:
            return b""
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def dead_url() -> str:
    """A URL on loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def sent(world: World) -> list[str]:
    """What a simulated flow sent: methods and URLs below the base."""
    return [f"{r.method} {r.url.partition('/api/v1')[2]}" for r in world.requests]


def body_of(request: Request) -> Any:
    """A request's JSON."""
    assert request.content is not None
    return json.loads(request.content)


def names(things: Iterable[Any]) -> list[str]:
    """Their ids."""
    return [thing.id for thing in things]
