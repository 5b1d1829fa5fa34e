"""Every name on Ticket0's wire that is inferred: it is documented nowhere, and is our choice.

If the service uses another name, the correction is one line here.
"""

from __future__ import annotations

# POST, GET and PATCH answer with a bare ticket (2025); the same inside an envelope is read too.
TICKET_ENVELOPE = "ticket"
MESSAGE_ENVELOPE = "message"
CUSTOMER_ENVELOPE = "customer"

# Further fields of a reply to a customer; a message that is read has them (2026).
BODY_HTML = "bodyHtml"
CC_ADDRESSES = "ccAddresses"

# Things that cannot be: ``check`` tries writes on them. No id of Ticket0 looks like these.
NO_SUCH_TICKET = "tkt_willcall~checks~a~key~there~is~no~such~ticket"
NO_SUCH_CUSTOMER = "cust_willcall~checks~a~key~there~is~no~such~customer"

# Webhooks. The envelope is documented (2025). The name of a ping is not, nor whether `data` holds
# the object itself or the object under its name.
PING = "ping"
DATA_TICKET = "ticket"
DATA_MESSAGE = "message"
DATA_CUSTOMER = "customer"
