"""Reading a box office, and what changed in it: one pass over the list, single events, the poller
of a watch, and the comparison of two snapshots. ``diff``, ``troubles`` and ``selling_fast`` are
pure.

Private to the package: ``listing``. Other packages import the rest.

Decisions: 0005, 0006, 0007, 0011, 0043, 0044, 0059, 0073, 0084 (docs/decisions).
"""
