"""What happens to a whole box office: mostly that it cannot be read."""

from __future__ import annotations

from ....errors import (
    ApiError,
    AuthenticationError,
    ConnectError,
    PermissionDeniedError,
    RateLimitError,
    WillcallError,
)
from .kind import OfficeKind, ReadFailure, ReportedBy, Severity

UNDELIVERED = "box_office.undelivered"
DELIVERED = "box_office.delivered"
ANOTHER_LEDGER = "box_office.another_ledger"
ONE_LEDGER = "box_office.one_ledger"
STORM = "box_office.storm"
UNREADABLE = "box_office.unreadable_event"
READABLE = "box_office.events_readable"
REMOVAL_IGNORED = "box_office.removal_ignored"
REMOVAL_UNDERSTOOD = "box_office.removal_understood"


def _is_exhausted(error: WillcallError) -> bool:
    # Without a status it was willcall's own pacing that held a request back, as it should.
    return isinstance(error, RateLimitError) and error.status is not None


def _is_unreachable(error: WillcallError) -> bool:
    others = AuthenticationError, PermissionDeniedError, RateLimitError
    return isinstance(error, ApiError) and not isinstance(error, others)


BOX_OFFICES = (
    OfficeKind(
        name="box_office.key_rejected",
        summary="the box office rejects the key",
        severity=Severity.HIGH,
        cleared_by=("box_office.key_accepted",),
        built_in=True,
        seen=ReadFailure(
            runs=1,
            test=lambda error: isinstance(error, AuthenticationError),
            example=AuthenticationError("invalid API key", status=401),
        ),
        detail="invalid or revoked API key",
    ),
    OfficeKind(
        name="box_office.key_accepted",
        summary="the key is accepted again",
        seen=ReportedBy.RECOVERY,
        detail="",
    ),
    OfficeKind(
        name="box_office.scope_missing",
        summary="the key lacks a scope",
        severity=Severity.HIGH,
        cleared_by=("box_office.key_accepted",),
        built_in=True,
        seen=ReadFailure(
            runs=1,
            test=lambda error: isinstance(error, PermissionDeniedError),
            example=PermissionDeniedError("missing scope", status=403),
        ),
        detail="missing scope: events:read",
    ),
    OfficeKind(
        name="box_office.unreachable",
        summary="the box office cannot be reached",
        severity=Severity.HIGH,
        cleared_by=("box_office.reachable",),
        built_in=True,
        seen=ReadFailure(
            runs=3,
            test=_is_unreachable,
            example=ConnectError("no connection"),
        ),
        detail="the connection was refused",
    ),
    OfficeKind(
        name="box_office.reachable",
        summary="the box office can be reached again",
        seen=ReportedBy.RECOVERY,
        detail="",
    ),
    OfficeKind(
        name="box_office.quota_exhausted",
        summary="others use up its requests",
        cleared_by=("box_office.quota_free",),
        built_in=True,
        seen=ReadFailure(
            runs=3,
            test=_is_exhausted,
            example=RateLimitError("rate limit exceeded", status=429),
        ),
        detail="rate limit exceeded",
    ),
    OfficeKind(
        name="box_office.quota_free",
        summary="there are requests again",
        seen=ReportedBy.RECOVERY,
        detail="",
    ),
    OfficeKind(
        name=UNDELIVERED,
        summary="the desk refuses something for good",
        severity=Severity.HIGH,
        cleared_by=(DELIVERED,),
        built_in=True,
        seen=ReportedBy.DELIVERY,
        detail="- the ticket of Gala Night: the inbox does not exist",
    ),
    OfficeKind(
        name=DELIVERED,
        summary="nothing is refused any more",
        seen=ReportedBy.DELIVERY,
        detail="",
    ),
    OfficeKind(
        name=UNREADABLE,
        summary="an event cannot be read",
        cleared_by=(READABLE,),
        built_in=True,
        seen=ReportedBy.READING,
        remark="after 3 runs in a row that cannot read the event",
        detail="- evt_17: startsAt: expected an ISO-8601 datetime, got NoneType",
    ),
    OfficeKind(
        name=READABLE,
        summary="every event can be read again",
        seen=ReportedBy.READING,
        detail="",
    ),
    OfficeKind(
        name=REMOVAL_IGNORED,
        summary="a removal has no effect",
        cleared_by=(REMOVAL_UNDERSTOOD,),
        built_in=True,
        seen=ReportedBy.REMOVAL,
        detail="- 'Early Bird' from 'gala': the answer was 200, and the ticket type is still there",
    ),
    OfficeKind(
        name=REMOVAL_UNDERSTOOD,
        summary="removals have an effect again",
        seen=ReportedBy.REMOVAL,
        detail="",
    ),
    OfficeKind(
        name=ANOTHER_LEDGER,
        summary="another ledger opens the same tickets",
        severity=Severity.HIGH,
        cleared_by=(ONE_LEDGER,),
        built_in=True,
        seen=ReportedBy.DELIVERY,
        detail="- Gala Night: tkt_8js1v7q91e [wc-3k9f2m7q]",
    ),
    OfficeKind(
        name=ONE_LEDGER,
        summary="no other ledger has opened a ticket for a day",
        seen=ReportedBy.DELIVERY,
        detail="",
    ),
    OfficeKind(
        name=STORM,
        summary="many things at once",
        severity=Severity.HIGH,
        superseded_by=(),
        seen=ReportedBy.STORM,
        detail="- Gala Night: sold out [wc-3k9f2m7q]",
    ),
)
