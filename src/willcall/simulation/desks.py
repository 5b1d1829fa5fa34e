"""What a desk may be like where the documents leave it open, drawn by seed for the town.

Each habit changes the sandbox's settings before the baseline. See
``willcall.sandbox.desk_settings`` for the settings.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from ..sandbox import Sandbox
from .habits import ALL

_MOST = 4

_MOMENTS = (0.5, 3.0, 15.0, 40.0)

HABITS: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "no-processing": {"processing": ("never",)},
    "no-pending": {"reply_makes": ("nothing",)},
    "no-triage": {"triage": ("never",)},
    "processing": {"processing": ("seconds",), "processing_seconds": _MOMENTS},
    "stuck": {"processing": ("stuck",)},
    "unlisted-processing": {
        "processing": ("seconds",),
        "processing_seconds": (3.0, 15.0, 25.0),
        "processing_listed": (False,),
    },
    "late-list": {"list_lag": (5.0, 20.0)},
    "late-reads": {"read_lag": (3.0, 20.0, 90.0)},
    "other-workspace": {},
    "acknowledgement": {"auto_answer": ("acknowledges",)},
    "auto-reply": {"auto_answer": ("replies",)},
    "pending": {"reply_makes": ("pending",)},
    "pending-later": {"reply_makes": ("pending_later",)},
    "pending-from-any": {"reply_makes": ("pending", "pending_later"), "reply_from": ("any",)},
    "pulled-back": {"resolve_holds": ("pulled_back",)},
    "patch": {"patch_statuses": ("all", "open_resolved", "resolved")},
    "resolved-again": {"resolved_again": ("400",)},
    "closed": {"on_closed": ("409", "400", "403", "404", "422", "ignored", "accepted")},
    "auto-close": {
        "auto_close": (30.0, 120.0, 600.0),
        "on_closed": ("409", "400", "403", "404", "422", "ignored"),
    },
    "notes-refused": {"notes": ("refused",)},
    "notes-mailed": {"notes": ("mailed",)},
    "creation-text": {"creation_text": ("outbound", "absent")},
    "notes-unmarked": {"listed_notes": ("unmarked",)},
    "notes-unlisted": {"listed_notes": ("absent",)},
    "inboxes": {"inboxes": ("ignored", "optional", "required")},
    "creation-extras": {"creation_extras": ("refused", "taken")},
    "tags-refused": {"tags": ("refused",)},
    "ticket-order": {"ticket_order": ("oldest", "updated")},
    "short-cursors": {"cursor_seconds": (0.2, 5.0)},
    "closed-unlisted": {"list_closed": (False,)},
    "closed-filter": {"closed_filter": ("filters",)},
    "triage": {"triage": ("adds",), "triage_seconds": _MOMENTS},
    "triage-overwrites": {"triage": ("overwrites",), "triage_seconds": _MOMENTS},
    "routing": {"routing": (True,)},
    "unmonitored": {"unmonitored": ("400", "403", "404", "accepted")},
    "empty-creation": {"empty_creation": (True,)},
    "rate-headers": {"rate_headers": ("missing", "older")},
    "signature": {"signature": (True,)},
    "staff-agent": {"staff_author": ("agent",), "inboxes": ("required",)},
    "api-agent": {"api_author": ("agent",)},
}
"""Every habit that a desk may have, by name: for each setting, the values that are drawn."""


NOT_FOUND = '{"error": {"code": "NOT_FOUND", "message": "Ticket not found"}}'


def elsewhere(sandbox: Sandbox) -> None:
    """The key of another workspace, in which none of our tickets is."""
    for path in ("/tickets/*", "/tickets/*/messages"):
        sandbox.faults.add("status", service="ticket0", path=path, status=404, body=NOT_FOUND)


def drawn(dice: random.Random, names: Sequence[str]) -> list[str]:
    """The habits of a seed among those that are allowed: one to four, or the only one."""
    allowed = list(HABITS) if ALL in names else [name for name in HABITS if name in names]
    return dice.sample(allowed, min(len(allowed), dice.randint(1, _MOST))) if allowed else []


def take_up(dice: random.Random, sandbox: Sandbox, names: Sequence[str]) -> list[str]:
    """Give the sandbox habits that the seed draws among those allowed; what was drawn."""
    habits = drawn(dice, names)
    for habit in habits:
        values = {name: dice.choice(list(choices)) for name, choices in HABITS[habit].items()}
        sandbox.settings.change(values)
    if sandbox.settings.processing == "stuck" and not sandbox.settings.processing_listed:
        # Nobody could find what such a desk has opened without saying so.
        sandbox.settings.change({"empty_creation": False})
    return habits
