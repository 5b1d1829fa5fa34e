"""``willcall recover``."""

from pathlib import Path

from support.shell import Shell


def test_a_lost_ledger_is_read_back(configured: Shell) -> None:
    """The file is gone: a run refuses, recover reads it back, a run goes on."""
    assert configured("run", "-q").code == 0
    configured.box_office.sell_out("the-cherry-orchard")
    assert configured("run", "-q").code == 0
    for file in Path().glob("willcall.db*"):
        file.unlink()
    said = configured("run", "-q")
    assert said.code == 78
    assert "willcall recover" in said.err
    assert "read back from 1 tickets" in configured("recover").out
    assert configured("recover").code == 78
    configured.box_office.restock("the-cherry-orchard", "Balcony", 4)
    assert configured("run", "-q").code == 0
    (ticket,) = configured.desk.tickets
    assert ticket.status == "resolved"
