"""Links of the README and the documents lead somewhere: to a file, and to a heading in it."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
_MARKDOWN = MarkdownIt("commonmark").enable("table")


def _tokens(text: str) -> Iterator[Token]:
    for token in _MARKDOWN.parse(text):
        yield token
        yield from token.children or ()


def links(text: str) -> list[str]:
    """Where the links and pictures of a document lead."""
    found = [token.attrGet("href") or token.attrGet("src") for token in _tokens(text)]
    return [str(one) for one in found if one]


@cache
def anchors(path: Path) -> frozenset[str]:
    """The names of a document's headings, as GitHub and the site make them."""
    tokens = list(_tokens(path.read_text("utf-8")))
    names: list[str] = []
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            said = "".join(
                child.content
                for child in token.children or ()
                if child.type in {"text", "code_inline"}
            )
            slug = re.sub(r"[^\w\- ]", "", said.lower()).replace(" ", "-")
            names.append(slug if slug not in names else f"{slug}-{names.count(slug)}")
    return frozenset(names)


def broken(path: Path, text: str) -> list[str]:
    """The links of a document that lead nowhere, as far as that can be seen from here."""
    return [link for link in links(text) if not _leads(path, link)]


def _leads(path: Path, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return parts.scheme in {"https", "mailto"}
    target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
    if not target.exists() or ROOT not in [target, *target.parents]:
        return False
    return not parts.fragment or target.suffix != ".md" or parts.fragment in anchors(target)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    """Files and headings; others are https."""
    assert broken(path, path.read_text("utf-8")) == []


def test_a_broken_link_is_seen() -> None:
    """Of each kind there is."""
    text = (
        "[a](nowhere.md) [b](README.md#nowhere) [c](#nowhere) ![d](docs/none.png) "
        "[e](http://example.com) [f](../outside) [g]\n\n[g]: gone.md\n\n"
        "[h](README.md#install) [i](https://example.com) `[j](code.md)`\n"
    )
    assert broken(ROOT / "README.md", text) == [
        "nowhere.md",
        "README.md#nowhere",
        "#nowhere",
        "docs/none.png",
        "http://example.com",
        "../outside",
        "gone.md",
    ]


def test_there_are_links() -> None:
    """The check above finds what a reader sees."""
    assert sum(len(links(path.read_text("utf-8"))) for path in DOCUMENTS) > 40
