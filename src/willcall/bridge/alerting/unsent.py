"""What was decided and could not be sent yet is judged again before it is sent. Pure.

While the desk cannot be reached, the acts of a case wait, with the words of the pass that decided
them. If the case is over before its ticket was opened, nothing is sent. If it is otherwise
than its words say, they are written anew.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ..model.cases import Act, Case, CaseState
from ..model.facts import EventFacts
from .unit_of_work import UnitOfWork

_BEGIN = frozenset({Act.OPEN, Act.REOPEN})


def judge_unsent(work: UnitOfWork, facts: Mapping[str, EventFacts]) -> None:
    """Withdraw or rewrite what waits and is no longer so.

    Args:
        work: the conditions and cases, after everything else in the pass.
        facts: the events that differ.
    """
    for marker, acts in work.unsent.items():
        case, before = work.cases.get(marker), work.known_cases.get(marker)
        if case is None or before is None or before.state is not CaseState.OPEN:
            continue
        if not _differs(case, before, facts):
            continue
        if acts & _BEGIN:
            _begin_anew(work, case, acts)
        elif Act.MESSAGE in acts:
            _write_anew(work, case)


def _differs(case: Case, before: Case, facts: Mapping[str, EventFacts]) -> bool:
    """Whether a case is otherwise than before the pass."""
    events = {subject.partition("/")[0] for _, subject in case.members}
    return case.members != before.members or not events.isdisjoint(facts)


def _begin_anew(work: UnitOfWork, case: Case, acts: frozenset[Act]) -> None:
    """The ticket was not opened, or not reopened: nothing was said of all this."""
    work.withdraw(case.marker, acts)
    work.outbox.forget(case.marker)
    if case.state is not CaseState.OPEN:
        if Act.OPEN in acts:
            work.put(attrs.evolve(case, state=CaseState.WITHDRAWN, taken_back={}))
        return
    announced = work.announced_by(case)
    if announced is not None:
        again = work.outbox.reopen if Act.REOPEN in acts else work.outbox.announce
        work.put(again(case, work.rule_of(case), *announced))


def _write_anew(work: UnitOfWork, case: Case) -> None:
    """The ticket is open, and the customer has not heard of it. If it is over, the customer need
    not: what is said of its end becomes a note."""
    work.withdraw(case.marker, frozenset({Act.MESSAGE}))
    over = case.state is not CaseState.OPEN
    work.outbox.hush(case.marker, keep=over)
    announced = None if over else work.announced_by(case)
    if announced is not None:
        work.put(work.outbox.write(case, work.rule_of(case), *announced))
