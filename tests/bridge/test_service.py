"""The bridge as a whole: real clients over real HTTP, a ledger on disk, several box offices."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.virtual_bridge import VirtualBridge
from willcall import SoldTicketsError, TicketSmart
from willcall.bridge.model.exit_codes import worst
from willcall.bridge.run import PassReport
from willcall.bridge.service import Bridge
from willcall.errors import (
    AuthenticationError,
    ConfigError,
    ConnectError,
    InputError,
    LedgerError,
    PermissionDeniedError,
)
from willcall.sandbox import Sandbox, serve
from willcall.sandbox.server import Served

DESK = """
[desk]
base_url = "{ticket0}"
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
from_address = "boxoffice@example.com"
"""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Both services on loopback, and their keys in the environment."""
    monkeypatch.chdir(tmp_path)
    with serve(Sandbox()) as served:
        monkeypatch.setenv("TICKETSMART_API_KEY", served.sandbox.ticketsmart_key)
        monkeypatch.setenv("TICKET0_API_KEY", served.sandbox.ticket0_key)
        yield served


def configured(served: Served, *offices: str, more: str = "") -> None:
    """willcall.toml, each box office with a key file of its own if it is not the main one."""
    text = ""
    for name in offices:
        text += f'[[box_office]]\nname = "{name}"\nbase_url = "{served.ticketsmart_url}"\n'
        if name != "main-room":
            text += f'api_key_file = "{name}.key"\n'
    Path("willcall.toml").write_text(text + DESK.format(ticket0=served.ticket0_url) + more, "utf-8")


def run() -> list[PassReport]:
    """One run, as cron would make it: everything opened anew."""
    with Bridge.from_config() as bridge:
        return bridge.run()


def test_a_night_over_real_http(served: Served) -> None:
    """Baseline, a sell-out, more seats; and a run after a run does nothing."""
    configured(served, "main-room")
    box_office, desk = served.sandbox.boxoffice, served.sandbox.desk
    (baseline,) = run()
    assert baseline.decision is not None
    assert baseline.decision.baseline
    box_office.sell_out("the-cherry-orchard")
    with Bridge.from_config() as bridge:
        (plan,) = bridge.plan()
        assert plan.pending
        assert desk.tickets == []
        (first,), (second,) = bridge.run(), bridge.run()
        (plan,) = bridge.plan()
    assert (first.exit_code, second.exit_code, plan.pending) == (0, 0, False)
    assert second.decision is not None
    assert (second.decision.recorded, second.deliveries.delivered) == ((), ())
    (ticket,) = desk.tickets
    for kind in box_office.event("the-cherry-orchard").ticket_types:
        box_office.restock("the-cherry-orchard", kind.id, 40)
    run()
    assert ticket.status == "resolved"
    assert len(desk.tickets) == 1


def test_several_box_offices_share_a_desk_and_a_ledger(served: Served) -> None:
    """The same event's id in two of them is two events, with two markers."""
    box = served.sandbox
    annexe = box.new_box_office("annexe")
    annexe.create(
        "Little Show",
        box.now().replace(year=2030),
        ticket_types=[{"name": "All", "price": 500, "quantity": 5}],
        status="PUBLISHED",
    )
    Path("annexe.key").write_text(box.new_key("ticketsmart", box_office="annexe"))
    configured(served, "main-room", "annexe")
    assert [report.box_office for report in run()] == ["main-room", "annexe"]
    box.boxoffice.sell_out("the-cherry-orchard")
    annexe.sell_out("Little Show")
    assert [report.exit_code for report in run()] == [0, 0]
    assert len({ticket.subject for ticket in box.desk.tickets}) == 2


@pytest.mark.parametrize(
    ("key", "trouble", "code"),
    [
        ("revoked", AuthenticationError, 77),
        ("without its scope", PermissionDeniedError, 77),
        ("of the wrong shape", ConfigError, 78),
        ("not there", ConfigError, 78),
    ],
)
@pytest.mark.parametrize("order", [("main-room", "annexe"), ("annexe", "main-room")])
def test_one_box_office_in_trouble_does_not_stop_the_others(
    served: Served, key: str, trouble: type[Exception], code: int, order: tuple[str, str]
) -> None:
    """Whichever comes first; its trouble is in its own report."""
    box = served.sandbox
    box.new_box_office("annexe")
    keys = {
        "revoked": box.new_key("ticketsmart", box_office="annexe"),
        "without its scope": box.new_key("ticketsmart", ["events:write"], box_office="annexe"),
        "of the wrong shape": "hunter2",
    }
    box.revoke(keys["revoked"])
    if key in keys:
        Path("annexe.key").write_text(keys[key])
    configured(served, *order)
    run()
    box.boxoffice.sell_out("the-cherry-orchard")
    reports = {report.box_office: report for report in run()}
    assert reports["main-room"].exit_code == 0
    # That a key is no good is news for the desk; that there is none, for whoever runs this.
    told = [t.subject for t in box.desk.tickets if not t.subject.startswith("Sold out: ")]
    assert [subject.split(" [")[0] for subject in told] == {
        "revoked": ["TicketSmart rejects the key of annexe"],
        "without its scope": ["The key of annexe lacks a scope"],
    }.get(key, [])
    assert len(box.desk.tickets) == 1 + len(told)
    annexe = reports["annexe"]
    assert isinstance(annexe.trouble, trouble)
    assert annexe.exit_code == code
    if code == 78:
        place = 'box_office "annexe".api_key_file: '
        assert str(annexe.trouble).startswith(place)
    assert keys.get(key, "?!") not in repr(annexe) + str(annexe.trouble)


def test_a_box_office_that_cannot_be_reached_is_for_now(served: Served) -> None:
    """75, and the ledger still knows nothing of it."""
    configured(served, "main-room")
    text = Path("willcall.toml").read_text().replace(served.ticketsmart_url, "http://127.0.0.1:9")
    Path("willcall.toml").write_text(text)
    with Bridge.from_config(max_seconds=1) as bridge:
        (report,) = bridge.run()
    assert isinstance(report.trouble, ConnectError)
    assert report.exit_code == 75


def test_without_the_desks_key_nothing_begins(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is needed for all of them."""
    configured(served, "main-room")
    monkeypatch.delenv("TICKET0_API_KEY")
    with pytest.raises(ConfigError, match=r"desk\.api_key_env: .*TICKET0_API_KEY is not set"):
        run()
    assert served.sandbox.requests == []
    assert not Path("willcall.db").exists()


def test_a_ledger_that_cannot_be_used_sends_nothing(served: Served) -> None:
    """Without it nobody could know what was sent."""
    configured(served, "main-room")
    Path("willcall.db").write_bytes(b"not a ledger" * 500)
    with pytest.raises(LedgerError):
        run()
    assert served.sandbox.requests == []


# -- a removal that was refused -------------------------------------------------------------------


def refusal(served: Served, event: str = "nachtschicht-live-elektronik") -> SoldTicketsError:
    """What TicketSmart says to removing a ticket type that has sold tickets."""
    with TicketSmart(base_url=served.ticketsmart_url) as box_office:
        sold = box_office.events.ticket_types(event)[0]
        with pytest.raises(SoldTicketsError) as caught:
            box_office.events.remove_ticket_type(event, sold.id)
    return caught.value


@pytest.mark.parametrize("baseline", [True, False])
def test_a_refusal_that_is_reported_opens_one_ticket(served: Served, baseline: bool) -> None:
    """However often, and before the first run as well."""
    configured(served, "main-room")
    if baseline:
        run()
    for _ in range(3):
        with Bridge.from_config() as bridge:
            report = bridge.report(refusal(served))
        assert (report.exit_code, report.trouble) == (0, None)
    (ticket,) = served.sandbox.desk.tickets
    assert ticket.subject.startswith("Cannot remove Early Bird: Nachtschicht")
    assert [r.exit_code for r in run()] == [0]
    assert len(served.sandbox.desk.tickets) == 1


@pytest.mark.parametrize("named_by", ["slug", "id"])
def test_a_refusal_may_be_reported_while_the_box_office_cannot_be_reached(
    served: Served, named_by: str
) -> None:
    """With what was seen last."""
    configured(served, "main-room")
    run()
    club = served.sandbox.boxoffice.event("nachtschicht-live-elektronik")
    error = refusal(served, str(getattr(club, named_by)))
    served.sandbox.faults.add("status", service="ticketsmart", status=404)
    with Bridge.from_config() as bridge:
        assert bridge.report(error).exit_code == 0
    (ticket,) = served.sandbox.desk.tickets
    assert "(100 so far)" in ticket.messages[0].body


def test_an_error_that_is_no_refusal_is_not_taken_for_one(served: Served) -> None:
    """And says what should have been handed over."""
    configured(served, "main-room")
    with (
        Bridge.from_config() as bridge,
        pytest.raises(InputError, match=r"hand over what events\.remove_ticket_type raised"),
    ):
        bridge.report(SoldTicketsError("sold"))
    assert served.sandbox.requests == []


def test_of_several_box_offices_the_right_one_must_be_named(served: Served) -> None:
    """An event's id alone does not tell."""
    box = served.sandbox
    box.new_box_office("annexe")
    Path("annexe.key").write_text(box.new_key("ticketsmart", box_office="annexe"))
    configured(served, "annexe", "main-room")
    error = refusal(served)
    with Bridge.from_config() as bridge:
        with pytest.raises(InputError, match="name one of: annexe, main-room"):
            bridge.report(error)
        assert bridge.report(error, box_office="main-room").exit_code == 0
    assert len(box.desk.tickets) == 1


def test_a_refusal_reported_by_a_process_that_ends_is_found_by_the_next(
    house: VirtualBridge,
) -> None:
    """Reported again, or not: the next run delivers it."""
    from support.virtual_bridge import Crash

    event = next(e for e in house.box_office.events if any(t.sold for t in e.ticket_types))
    kind = next(t for t in event.ticket_types if t.sold)
    for boundary in itertools.count():
        try:
            house.report(event.id, kind.id, crash_at=boundary)
        except Crash:
            house.clock.advance(180)
        else:
            break
    house.run()
    assert len(house.desk.tickets) == 1
    assert len(house.desk.tickets[0].messages) == 2


# -- exit codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 75], 75),
        ([75, 3], 3),
        ([3, 77], 77),
        ([77, 78], 78),
        ([78, 1], 1),
        ([75, 0, 3, 77, 78, 1], 1),
    ],
)
def test_of_several_exit_codes_the_one_that_needs_a_person_most(
    codes: list[int], expected: int
) -> None:
    """In whatever order they come."""
    assert {worst(order) for order in itertools.permutations(codes[:4])} == {worst(codes[:4])}
    assert worst(codes) == expected


def test_whatever_a_block_raises_is_reported(served: Served) -> None:
    """And goes on, with a note that says what came of it."""
    configured(served, "main-room")
    run()
    with TicketSmart(base_url=served.ticketsmart_url) as box_office:
        event = box_office.events.get("nachtschicht-live-elektronik")
        sold = next(
            ticket_type
            for ticket_type in event.ticket_types or ()
            if ticket_type.name == "Early Bird"
        )
        with Bridge.from_config() as bridge:
            with pytest.raises(SoldTicketsError) as caught, bridge.reporting() as reports:
                box_office.events.remove_ticket_type(event.id, sold.id)
            assert [report.exit_code for report in reports] == [0]
            assert caught.value.__notes__[0].startswith("reported to the desk: opened wc-")
            with pytest.raises(SoldTicketsError) as again, bridge.reporting():
                box_office.events.remove_ticket_type(event.id, sold.id)
            assert "already open as wc-" in again.value.__notes__[0]
            with pytest.raises(KeyError), bridge.reporting() as reports:
                raise KeyError(1)
            assert reports == []
            with bridge.reporting() as reports:
                pass
            assert reports == []
    assert len(served.sandbox.desk.tickets) == 1


def test_an_error_that_cannot_be_reported_goes_on_all_the_same(served: Served) -> None:
    """It says what else went wrong, and stays what it was."""
    configured(served, "main-room")
    error = SoldTicketsError("no", provider="ticketsmart", status=409)
    with Bridge.from_config() as bridge:
        with pytest.raises(SoldTicketsError) as caught, bridge.reporting(box_office="x"):
            raise error
        assert caught.value is error
        assert error.__notes__[0].startswith("no support ticket was opened: error: ")
