"""What must survive: snapshots, changes, cases, intents, runs. Only here is SQLAlchemy imported."""

from .opening import open_ledger
from .store import Fence, Ledger

__all__ = ["Fence", "Ledger", "open_ledger"]
