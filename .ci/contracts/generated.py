"""Calls every operation of a generated client: ``generated.py PACKAGE URL KEY``.

It runs in the environment of the tools, and imports nothing of willcall.
"""

import sys
from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType
from typing import Any


class Generated:
    """A generated client, and how its operations are called."""

    def __init__(self, package: str, url: str, key: str) -> None:
        self.package = package
        self.models = import_module(f"{package}.models")
        kind = import_module(f"{package}.client").AuthenticatedClient
        bearer, _, token = key.rpartition(" ")
        self.client = kind(
            base_url=url,
            token=token,
            prefix=bearer,
            auth_header_name="Authorization" if bearer else "x-api-key",
            raise_on_unexpected_status=True,
        )
        self.made = 0

    def call(self, place: str, expected: str, /, *args: Any, **more: Any) -> Any:
        """Call an operation; its answer must be of a model of this name."""
        module: ModuleType = import_module(f"{self.package}.api.{place}")
        answer = module.sync(*args, client=self.client, **more)
        if expected not in type(answer).__name__:
            raise SystemExit(f"{place}: expected {expected}, got {answer!r}")
        self.made += 1
        return answer


def ticketsmart(api: Generated) -> None:
    """Every operation of TicketSmart."""
    models, when = api.models, datetime(2027, 3, 1, 19, 30, tzinfo=UTC)
    kind = models.NewTicketType(name="VIP", price=4500, quantity=20)
    new = models.NewEvent(title="Night", starts_at=when, ticket_types=[kind])
    made = api.call("events.create_event", "EventAnswer", body=new).event
    assert made.title == "Night", made
    assert made.starts_at == when, made
    patch = models.EventPatch(city="Chicago")
    assert (
        api.call("events.update_event", "EventAnswer", made.id, body=patch).event.city == "Chicago"
    )
    assert api.call("events.get_event", "EventAnswer", made.slug).event.id == made.id
    assert (
        api.call("events.list_ticket_types", "TicketTypeList", made.id).ticket_types[0].price
        == 4500
    )
    assert api.call("events.get_availability", "Availability", made.id).sold_out is False
    status = models.ListEventsStatus.DRAFT
    assert api.call("events.list_events", "EventList", status=status, limit=5).events
    missing = api.call("events.get_event", "Error", "nobody")
    assert missing.error == "Event not found", missing


def ticket0(api: Generated) -> None:
    """Every operation of Ticket0."""
    models = api.models
    new = models.NewTicket(subject="S", customer_email="olu@example.com", body="B")
    made = api.call("tickets.create_ticket", "Ticket", body=new)
    assert made.subject == "S", made
    patch = models.TicketPatch(tags=["a"])
    assert api.call("tickets.update_ticket", "Ticket", made.id, body=patch).tags == ["a"]
    assert api.call("tickets.get_ticket", "Ticket", made.id).id == made.id
    assert api.call("tickets.list_tickets", "TicketList", limit=5).tickets
    reply = models.Reply(from_address="boxoffice@example.com", body_text="There are 40.")
    sent = api.call("messages.create_message", "Message", made.id, body=reply)
    assert sent.body_text == "There are 40.", sent
    assert api.call("messages.list_messages", "MessageList", made.id).total == 2
    customer = models.NewCustomer(email="b@example.com", external_id="x")
    known = api.call("customers.create_customer", "Customer", body=customer)
    named = models.CustomerPatch(name="N")
    assert api.call("customers.update_customer", "Customer", known.id, body=named).name == "N"
    assert api.call("customers.get_customer", "Customer", known.id).external_id == "x"
    assert api.call("customers.list_customers", "CustomerList", email="b@example.com").customers
    missing = api.call("tickets.get_ticket", "Error", "nobody")
    assert missing.error.code == "NOT_FOUND", missing


if __name__ == "__main__":
    made = Generated(*sys.argv[1:4])
    {"generated_ticketsmart": ticketsmart, "generated_ticket0": ticket0}[sys.argv[1]](made)
    print(f"{made.made} calls of the generated client, and their answers, are what it expects")
