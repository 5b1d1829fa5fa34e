"""Openings: what is at the desk already is found first, and looked at once more afterwards. A flow.

Another ledger may have opened the same ticket: that of a second installation, or the newer one of
which ours is an older copy. So before a pass opens anything, one reading of the newest tickets
shows what is there; and after it has, one more reading shows what another ledger has opened at the
same time. Since a desk may list a new ticket late, a last reading follows after the settle time.
Among tickets with one marker the eldest stays, for every ledger alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import attrs

from ...client.flow import Flow, do
from ..ledger import Fence, Ledger
from ..model.address import Address
from ..model.cases import Act, Case, CaseState, Intent, IntentState
from ..model.house import House
from ..model.policies import DeliveryPolicy
from ..ports import Desk
from .acts import sent_to
from .duplicates import note_duplicates
from .identity import find_ours
from .lookup import LookupResult, eldest
from .tries import IN_DOUBT, clock

OTHER = "other"
"""What the opening of a case has sent holds this if another ledger opened its ticket."""
_CONFIRMED = "confirmed"


@attrs.frozen
class Openings:
    """Looks at the desk before and after the openings of a pass.

    Args:
        ledger: where the openings are written down.
        fence: the lease under which they are.
        reading: the desk, for reading within the time that is left.
        address: where the ticket of a case goes.
        policy: how patient delivery is.
        house: whose tickets are ours.
    """

    ledger: Ledger
    fence: Fence
    reading: Callable[[], Flow[Desk]]
    address: Callable[[Case], Address]
    policy: DeliveryPolicy
    house: House

    def there(self, waiting: Sequence[tuple[Case, Intent]]) -> Flow[Mapping[str, LookupResult]]:
        """What is at the desk of the openings that were never tried, by marker; not ``there`` where
        that could not be found out. Those that are in doubt are looked up one by one.

        Args:
            waiting: the acts that are not settled.

        Raises:
            ApiError: the desk could not be read; that says nothing of what is there.
        """
        new = [pair for pair in waiting if pair[1].act is Act.OPEN and untried(pair[1])]
        if not new:
            return {}
        # What another ledger knew before ours was last at work, ours knew as well.
        office = yield from do("office", lambda: self.ledger.office(self.fence.box_office))
        runs = [] if office.last_run is None else [office.last_run.ended_at]
        return (yield from self._found(new, min([case.opened_at for case, _ in new] + runs)))

    def confirm(self) -> Flow[int]:
        """Look once more at what was opened a moment ago, and a settle time ago.

        Returns how many second tickets are to be folded.

        Raises:
            ApiError: the desk could not be read.
        """
        moment = yield from clock(self.ledger)
        done = yield from do(
            "confirm", lambda: self.ledger.to_confirm(self.fence.box_office, moment)
        )
        due = [(case, intent) for case, intent in done if intent.act is Act.OPEN]
        if not due:
            return 0
        tried = [intent.first_tried_at for _, intent in due]
        since = min((at for at in tried if at is not None), default=None)
        found = yield from self._found(due, since)
        folded = 0
        for case, intent in due:
            folded += yield from self._confirmed(case, intent, found.get(case.marker), moment)
        return folded

    def _found(
        self, openings: Sequence[tuple[Case, Intent]], since: datetime | None
    ) -> Flow[Mapping[str, LookupResult]]:
        desk = yield from self.reading()
        addresses = [sent_to(intent, self.address(case)) for case, intent in openings]
        markers = [case.marker for case, _ in openings]
        known = {case.ticket_id for case, _ in openings}
        found = yield from find_ours(desk, self.house, markers, addresses, since, known)
        unread = {marker: LookupResult(there=False) for marker in found.unread}
        return unread | {marker: eldest(tickets) for marker, tickets in found.ours.items()}

    def _confirmed(
        self, case: Case, intent: Intent, found: LookupResult | None, moment: datetime
    ) -> Flow[int]:
        """One opening: the eldest ticket stays, and is the case's from now on."""
        first = found is not None and found.ticket
        sent = dict(intent.sent)
        stays = case.ticket_id
        # A ticket that is not listed yet is no reason to leave ours.
        listed = found is not None and any(
            ticket.id == case.ticket_id
            for ticket in (found.ticket, *found.duplicates)
            if ticket is not None
        )
        if first and (listed or case.ticket_id is None) and case.state is not CaseState.GONE:
            acts = yield from do("acts", lambda: self.ledger.intents(case.marker))
            # What was folded already, while it could not be read, is not unfolded.
            if all(act.payload.get("ticket_id") != first.id for act in acts):
                stays = first.id
        if stays != case.ticket_id:
            sent[OTHER] = "1"
        late = None if _CONFIRMED in sent else moment + self.policy.settle
        sent[_CONFIRMED] = ""
        done = attrs.evolve(intent, sent=sent)
        yield from do(
            "confirmed",
            lambda: self.ledger.settle(
                self.fence, done, IntentState.DONE, moment, retry_at=late, ticket_id=stays
            ),
        )
        if found is None or not found.duplicates:
            return 0
        held = attrs.evolve(case, ticket_id=stays)
        desk = yield from self.reading()
        return (yield from note_duplicates(self.ledger, self.fence, desk.title, held, found))


def untried(intent: Intent) -> bool:
    """Whether this ledger has surely never carried an act out."""
    return intent.state not in IN_DOUBT and intent.repeated_at is None


def unopened(waiting: Sequence[tuple[Case, Intent]]) -> set[str]:
    """The markers of the cases whose ticket is not open yet."""
    return {case.marker for case, intent in waiting if intent.act is Act.OPEN}
