"""Where in a TOML file something stands: from a key's path to its line and column. Pure.

The standard library reads TOML but does not say where it read what. This goes over a text that it
has accepted, and notes for each key where it stands, and for each string where its text begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import attrs

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_OTHER = re.compile(r"[^,\]}\s#]+(?:[ ]\d[^,\]}\s#]*)?")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_LONG_ESCAPES = {"u": 4, "U": 8}


@attrs.frozen
class SourcePosition:
    """A line and a column, both from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


@attrs.frozen
class _Text:
    """Where each character of a string's value stands in the file."""

    offsets: tuple[int, ...]


class SourcePositions:
    """Where things stand in a TOML text.

    Args:
        text: a text that ``tomllib`` accepts; of any other, as much as can be made out.
    """

    def __init__(self, text: str) -> None:
        # Line ends as tomllib sees them, so that offsets in values are offsets here.
        self._text = text.replace("\r\n", "\n")
        self._keys: dict[Path, int] = {}
        self._texts: dict[Path, _Text] = {}
        _Scan(self._text, self._keys, self._texts).run()

    def of(self, path: str) -> SourcePosition | None:
        """Where a key (``rule[0].ticket.subject``) stands; if it is not there, the nearest thing
        around it that is; None if there is nothing of it at all."""
        parts = parsed(path)
        while parts:
            if parts in self._keys:
                return self._place(self._keys[parts])
            parts = parts[:-1]
        return None

    def inside(self, path: str, index: int) -> SourcePosition | None:
        """Where the character with this index in a string's value stands."""
        text = self._texts.get(parsed(path))
        if text is None or not text.offsets:
            return self.of(path)
        return self._place(text.offsets[max(0, min(index, len(text.offsets) - 1))])

    def _place(self, offset: int) -> SourcePosition:
        start = self._text.rfind("\n", 0, offset) + 1
        return SourcePosition(self._text.count("\n", 0, offset) + 1, offset - start + 1)


def parsed(path: str) -> Path:
    """``rule[0].ticket.subject`` as its parts."""
    return tuple(
        int(number) if number else name
        for number, name in re.findall(r"\[(\d+)\]|([^.\[\]]+)", path)
    )


class _Scan:
    """One walk over the text."""

    def __init__(self, text: str, keys: dict[Path, int], texts: dict[Path, _Text]) -> None:
        self._text, self._keys, self._texts = text, keys, texts
        self._at = 0
        self._counts: dict[Path, int] = {}

    def run(self) -> None:
        here: Path = ()
        while True:
            self._space()
            if self._at >= len(self._text):
                return
            began = self._at
            if self._take("[["):
                here = self._table(began, array=True)
            elif self._take("["):
                here = self._table(began, array=False)
            else:
                self._pair(here)
            if self._at == began:
                return  # no TOML after all

    def _space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _take(self, text: str) -> bool:
        if not self._text.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _table(self, began: int, *, array: bool) -> Path:
        names = [name for name, _ in self._dotted()]
        self._take("]]" if array else "]")
        path: Path = ()
        for name in names[:-1]:
            path = self._last((*path, name))
        path = (*path, *names[-1:])
        if array:
            number = self._counts.get(path, 0)
            self._counts[path] = number + 1
            self._keys.setdefault(path, began)
            path = (*path, number)
        self._keys.setdefault(path, began)
        return path

    def _last(self, path: Path) -> Path:
        """The last table of an array of tables."""
        return (*path, self._counts[path] - 1) if path in self._counts else path

    def _dotted(self) -> list[tuple[str, int]]:
        """A key, maybe with dots; of each part its name and where it begins."""
        parts: list[tuple[str, int]] = []
        while True:
            self._blank()
            began = self._at
            quote = self._text[began : began + 1]
            if quote in {'"', "'"}:
                parts.append((self._string()[0], began))
            elif found := _BARE.match(self._text, began):
                self._at = found.end()
                parts.append((found[0], began))
            self._blank()
            if not self._take("."):
                return parts

    def _blank(self) -> None:
        while self._text[self._at : self._at + 1] in {" ", "\t"}:
            self._at += 1

    def _pair(self, here: Path) -> None:
        path = here
        for name, began in self._dotted():
            path = (*path, name)
            self._keys.setdefault(path, began)
        if self._take("="):
            self._blank()
            self._value(path)

    def _value(self, path: Path) -> None:
        first = self._text[self._at : self._at + 1]
        if first in {'"', "'"}:
            _, offsets = self._string()
            self._texts[path] = _Text(offsets)
        elif self._take("["):
            self._items("]", lambda number: self._item((*path, number)))
        elif self._take("{"):
            self._items("}", lambda _: self._pair(path))
        elif found := _OTHER.match(self._text, self._at):
            self._at = found.end()

    def _item(self, path: Path) -> None:
        self._keys.setdefault(path, self._at)
        self._value(path)

    def _items(self, end: str, item: Callable[[int], None]) -> None:
        number = 0
        while True:
            self._space()
            if self._take(end) or self._at >= len(self._text):
                return
            began = self._at
            item(number)
            number += 1
            self._space()
            self._take(",")
            if self._at == began:
                return

    def _string(self) -> tuple[str, tuple[int, ...]]:
        """A string's value, and where each of its characters stands."""
        quote = self._text[self._at]
        long = self._text.startswith(quote * 3, self._at)
        end = quote * 3 if long else quote
        self._at += len(end)
        if long:
            self._take("\n")
        value: list[str] = []
        offsets: list[int] = []
        while self._at < len(self._text):
            if self._text.startswith(end, self._at):
                # Up to two quotes may stand right before the three that end it.
                while long and self._text.startswith(end, self._at + 1):
                    value.append(quote)
                    offsets.append(self._at)
                    self._at += 1
                self._at += len(end)
                break
            began = self._at
            text = self._escape() if quote == '"' and self._take("\\") else self._plain()
            value.append(text)
            offsets += [began] * len(text)
        return "".join(value), tuple(offsets)

    def _plain(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _escape(self) -> str:
        letter = self._plain()
        if letter in _LONG_ESCAPES:
            digits = self._text[self._at : self._at + _LONG_ESCAPES[letter]]
            self._at += len(digits)
            return chr(int(digits, 16))
        if letter in " \t\n":
            while self._text[self._at : self._at + 1] in {" ", "\t", "\n"}:
                self._at += 1
            return ""
        return _ESCAPES.get(letter, letter)
