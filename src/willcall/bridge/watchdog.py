"""Tells a watchdog that willcall is alive, so that its *silence* is noticed.

In the manner of healthchecks.io: ``URL/start`` when a run begins, ``URL`` when all was well,
``URL/fail`` when it was not. A ping that fails changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from ..client.flow import Request
from ..client.observe import log
from ..errors import Reply, WillcallError

TIMEOUT = 5.0


class Watchdog:
    """Pings a watchdog service when a run begins and ends.

    Args:
        url: its address; None sends no pings. It is a secret of sorts: it never reaches a log.
        transport: carries requests; a redirect is not followed.
    """

    def __init__(self, url: str | None, transport: Callable[[Request], Reply]) -> None:
        self._url, self._transport = url, transport

    def started(self) -> None:
        """A run begins."""
        self._ping("/start")

    def ended(self, exit_code: int) -> None:
        """A run has ended. What is only for now (75) is not a failure yet: if it lasts, no success
        comes, and that is what a watchdog is for."""
        if exit_code == 0:
            self._ping("")
        elif exit_code not in {75, 143}:
            self._ping("/fail")

    def _ping(self, what: str) -> None:
        if self._url is None:
            return
        try:
            reply = self._transport(Request("ping", "GET", self._url + what, timeout=TIMEOUT))
        except WillcallError as error:
            log.warning("the ping%s failed: %s", what, type(error).__name__)
            return
        if reply.status >= 300:
            log.warning("the ping%s was answered with %s", what, reply.status)
