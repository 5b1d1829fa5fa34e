"""Storms: too many cases at once are held, a digest ticket lists them, and a person releases them.
Pure.

A watch, which polls often, sees a storm in parts, so recently opened cases count as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import attrs

from ..model.cases import Case, CaseState, Condition
from ..model.changes import Change
from ..model.kinds import KINDS
from ..model.kinds.box_offices import STORM
from ..model.rules import BUILT_IN, STORM_KNOWN, Rule
from ..templates.rendering import plain
from .unit_of_work import UnitOfWork

_STORM_LASTS = timedelta(hours=1)
STORM_RULE = f"{BUILT_IN}/{STORM}"


def is_storm(work: UnitOfWork, fresh: int, recent: timedelta) -> bool:
    """Whether the new cases and the recent ones are more than the limit."""
    limit = work.rules.storm.limit
    since = work.at - recent
    before = sum(
        case.opened_at > since and case.kind != STORM for case in work.known_cases.values()
    )
    return bool(limit) and bool(fresh) and fresh + before > limit


def held_kinds(work: UnitOfWork) -> set[str]:
    """The kinds of the cases that are held. A large storm may take several passes to be seen: later
    cases of the same kinds are held as well."""
    return {
        case.kind
        for case in work.live()
        if case.state is CaseState.HELD and work.at - case.opened_at <= _STORM_LASTS
    }


def digest_held(work: UnitOfWork, recent: timedelta) -> None:
    """Open a digest of the held cases that are in no digest yet, at most one in ``recent``."""
    digests = [case.opened_at for case in work.cases.values() if case.kind == STORM]
    last = max(digests, default=work.at - STORM_KNOWN)
    held = [
        case
        for case in work.cases.values()
        if case.state is CaseState.HELD and case.opened_at > last
    ]
    if held and work.at - last >= recent:
        _digest(work, held)


def _digest(work: UnitOfWork, held: Sequence[Case]) -> None:
    """Open a ticket that lists the held cases, and says how to release them."""
    listed = "\n".join(
        f"- {plain(case.title)}: {KINDS[case.kind].summary} [{case.marker}]"
        for case in sorted(held, key=lambda case: (case.title, case.kind))
    )
    change = Change(kind=STORM, box_office=work.box_office, observed_at=work.at, detail=listed)
    rule = Rule(id=STORM_RULE, kinds=(STORM,), address=work.rules.internal, message=False)
    case = work.new_case(rule, Condition(change=change), (), "box_office")
    case = work.outbox.announce(case, rule, change, ())
    # The digest is only a list, and ends at once. Its cases go on by themselves.
    work.put(attrs.evolve(case, state=CaseState.CLEARED, ended_at=work.at))


def release_held(work: UnitOfWork, markers: Sequence[str]) -> None:
    """Open the tickets of held cases.

    Args:
        work: the conditions and cases.
        markers: the cases to release; none for all of them.
    """
    for case in [case for case in work.cases.values() if case.state is CaseState.HELD]:
        if markers and case.marker not in markers:
            continue
        announced = work.announced_by(case)
        if announced is None:
            continue
        opened = attrs.evolve(case, state=CaseState.OPEN, opened_at=work.at)
        work.put(work.outbox.announce(opened, work.rule_of(case), *announced))
