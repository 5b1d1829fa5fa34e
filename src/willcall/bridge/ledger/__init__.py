"""What must survive: snapshots, changes, cases, intents, runs.

``protocols.py`` says by role what the bridge asks of a ledger; ``sql/`` keeps it in SQLite or
PostgreSQL, ``memory.py`` on plain values.

Other packages import the names below; the modules are private.

Decisions: 0023, 0025, 0026, 0037, 0038, 0042, 0048, 0053, 0060, 0061, 0062, 0064, 0073, 0075
(docs/decisions).
"""

from .holders import Holder, at_work
from .memory import MemoryLedger
from .protocols import (
    Decisions,
    History,
    Leases,
    Ledger,
    Maintenance,
    Outbox,
    Queries,
    Silences,
)
from .records import HISTORY_KEPT, LEASE, Fence, Logged, OfficeRecord, RunRecord, others_in
from .sql.ledger import SqlLedger
from .sql.opening import is_there, ledger_on, open_ledger

__all__ = [
    "HISTORY_KEPT",
    "LEASE",
    "Decisions",
    "Fence",
    "History",
    "Holder",
    "Leases",
    "Ledger",
    "Logged",
    "Maintenance",
    "MemoryLedger",
    "OfficeRecord",
    "Outbox",
    "Queries",
    "RunRecord",
    "Silences",
    "SqlLedger",
    "at_work",
    "is_there",
    "ledger_on",
    "open_ledger",
    "others_in",
]
