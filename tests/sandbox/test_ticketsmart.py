"""TicketSmart on the wire: endpoints, filters, every documented error body."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from willcall.sandbox import ManualClock, Sandbox
from willcall.sandbox.app import App
from willcall.sandbox.inprocess import Caller, call

LAUGHS = "late-laughs-with-priya-raman"
CREATE = {
    "title": "Comedy Night",
    "startsAt": "2026-09-01T19:00:00Z",
    "timezone": "America/New_York",
    "venueName": "Main Room",
    "city": "New York",
    "country": "US",
    "currency": "USD",
    "visibility": "PUBLIC",
    "category": "COMEDY",
    "ticketTypes": [{"name": "General Admission", "price": 2500, "quantity": 120}],
}


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(ManualClock())


@pytest.fixture
def ts(sandbox: Sandbox) -> Caller:
    return Caller(sandbox, "ticketsmart")


def problems(answer: Any) -> dict[str, str]:
    assert answer.status == 400
    body = answer.json()
    assert set(body) == {"error", "details"}
    assert body["error"] == "Validation failed"
    return {detail["path"]: detail["message"] for detail in body["details"]}


# Reading.


def test_quick_start_of_the_documentation(ts: Caller) -> None:
    answer = ts.get("/events", limit=5)
    assert answer.status == 200
    assert set(answer.json()) == {"events", "pagination"}
    assert len(answer.json()["events"]) == 5
    assert answer.json()["pagination"] == {"page": 1, "limit": 5, "total": 10, "totalPages": 2}


def test_pages_cover_everything_once(ts: Caller) -> None:
    seen = []
    for page in (1, 2, 3, 4, 5):
        seen += [row["id"] for row in ts.get("/events", limit=3, page=page).json()["events"]]
    assert len(seen) == len(set(seen)) == 10


def test_rows_carry_ticket_types_or_not(ts: Caller, sandbox: Sandbox) -> None:
    assert "ticketTypes" in ts.get("/events").json()["events"][0]
    sandbox.settings.ticket_types_in_rows = False
    sandbox.settings.pagination_fields = False
    body = ts.get("/events").json()
    assert "ticketTypes" not in body["events"][0]
    assert body["pagination"] == {}


def test_ticket_types_in_events_tell_stock_or_not(ts: Caller, sandbox: Sandbox) -> None:
    sandbox.settings.stock_in_events = False
    row = next(one for one in ts.get("/events").json()["events"] if one["ticketTypes"])
    alone = ts.get(f"/events/{row['id']}").json()["event"]
    for kind in (*row["ticketTypes"], *alone["ticketTypes"]):
        assert {"sold", "available"} & set(kind) == set()
    asked = ts.get(f"/events/{row['id']}/ticket-types").json()["ticketTypes"]
    assert asked[0]["available"] is not None


def test_one_event_by_id_or_slug_enveloped_or_bare(ts: Caller, sandbox: Sandbox) -> None:
    by_slug = ts.get(f"/events/{LAUGHS}").json()["event"]
    assert by_slug == ts.get(f"/events/{by_slug['id']}").json()["event"]
    assert by_slug["publicUrl"].endswith(LAUGHS)
    assert [kind["name"] for kind in by_slug["ticketTypes"]] == ["General Admission", "Front Table"]
    assert by_slug["ticketTypes"][0]["price"] == 2500
    assert by_slug["startsAt"] == "2026-09-04T01:00:00.000Z"
    sandbox.settings.enveloped = False
    assert ts.get(f"/events/{LAUGHS}").json() == by_slug


def test_ticket_types_tell_stock_windows_limits_and_hidden_state(ts: Caller) -> None:
    kinds = ts.get("/events/tannery-sessions-imogen-vale/ticket-types").json()["ticketTypes"]
    assert kinds[0] == {
        "id": kinds[0]["id"],
        "name": "Standing",
        "price": 2200,
        "quantity": 260,
        "sold": 187,
        "available": 73,
        "saleStartsAt": None,
        "saleEndsAt": None,
        "minPerOrder": 1,
        "maxPerOrder": 10,
        "hidden": False,
    }
    assert [kind["hidden"] for kind in kinds] == [False, False, True]


def test_availability_is_compact_and_without_hidden_types(ts: Caller, sandbox: Sandbox) -> None:
    sandbox.boxoffice.sell_out(LAUGHS, "Front Table")
    body = ts.get(f"/events/{LAUGHS}/availability").json()
    assert set(body) == {"eventId", "status", "soldOut", "ticketTypes"}
    assert (body["status"], body["soldOut"]) == ("PUBLISHED", False)
    assert [(k["name"], k["available"], k["soldOut"]) for k in body["ticketTypes"]] == [
        ("General Admission", 46, False),
        ("Front Table", 0, True),
    ]
    vale = ts.get("/events/tannery-sessions-imogen-vale/availability").json()
    assert [kind["name"] for kind in vale["ticketTypes"]] == ["Standing", "Gallery"]


def test_filters(ts: Caller, sandbox: Sandbox) -> None:
    def titles(**query: object) -> set[str]:
        return {row["title"] for row in ts.get("/events", limit=100, **query).json()["events"]}

    assert titles(status="DRAFT") == {"A Midsummer Night's Dream"}
    assert titles(search="priya") == {
        "Late Laughs with Priya Raman",
        "Priya Raman: Work in Progress",
    }
    assert titles(search="montréal") == {"Café noir : chansons d'hiver"}
    live = titles(liveOnly="true")
    assert len(live) == 8
    assert "Priya Raman: Work in Progress" not in live
    sandbox.boxoffice.sell_out(LAUGHS)
    assert titles(liveOnly="true") == live
    assert titles(status="SOLD_OUT") == {"Late Laughs with Priya Raman"}
    assert titles(liveOnly="false") == titles()
    assert titles(dateTo="2026-09-01T00:00:00Z") == {"Priya Raman: Work in Progress"}
    assert titles(dateFrom="2026-09-04T01:00:00+00:00", dateTo="2026-09-04T03:00:00+02:00") == {
        "Late Laughs with Priya Raman"
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "sold_out"),
        ("status", "HIDDEN"),
        ("dateFrom", "2026-09-01T19:00:00"),
        ("dateFrom", "2026-09-01"),
        ("dateTo", "tomorrow"),
        ("dateTo", "0001-01-01T00:00:00+14:00"),
        ("liveOnly", "yes"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "1.5"),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "²"),
        ("limit", ""),
    ],
)
def test_invalid_filters_are_named(ts: Caller, name: str, value: str) -> None:
    assert set(problems(ts.get("/events", **{name: value}))) == {name}


def test_unknown_parameters_pass_unless_strict(ts: Caller, sandbox: Sandbox) -> None:
    assert ts.get("/events", venue="x").status == 200
    sandbox.settings.strict = True
    assert problems(ts.get("/events", venue="x")) == {"venue": "Unknown field"}


# Creating.


def test_create_as_documented(ts: Caller, sandbox: Sandbox) -> None:
    answer = ts.post("/events", CREATE)
    assert answer.status == 201
    event = answer.json()["event"]
    assert event["status"] == "DRAFT"
    assert event["slug"] == "comedy-night"
    assert event["ticketTypes"][0]["available"] == 120
    for name, value in CREATE.items():
        if name not in ("ticketTypes", "startsAt"):
            assert event[name] == value
    assert sandbox.boxoffice.event("Comedy Night").starts_at == datetime(2026, 9, 1, 19, tzinfo=UTC)
    assert ts.post("/events", CREATE).json()["event"]["slug"] == "comedy-night-2"


def test_create_needs_title_and_start_alone(ts: Caller) -> None:
    event = ts.post("/events", {"title": "T", "startsAt": "2026-10-01T19:00:00Z"}).json()["event"]
    assert (event["currency"], event["visibility"], event["ticketTypes"]) == ("USD", "PUBLIC", [])
    assert problems(ts.post("/events", {})) == {"title": "Required", "startsAt": "Required"}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"status": "PUBLISHED"}, "status"),
        ({"title": "  "}, "title"),
        ({"title": 5}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"startsAt": "2026-09-01T19:00:00"}, "startsAt"),
        ({"startsAt": 1788289200}, "startsAt"),
        ({"endsAt": "2026-08-01T19:00:00Z"}, "endsAt"),
        ({"doorsOpen": "19:00"}, "doorsOpen"),
        ({"currency": "usd"}, "currency"),
        ({"currency": "EURO"}, "currency"),
        ({"visibility": "SECRET"}, "visibility"),
        ({"category": "OPERA"}, "category"),
        ({"slug": "Late Show"}, "slug"),
        ({"ticketTypes": {}}, "ticketTypes"),
        ({"ticketTypes": ["VIP"]}, "ticketTypes.0"),
        ({"ticketTypes": [{"price": 1, "quantity": 1}]}, "ticketTypes.0.name"),
        ({"ticketTypes": [{"name": "A", "price": 25.5, "quantity": 1}]}, "ticketTypes.0.price"),
        ({"ticketTypes": [{"name": "A", "price": -1, "quantity": 1}]}, "ticketTypes.0.price"),
        ({"ticketTypes": [{"name": "A", "price": True, "quantity": 1}]}, "ticketTypes.0.price"),
        ({"ticketTypes": [{"name": "A", "price": 0, "quantity": "9"}]}, "ticketTypes.0.quantity"),
    ],
)
def test_schema_failures_are_named_and_nothing_is_made(
    ts: Caller, sandbox: Sandbox, change: dict[str, Any], path: str
) -> None:
    assert set(problems(ts.post("/events", CREATE | change))) == {path}
    assert len(sandbox.boxoffice.events) == 10


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"title": "\\ud800"}'])
def test_invalid_json(ts: Caller, body: bytes) -> None:
    assert set(problems(ts.send("POST", "/events", body=body))) == {""}
    assert set(problems(ts.send("PATCH", f"/events/{LAUGHS}", body=body))) == {""}


def test_details_can_be_plain_strings(ts: Caller, sandbox: Sandbox) -> None:
    sandbox.settings.details = "strings"
    assert ts.post("/events", {"title": "T"}).json() == {
        "error": "Validation failed",
        "details": ["startsAt: Required"],
    }


# Patching.


def test_patch_as_documented(ts: Caller, sandbox: Sandbox) -> None:
    patch = {
        "title": "Late Show",
        "slug": "late-show",
        "addTicketType": {"name": "VIP", "price": 4500, "quantity": 20},
    }
    event = ts.patch(f"/events/{LAUGHS}", patch).json()["event"]
    assert (event["title"], event["slug"]) == ("Late Show", "late-show")
    assert event["ticketTypes"][-1]["name"] == "VIP"
    assert ts.get(f"/events/{LAUGHS}").status == 404
    assert ts.get("/events/late-show").status == 200


def test_remove_an_unsold_ticket_type(ts: Caller, sandbox: Sandbox) -> None:
    kind = sandbox.boxoffice.add_ticket_type(LAUGHS, "VIP", 4500, 20)
    event = ts.patch(f"/events/{LAUGHS}", {"removeTicketTypeId": kind.id}).json()["event"]
    assert "VIP" not in [kind["name"] for kind in event["ticketTypes"]]
    again = ts.patch(f"/events/{LAUGHS}", {"removeTicketTypeId": kind.id})
    assert set(problems(again)) == {"removeTicketTypeId"}


def test_a_refused_patch_leaves_no_trace(ts: Caller, sandbox: Sandbox) -> None:
    sold = sandbox.boxoffice.event(LAUGHS).ticket_type("General Admission")
    before = sandbox.truth()
    patch = {
        "title": "X",
        "slug": "x",
        "addTicketType": {"name": "VIP", "price": 1, "quantity": 1},
        "removeTicketTypeId": sold.id,
    }
    answer = ts.patch(f"/events/{LAUGHS}", patch)
    assert answer.status == 409
    assert answer.json() == {"error": "Cannot remove a ticket type that has sold tickets"}
    del patch["removeTicketTypeId"]
    answer = ts.patch(f"/events/{LAUGHS}", {**patch, "slug": "the-cherry-orchard"})
    assert answer.status == 409
    assert answer.json() == {"error": "Slug is already taken"}
    assert set(problems(ts.patch(f"/events/{LAUGHS}", {**patch, "status": "CANCELLED"}))) == {
        "status"
    }
    assert sandbox.truth() == before


def test_slug_taken_on_create_and_own_slug_kept(ts: Caller) -> None:
    answer = ts.post("/events", CREATE | {"slug": LAUGHS})
    assert answer.status == 409
    assert answer.json() == {"error": "Slug is already taken"}
    assert ts.patch(f"/events/{LAUGHS}", {"slug": LAUGHS}).status == 200


# Refusals.


@pytest.mark.parametrize("key", ["", "ts_sk_live_nobody", "t0_test_wrong_service"])
def test_unauthorized(sandbox: Sandbox, key: str) -> None:
    headers = [("x-api-key", key)] if key else []
    answer = call(App(sandbox), "GET", "/ticketsmart/api/v1/events", headers=headers)
    assert answer.status == 401
    assert answer.json() == {
        "error": "Unauthorized",
        "hint": "Send your API key in the x-api-key request header",
    }


def test_a_revoked_or_expired_key_stops_at_once(sandbox: Sandbox, ts: Caller) -> None:
    later = sandbox.now() + timedelta(seconds=60)
    expiring = Caller(sandbox, "ticketsmart", sandbox.new_key("ticketsmart", expires_at=later))
    assert expiring.get("/events").status == 200
    assert isinstance(sandbox.clock, ManualClock)
    sandbox.clock.advance(60)
    assert expiring.get("/events").status == 401
    assert ts.get("/events").status == 200
    sandbox.revoke(sandbox.ticketsmart_key)
    assert ts.get("/events").status == 401


def test_missing_scopes_are_named(sandbox: Sandbox) -> None:
    reader = Caller(sandbox, "ticketsmart", sandbox.new_key("ticketsmart", ["events:read"]))
    assert reader.get("/events").status == 200
    for answer in (reader.post("/events", CREATE), reader.patch(f"/events/{LAUGHS}", {})):
        assert answer.status == 403
        assert answer.json() == {"error": "Forbidden", "missingScopes": ["events:write"]}
    writer = Caller(sandbox, "ticketsmart", sandbox.new_key("ticketsmart", ["events:write"]))
    assert writer.get(f"/events/{LAUGHS}/availability").json() == {
        "error": "Forbidden",
        "missingScopes": ["events:read"],
    }


def test_event_not_found_and_not_in_this_box_office(sandbox: Sandbox, ts: Caller) -> None:
    sandbox.new_box_office("annex").create("Elsewhere", sandbox.now())
    other = Caller(sandbox, "ticketsmart", sandbox.new_key("ticketsmart", box_office="annex"))
    assert [row["title"] for row in other.get("/events").json()["events"]] == ["Elsewhere"]
    for caller, path in ((ts, "/events/elsewhere"), (other, f"/events/{LAUGHS}/ticket-types")):
        answer = caller.get(path)
        assert answer.status == 404
        assert answer.json() == {"error": "Event not found"}
    assert ts.patch("/events/nothing", {}).json() == {"error": "Event not found"}


def test_unknown_paths_and_methods(ts: Caller) -> None:
    assert ts.get("/orders").status == 404
    assert ts.get("/events/").status == 404
    answer = ts.send("DELETE", f"/events/{LAUGHS}")
    assert answer.status == 405
    assert answer.header("allow") == "GET, PATCH"


def test_cors_preflight_needs_no_key(sandbox: Sandbox, ts: Caller) -> None:
    preflight = call(App(sandbox), "OPTIONS", "/ticketsmart/api/v1/events")
    assert preflight.status == 204
    for answer in (preflight, ts.get("/events"), ts.get("/events/none")):
        assert answer.header("access-control-allow-origin") == "*"
        assert answer.header("access-control-allow-methods") == "GET, POST, PATCH, OPTIONS"
        assert answer.header("access-control-allow-headers") == "Content-Type, x-api-key"
