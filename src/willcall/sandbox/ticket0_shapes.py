"""Ticket0's JSON: how tickets, messages and customers are written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from willcall.sandbox import inferred
from willcall.sandbox.wire import iso

if TYPE_CHECKING:
    from willcall.sandbox.desk import Customer, Message, Ticket


def ticket(ticket: Ticket) -> dict[str, Any]:
    """A ticket (older). Where there are no inboxes, it has none."""
    shape: dict[str, Any] = {
        "id": ticket.id,
        "subject": ticket.subject,
        "status": ticket.status,
        "assigneeId": ticket.assignee_id,
        "customerId": ticket.customer_id,
        "inboxId": ticket.inbox_id,
        "tags": ticket.tags,
        "createdAt": iso(ticket.created_at),
        "updatedAt": iso(ticket.updated_at),
    }
    if ticket.inbox_id is None:
        del shape["inboxId"]
    if ticket.external_id is not None:
        shape["externalId"] = ticket.external_id
    return shape


def public_message(message: Message, *, marked: bool = True) -> dict[str, Any]:
    """A message as the newest public pages have it; that a note says ``isNote`` is inferred.

    A note that is not ``marked`` looks like a reply.
    """
    shape: dict[str, Any] = {
        "id": message.id,
        "direction": message.direction,
        "channel": "email",
        "subject": message.subject,
        "fromAddress": message.author_email,
        "fromName": message.author_name,
        "toAddresses": list(message.to),
        inferred.CC_ADDRESSES: list(message.cc),
        "bodyText": message.body,
        inferred.BODY_HTML: message.body_html,
        "bodyTextCleaned": None,
        "externalId": message.external_id,
        "inReplyTo": message.in_reply_to,
        "authorType": message.author_type,
        "authorId": message.author_id,
        "authorName": message.author_name,
        "conversationId": message.ticket_id,
        "aiSentiment": None,
        "detectedLanguage": None,
        "createdAt": iso(message.created_at),
    }
    if message.is_note and marked:
        shape[inferred.IS_NOTE] = True
    return shape


def older_message(message: Message, *, marked: bool = True) -> dict[str, Any]:
    """A message as the older revision has it."""
    return {
        "id": message.id,
        "ticketId": message.ticket_id,
        "direction": message.direction,
        "body": message.body,
        "authorEmail": message.author_email,
        "authorName": message.author_name,
        "isNote": message.is_note and marked,
        "createdAt": iso(message.created_at),
    }


def customer(customer: Customer, ticket_count: int) -> dict[str, Any]:
    """A customer (older)."""
    return {
        "id": customer.id,
        "email": customer.email,
        "name": customer.name,
        "externalId": customer.external_id,
        "metadata": dict(customer.metadata),
        "ticketCount": ticket_count,
        "createdAt": iso(customer.created_at),
    }
