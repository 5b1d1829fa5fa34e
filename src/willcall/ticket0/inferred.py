"""Every name on Ticket0's wire that nothing we can read states: our choice, all in one place.

The marks used elsewhere: *seed* (the API reference), *public* (the newest public documentation,
2026), *older* (an earlier revision of it, 2025).
"""

from __future__ import annotations

# POST, GET and PATCH answer with a bare ticket (older); the same inside an envelope is read too.
TICKET_ENVELOPE = "ticket"
MESSAGE_ENVELOPE = "message"
