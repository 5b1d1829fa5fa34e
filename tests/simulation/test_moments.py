"""What tickets and mails say is so: each invariant can fail."""

from typing import Any

import pytest

from support.virtual_bridge import ADDRESS
from willcall.bridge.alerting.opening import open_cases
from willcall.bridge.alerting.outbox_builder import OutboxBuilder
from willcall.bridge.evaluate import found_in
from willcall.bridge.model.cases import Case
from willcall.bridge.model.rules import Rules, built_in_rules
from willcall.simulation.campaign import play_many

BUILT_IN = Rules(rules=built_in_rules(ADDRESS), default=ADDRESS)


def _unsaid(_: OutboxBuilder, case: Case, *__: Any) -> Case:
    """Nobody is told that something is over."""
    return case


def _no_sell_outs(work: Any, due: Any, recent: Any) -> None:
    """No event is ever announced as sold out."""
    open_cases(work, [pair for pair in due if pair[1].change.kind != "event.sold_out"], recent)


_SEEN: dict[str, Any] = {}


def _a_pass_behind(job: Any, snapshot: Any, observation: Any, planner: Any) -> Any:
    """A pass decides about what the pass before it has seen."""
    before = observation if snapshot is None else _SEEN.get(job.name, observation)
    _SEEN[job.name] = observation
    return found_in(job, snapshot, before, planner)


@pytest.mark.parametrize(
    ("where", "mutant", "said"),
    [
        (f"{OutboxBuilder.__module__}.OutboxBuilder.announce_ends", _unsaid, "is open and says"),
        ("willcall.bridge.alerting.decide.open_cases", _no_sell_outs, "holds since"),
        ("willcall.bridge.run.found_in", _a_pass_behind, "holds since|which is over"),
        ("willcall.bridge.alerting.decide.judge_unsent", lambda *_: None, "which is over"),
    ],
    ids=[
        "an end that is not said",
        "a sell-out that is not said",
        "a pass behind",
        "what waits is not judged again",
    ],
)
def test_what_is_not_so_is_caught(
    monkeypatch: pytest.MonkeyPatch, where: str, mutant: Any, said: str
) -> None:
    monkeypatch.setattr(where, mutant)
    campaign = play_many(range(100), [BUILT_IN], stop_at=1)
    assert campaign.broken, "nothing was noticed"
    assert any(text in str(campaign.broken[0].broken) for text in said.split("|"))


def test_the_bound_is_computed_and_printed() -> None:
    campaign = play_many(range(5), [BUILT_IN])
    assert 60 < campaign.bound < 1500
    assert f"slowest to say what is so: {campaign.bound:.0f} s" in campaign.report()
