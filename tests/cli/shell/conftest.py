"""For the tests of what commands share."""

import logging
from collections.abc import Iterator

import pytest

from willcall.cli.shell import logs
from willcall.cli.shell.logs import Format


@pytest.fixture(autouse=True)
def text_again() -> Iterator[None]:
    """Messages are text again, whatever format a test has set."""
    yield
    logs.begin(Format.TEXT)
    logging.getLogger("willcall").setLevel(logging.NOTSET)
