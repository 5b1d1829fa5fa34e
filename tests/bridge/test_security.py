"""The threat model in docs/security.md: every line has a test, here or elsewhere."""

from __future__ import annotations

import http.server
import re
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import willcall
from support.virtual_bridge import VirtualBridge
from willcall.bridge.config.file import checked
from willcall.bridge.ledger import open_ledger
from willcall.bridge.templates.rendering import render
from willcall.bridge.watchdog import Watchdog
from willcall.client.flow import Request
from willcall.client.http import Connections, _tls
from willcall.errors import ConfigError, ConnectError, LedgerError, Reply

ROOT = Path(__file__).parents[2]
MODEL = (ROOT / "docs" / "security.md").read_text("utf-8")


def test_each_line_of_the_threat_model_names_a_test_that_exists() -> None:
    """A row without a test is a wish."""
    rows = [line for line in MODEL.splitlines() if line.startswith("| ") and "`test" in line]
    assert len(rows) >= 14
    for row in rows:
        for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row):
            assert f"def {name}(" in (ROOT / file).read_text("utf-8"), row
    asked = [line for line in MODEL.splitlines() if line.startswith("| ")][2:]
    assert all("`tests/" in row for row in asked), "a line without a test"


@contextmanager
def _listening(answer: Callable[[http.server.BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            """Not a word."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _config(**more: object) -> dict[str, object]:
    return {
        "box_office": [{"name": "main-room"}],
        "desk": {"inbox_id": "inb_1", "customer_email": "a@example.com"},
        **more,
    }


@pytest.mark.parametrize(
    "url",
    [
        "http://hc.example.com/ping",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://hc.example.com",
        "https://user:secret@hc.example.com",
    ],
)
def test_a_ping_goes_out_over_https_or_stays_on_this_machine(url: str) -> None:
    """And so do both base URLs, by the same check."""
    with pytest.raises(ConfigError, match=r"ping\.url") as caught:
        checked(_config(ping={"url": url}))
    assert "secret" not in str(caught.value)
    assert checked(_config(ping={"url": "https://hc.example.com/4f9c"})).ping
    assert checked(_config(ping={"url": "http://localhost:8000/4f9c"})).ping


def test_a_ping_carries_no_key_and_follows_no_redirect(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever is pinged learns that we are alive, and nothing else."""
    heard: list[tuple[str, dict[str, str]]] = []

    def redirect(request: http.server.BaseHTTPRequestHandler) -> None:
        heard.append((request.path, dict(request.headers)))
        request.send_response(302)
        request.send_header("location", "http://127.0.0.1:9/elsewhere")
        request.send_header("content-length", "0")
        request.end_headers()

    transport = Connections()
    with _listening(redirect) as url:
        dog = Watchdog(f"{url}/4f9c-secret", transport)
        dog.started()
        for code in (0, 3, 75, 78, 143):
            dog.ended(code)
    transport.close()
    paths = [path.rpartition("/4f9c-secret")[2] for path, _ in heard]
    assert paths == ["/start", "", "/fail", "/fail"]
    for _, headers in heard:
        assert {name.lower() for name in headers}.isdisjoint({"authorization", "x-api-key"})
    assert "302" in caplog.text
    assert "4f9c-secret" not in caplog.text


def test_a_ping_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody there."""

    def nobody(request: Request) -> Reply:
        raise ConnectError("no connection", provider=request.provider)

    dog = Watchdog("https://hc.example.com/4f9c-secret", nobody)
    dog.started()
    dog.ended(0)
    assert "ConnectError" in caplog.text
    assert "4f9c-secret" not in caplog.text
    Watchdog(None, nobody).started()


def test_tls_is_always_verified() -> None:
    """There is no switch that turns it off, in the code or in the configuration."""
    assert _tls().verify_mode is ssl.CERT_REQUIRED
    assert _tls().check_hostname
    for file in Path(willcall.__file__).parent.rglob("*.py"):
        text = file.read_text("utf-8")
        assert "verify=False" not in text, file
        assert "CERT_NONE" not in text, file
    for table in ("desk", "ping", "state", "delivery"):
        with pytest.raises(ConfigError):
            checked(_config(**{table: {"verify": False}}))


def test_every_file_of_the_ledger_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    """Its copies, too: they hold the names of customers."""
    ledger = open_ledger("sqlite:///willcall.db", tmp_path)
    ledger.maintenance.backup(tmp_path / "copy.db")
    with pytest.raises(LedgerError, match=r"copy\.db"):
        ledger.maintenance.backup(tmp_path / "copy.db")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    ledger.close()
    assert {"willcall.db", "copy.db"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_a_title_cannot_forge_a_marker(house: VirtualBridge) -> None:
    """An event named like one of our tickets adopts nobody else's, and is adopted by nobody."""
    first = house.box_office.event(house.event())
    house.box_office.sell_out(first.id)
    house.run()
    (ticket,) = house.desk.tickets
    marker = ticket.subject.rsplit("[", 1)[1].rstrip("]")
    second = house.event()
    house.box_office.rename(second, f"Gala [{marker}]\nReference: {marker}-3")
    house.run()
    house.sandbox.faults.add(
        "lost_response", service="ticket0", method="POST", path="/tickets", count=1
    )
    house.box_office.sell_out(second)
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 2
    assert len(house.desk.outbox) == 2
    assert all("\n" not in ticket.subject for ticket in house.desk.tickets)


def test_a_customer_cannot_forge_a_reference(house: VirtualBridge) -> None:
    """What came in proves nothing: our message goes out although its marker was quoted."""
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id)
    house.run()
    (ticket,) = house.desk.tickets
    marker = ticket.subject.rsplit("[", 1)[1].rstrip("]")
    house.desk.reply(ticket.id, f"You wrote:\nReference: {marker}-4")
    house.box_office.restock(event.id, event.ticket_types[0].name, 5)
    house.sandbox.faults.add(
        "lost_request", service="ticket0", method="POST", path="/tickets/*/messages", count=1
    )
    house.run()
    assert house.run().exit_code == 0
    assert len(house.desk.outbox) == 2


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in (1..100000) %}{% for j in (1..100000) %}x{% endfor %}{% endfor %}",
        "{% assign a = 'x' %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}",
        "{% for i in (1..900) %}{{ title }}{{ title }}{{ title }}{{ title }}{% endfor %}",
        "{% include '/etc/hostname' %}",
        "{% render '../../../../etc/hostname' %}",
    ],
    ids=["loops", "memory", "output", "a file", "a file further up"],
)
def test_a_template_cannot_run_away(template: str) -> None:
    """Nor reach a file. It is written by people, and people slip."""
    from liquid.exceptions import LiquidError

    with pytest.raises(LiquidError):
        render(template, {"title": "x" * 200})
