"""The page about rules is held to the code: its TOML is checked, its tables are the code's."""

import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support import tables
from willcall.bridge.config.check import Known, check
from willcall.bridge.config.rule_tables import If, RuleTable
from willcall.bridge.insight.rule_test_file import ExpectedTicket, StepTable, read_tests
from willcall.bridge.insight.rule_tests import built_in, run_test
from willcall.bridge.model.predicates import PREDICATES
from willcall.bridge.templates.rendering import environment, names

PAGE = (Path(__file__).parent.parent / "docs" / "rules.md").read_text("utf-8")
HEAD = """\
[[box_office]]
name = "main-room"
[desk]
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
from_address = "boxoffice@example.com"
"""
BLOCKS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def _rows(name: str) -> list[list[str]]:
    """The rows of the table behind a mark."""
    part = PAGE.split(f"<!-- {name} -->")[1].split("\n\n")[1]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in part.splitlines()[2:]
    ]


def _names(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


@pytest.mark.parametrize("block", [one for one in BLOCKS if "[[test]]" not in one])
def test_every_piece_of_configuration_is_without_a_complaint(block: str) -> None:
    """Beside a box office and a desk."""
    found = check(HEAD + block, Known(), datetime.now(UTC))
    assert found.config is not None
    assert found.complaints == ()


@pytest.mark.parametrize("block", [one for one in BLOCKS if "[[test]]" in one])
def test_every_test_passes(block: str) -> None:
    """Under the built-in rules."""
    tests, _ = read_tests(block, "rules.md")
    for test in tests.test:
        assert run_test(test, built_in()) == []


TABLES = [
    ("docs/rules.md", "predicates", tables.predicates),
    ("docs/rules.md", "type states", tables.type_states),
    ("docs/rules.md", "event states", tables.event_states),
    ("docs/rules.md", "kinds", tables.kinds),
    ("README.md", "tickets", tables.tickets),
    ("docs/sandbox.md", "habits", tables.habits),
]


@pytest.mark.parametrize(("page", "mark", "table"), TABLES)
def test_the_tables_are_generated_from_the_catalogue(
    page: str, mark: str, table: Callable[[], str]
) -> None:
    """``WILLCALL_GOLDEN=write`` writes them again."""
    found, expected = tables.in_page(page, mark, table())
    assert found == expected


def test_a_rule_may_ask_every_predicate() -> None:
    """And nothing else."""
    assert list(If.model_fields) == list(PREDICATES)


def test_the_names_are_those_of_the_code() -> None:
    """For each thing that a change happens to."""
    every, event, one = (_names(row[1]) for row in _rows("names"))
    assert every == names("box_office.storm")
    assert event == {n for n in names("event.moved") if n.startswith("event.")}
    assert one == {n for n in names("ticket_type.added") if n.startswith("ticket_type.")}


def test_nothing_that_a_rule_or_a_test_may_say_is_left_out() -> None:
    """Every key of a rule is in its example, every field of a test is named, every filter too."""
    example = next(block for block in BLOCKS if "gala-low-stock" in block)
    (rule,) = tomllib.loads(example)["rule"]
    keys = {field.alias or name for name, field in RuleTable.model_fields.items()}
    assert set(rule) == keys
    fields = {*StepTable.model_fields, *ExpectedTicket.model_fields} - {
        "at",
        "event",
        "ticket_type",
    }
    tests = PAGE.split("## Tests")[1].split("## Why")[0]
    assert {
        field for field in fields if f"`{field}" not in tests and f"{field} =" not in tests
    } == (set())
    ours = {"local", "local_date", "local_time", "money"}
    assert ours <= set(environment().filters)
    assert all(f"\\| {name}: " in PAGE for name in ours)
