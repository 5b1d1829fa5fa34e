"""A watch whose ledger fails, in virtual time: what is waited for, told once, and not lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.vigil import Vigil
from willcall.errors import LedgerError
from willcall.simulation.play import OFFICE


@pytest.mark.parametrize("temporary", [True, False])
@pytest.mark.parametrize("step", ["commit", "quota: take"])
def test_a_ledger_that_fails(step: str, temporary: bool) -> None:
    """For now: waited for, and what was seen is seen again. For good: the watch ends, 78."""
    vigil = Vigil(shared=True)
    vigil.run()
    vigil.begin()
    vigil.pass_time(5.0)
    mend = _failing(vigil, {step}, temporary=temporary)
    vigil.box_office.sell_out(vigil.on_sale()[0].id)
    vigil.pass_time(30.0)
    assert vigil.desk.tickets == []
    mend()
    if temporary:
        vigil.until(lambda: len(vigil.desk.tickets) == 1, 90.0)
        vigil.until(vigil.quiet)
        assert [one.split(":")[0] for one in vigil.said()[-2:]] == [
            "waiting",
            "the ledger answers again",
        ]
        assert vigil.leave().exit_code == 0
    else:
        assert vigil.reports[-1].exit_code == 78


@pytest.mark.parametrize("step", ["commit", "quota: take"])
def test_a_ledger_that_fails_before_the_first_look_is_done(step: str) -> None:
    """There is nothing to compare with yet: it is looked at once more, and nothing is told."""
    vigil = Vigil(shared=True)
    mend = _failing(vigil, {step}, temporary=True)
    vigil.begin()
    vigil.pass_time(30.0)
    assert vigil.ledger.state(OFFICE).snapshot is None
    mend()
    vigil.until(lambda: "watching 4 events" in vigil.said(), 90.0)
    vigil.pass_time(60.0)
    assert vigil.desk.tickets == []
    assert vigil.leave().exit_code == 0


def test_a_ledger_that_is_away_for_an_hour(vigil: Vigil) -> None:
    """It is told once, each minute has the exit code of that, and nothing is lost."""
    mend = _failing(vigil, set(), temporary=True)
    told = len(vigil.said())
    vigil.box_office.sell_out(vigil.on_sale()[0].id)
    assert vigil.watch is not None
    for _ in range(60):
        vigil.pass_time(60.0)
        assert vigil.watch.code() == 75
    (said,) = vigil.said()[told:]
    assert said == "waiting: the ledger cannot be used: disk I/O error"
    mend()
    vigil.until(lambda: len(vigil.desk.tickets) == 1, 90.0)
    vigil.until(lambda: vigil.said()[-1] == "the ledger answers again", 60.0)
    vigil.until(vigil.quiet, 120.0)
    vigil.pass_time(60.0)
    vigil.watch.code()
    vigil.pass_time(60.0)
    assert vigil.watch.code() == 0


def test_of_what_another_holds_for_ten_minutes_is_told_once() -> None:
    """The quota's row, say: what else is written meanwhile does not make the ledger well."""
    vigil = Vigil(shared=True)
    vigil.run()
    vigil.begin()
    vigil.pass_time(5.0)
    told = len(vigil.said())
    mend = _failing(vigil, {"quota: take"}, temporary=True)
    vigil.pass_time(600.0)
    mend()
    vigil.pass_time(60.0)
    assert [one.split(":")[0] for one in vigil.said()[told:]] == [
        "waiting",
        "the ledger answers again",
    ]
    assert vigil.leave().exit_code == 0


def test_a_lease_is_kept_by_what_is_written_as_well(vigil: Vigil) -> None:
    """Where something is written every few seconds it is never renewed for its own sake; that this
    once failed is over then."""
    mend = _failing(vigil, {"commit", "renew"}, temporary=True)
    told, watch = len(vigil.said()), vigil.watch
    assert watch is not None
    vigil.until(lambda: watch._failing == "renew")
    mend()
    vigil.pass_time(180.0)
    assert [one.split(":")[0] for one in vigil.said()[told:]] == [
        "waiting",
        "the ledger answers again",
    ]
    watch.code()
    vigil.pass_time(60.0)
    assert watch.code() == 0


def test_a_lease_that_cannot_be_given_back_hides_nothing(vigil: Vigil) -> None:
    """It runs out by itself."""
    mend = _failing(vigil, {"release"}, temporary=True)
    report = vigil.leave()
    assert (report.exit_code, str(report.trouble)) == (
        75,
        "the ledger cannot be used: disk I/O error",
    )
    assert vigil.run().exit_code == 75  # somebody else has it, as far as anybody can tell
    mend()
    vigil.pass_time(300.0)
    assert vigil.run().exit_code == 0
    vigil.begin()


def _failing(vigil: Vigil, steps: set[str], *, temporary: bool) -> Callable[[], None]:
    """From now on these steps fail, or all if none is named; what ends that."""
    plain = vigil.trouble.ledger

    def fails(process: object, step: str) -> None:
        if step in steps or (not steps and step != "tell"):  # what it tells needs no ledger
            raise LedgerError("the ledger cannot be used: disk I/O error", temporary=temporary)

    def mend() -> None:
        vigil.trouble.ledger = plain  # type: ignore[method-assign]

    vigil.trouble.ledger = fails  # type: ignore[method-assign]
    return mend
