"""Whose ticket it is that carries a marker of ours. A flow.

Anybody can copy a marker into a subject. A ticket is ours if its first message begins with the line
of the house, which outsiders cannot compute, and came from an address that the house has named.
Everything else with a marker is a *bystander*: it is shown, and left alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

import attrs

from ...client.flow import Flow
from ...client.observe import log
from ...errors import ApiError, NotFoundError
from ..model.address import Address
from ..model.house import House
from ..model.markers import read_subject
from ..ports import Author, Desk, Said, Spoken, Standing

CLOCK_MARGIN = timedelta(days=1)
"""How far the desk's clock and ours may be apart before a lookup could stop too early."""

CREATED_WITHIN = timedelta(minutes=1)
"""A message that is younger than its ticket by so much, or more, did not open it."""

_OPENS = re.compile(r"\s*Reference: (wc-[0-9a-hjkmnp-tv-z]{8})-")


@attrs.frozen
class Marked:
    """The tickets that carry the markers that were looked for.

    Args:
        ours: our own, by marker.
        bystanders: the others, by marker.
        unread: those that are listed and could not be read, by marker: whose they are is not known.
    """

    ours: dict[str, list[Standing]] = attrs.field(factory=dict)
    bystanders: dict[str, list[Standing]] = attrs.field(factory=dict)
    unread: dict[str, list[Standing]] = attrs.field(factory=dict)


def find_ours(
    desk: Desk,
    house: House,
    markers: Iterable[str],
    addresses: Sequence[Address],
    since: datetime | None,
    known: Collection[str | None] = (),
) -> Flow[Marked]:
    """Find our tickets by their markers. Each ticket that carries one costs a further request.

    Args:
        desk: the desk.
        house: whose tickets are ours.
        markers: those that are looked for.
        addresses: where they may have been opened, and whom they may concern.
        since: by our clock; those opened earlier need not be found. None for all.
        known: the ids of tickets that are known to be ours, which costs nothing.

    Raises:
        ApiError: the desk could not be read for certain.
    """
    by_marker = yield from find_marked(desk, addresses, since)
    named = frozenset(address.customer_email for address in addresses)
    found = Marked()
    for marker in markers:
        for ticket in by_marker.get(marker, ()):
            ours: bool | None = ticket.id in known
            if not ours:
                ours = yield from is_ours(desk, house, marker, ticket, named)
            kind = found.unread if ours is None else found.ours if ours else found.bystanders
            kind.setdefault(marker, []).append(ticket)
    for marker, tickets in found.bystanders.items():
        names = ", ".join(ticket.id for ticket in tickets)
        log.warning("%s carries the marker %s, and is not ours: it is left alone", names, marker)
    return found


def find_marked(
    desk: Desk, addresses: Sequence[Address], since: datetime | None
) -> Flow[dict[str, list[Standing]]]:
    """The tickets with a marker in their subject, by marker.

    Args:
        desk: the desk.
        addresses: where they may have been opened.
        since: by our clock; those opened earlier need not be found. None for all.

    Raises:
        ApiError: the desk could not be read for certain.
    """
    since = None if since is None else since - CLOCK_MARGIN
    by_marker: dict[str, list[Standing]] = {}
    for ticket in (yield from desk.tickets(addresses, since)):
        marker = read_subject(ticket.subject)
        if marker is not None:
            by_marker.setdefault(marker, []).append(ticket)
    return by_marker


def is_ours(
    desk: Desk, house: House, marker: str, ticket: Standing, named: frozenset[str] = frozenset()
) -> Flow[bool | None]:
    """Whether a ticket that is listed is ours; None if the desk says that it is not there.

    Then it was deleted a moment ago, or the key is that of another workspace for a while.

    Args:
        desk: the desk.
        house: whose tickets are ours.
        marker: the marker in its subject.
        ticket: the ticket.
        named: further addresses that it may concern.

    Raises:
        ApiError: that could not be read.
    """
    try:
        said = yield from desk.said(ticket.id)
    except NotFoundError:
        return None
    if not said.complete:
        raise ApiError(
            "the messages kept changing while they were read",
            provider=desk.name,
            hint="the next run reads them again",
        )
    return belongs(said, house, marker, named, ticket.created_at)


def belongs(
    said: Said,
    house: House,
    marker: str,
    named: frozenset[str] = frozenset(),
    opened_at: datetime | None = None,
) -> bool:
    """Whether a ticket in which this was said is ours. Pure.

    A desk may list the text of a creation as the customer's, as our own, or not at all. In the last
    case a ticket is ours if nothing came from outside before what we said there, or if the first
    that did came from an address that the house has named, some time after the ticket was opened:
    mail that opens a ticket is as old as the ticket.

    Args:
        said: what was said in it.
        house: whose tickets are ours.
        marker: the marker in its subject.
        named: further addresses that it may concern.
        opened_at: when it was opened, by the desk's clock, if that is known.
    """
    if any(house.began(text, marker) for text in said.texts):
        return True
    first = said.first
    if first is None:
        return True
    begins = first if house.began(first.text, marker) else _begins_later(said, house, marker)
    if begins is not None or _answers(said, opened_at):
        sender = (begins or first).sender
        others = {address.casefold() for address in named}
        if sender is None or house.names(sender) or sender.casefold() in others:
            return True
        if begins is not None:
            return False
    act = re.compile(rf"^\s*Reference: {re.escape(marker)}-\d{{1,6}}\s*$", re.MULTILINE)
    return any(act.search(text) for text in said.texts[: first.after])


def _answers(said: Said, opened_at: datetime | None) -> bool:
    """Whether the first that came from outside answers a text that is not listed, by its time."""
    came = next((text.at for text in said.messages if text.author is Author.OUTSIDE), None)
    return came is not None and opened_at is not None and came - opened_at >= CREATED_WITHIN


def _begins_later(said: Said, house: House, marker: str) -> Spoken | None:
    """The message that opened a ticket into which others of ours were merged, whose messages are
    older: nothing but openings of the house came from outside before it."""
    for message in said.messages:
        if message.author is not Author.OUTSIDE:
            continue
        if house.began(message.text, marker):
            return message
        other = _OPENS.match(message.text)
        if other is None or not house.began(message.text, other[1]):
            return None
    return None
