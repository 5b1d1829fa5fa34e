"""Which request to a box office is worth most: forecasts of sales, priorities, the schedule and the
planner that remembers it, and the rate at which a watch may send. Pure.

Private to the package: ``priority``, ``ranking``. Other packages import the rest.

Decisions: 0044, 0045, 0046, 0047, 0052, 0084 (docs/decisions).
"""
