"""Watching a box office without end: the watch and its two flows, the outbox relay that delivers
beside it, the heartbeat once a minute, and the threads in which watches run.

Private to the package: ``relay``. Other packages import the rest.

Decisions: 0052 (docs/decisions).
"""
