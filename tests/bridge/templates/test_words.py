"""What the built-in texts must not say: a ticket's body stands in the conversation as the first
message of its customer, and helpdesks act by themselves on certain words."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import willcall.bridge.templates

WORDS = Path(willcall.bridge.templates.__file__).parent / "words.toml"
GOLDEN = Path(__file__).parent / "golden"

ESCALATING = (
    *("refund", "money back", "chargeback", "charge back", "reimburs", "compensat", "overcharge"),
    *("dispute", "complain", "legal", "lawyer", "attorney", "solicitor", "lawsuit", "sue you"),
    *("court", "gdpr", "data protection", "privacy", "delete my data", "subject access"),
    *("fraud", "scam", "unauthorised", "unauthorized", "police", "breach", "ombudsman"),
    *("trading standards", "consumer protection", "furious", "unacceptable", "manager", "urgent"),
)
"""Words by which helpdesks, and the assistants in them, hand a ticket to a person, raise its
priority, or start a procedure: disputes about money, the law, personal data, anger."""


def texts(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every template, by its place."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from texts(inner, f"{at}.{name}" if at else name)
    else:
        yield at, str(value)


BUILT_IN = dict(texts(tomllib.loads(WORDS.read_text("utf-8"))))


@pytest.mark.parametrize("word", ESCALATING)
def test_no_built_in_text_makes_a_helpdesk_escalate(word: str) -> None:
    """Neither as it is written, nor as it is rendered for an example."""
    found = re.compile(rf"\b{re.escape(word)}", re.IGNORECASE)
    assert [at for at, text in BUILT_IN.items() if found.search(text)] == []
    rendered = {path.name: path.read_text("utf-8") for path in GOLDEN.glob("*.md")}
    assert rendered
    assert [name for name, text in rendered.items() if found.search(text)] == []


@pytest.mark.parametrize("at", [at for at in BUILT_IN if at.endswith((".body", ".subject"))])
def test_a_body_may_be_read_by_the_organiser(at: str) -> None:
    """It says what is to be settled, and not with whom: whoever reads it may be meant."""
    assert re.search(r"\b(organiser|organizer|customer)\b", BUILT_IN[at], re.IGNORECASE) is None
