"""The control surface, over HTTP as the demo uses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from willcall.sandbox import ManualClock, Sandbox, serve
from willcall.sandbox.control import EVENT_ACTS, TICKET_ACTS
from willcall.sandbox.server import Served

LAUGHS = "late-laughs-with-priya-raman"


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    with serve(Sandbox(ManualClock(), desk="2025")) as served:
        yield served


@pytest.fixture
def sandbox(running: Served) -> Sandbox:
    running.sandbox.reset()
    return running.sandbox


@pytest.fixture
def control(running: Served, sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.control_url, trust_env=False) as client:
        yield client


def done(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_night_of_sales(control: httpx.Client) -> None:
    def act(name: str, /, **values: object) -> Any:
        return done(control.post(f"/events/{LAUGHS}/{name}", json=values))

    sold = act("sell", ticket_type="Front Table", count=2)
    assert sold["ticketTypes"][1]["sold"] == 13
    assert act("sell")["ticketTypes"][0]["sold"] == 75
    assert act("sell-out")["status"] == "SOLD_OUT"
    assert act("restock", ticket_type="Front Table", count=4)["status"] == "PUBLISHED"
    assert act("refund", ticket_type="Front Table", count=1)["ticketTypes"][1]["available"] == 5
    assert act("hide", ticket_type="Front Table", hidden=True)["status"] == "SOLD_OUT"
    assert act("set-price", ticket_type="Front Table", price=1)["ticketTypes"][1]["price"] == 1
    assert act("add-ticket-type", name="VIP", price=9000, quantity=5)["status"] == "PUBLISHED"
    assert len(act("remove-ticket-type", ticket_type="VIP")["ticketTypes"]) == 2
    moved = act("move", venue="The Annex", city="Evanston")
    assert (moved["venueName"], moved["city"]) == ("The Annex", "Evanston")
    assert act("reschedule", days=1)["startsAt"] == "2026-09-05T01:00:00.000Z"
    later = act("reschedule", starts_at="2026-10-01T20:00:00-05:00")
    assert later["startsAt"] == "2026-10-02T01:00:00.000Z"
    assert act("rename", title="Later Laughs")["title"] == "Later Laughs"
    for name, status in (
        *(("publish", "SOLD_OUT"), ("cancel", "CANCELLED")),
        *(("complete", "COMPLETED"), ("archive", "ARCHIVED")),
    ):
        assert act(name)["status"] == status
    assert act("set-status", status="POSTPONED")["status"] == "POSTPONED"
    assert act("delete")["deleted"].startswith("evt_")
    assert control.post(f"/events/{LAUGHS}/sell").status_code == 404


def test_events_by_title_and_in_other_box_offices(control: httpx.Client, sandbox: Sandbox) -> None:
    assert done(control.post("/events/The Cherry Orchard/cancel"))["status"] == "CANCELLED"
    assert done(control.post("/box-offices", json={"name": "annex"})) == {
        "boxOffices": ["main-room", "annex"]
    }
    body = {
        "title": "Elsewhere",
        "starts_at": "2026-10-01T19:00:00Z",
        "status": "PUBLISHED",
        "ticket_types": [{"name": "GA", "price": 100, "quantity": 1}],
    }
    done(control.post("/events", params={"box_office": "annex"}, json=body))
    sold = done(control.post("/events/Elsewhere/sell", params={"box_office": "annex"}))
    assert sold["status"] == "SOLD_OUT"
    assert len(done(control.get("/events", params={"box_office": "annex"}))["events"]) == 1
    assert len(done(control.get("/events"))["events"]) == 10
    assert set(done(control.get("/truth"))["boxOffices"]) == {"main-room", "annex"}


def test_people_at_the_desk(control: httpx.Client, sandbox: Sandbox) -> None:
    new = {"subject": "Hello", "customer_email": "c@example.com", "body": "Hi"}
    ticket = done(control.post("/tickets", json=new))

    def act(name: str, /, **values: object) -> Any:
        return done(control.post(f"/tickets/{ticket['id']}/{name}", json=values))

    assert act("tag", tag="vip")["tags"] == ["vip"]
    assert act("untag", tag="vip")["tags"] == []
    assert act("assign", user="usr_01ada")["assigneeId"] == "usr_01ada"
    assert act("resolve")["status"] == "resolved"
    assert act("reply", body="Still there?")["status"] == "open"
    assert act("snooze", seconds=60)["status"] == "snoozed"
    done(control.post("/clock/advance", json={"seconds": 60}))
    assert done(control.get("/tickets"))["tickets"][0]["status"] == "open"
    assert act("snooze")["status"] == "snoozed"
    assert act("reopen")["status"] == "open"
    assert act("rename", subject="Hello again")["subject"] == "Hello again"
    assert len(act("resolve")["messages"]) == 2
    sandbox.desk.send(ticket["id"], "Yes", author=sandbox.desk.users[0])
    assert done(control.get("/outbox"))["messages"][0]["to"] == ["c@example.com"]
    assert act("delete") == {"deleted": ticket["id"]}
    assert done(control.get("/tickets")) == {"tickets": []}


def test_faults_settings_and_requests(
    control: httpx.Client, running: Served, sandbox: Sandbox
) -> None:
    body = {"kind": "status", "service": "ticket0", "status": 503, "count": 1}
    fault = done(control.post("/faults", json=body))
    headers = {"authorization": f"Bearer {sandbox.ticket0_key}"}
    url = f"{running.ticket0_url}/tickets"
    assert httpx.get(url, headers=headers, trust_env=False).status_code == 503
    assert httpx.get(url, headers=headers, trust_env=False).status_code == 200
    assert done(control.get("/faults"))["faults"] == [fault | {"hits": 1, "matches": 2}]
    assert done(control.delete(f"/faults/{fault['id']}")) == {"faults": []}
    done(control.post("/faults", json={"kind": "down"}))
    assert done(control.delete("/faults")) == {"faults": []}
    assert [line["status"] for line in done(control.get("/requests"))["requests"]] == [503, 200]
    assert done(control.delete("/requests")) == {"requests": []}
    assert done(control.patch("/settings", json={"enveloped": False}))["enveloped"] is False
    assert done(control.get("/settings"))["enveloped"] is False
    assert done(control.post("/reset")) == {"reset": True}
    assert done(control.get("/settings"))["enveloped"] is True


def test_keys_are_shown_once(control: httpx.Client, sandbox: Sandbox) -> None:
    body = {"service": "ticket0", "scopes": ["tickets:read"], "name": "reader"}
    made = done(control.post("/keys", json=body | {"expires_at": "2036-01-01T00:00:00Z"}))
    assert (made["name"], made["key"][:8]) == ("reader", "t0_test_")
    listed = control.get("/keys")
    assert done(listed)["keys"][-1] == {
        "name": "reader",
        "service": "ticket0",
        "scopes": ["tickets:read"],
        "home": "workspace",
        "active": True,
    }
    for token in (made["key"], sandbox.ticket0_key, sandbox.ticketsmart_key):
        assert token not in listed.text
    done(control.post("/keys/reader/revoke"))
    assert done(control.get("/keys"))["keys"][-1]["active"] is False


def test_the_index_names_every_route_and_act(control: httpx.Client) -> None:
    index = done(control.get("/"))
    assert "POST /_control/events/{event}/{act}" in index["routes"]
    assert set(index["eventActs"]) == set(EVENT_ACTS)
    assert set(index["ticketActs"]) == set(TICKET_ACTS)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", f"/events/{LAUGHS}/sell", {"count": 1000}, 400),
        ("POST", f"/events/{LAUGHS}/sell", {"count": True}, 400),
        ("POST", f"/events/{LAUGHS}/sell", {"count": "2"}, 400),
        ("POST", f"/events/{LAUGHS}/sell", {"number": 2}, 400),
        ("POST", f"/events/{LAUGHS}/restock", {}, 400),
        ("POST", f"/events/{LAUGHS}/reschedule", {"starts_at": "tomorrow"}, 400),
        ("POST", f"/events/{LAUGHS}/remove-ticket-type", {"ticket_type": "Front Table"}, 400),
        ("POST", f"/events/{LAUGHS}/sell", {"ticket_type": "Pit"}, 404),
        ("POST", f"/events/{LAUGHS}/explode", {}, 404),
        ("POST", "/events/none/cancel", {}, 404),
        ("POST", "/events", {"title": "T"}, 400),
        ("POST", "/events", {"title": "T", "starts_at": "2026-10-01T19:00:00Z", "id": "x"}, 400),
        ("POST", "/events", {"title": "T", "starts_at": "2026-10-01T19:00:00Z", "city": 5}, 400),
        ("POST", "/tickets", {"subject": "s"}, 400),
        ("POST", "/tickets/none/resolve", {}, 404),
        ("POST", "/faults", {"kind": "flood"}, 400),
        ("POST", "/faults", {"kind": "down", "speed": 1}, 400),
        ("POST", "/faults", {"kind": "down", "path": 1}, 400),
        ("DELETE", "/faults/flt_99", None, 404),
        ("PATCH", "/settings", {"stirct": True}, 400),
        ("POST", "/keys", {"service": "github"}, 400),
        ("POST", "/keys", {"service": "ticket0", "expires_at": "soon"}, 400),
        ("POST", "/keys/none/revoke", {}, 404),
        ("POST", "/clock/advance", {"seconds": "x"}, 400),
        ("POST", "/clock/advance", {"seconds": -1}, 400),
        ("POST", "/box-offices", {"name": ""}, 400),
        ("GET", "/nothing", None, 404),
        ("DELETE", "/truth", None, 405),
    ],
)
def test_nonsense_is_explained(
    control: httpx.Client, sandbox: Sandbox, method: str, path: str, body: Any, status: int
) -> None:
    before = sandbox.truth()
    answer = control.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    assert sandbox.truth() == before


def test_bad_json_and_a_clock_nobody_can_advance(control: httpx.Client) -> None:
    assert control.post("/faults", content=b"{").json() == {"error": "Invalid JSON"}
    with serve(Sandbox(season=False)) as real:
        answer = httpx.post(
            f"{real.control_url}/clock/advance", json={"seconds": 1}, trust_env=False
        )
        assert answer.status_code == 409
