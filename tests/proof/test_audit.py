"""What `make audit` makes of what the advisory service says, and of its silence."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

AUDIT = Path(__file__).parents[2] / ".ci" / "audit.py"
FINE = {"name": "attrs", "version": "26.1.0", "vulns": []}
WEAK = {
    "name": "six",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}, {"id": "PYSEC-2", "fix_versions": []}],
}
SKIPPED = {"name": "httpx", "skip_reason": "not found"}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", AUDIT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ([FINE], 0, ["1 of 1 dependencies were asked about: no known weaknesses"]),
        ([FINE, WEAK], 1, ["six 1.0: PYSEC-1, mended in 1.1", "six 1.0: PYSEC-2, mended in none"]),
        ([FINE, SKIPPED], 75, ["1 of 2 dependencies were asked", "may have known weaknesses"]),
        ([WEAK, SKIPPED], 1, ["PYSEC-1", "PYSEC-2", "knows nothing of: httpx"]),
        ([], 75, ["could not be asked: nothing was found out"]),
    ],
    ids=["all is well", "weaknesses", "not all were asked about", "both", "none"],
)
def test_silence_is_never_good_news(
    audit: ModuleType, rows: list[dict[str, Any]], code: int, said: list[str]
) -> None:
    """The tool itself ends with 0 where the service knows nothing of any package."""
    found, lines = audit.verdict({"dependencies": rows})
    assert found == code
    assert len(lines) == len(said)
    assert all(words in line for words, line in zip(said, lines, strict=True))


def test_a_service_that_cannot_be_reached_is_no_weakness(audit: ModuleType) -> None:
    """Nothing came back: that is told apart from something that was found."""
    assert audit.verdict(None)[0] == 75


def test_what_asks_is_pinned_by_hash() -> None:
    """And names no registry."""
    pins = AUDIT.with_name("audit-constraints.txt").read_text("utf-8")
    assert "pip-audit==" in pins
    assert "://" not in pins
    assert all("--hash=sha256:" in entry for entry in pins.replace("\\\n", "").splitlines())
