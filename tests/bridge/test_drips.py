"""A box office whose answers drip: a run ends in its time, and blames who is to blame."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from support.hostile_server import Handler, drips, serving
from willcall import Bridge

CONFIG = """\
[[box_office]]
name = "main-room"
base_url = "{url}"

[desk]
base_url = "{url}"
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
from_address = "boxoffice@example.com"
"""


@pytest.mark.parametrize(
    "answer",
    [
        drips(b"HTTP/1.1 200 OK\r\nx-a: ", b"a"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b" "),
    ],
    ids=["headers", "1xx", "body"],
)
def test_an_answer_that_drips_holds_no_run(
    answer: Handler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETSMART_API_KEY", "ts_sk_live_secret_KEY-1234567890")
    monkeypatch.setenv("TICKET0_API_KEY", "t0_secret_KEY-1234567890")
    monkeypatch.chdir(tmp_path)
    with serving(answer) as server:
        Path("willcall.toml").write_text(CONFIG.format(url=server.url))
        began = time.monotonic()
        with Bridge.from_config(max_seconds=1.0) as bridge:
            (report,) = bridge.run()
        # The server drips for 30 seconds.
        assert time.monotonic() - began < 20
    assert report.exit_code == 75
    assert "ledger" not in str(report.trouble)
    assert "no answer within" in str(report.trouble)
