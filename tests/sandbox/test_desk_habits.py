"""Every habit of Ticket0: what the desk does and shows under each answer to an open question."""

from __future__ import annotations

from typing import Any

import pytest

from willcall.sandbox import ManualClock, Sandbox
from willcall.sandbox.desk_settings import DESKS
from willcall.sandbox.inprocess import Caller, LocalResponse

SENDER = {"fromAddress": "boxoffice@example.com", "bodyText": "Hello"}
NOTE = {"body": "for us", "isNote": True}


class House:
    """A sandbox with a desk of 2026, and who speaks to it."""

    def __init__(self, **switches: Any) -> None:
        self.clock = ManualClock()
        self.sandbox = Sandbox(self.clock, season=False, ticket0_limit=None, **switches)
        self.desk = self.sandbox.desk
        self.t0 = Caller(self.sandbox, "ticket0")

    def post(self, **more: Any) -> LocalResponse:
        body = {"subject": "Sold out", "customerEmail": "o@example.com", "body": "None left."}
        return self.t0.post("/tickets", body | more)

    def opened(self, **more: Any) -> str:
        answer = self.post(**more)
        assert answer.status == 201, answer.json()
        return str(answer.json()["id"])

    def ticket(self, ticket: str) -> Any:
        return self.t0.get(f"/tickets/{ticket}").json()

    def status(self, ticket: str) -> str:
        return str(self.ticket(ticket)["status"])

    def say(self, ticket: str, body: dict[str, Any] | None = None) -> LocalResponse:
        return self.t0.post(f"/tickets/{ticket}/messages", body or SENDER)

    def patch(self, ticket: str, **changes: Any) -> LocalResponse:
        return self.t0.patch(f"/tickets/{ticket}", changes)

    def messages(self, ticket: str) -> list[Any]:
        return list(self.t0.get(f"/tickets/{ticket}/messages").json()["messages"])

    def listed(self, **query: object) -> list[str]:
        return [row["id"] for row in self.t0.get("/tickets", **query).json()["tickets"]]

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.sandbox.settle()


# -- a new ticket ---------------------------------------------------------------------------------


def test_a_ticket_is_processing_for_seconds() -> None:
    house = House(processing_seconds=5)
    ticket = house.opened()
    assert house.status(ticket) == "processing"
    house.wait(4.9)
    assert house.status(ticket) == "processing"
    house.wait(0.1)
    assert house.status(ticket) == "open"


def test_it_is_stuck_there_or_never_is() -> None:
    house = House(processing="stuck")
    ticket = house.opened()
    house.wait(1e6)
    assert house.status(ticket) == "processing"
    house = House(processing="never")
    assert house.status(house.opened()) == "open"


def test_a_resolve_while_it_is_processing_stands() -> None:
    house = House()
    ticket = house.opened()
    assert house.patch(ticket, status="resolved").status == 200
    house.wait(10)
    assert house.status(ticket) == "resolved"


def test_a_new_ticket_may_be_missing_from_lists() -> None:
    house = House(processing_listed=False, list_lag=30)
    ticket = house.opened()
    house.wait(10)
    assert (house.listed(), house.status(ticket)) == ([], "open")
    house.wait(20)
    assert house.listed() == [ticket]
    house = House(processing_listed=False)
    ticket = house.opened()
    assert house.listed() == []
    house.wait(3)
    assert house.listed() == [ticket]


def test_a_new_ticket_may_not_be_found_at_first() -> None:
    house = House(read_lag=10)
    ticket = house.opened()
    assert house.patch(ticket, tags=["a"]).status == 404
    assert house.listed() == [ticket]
    house.wait(10)
    assert house.patch(ticket, tags=["a"]).status == 200


@pytest.mark.parametrize(
    ("value", "mailed", "status"),
    [("nothing", 0, "open"), ("acknowledges", 1, "open"), ("replies", 1, "pending")],
)
def test_what_the_ai_answers(value: str, mailed: int, status: str) -> None:
    house = House(auto_answer=value)
    ticket = house.opened()
    house.wait(5)
    assert (len(house.desk.outbox), house.status(ticket)) == (mailed, status)
    assert [m["authorType"] for m in house.messages(ticket)] == ["customer", "agent"][: 1 + mailed]


@pytest.mark.parametrize(
    ("value", "shown"), [("inbound", ["inbound"]), ("outbound", ["outbound"]), ("absent", [])]
)
def test_how_the_text_of_a_creation_is_listed(value: str, shown: list[str]) -> None:
    house = House(creation_text=value)
    assert [m["direction"] for m in house.messages(house.opened())] == shown
    assert house.desk.outbox == []


def test_triage_tags_beside_others_or_over_them() -> None:
    for value, kept in (("adds", True), ("overwrites", False), ("never", True)):
        house = House(triage=value, triage_seconds=5)
        ticket = house.opened()
        house.patch(ticket, tags=["willcall"])
        house.wait(5)
        tags = house.ticket(ticket)["tags"]
        assert ("willcall" in tags, "triage:events" in tags) == (kept, value != "never")


def test_a_routing_rule_assigns() -> None:
    house = House(routing=True)
    assert house.ticket(house.opened())["assigneeId"] == "usr_01ada"


@pytest.mark.parametrize(
    ("value", "bare", "named", "listed"),
    [
        ("ignored", None, None, 2),
        ("optional", "inb_01abc", "inb_02def", 1),
        ("required", 400, "inb_02def", 1),
        ("refused", None, 400, 400),
    ],
)
def test_inboxes(value: str, bare: object, named: object, listed: int) -> None:
    house = House(inboxes=value)
    for answer, wanted in ((house.post(), bare), (house.post(inboxId="inb_02def"), named)):
        if wanted == 400:
            assert answer.status == 400
            assert "inboxId" in answer.json()["error"]["message"]
        else:
            assert answer.json().get("inboxId") == wanted
    found = house.t0.get("/tickets", inboxId="inb_02def")
    assert (found.status if found.status == 400 else len(found.json()["tickets"])) == listed


def test_tags_and_an_id_at_creation() -> None:
    more = {"tags": ["a"], "externalId": "x"}
    ignored = House().post(**more).json()
    assert (ignored["tags"], "externalId" in ignored) == ([], False)
    refused = House(creation_extras="refused").post(**more)
    assert refused.status == 400
    assert "tags: Unknown field; externalId: Unknown field" in refused.json()["error"]["message"]
    taken = House(creation_extras="taken").post(**more).json()
    assert (taken["tags"], taken["externalId"]) == (["a"], "x")


def test_tags_may_be_refused() -> None:
    """What else a PATCH changes is refused with them."""
    house = House(tags="refused")
    ticket = house.opened()
    answer = house.patch(ticket, tags=["a"], status="resolved")
    assert answer.status == 400
    assert "tags: Unknown field" in answer.json()["error"]["message"]
    assert house.patch(ticket, status="resolved").status == 200


def test_a_creation_may_be_answered_with_nothing() -> None:
    house = House(empty_creation=True)
    answer = house.post()
    assert (answer.status, answer.body) == (201, b"")
    assert len(house.desk.tickets) == 1


# -- replies, notes, statuses ---------------------------------------------------------------------


def test_a_reply_makes_a_ticket_pending_at_once_or_later_or_never() -> None:
    for value, at_once, later in (
        ("pending", "pending", "pending"),
        ("pending_later", "open", "pending"),
        ("nothing", "open", "open"),
    ):
        house = House(processing="never", reply_makes=value)
        ticket = house.opened()
        house.say(ticket)
        assert house.status(ticket) == at_once
        house.wait(2)
        assert house.status(ticket) == later
        house.say(ticket, NOTE)
        house.desk.reply(ticket, "Thanks")
        house.wait(5)
        assert house.status(ticket) == "open"


@pytest.mark.parametrize(("value", "status"), [("open", "resolved"), ("any", "pending")])
def test_a_reply_to_a_resolved_ticket(value: str, status: str) -> None:
    house = House(reply_from=value)
    ticket = house.opened()
    house.desk.resolve(ticket)
    house.say(ticket)
    assert house.status(ticket) == status


def test_a_resolve_that_does_not_hold() -> None:
    house = House(resolve_holds="pulled_back")
    ticket = house.opened()
    house.say(ticket)
    house.patch(ticket, status="resolved")
    assert house.status(ticket) == "resolved"
    house.wait(3)
    assert house.status(ticket) == "pending"
    house.wait(60)
    house.patch(ticket, status="resolved")
    house.wait(60)
    assert house.status(ticket) == "resolved"


@pytest.mark.parametrize(
    ("value", "possible"),
    [
        ("documented", {"open", "pending", "snoozed", "resolved"}),
        ("all", {"open", "pending", "snoozed", "resolved", "closed"}),
        ("open_resolved", {"open", "resolved"}),
        ("resolved", {"resolved"}),
    ],
)
def test_the_statuses_that_a_patch_sets(value: str, possible: set[str]) -> None:
    house = House(patch_statuses=value)
    every = ("open", "pending", "snoozed", "resolved", "closed", "processing")
    taken = {status for status in every if house.patch(house.opened(), status=status).status == 200}
    assert taken == possible


@pytest.mark.parametrize("value", ["200", "400"])
def test_resolving_what_is_resolved(value: str) -> None:
    house = House(resolved_again=value)
    ticket = house.opened()
    assert house.patch(ticket, status="resolved").status == 200
    assert house.patch(ticket, status="resolved").status == int(value)


@pytest.mark.parametrize("value", ["409", "400", "403", "404", "422", "ignored", "accepted"])
def test_acts_on_a_closed_ticket(value: str) -> None:
    house = House(on_closed=value)
    ticket = house.opened()
    house.desk.close(ticket)
    before = house.messages(ticket)
    answers = [
        house.say(ticket),
        house.say(ticket, NOTE),
        house.patch(ticket, tags=["a"]),
        house.patch(ticket, status="open"),
    ]
    good = value in {"ignored", "accepted"}
    assert [answer.status for answer in answers] == (
        [201, 201, 200, 200] if good else [int(value)] * 4
    )
    assert (house.status(ticket) == "closed") is (value != "accepted")
    assert (house.messages(ticket) == before) is (value != "accepted")
    assert len(house.desk.outbox) == (value == "accepted")


def test_a_resolved_ticket_is_closed_in_the_end() -> None:
    house = House(auto_close=3600)
    ticket, other = house.opened(), house.opened()
    for resolved in (ticket, other):
        house.desk.resolve(resolved)
    house.wait(1800)
    house.desk.reply(other, "One more thing")
    house.wait(1800)
    assert (house.status(ticket), house.status(other)) == ("closed", "open")
    with pytest.raises(ValueError, match="is closed"):
        house.desk.reply(ticket, "Hello?")


def test_a_merged_ticket_is_closed_and_its_messages_are_elsewhere() -> None:
    house = House()
    ticket, other = house.opened(), house.opened()
    house.say(ticket)
    house.desk.merge(ticket, other)
    assert (house.status(ticket), house.messages(ticket)) == ("closed", [])
    assert len(house.messages(other)) == 3


@pytest.mark.parametrize(("value", "status"), [("work", 201), ("refused", 400), ("mailed", 201)])
def test_notes(value: str, status: int) -> None:
    house = House(notes=value)
    ticket = house.opened()
    answer = house.say(ticket, NOTE)
    assert answer.status == status
    assert (answer.json().get("isNote") is True) is (value == "work")
    assert [message.body for message in house.desk.outbox] == ["for us"] * (value == "mailed")


@pytest.mark.parametrize(
    ("value", "shown"), [("marked", [True]), ("unmarked", [None]), ("absent", [])]
)
def test_how_notes_are_listed(value: str, shown: list[bool | None]) -> None:
    house = House(listed_notes=value)
    ticket = house.opened()
    assert house.say(ticket, NOTE).json()["isNote"] is True
    assert [message.get("isNote") for message in house.messages(ticket)[1:]] == shown


@pytest.mark.parametrize(
    ("value", "status", "mailed"),
    [("400", 400, 0), ("403", 403, 0), ("404", 404, 0), ("accepted", 201, 0)],
)
def test_an_address_that_is_not_monitored(value: str, status: int, mailed: int) -> None:
    house = House(unmonitored=value)
    ticket = house.opened()
    assert house.say(ticket, SENDER | {"fromAddress": "x@elsewhere.org"}).status == status
    assert len(house.desk.outbox) == mailed
    assert len(house.messages(ticket)) == 1 + (value == "accepted")


def test_who_wrote_it() -> None:
    house = House(staff_author="agent", api_author="agent", signature=True)
    ticket = house.opened()
    house.desk.answer(ticket, "We are on it.")
    house.desk.note(ticket, "Call them.")
    house.desk.auto_reply(ticket, "Hello")
    house.say(ticket)
    _, *written = house.messages(ticket)
    assert {message["authorType"] for message in written} == {"agent"}
    assert [m["authorId"][:4] for m in written] == ["usr_", "usr_", "ai_t", "usr_"]
    assert written[0]["bodyText"].startswith("We are on it.\n\n--\n")
    assert written[1]["bodyText"] == "Call them."


# -- lists ----------------------------------------------------------------------------------------


def test_closed_tickets_in_lists_and_filters() -> None:
    house = House()
    ticket = house.opened()
    house.desk.close(ticket)
    assert house.listed() == [ticket]
    assert house.t0.get("/tickets", status="closed").status == 400
    house.sandbox.settings.change({"closed_filter": "filters"})
    assert house.listed(status="closed") == [ticket]
    house.sandbox.settings.change({"list_closed": False})
    assert house.listed() == []


def test_the_order_of_the_list() -> None:
    house = House()
    tickets = []
    for _ in range(3):
        tickets.append(house.opened())
        house.wait(10)
    house.desk.tag(tickets[1], "touched")
    first, second, third = tickets
    for order, shown in (
        ("newest", [third, second, first]),
        ("oldest", [first, second, third]),
        ("updated", [second, third, first]),
    ):
        house.sandbox.settings.change({"ticket_order": order})
        assert house.listed() == shown
        rows = house.t0.get("/tickets", limit=2).json()
        rest = house.t0.get("/tickets", cursor=rows["nextCursor"]).json()["tickets"]
        assert [row["id"] for row in (*rows["tickets"], *rest)] == shown


def test_a_cursor_lapses() -> None:
    house = House(cursor_seconds=60)
    for _ in range(3):
        house.opened()
    cursor = house.t0.get("/tickets", limit=2).json()["nextCursor"]
    house.wait(60)
    assert house.t0.get("/tickets", cursor=cursor).status == 200
    house.wait(1)
    assert house.t0.get("/tickets", cursor=cursor).status == 400


# -- the rest -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "status", "records"),
    [("same", 200, 1), ("updated", 200, 1), ("second", 201, 2), ("400", 400, 1), ("409", 409, 1)],
)
def test_a_known_address_with_another_id(value: str, status: int, records: int) -> None:
    house = House(known_address=value)
    house.t0.post("/customers", {"email": "a@example.com", "externalId": "1"})
    again = house.t0.post("/customers", {"email": "A@example.com", "externalId": "2"})
    assert (again.status, len(house.desk.customers)) == (status, records)
    if value in {"same", "updated"}:
        assert again.json()["externalId"] == ("2" if value == "updated" else "1")


@pytest.mark.parametrize(
    ("value", "after", "left"),
    [("documented", True, None), ("missing", False, None), ("older", True, "0")],
)
def test_headers_about_the_rate_limit(value: str, after: bool, left: str | None) -> None:
    house = House(rate_headers=value)
    house.sandbox.settings.change({"ticket0_limit": 2})
    for _ in range(2):
        assert house.t0.get("/tickets").status == 200
    refused = house.t0.get("/tickets")
    assert refused.status == 429
    headers = dict(refused.headers)
    assert ("retry-after" in headers, headers.get("x-ratelimit-remaining")) == (after, left)


def test_a_lapsed_subscription() -> None:
    answer = House(subscription="lapsed").t0.get("/tickets")
    assert answer.status == 402
    assert set(answer.json()["error"]) == {"code", "message"}


def test_the_desk_of_2025() -> None:
    house = House(**DESKS["2025"])
    assert house.post().status == 400
    ticket = house.opened(inboxId="inb_01abc")
    house.say(ticket)
    house.wait(60)
    found = house.ticket(ticket)
    assert (found["status"], found["tags"], found["inboxId"]) == ("open", [], "inb_01abc")
