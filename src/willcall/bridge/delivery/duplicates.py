"""Two tickets with one marker: a request that was carried out long after its connection died.

The older stays, the younger gets a note and is resolved. Both are acts of the case, with all that
makes an act happen once. They can only be where an act was repeated, so that is where they are
looked for: with every later act of such a case, and for :data:`WATCH` after the repeat. A flow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from ...client.flow import Flow, do, now
from ...client.observe import log
from ...ticket0.api import FlowTicket0
from ..ledger import Fence, Ledger
from ..model.address import Address
from ..model.cases import Act, Case, CaseState, Intent
from ..model.markers import act_marker, in_text
from .lookup import Seen, eldest, marked

WATCH = timedelta(hours=2)
"""How long after a repeat a second ticket is looked for, if nothing else is to be done."""

_NOTE = (
    "Ticket0 opened this ticket twice: a request of willcall's was carried out long after its "
    "connection had died. {rest}; this one is resolved."
)
_GOES_ON = "{first} is the one that goes on"
_DELETED = "The other one was deleted since"


def fold_twins(
    ledger: Ledger,
    fence: Fence,
    reading: Callable[[], Flow[FlowTicket0]],
    address: Callable[[str], Address],
    busy: Sequence[tuple[Case, Intent]] = (),
) -> Flow[int]:
    """Look where a second ticket may have come up, and have it folded; how many were found.

    ``busy`` are those that had something to do when the run began: see :func:`watched`.

    Raises:
        ApiError: an inbox could not be read.
    """
    pairs_by_marker = {case.marker: (case, intent) for case, intent in busy}
    for case, intent in (yield from watched(ledger, fence)):
        pairs_by_marker[case.marker] = case, intent
    by_inbox: dict[str, list[tuple[Case, Intent]]] = {}
    for case, intent in pairs_by_marker.values():
        inbox = intent.sent.get("inbox_id", address(case.rule).options["inbox_id"])
        by_inbox.setdefault(inbox, []).append((case, intent))
    found = 0
    for inbox, pairs in by_inbox.items():
        tried = [intent.first_tried_at for _, intent in pairs]
        since = min((at for at in tried if at is not None), default=None)
        by_marker = yield from marked((yield from reading()), inbox, since)
        for case, _ in pairs:
            tickets = by_marker.get(case.marker, ())
            others = [ticket for ticket in tickets if ticket.id != case.ticket_id]
            # The case's own may be elsewhere by now, or deleted: one that came late is alone then.
            if len(others) > (case.ticket_id is None):
                found += yield from noticed(ledger, fence, case, eldest(tickets))
    return found


def watched(ledger: Ledger, fence: Fence) -> Flow[Sequence[tuple[Case, Intent]]]:
    """The openings that were repeated: a short while ago, or of cases with more to do."""
    moment = yield from now()
    since = moment - WATCH
    return (yield from do("watched", lambda: ledger.repeated(fence.box_office, since)))


def noticed(ledger: Ledger, fence: Fence, case: Case, seen: Seen) -> Flow[int]:
    """Write down that second tickets are to be folded; how many are news.

    The case's own ticket stays, whichever that is: the customer has been written to from there.
    Where somebody has deleted that one, the second is not wanted either.
    """
    tickets = [ticket for ticket in (seen.ticket, *seen.twins) if ticket is not None]
    stays = case.ticket_id or tickets[0].id
    twins = [ticket.id for ticket in tickets if ticket.id != stays]

    def acts(position: int, twin: str) -> list[Intent]:
        deleted = case.state is CaseState.GONE
        rest = _DELETED if deleted else _GOES_ON.format(first=stays)
        note = in_text(_NOTE.format(rest=rest), act_marker(case.marker, position))
        return [
            Intent(
                case=case.marker,
                position=position,
                act=Act.NOTE,
                payload={"text": note, "ticket_id": twin},
            ),
            Intent(
                case=case.marker,
                position=position + 1,
                act=Act.RESOLVE,
                payload={"ticket_id": twin},
            ),
        ]

    moment = yield from now()
    new: int = yield from do("fold", lambda: ledger.fold(fence, case, twins, acts, moment))
    if new:
        log.warning("%s was opened twice: folding %s into %s", case.marker, twins, stays)
    return new
