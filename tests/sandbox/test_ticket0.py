"""Ticket0 on the wire: endpoints, filters, cursors, every documented error body."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from willcall.sandbox import ManualClock, Sandbox
from willcall.sandbox.app import App
from willcall.sandbox.inprocess import Caller, LocalResponse, call

TICKET = {
    "subject": "Sold out: Late Laughs",
    "customerEmail": "Organiser@Example.com",
    "inboxId": "inb_01abc",
    "body": "No tickets are left.",
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sandbox(clock: ManualClock) -> Sandbox:
    return Sandbox(clock, season=False, desk="2025", ticket0_limit=None)


@pytest.fixture
def t0(sandbox: Sandbox) -> Caller:
    return Caller(sandbox, "ticket0")


def invalid(answer: LocalResponse) -> str:
    assert answer.status == 400
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    assert body["error"]["code"] == "VALIDATION_ERROR"
    return str(body["error"]["message"])


def opened(t0: Caller, **changes: Any) -> dict[str, Any]:
    answer = t0.post("/tickets", TICKET | changes)
    assert answer.status == 201
    ticket: dict[str, Any] = answer.json()
    return ticket


# Tickets.


def test_create_and_get_a_bare_ticket(t0: Caller, sandbox: Sandbox) -> None:
    ticket = opened(t0)
    assert ticket == {
        "id": ticket["id"],
        "subject": TICKET["subject"],
        "status": "open",
        "assigneeId": None,
        "customerId": ticket["customerId"],
        "inboxId": "inb_01abc",
        "tags": [],
        "createdAt": "2026-09-01T12:00:00.000Z",
        "updatedAt": "2026-09-01T12:00:00.000Z",
    }
    assert ticket["id"].startswith("tkt_")
    assert ticket["customerId"].startswith("cust_")
    assert t0.get(f"/tickets/{ticket['id']}").json() == ticket
    sandbox.settings.ticket_enveloped = True
    assert t0.get(f"/tickets/{ticket['id']}").json() == {"ticket": ticket}
    assert sandbox.desk.outbox == []


def test_tags_at_creation_are_ignored_or_refused(t0: Caller, sandbox: Sandbox) -> None:
    assert opened(t0, tags=["willcall"], externalId="x")["tags"] == []
    sandbox.settings.strict = True
    assert "tags: Unknown field" in invalid(t0.post("/tickets", TICKET | {"tags": ["willcall"]}))


def test_one_customer_per_address(t0: Caller) -> None:
    first, second = opened(t0), opened(t0, customerEmail="organiser@example.com")
    assert first["customerId"] == second["customerId"]
    customer = t0.get(f"/customers/{first['customerId']}").json()
    assert (customer["email"], customer["ticketCount"]) == ("organiser@example.com", 2)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": None}, "subject"),
        ({"subject": "x" * 501}, "subject"),
        ({"customerEmail": "nobody"}, "customerEmail"),
        ({"customerEmail": "a b@example.com"}, "customerEmail"),
        ({"inboxId": "inb_none"}, "inboxId"),
        ({"body": 5}, "body"),
    ],
)
def test_create_is_validated(
    t0: Caller, sandbox: Sandbox, change: dict[str, Any], named: str
) -> None:
    assert invalid(t0.post("/tickets", TICKET | change)).startswith(f"{named}: ")
    assert sandbox.desk.tickets == []


def test_create_needs_all_four(t0: Caller) -> None:
    message = invalid(t0.post("/tickets", {}))
    assert (
        message == "subject: Required; customerEmail: Required; inboxId: Required; body: Required"
    )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff"])
def test_invalid_json(t0: Caller, body: bytes) -> None:
    invalid(t0.send("POST", "/tickets", body=body))


def test_patch_sets_what_is_sent(t0: Caller, clock: ManualClock) -> None:
    ticket = opened(t0)
    path = f"/tickets/{ticket['id']}"
    clock.advance(5)
    patched = t0.patch(path, {"tags": ["willcall", "wc-1", "willcall"]}).json()
    assert patched["tags"] == ["willcall", "wc-1"]
    assert patched["updatedAt"] == "2026-09-01T12:00:05.000Z"
    assert t0.patch(path, {"tags": ["other"]}).json()["tags"] == ["other"]
    assert t0.patch(path, {"status": "resolved", "assigneeId": "usr_01ada"}).json() == patched | {
        "tags": ["other"],
        "status": "resolved",
        "assigneeId": "usr_01ada",
    }
    assert t0.patch(path, {"assigneeId": None}).json()["assigneeId"] is None
    assert t0.patch(path, {}).json()["tags"] == ["other"]


@pytest.mark.parametrize(
    ("patch", "named"),
    [
        ({"status": "closed"}, "status"),
        ({"status": "RESOLVED"}, "status"),
        ({"status": None}, "status"),
        ({"assigneeId": "usr_none"}, "assigneeId"),
        ({"tags": "willcall"}, "tags"),
        ({"tags": [1]}, "tags"),
        ({"tags": [""]}, "tags"),
    ],
)
def test_patch_is_validated(t0: Caller, patch: dict[str, Any], named: str) -> None:
    ticket = opened(t0)
    answer = t0.patch(f"/tickets/{ticket['id']}", {"tags": ["kept-out"], **patch})
    assert invalid(answer).startswith(f"{named}: ")
    assert t0.get(f"/tickets/{ticket['id']}").json() == ticket


def test_list_filters(t0: Caller, sandbox: Sandbox) -> None:
    first = opened(t0)["id"]
    second = opened(t0, inboxId="inb_02def")["id"]
    sandbox.desk.resolve(first)
    sandbox.desk.assign(first, "usr_02ben")
    sandbox.desk.tag(second, "willcall")

    def ids(**query: object) -> list[str]:
        return [row["id"] for row in t0.get("/tickets", **query).json()["tickets"]]

    assert ids() == [second, first]
    assert ids(status="open") == [second]
    assert ids(status="resolved") == [first]
    assert ids(assigneeId="usr_02ben") == [first]
    assert ids(inboxId="inb_02def") == [second]
    assert ids(tag="willcall") == [second]
    assert ids(tag="will") == []
    assert ids(tag="willcall", status="resolved") == []
    sandbox.settings.ticket_order = "oldest"
    assert ids() == [first, second]


def test_cursor_paging_neither_repeats_nor_hides(t0: Caller, sandbox: Sandbox) -> None:
    old = [opened(t0, subject=f"No. {n}")["id"] for n in range(7)]
    page = t0.get("/tickets", limit=3).json()
    seen = [row["id"] for row in page["tickets"]]
    opened(t0, subject="in between")
    sandbox.desk.delete(seen[-1])
    while page["nextCursor"] is not None:
        page = t0.get("/tickets", limit=3, cursor=page["nextCursor"]).json()
        seen += [row["id"] for row in page["tickets"]]
    assert seen == old[::-1]


def test_a_last_page_that_is_full_has_no_cursor(t0: Caller) -> None:
    for _ in range(20):
        opened(t0)
    page = t0.get("/tickets").json()
    assert (len(page["tickets"]), page["nextCursor"]) == (20, None)
    assert t0.get("/tickets", limit=19).json()["nextCursor"] is not None
    assert t0.get("/tickets", limit=100).json()["nextCursor"] is None


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%%%",
        base64.urlsafe_b64encode(b'["oldest", 1, 9e9]').decode(),
        base64.urlsafe_b64encode(b'["newest", "1", 9e9]').decode(),
        base64.urlsafe_b64encode(b'["newest", true, 9e9]').decode(),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        base64.urlsafe_b64encode(b"5").decode(),
    ],
)
def test_bad_cursors(t0: Caller, cursor: str) -> None:
    assert invalid(t0.get("/tickets", cursor=cursor)) == "cursor: Invalid cursor"
    assert invalid(t0.get("/customers", cursor=cursor)) == "cursor: Invalid cursor"


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"status": "new"}])
def test_bad_filters(t0: Caller, query: dict[str, object]) -> None:
    assert invalid(t0.get("/tickets", **query)).startswith(next(iter(query)))


# Messages.


def test_messages_public_shape(t0: Caller, sandbox: Sandbox) -> None:
    ticket = opened(t0)
    path = f"/tickets/{ticket['id']}/messages"
    sent = t0.post(path, {"fromAddress": "boxoffice@example.com", "bodyText": "Hello"})
    assert sent.status == 201
    listed = t0.get(path).json()
    assert set(listed) == {"messages", "total"}
    assert listed["total"] == 2
    inbound, outbound = listed["messages"]
    assert outbound == sent.json()
    assert set(outbound) == {
        *("id", "direction", "channel", "subject", "fromAddress", "fromName", "toAddresses"),
        *("ccAddresses", "bodyText", "bodyHtml", "bodyTextCleaned", "externalId", "inReplyTo"),
        *("authorType", "authorId", "authorName", "conversationId", "aiSentiment"),
        *("detectedLanguage", "createdAt"),
    }
    assert (inbound["direction"], inbound["authorType"]) == ("inbound", "customer")
    assert inbound["bodyText"] == TICKET["body"]
    assert outbound["direction"] == "outbound"
    assert outbound["toAddresses"] == ["organiser@example.com"]
    assert outbound["inReplyTo"] == inbound["externalId"]
    assert [message.body for message in sandbox.desk.outbox] == ["Hello"]


def test_a_note_is_not_sent_to_the_customer(t0: Caller, sandbox: Sandbox) -> None:
    path = f"/tickets/{opened(t0)['id']}/messages"
    note = t0.post(path, {"body": "for us", "isNote": True})
    assert note.status == 201
    assert note.json()["isNote"] is True
    assert note.json()["toAddresses"] == []
    assert t0.get(path).json()["messages"][-1]["bodyText"] == "for us"
    assert sandbox.desk.outbox == []


def test_older_messages_come_in_pages(t0: Caller, sandbox: Sandbox) -> None:
    sandbox.settings.message_shape = "older"
    ticket = opened(t0)
    path = f"/tickets/{ticket['id']}/messages"
    for number in range(4):
        t0.post(path, {"body": f"note {number}", "isNote": True})
    page = t0.get(path, limit=2).json()
    assert set(page) == {"messages", "nextCursor"}
    assert page["messages"][0] == {
        "id": page["messages"][0]["id"],
        "ticketId": ticket["id"],
        "direction": "inbound",
        "body": TICKET["body"],
        "authorEmail": "organiser@example.com",
        "authorName": None,
        "isNote": False,
        "createdAt": "2026-09-01T12:00:00.000Z",
    }
    bodies = [message["body"] for message in page["messages"]]
    while page["nextCursor"]:
        page = t0.get(path, limit=2, cursor=page["nextCursor"]).json()
        bodies += [message["body"] for message in page["messages"]]
    assert bodies == [TICKET["body"], "note 0", "note 1", "note 2", "note 3"]
    invalid(t0.get(path, limit=201))
    invalid(t0.get(path, cursor="x"))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"fromAddress": "boxoffice@example.com"}, "bodyText"),
        ({"bodyText": "Hello"}, "fromAddress"),
        ({"fromAddress": "nobody@elsewhere.org", "bodyText": "Hello"}, "fromAddress"),
        ({"body": "no note", "isNote": False}, "fromAddress"),
        ({"isNote": True}, "body"),
        ({"isNote": "perhaps", "body": "x"}, "isNote"),
    ],
)
def test_messages_are_validated(
    t0: Caller, sandbox: Sandbox, body: dict[str, Any], named: str
) -> None:
    path = f"/tickets/{opened(t0)['id']}/messages"
    assert invalid(t0.post(path, body)).startswith(f"{named}: ")
    assert t0.get(path).json()["total"] == 1
    assert sandbox.desk.outbox == []


def test_html_and_copies(t0: Caller, sandbox: Sandbox) -> None:
    path = f"/tickets/{opened(t0)['id']}/messages"
    body = {
        "fromAddress": "support@example.com",
        "bodyText": "Hi",
        "bodyHtml": "<p>Hi</p>",
        "ccAddresses": ["c@example.com"],
    }
    message = t0.post(path, body).json()
    assert {name: message[name] for name in body} == body
    sandbox.settings.unmonitored = "accepted"
    assert t0.post(path, body | {"fromAddress": "new@elsewhere.org"}).status == 201


# Customers.


def test_customers_upsert_by_external_id(t0: Caller) -> None:
    wanted = {"email": "a@example.com", "name": "A", "externalId": "box-1", "metadata": {"k": "v"}}
    first = t0.post("/customers", wanted)
    assert first.status == 201
    assert first.json() == {
        **wanted,
        "id": first.json()["id"],
        "ticketCount": 0,
        "createdAt": "2026-09-01T12:00:00.000Z",
    }
    again = t0.post("/customers", wanted | {"name": "B"})
    assert (again.status, again.json()) == (200, first.json())
    assert t0.get("/customers", externalId="box-1").json() == {
        "customers": [first.json()],
        "nextCursor": None,
    }
    assert t0.get("/customers", email="A@example.com").json()["customers"] == [first.json()]
    assert t0.get("/customers", email="b@example.com").json()["customers"] == []


def test_an_address_that_is_known_gains_the_external_id(t0: Caller) -> None:
    known = opened(t0)["customerId"]
    answer = t0.post("/customers", {"email": "organiser@example.com", "externalId": "box-1"})
    assert (answer.status, answer.json()["id"]) == (200, known)
    assert answer.json()["externalId"] == "box-1"


def test_customer_metadata_merges_and_null_removes(t0: Caller) -> None:
    body = {"email": "a@example.com", "metadata": {"a": "1", "b": "2"}}
    path = f"/customers/{t0.post('/customers', body).json()['id']}"
    patched = t0.patch(path, {"name": "Ann", "metadata": {"a": None, "c": "3", "d": None}}).json()
    assert (patched["name"], patched["metadata"]) == ("Ann", {"b": "2", "c": "3"})
    assert t0.get(path).json() == patched
    assert invalid(t0.patch(path, {"metadata": {"a": 1}})) == "metadata: Expected object of strings"
    invalid(t0.post("/customers", {"email": "b@example.com", "metadata": {"a": None}}))
    invalid(t0.post("/customers", {"name": "nobody"}))


# Refusals.


@pytest.mark.parametrize(
    "header",
    [None, "Bearer ", "Bearer t0_nobody", "Basic dDA6", "t0_test"],
)
def test_unauthorized(sandbox: Sandbox, header: str | None) -> None:
    headers = [] if header is None else [("Authorization", header)]
    answer = call(App(sandbox), "GET", "/ticket0/api/v1/tickets", headers=headers)
    assert answer.status == 401
    assert answer.json() == {"error": {"code": "UNAUTHORIZED", "message": "Valid API key required"}}


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/tickets", "tickets:read"),
        ("GET", "/tickets/tkt_1", "tickets:read"),
        ("POST", "/tickets", "tickets:write"),
        ("PATCH", "/tickets/tkt_1", "tickets:write"),
        ("GET", "/tickets/tkt_1/messages", "messages:read"),
        ("POST", "/tickets/tkt_1/messages", "messages:send"),
        ("GET", "/customers", "customers:read"),
        ("GET", "/customers/cust_1", "customers:read"),
        ("POST", "/customers", "customers:write"),
        ("PATCH", "/customers/cust_1", "customers:write"),
    ],
)
def test_each_endpoint_has_its_scope(
    sandbox: Sandbox, t0: Caller, method: str, path: str, scope: str
) -> None:
    others = {
        *("tickets:read", "tickets:write", "messages:read", "messages:send"),
        *("customers:read", "customers:write"),
    } - {scope}
    refused = Caller(sandbox, "ticket0", sandbox.new_key("ticket0", others)).send(method, path)
    assert refused.status == 403
    assert refused.json()["error"]["code"] == "FORBIDDEN"
    assert scope in refused.json()["error"]["message"]
    for scopes in ([scope], ["admin"]):
        caller = Caller(sandbox, "ticket0", sandbox.new_key("ticket0", scopes))
        assert caller.send(method, path).status != 403


def test_not_found(t0: Caller) -> None:
    for path in ("/tickets/tkt_none", "/tickets/tkt_none/messages", "/customers/cust_none"):
        answer = t0.get(path)
        assert answer.status == 404
        assert answer.json()["error"]["code"] == "NOT_FOUND"
    assert t0.get("/inboxes").json()["error"]["code"] == "NOT_FOUND"
    assert t0.send("DELETE", "/tickets/tkt_1").status == 405
