"""A process may end after each request, wait and commit, whatever act is under way.

The runs that follow bring the same final state, and nothing is done twice.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from support.virtual_bridge import ADDRESS, Crash, VirtualBridge, boundaries
from willcall.bridge.config.rule_tables import RemovalTable
from willcall.bridge.ledger import Ledger, MemoryLedger
from willcall.bridge.model.cases import Act
from willcall.bridge.model.rules import Rules, built_in_rules
from willcall.client.flow import Effect
from willcall.simulation.ledgers import in_sqlite

RULES = Rules(
    rules=tuple(
        attrs.evolve(
            rule,
            note="Tell the front of house.",
            reopen_within=timedelta(hours=1),
            assignee_id="usr_01ada",
        )
        for rule in built_in_rules(ADDRESS)
    ),
    default=ADDRESS,
)


def _first_night(house: VirtualBridge) -> None:
    """Opens, tags, assigns, notes, writes."""
    house.box_office.sell_out(house.event(0))
    house.box_office.reschedule(house.event(1), days=2)


def _more_seats(house: VirtualBridge) -> None:
    """Writes, and resolves."""
    for event in house.box_office.events:
        if event.status == "SOLD_OUT":
            house.box_office.restock(event.id, event.ticket_types[0].name, 3)


def _gone_again(house: VirtualBridge) -> None:
    """Reopens."""
    (case,) = [c for c in house.ledger.cases() if c.kind == "event.sold_out"]
    house.box_office.sell_out(case.subject)


def _called_off(house: VirtualBridge) -> None:
    """One overtakes the other: a note, a resolution, and a new ticket."""
    (case,) = [c for c in house.ledger.cases() if c.kind == "event.rescheduled"]
    house.box_office.cancel(case.subject)


def _early_birds(house: VirtualBridge) -> None:
    """Removes a ticket type, at the box office."""
    event = house.event(0)
    house.box_office.add_ticket_type(event, name="Early Bird", price=900, quantity=90)
    house.removals = (
        RemovalTable(
            box_office="main-room",
            event=event,
            ticket_type="Early Bird",
            after=house.clock.now(),
        ),
    )


SCENES: tuple[Callable[[VirtualBridge], None], ...] = (
    _first_night,
    _more_seats,
    _gone_again,
    _called_off,
    _early_birds,
)


Ledgers = Callable[[Callable[[], Ledger]], None]


@pytest.fixture
def ledgers(monkeypatch: pytest.MonkeyPatch) -> Ledgers:
    """Sets which ledger a house gets: a new one each time, at less than a migration's cost."""

    def use(make: Callable[[], Ledger]) -> None:
        monkeypatch.setattr(VirtualBridge, "open_ledger", lambda *_: make())

    return use


def _played(scene: int, boundary: int | None = None) -> tuple[list[object], set[Act], list[Effect]]:
    """All scenes, the process ended at a boundary of one; the shape, the acts, and the effects of
    the run of that scene."""
    house = VirtualBridge(Path(), season=4, rules=RULES)
    house.run()
    effects: list[Effect] = []
    for number, happens in enumerate(SCENES):
        happens(house)
        if number == scene and boundary is not None:
            with pytest.raises(Crash):
                house.run(crash_at=boundary)
            house.clock.advance(180)  # the dead process's lease runs out
        assert house.run().exit_code == 0
        if number == scene:
            effects = house.world.trace
    acts = {i.act for case in house.ledger.cases() for i in house.ledger.intents(case.marker)}
    acts |= {intent.act for intent in house.ledger.removals("main-room").values()}
    shape: list[object] = [*house.shape(), *house.stock()]
    return shape, acts, effects


@pytest.mark.parametrize(
    ("scene", "ledger"),
    [*((scene, MemoryLedger) for scene in range(len(SCENES))), (1, in_sqlite)],
    ids=lambda one: SCENES[one].__name__.strip("_") if isinstance(one, int) else one.__name__,
)
def test_any_boundary_of_any_kind_of_act(
    scene: int, ledger: Callable[[], Ledger], ledgers: Ledgers
) -> None:
    """Each boundary of one scene's run; one scene on SQLite, too."""
    ledgers(ledger)
    wanted, acts, effects = _played(scene)
    assert acts == set(Act)
    ends = boundaries(effects)
    assert len(ends) > 20
    for boundary in ends:
        shape, _, _ = _played(scene, boundary)
        assert shape == wanted, f"ended at boundary {boundary}"


RUNS = 7


def _late(
    number: int | None = None, boundary: int | None = None
) -> tuple[VirtualBridge, list[list[Effect]]]:
    """A ticket's first request is carried out far too late; the run of that number ends at a
    boundary. The house, and the effects of each run."""
    house = VirtualBridge(Path(), season=4, rules=RULES)
    house.run()
    house.sandbox.faults.add(
        "late_commit", service="ticket0", method="POST", path="/tickets", seconds=150, count=1
    )
    house.box_office.sell_out(house.event(0))
    effects: list[list[Effect]] = []
    for run in range(RUNS):
        if run == number:
            with pytest.raises(Crash):
                house.run(crash_at=boundary)
            house.clock.advance(180)
        else:
            last = house.run()
        effects.append(house.world.trace)
    assert last.exit_code == 0
    assert last.deliveries.delivered == ()
    return house, effects


def _standing(house: VirtualBridge) -> list[object]:
    """What became of all tickets but the second ones, which have to be folded, by one note each."""
    standing: list[object] = []
    references: list[str] = []
    for ticket in house.desk.tickets:
        lines = [message.body.rsplit("\n", 1)[-1] for message in ticket.messages]
        references += [line for line in lines if line.startswith("Reference")]
        notes = [m for m in ticket.messages if "opened this ticket twice" in m.body]
        if notes:
            assert (len(notes), ticket.status) == (1, "resolved")
        else:
            standing.append((ticket.subject, ticket.status, sorted(ticket.tags), lines))
    assert len(set(references)) == len(references)
    return standing


@pytest.mark.parametrize(
    ("number", "least"), [(0, 8), (1, 15), (3, 8)], ids=["first try", "repeat", "fold"]
)
def test_any_boundary_while_a_second_ticket_comes_up(
    number: int, least: int, ledgers: Ledgers
) -> None:
    """A request is carried out too late: its ticket is found and folded, wherever a run ends."""
    ledgers(MemoryLedger)
    whole, effects = _late()
    assert len(whole.desk.tickets) == 2
    (wanted,) = _standing(whole)
    ends = boundaries(effects[number])
    assert len(ends) > least
    for boundary in ends:
        house, _ = _late(number, boundary)
        assert _standing(house) == [wanted], f"ended at boundary {boundary}"
        if number == 3:
            assert house.shape() == whole.shape(), f"ended at boundary {boundary}"
