"""Questions that a box office's list may answer about many events at once. Values."""

from __future__ import annotations

from datetime import datetime

import attrs


@attrs.frozen
class Question:
    """A page of those events of the list that have a status and start within a window.

    It costs one request. It shows the rows of its page, and how many events there are if the box
    office says so or the page is the last.

    Args:
        status: the status of the events that are asked for.
        since: the earliest start (aware).
        until: the latest start (aware); None for no end. No event that is known starts just then,
            so it does not matter whether the box office counts the edge.
        page: which page of them, from 1.
    """

    status: str
    since: datetime
    until: datetime | None = None
    page: int = 1
