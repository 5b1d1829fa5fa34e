"""A house for every test of the bridge."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The small season, baseline taken."""
    house = House(tmp_path)
    house.run()
    house.sandbox.forget_requests()
    yield house
    house.ledger.close()
