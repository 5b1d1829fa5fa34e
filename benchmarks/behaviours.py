"""What a client does when something is wrong: ours beside three peers, on a server of its own.

It prints the table of docs/peers.md, with a column for each peer that is installed where it runs::

    pip install openai==3.57.0 anthropic==2.14.0 stripe==16.1.0 requests==2.34.2
    PYTHONPATH=src python benchmarks/behaviours.py

A test compares our column with what our client does.
"""

from __future__ import annotations

import gzip
import http.server
import os
import pickle
import socket
import threading
import time
import traceback
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from willcall import TicketSmart, __version__

SECRET = "SECRETKEY12345"
Answer = tuple[int, dict[str, str], bytes] | None
JSON = {"content-type": "application/json"}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by a script: a function of the number of the request. None: it hangs up."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        server: Any = self.server
        self.rfile.read(int(self.headers.get("content-length") or 0))
        server.seen.append(dict(self.headers))
        answer: Answer = server.script(len(server.seen))
        if answer is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


@contextmanager
def serving(script: Callable[[int], Answer]) -> Iterator[Any]:
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.script, server.seen, server.daemon_threads = script, [], True
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Peer:
    """A client, and what it is asked."""

    def __init__(self, name: str, key: str, thing: bytes, rows: str) -> None:
        self.name, self.key, self.thing, self.rows = name, key, thing, rows
        self.made: list[Any] = []

    def make(self, url: str, key: str | None = None, **options: Any) -> Any:
        self.made.append(self._make(url, key, **options))
        return self.made[-1]

    def close(self) -> None:
        while self.made:
            getattr(self.made.pop(), "close", lambda: None)()

    def _make(self, url: str, key: str | None, **options: Any) -> Any:
        key = self.key if key is None else key
        if self.name == "willcall":
            return TicketSmart(key, base_url=url, pace=None, **options)
        if self.name == "openai":
            import openai

            return openai.OpenAI(api_key=key, base_url=url, **options)
        if self.name == "anthropic":
            import anthropic

            return anthropic.Anthropic(api_key=key, base_url=url, **options)
        import stripe

        if "timeout" in options:
            options = {"http_client": stripe.RequestsClient(timeout=options["timeout"])}
        return stripe.StripeClient(key, base_addresses={"api": url}, **options)

    def read(self, client: Any) -> Any:
        if self.name == "willcall":
            return client.events.get("x")
        if self.name == "stripe":
            return client.v1.customers.retrieve("cus_1")
        return client.models.retrieve("x")

    def write(self, client: Any) -> Any:
        if self.name == "willcall":
            return client.events.create(title="a", starts_at=datetime(2027, 1, 1, tzinfo=UTC))
        if self.name == "openai":
            return client.batches.create(
                completion_window="24h", endpoint="/v1/responses", input_file_id="f"
            )
        if self.name == "anthropic":
            message: Any = {"role": "user", "content": "a"}
            return client.messages.create(max_tokens=1, model="m", messages=[message])
        return client.v1.customers.create({"name": "a"})

    def list(self, client: Any) -> Any:
        if self.name == "willcall":
            rows = client.events.list().all()
            return [row.id for row in rows], [str(row) for row in rows.unreadable]
        if self.name == "stripe":
            return [row.id for row in client.v1.customers.list().data]
        return [row.id for row in client.models.list()]


EVENT = b'{"id":"x","title":"a","startsAt":"2027-01-01T00:00:00Z","status":"DRAFT"}'
PEERS = [
    Peer("willcall", f"ts_sk_live_{SECRET}", EVENT, "events"),
    Peer("openai", f"sk-{SECRET}", b'{"id":"x","object":"model","created":1}', "data"),
    Peer("anthropic", f"sk-ant-{SECRET}", b'{"id":"x","type":"model","display_name":"a"}', "data"),
    Peer("stripe", f"sk_test_{SECRET}", b'{"id":"cus_1","object":"customer"}', "data"),
]


def outcome(act: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return act(), None
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is the result
        return None, error


def told(value: Any, error: BaseException | None) -> str:
    if error is not None:
        return f"`{type(error).__name__}`"
    return "a text" if isinstance(value, str) else "the answer"


def requests(count: int) -> str:
    return f"{count} request{'' if count == 1 else 's'}"


def asked(script: Callable[[Peer, int], Answer], act: str) -> Callable[[Peer], str]:
    def case(peer: Peer) -> str:
        with serving(lambda number: script(peer, number)) as server:
            client = peer.make(server.url)
            value, error = outcome(lambda: getattr(peer, act)(client))
            return f"{requests(len(server.seen))}, {told(value, error)}"

    return case


def redirected(peer: Peer) -> str:
    with serving(lambda _: (200, JSON, peer.thing)) as other:
        away = other.url.replace("127.0.0.1", "localhost") + "/x"
        with serving(lambda _: (302, {"location": away}, b"")) as server:
            value, error = outcome(lambda: peer.read(peer.make(server.url)))
        if not other.seen:
            return f"not followed, {told(value, error)}"
        return f"followed, with{'' if SECRET in repr(other.seen) else 'out'} the key"


def refused(peer: Peer) -> str:
    with socket.create_server(("127.0.0.1", 0)) as held:
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
    _, error = outcome(lambda: peer.read(peer.make(url)))
    said = str(error).replace(url[7:], "HOST").partition("\n")[0]
    return f"“{said.partition(' [')[0][:90]}”"


def proxied(peer: Peer) -> str:
    with (
        serving(lambda _: (200, JSON, peer.thing)) as spy,
        serving(lambda _: (200, JSON, peer.thing)) as server,
    ):
        os.environ["HTTP_PROXY"] = os.environ["http_proxy"] = spy.url
        try:
            outcome(lambda: peer.read(peer.make(server.url)))
        finally:
            del os.environ["HTTP_PROXY"], os.environ["http_proxy"]
        return "the key goes to the proxy" if SECRET in repr(spy.seen) else "no proxy is used"


def dripped(peer: Peer) -> str:
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(connection: socket.socket) -> None:
        try:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nx-a: ")
            for _ in range(25):
                connection.sendall(b"a")
                time.sleep(0.2)
            body = b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(peer.thing)
            connection.sendall(b"\r\n" + body + peer.thing)
        except OSError:
            connection.close()

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    once = {"tries": 1} if peer.name == "willcall" else {"max_retries": 0}
    client = peer.make(
        f"http://127.0.0.1:{listener.getsockname()[1]}",
        timeout=1,
        **({} if peer.name == "stripe" else once),
    )
    began = time.monotonic()
    value, error = outcome(lambda: peer.read(client))
    listener.close()
    return f"{time.monotonic() - began:.0f} s, {told(value, error)}"


def shown(value: Any, depth: int = 5) -> str:
    """A variable as tools that report errors show it."""
    if depth and isinstance(value, dict):
        return repr({shown(k, depth - 1): shown(v, depth - 1) for k, v in value.items()})
    if depth and isinstance(value, list | tuple):
        return repr([shown(item, depth - 1) for item in value])
    return value if isinstance(value, str) else repr(value)


def spilled(error: BaseException | None) -> str:
    """Where the key is: in the variables of functions on the way, or in what the error holds."""
    found = set()
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename != __file__ and SECRET in shown(dict(frame.f_locals)):
                found.add("in variables")
        if SECRET in repr(dict(getattr(getattr(error, "request", None), "headers", {}))):
            found.add("in the error's request")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " and ".join(sorted(found, reverse=True)) or "nowhere"


def lost(peer: Peer) -> str:
    with serving(lambda _: None) as server:
        return spilled(outcome(lambda: peer.read(peer.make(server.url)))[1])


def constructed(peer: Peer) -> str:
    wrong: dict[str, Any] = {"tries": 0} if peer.name == "willcall" else {"max_retries": None}
    wrong = {"max_network_retries": None, "proxy": 5} if peer.name == "stripe" else wrong
    _, error = outcome(lambda: peer.make("http://127.0.0.1:9", **wrong))
    return "it refuses nothing" if error is None else spilled(error)


def pickled(peer: Peer) -> str:
    body = b'{"error":{"message":"no","type":"invalid_request_error"}}'
    with serving(lambda _: (404, JSON, body)) as server:
        _, error = outcome(lambda: peer.read(peer.make(server.url)))
    _, failed = outcome(lambda: pickle.loads(pickle.dumps(error)))
    return "yes" if failed is None else f"no, `{type(failed).__name__}`"


def cut_key(peer: Peer) -> str:
    with serving(lambda _: (200, JSON, peer.thing)) as server:
        _, error = outcome(lambda: peer.read(peer.make(server.url, f"{peer.key}\n")))
    said = str(error).partition("\n")[0][:50].replace(SECRET, "…")
    return f"`{type(error).__name__}`: “{said}”"


def in_the_clear(peer: Peer) -> str:
    _, error = outcome(lambda: peer.make("http://192.0.2.1"))
    return "accepted" if error is None else f"refused, `{type(error).__name__}`"


def odd_row(peer: Peer) -> str:
    name = peer.rows.encode()
    body = b'{"has_more":false,"object":"list","url":"/x","%s":[%s,5]}' % (name, peer.thing)
    with serving(lambda _: (200, JSON, body)) as server:
        _, error = outcome(lambda: peer.list(peer.make(server.url)))
    return "the other rows, and which is odd" if error is None else f"`{type(error).__name__}`"


def wrong_type(peer: Peer) -> str:
    body = b'{"id":5,"title":5,"object":5,"startsAt":"soon","created":"soon","created_at":"soon"}'
    with serving(lambda _: (200, JSON, body)) as server:
        _, error = outcome(lambda: peer.read(peer.make(server.url)))
    return (
        "a model of wrong types" if error is None else f"`{type(error).__name__}`, with the field"
    )


def bomb(peer: Peer) -> str:
    body = bytes(120_000_000)
    for level in (1, 9, 9):
        body = gzip.compress(body, level)
    headers = {**JSON, "content-encoding": "gzip, gzip, gzip"}
    with serving(lambda _: (200, headers, body)) as server:
        outcome(lambda: peer.read(peer.make(server.url)))
        tracemalloc.start()
        value, error = outcome(lambda: peer.read(peer.make(server.url)))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    size = "more" if most > 100e6 else "less"
    return f"{told(value, error)}, {size} than 100 MB of memory"


def idempotent(peer: Peer) -> str:
    with serving(lambda _: (200, JSON, peer.thing)) as server:
        outcome(lambda: peer.write(peer.make(server.url)))
        sent = any("idempotency-key" in map(str.lower, headers) for headers in server.seen)
    return "yes" if sent else "no"


Case = Callable[[Peer], str]
CASES: dict[str, Case] = {
    "a read is answered with 500": asked(lambda *_: (500, JSON, b"{}"), "read"),
    "a write is answered with 500": asked(lambda *_: (500, JSON, b"{}"), "write"),
    "a write gets no answer": asked(lambda *_: None, "write"),
    "a write carries an idempotency key": idempotent,
    "429 with `Retry-After: 1`, then an answer": asked(
        lambda peer, n: (429, {"retry-after": "1"}, b"{}") if n == 1 else (200, JSON, peer.thing),
        "read",
    ),
    "a read is redirected to another host": redirected,
    "a write is redirected with 307": asked(
        lambda peer, n: (307, {"location": "/x"}, b"") if n == 1 else (200, JSON, peer.thing),
        "write",
    ),
    "a write is answered with 200 and no body": asked(lambda *_: (200, JSON, b""), "write"),
    "HTML in place of an answer": asked(
        lambda *_: (200, {"content-type": "text/html"}, b"<html>"), "read"
    ),
    "JSON that is cut": asked(lambda peer, _: (200, JSON, peer.thing[:20]), "read"),
    "fields of a wrong type": wrong_type,
    "a list with an odd row": odd_row,
    "headers that drip for 5 s, `timeout=1`": dripped,
    "nobody there: what the error says": refused,
    "a proxy in `HTTP_PROXY`, and this machine is asked": proxied,
    "after a lost connection, the key is": lost,
    "after a wrong argument of the constructor, the key is": constructed,
    "a key with a line end": cut_key,
    "a plain `http://` address elsewhere": in_the_clear,
    "errors pickle": pickled,
    "120 MB of zeros, packed three times": bomb,
}


def played(said: str, peer: Peer) -> str:
    """What comes of an experiment."""
    try:
        return CASES[said](peer)
    finally:
        peer.close()


def main() -> None:
    warnings.simplefilter("ignore")
    for name in [name for name in os.environ if "proxy" in name.lower()]:
        del os.environ[name]
    here = [peer for peer in PEERS if find_spec(peer.name) is not None]
    heads = [f"willcall {__version__}", *(f"{peer.name} {version(peer.name)}" for peer in here[1:])]
    print("| |", " | ".join(heads), "|")
    print("|---" * (len(here) + 1) + "|")
    for said in CASES:
        print(f"| {said} |", " | ".join(played(said, peer) for peer in here), "|", flush=True)


if __name__ == "__main__":
    main()
