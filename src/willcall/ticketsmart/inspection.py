"""What can be observed of TicketSmart's answers: which inferred names they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..bridge.ports import Remark
from ..client.flow import Flow
from ..client.names import ENVIRONMENT
from ..errors import UndecodableReplyError
from .api import PROVIDER, FlowTicketSmart

_SELLING = frozenset({"PUBLISHED", "SOLD_OUT"})
_OPTIONAL = frozenset(
    {"ticket_type_currency", "ticket_type_add_on", "event_envelope", "ticket_types_envelope"}
)
"""Names that answers may lack."""


def inspect(api: FlowTicketSmart, names: Mapping[str, str]) -> Flow[list[Remark]]:
    """Which inferred names an event and its ticket types have.

    Args:
        api: the box office.
        names: the inferred names, and what they are on the wire.

    Raises:
        ApiError: it could not be read.
    """
    events = (yield from api.events.list(limit=100).page()).items
    event = next((event for event in events if event.status in _SELLING), None)
    if event is None:
        said = "no event is on sale, so the names of its fields cannot be observed"
        return [Remark(about="names", said=said)]
    whole = (yield from api.events.get.raw(event.id)).reply.json()
    inner = whole.get(names["event_envelope"])
    shown = inner if isinstance(inner, dict) else whole
    try:
        answer = (yield from api.events.ticket_types.raw(event.id)).reply.json()
    except UndecodableReplyError as error:
        answer = None if error.reply is None else error.reply.json()
    types = answer.get(names["ticket_types_envelope"]) if isinstance(answer, dict) else answer
    return [names_in(names, shown, types if isinstance(types, list) else [])]


def names_in(names: Mapping[str, str], event: Mapping[str, Any], types: Iterable[Any]) -> Remark:
    """Which inferred names an event and its ticket types lack.

    Args:
        names: the inferred names, and what they are on the wire.
        event: an event as it was answered.
        types: its ticket types as they were answered.
    """
    of_types = {name for kind in types if isinstance(kind, dict) for name in kind}
    lacking = [
        key
        for key, name in names.items()
        if key not in _OPTIONAL
        and (
            (key.startswith("event_") and name not in event)
            or (key.startswith("ticket_type_") and name not in of_types)
        )
    ]
    if not lacking:
        return Remark(about="names", said="events and ticket types have every field that is read")
    listed = ", ".join(f"{key} ({names[key]})" for key in lacking)
    return Remark(
        about="names",
        said=f"no answer has these fields: {listed}",
        do=f"if one has another name, set that under [wire.{PROVIDER.name}] or in {ENVIRONMENT}; "
        f"what is left of ticket types is not seen without ticket_type_available",
        warning=True,
    )
