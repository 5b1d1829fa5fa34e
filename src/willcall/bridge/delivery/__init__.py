"""Carrying out intents at the desk so that each happens exactly once: the sender, the lookup that
precedes a repeat, duplicates, scheduled removals, and the recovery of a lost ledger.

Private to the package: ``acts``, ``duplicates``, ``identity``, ``lookup``, ``openings``,
``rebuild``. Other packages import the rest.

Decisions: 0006, 0016, 0017, 0018, 0019, 0021, 0022, 0023, 0024, 0049, 0050, 0051, 0061, 0065, 0066,
0074 (docs/decisions).
"""
