"""The names on the wire that no documentation states: set in one line, wherever one is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from willcall.bridge.config.file import checked, load
from willcall.client.names import ENVIRONMENT, unknown_name, wire_names
from willcall.client.provider import open_account
from willcall.errors import ConfigError, InputError, Reply
from willcall.sandbox import Sandbox, serve
from willcall.ticket0.api import PROVIDER as TICKET0
from willcall.ticket0.webhooks import TicketEvent, parse
from willcall.ticketsmart.api import PROVIDER as TICKETSMART
from willcall.ticketsmart.api import FlowTicketSmart, TicketSmart
from willcall.ticketsmart.wire import USUAL, wire_of

KEY = "ts_sk_" + "a" * 20
OTHER = {"remove_ticket_type": "removeTicketType"}


def test_without_another_name_nothing_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call and an import cost what they did."""
    assert open_account(TICKETSMART, KEY).wire is TICKETSMART.wire
    assert wire_of(TICKETSMART.wire) is USUAL
    monkeypatch.setenv(ENVIRONMENT, "ticket0.ping=hello")
    assert open_account(TICKETSMART, KEY).wire is TICKETSMART.wire
    first, second = (open_account(TICKETSMART, KEY, wire=OTHER).wire for _ in range(2))
    assert wire_of(first) is wire_of(second)


def test_what_is_given_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what neither names is as it was inferred."""
    text = "ticketsmart.remove_ticket_type=drop, ticketsmart.total=count ticket0.ping=hello"
    monkeypatch.setenv(ENVIRONMENT, text)
    names = open_account(TICKETSMART, KEY, wire=OTHER).wire
    assert (names["remove_ticket_type"], names["total"], names["limit"]) == (
        "removeTicketType",
        "count",
        "limit",
    )
    op = FlowTicketSmart(open_account(TICKETSMART, KEY)).events.remove_ticket_type.op("gala", "t")
    assert op.json == {"drop": "t"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"remove_tickettype": "x"}, "did you mean 'remove_ticket_type'?"),
        ({"nonsense-entirely": "x"}, "known: remove_ticket_type, "),
        ({"remove_ticket_type": ""}, "no name on the wire"),
        ({"remove_ticket_type": 5}, "no name on the wire"),
        (["remove_ticket_type"], "expected a mapping"),
    ],
)
def test_an_unknown_name_is_refused(given: Any, says: str) -> None:
    """With the nearest one."""
    with pytest.raises(InputError, match="wire") as caught:
        open_account(TICKETSMART, KEY, wire=given)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("remove_ticket_type=x", "does not say which name of which provider"),
        ("ticketsmart.remove_ticket_type", "does not say which name of which provider"),
        ("ticketsmrt.remove_ticket_type=x", "did you mean 'ticketsmart'?"),
        ("ticketsmart.removal=x", "has no inferred name 'removal'"),
    ],
)
def test_a_variable_that_says_nothing_clear_is_refused(
    monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    """It is named, with an example or the nearest name."""
    monkeypatch.setenv(ENVIRONMENT, text)
    with pytest.raises(InputError) as caught:
        wire_names("ticketsmart", TICKETSMART.wire)
    assert caught.value.field == ENVIRONMENT
    assert says in str(caught.value)


def test_a_service_with_other_names_is_read_once_they_are_set() -> None:
    """Every inferred name at once: what is read is the same."""
    from willcall.sandbox.inferred import OTHER_NAMES, OTHER_REMOVAL

    wire = {key: OTHER_NAMES[name] for key, name in TICKETSMART.wire.items() if name in OTHER_NAMES}
    wire["remove_ticket_type"] = OTHER_REMOVAL
    with serve(Sandbox(season=4)) as served:
        sandbox, url = served.sandbox, served.ticketsmart_url
        key = sandbox.ticketsmart_key
        with TicketSmart(key, base_url=url) as usual:
            before = usual.events.list().all()
            event = next(event for event in before if event.status == "PUBLISHED")
            types = usual.events.ticket_types(event.id)
            left = usual.events.availability(event.id)
        sandbox.settings.change({"field_names": "other", "removal_name": "refused"})
        with TicketSmart(key, base_url=url, wire=wire) as api:
            assert api.events.list().all() == before
            assert api.events.ticket_types(event.id) == types
            assert api.events.availability(event.id) == left
            api.events.add_ticket_type(event.id, name="Late", price=1, quantity=5)
            late = next(t for t in api.events.ticket_types(event.id) if t.name == "Late")
            gone = api.events.remove_ticket_type(event.id, late.id)
            assert gone.ticket_types is not None
            assert late.id not in {kind.id for kind in gone.ticket_types}


def test_a_webhook_is_read_under_other_names() -> None:
    """Where a ticket is inside ``data`` is inferred."""
    ticket = {"id": "tkt_1", "subject": "s", "status": "open"}
    body = json.dumps({"id": "evt_1", "type": "ticket.created", "data": {"it": ticket}}).encode()
    event = parse(body, wire={"data_ticket": "it"})
    assert isinstance(event, TicketEvent)
    assert event.ticket is not None
    with pytest.raises(InputError, match="data_ticket"):
        parse(body, wire={"data_tickets": "it"})


def test_a_refusal_that_names_the_field_says_how_to_set_it() -> None:
    """The field's own name stands in the details."""
    from willcall.client.engine import error_from
    from willcall.client.op import Op

    account = open_account(TICKETSMART, KEY)
    details = [{"field": "removeTicketTypeId", "message": "Unrecognized key"}]
    said = json.dumps({"error": "Validation failed", "details": details}).encode()
    reply = Reply(400, {"content-type": "application/json"}, said)
    from datetime import UTC, datetime

    error = error_from(
        Op("PATCH", "/events/gala", lambda reply: reply), account, reply, datetime.now(UTC)
    )
    assert error.hint is not None
    assert "set remove_ticket_type under [wire.ticketsmart]" in error.hint


# -- the configuration ------------------------------------------------------------------------

DESK = {"inbox_id": "inb_1", "customer_email": "a@example.com", "from_address": "b@example.com"}


def configured(wire: dict[str, Any]) -> dict[str, Any]:
    return {"box_office": [{"name": "a"}], "desk": DESK, "wire": wire}


def test_the_configuration_sets_names_for_bridge_and_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of box offices and of the desk."""
    monkeypatch.setenv("TICKETSMART_API_KEY", KEY)
    monkeypatch.setenv("TICKET0_API_KEY", "t0_" + "a" * 20)
    file = tmp_path / "willcall.toml"
    file.write_text(
        '[[box_office]]\nname = "a"\n[desk]\ncustomer_email = "a@example.com"\n'
        'inbox_id = "inb_1"\n[wire]\nticketsmart.remove_ticket_type = "removeTicketType"\n'
        'ticket0.body_html = "html"\n',
        "utf-8",
    )
    config, folder = load(file)
    assert config.box_office[0].account(folder, "").wire == {**TICKETSMART.wire, **OTHER}
    assert config.desk.account(folder, "").wire == {**TICKET0.wire, "body_html": "html"}


@pytest.mark.parametrize(
    ("wire", "field", "says"),
    [
        (
            {"ticketsmart": {"remove_tickettype": "x"}},
            "wire.ticketsmart.remove_tickettype",
            "did you mean 'remove_ticket_type'?",
        ),
        ({"ticketsmrt": {}}, "wire.ticketsmrt", "did you mean 'ticketsmart'?"),
        ({"ticketsmart": {"total": ""}}, "wire.ticketsmart.total", "empty"),
    ],
)
def test_an_unknown_name_in_the_configuration_is_a_complaint(
    wire: dict[str, Any], field: str, says: str
) -> None:
    """By its path, so that ``check`` shows line and column."""
    with pytest.raises(ConfigError) as caught:
        checked(configured(wire))
    assert caught.value.field == field
    assert says in str(caught.value)


def test_a_provider_without_inferred_names_says_so() -> None:
    problem, fix = unknown_name("pretix", {}, "event_city")
    assert problem == "pretix has no inferred name 'event_city'"
    assert fix == "no name of pretix is inferred"
