"""What ``willcall mcp`` offers, without the protocol; ``test_mcp.py`` has that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.shell import Shell
from willcall.cli.apis.assistant import AssistantTool, tools
from willcall.contracts import document, operations
from willcall.errors import InputError, WillcallError

PLAY = "the-cherry-orchard"
SUBJECT = {"subject": "Seats", "customerEmail": "ada@example.com", "body": "Are there 30?"}


def offered(*, allow_writes: bool = True) -> dict[str, AssistantTool]:
    """The tools by name, on the configuration in this folder."""
    return {tool.name: tool for tool in tools(None, None, allow_writes=allow_writes)}


def confirmed(tool: AssistantTool, **values: Any) -> Any:
    """A write in its two steps."""
    shown = tool.run(values)
    assert "Nothing was sent." in shown
    return tool.run({**values, "confirm": shown.rpartition("=")[2]})


def test_only_reads_are_offered_unless_writes_are_allowed(configured: Shell) -> None:
    """Every call of the documents is a tool, in either case with the schemas of the document."""
    every, reading = offered(), offered(allow_writes=False)
    assert all(tool.reads for tool in reading.values())
    assert {name for name, tool in every.items() if tool.reads} == set(reading)
    calls = {
        f"{provider}_{client.replace('.', '_')}": method
        for provider in ("ticketsmart", "ticket0")
        for method, _, operation in operations(document(provider))
        for client in operation["x-client"]
    }
    assert {name for name in every if not name.startswith("willcall_")} == set(calls)
    assert {name for name in reading if not name.startswith("willcall_")} == {
        name for name, method in calls.items() if method == "GET"
    }
    status = every["ticketsmart_events_list"].schema["properties"]["status"]
    assert status["enum"][0] == "DRAFT"
    removal = every["ticketsmart_events_remove_ticket_type"].schema
    assert removal["required"] == ["idOrSlug", "removeTicketTypeId"]
    assert "Inferred" in removal["properties"]["removeTicketTypeId"]["description"]
    assert every["ticket0_customers_upsert"].schema["required"] == ["externalId", "email"]


def test_every_field_of_a_tool_is_an_argument_of_its_call(configured: Shell) -> None:
    """And every argument is a field; nothing of ours is shown."""
    for name, tool in offered().items():
        if not name.startswith("willcall_"):
            assert tool.schema["additionalProperties"] is False
            assert set(tool.schema["required"]) <= set(tool.schema["properties"])
            assert "x-" not in json.dumps(list(tool.schema["properties"].values())).replace(
                "x-api-key", ""
            )


def test_names_are_those_of_the_configuration(configured: Shell) -> None:
    """As ``[wire]`` sets them."""
    with Path("willcall.toml").open("a", encoding="utf-8") as file:
        file.write('\n[wire.ticketsmart]\nremove_ticket_type = "drop"\n')
    schema = offered()["ticketsmart_events_remove_ticket_type"].schema
    assert schema["required"] == ["idOrSlug", "drop"]


def test_a_read_answers_what_the_service_answers(configured: Shell) -> None:
    """With all its fields; moments are taken as text."""
    found = offered()["ticketsmart_events_list"].run(
        {"dateFrom": "2020-01-01T00:00:00Z", "limit": 1}
    )
    assert found["pagination"]["limit"] == 1
    assert "createdAt" in found["events"][0]


def test_wrong_fields_are_named(configured: Shell) -> None:
    """With the nearest, what is missing, and what is no moment."""
    reading = offered()
    with pytest.raises(InputError, match="did you mean idOrSlug"):
        reading["ticketsmart_events_get"].run({"idorSlug": PLAY})
    with pytest.raises(InputError, match="ticketId: it is missing"):
        reading["ticket0_tickets_get"].run({})
    with pytest.raises(InputError, match="'soon' is no ISO 8601"):
        reading["ticketsmart_events_list"].run({"dateFrom": "soon"})


def test_a_write_is_shown_first_and_made_once(configured: Shell) -> None:
    """The same call again finds what it made."""
    desk, opening = configured.desk, offered()["ticket0_tickets_create"]
    before = len(desk.tickets)
    shown = opening.run(SUBJECT)
    assert shown.startswith("This will be sent: POST /tickets\n  subject        Seats [mcp-")
    assert "It is searched for first; if it exists, nothing is sent." in shown
    assert len(desk.tickets) == before
    made = confirmed(opening, **SUBJECT)
    assert confirmed(opening, **SUBJECT)["id"] == made["id"]
    assert len(desk.tickets) == before + 1
    wrong = opening.run({**SUBJECT, "confirm": "00000000"})
    assert "The code is not that of this request" in wrong


def test_a_code_is_good_for_what_was_shown_alone(configured: Shell) -> None:
    """Neither for another request, nor after somebody else has changed what is there."""
    change = offered()["ticketsmart_events_update"]
    values = {"idOrSlug": PLAY, "city": "Rome"}
    shown = change.run(values)
    assert 'There now: {"city": "New York"}' in shown
    code = shown.rpartition("=")[2]
    assert "Nothing was sent" in change.run({**values, "city": "Oslo", "confirm": code})
    configured.box_office.update(PLAY, city="Paris")
    assert 'There now: {"city": "Paris"}' in change.run({**values, "confirm": code})
    assert confirmed(change, **values)["city"] == "Rome"


def test_every_write_can_be_made(configured: Shell) -> None:
    """By its tool, in two steps."""
    every = offered()
    event = confirmed(
        every["ticketsmart_events_create"],
        title="Night",
        startsAt="2027-03-01T19:30:00Z",
        ticketTypes=[{"name": "Floor", "price": 2500, "quantity": 5}],
    )["id"]
    added = confirmed(
        every["ticketsmart_events_add_ticket_type"],
        idOrSlug=event,
        name="VIP",
        price=100,
        quantity=2,
    )
    kind = added["ticket_types"][-1]["id"]
    left = confirmed(
        every["ticketsmart_events_remove_ticket_type"], idOrSlug=event, removeTicketTypeId=kind
    )
    assert [kind["name"] for kind in left["ticket_types"]] == ["Floor"]
    ticket = confirmed(every["ticket0_tickets_create"], **SUBJECT)["id"]
    tagged = confirmed(every["ticket0_tickets_update"], ticketId=ticket, tags=["a"])
    assert tagged["tags"] == ["a"]
    house = configured.desk.inboxes[0].addresses[0]
    reply = {"ticketId": ticket, "fromAddress": house, "bodyText": "Yes."}
    assert confirmed(every["ticket0_messages_send"], **reply)["is_note"] is False
    assert confirmed(every["ticket0_messages_note"], ticketId=ticket, body="Hm.")["is_note"] is True
    made = confirmed(every["ticket0_customers_create"], email="b@example.com")
    assert made["id"] in every["ticket0_customers_create"].run({"email": "b@example.com"})
    upserted = confirmed(
        every["ticket0_customers_upsert"], email="c@example.com", externalId="x", name="N"
    )
    again = confirmed(every["ticket0_customers_create"], email="c@example.com", externalId="x")
    assert again["id"] == upserted["id"]
    named = confirmed(every["ticket0_customers_update"], customerId=made["id"], name="Bo")
    assert named["name"] == "Bo"


def test_the_bridge_answers_its_questions(night: Shell) -> None:
    """What is sold out, why no ticket was opened, what a rule would have done."""
    asked = offered(allow_writes=False)
    found = asked["willcall_sold_out"].run({})["sold_out"]
    (play,) = (fact for fact in found if fact["title"] == "The Cherry Orchard")
    assert play["ticket"] is None  # it is silenced
    assert play["why_not"] == f"willcall_explain {play['event']}"
    assert "silence" in asked["willcall_explain"].run({"name": play["event"]})
    rule = '[[rule]]\nid = "mine"\nwhen = "event.cancelled"\n'
    past = asked["willcall_replay"].run({"since": "1d", "rules": rule})
    assert "under mine instead of built-in/event.cancelled" in past
    assert list(Path().glob(".willcall-replay-*")) == []
    with pytest.raises(WillcallError, match="no such key"):
        asked["willcall_replay"].run({"rules": '[[rule]]\nid = "mine"\nwen = "x"\n'})
    assert "under built-in/event.cancelled" not in asked["willcall_replay"].run({})
    assert "1 open" in asked["willcall_status"].run({})
    assert "cancelled" in asked["willcall_log"].run({"event": "Late Laughs"})
    assert "0 errors" in asked["willcall_check"].run({})
    assert "nothing new" in asked["willcall_plan"].run({})
    with pytest.raises(WillcallError, match="knows no event"):
        asked["willcall_explain"].run({"name": "--json"})
    with pytest.raises(InputError, match="config: there is no such field"):
        asked["willcall_log"].run({"config": "other.toml"})
    with pytest.raises(InputError, match="name: expected a text"):
        asked["willcall_explain"].run({"name": 5})


def test_a_ticket_that_says_so_is_named(configured: Shell) -> None:
    """The event's; its ticket types are not listed beside it."""
    assert configured("run", "-q").code == 0
    configured.box_office.sell_out(PLAY)
    assert configured("run", "-q").code == 0
    found = offered()["willcall_sold_out"].run({})["sold_out"]
    (play,) = (fact for fact in found if fact["title"] == "The Cherry Orchard")
    assert play["ticket"] == configured.desk.tickets[-1].id
    assert play["ticket_type"] is None


def test_without_the_sdk_the_extra_is_named(bare: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless it is there."""
    pytest.importorskip("typer")
    try:
        import mcp  # noqa: F401
    except ModuleNotFoundError:
        from willcall.cli.shell.app import run

        assert run(["mcp"]) == 2
        assert "pip install 'willcall[mcp]'" in capsys.readouterr().err
    else:
        pytest.skip("mcp is installed here")
