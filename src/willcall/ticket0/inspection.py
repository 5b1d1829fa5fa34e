"""What can be observed of Ticket0's lists by reading them: their order, their filters, inboxes."""

from __future__ import annotations

from collections.abc import Sequence

from ..bridge.ports import Remark
from ..client.flow import Flow
from ..errors import ValidationError
from .api import FlowTicket0
from .models import Ticket

_NO_TAG = "willcall-doctor-no-such-tag"


def inspect(api: FlowTicket0, inboxes: Sequence[str]) -> Flow[list[Remark]]:
    """In which order Ticket0 lists, whether its filters filter, and which inboxes are in use.

    Raises:
        ApiError: a list could not be read.
    """
    first = (yield from api.tickets.list().page()).items
    found = [order(first)]
    tag = next((tag for ticket in first for tag in ticket.tags), None)
    if tag is None:
        said = "no ticket has a tag yet, so the tag filter cannot be observed"
        found.append(Remark(about="tags", said=said))
    else:
        tagged = (yield from api.tickets.list(tag=tag).page()).items
        none = (yield from api.tickets.list(tag=_NO_TAG).page()).items
        found.append(tag_filter(tag, tagged, none))
    for inbox_id in inboxes:
        try:
            mine = (yield from api.tickets.list(inbox_id=inbox_id).page()).items
        except ValidationError as error:
            found.append(no_inboxes(inbox_id, f"Ticket0 refuses inboxes: {error.message}"))
        else:
            found.append(inbox(inbox_id, mine, first))
    return found


def order(tickets: Sequence[Ticket]) -> Remark:
    """The order of a page. Whatever it is, willcall reads to the end."""
    for words, moments in (
        ("by creation", [ticket.created_at for ticket in tickets if ticket.created_at]),
        ("by their last update", [ticket.updated_at for ticket in tickets if ticket.updated_at]),
    ):
        if len(set(moments)) < 2:
            continue
        if moments == sorted(moments, reverse=True):
            return Remark(about="order", said=f"the newest first, {words}")
        if moments == sorted(moments):
            return Remark(about="order", said=f"the oldest first, {words}")
    if len(tickets) < 2:
        said = "too few tickets to tell in which order they are listed"
        return Remark(about="order", said=said)
    return Remark(about="order", said="none that their dates would show; every page is read")


def tag_filter(tag: str, tagged: Sequence[Ticket], none: Sequence[Ticket]) -> Remark:
    """Whether asking for a tag gives the tickets with that tag, and no others."""
    if none or any(tag not in ticket.tags for ticket in tagged):
        return Remark(
            about="tags",
            said="the tag filter lets other tickets through",
            do="willcall does not rely on it; `willcall tickets list --tag` shows too much",
            warning=True,
        )
    if not tagged:
        return Remark(
            about="tags",
            said=f"the tag filter does not find {tag!r}, which is there",
            do="willcall does not rely on it; `willcall tickets list --tag` shows too little",
            warning=True,
        )
    return Remark(about="tags", said="the tag filter works")


def no_inboxes(inbox_id: str, said: str) -> Remark:
    """A workspace that has no inboxes, as those of 2026."""
    do = f"remove inbox_id = {inbox_id!r} from the configuration"
    return Remark(about="inbox", said=said, do=do, warning=True)


def inbox(inbox_id: str, mine: Sequence[Ticket], every: Sequence[Ticket]) -> Remark:
    """Whether an inbox is in use."""
    if any(ticket.inbox_id == inbox_id for ticket in (*mine, *every)):
        return Remark(about="inbox", said=f"{inbox_id} is in use")
    if every and not any(ticket.inbox_id for ticket in every):
        return no_inboxes(inbox_id, "no ticket has an inbox, so this workspace seems to have none")
    known = sorted({ticket.inbox_id for ticket in every if ticket.inbox_id})
    return Remark(
        about="inbox",
        said=f"no ticket is in {inbox_id} yet, so it cannot be seen whether it is there",
        do=f"in use: {', '.join(known)}" if known else "compare it with Ticket0's settings",
        warning=True,
    )
