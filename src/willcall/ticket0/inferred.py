"""Every name on Ticket0's wire that nothing we can read states: our choice, all in one place.

The marks used elsewhere: *seed* (the API reference), *public* (the newest public documentation,
2026), *older* (an earlier revision of it, 2025).
"""

from __future__ import annotations

# POST, GET and PATCH answer with a bare ticket (older); the same inside an envelope is read too.
TICKET_ENVELOPE = "ticket"
MESSAGE_ENVELOPE = "message"
CUSTOMER_ENVELOPE = "customer"

# Further fields of a reply to a customer; a message that is read has them (public).
BODY_HTML = "bodyHtml"
CC_ADDRESSES = "ccAddresses"

# Things that cannot be: ``check`` tries writes on them. No id of Ticket0 looks like these.
NO_SUCH_TICKET = "tkt_willcall~checks~a~key~there~is~no~such~ticket"
NO_SUCH_CUSTOMER = "cust_willcall~checks~a~key~there~is~no~such~customer"

# Webhooks. The envelope is documented (older); what a ping is called and what stands in `data` are
# not: the thing itself, or the thing under its name.
PING = "ping"
DATA_TICKET = "ticket"
DATA_MESSAGE = "message"
DATA_CUSTOMER = "customer"
