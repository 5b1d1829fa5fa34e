"""The job: observe a box office, see what changed, decide, and deliver each act exactly once.

Decisions: 0001, 0035, 0037, 0042, 0054, 0055 (docs/decisions).
"""
