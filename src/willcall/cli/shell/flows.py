"""Runs a flow (``client/flow.py``) to its end, for commands that ask an API a few questions."""

from __future__ import annotations

import time
from typing import TypeVar

from ...client.flow import Flow, drive
from ...client.http import Connections

T = TypeVar("T")


def run_flow(flow: Flow[T]) -> T:
    """Run a flow on connections of its own, which are closed afterwards."""
    connections = Connections()
    try:
        return drive(flow, connections, time.sleep)
    finally:
        connections.close()
