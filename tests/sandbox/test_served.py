"""The sandbox over real HTTP, with a client that knows nothing about it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from willcall.sandbox import ManualClock, Sandbox, serve
from willcall.sandbox.server import Served

TICKET = {
    "subject": "Sold out",
    "customerEmail": "organiser@example.com",
    "inboxId": "inb_01abc",
    "body": "No tickets are left.",
}


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    with serve(Sandbox(desk="2025")) as served:
        yield served


@pytest.fixture
def served(running: Served) -> Served:
    running.sandbox.reset()
    return running


@pytest.fixture
def ts(served: Served) -> Iterator[httpx.Client]:
    headers = {"x-api-key": served.sandbox.ticketsmart_key}
    with httpx.Client(base_url=served.ticketsmart_url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def t0(served: Served) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {served.sandbox.ticket0_key}"}
    with httpx.Client(base_url=served.ticket0_url, headers=headers, trust_env=False) as client:
        yield client


def test_the_main_job_by_hand(served: Served, ts: httpx.Client, t0: httpx.Client) -> None:
    event = ts.get("/events", params={"search": "laughs"}).json()["events"][0]
    served.sandbox.boxoffice.sell_out(event["id"])
    assert ts.get(f"/events/{event['id']}/availability").json()["soldOut"] is True
    ticket = t0.post("/tickets", json=TICKET)
    assert ticket.status_code == 201
    path = f"/tickets/{ticket.json()['id']}"
    assert t0.patch(path, json={"tags": ["willcall"]}).json()["tags"] == ["willcall"]
    message = {"fromAddress": "boxoffice@example.com", "bodyText": "Café, “no” tickets left"}
    assert t0.post(f"{path}/messages", json=message).status_code == 201
    assert t0.get(f"{path}/messages").json()["messages"][1]["bodyText"] == message["bodyText"]
    assert t0.get("/tickets", params={"tag": "willcall"}).json()["tickets"][0]["tags"]
    assert [line.key for line in served.sandbox.requests[:2]] == ["ticketsmart-1"] * 2


def test_documented_errors_over_http(served: Served, ts: httpx.Client, t0: httpx.Client) -> None:
    base = served.ticketsmart_url
    assert httpx.get(f"{base}/events", trust_env=False).json()["error"] == "Unauthorized"
    sold = served.sandbox.boxoffice.event("The Cherry Orchard").ticket_types[0]
    refused = ts.patch("/events/the-cherry-orchard", json={"removeTicketTypeId": sold.id})
    assert refused.status_code == 409
    assert refused.json() == {"error": "Cannot remove a ticket type that has sold tickets"}
    assert t0.get("/tickets/tkt_none").json()["error"]["code"] == "NOT_FOUND"
    preflight = ts.options("/events")
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert httpx.get(served.url, trust_env=False).status_code == 404
    assert httpx.get(f"{served.url}/ticketsmart/api/v2/events", trust_env=False).status_code == 404


def test_limits_over_http(served: Served, ts: httpx.Client) -> None:
    served.sandbox.settings.ticketsmart_limit = 3
    answers = [ts.get("/events", params={"limit": 1}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


@pytest.mark.parametrize("kind", ["down", "lost_request", "lost_response"])
def test_dropped_connections_are_really_dropped(
    served: Served, t0: httpx.Client, kind: Any
) -> None:
    served.sandbox.faults.add(kind, count=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        t0.post("/tickets", json=TICKET)
    assert len(served.sandbox.desk.tickets) == (1 if kind == "lost_response" else 0)
    assert t0.get("/tickets").status_code == 200


def test_nothing_at_all_is_sent_before_a_drop(served: Served) -> None:
    served.sandbox.faults.add("down", count=1)
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(b"GET /ticket0/api/v1/tickets HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            received = raw.recv(1000)
        except ConnectionResetError:
            received = b""
    assert received == b""


def test_a_body_cut_short(served: Served, ts: httpx.Client) -> None:
    served.sandbox.faults.add("cut", count=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        ts.get("/events")
    served.sandbox.faults.add("cut", count=1)
    received = b""
    with ts.stream("GET", "/events") as answer:
        assert answer.status_code == 200
        chunks = answer.iter_raw()
        received += next(chunks)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            received += b"".join(chunks)
    assert received.startswith(b'{"events":')


@pytest.mark.parametrize(
    ("kind", "status", "start"),
    [
        ("status", 500, b"<!doctype html>"),
        ("html", 200, b"<!doctype html>"),
        ("truncated", 200, b'{"events":'),
        ("garbage", 200, b"\x80\x81"),
        ("echo_key", 500, b'{"error":"Could not process request with credentials ts_sk_test_'),
    ],
)
def test_mangled_answers(
    served: Served, ts: httpx.Client, kind: Any, status: int, start: bytes
) -> None:
    served.sandbox.faults.add(kind)
    answer = ts.get("/events")
    assert (answer.status_code, answer.content[: len(start)]) == (status, start)


def test_answers_do_not_wait_for_acknowledgements(served: Served, ts: httpx.Client) -> None:
    took = []
    for _ in range(20):
        start = time.monotonic()
        ts.get("/events", params={"limit": 1})
        took.append(time.monotonic() - start)
    assert min(took) < 0.02  # 0.04 with Nagle's algorithm on


def test_a_delay_outlasts_the_client(served: Served, t0: httpx.Client) -> None:
    served.sandbox.faults.add("delay", seconds=30, count=1)
    with pytest.raises(httpx.ReadTimeout):
        t0.post("/tickets", json=TICKET, timeout=0.1)
    assert len(served.sandbox.desk.tickets) == 1
    served.sandbox.faults.add("delay", seconds=0.05, count=1)
    start = time.monotonic()
    assert t0.get("/tickets").status_code == 200
    assert time.monotonic() - start >= 0.05


def test_a_manual_clock_is_moved_instead_of_waiting() -> None:
    clock = ManualClock()
    with serve(Sandbox(clock)) as served:
        served.sandbox.faults.add("delay", seconds=3600)
        key = {"x-api-key": served.sandbox.ticketsmart_key}
        answer = httpx.get(f"{served.ticketsmart_url}/events", headers=key, trust_env=False)
        assert answer.status_code == 200
        assert answer.headers["date"] == "Tue, 01 Sep 2026 12:00:00 GMT"
        assert "server" not in answer.headers
    assert clock.now().hour == 13


def test_many_clients_at_once(served: Served) -> None:
    served.sandbox.settings.ticket0_limit = None
    failures: list[object] = []

    def work() -> None:
        headers = {"authorization": f"Bearer {served.sandbox.ticket0_key}"}
        with httpx.Client(base_url=served.ticket0_url, headers=headers, trust_env=False) as client:
            failures.extend(
                answer.status_code
                for _ in range(20)
                if (answer := client.post("/tickets", json=TICKET)).status_code != 201
            )

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len({ticket.id for ticket in served.sandbox.desk.tickets}) == 100


def test_starting_and_stopping_is_prompt_even_amid_a_delay(
    capfd: pytest.CaptureFixture[str],
) -> None:
    sandbox = Sandbox()
    sandbox.faults.add("delay", seconds=60)
    start = time.monotonic()
    outcome: list[type[Exception]] = []
    with serve(sandbox) as served:
        assert time.monotonic() - start < 2

        def ask() -> None:
            try:
                httpx.get(f"{served.ticket0_url}/tickets", trust_env=False)
            except httpx.TransportError as error:
                outcome.append(type(error))

        thread = threading.Thread(target=ask)
        thread.start()
        while not sandbox.requests:
            time.sleep(0.005)
        start = time.monotonic()
    assert time.monotonic() - start < 2
    thread.join()
    assert outcome == [httpx.RemoteProtocolError] or outcome == [httpx.ReadError]
    with pytest.raises(httpx.ConnectError):
        httpx.get(served.url, trust_env=False)
    assert capfd.readouterr() == ("", "")


def test_a_port_in_use_is_an_oserror(served: Served) -> None:
    port = int(served.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match=r"."), serve(Sandbox(season=False), port):
        pass


def test_an_error_in_the_block_still_stops_the_server() -> None:
    with pytest.raises(ZeroDivisionError), serve(Sandbox(season=False)) as served:
        _ = 1 / 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(served.url, trust_env=False)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_forever_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    code = (
        "from willcall.sandbox import Sandbox\n"
        "from willcall.sandbox.server import run_forever\n"
        "run_forever(Sandbox(), 0, ready=lambda served: print(served.url, flush=True))\n"
        "print('bye')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/_control/clock", trust_env=False).json()["manual"] is False
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "bye\n", "")


def test_a_server_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(sandbox: Sandbox) -> None:
        raise RuntimeError("no server today")

    monkeypatch.setattr("willcall.sandbox.protocol.protocol_factory", broken)
    with pytest.raises(RuntimeError, match="no server today"), serve(Sandbox(season=False)):
        pass
