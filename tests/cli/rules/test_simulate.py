"""``willcall simulate``."""

from support.shell import Shell


def test_rules_are_simulated(configured: Shell) -> None:
    """A few seeds, then one of them step by step; no request is sent."""
    said = configured("simulate", "--seeds", "3")
    assert said.code == 0
    assert "3 seeds" in said.out
    said = configured("simulate", "--seed", "3")
    assert said.code == 0
    assert "seed 3: kept" in said.out
    assert configured.served.sandbox.requests == []


def test_what_the_box_office_is_like_is_chosen(configured: Shell) -> None:
    """By names that are checked."""
    said = configured("simulate", "--seed", "3", "--habits", "baskets")
    assert said.code == 0
    assert "habits: baskets" in said.out
    said = configured("simulate", "--habits", "moods")
    assert said.code == 2
    assert said.err.startswith("willcall: --habits: 'moods' is unknown (known: baskets, ")
