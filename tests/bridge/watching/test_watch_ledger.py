"""A watch whose ledger fails, in virtual time: what is waited for, told once, and not lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.virtual_watch import VirtualWatch
from willcall.errors import LedgerError
from willcall.simulation.play import OFFICE


@pytest.mark.parametrize("temporary", [True, False])
@pytest.mark.parametrize("step", ["commit", "quota: take"])
def test_a_ledger_that_fails(step: str, temporary: bool) -> None:
    """For now: waited for, and what was seen is seen again. For good: the watch ends, 78."""
    virtual = VirtualWatch(shared=True)
    virtual.run()
    virtual.begin()
    virtual.pass_time(5.0)
    mend = _failing(virtual, {step}, temporary=temporary)
    virtual.box_office.sell_out(virtual.on_sale()[0].id)
    virtual.pass_time(30.0)
    assert virtual.desk.tickets == []
    mend()
    if temporary:
        virtual.until(lambda: len(virtual.desk.tickets) == 1, 90.0)
        virtual.until(virtual.quiet)
        assert [one.split(":")[0] for one in virtual.said()[-2:]] == [
            "waiting",
            "the ledger answers again",
        ]
        assert virtual.leave().exit_code == 0
    else:
        assert virtual.reports[-1].exit_code == 78


@pytest.mark.parametrize("step", ["commit", "quota: take"])
def test_a_ledger_that_fails_before_the_first_look_is_done(step: str) -> None:
    """There is nothing to compare with yet: it is looked at once more, and nothing is told."""
    virtual = VirtualWatch(shared=True)
    mend = _failing(virtual, {step}, temporary=True)
    virtual.begin()
    virtual.pass_time(30.0)
    assert virtual.ledger.state(OFFICE).snapshot is None
    mend()
    virtual.until(lambda: "watching 4 events" in virtual.said(), 90.0)
    virtual.pass_time(60.0)
    assert virtual.desk.tickets == []
    assert virtual.leave().exit_code == 0


def test_a_ledger_that_is_away_for_an_hour(virtual: VirtualWatch) -> None:
    """It is told once, each minute has the exit code of that, and nothing is lost."""
    mend = _failing(virtual, set(), temporary=True)
    told = len(virtual.said())
    virtual.box_office.sell_out(virtual.on_sale()[0].id)
    assert virtual.watch is not None
    for _ in range(60):
        virtual.pass_time(60.0)
        assert virtual.watch.code() == 75
    (said,) = virtual.said()[told:]
    assert said == "waiting: the ledger cannot be used: disk I/O error"
    mend()
    virtual.until(lambda: len(virtual.desk.tickets) == 1, 90.0)
    virtual.until(lambda: virtual.said()[-1] == "the ledger answers again", 60.0)
    virtual.until(virtual.quiet, 120.0)
    virtual.pass_time(60.0)
    virtual.watch.code()
    virtual.pass_time(60.0)
    assert virtual.watch.code() == 0


def test_of_what_another_holds_for_ten_minutes_is_told_once() -> None:
    """The quota's row, say: what else is written meanwhile does not make the ledger well."""
    virtual = VirtualWatch(shared=True)
    virtual.run()
    virtual.begin()
    virtual.pass_time(5.0)
    told = len(virtual.said())
    mend = _failing(virtual, {"quota: take"}, temporary=True)
    virtual.pass_time(600.0)
    mend()
    virtual.pass_time(60.0)
    assert [one.split(":")[0] for one in virtual.said()[told:]] == [
        "waiting",
        "the ledger answers again",
    ]
    assert virtual.leave().exit_code == 0


def test_a_lease_is_kept_by_what_is_written_as_well(virtual: VirtualWatch) -> None:
    """Where something is written every few seconds it is never renewed for its own sake; that this
    once failed is over then."""
    mend = _failing(virtual, {"commit", "renew"}, temporary=True)
    told, watch = len(virtual.said()), virtual.watch
    assert watch is not None
    virtual.until(lambda: watch._failing == "renew")
    mend()
    virtual.pass_time(180.0)
    assert [one.split(":")[0] for one in virtual.said()[told:]] == [
        "waiting",
        "the ledger answers again",
    ]
    watch.code()
    virtual.pass_time(60.0)
    assert watch.code() == 0


def test_a_lease_that_cannot_be_given_back_hides_nothing(virtual: VirtualWatch) -> None:
    """It runs out by itself."""
    mend = _failing(virtual, {"release"}, temporary=True)
    report = virtual.leave()
    assert (report.exit_code, str(report.trouble)) == (
        75,
        "the ledger cannot be used: disk I/O error",
    )
    assert virtual.run().exit_code == 75  # somebody else has it, as far as anybody can tell
    mend()
    virtual.pass_time(300.0)
    assert virtual.run().exit_code == 0
    virtual.begin()


def _failing(virtual: VirtualWatch, steps: set[str], *, temporary: bool) -> Callable[[], None]:
    """From now on these steps fail, or all if none is named; what ends that."""
    plain = virtual.trouble.ledger

    def fails(process: object, step: str) -> None:
        if step in steps or (not steps and step != "tell"):  # what it tells needs no ledger
            raise LedgerError("the ledger cannot be used: disk I/O error", temporary=temporary)

    def mend() -> None:
        virtual.trouble.ledger = plain  # type: ignore[method-assign]

    virtual.trouble.ledger = fails  # type: ignore[method-assign]
    return mend
