"""A change is stored once: what refers to it refers to its row."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from support.virtual_bridge import START, VirtualBridge


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[VirtualBridge]:
    """With one event of ten ticket types, baseline taken, on a file."""
    bridge = VirtualBridge(tmp_path, season=False, ledger=f"sqlite:///{tmp_path}/willcall.db")
    kinds = [{"name": f"Row {n}", "price": 2500, "quantity": 60, "sold": 20} for n in range(10)]
    bridge.box_office.create(
        "Late Laughs", START + timedelta(days=20), ticket_types=kinds, status="PUBLISHED"
    )
    assert bridge.run().exit_code == 0
    yield bridge
    bridge.ledger.close()


def stored(bridge: VirtualBridge) -> tuple[Counter[str], int]:
    """How often each table tells of an event as it was at some time, and the bytes of all rows."""
    copies: Counter[str] = Counter()
    size = 0
    with closing(sqlite3.connect(bridge.folder / "willcall.db")) as file:
        tables = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in file.execute(f"SELECT * FROM {table}"):
                text = repr(row)
                size += len(text)
                copies[table] += text.count('"startsAt"')
    return +copies, size


def test_an_event_that_sells_out_is_written_once(bridge: VirtualBridge) -> None:
    """As it is now; what it was before is there already. Eleven changes and eleven conditions
    refer to both."""
    before, size = stored(bridge)
    bridge.box_office.sell_out(bridge.event())
    assert bridge.run().exit_code == 0
    assert len(bridge.ledger.log()) == len(bridge.ledger.state("main-room").conditions) == 11
    after, grown = stored(bridge)
    assert (before, after) == ({"facts": 1}, {"facts": 2})
    assert grown - size < 12_000


def test_facts_that_nothing_refers_to_are_deleted(bridge: VirtualBridge) -> None:
    """A ticket more is sold each minute, and nobody is to be alerted."""
    event = bridge.box_office.event(bridge.event())
    for _ in range(5):
        bridge.box_office.sell(event.id, event.ticket_types[0].name)
        bridge.run()
    assert stored(bridge)[0] == {"facts": 1}


def test_pruning_deletes_the_facts_of_what_is_forgotten(bridge: VirtualBridge) -> None:
    """But not of conditions that hold."""
    from willcall.bridge.ledger import SqlLedger

    event = bridge.box_office.event(bridge.event())
    bridge.box_office.sell_out(event.id, event.ticket_types[0].id)
    bridge.run()
    bridge.box_office.update(event.id, title="Later Laughs")
    bridge.run()
    bridge.box_office.update(event.id, title="Latest Laughs")
    bridge.run()
    assert isinstance(bridge.ledger, SqlLedger)
    (held,) = bridge.ledger.state("main-room").conditions
    counts = bridge.ledger.maintenance.prune(START + timedelta(days=99), timedelta(days=9))
    assert counts["changes"] == 2
    assert bridge.ledger.state("main-room").conditions == (held,)
    assert stored(bridge)[0] == {"facts": 3}
    assert bridge.ledger.maintenance.complaints(thorough=True) == []
