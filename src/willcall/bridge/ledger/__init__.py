"""What must survive: snapshots, changes, cases, intents, runs. Only here is SQLAlchemy imported."""

from .store import Fence, Ledger, open_ledger

__all__ = ["Fence", "Ledger", "open_ledger"]
