"""Migrations of the ledger's tables, run by Alembic. ``sql/upgrade.py`` starts them when needed."""
