"""A house, and a watch, for every test of the bridge."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.virtual_bridge import VirtualBridge
from support.virtual_watch import VirtualWatch


@pytest.fixture
def house(tmp_path: Path) -> Iterator[VirtualBridge]:
    """The small season, baseline taken."""
    house = VirtualBridge(tmp_path)
    house.run()
    house.sandbox.forget_requests()
    yield house
    house.ledger.close()


@pytest.fixture
def virtual() -> Iterator[VirtualWatch]:
    """A small box office under watch, baseline taken."""
    virtual = VirtualWatch()
    virtual.run()
    virtual.begin()
    virtual.pass_time(5.0)
    yield virtual
    assert virtual.leave().exit_code in {0, 3, 75}
