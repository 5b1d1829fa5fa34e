"""What every ledger keeps: the one in memory, in SQLite and in PostgreSQL alike."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import create_engine, text, update

from support import postgres
from support.ledgers import CASE, CHANGE, CONDITION, EVENT, INTENT, KNOWN, NOW, decision, leased
from willcall.bridge.ledger import Ledger, MemoryLedger, SqlLedger, open_ledger
from willcall.bridge.ledger.records import FOLDS_FROM, PREDICTIONS_KEPT, RUNS_KEPT
from willcall.bridge.ledger.sql import schema
from willcall.bridge.model.cases import (
    WITHDRAWN,
    Act,
    Case,
    CaseState,
    Condition,
    Decision,
    Evaluation,
    Intent,
    IntentState,
    Recorded,
    State,
)
from willcall.bridge.model.history import snapshots
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.predictions import Prediction, PredictionOutcome
from willcall.bridge.model.rules import Silence
from willcall.errors import LedgerError, TakenOverError

AGAIN = attrs.evolve(CASE, marker="wc-00000002", occurrence=2)
REMOVAL = Intent(
    case="late-laughs/Floor", position=1, act=Act.REMOVE, payload={"event": "late-laughs"}
)
MINUTE = timedelta(minutes=1)
OFFICE = "main-room"


@pytest.fixture(scope="session")
def shared(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlLedger]:
    """One in PostgreSQL, which each test finds empty."""
    admin = create_engine(postgres.engine_url(server) + "/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE contract"))
    admin.dispose()
    ledger = open_ledger(f"{server}/contract", tmp_path_factory.mktemp("contract"))
    yield ledger
    ledger.close()


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=postgres.MARKS)])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """A new one of each kind."""
    if request.param == "memory":
        yield MemoryLedger()
    elif request.param == "sqlite":
        opened = open_ledger("sqlite:///willcall.db", tmp_path)
        yield opened
        opened.close()
    else:
        shared: SqlLedger = request.getfixturevalue("shared")
        names = ", ".join(f'"{table}"' for table in schema.metadata.tables)
        with shared._engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        yield shared.as_another_process()


def run_out(ledger: Ledger) -> None:
    """Let every lease run out, as if its two minutes had passed: the clock of a server cannot be
    put forward."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    if isinstance(ledger, MemoryLedger):
        for office in ledger._book.offices.values():
            office.lease_until = long_ago
        return
    assert isinstance(ledger, SqlLedger)
    offices = schema.box_offices
    with ledger._engine.begin() as connection:
        held = offices.c.lease_until.is_not(None)
        connection.execute(update(offices).where(held).values(lease_until=long_ago))


def test_a_condition_is_replaced_and_goes(ledger: Ledger) -> None:
    """By its name; others are left alone."""
    fence = leased(ledger)
    other = Condition(change=attrs.evolve(CHANGE, kind="event.moved"))
    ledger.commit(fence, decision(conditions=(CONDITION, other)), NOW)
    again = attrs.evolve(CONDITION, announced=frozenset(), covered_by=None, ending=None)
    nothing: dict[str, Any] = {"cases": (), "intents": (), "recorded": ()}
    ledger.commit(fence, decision(conditions=(again,), **nothing), NOW)
    assert set(ledger.state("main-room").conditions) == {again, other}
    ledger.commit(fence, decision(conditions=(), over=(again.name,), **nothing), NOW)
    assert ledger.state("main-room").conditions == (other,)


def test_a_case_that_ended_is_known_as_long_as_it_may_be_reopened(ledger: Ledger) -> None:
    """And its occurrences are counted for ever."""
    ended = attrs.evolve(CASE, state=CaseState.CLEARED, members=(), ended_at=NOW)
    ledger.commit(leased(ledger), decision(cases=(ended,), conditions=()), NOW)
    assert ledger.state("main-room").cases == ()
    assert ledger.state("main-room", NOW + timedelta(seconds=1)).cases == ()
    assert ledger.state("main-room", NOW).cases == (ended,)
    assert ledger.state("main-room").occurrences == {CASE.led_by: 1}


@pytest.mark.parametrize("state", CaseState)
def test_a_case_may_stand_anywhere(ledger: Ledger, state: CaseState) -> None:
    """Whatever its state, it reads back as it was written."""
    case = attrs.evolve(CASE, state=state, ended_at=NOW)
    ledger.commit(leased(ledger), decision(cases=(case,)), NOW)
    assert ledger.cases() == [case]
    assert ledger.cases(since=NOW + timedelta(seconds=1)) == []


def test_a_case_is_found_by_its_marker_and_by_its_ticket(ledger: Ledger) -> None:
    """Delivery writes the ticket's id; a later decision does not take it away."""
    fence = leased(ledger)
    ledger.commit(fence, decision(), NOW)
    ((_, intent),) = ledger.unsettled("main-room")
    ledger.settle(fence, intent, IntentState.DONE, NOW, ticket_id="tkt_1")
    ledger.commit(fence, decision(intents=(), recorded=()), NOW)
    known = [attrs.evolve(CASE, ticket_id="tkt_1")]
    assert ledger.cases(name="tkt_1") == ledger.cases(name=CASE.marker) == known
    assert ledger.cases(name="tkt_2") == []
    assert [intent.state for intent in ledger.intents(CASE.marker)] == [IntentState.DONE]


def test_the_log_is_filtered_and_tells_the_latest_in_order(ledger: Ledger) -> None:
    """By box office, event, kind, case and time."""
    fence = leased(ledger)
    moments = [NOW + timedelta(minutes=n) for n in range(3)]
    recorded = tuple(
        Recorded(attrs.evolve(CHANGE, kind=kind, observed_at=moment), f"said {kind}", marker)
        for moment, kind, marker in zip(
            moments,
            ("event.sold_out", "event.moved", "event.sold_out"),
            (CASE.marker, None, None),
            strict=True,
        )
    )
    ledger.commit(fence, decision(recorded=recorded), NOW)

    def told(**filters: Any) -> list[datetime]:
        return [one.change.observed_at for one in ledger.log(**filters)]

    assert [one.change for one in ledger.log()] == [one.change for one in recorded]
    assert [one.outcome for one in ledger.log()] == [one.outcome for one in recorded]
    assert told(limit=2) == moments[1:]
    assert told(kinds=("event.sold_out",)) == [moments[0], moments[2]]
    assert told(marker=CASE.marker) == [moments[0]]
    assert told(since=moments[1]) == moments[1:]
    assert told(event="evt_1", box_office="main-room") == moments
    assert told(event="evt_2") == told(box_office="annexe") == []


def test_a_silence_is_kept_for_the_record_and_can_be_ended(ledger: Ledger) -> None:
    """Once; who ends it twice is told so."""
    silence = Silence(
        box_office="main-room",
        event="gala",
        kinds=("event.*",),
        rule="gala",
        begins=NOW,
        until=NOW + timedelta(days=1),
        author="ada",
        reason="rehearsal",
    )
    number = ledger.add_silence(silence)
    wide = Silence(begins=NOW, until=NOW + timedelta(days=2), author="a", reason="b")
    other = ledger.add_silence(wide)
    assert ledger.silences()[0] == attrs.evolve(silence, id=number)
    assert ledger.state("main-room").silences == tuple(ledger.silences())
    later = NOW + timedelta(hours=1)
    assert ledger.expire_silence(number, later)
    assert not ledger.expire_silence(number, later)
    assert not ledger.expire_silence(number + other, later)
    assert [silence.until for silence in ledger.silences()] == [later, wide.until]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_kept(ledger: Ledger, kind: str) -> None:
    """With a marker, and read back as it was."""
    change = attrs.evolve(CHANGE, kind=kind)
    held = Condition(change=change)
    ledger.commit(
        leased(ledger),
        decision(recorded=(Recorded(change, "told"),), conditions=(held,)),
        NOW,
    )
    assert [one.change for one in ledger.log()] == [change]
    assert ledger.state("main-room").conditions == (held,)


# -- leases and the fence -------------------------------------------------------------------------


def test_a_lease_is_one_process_s_until_it_runs_out(ledger: Ledger) -> None:
    """Then the other has it, and the first writes nothing and gives nothing back."""
    mine, other = leased(ledger), ledger.as_another_process()
    assert ledger.take_lease(OFFICE, NOW) is None
    assert other.take_lease(OFFICE, NOW) is None
    assert other.take_lease("annexe", NOW) is not None
    run_out(ledger)
    theirs = other.take_lease(OFFICE, NOW)
    assert theirs is not None
    assert theirs.number > mine.number
    with pytest.raises(TakenOverError, match="has taken over"):
        ledger.renew(mine, NOW)
    ledger.release_lease(mine)
    assert ledger.take_lease(OFFICE, NOW) is None


def test_every_write_under_a_lease_passes_the_fence(ledger: Ledger) -> None:
    """A process that was stopped for longer than its lease finds out, whatever it writes next."""
    mine = leased(ledger)
    ledger.commit(mine, decision(), NOW)
    ((case, intent),) = ledger.unsettled(OFFICE)
    run_out(ledger)
    assert ledger.as_another_process().take_lease(OFFICE, NOW) is not None
    before = everything(ledger)
    for write in (
        lambda: ledger.commit(mine, decision(cases=(), intents=()), NOW),
        lambda: ledger.evaluate(mine, NOW, lambda _: None),
        lambda: ledger.attempting(mine, intent, {}, NOW),
        lambda: ledger.settle(mine, intent, IntentState.DONE, NOW),
        lambda: ledger.fold(mine, case, ["tkt_2"], lambda at, twin: [], NOW),
        lambda: ledger.give_up(mine, case, "gone", NOW),
        lambda: ledger.schedule(mine, [REMOVAL], NOW),
    ):
        with pytest.raises(TakenOverError):
            write()
        assert everything(ledger) == before


def everything(ledger: Ledger) -> object:
    """All that a process may have written."""
    return (
        ledger.state(OFFICE, NOW - timedelta(days=9)),
        ledger.cases(),
        ledger.intents(CASE.marker),
        ledger.log(),
        ledger.removals(OFFICE),
        ledger.planner(OFFICE),
    )


def test_leases_are_given_back_all_at_once_or_forgotten(ledger: Ledger) -> None:
    """Given back, others are in at once; forgotten, they run out by themselves."""
    leased(ledger)
    ledger.let_go()
    leased(ledger)
    ledger.abandon()
    ledger.let_go()
    assert ledger.as_another_process().take_lease(OFFICE, NOW) is None


def test_an_office_tells_how_it_stands(ledger: Ledger) -> None:
    """Its baseline, its last whole sweep, its lease, and its last run."""
    unknown = ledger.office(OFFICE)
    assert (unknown.baseline_at, unknown.lease_until, unknown.last_run) == (None, None, None)
    fence = leased(ledger)
    assert ledger.office(OFFICE).lease_holder == fence.holder
    assert ledger.office(OFFICE).lease_until is not None
    ledger.commit(fence, decision(baseline=True), NOW)
    ledger.record_run(OFFICE, NOW, NOW + MINUTE, 3, {"events": 2})
    ledger.release_lease(fence)
    office = ledger.office(OFFICE)
    assert (office.baseline_at, office.swept_at, office.lease_holder) == (NOW, NOW, None)
    assert office.last_run is not None
    assert (office.last_run.exit_code, dict(office.last_run.summary)) == (3, {"events": 2})


# -- decisions ------------------------------------------------------------------------------------


def test_what_a_pass_decided_reads_back(ledger: Ledger) -> None:
    """All of it; and before the baseline there is no snapshot."""
    fence = leased(ledger)
    assert ledger.state(OFFICE) == ledger.state("annexe") == State()
    ledger.commit(fence, decision(facts={}), NOW, swept=False)
    assert ledger.state(OFFICE) == attrs.evolve(KNOWN, snapshot=None)
    ledger.commit(fence, decision(baseline=True, cases=(), intents=(), recorded=()), NOW)
    assert ledger.state(OFFICE) == KNOWN


@pytest.mark.parametrize(
    ("cases", "intents"),
    [
        ((AGAIN,), ()),
        ((attrs.evolve(AGAIN, occurrence=1, state=CaseState.CLEARED),), ()),
        ((), (INTENT,)),
        ((), (attrs.evolve(INTENT, case="wc-00000009"),)),
    ],
    ids=["two live ones", "the same occurrence", "the same position", "an act of no case"],
)
def test_what_the_tables_forbid_is_written_nowhere(
    ledger: Ledger, cases: tuple[Case, ...], intents: tuple[Intent, ...]
) -> None:
    """Not even half of it: also the case that may be changed stays as it was."""
    fence = leased(ledger)
    ledger.commit(fence, decision(), NOW)
    before = everything(ledger)
    changed = attrs.evolve(CASE, title="changed")
    with pytest.raises(LedgerError):
        ledger.commit(fence, decision(cases=(changed, *cases), intents=intents), NOW)
    assert everything(ledger) == before


def test_a_step_decides_on_what_is_known(ledger: Ledger) -> None:
    """With a snapshot at hand it need not be read; what it decides is written with the planner."""
    fence = leased(ledger)
    ledger.commit(fence, decision(baseline=True), NOW)
    seen: list[State] = []

    def step(state: State) -> Evaluation | None:
        seen.append(state)
        return None

    other = {"evt_2": EVENT}
    assert ledger.evaluate(fence, NOW, step, snapshot=other, planner=b"learned") is None
    assert seen == [attrs.evolve(KNOWN, snapshot=other)]
    assert ledger.planner(OFFICE) == b"learned"
    assert ledger.planner("annexe") is None

    def reacts(state: State) -> Evaluation:
        return Evaluation(decision=decision(cases=(), intents=(), over=(CONDITION.name,),
                                            conditions=()), swept=False)  # fmt: skip

    beside = ledger.as_another_process().evaluate_without_lease(OFFICE, NOW, reacts)
    assert beside.decision.over == (CONDITION.name,)
    assert ledger.state(OFFICE).conditions == ()


def test_the_history_reads_from_the_last_whole_snapshot(ledger: Ledger) -> None:
    """Deltas in between; what is older than is kept is forgotten."""
    fence = leased(ledger)
    day = timedelta(days=1)
    for number in range(8):
        seen = attrs.evolve(EVENT, title=f"Night {number}")
        at = NOW + number * day / 2
        new = Decision(box_office=OFFICE, at=at, facts={EVENT.id: seen}, baseline=number == 0)
        ledger.commit(fence, new, at, keep=2 * day)
    entries = ledger.history(OFFICE, NOW + 3 * day)
    assert [entry.full for entry in entries] == [True, False]
    titles = [facts[EVENT.id].title for _, facts in snapshots(entries)]
    assert titles == ["Night 6", "Night 7"]
    assert ledger.history(OFFICE, NOW)[0].at == NOW + day
    assert ledger.history("annexe", NOW) == []


def test_runs_are_listed_and_forgotten_after_a_month(ledger: Ledger) -> None:
    for days in (0, 1, 40):
        at = NOW + timedelta(days=days)
        ledger.record_run(OFFICE, at, at, days, {})
    long_ago = NOW - timedelta(days=1)
    assert [run.exit_code for run in ledger.runs(OFFICE, long_ago)] == [40]
    assert timedelta(days=39) > RUNS_KEPT
    assert ledger.runs("annexe", long_ago) == ledger.runs(OFFICE, NOW + timedelta(days=41)) == []


def test_predictions_are_answered_by_what_changes(ledger: Ledger) -> None:
    """Of their event and ticket type; old ones are forgotten."""
    fence = leased(ledger)
    first = Prediction(
        box_office=OFFICE, event_id="evt_1", ticket_type_id="tt_1", title="Late Laughs",
        ticket_type="Floor", made_at=NOW, left=5, earliest=NOW, likely=NOW, latest=NOW,
    )  # fmt: skip
    other = attrs.evolve(first, ticket_type_id="tt_2", made_at=NOW + MINUTE)

    def evaluate(*made: Prediction, at: datetime, recorded: tuple[Recorded, ...] = ()) -> None:
        new = Decision(box_office=OFFICE, at=at, recorded=recorded)
        ledger.evaluate(fence, at, lambda _: Evaluation(decision=new, predictions=made))

    evaluate(first, other, at=NOW)
    sold = attrs.evolve(CHANGE, kind="ticket_type.sold_out", observed_at=NOW + MINUTE)
    evaluate(at=NOW + MINUTE, recorded=(Recorded(sold, "opened"),))
    answered = attrs.evolve(first, outcome=PredictionOutcome.SOLD_OUT, outcome_at=NOW + MINUTE)
    assert ledger.forecasts(OFFICE, NOW) == [answered, other]
    assert ledger.forecasts(None, NOW + MINUTE) == [other]
    assert ledger.forecasts("annexe", NOW) == []
    later = attrs.evolve(first, made_at=NOW + PREDICTIONS_KEPT + MINUTE / 2)
    evaluate(later, at=NOW + PREDICTIONS_KEPT + MINUTE / 2)
    assert ledger.forecasts(None, NOW) == [other, later]


# -- outbox ---------------------------------------------------------------------------------------


def test_what_is_withdrawn_is_not_sent_though_it_was_read_before(ledger: Ledger) -> None:
    """Delivery reads what it has to do, and a decision withdraws that before it is sent. What is on
    its way is not withdrawn."""
    fence = leased(ledger)
    ledger.commit(fence, decision(), NOW)
    ((_, read),) = ledger.unsettled(OFFICE)
    withdrawn = attrs.evolve(
        decision(), intents=(), recorded=(), withdrawn={CASE.marker: frozenset({Act.OPEN})}
    )
    ledger.commit(fence, withdrawn, NOW)
    assert ledger.unsettled(OFFICE) == []
    assert ledger.state(OFFICE).unsent == {}
    tried = ledger.attempting(fence, read, {}, NOW)
    assert tried.state is IntentState.DROPPED
    (kept,) = ledger.intents(CASE.marker)
    assert (kept.state, kept.error) == (IntentState.DROPPED, WITHDRAWN)
    more = attrs.evolve(withdrawn, withdrawn={}, intents=(attrs.evolve(INTENT, position=2),))
    ledger.commit(fence, more, NOW)
    ((_, second),) = ledger.unsettled(OFFICE)
    ledger.attempting(fence, second, {}, NOW)
    assert ledger.state(OFFICE).unsent == {}
    ledger.commit(fence, withdrawn, NOW)
    assert [intent.state for _, intent in ledger.unsettled(OFFICE)] == [IntentState.ATTEMPTING]


def test_a_try_is_marked_and_settled(ledger: Ledger) -> None:
    """Marked before it leaves; one that is repeated in doubt says so."""
    fence = leased(ledger)
    ledger.commit(fence, decision(), NOW)
    ((_, intent),) = ledger.unsettled(OFFICE)
    tried = ledger.attempting(fence, intent, {"to": "here"}, NOW)
    assert tried == ledger.intents(CASE.marker)[0]
    assert (tried.state, tried.tries, dict(tried.sent)) == (
        IntentState.ATTEMPTING, 1, {"to": "here"},
    )  # fmt: skip
    ledger.settle(fence, tried, IntentState.UNKNOWN, NOW, error="no answer", retry_at=NOW + MINUTE)
    ((_, unclear),) = ledger.unsettled(OFFICE)
    assert (unclear.error, unclear.retry_at, unclear.repeated_at) == (
        "no answer", NOW + MINUTE, None,
    )  # fmt: skip
    again = ledger.attempting(fence, unclear, {}, NOW + MINUTE)
    ledger.settle(fence, again, IntentState.DONE, NOW + MINUTE, ticket_id="tkt_1")
    assert ledger.unsettled(OFFICE) == []
    ((case, done),) = ledger.repeated(OFFICE, NOW + MINUTE)
    assert (case.ticket_id, done.repeated_at, done.tries) == ("tkt_1", NOW + MINUTE, 2)
    assert ledger.repeated(OFFICE, NOW + 2 * MINUTE) == ledger.repeated("annexe", NOW) == []


def test_acts_that_were_tried_are_listed(ledger: Ledger) -> None:
    """The latest, by case, event, kind and time."""
    fence = leased(ledger)
    more = [attrs.evolve(INTENT, position=at, act=Act.NOTE, payload={}) for at in (2, 3)]
    ledger.commit(fence, decision(intents=(INTENT, *more)), NOW)
    for minutes, (_, intent) in enumerate(ledger.unsettled(OFFICE)[:2]):
        ledger.attempting(fence, intent, {}, NOW + minutes * MINUTE)

    def tried(**filters: Any) -> list[int]:
        return [intent.position for _, intent in ledger.acts(**filters)]

    assert tried() == tried(marker=CASE.marker) == tried(event="evt_1") == [1, 2]
    assert tried(limit=1) == tried(since=NOW + MINUTE) == [2]
    assert tried(kinds=("event.sold_out",), box_office=OFFICE) == [1, 2]
    assert tried(kinds=("event.moved",)) == tried(box_office="annexe") == tried(event="evt") == []


def test_duplicates_are_folded_once(ledger: Ledger) -> None:
    fence = leased(ledger)
    ledger.commit(fence, decision(), NOW)

    def acts(at: int, twin: str) -> list[Intent]:
        return [
            Intent(case=CASE.marker, position=at + n, act=Act.NOTE, payload={"ticket_id": twin})
            for n in range(2)
        ]

    assert ledger.fold(fence, CASE, ["tkt_2", "tkt_3"], acts, NOW) == 2
    assert ledger.fold(fence, CASE, ["tkt_2"], acts, NOW) == 0
    positions = [intent.position for intent in ledger.intents(CASE.marker)]
    assert positions == [1, *range(FOLDS_FROM, FOLDS_FROM + 4)]
    assert ledger.cases()[0].acts == 1  # the next act that is no fold gets the position 2
    ledger.give_up(fence, CASE, "gone", NOW)
    assert [intent.state for intent in ledger.intents(CASE.marker)] == [
        IntentState.DROPPED,
        *[IntentState.PENDING] * 4,
    ]
    assert ledger.cases()[0].state is CaseState.GONE


@pytest.mark.parametrize("drop", [True, False], ids=["dropped", "retried"])
def test_a_dead_letter_is_dropped_or_taken_up_again(ledger: Ledger, drop: bool) -> None:
    fence = leased(ledger)
    ledger.commit(fence, decision(), NOW)
    ((_, intent),) = ledger.unsettled(OFFICE)
    tried = ledger.attempting(fence, intent, {"inbox_id": "inb_1"}, NOW)
    ledger.settle(fence, tried, IntentState.DEAD, NOW, error="400")
    ((_, dead),) = ledger.dead()
    assert ledger.state(OFFICE).dead == (f"Late Laughs: open of {CASE.marker}",)
    assert dead.id is not None
    assert (ledger.drop_dead if drop else ledger.retry_dead)(dead.id, NOW)
    assert not ledger.retry_dead(dead.id, NOW)
    (case,) = ledger.cases()
    ((_, left),) = ledger.unsettled(OFFICE) or ((None, None),)
    assert case.state is (CaseState.GONE if drop else CaseState.OPEN)
    assert (left is None) == drop
    assert left is None or (left.state, left.tries) == (IntentState.UNKNOWN, 0)


def test_a_removal_is_an_intent_of_its_own(ledger: Ledger) -> None:
    """Added once; no case has it, so no desk is asked to deliver it."""
    fence = leased(ledger)
    known = ledger.schedule(fence, [REMOVAL], NOW)
    removal = known[REMOVAL.case]
    assert attrs.evolve(removal, id=None) == REMOVAL
    assert ledger.schedule(fence, [attrs.evolve(REMOVAL, payload={})], NOW) == known
    tried = ledger.attempting(fence, removal, {"sold": 3}, NOW)
    ledger.settle(fence, tried, IntentState.REFUSED, NOW, error="3 were sold")
    refused = ledger.removals(OFFICE)[REMOVAL.case]
    assert (refused.state, refused.error, dict(refused.sent)) == (
        IntentState.REFUSED, "3 were sold", {"sold": 3},
    )  # fmt: skip
    assert ledger.removals("annexe") == {}
    ledger.settle(fence, refused, IntentState.DEAD, NOW)
    assert (ledger.unsettled(OFFICE), ledger.dead(), ledger.acts()) == ([], [], [])


def test_a_quota_is_changed_by_steps(ledger: Ledger) -> None:
    """Each name by itself."""
    assert ledger.spent("a") is None
    assert ledger.change("a", lambda kept, _: ("1", kept)) is None
    assert ledger.change("a", lambda kept, _: ("2", kept)) == "1"
    assert ledger.change("b", lambda kept, _: ("3", kept)) is None
    assert (ledger.spent("a"), ledger.spent("b")) == ("2", "3")
