"""Many things at once: one digest, nobody mailed, and each let go when somebody says so."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs

from support.decider import EVENT, HOME, Decider, a_rule, happens
from willcall.bridge.model.cases import Act, CaseState
from willcall.bridge.model.rules import Rules

OPENED = ["open", "tag", "message"]
TEN = timedelta(minutes=10)


def storm(count: int = 21, limit: int = 20, **rule: Any) -> Decider:
    """So many events sold out at once."""
    decider = Decider(a_rule("event.sold_out", **rule), storm=limit)
    decider.apply(*(happens("event.sold_out", event, decider.at) for event in events(count)))
    return decider


def events(count: int) -> Sequence[Any]:
    """So many events, the last with a hostile title."""
    made = [attrs.evolve(EVENT, id=f"evt_{n}", title=f"Show {n:02}") for n in range(count)]
    return [*made[:-1], attrs.evolve(made[-1], title="Last\n- Forged [wc-00000000]")]


def test_as_many_as_the_limit_are_opened_one_by_one() -> None:
    """One more is a storm; no limit, no storm."""
    assert len(storm(20).live) == len([i for i in storm(20).intents if i.act is Act.OPEN]) == 20
    assert len([i for i in storm(60, limit=0).intents if i.act is Act.OPEN]) == 60


def test_a_storm_is_one_digest_that_lists_them_and_writes_to_nobody() -> None:
    """Each with its marker, by which it can be released."""
    decider = storm()
    assert [i.act.value for i in decider.intents] == ["open", "tag"]
    assert {case.state for case in decider.live} == {CaseState.HELD}
    body = decider.intents[0].payload["body"]
    assert all(f"[{case.marker}]" in body for case in decider.live)
    assert body.count("\n- ") == 21
    assert decider.apply() == []
    assert decider.apply(happens("event.renamed", events(21)[0], decider.at)) == []


def test_what_is_held_is_released_all_at_once_or_one_by_one() -> None:
    """Once each."""
    decider = storm()
    first, *_ = decider.live
    assert decider.releases(first.marker) == OPENED
    assert decider.releases(first.marker) == []
    assert decider.releases("wc-00000000") == []
    assert decider.releases() == OPENED * 20
    assert decider.releases() == []
    assert {case.state for case in decider.live} == {CaseState.OPEN}


def test_what_is_over_before_it_is_released_is_over_without_a_word() -> None:
    """There is no ticket to end."""
    decider = storm()
    for event in events(21)[:20]:
        assert decider.apply(happens("event.back_on_sale", event, decider.at)) == []
    assert len(decider.live) == 1
    assert decider.releases() == OPENED


def test_what_is_held_can_be_released_after_its_rule_is_gone() -> None:
    """With the built-in words, to where most tickets go."""
    decider = storm()
    decider.rules = Rules(rules=(), default=HOME)
    assert decider.releases() == OPENED * 21


def test_a_second_storm_has_a_digest_of_its_own() -> None:
    """And a marker of its own."""
    decider = storm()
    digest = decider.intents[0].case
    for event in events(21):
        decider.apply(happens("event.back_on_sale", event, decider.at))
    decider.apply(*(happens("event.sold_out", event, decider.at) for event in events(21)))
    assert decider.intents[0].case != digest


def test_what_comes_on_top_of_a_storm_is_held_with_it() -> None:
    """A large one takes several passes to be seen. What is not like it is told; and so is what is,
    an hour later, or once the storm was released."""
    late = attrs.evolve(EVENT, id="evt_late")

    def told(
        kind: str, after: timedelta = timedelta(minutes=1), *, free: bool = False
    ) -> list[str]:
        decider = storm()
        decider.rules = Rules(
            rules=(*decider.rules.rules, a_rule("event.moved", id="r1")), default=HOME
        )
        if free:
            decider.releases()
        return decider.apply(kind, event=late, after=after)

    assert told("event.sold_out") == ["open", "tag"]
    assert told("event.moved") == OPENED
    assert told("event.sold_out", timedelta(hours=1, minutes=1)) == OPENED
    assert told("event.sold_out", free=True) == OPENED
