"""Trouble of the box office itself is for those who run willcall: the organiser is not mailed."""

from typing import Any

import pytest

from willcall.bridge.config.file import checked
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.rules import BUILT_IN, Rules

INTERNAL = [kind.name for kind in KINDS.values() if not kind.of_event]


def configured(rule: dict[str, Any] | None = None, staff: str | None = None) -> Rules:
    """The rules of a configuration."""
    address = {"inbox_id": "inb_1", "customer_email": "organiser@example.com"}
    values: dict[str, Any] = {
        "box_office": [{"name": "a"}],
        "desk": {**address, "from_address": "house@example.com"},
    }
    if staff is not None:
        values["desk"]["staff_email"] = staff
    if rule is not None:
        values["rule"] = [{"id": "mine", **rule}]
    return checked(values).rules()


@pytest.mark.parametrize("staff", [None, "it@example.com"])
def test_the_built_in_rules_mail_nobody_about_internal_trouble(staff: str | None) -> None:
    """Their tickets concern the staff where that is set."""
    rules = configured(staff=staff)
    concerned = staff or "organiser@example.com"
    for rule in rules.rules:
        internal = rule.kinds[0] in INTERNAL
        assert rule.writes is not internal
        expected = concerned if internal else "organiser@example.com"
        assert rule.address.customer_email == expected
    assert rules.address(f"{BUILT_IN}/box_office.storm").customer_email == concerned


@pytest.mark.parametrize(
    ("rule", "writes", "concerned"),
    [
        ({"when": ["box_office.*"]}, False, "it@example.com"),
        ({"when": ["box_office.*"], "message": True}, True, "it@example.com"),
        (
            {"when": ["box_office.*"], "ticket": {"customer_email": "me@example.com"}},
            True,
            "me@example.com",
        ),
        ({"when": ["box_office.*", "event.sold_out"]}, True, "organiser@example.com"),
        ({"when": ["event.sold_out"]}, True, "organiser@example.com"),
        ({"when": ["event.sold_out"], "message": False}, False, "organiser@example.com"),
    ],
)
def test_a_rule_of_ones_own_says_otherwise(
    rule: dict[str, Any], writes: bool, concerned: str
) -> None:
    """If it says so."""
    (mine, *_) = configured(rule, "it@example.com").rules
    assert (mine.writes, mine.address.customer_email) == (writes, concerned)
