"""The tables in the documentation that are generated from the catalogues of predicates and kinds.

``WILLCALL_GOLDEN=write pytest tests/test_rules_page.py`` writes them into the pages again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from willcall.bridge.model.kinds import KINDS, EventKind, Kind, OfficeKind, ReadFailure, TypeKind
from willcall.bridge.model.predicates import PREDICATES
from willcall.bridge.model.sale import EVENT_STATES, TYPE_STATES
from willcall.sandbox.settings import HABITS

ROOT = Path(__file__).parent.parent.parent


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    shown = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return shown.replace("| --- |", "|---|").replace("| ---", "|---").replace("--- |", "---|")


def habits() -> str:
    """What the documents of both services leave open."""
    rows = (
        [
            f"`{habit.name}`",
            habit.possible
            if habit.values is None
            else ", ".join(f"`{value}`" for value in habit.possible.split(", ")),
            habit.meaning,
            habit.documented,
        ]
        for habit in HABITS
    )
    return _table(("habit", "values, the default first", "meaning", "documented"), rows)


def predicates() -> str:
    """What ``if`` may ask."""
    rows = ([f"`{name}`", predicate.means] for name, predicate in PREDICATES.items())
    return _table(("predicate", "true when"), rows)


def kinds() -> str:
    """What can change."""
    rows = (
        [
            f"`{kind.name}`",
            kind.severity,
            ", ".join(f"`{name}`" for name in kind.cleared_by) or "-",
            kind.summary,
            "yes" if kind.built_in else "-",
        ]
        for kind in KINDS.values()
    )
    return _table(("kind", "severity", "cleared by", "means", "built-in rule"), rows)


def type_states() -> str:
    """The states of a ticket type."""
    return _table(("state", "when"), ([state, means] for state, means in TYPE_STATES.items()))


def event_states() -> str:
    """The states of an event."""
    return _table(("state", "when"), ([state, means] for state, means in EVENT_STATES.items()))


_LASTS = "; for an hour, if only a few tickets are back"


def tickets() -> str:
    """What the built-in rules open a ticket for, and what ends it."""
    rows = (
        [
            f"an event is {kind.summary}" if isinstance(kind, EventKind) else kind.summary,
            _ticket(kind),
            _ends(kind, kind.cleared_by) + (_LASTS if kind.damped else ""),
            _ends(kind, kind.superseded_by),
        ]
        for kind in KINDS.values()
        if kind.built_in
    )
    return _table(("what happens", "ticket", "cleared when", "or superseded when"), rows)


def _ticket(kind: EventKind | TypeKind | OfficeKind) -> str:
    runs = kind.seen.runs if isinstance(kind.seen, ReadFailure) else 1
    told = [
        str(kind.severity),
        f"after {runs} failed runs in a row" if runs > 1 else "",
        kind.remark,
    ]
    return "; ".join(part for part in told if part)


def _ends(kind: Kind, names: Sequence[str]) -> str:
    """What ends it, as seen from that kind: what happens to the event, then the rest."""
    others = [KINDS[name] for name in names if name != kind.name]
    event = "it is " if isinstance(kind, EventKind) else "the event is "
    states = [other.summary for other in others if isinstance(other, EventKind)]
    told = []
    if states:
        *first, last = states
        told.append(event + (f"{', '.join(first)} or {last}" if first else last))
    told += [
        other.summary.replace("a ticket type", "it")
        for other in others
        if not isinstance(other, EventKind)
    ]
    if kind.name in names:
        told.append("it happens again")
    return "; ".join(told) or "-"


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
