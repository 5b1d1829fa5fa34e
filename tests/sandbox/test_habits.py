"""Every habit, over HTTP: what the box office shows under each answer to an open question."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from willcall.sandbox import ManualClock, Sandbox, serve
from willcall.sandbox.inferred import OTHER_NAMES
from willcall.sandbox.server import Served
from willcall.sandbox.settings import HABITS, OF_ONE_EVENT, Settings, Switches, read_habit

LAUGHS = "late-laughs-with-priya-raman"
MIC = "open-mic-wednesday"
TABLE = "Front Table"


class House:
    """The served sandbox: ``get`` asks TicketSmart, ``act`` and ``habit`` go to the control."""

    def __init__(self, served: Served, client: httpx.Client) -> None:
        self.served, self.sandbox, self._client = served, served.sandbox, client

    def get(self, path: str, **query: str) -> Any:
        answer = self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"x-api-key": self.sandbox.ticketsmart_key}
        return self._client.request(
            method, self.served.ticketsmart_url + path, headers=headers, **more
        )

    def control(self, method: str, path: str, **values: object) -> Any:
        answer = self._client.request(method, self.served.control_url + path, json=values)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def act(self, act: str, event: str = LAUGHS, **values: object) -> Any:
        return self.control("POST", f"/events/{event}/{act}", **values)

    def habit(self, **values: object) -> None:
        self.control("PATCH", "/settings", **values)

    def wait(self, seconds: float) -> None:
        self.control("POST", "/clock/advance", seconds=seconds)

    def row(self, slug: str = LAUGHS) -> Any:
        return next(row for row in self.rows() if row["slug"] == slug)

    def rows(self, **query: str) -> list[Any]:
        return list(self.get("/events", limit="100", **query)["events"])

    def event(self, slug: str = LAUGHS) -> Any:
        return self.get(f"/events/{slug}")["event"]

    def status(self, slug: str = LAUGHS) -> str:
        return str(self.event(slug)["status"])

    def kind(self, name: str = TABLE, slug: str = LAUGHS) -> Any:
        """A ticket type, which an event and the request for ticket types must show alike."""
        alone = self.get(f"/events/{slug}/ticket-types")["ticketTypes"]
        assert self.event(slug)["ticketTypes"] == alone
        return next(kind for kind in alone if kind["name"] == name)

    def stock(self, name: str = TABLE, slug: str = LAUGHS) -> tuple[Any, Any, Any]:
        kind = self.kind(name, slug)
        return kind["quantity"], kind["sold"], kind["available"]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serve(Sandbox(ManualClock(), ticketsmart_limit=None)) as served:
        yield served


@pytest.fixture
def house(served: Served) -> Iterator[House]:
    served.sandbox.reset()
    with httpx.Client(trust_env=False) as client:
        yield House(served, client)


# -- the table ------------------------------------------------------------------------------------


def test_every_switch_is_a_habit_or_a_limit(house: House) -> None:
    limits = {"ticketsmart_limit", "ticket0_limit", "limit_window"}
    assert set(Switches.__annotations__) == {habit.name for habit in HABITS} | limits
    assert set(Settings().as_dict()) == set(Switches.__annotations__)
    assert {habit.name for habit in HABITS} >= OF_ONE_EVENT
    listed = house.control("GET", "/habits")["habits"]
    assert [(row["name"], row["value"]) for row in listed] == [
        (habit.name, habit.default) for habit in HABITS
    ]


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_every_value_is_taken_as_text_and_nothing_else(house: House, habit: Any) -> None:
    for value in habit.values or (0.0, 40.0):
        text = ("no", "yes")[value] if isinstance(value, bool) else str(value)
        assert read_habit(f"{habit.name}={text}") == (habit.name, value, None)
        house.habit(**{habit.name: value})
        assert house.control("GET", "/settings")[habit.name] == value
    for wrong in ("perhaps", "-1", "inf", ""):
        with pytest.raises(ValueError, match=habit.name):
            read_habit(f"{habit.name}={wrong}")


def test_a_habit_of_one_event_is_of_no_other(house: House) -> None:
    house.habit(event=LAUGHS, available="null")
    assert house.kind()["available"] is None
    assert house.kind("General Admission", MIC)["available"] == 58
    assert house.control("GET", "/settings")["available"] == "shown"
    with pytest.raises(ValueError, match="stale_list: not possible for one event"):
        house.sandbox.settings.change({"stale_list": 5}, event="evt_1")
    house.sandbox.reset()
    assert house.kind()["available"] == 5


# -- stock ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "sold", "available", "held"),
    [("unsold", 11, 3, None), ("sold", 13, 3, None), ("separate", 11, 3, 2), ("left", 11, 5, None)],
)
def test_held_seats(house: House, value: str, sold: int, available: int, held: int | None) -> None:
    house.habit(held_seats=value)
    house.act("hold", ticket_type=TABLE, count=2)
    assert house.stock() == (16, sold, available)
    assert house.kind().get("held") == held


def test_baskets_lapse(house: House) -> None:
    house.habit(basket_seconds=60)
    house.act("hold", ticket_type=TABLE, count=5)
    assert house.stock()[2] == 0
    before = house.event()["updatedAt"]
    house.wait(59)
    assert house.stock()[2] == 0
    house.wait(1)
    assert house.stock() == (16, 11, 5)
    assert house.event()["updatedAt"] > before
    house.act("hold", ticket_type=TABLE, count=2, seconds=5)
    house.act("pay", ticket_type=TABLE)
    house.wait(5)
    assert house.stock() == (16, 13, 3)
    house.act("hold", ticket_type=TABLE, count=2)
    house.act("let-go", ticket_type=TABLE)
    assert house.stock() == (16, 13, 3)


def test_orders_lapse(house: House) -> None:
    house.habit(order_seconds=60)
    house.act("order", ticket_type=TABLE, count=5)
    assert house.stock() == (16, 16, 0)
    house.wait(60)
    assert house.stock() == (16, 11, 5)


def test_the_status_follows_a_basket(house: House) -> None:
    house.act("sell-out", event=MIC)
    house.act("refund", event=MIC, ticket_type="General Admission", count=2)
    house.act("hold", event=MIC, ticket_type="General Admission", count=2, seconds=60)
    assert house.status(MIC) == "SOLD_OUT"
    house.wait(60)
    assert house.status(MIC) == "PUBLISHED"


@pytest.mark.parametrize(("value", "available"), [("zero", 0), ("negative", -3)])
def test_overbooked(house: House, value: str, available: int) -> None:
    house.habit(overbooked=value)
    house.act("oversell", ticket_type=TABLE, count=8)
    assert house.stock() == (16, 19, available)


def test_a_quantity_below_what_was_sold(house: House) -> None:
    house.habit(overbooked="negative")
    house.act("set-quantity", ticket_type=TABLE, quantity=10)
    assert house.stock() == (10, 11, -1)


@pytest.mark.parametrize("value", ["null", "absent"])
def test_unlimited(house: House, value: str) -> None:
    house.habit(unlimited=value)
    house.act("set-quantity", ticket_type=TABLE, quantity=None)
    house.act("sell", ticket_type=TABLE, count=500)
    kind = house.kind()
    assert kind["sold"] == 511
    lacking = {"quantity": None, "available": None} if value == "null" else {}
    assert {n: kind[n] for n in ("quantity", "available") if n in kind} == lacking
    (compact,) = [
        row
        for row in house.get(f"/events/{LAUGHS}/availability")["ticketTypes"]
        if row["name"] == TABLE
    ]
    assert compact.get("available") is None
    assert compact["soldOut"] is False
    assert house.act("sell-out")["status"] == "PUBLISHED"


@pytest.mark.parametrize(("value", "shown"), [("null", {"available": None}), ("absent", {})])
def test_available_that_is_not_told(house: House, value: str, shown: dict[str, None]) -> None:
    house.habit(available=value)
    kind = house.kind()
    assert {n: kind[n] for n in ("available",) if n in kind} == shown
    assert kind["quantity"] == 16


def test_a_shared_pool(house: House) -> None:
    house.act("share", quantity=90)
    assert [k["available"] for k in house.event()["ticketTypes"]] == [5, 5]
    house.act("sell", ticket_type="General Admission", count=3)
    assert [k["available"] for k in house.event()["ticketTypes"]] == [2, 2]
    assert house.act("sell", ticket_type=TABLE, count=2)["status"] == "SOLD_OUT"
    assert house.stock() == (16, 13, 0)


@pytest.mark.parametrize(
    ("value", "shown", "status"), [("unmarked", None, "PUBLISHED"), ("flagged", True, "SOLD_OUT")]
)
def test_add_ons(house: House, value: str, shown: bool | None, status: str) -> None:
    house.habit(add_ons=value)
    house.act("add-ticket-type", name="Parking", price=900, quantity=40, add_on=True)
    for name in ("General Admission", TABLE):
        house.act("sell-out", ticket_type=name)
    assert house.kind("Parking").get("isAddOn") is shown
    assert house.status() == status
    assert house.get(f"/events/{LAUGHS}/availability")["soldOut"] is (status == "SOLD_OUT")


@pytest.mark.parametrize(("value", "outside"), [("shown", 5), ("zero", 0)])
def test_outside_of_the_sale(house: House, value: str, outside: int) -> None:
    house.habit(outside_sale=value)
    now = house.sandbox.now()
    window = {"starts_at": now + timedelta(hours=1), "ends_at": now + timedelta(hours=2)}
    house.act("set-sale", ticket_type=TABLE, **{k: v.isoformat() for k, v in window.items()})
    assert (house.stock()[2], house.status()) == (outside, "PUBLISHED")
    house.wait(3600)
    assert house.stock()[2] == 5
    house.wait(3600)
    assert house.stock()[2] == outside


# -- status ---------------------------------------------------------------------------------------


def test_the_status_follows_at_once_or_never(house: House) -> None:
    assert house.act("sell-out")["status"] == "SOLD_OUT"
    house.habit(event=MIC, auto_sold_out=False)
    assert house.act("sell-out", event=MIC)["status"] == "PUBLISHED"


def test_the_status_follows_late(house: House) -> None:
    house.habit(status_lag=120)
    house.act("sell-out")
    house.wait(119)
    assert house.status() == "PUBLISHED"
    house.wait(1)
    assert house.status() == "SOLD_OUT"
    house.act("refund", ticket_type=TABLE)
    assert house.status() == "SOLD_OUT"
    house.act("sell", ticket_type=TABLE)  # back to what the status says
    house.wait(500)
    assert house.status() == "SOLD_OUT"
    house.act("refund", ticket_type=TABLE)
    house.act("cancel")
    house.wait(120)
    assert house.status() == "CANCELLED"


def test_sold_out_by_hand_and_statuses_in_no_document(house: House) -> None:
    house.habit(status_lag=60)
    assert house.act("set-status", status="SOLD_OUT")["status"] == "SOLD_OUT"
    house.act("sell", ticket_type=TABLE)
    house.wait(3600)
    assert (house.status(), house.stock()[2]) == ("SOLD_OUT", 4)
    assert house.act("set-status", status="POSTPONED")["status"] == "POSTPONED"
    assert house.row()["status"] == "POSTPONED"


# -- the list -------------------------------------------------------------------------------------


def test_rows_that_lack_fields(house: House) -> None:
    house.habit(ticket_types_in_rows=False, place_in_rows=False)
    place = {"venueName", "city", "country", "doorsOpen", "endsAt"}
    assert set(house.event()) - set(house.row()) == place | {"ticketTypes"}
    house.habit(ticket_types_in_rows=True, stock_in_events=False)
    assert {"sold", "available", "held"} & set(house.row()["ticketTypes"][0]) == set()


def test_a_stale_list_beside_live_events(house: House) -> None:
    house.habit(stale_list=40)
    assert house.row()["ticketTypes"][1]["available"] == 5
    house.act("sell", ticket_type=TABLE, count=2)
    house.act("rename", title="Later")
    house.wait(39)
    assert (house.row()["title"], house.event()["title"]) == (
        "Late Laughs with Priya Raman",
        "Later",
    )
    assert house.row()["ticketTypes"][1]["available"] == 5
    assert house.stock()[2] == 3
    house.wait(1)
    assert (house.row()["title"], house.row()["ticketTypes"][1]["available"]) == ("Later", 3)


def test_the_order_of_the_list(house: House) -> None:
    starts = [row["startsAt"] for row in house.rows()]
    assert starts == sorted(starts)
    house.wait(60)
    house.act("sell", event="nachtschicht-live-elektronik", ticket_type="VIP")
    house.habit(list_order="updated")
    assert house.rows()[0]["slug"] == "nachtschicht-live-elektronik"
    house.control(
        "POST", "/events", title="Brand New", starts_at="2027-01-01T20:00:00Z", status="DRAFT"
    )
    house.act("sell", event=MIC)
    house.habit(list_order="newest")
    assert house.rows()[0]["title"] == "Brand New"


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ("nothing", set()),
        ("drafts", {"DRAFT"}),
        ("past", {"COMPLETED"}),
        ("both", {"DRAFT", "COMPLETED"}),
    ],
)
def test_what_the_list_hides(house: House, value: str, hidden: set[str]) -> None:
    every = {"DRAFT", "COMPLETED", "PUBLISHED"}
    house.habit(list_hides=value)
    assert {row["status"] for row in house.rows()} == every - hidden
    assert house.rows(status="DRAFT")
    assert house.rows(status="COMPLETED")
    assert house.status("priya-raman-work-in-progress") == "COMPLETED"


def _again(house: House) -> Any:
    new = {"title": "Priya Raman: Work in Progress", "starts_at": "2027-01-01T20:00:00Z"}
    return house.control("POST", "/events", **new)


def test_slugs_and_ids_that_are_reused(house: House) -> None:
    slug = "priya-raman-work-in-progress"
    old = house.event(slug)["id"]
    assert _again(house)["slug"] == f"{slug}-2"
    house.habit(reused="slugs")
    new = _again(house)
    assert (new["slug"], new["id"] != old) == (slug, True)
    assert house.event(slug)["id"] == new["id"]
    assert [row["slug"] for row in house.rows()].count(slug) == 2
    house.act("delete", event=old)
    assert house.event(slug)["id"] == new["id"]
    house.habit(reused="ids")
    assert _again(house)["id"] == old


def test_a_series_of_hundreds_of_dates(house: House) -> None:
    assert house.control("POST", "/series", dates=250, title="Every Night")["events"] == 260
    rows = [row for page in "123" for row in house.get("/events", limit="100", page=page)["events"]]
    dates = [row["startsAt"] for row in rows if row["title"] == "Every Night"]
    assert len(set(dates)) == 250
    assert len(Sandbox(ManualClock(), season=False, dates=3).boxoffice.events) == 3


# -- what cannot be read --------------------------------------------------------------------------

ODD: dict[str, tuple[str, object]] = {
    "starts_null": ("startsAt", None),
    "starts_year_1": ("startsAt", "0001-01-01T00:00:00Z"),
    "starts_year_9999": ("startsAt", "9999-12-31T23:59:59Z"),
    "title_null": ("title", None),
    "id_number": ("id", 17),
    "price_float": ("price", 25.5),
    "price_text": ("price", "4500.0"),
    "currency_lower": ("currency", "usd"),
    "currency_empty": ("currency", ""),
}


@pytest.mark.parametrize("value", [*ODD, "not_an_object"])
def test_an_odd_row(house: House, value: str) -> None:
    identity = house.event()["id"]
    before = house.rows()
    house.habit(event=LAUGHS, odd_row=value)
    after = house.rows()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1
    assert house.get(f"/events/{LAUGHS}") == {"event": changed[0]}
    if value == "not_an_object":
        assert changed == [identity]
        return
    name, odd = ODD[value]
    shape = changed[0]["ticketTypes"][1] if name == "price" else changed[0]
    assert shape[name] == odd
    assert type(shape[name]) is type(odd)


def test_other_names_for_what_was_inferred(house: House) -> None:
    def names(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*(names(item) for item in value))
        if isinstance(value, dict):
            return set(value) | set().union(*(names(item) for item in value.values()))
        return set()

    paths = (
        "/events",
        *(f"/events/{LAUGHS}{end}" for end in ("", "/ticket-types", "/availability")),
    )
    before = set().union(*(names(house.get(path)) for path in paths))
    house.habit(field_names="other")
    after = set().union(*(names(house.get(path)) for path in paths))
    assert before >= set(OTHER_NAMES)
    assert after == {OTHER_NAMES.get(name, name) for name in before}
    assert house.ask("GET", "/events/none").json() == {"error": "Event not found"}


@pytest.mark.parametrize("habit", ["inferred", "ignored", "refused"])
def test_the_name_of_the_removal(house: House, habit: str) -> None:
    house.act("add-ticket-type", name="VIP", price=9000, quantity=5)
    house.habit(removal_name=habit)
    identity = house.kind("VIP")["id"]
    answer = house.ask("PATCH", f"/events/{LAUGHS}", json={"removeTicketTypeId": identity})
    left = [kind["name"] for kind in house.event()["ticketTypes"]]
    assert answer.status_code == (400 if habit == "refused" else 200)
    assert ("VIP" in left) is (habit != "inferred")
    if habit == "refused":
        (problem,) = answer.json()["details"]
        assert problem["path"] == "removeTicketTypeId"
    if habit != "inferred":
        answer = house.ask("PATCH", f"/events/{LAUGHS}", json={"removeTicketType": identity})
        assert "VIP" not in [kind["name"] for kind in answer.json()["event"]["ticketTypes"]]


def test_other_statuses_with_the_documented_errors(house: House) -> None:
    def asked() -> list[tuple[int, str]]:
        sold = {"removeTicketTypeId": house.kind()["id"]}
        answers = [
            house.ask("GET", "/events/none"),
            house.ask("GET", "/events", params={"limit": "1000"}),
            house.ask("PATCH", f"/events/{LAUGHS}", json=sold),
            httpx.get(f"{house.served.ticketsmart_url}/events", trust_env=False),
        ]
        return [(answer.status_code, answer.json()["error"]) for answer in answers]

    before = asked()
    assert [status for status, _ in before] == [404, 400, 409, 401]
    house.habit(error_statuses="other")
    assert asked() == [
        (status, text) for status, (_, text) in zip((410, 422, 400, 403), before, strict=True)
    ]


@pytest.mark.parametrize("status", ["301", "308"])
def test_the_apex_redirects(house: House, status: str) -> None:
    house.habit(apex=status)
    answer = house.ask("GET", f"/events/{LAUGHS}", params={"a": "b"})
    host = httpx.URL(house.served.ticketsmart_url).netloc.decode()
    assert answer.status_code == int(status)
    assert answer.headers["location"] == f"https://www.{host}/api/v1/events/{LAUGHS}?a=b"
    written = house.ask("POST", "/events", json={"title": "T", "startsAt": "2027-01-01T20:00:00Z"})
    assert written.status_code == int(status)
    assert len(house.sandbox.boxoffice.events) == 10
