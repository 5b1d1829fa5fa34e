"""What was seen is kept compactly, and can be looked at again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.decider import EVENT
from support.virtual_bridge import START, VirtualBridge
from willcall.bridge.model.facts import EventFacts
from willcall.bridge.model.history import FULL_EVERY, Entry, entry, snapshots

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)

facts = st.builds(
    lambda number, **more: attrs.evolve(EVENT, id=f"evt_{number}", **more),
    st.integers(1, 4),
    title=st.sampled_from(["Late Laughs", "Spät — 夜"]),
    slug=st.sampled_from([None, "late"]),
    status=st.sampled_from(["PUBLISHED", "SOLD_OUT"]),
    venue_name=st.sampled_from([None, "Town Hall"]),
    ends_at=st.sampled_from([None, NOW]),
    ticket_types=st.sampled_from([None, (), EVENT.ticket_types]),
    types_seen_at=st.sampled_from([None, NOW]),
    absent=st.integers(0, 2),
    vanished=st.booleans(),
    sold_out=st.booleans(),
)
passes = st.lists(
    st.tuples(
        st.timedeltas(timedelta(minutes=1), timedelta(hours=30)),
        st.lists(facts, max_size=3, unique_by=lambda event: event.id),
    ),
    min_size=1,
    max_size=8,
)


@given(passes)
@settings(max_examples=60)
def test_every_snapshot_reads_back_as_it_was(
    seen: list[tuple[timedelta, list[EventFacts]]],
) -> None:
    """After each pass: the whole ones and those of which only the differences are kept."""
    known: dict[str, EventFacts] = {}
    entries: list[Entry] = []
    wanted = []
    at, full = NOW, None
    for gap, events in seen:
        at += gap
        differing = {event.id: event for event in events if known.get(event.id) != event}
        new = entry(at, known, differing, full)
        known = {**known, **differing}
        if new is not None:
            entries.append(new)
            wanted.append((at, dict(known)))
            full = at if new.full else full
    assert [(at, dict(found)) for at, found in snapshots(entries)] == wanted


def test_the_whole_is_kept_now_and_then_and_else_what_differs() -> None:
    """A quiet pass adds nothing."""
    known = {EVENT.id: EVENT}
    first = entry(NOW, {}, known, None)
    assert first is not None
    assert first.full
    soon = NOW + timedelta(minutes=1)
    assert entry(soon, known, {}, NOW) is None
    changed = {EVENT.id: attrs.evolve(EVENT, title="Later Laughs")}
    second = entry(soon, known, changed, NOW)
    assert second is not None
    assert not second.full
    assert len(second.blob) < len(first.blob) / 2
    later = entry(NOW + FULL_EVERY, known, {}, NOW)
    assert later is not None
    assert later.full


def test_a_thousand_events_take_little_room() -> None:
    """Some kilobytes a day, and some bytes a change."""
    known = {f"evt_{n}": attrs.evolve(EVENT, id=f"evt_{n}") for n in range(1000)}
    whole = entry(NOW, {}, known, None)
    assert whole is not None
    assert len(whole.blob) < 20_000


def test_a_ledger_replays_from_the_last_whole_snapshot_before(tmp_path: Path) -> None:
    """And each pass's snapshot is what the ledger knew then."""
    house = VirtualBridge(tmp_path)
    known = []
    for hour in range(60):
        if hour % 7 == 3:
            house.box_office.sell(house.event(), count=1)
        house.run()
        known.append(dict(house.ledger.state("main-room").snapshot or {}))
        house.clock.advance(3600 - 60)
    entries = house.ledger.history("main-room", START + timedelta(hours=30))
    assert entries[0].full
    assert START + timedelta(hours=20) < entries[0].at <= START + timedelta(hours=30)
    found = [dict(facts) for _, facts in snapshots(entries)]
    assert found[-1] == known[-1]
    assert all(one in known for one in found)
    assert house.ledger.history("main-room", START - timedelta(days=1))[0].full
    house.ledger.close()


@pytest.mark.parametrize("keep", [1, 3])
def test_what_is_older_than_is_kept_is_forgotten(tmp_path: Path, keep: int) -> None:
    """But for the whole snapshot that the rest builds on."""
    house = VirtualBridge(tmp_path)
    real = house.job
    house.job = lambda ledger=None: attrs.evolve(  # type: ignore[method-assign]
        real(ledger), history=timedelta(days=keep)
    )
    for _ in range(24):
        house.box_office.sell(house.event(), count=1)
        house.run()
        house.clock.advance(12 * 3600)
    entries = house.ledger.history("main-room", START - timedelta(days=99))
    oldest = house.clock.now() - entries[0].at
    assert timedelta(days=keep) <= oldest <= timedelta(days=keep + 2)
    assert entries[0].full
    assert list(snapshots(entries))
    house.ledger.close()
