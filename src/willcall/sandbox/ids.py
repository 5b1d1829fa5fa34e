"""Ids and keys that look random, and are the same for the same seed."""

from __future__ import annotations

import hashlib
from collections import Counter

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def scramble(text: str, length: int) -> str:
    """``length`` (up to 51) characters that depend on ``text`` alone."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)


class Ids:
    """Hands out ids such as ``evt_7k2m9q4x1c``: no order can be read from them, on purpose."""

    def __init__(self, seed: int) -> None:
        """The same ``seed`` gives the same ids in the same order, kind by kind."""
        self._seed = seed
        self._given: Counter[str] = Counter()

    def new(self, kind: str) -> str:
        """The next id of a kind, e.g. ``"evt"``."""
        self._given[kind] += 1
        return f"{kind}_{scramble(f'{self._seed}/{kind}/{self._given[kind]}', 10)}"
