"""From a key's path to its line and column."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from willcall.bridge.config.positions import SourcePosition, SourcePositions, parsed

TEXT = '''\
# a comment with [brackets] and "quotes"
[[box_office]]
name = "main-room"   # = not a key
[desk]
inbox_id = "inb_1"
"customer_email" = 'a@example.com'

[[rule]]
id = "one"
when = [
  "event.sold_out",  # first
  "event.moved",
]
if = { city = ["Oslo"], starts_within = "2d" }
ticket.subject = "A \\"quoted\\" {{ event.title }}"
ticket.tags = ["x"]

[[rule]]
id = "two"
when = ["event.*"]
[rule.ticket]
body = """
First line
second {{ name }}""""
[rule.quiet_hours]
from = "23:00"
[[removal]]
after = 2026-12-01 00:00:00-05:00
event = \'\'\'
late \'show\'\'\'\'
'''


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ("box_office", 2, 1),
        ("box_office[0].name", 3, 1),
        ("desk.inbox_id", 5, 1),
        ("desk.customer_email", 6, 1),
        ("rule[0]", 8, 1),
        ("rule[0].when", 10, 1),
        ("rule[0].when[0]", 11, 3),
        ("rule[0].when[1]", 12, 3),
        ("rule[0].if.city", 14, 8),
        ("rule[0].if.city[0]", 14, 16),
        ("rule[0].if.starts_within", 14, 25),
        ("rule[0].ticket.subject", 15, 8),
        ("rule[0].ticket.tags[0]", 16, 16),
        ("rule[1].id", 19, 1),
        ("rule[1].ticket.body", 22, 1),
        ("rule[1].quiet_hours.from", 26, 1),
        ("removal[0].event", 29, 1),
    ],
)
def test_where_a_key_stands(path: str, line: int, column: int) -> None:
    """In tables, arrays of tables, inline tables, dotted keys and after strange values."""
    assert SourcePositions(TEXT).of(path) == SourcePosition(line, column)


def test_what_is_missing_stands_where_it_would_be() -> None:
    """In the table around it; nowhere, if there is none."""
    places = SourcePositions(TEXT)
    assert places.of("desk.from_address") == SourcePosition(4, 1)
    assert places.of("rule[1].ticket.subject") == SourcePosition(21, 1)
    assert places.of("storm.limit") is None


def test_inside_a_string() -> None:
    """Escapes count as what they stand for, and the line end after three quotes for nothing."""
    tomllib.loads(TEXT)
    places = SourcePositions(TEXT)
    subject = 'A "quoted" {{ event.title }}'
    at = places.inside("rule[0].ticket.subject", subject.index("event.title"))
    assert at == SourcePosition(15, 35)
    body = tomllib.loads(TEXT)["rule"][1]["ticket"]["body"]
    assert body.endswith('}}"')
    assert places.inside("rule[1].ticket.body", body.index("name")) == SourcePosition(24, 11)
    assert places.inside("rule[0].if", 3) == places.of("rule[0].if")


def test_line_ends_of_windows() -> None:
    """Do not move anything."""
    assert SourcePositions(TEXT.replace("\n", "\r\n")).of("removal[0].event") == SourcePosition(
        29, 1
    )


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    """Nonsense has no places, and no endless walk."""
    SourcePositions(text).of("rule[0].id")


@given(
    st.recursive(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_every_string_is_found_where_it_is(value: Any) -> None:
    """Whatever is written inline: each character of each string stands where we say."""
    text = f"key = {_toml(value)}\n"
    assert tomllib.loads(text) == {"key": value}
    places = SourcePositions(text)
    for path, leaf in _leaves("key", value):
        place = places.of(path)
        assert place is not None
        if isinstance(leaf, str) and leaf:
            inside = places.inside(path, 0)
            assert inside is not None
            line = text.split("\n")[inside.line - 1]
            shown = line[inside.column - 1 :]
            assert shown.startswith((leaf[0], "\\"))
    assert parsed("a[0].b") == ("a", 0, "b")


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, int):
        return str(value)
    return '"' + "".join(_quoted(char) for char in value) + '"'


def _quoted(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _leaves(path: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for k, v in value.items() for leaf in _leaves(f"{path}.{k}", v)]
    if isinstance(value, list):
        return [leaf for i, v in enumerate(value) for leaf in _leaves(f"{path}[{i}]", v)]
    return [(path, value)]
