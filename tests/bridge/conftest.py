"""A house, and a watch, for every test of the bridge."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.house import House
from support.vigil import Vigil


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The small season, baseline taken."""
    house = House(tmp_path)
    house.run()
    house.sandbox.forget_requests()
    yield house
    house.ledger.close()


@pytest.fixture
def vigil() -> Iterator[Vigil]:
    """A small box office under watch, baseline taken."""
    vigil = Vigil()
    vigil.run()
    vigil.begin()
    vigil.pass_time(5.0)
    yield vigil
    assert vigil.leave().exit_code in {0, 3, 75}
