"""The cookbook is held to the code: every rule is without a complaint, and does what its test says,
which the built-in rules alone would not do."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.terminal import CONFIG
from willcall.bridge.config.check import Known, check
from willcall.bridge.config.file import checked
from willcall.bridge.insight.rule_test_file import read_tests
from willcall.bridge.insight.rule_tests import built_in, run_test

PAGE = (Path(__file__).parent.parent / "docs" / "cookbook.md").read_text("utf-8")
RECIPES = re.findall(
    r"^## \d+\. (.+?)$\n(.*?)^```toml\n(.*?)^```$\n+^```toml\n(.*?)^```$",
    PAGE,
    re.DOTALL | re.MULTILINE,
)


def test_there_are_twelve_and_nothing_is_left_out() -> None:
    """Every block is the rule or the test of one."""
    assert len(RECIPES) == 12
    assert PAGE.count("```") == 4 * len(RECIPES)
    assert PAGE.count("\n## ") == len(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda one: one[0])
def test_a_recipe_does_what_its_test_says(recipe: tuple[str, str, str, str]) -> None:
    """Under its rule, and not without it."""
    _, _, rule, test = recipe
    found = check(CONFIG + rule, Known(), datetime.now(UTC))
    assert found.complaints == ()
    rules = checked(tomllib.loads(CONFIG + rule)).rules()
    (one,) = read_tests(test, "cookbook.md")[0].test
    assert run_test(one, rules) == []
    assert run_test(one, built_in()) != []


def test_all_of_them_live_together() -> None:
    """In one file, the broad ones last; of the two that take the same, one."""
    rules = {title: rule for title, _, rule, _ in RECIPES if title != "Flapping"}
    broad = rules.pop("Not at night")
    found = check(CONFIG + "\n".join([*rules.values(), broad]), Known(), datetime.now(UTC))
    assert found.complaints == ()
