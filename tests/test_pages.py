"""The tutorial and the how-to pages are played from top to bottom: see ``support/pages.py``."""

from pathlib import Path

import pytest

from support.pages import Page
from support.terminal import opened

DOCS = Path(__file__).parent.parent / "docs"
PAGES = [DOCS / "tutorial.md", *sorted((DOCS / "how-to").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_says(tmp_path: Path, page: Path) -> None:
    """Every command is typed, every piece of configuration is taken, and all is shown as it is."""
    with opened(tmp_path) as house:
        Page(page, house).play()
