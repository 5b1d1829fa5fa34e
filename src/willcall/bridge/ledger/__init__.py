"""What must survive: snapshots, changes, cases, intents, runs. Only here is SQLAlchemy imported.

Decisions: 0023, 0025, 0026, 0037, 0038, 0042, 0048, 0053 (docs/decisions).
"""

from .archive import Logged
from .memory import in_memory
from .opening import is_there, ledger_on, open_ledger
from .store import HISTORY_KEPT, Fence, Ledger

__all__ = [
    "HISTORY_KEPT",
    "Fence",
    "Ledger",
    "Logged",
    "in_memory",
    "is_there",
    "ledger_on",
    "open_ledger",
]
