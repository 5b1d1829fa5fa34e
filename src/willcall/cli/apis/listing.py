"""A list as it is shown: JSON a line as the pages come, or a table at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")


def listed(
    found: Iterable[T],
    limit: int | None,
    usual: int,
    head: Sequence[str],
    row: Callable[[T], Sequence[Any]],
    *,
    as_json: bool,
) -> None:
    """Show a list; nothing is cut off without a word.

    Args:
        found: what a client lists, a page at a time.
        limit: how many were asked for, if that was said.
        usual: how many are shown otherwise.
        head: the columns of the table.
        row: what stands in them.
        as_json: JSON instead, one object a line.
    """
    from ..shell import show

    shown = 0
    rows = []
    for one in islice(found, limit or usual):
        shown += 1
        if as_json:
            show.as_json(one)
        else:
            rows.append(row(one))
    if not as_json:
        show.table(head, rows)
    if limit is None and shown == usual:
        show.aside(f"willcall: {shown} shown, and there may be more (-n N)")


def size(limit: int | None) -> int:
    """How many a page is to hold: no more than are wanted, and no more than a page can."""
    return min(limit or 100, 100)
