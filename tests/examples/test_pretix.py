"""The client under ``examples/willcall-pretix``, against what a real pretix answered.

Nothing leaves: a call that no cassette holds, in method, address, headers or body, is an error.
``make pretix`` asks the real server the same.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from vcr.errors import CannotOverwriteExistingCassetteException

from support.cassettes import HOME, Waits, mask, recorder, settled
from support.pretix import EXCHANGES, FOLDER, KINDS, ORGANIZER, RECORDED, STRANGER, Exchange, opened
from willcall import connect, connect_async, provider_names
from willcall.bridge.config.file import checked
from willcall.bridge.ports import Refused
from willcall.client.endpoint import endpoint, listing, procedure
from willcall.client.flow import World, adrive, drive, simulate
from willcall.client.http import AsyncConnections, Connections
from willcall.client.provider import open_account
from willcall.errors import (
    ConfigError,
    ConflictError,
    InputError,
    PermissionDeniedError,
    Reply,
    ServerError,
    UndecodableReplyError,
    ValidationError,
)
from willcall_pretix.api import PROVIDER, AsyncPretix, FlowPretix, Pretix
from willcall_pretix.box_office import PretixBoxOffice

EXAMPLE = Path(__file__).parents[2] / "examples" / "willcall-pretix"
ON_DISK = sorted((HOME / FOLDER).glob("*.json"))


def client(flavour: str) -> Any:
    kind: Any = KINDS[flavour]
    return kind(STRANGER, path_params=ORGANIZER, pace=None)


@pytest.mark.parametrize("flavour", KINDS)
@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.name)
def test_what_a_real_pretix_answered_is_read_by_both_flavours(
    exchange: Exchange, flavour: str
) -> None:
    def act() -> Any:
        if not exchange.port:
            return settled(exchange.act(client(flavour)))
        flow = exchange.act(opened(STRANGER))
        if flavour == "sync":
            return drive(flow, Connections())
        return asyncio.run(adrive(flow, AsyncConnections()))

    tape = recorder("none", {}, HOME, RECORDED)
    with Waits().on(), tape.use_cassette(exchange.path) as cassette:
        if exchange.raises is None:
            assert exchange.seen(act()) == exchange.expected
        else:
            with pytest.raises(exchange.raises, match=re.escape(exchange.says)) as caught:
                act()
            assert type(caught.value) is exchange.raises
        assert cassette.all_played


def test_every_call_of_the_client_was_asked_of_a_real_pretix() -> None:
    offered = {"check"} | {
        f"{name}.{call}"
        for name, collection in Pretix(STRANGER, path_params=ORGANIZER).collections.items()
        for call, definition in inspect.getmembers_static(type(collection))
        if isinstance(definition, endpoint | listing | procedure)
    }
    asked = {exchange.name.partition("-")[0] for exchange in EXCHANGES if not exchange.port}

    assert asked - {"error"} == offered
    assert {path.stem for path in ON_DISK} == {exchange.name for exchange in EXCHANGES}


@pytest.mark.parametrize("path", ON_DISK, ids=lambda path: path.stem)
def test_a_cassette_says_which_pretix_it_is_from_and_keeps_no_secret(path: Path) -> None:
    text = path.read_text("utf-8")

    assert re.fullmatch(RECORDED, json.loads(text)["recorded_from"])
    assert mask(text) == text
    assert not re.search(r"@|%40|127\.0\.0\.1|localhost", text)
    # A token of pretix is 64 small letters and digits.
    assert not re.search(r"[a-z0-9]{40}", text)


def test_a_call_that_was_not_recorded_is_an_error() -> None:
    tape = recorder("none", {}, HOME, RECORDED)
    with (
        tape.use_cassette(f"{FOLDER}/events.get.json"),
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        client("sync").events.get("another")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry points of the example's own pyproject.toml, as pip would have put them there."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    info = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1\n")
    groups = (
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text("\n".join(groups))
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("installed")
def test_it_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pretix" in provider_names()
    with connect("pretix", STRANGER, path_params=ORGANIZER) as api:
        assert type(api) is Pretix
    monkeypatch.setenv("PRETIX_ORGANIZER", "lindenhof")
    monkeypatch.setenv("PRETIX_API_KEY", STRANGER)
    asked = connect_async("pretix")
    assert isinstance(asked, AsyncPretix)
    assert asked.events.get.op("x").path == "/organizers/lindenhof/events/x/"
    asyncio.run(asked.aclose())
    monkeypatch.delenv("PRETIX_ORGANIZER")
    with pytest.raises(InputError, match=r"organizer: none was given .*PRETIX_ORGANIZER"):
        connect("pretix")


def _flow() -> FlowPretix:
    return FlowPretix(open_account(PROVIDER, STRANGER, paced=False, path_params=ORGANIZER))


def _json(status: int, value: Any, **headers: str) -> Reply:
    return Reply(
        status, {"content-type": "application/json", **headers}, json.dumps(value).encode()
    )


BUSY = {"detail": "The server was too busy to process your request. Please try again."}
USED = {"detail": "This quota is locked."}


def test_a_lock_that_pretix_could_not_get_is_no_refusal() -> None:
    """Documented by pretix: the answer to a lock that is held for too long. A real one cannot be
    provoked at will."""
    world = World([_json(409, BUSY, **{"retry-after": "5"}), Reply(204, {}, b"")])

    simulate(_flow().items.delete("hamlet", 1), world)

    assert len(world.requests) == 2
    assert 5 <= world.elapsed < 6


def test_any_other_conflict_is() -> None:
    world = World([_json(409, USED)])
    with pytest.raises(ConflictError, match="locked"):
        simulate(_flow().items.delete("hamlet", 1), world)


DENIED = {"detail": "You do not have permission to perform this action."}
HAMLET = {
    "slug": "hamlet", "name": {"en": "Hamlet"}, "live": True, "currency": "EUR",
    "date_from": "2031-03-01T19:30:00Z",
}  # fmt: skip


def _listed(*rows: Any, following: str | None = None, count: int | None = None) -> Reply:
    return _json(200, {"results": rows, "next": following, "count": count or len(rows)})


def test_an_event_that_may_not_be_seen_is_not_said_to_be_gone() -> None:
    """pretix answers 403 to both; the list says which it is."""
    world = World([_json(403, DENIED), _listed(HAMLET)])
    with pytest.raises(PermissionDeniedError):
        simulate(opened(STRANGER).event("hamlet"), world)

    world = World([_json(403, DENIED), _json(503, {"detail": "no"}), _json(503, {"detail": "no"})])
    with pytest.raises(ServerError):  # an error never means "not there"
        simulate(opened(STRANGER).within(60, tries=1).event("hamlet"), world)


def test_a_known_event_costs_two_requests() -> None:
    (facts,) = simulate(opened(STRANGER).rows(), World([_listed(HAMLET)])).events
    world = World([_listed(), _listed()])

    assert simulate(opened(STRANGER).event("hamlet", facts), world).title == "Hamlet"  # type: ignore[union-attr]
    assert [request.url.rpartition("hamlet")[2] for request in world.requests] == [
        "/items/",
        "/quotas/?with_availability=true",
    ]


def test_events_on_later_pages_are_read_before_the_dates_of_series() -> None:
    series = {**HAMLET, "slug": "cabaret", "has_subevents": True}
    dates = [
        {"id": number, "event": event, "name": {}, "active": True, "date_from": HAMLET["date_from"]}
        for number, event in ((1, "cabaret"), (2, "a-series-that-is-new"), (3, "cabaret"))
    ]
    pages = [
        _listed(series, following="https://pretix.eu/elsewhere?page=2", count=2),
        _listed(HAMLET, count=2),
        _listed(*dates[:2], following="https://pretix.eu/elsewhere?page=2", count=3),
        _listed(*dates[2:], count=3),
    ]
    world, cursor, found = World(pages), None, list[str]()

    for step in range(4):
        rows = simulate(opened(STRANGER).rows(cursor), world)
        found += [row.id for row in rows.events]
        cursor = rows.next
        assert (cursor is None) == (step == 3)

    assert found == ["hamlet", "cabaret/1", "cabaret/3"]
    assert [request.url.rpartition("lindenhof/")[2] for request in world.requests] == [
        "events/?page_size=50",
        "events/?page_size=50&page=2",
        "subevents/?page_size=50",
        "subevents/?page_size=50&page=2",
    ]


def test_a_variation_is_not_removed() -> None:
    answer = simulate(opened(STRANGER).remove("hamlet", "4-1"), World([]))
    assert answer == Refused("it is a variation of an item; deactivate it in pretix")


@pytest.mark.parametrize("body", [{"name": ["This field is required."]}, ["No."]])
def test_fields_that_pretix_refuses_are_shown(body: Any) -> None:
    with pytest.raises(ValidationError, match="refuses some fields") as caught:
        simulate(_flow().events.get("hamlet"), World([_json(400, body)]))
    assert caught.value.details == body


def test_its_pins_name_no_registry_and_the_version_that_was_recorded() -> None:
    pins = (EXAMPLE / "server" / "constraints.txt").read_text("utf-8")
    version = re.search(r"^pretix==(\S+) ", pins, re.MULTILINE)

    assert "://" not in pins
    assert version is not None
    for path in ON_DISK:
        assert f"pretix {version[1]}," in json.loads(path.read_text("utf-8"))["recorded_from"]


def test_the_example_is_small() -> None:
    """Lines that are neither blank nor a docstring's or comment's."""
    sizes = {
        path.stem: sum(
            bool(line.strip()) for line in ast.unparse(_bare(path.read_text("utf-8"))).splitlines()
        )
        for path in (EXAMPLE / "src" / "willcall_pretix").glob("*.py")
    }
    assert sizes.pop("api") < 230
    assert sizes.pop("box_office") < 110
    assert sizes == {"__init__": 0}


def _bare(source: str) -> ast.Module:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                child
                for child in body
                if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant))
            ]
    return tree


README = re.findall(
    r"^```(\w+)\n(.*?)^```$", (EXAMPLE / "README.md").read_text(), re.DOTALL | re.MULTILINE
)


@pytest.mark.usefixtures("installed")
def test_the_code_of_its_readme_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = [text for language, text in README if language == "python"]
    monkeypatch.setenv("PRETIX_API_KEY", STRANGER)

    with recorder("none", {}, HOME, RECORDED).use_cassette(f"{FOLDER}/events.stock.json"):
        exec(code, {})

    assert capsys.readouterr().out.splitlines()[:2] == ["Stalls €25.00 4", "Balcony €15.00 0"]


@pytest.mark.usefixtures("installed")
def test_the_configuration_of_its_readme_is_accepted_and_a_misspelled_key_is_not() -> None:
    (text,) = [text for language, text in README if language == "toml"]

    (box_office,) = checked(tomllib.loads(text)).box_office

    assert box_office.service is PROVIDER
    assert box_office.settings == ORGANIZER
    with pytest.raises(ConfigError, match="organiser"):
        checked(tomllib.loads(text.replace("organizer", "organiser")))


def _row(slug: str, **more: Any) -> dict[str, Any]:
    facts = {"slug": slug, "name": {"en": slug}, "live": True, "currency": "EUR"}
    return {**facts, "date_from": "2027-03-01T19:00:00Z", **more}


def test_a_row_that_cannot_be_read_costs_that_row_alone() -> None:
    odd = _row("odd", date_from="soon")
    series = _row("cabaret", has_subevents=True)
    date = {"event": "cabaret", "name": {}, "active": True, "date_from": "2027-03-02T19:00:00Z"}
    world = World(
        [
            _listed(_row("gala"), odd, series, count=3),
            _listed({"id": 1, **date}, {"id": 2, **date, "active": "yes"}, count=2),
        ]
    )
    office = PretixBoxOffice(FlowPretix(opened(STRANGER).api._session.account))

    first = simulate(office.rows(), world)
    second = simulate(office.rows(first.next), world)

    assert [event.id for event in first.events] == ["gala"]
    (unread,) = first.unreadable
    assert (unread.id, unread.field) == ("odd", "results[1].date_from")
    assert [event.id for event in second.events] == ["cabaret/1"]
    assert [row.id for row in second.unreadable] == ["cabaret/2"]


@pytest.mark.parametrize("odd", ["item", "quota"])
def test_no_stock_is_told_without_a_quota_or_an_item(odd: str) -> None:
    """The one that cannot be read might be the one that is sold out."""
    item = {"id": 1, "name": {"en": "Floor"}, "default_price": "10.00", "active": True}
    quota = {"id": 1, "name": "Q", "size": 5, "items": [1], "available_number": 5}
    items = [item, {**item, "id": 2, "active": "yes"}] if odd == "item" else [item]
    quotas = [quota, {**quota, "id": 2, "size": "5"}] if odd == "quota" else [quota]
    api = FlowPretix(opened(STRANGER).api._session.account)

    world = World([_listed(*items), _listed(*quotas)])
    with pytest.raises(UndecodableReplyError, match=r"results\[1\]"):
        simulate(api.events.stock("gala", currency="EUR"), world)
