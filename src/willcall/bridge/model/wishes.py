"""What a case keeps of the rule it was opened under, as JSON for the ledger. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .address import Address
from .kinds import Severity
from .rules import GroupBy, OnClear, QuietHours, Rule


def to_json(rule: Rule) -> dict[str, Any]:
    """A rule as a JSON object, without its predicates: they have been met."""
    quiet = rule.quiet_hours
    return {
        "id": rule.id,
        "when": list(rule.kinds),
        "for": rule.hold.total_seconds(),
        "severity": rule.severity,
        "groupBy": rule.group_by,
        "customerEmail": rule.address.customer_email,
        "options": dict(rule.address.options),
        "mails": rule.address.mails,
        "assigneeId": rule.assignee_id,
        "tags": list(rule.tags),
        "subject": rule.subject,
        "body": rule.body,
        "message": rule.message,
        "note": rule.note,
        "onClear": rule.on_clear,
        "reopenWithin": rule.reopen_within.total_seconds(),
        "quietHours": quiet
        and {
            "from": quiet.start.isoformat(),
            "to": quiet.end.isoformat(),
            "timezone": quiet.timezone.key,
        },
        "continue": rule.go_on,
    }


def from_json(value: Mapping[str, Any]) -> Rule:
    """The rule that :func:`to_json` wrote."""
    quiet = value["quietHours"]
    return Rule(
        id=value["id"],
        kinds=tuple(value["when"]),
        hold=timedelta(seconds=value["for"]),
        severity=None if value["severity"] is None else Severity(value["severity"]),
        group_by=GroupBy(value["groupBy"]),
        address=Address(
            customer_email=value["customerEmail"], options=value["options"], mails=value["mails"]
        ),
        assignee_id=value["assigneeId"],
        tags=tuple(value["tags"]),
        subject=value["subject"],
        body=value["body"],
        message=value["message"],
        note=value["note"],
        on_clear=OnClear(value["onClear"]),
        reopen_within=timedelta(seconds=value["reopenWithin"]),
        quiet_hours=quiet
        and QuietHours(
            time.fromisoformat(quiet["from"]),
            time.fromisoformat(quiet["to"]),
            ZoneInfo(quiet["timezone"]),
        ),
        go_on=value["continue"],
    )
