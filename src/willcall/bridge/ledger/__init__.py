"""What must survive: snapshots, changes, cases, intents, runs. Only here is SQLAlchemy imported."""

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
