"""What is asked of a real pretix: recorded from it by `make pretix-cassettes`, replayed by tests.

An exchange is a call on a client of either flavour, and what must come of it. They are recorded in
this order against the house of ``examples/willcall-pretix/server/shop.py``, so that an exchange
finds what those before it did. The item ids are those of a fresh database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from willcall import errors
from willcall.bridge.model.facts import EventFacts
from willcall.bridge.ports import NotThere, Refused, Removed
from willcall.client.flow import Flow
from willcall.client.money import Money
from willcall.client.provider import open_account
from willcall.errors import ApiError
from willcall_pretix.api import PROVIDER, AsyncPretix, Pretix
from willcall_pretix.box_office import BOX_OFFICE, PretixBoxOffice

SOURCE = "pretix {version}, a real server with the house of examples/willcall-pretix/server/shop.py"
RECORDED = r"pretix \d+\.\d+\.\d+, a real server with the house of [\w/.-]+"
FOLDER = "pretix"
KINDS = {"sync": Pretix, "async": AsyncPretix}
ORGANIZER = {"organizer": "lindenhof"}
STRANGER = "nobody-has-this-token"

STALLS, BALCONY, PROGRAMME, BOX = 1, 2, 3, 4


def opened(key: str, base_url: str | None = None) -> PretixBoxOffice:
    """The box office of the bridge, as its adapter opens it."""
    account = open_account(PROVIDER, key, base_url, paced=False, path_params=ORGANIZER)
    box = BOX_OFFICE.open(account, ORGANIZER)
    assert isinstance(box, PretixBoxOffice)
    return box


@attrs.frozen
class Exchange:
    """A call, and what must come of it.

    Args:
        name: the cassette's.
        act: makes the call on a client of either flavour.
        expected: the answer, or what of it ``seen`` takes.
        seen: takes from an answer what is compared.
        raises: the error that is expected in place of an answer.
        says: what that error must say.
        key: ``key``, ``reader`` (may read alone) or ``stranger``.
        port: whether ``act`` is given the box office of the bridge, and returns a flow.
    """

    name: str
    act: Callable[[Any], Any]
    expected: Any = None
    seen: Callable[[Any], Any] = lambda answer: answer
    raises: type[ApiError] | None = None
    says: str = ""
    key: str = "key"
    port: bool = False

    @property
    def path(self) -> str:
        """The cassette, below the folder of all cassettes."""
        return f"{FOLDER}/{self.name}.json"


def _stock(rows: Any) -> Any:
    return [(row.name, str(row.price), row.size, row.available, row.hidden) for row in rows]


def _event(event: Any) -> Any:
    return dict(event.name), event.date_from, event.currency, event.live, event.timezone


def _all_rows(box: PretixBoxOffice) -> Flow[list[EventFacts]]:
    """The whole list, and that every row is silent on what is left."""
    found: list[EventFacts] = []
    cursor: Any = None
    while True:
        rows = yield from box.rows(cursor)
        assert all(row.ticket_types is None for row in rows.events)
        found += rows.events
        cursor = rows.next
        if cursor is None:
            return found


def _facts(facts: Any) -> Any:
    left = [(kind.id, kind.available) for kind in facts.ticket_types]
    return facts.title, facts.status, facts.sold_out, left


def _access(access: Any) -> Mapping[str, bool | None]:
    found: Mapping[str, bool | None] = access.scopes
    return found


EXCHANGES = (
    Exchange("check", lambda api: api.check(), {"events": True}, _access),
    Exchange(
        "events.list",
        lambda api: api.events.list().all(),
        (True, ["cabaret", "gala", "hamlet", "next-season", "tea"]),
        lambda rows: (rows.whole, sorted(row.slug for row in rows)),
    ),
    Exchange(
        "events.list-pages",
        lambda api: api.events.list(page_size=3).all(),
        (True, ["cabaret", "gala", "hamlet", "next-season", "tea"]),
        lambda rows: (rows.whole, sorted(row.slug for row in rows)),
    ),
    Exchange(
        "events.get",
        lambda api: api.events.get("hamlet"),
        ({"en": "Hamlet"}, datetime(2031, 3, 1, 19, 30, tzinfo=UTC), "EUR", True, "Europe/Berlin"),
        _event,
    ),
    Exchange(
        "events.get-missing",
        lambda api: api.events.get("macbeth"),
        raises=errors.PermissionDeniedError,
        says="You do not have permission to perform this action.",
    ),
    Exchange(
        "dates.list",
        lambda api: api.dates.list().all(),
        [("cabaret", "Cabaret 1", True), ("cabaret", "Cabaret 2", True)],
        lambda rows: [(row.event, row.name["en"], row.active) for row in rows],
    ),
    Exchange(
        "dates.get",
        lambda api: api.dates.get("cabaret", 2),
        ("cabaret", "Cabaret 2", True),
        lambda row: (row.event, row.name["en"], row.active),
    ),
    Exchange(
        "dates.get-missing",
        lambda api: api.dates.get("cabaret", 99),
        raises=errors.NotFoundError,
        says="No SubEvent matches",
    ),
    Exchange(
        "events.stock",
        lambda api: api.events.stock("hamlet"),
        [
            ("Stalls", "€25.00", 4, 4, False),
            ("Balcony", "€15.00", 2, 0, False),  # both are sold before anything is recorded
            ("Programme", "€5.00", 50, 50, False),
            ("Box · left", "€60.00", 4, 4, False),
            ("Box · right", "€55.00", 1, 1, False),
        ],
        _stock,
    ),
    Exchange(
        "events.stock-of-a-date",
        lambda api: api.events.stock("cabaret", date=2),
        [("Table", "€40.00", 2, 2, False)],
        _stock,
    ),
    Exchange(
        "events.stock-in-yen",
        lambda api: api.events.stock("tea", currency="JPY"),
        [("Guest", Money(5000, "JPY"), 12, 12)],
        lambda rows: [(row.name, row.price, row.size, row.available) for row in rows],
    ),
    Exchange(
        "items.list",
        lambda api: api.items.list("hamlet").all(),
        [(STALLS, 0), (BALCONY, 0), (PROGRAMME, 0), (BOX, 2)],
        lambda rows: [(row.id, len(row.variations)) for row in rows],
    ),
    Exchange(
        "items.changed",
        lambda api: api.items.changed("hamlet", since=datetime(2020, 1, 1, tzinfo=UTC)),
        True,
    ),
    Exchange(
        "items.changed-not",
        lambda api: api.items.changed("hamlet", since=datetime(2100, 1, 1, tzinfo=UTC)),
        False,
    ),
    Exchange(
        "items.quotas",
        lambda api: api.items.quotas("tea").all(),
        [("Guest", 12, True, 12)],
        lambda rows: [(row.name, row.size, row.available, row.available_number) for row in rows],
    ),
    Exchange(
        "items.delete-sold",
        lambda api: api.items.delete("hamlet", BALCONY),
        raises=errors.ConflictError,
        says="cannot be deleted because it has already been ordered",
    ),
    Exchange("items.delete", lambda api: api.items.delete("hamlet", PROGRAMME), None),
    Exchange(
        "items.delete-again",
        lambda api: api.items.delete("hamlet", PROGRAMME),
        raises=errors.NotFoundError,
        says="No Item matches",
    ),
    Exchange(
        "items.delete-without-the-right",
        lambda api: api.items.delete("hamlet", STALLS),
        raises=errors.PermissionDeniedError,
        says="You do not have permission to perform this action.",
        key="reader",
    ),
    Exchange(
        "box_office.rows",
        _all_rows,
        ["gala", "hamlet", "next-season", "tea", "cabaret/1", "cabaret/2"],
        lambda rows: [row.id for row in rows if row.slug == row.id],
        port=True,
    ),
    Exchange(
        "box_office.event",
        lambda box: box.event("hamlet"),
        ("Hamlet", "PUBLISHED", False, [("1", 4), ("2", 0), ("4-1", 4), ("4-2", 1)]),
        _facts,
        port=True,
    ),
    Exchange(
        "box_office.event-of-a-series",
        lambda box: box.event("cabaret/1"),
        ("Cabaret 1", "PUBLISHED", False, [("6", 1)]),
        _facts,
        port=True,
    ),
    Exchange(
        "box_office.event-not-there",
        lambda box: box.event("macbeth"),
        NotThere(),
        port=True,
    ),
    Exchange(
        "box_office.event-of-a-series-not-there",
        lambda box: box.event("cabaret/99"),
        NotThere(),
        port=True,
    ),
    Exchange(
        "box_office.remove-refused",
        lambda box: box.remove("hamlet", str(BALCONY)),
        True,
        lambda answer: isinstance(answer, Refused) and "already been ordered" in answer.why,
        port=True,
    ),
    Exchange(
        "box_office.remove", lambda box: box.remove("hamlet", str(STALLS)), Removed(), port=True
    ),
    Exchange(
        "error-401",
        lambda api: api.events.list().all(),
        raises=errors.AuthenticationError,
        says="Invalid token.",
        key="stranger",
    ),
)
