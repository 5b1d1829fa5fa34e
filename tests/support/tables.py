"""The tables in the documentation that are generated from the catalogues of predicates and kinds.

``WILLCALL_GOLDEN=write pytest tests/test_rules_page.py`` writes them into the pages again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from willcall.bridge.model.predicates import PREDICATES

ROOT = Path(__file__).parent.parent.parent


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    shown = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return shown.replace("| --- |", "|---|").replace("| ---", "|---").replace("--- |", "---|")


def predicates() -> str:
    """What ``if`` may ask."""
    rows = ([f"`{name}`", predicate.means] for name, predicate in PREDICATES.items())
    return _table(("predicate", "true when"), rows)


def in_page(page: str, mark: str, table: str) -> tuple[str, str]:
    """The table behind a mark such as ``<!-- kinds -->`` in a page, and what it should be.

    Under ``WILLCALL_GOLDEN=write`` the page is written first.
    """
    file = ROOT / page
    head, found, rest = file.read_text("utf-8").partition(f"<!-- {mark} -->\n\n")
    assert found, f"{page} has no mark <!-- {mark} -->"
    current, gap, tail = rest.partition("\n\n")
    if os.environ.get("WILLCALL_GOLDEN") == "write":
        file.write_text(head + found + table + gap + tail, "utf-8")
        current = table
    return current, table
