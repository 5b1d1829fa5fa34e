"""Commands that look after the ledger: ``db`` and ``recover``."""
