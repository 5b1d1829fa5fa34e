"""How alembic reaches the ledger: over the connection that store.py opened."""

from alembic import context

from willcall.bridge.ledger.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a table in place; alembic then copies it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
