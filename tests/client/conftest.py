"""A sandbox on loopback, as new for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from willcall.sandbox import Sandbox, serve
from willcall.sandbox.server import Served


@pytest.fixture(scope="session")
def running() -> Iterator[Served]:
    # Strict: a field or parameter that the service does not know is refused, and so found out.
    with serve(
        Sandbox(desk="2025", strict=True, ticketsmart_limit=None, ticket0_limit=None)
    ) as served:
        yield served


@pytest.fixture
def served(running: Served) -> Served:
    running.sandbox.reset()
    return running
