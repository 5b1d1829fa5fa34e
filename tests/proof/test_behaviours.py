"""docs/peers.md says of our client what it does."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "peers.md").read_text("utf-8")


def _module() -> Any:
    spec = spec_from_file_location("behaviours", ROOT / "benchmarks" / "behaviours.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BEHAVIOURS = _module()
ROWS = {
    cells[0]: cells[1]
    for line in re.findall(r"^\| (?!\|)(.*) \|$", PAGE, re.MULTILINE)
    if len(cells := line.split(" | ")) == 5 and not line.startswith("willcall")
}


def test_the_page_has_every_experiment() -> None:
    assert list(ROWS) == list(BEHAVIOURS.CASES)


@pytest.mark.parametrize("case", BEHAVIOURS.CASES)
def test_our_column_is_what_our_client_does(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    (ours, *_) = BEHAVIOURS.PEERS

    assert BEHAVIOURS.played(case, ours) == ROWS[case]
