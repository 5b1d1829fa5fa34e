"""The ledger in SQLite and PostgreSQL. Only here is SQLAlchemy imported.

A class for each role (``leases.py``, ``decisions.py``, ``outbox.py``, ``history.py``,
``queries.py``, ``silences.py``), each on a :class:`~.database.Database`; ``ledger.py`` puts them
together, and ``maintenance.py`` stands apart.
"""
