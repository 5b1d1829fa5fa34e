"""From changes to conditions, from conditions to cases, and from cases to intents: what opens,
joins, supersedes, clears or holds a ticket, and what is said in it. Pure.

Private to the package: ``ending``, ``inhibition``, ``opening``, ``outbox_builder``,
``unit_of_work``. Other packages import the rest.

Decisions: 0002, 0003, 0004, 0008, 0009, 0010, 0011, 0018, 0044, 0066, 0068, 0071, 0072, 0074, 0075
(docs/decisions).
"""
