"""Every name on Ticket0's wire that is inferred: it is documented nowhere, and is our choice.

If the service uses another name, one line sets it: see :mod:`willcall.client.names`.
"""

from __future__ import annotations

WIRE = {
    # POST, GET and PATCH answer with a bare ticket (2025); in an envelope it is read, too.
    "ticket_envelope": "ticket",
    "message_envelope": "message",
    "customer_envelope": "customer",
    # Further fields of a reply to a customer; a message that is read has them (2026).
    "body_html": "bodyHtml",
    "cc_addresses": "ccAddresses",
    # Webhooks. The envelope is documented (2025). The name of a ping is not, nor whether `data`
    # holds the object itself or the object under its name.
    "ping": "ping",
    "data_ticket": "ticket",
    "data_message": "message",
    "data_customer": "customer",
}

# Things that cannot be: ``check`` tries writes on them. No id of Ticket0 looks like these.
NO_SUCH_TICKET = "tkt_willcall~checks~a~key~there~is~no~such~ticket"
NO_SUCH_CUSTOMER = "cust_willcall~checks~a~key~there~is~no~such~customer"
