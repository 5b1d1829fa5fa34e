"""Rule tests: the ones that ship, and what the runner says when something is not as expected."""

from pathlib import Path

import pytest

from willcall.bridge.config.file import checked
from willcall.bridge.insight.rule_test_file import TestTable, read_tests
from willcall.bridge.insight.rule_tests import built_in, run_test
from willcall.bridge.model.kinds import KINDS
from willcall.errors import ConfigError

SHIPPED = Path(__file__).parents[2] / "rules"
FILES = sorted(SHIPPED.glob("*.test.toml"))
ALL = [
    pytest.param(test, id=f"{file.stem}: {test.name}")
    for file in FILES
    for test in read_tests(file.read_text("utf-8"), file.name)[0].test
]
BASIC = """
[[test]]
name = "basic"
event = [{ id = "gala", title = "Gala Night", ticket_types = [
  { name = "Orchestra", quantity = 100, available = 40 },
] }]
step = [{ at = "5m", event = "gala", status = "CANCELLED" }]
"""


@pytest.mark.parametrize("test", ALL)
def test_what_ships_passes(test: TestTable) -> None:
    """The built-in rules do what their tests say."""
    assert run_test(test, built_in()) == []


def test_every_built_in_rule_has_a_test() -> None:
    """By its id, in an expectation; but for what comes of requests: a rule test sends none."""
    told = (SHIPPED / "built-in.test.toml").read_text("utf-8")
    for kind in KINDS.values():
        if kind.name in {
            "box_office.undelivered",
            "box_office.unreadable_event",
            "box_office.removal_ignored",
            "box_office.another_ledger",
        }:
            continue
        assert not kind.built_in or f'"built-in/{kind.name}"' in told, kind.name


def failing(expect: str, basic: str = BASIC) -> list[str]:
    tests, places = read_tests(basic + expect, "rules.test.toml")
    failures = run_test(tests.test[0], built_in())
    for failure in failures:
        assert places.of(f"test[0].{failure.path}") is not None
    return [line for failure in failures for line in failure.lines]


@pytest.mark.parametrize(
    ("expect", "lines"),
    [
        ('expect = [{ at = "4m" }, { at = "5m", tickets = [{}] }]', []),
        (
            'expect = [{ at = "4m", tickets = [{ subject = "Gala", status = "open" }] }]',
            ["- ticket 'Gala': status 'open'"],
        ),
        (
            'expect = [{ at = "5m", tickets = [{ status = "resolved", tags = ["x", "high"] }] }]',
            ["  - status: resolved", "  + status: open", "  - tags: x"],
        ),
        (
            (
                'expect = [{ at = "5m", tickets = '
                '[{ assignee_id = "usr_1", options = { inbox_id = "inb_2" } }] }]'
            ),
            ["  - inbox_id: inb_2", "  + inbox_id: inb_01abc", "  - assignee_id: usr_1"],
        ),
        (
            'expect = [{ at = "5m", tickets = [{ messages = ["*", "more"], notes = ["x"] }] }]',
            ["  - messages[1]: more", "  + messages[1]: (none)", "  - notes[0]: x"],
        ),
        ('expect = [{ at = "5m", tickets = [{}], held = 2 }]', ["- 2 held", "+ 0 held"]),
    ],
)
def test_what_differs_is_told_line_by_line(expect: str, lines: list[str]) -> None:
    """``-`` was expected, ``+`` is there."""
    found = failing(expect)
    assert [line for line in lines if line not in found] == []
    assert bool(found) == bool(lines)


def test_a_ticket_that_nobody_expected() -> None:
    """Is told, with the rule that opened it."""
    (line,) = failing('expect = [{ at = "5m" }]')
    assert line.startswith("+ ticket '")
    assert line.endswith("open, under built-in/event.cancelled")


def test_rules_of_a_configuration() -> None:
    """Quiet hours, waits, grouping and storms: everything that a pass does."""
    config = checked(
        {
            "box_office": [{"name": "main-room"}],
            "desk": {"inbox_id": "inb_1", "customer_email": "o@example.com"},
            "storm": {"limit": 2},
            "built_in_rules": False,
            "rule": [
                {
                    "id": "slow",
                    "when": "event.sold_out",
                    "for": "10m",
                    "ticket": {"subject": "Full: {{ event.title }}", "tags": ["x"]},
                },
                {
                    "id": "quiet",
                    "when": "event.renamed",
                    "quiet_hours": {"from": "11:00", "to": "13:00", "timezone": "UTC"},
                },
            ],
        }
    )
    text = """
[[test]]
name = "slow and quiet"
event = [{ id = "a", title = "A" }, { id = "b", title = "B" }]
step = [
  { at = "1m", event = "a", status = "SOLD_OUT" },
  { at = "5m", event = "a", status = "PUBLISHED" },
  { at = "20m", event = "a", status = "SOLD_OUT" },
  { at = "21m", event = "b", title = "Bee" },
]
[[test.expect]]
at = "29m"
[[test.expect]]
at = "30m"
tickets = [{ subject = "Full: A", tags = ["x"], messages = [] }]
[[test.expect]]
at = "59m"
tickets = [{ subject = "Full: A" }]
[[test.expect]]
at = "60m"
tickets = [{ subject = "Full: A" }, { rule = "quiet" }]
[[test]]
name = "a storm"
event = [{ id = "a" }, { id = "b" }, { id = "c" }]
step = [
  { at = "1m", event = "a", status = "SOLD_OUT" },
  { at = "1m", event = "b", status = "SOLD_OUT" },
  { at = "1m", event = "c", status = "SOLD_OUT" },
]
expect = [{ at = "11m", held = 3, tickets = [{ rule = "built-in/box_office.storm" }] }]
"""
    tests, _ = read_tests(text, "rules.test.toml")
    for test in tests.test:
        assert run_test(test, config.rules()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[test]", "rules.test.toml: it is not TOML"),
        ("", "rules.test.toml: test: it is missing"),
        (
            BASIC.replace("available", "availble") + 'expect = [{ at = "1m" }]',
            (
                "rules.test.toml:5:41: test[0].event[0].ticket_types[0].availble: no such key "
                "(did you mean 'available'?)"
            ),
        ),
        (BASIC + 'expect = [{ at = "soon" }]', "'soon' is not a span of time"),
        (BASIC + "expect = []", "test[0].expect: "),
        (
            '[[test]]\nname = "x"\nstep = [{ at = "1m", event = "x", price = 3 }]\n',
            (
                "rules.test.toml:3:9: test[0].step[0]: price is a ticket type's (name that with "
                "ticket_type)"
            ),
        ),
        (
            (
                '[[test]]\nname = "x"\nstep = [{ at = "1m", event = "x", ticket_type = "y", '
                'status = "DRAFT" }]\n'
            ),
            "status is an event's (leave ticket_type out)",
        ),
        ('[[test]]\nname = "x"\nstep = [{ at = "1m" }]\n', "it is about nothing"),
    ],
)
def test_a_file_that_makes_no_sense(text: str, said: str) -> None:
    """With the place, and the nearest right name."""
    if "expect" not in text and "step" in text:
        text += 'expect = [{ at = "1m" }]'
    with pytest.raises(ConfigError) as caught:
        read_tests(text, "rules.test.toml")
    assert said in str(caught.value)
