"""Prints lists: JSON lines as the pages arrive, or a table at the end."""

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
    """Print a list, and say so if there may be more.

    Args:
        found: the list of a client, which reads a page at a time.
        limit: ``--limit``, if it was given.
        usual: the limit otherwise.
        head: the columns of the table.
        row: the cells of an item.
        as_json: print JSON instead, one object per line.
    """
    from ..shell import show

    shown = 0
    rows = []
    for item in islice(found, limit or usual):
        shown += 1
        if as_json:
            show.as_json(item)
        else:
            rows.append(row(item))
    if not as_json:
        show.table(head, rows)
    if limit is None and shown == usual:
        show.aside(f"willcall: {shown} shown, and there may be more (-n N)")


def size(limit: int | None) -> int:
    """The size of a page: as many as are wanted, at most 100."""
    return min(limit or 100, 100)
