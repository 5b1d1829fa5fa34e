"""``willcall dead``."""

from support.shell import Shell


def test_dead_letters_are_listed_shown_and_retried(configured: Shell) -> None:
    """And the next run delivers what was retried, once."""
    assert configured("run", "-q").code == 0
    assert configured("dead", "list").code == 0
    configured.box_office.sell_out("the-cherry-orchard")
    refuse = configured.served.sandbox.faults.add(
        "status", service="ticket0", method="POST", path="/tickets", status=400,
        body='{"error": {"code": "VALIDATION_ERROR", "message": "no such customer"}}',
    )  # fmt: skip
    assert configured("run", "-q").code == 3
    said = configured("dead", "list", "--json")
    assert said.code == 3
    (letter,) = said.json()
    assert letter["act"] == "open"
    assert "no such customer" in letter["error"]
    said = configured("dead", "show", str(letter["number"]))
    assert said.code == 3
    assert "The Cherry Orchard" in said.out
    assert configured("dead", "show", "4711").code == 2
    assert configured("dead", "retry", "4711").code == 2
    configured.served.sandbox.faults.remove(refuse)
    assert configured("dead", "retry").code == 0
    configured("run", "-q")
    assert configured("run", "-q").code == 0
    assert len([t for t in configured.desk.tickets if "Cherry" in t.subject]) == 1


def test_a_dead_letter_is_dropped(configured: Shell) -> None:
    """Nothing more is tried."""
    configured("run", "-q")
    configured.box_office.sell_out("the-cherry-orchard")
    configured.served.sandbox.faults.add("status", service="ticket0", method="POST", status=400)
    assert configured("run", "-q").code == 3
    configured.served.sandbox.faults.clear()
    assert configured("dead", "drop").out.endswith(": dropped\n")
    assert configured("dead", "list").code == 0
    assert configured("run", "-q").code == 0
    assert configured.desk.tickets == []
