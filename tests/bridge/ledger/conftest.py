"""A PostgreSQL server for all tests of the ledger."""

from collections.abc import Iterator

import pytest

from support import postgres


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A URL up to the database's name."""
    with postgres.running() as url:
        yield url
