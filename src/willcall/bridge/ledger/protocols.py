"""What the bridge asks of a ledger, by role. Code that needs one role takes that role.

A method is one transaction. Methods that write on behalf of a pass take its
:class:`~willcall.bridge.ledger.Fence` and check it in the same transaction: a process that was
paused past its lease finds that the fence was passed, and writes, and hence sends, nothing.

There are two implementations, ``sql/`` for SQLite and PostgreSQL, and ``memory.py``.
``tests/bridge/ledger/test_protocols.py`` states what both keep.

Every method may raise :class:`~willcall.errors.LedgerError`: the ledger cannot be used. Its
``temporary`` says whether the next run may succeed without anybody doing something.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from ...client.quota import QuotaStore
from ..model.cases import (
    Case,
    CaseState,
    Decision,
    Evaluation,
    Intent,
    IntentState,
    State,
)
from ..model.facts import EventFacts
from ..model.history import Entry
from ..model.predictions import Prediction
from ..model.rules import Silence
from .holders import Holder
from .records import HISTORY_KEPT, LOG_LIMIT, Fence, Logged, OfficeRecord, RunRecord

Pair = tuple[Case, Intent]
"""An intent and the case it belongs to."""


class Leases(Protocol):
    """Who may write and send for a box office."""

    def take_lease(self, box_office: str, now: datetime) -> Fence | None:
        """Become the only sender for a box office; None while another process is.

        A lease is free when it has run out, and as soon as its holder has provably ended. A ledger
        on a server goes by the server's clock, any other by ``now``.
        """

    def renew(self, fence: Fence, now: datetime) -> None:
        """Keep the lease. Everything that is written under a fence does so as well.

        Raises:
            TakenOverError: another process has it.
        """

    def release_lease(self, fence: Fence) -> None:
        """Give the lease back, if it is still held under this fence."""

    def let_go(self) -> None:
        """Give back every lease that this process holds; a ledger that fails is left alone."""

    def abandon(self) -> None:
        """Forget the leases without giving them back, since the ledger does not answer: they run
        out by themselves."""


class Decisions(Protocol):
    """What a pass reads before it decides, and commits afterwards."""

    def state(self, box_office: str, since: datetime | None = None) -> State:
        """What is known of a box office; with the cases that ended since ``since``."""

    def planner(self, box_office: str) -> bytes | None:
        """What the planner has learned of a box office; None if nothing yet."""

    def commit(
        self,
        fence: Fence,
        decision: Decision,
        now: datetime,
        *,
        swept: bool = True,
        keep: timedelta = HISTORY_KEPT,
    ) -> None:
        """Write everything that a pass has decided, before anything is sent.

        Args:
            fence: the lease under which it was decided.
            decision: what was decided.
            now: the time, from which the lease is renewed.
            swept: whether the box office was read whole.
            keep: how much of the history is kept.
        """

    def evaluate(
        self,
        fence: Fence,
        now: datetime,
        step: Callable[[State], Evaluation | None],
        *,
        since: datetime | None = None,
        snapshot: Mapping[str, EventFacts] | None = None,
        keep: timedelta = HISTORY_KEPT,
        planner: bytes | None = None,
    ) -> Evaluation | None:
        """Read what is known, let ``step`` decide, and write it, all in one transaction: nothing
        comes between, not even delivery under the same lease.

        Args:
            fence: the lease under which it is done.
            now: the time, from which the lease is renewed.
            step: what follows from what is known; None for nothing. It has no effects of its own.
            since: cases that ended since then are among what is known.
            snapshot: every event as it was last seen, if the caller has it at hand.
            keep: how much of the history is kept.
            planner: what the planner has learned meanwhile.
        """

    def evaluate_without_lease(
        self,
        box_office: str,
        now: datetime,
        step: Callable[[State], Evaluation],
        since: datetime | None = None,
    ) -> Evaluation:
        """Like :meth:`evaluate`, but without the lease: its holder delivers what follows.

        Args:
            box_office: what is decided about.
            now: the time.
            step: see :meth:`evaluate`. It leaves the snapshot to the holder of the lease.
            since: see :meth:`evaluate`.
        """

    def record_run(
        self,
        box_office: str,
        started_at: datetime,
        ended_at: datetime,
        exit_code: int,
        summary: Mapping[str, Any],
    ) -> None:
        """Note that a run took place and how it went."""


class Outbox(Protocol):
    """The outward acts: each is written before it is tried, and settled once its end is clear.

    All moments of tries are by :meth:`clock`, so that processes on machines whose clocks differ
    agree on how long an act has been in doubt.
    """

    @property
    def has_clock(self) -> bool:
        """Whether its server has a clock that counts; else the machine's does."""

    def clock(self, now: datetime) -> datetime:
        """The time by the ledger's clock: that of its server if it has one, else ``now``."""

    def unsettled(self, box_office: str) -> Sequence[Pair]:
        """Every intent that is not settled, oldest case first, each case's in order."""

    def repeated(self, box_office: str, since: datetime) -> Sequence[Pair]:
        """The openings that were sent more than once: since then, or of a case that has unsettled
        intents."""

    def adopted(self, box_office: str, since: datetime) -> Sequence[Pair]:
        """The openings of cases since then whose ticket another ledger has opened."""

    def attempting(
        self, fence: Fence, intent: Intent, sent: Mapping[str, Any], now: datetime
    ) -> Intent:
        """Mark an intent as about to be sent; only then may it be. As it is now: dropped,
        if it was withdrawn meanwhile."""

    def settle(
        self,
        fence: Fence,
        intent: Intent,
        state: IntentState,
        now: datetime,
        *,
        error: str | None = None,
        retry_at: datetime | None = None,
        ticket_id: str | None = None,
    ) -> None:
        """Write how a try ended; ``ticket_id`` is that of the ticket it opened."""

    def fold(
        self,
        fence: Fence,
        case: Case,
        duplicates: Sequence[str],
        acts: Callable[[int, str], list[Intent]],
        now: datetime,
    ) -> int:
        """Add the acts that fold duplicate tickets into the first, once for each ticket.

        Args:
            fence: the lease under which it is done.
            case: the case that has several tickets.
            duplicates: the ids of the duplicate tickets.
            acts: the acts that fold a duplicate, from a position on.
            now: the time.

        Returns:
            how many of the duplicates were new.
        """

    def give_up(
        self,
        fence: Fence,
        case: Case,
        why: str,
        now: datetime,
        state: CaseState = CaseState.GONE,
    ) -> None:
        """Drop everything that is left to do for a case, because its ticket is gone, or a person
        has ended it. What folds a duplicate is about another ticket, and stays.

        What the dropped acts should have announced counts as not announced: the next decision opens
        a ticket of its own for what still holds.

        Args:
            fence: the lease under which it is done.
            case: the case.
            why: why, in words.
            now: the time.
            state: the state of the case from now on.
        """

    def detach(self, fence: Fence, case: Case, why: str, now: datetime) -> None:
        """Let nothing more join a case whose ticket takes nothing more for now. What was to be
        announced in it is dropped, and counts as not announced. Its end is still told."""

    def to_confirm(self, box_office: str, now: datetime) -> Sequence[Pair]:
        """The acts that are done and to be looked at once more, now that their time has come: those
        with a ``retry_at``. A time that is far ahead was written under a wrong clock, and has come.
        """

    def dead(self) -> Sequence[Pair]:
        """Every dead letter, oldest first."""

    def retry_dead(self, number: int, now: datetime) -> bool:
        """Try a dead letter again; whether there was a dead letter of that number."""

    def drop_dead(self, number: int, now: datetime) -> bool:
        """Drop a dead letter; whether there was a dead letter of that number. Without its opening a
        case has no ticket, and everything else of it is dropped, too."""

    def removals(self, box_office: str) -> Mapping[str, Intent]:
        """The scheduled removals that have been due, settled ones included, by name."""

    def schedule(
        self, fence: Fence, removals: Sequence[Intent], now: datetime
    ) -> Mapping[str, Intent]:
        """Add the intents of scheduled removals that have become due; those that are there already
        stay as they are. All of them, as :meth:`removals` gives them."""


class History(Protocol):
    """Past runs, changes and snapshots. A filter that is ``None`` matches everything; lists are
    oldest first."""

    def log(
        self,
        *,
        box_office: str | None = None,
        since: datetime | None = None,
        event: str | None = None,
        kinds: Sequence[str] | None = None,
        marker: str | None = None,
        number: int | None = None,
        limit: int = LOG_LIMIT,
    ) -> list[Logged]:
        """The latest recorded changes and what came of them; ``event`` is an event's id."""

    def cases(
        self,
        *,
        since: datetime | None = None,
        name: str | None = None,
        event: str | None = None,
    ) -> list[Case]:
        """The cases opened since then; ``name`` is a marker or a ticket's id, ``event`` the id of
        the event that leads them, itself or by one of its ticket types."""

    def acts(
        self,
        *,
        box_office: str | None = None,
        since: datetime | None = None,
        event: str | None = None,
        kinds: Sequence[str] | None = None,
        marker: str | None = None,
        limit: int = LOG_LIMIT,
    ) -> list[Pair]:
        """The latest acts that were tried."""

    def intents(self, marker: str) -> list[Intent]:
        """Every intent of a case, in order."""

    def history(self, box_office: str, since: datetime) -> list[Entry]:
        """What was seen, from the last whole snapshot before ``since`` on."""

    def runs(self, box_office: str, since: datetime) -> list[RunRecord]:
        """The runs that began since then."""

    def forecasts(self, box_office: str | None, since: datetime) -> list[Prediction]:
        """What was predicted since then, and what came of it."""


class Queries(Protocol):
    """How things stand now."""

    def office(self, name: str) -> OfficeRecord:
        """How it stands with a box office."""

    def known_offices(self) -> list[str]:
        """The names of the box offices that have a baseline, in alphabetical order."""

    def spent(self, name: str) -> str | None:
        """What is spent of a quota, as :mod:`willcall.client.quota` wrote it; None: nothing yet."""


class Silences(Protocol):
    """What people do not want to be alerted about."""

    def silences(self) -> list[Silence]:
        """Every silence, those that are over included."""

    def add_silence(self, silence: Silence) -> int:
        """Add a silence; its number."""

    def expire_silence(self, number: int, now: datetime) -> bool:
        """End a silence now; whether there was a silence of that number that had not ended."""


class Ledger(Leases, Decisions, Outbox, History, Queries, Silences, QuotaStore, Protocol):
    """Everything that must survive the end of a process. Each process has a value of its own."""

    @property
    def reading(self) -> bool:
        """Whether it was opened for reading only."""

    def as_another_process(self, holder: Holder | None = None) -> Ledger:
        """The same ledger as another process would open it, with leases of its own.

        Args:
            holder: who that process is; this one, if it is left out.
        """

    def close(self) -> None:
        """Let go of the leases, should a run have been interrupted, and close all connections."""


class Maintenance(Protocol):
    """Maintenance of a ledger in a database: checks, copies, and the deletion of old rows."""

    def version(self) -> str | None:
        """The version of its tables; None if there are none."""

    def complaints(self, *, thorough: bool) -> list[str]:
        """What is wrong with it; nothing, if it is sound."""

    def backup(self, target: Path) -> None:
        """Copy an SQLite ledger into a new file that only this user can read.

        Raises:
            LedgerError: the file is there already or cannot be written, or it is not SQLite.
        """

    def rename(self, old: str, new: str, now: datetime) -> int:
        """Give a box office another name; all that is known of it goes on under that one.

        Returns:
            how many cases it has.

        Raises:
            LedgerError: the ledger knows no such box office, or knows the new name already.
            TakenOverError: a run or a watch is at work on it.
        """

    def prune(self, now: datetime, keep: timedelta) -> Mapping[str, int]:
        """Forget runs, changes and snapshots that are over and older than ``keep``; how many of
        each. Cases and their intents stay, since an old ticket is known by them."""
