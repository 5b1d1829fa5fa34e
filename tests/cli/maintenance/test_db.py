"""``willcall db``."""

import sqlite3
from contextlib import closing
from pathlib import Path

from support.shell import Shell


def test_a_ledger_is_checked_copied_migrated_and_pruned(configured: Shell) -> None:
    """Check, back up, migrate, prune; and a damaged one."""
    assert configured("run", "-q").code == 0
    assert "is sound" in configured("db", "check").out
    assert configured("db", "backup", "copy.db").code == 0
    assert configured("db", "backup", "copy.db").code == 78
    assert configured("db", "migrate").code == 0
    assert "0 runs deleted" in configured("db", "prune", "--keep", "1d").out
    assert configured("db", "prune", "--keep", "soon").code == 2
    with closing(sqlite3.connect("willcall.db")) as ledger:
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = Path("willcall.db")
    blob = bytearray(file.read_bytes())
    blob[4096 * 3 : 4096 * 12] = b"\xa5" * (4096 * 9)
    file.write_bytes(blob)
    configured.box_office.sell_out("the-cherry-orchard")
    said = configured("run")
    assert said.code == 78
    assert configured.desk.tickets == []
    assert "damaged" in said.err
    assert "Traceback" not in said.err
