"""``willcall webhooks``."""

import json
from pathlib import Path

import pytest

from willcall.ticket0.webhooks import sign


def test_a_delivery_is_checked(
    bare: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a secret of the environment or a file; a wrong one is 3, a missing one 2."""
    from willcall.cli.shell.app import run

    body = json.dumps(
        {"id": "evt_1", "type": "ticket.resolved", "createdAt": "2026-12-01T10:00:00Z",
         "data": {"id": "tkt_1", "subject": "x", "status": "resolved"}}
    ).encode()  # fmt: skip
    Path("body.json").write_bytes(body)
    Path("secret").write_text("whsec_1\n", "utf-8")
    words = ("webhooks", "verify", "body.json", "--signature")
    assert run([*words, sign(body, "whsec_1")]) == 2
    assert "set $TICKET0_WEBHOOK_SECRET" in capsys.readouterr().err
    assert run([*words, sign(body, "whsec_1"), "--secret-file", "secret"]) == 0
    assert "data.subject  x" in capsys.readouterr().out
    monkeypatch.setenv("TICKET0_WEBHOOK_SECRET", "whsec_1")
    assert run([*words, sign(body, "whsec_1"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ticket"]["status"] == "resolved"
    assert run([*words, sign(body, "other")]) == 3
    assert "the signature is wrong" in capsys.readouterr().err
    Path("body.json").write_bytes(b"[]")
    assert run([*words, sign(b"[]", "whsec_1")]) == 3
    assert run(["webhooks", "verify", "none.json", "--signature", "x"]) == 2
