"""Two tickets with one marker: a request that was carried out long after its connection died.

The older stays, the younger gets a note and is resolved. Both are acts of the case, with all that
makes an act happen once. There can be duplicates only where an opening was repeated. So that is
where they are looked for: with every later act of the case, and for :data:`WATCH` after the
repeat. A flow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from ...client.flow import Flow, do
from ...client.observe import log
from ..ledger import Fence, Outbox
from ..model.address import Address
from ..model.cases import Act, Case, CaseState, Intent
from ..model.house import House
from ..model.markers import act_marker, in_text
from ..ports import Desk
from .acts import sent_to
from .identity import find_ours
from .lookup import LookupResult, eldest
from .tries import clock

WATCH = timedelta(hours=2)
"""How long after a repeat a second ticket is looked for, if nothing else is to be done."""

_NOTE = (
    "{desk} opened this ticket twice: a request of willcall's was carried out long after its "
    "connection had died, or two installations sent the same. {rest}; this one is resolved."
)
_GOES_ON = "{first} is the one that goes on"
_DELETED = "The other one was deleted since"


def fold_duplicates(
    outbox: Outbox,
    fence: Fence,
    reading: Callable[[], Flow[Desk]],
    address: Callable[[Case], Address],
    busy: Sequence[tuple[Case, Intent]],
    house: House,
) -> Flow[int]:
    """Search for second tickets wherever an opening was repeated, and fold them.

    Returns how many were found.

    Args:
        outbox: where the acts that fold it are written down.
        fence: the lease under which they are.
        reading: the desk, for reading within the time that is left.
        address: where the acts of a case go.
        busy: the openings that were watched when the run began: see :func:`watched`.
        house: whose tickets are ours.

    Raises:
        ApiError: the desk could not be read.
    """
    openings = {case.marker: (case, intent) for case, intent in busy}
    for case, intent in (yield from watched(outbox, fence)):
        openings[case.marker] = case, intent
    if not openings:
        return 0
    addresses = [sent_to(intent, address(case)) for case, intent in openings.values()]
    tried = [intent.first_tried_at for _, intent in openings.values()]
    since = min((at for at in tried if at is not None), default=None)
    desk = yield from reading()
    known = {case.ticket_id for case, _ in openings.values()}
    ours = (yield from find_ours(desk, house, openings, addresses, since, known)).ours
    found = 0
    for case, _ in openings.values():
        tickets = ours.get(case.marker, ())
        others = [ticket for ticket in tickets if ticket.id != case.ticket_id]
        # The case's own may be elsewhere by now, or deleted: one that came late is alone then.
        if len(others) > (case.ticket_id is None):
            found += yield from note_duplicates(outbox, fence, desk.title, case, eldest(tickets))
    return found


def watched(outbox: Outbox, fence: Fence) -> Flow[Sequence[tuple[Case, Intent]]]:
    """The openings that were repeated: a short while ago, or of cases with more to do."""
    moment = yield from clock(outbox)
    since = moment - WATCH
    return (yield from do("watched", lambda: outbox.repeated(fence.box_office, since)))


def note_duplicates(
    outbox: Outbox, fence: Fence, desk: str, case: Case, found: LookupResult
) -> Flow[int]:
    """Write down that second tickets are to be folded; how many were not known yet.

    The case's own ticket stays, whichever that is: the customer has been written to from there.
    Where somebody has deleted that one, the second is not wanted either.
    """
    tickets = [ticket for ticket in (found.ticket, *found.duplicates) if ticket is not None]
    stays = case.ticket_id or tickets[0].id
    seconds = [ticket.id for ticket in tickets if ticket.id != stays]

    def acts(position: int, second: str) -> list[Intent]:
        deleted = case.state is CaseState.GONE
        rest = _DELETED if deleted else _GOES_ON.format(first=stays)
        note = in_text(_NOTE.format(desk=desk, rest=rest), act_marker(case.marker, position))
        return [
            Intent(
                case=case.marker,
                position=position,
                act=Act.NOTE,
                payload={"text": note, "ticket_id": second},
            ),
            Intent(
                case=case.marker,
                position=position + 1,
                act=Act.RESOLVE,
                payload={"ticket_id": second},
            ),
        ]

    moment = yield from clock(outbox)
    new: int = yield from do("fold", lambda: outbox.fold(fence, case, seconds, acts, moment))
    if new:
        log.warning("%s was opened twice: folding %s into %s", case.marker, seconds, stays)
    return new
