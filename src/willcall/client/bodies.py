"""The body of an answer, decompressed piece by piece and up to a limit.

Compressed bodies are where a small answer becomes a large one: 266 bytes packed three times are
1.9 GB. So every layer is unpacked in small pieces, and each counts what it has given.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

# A page of a hundred events is a tenth of a megabyte; no answer of either API comes near this.
LONGEST_BODY = 64 * 1024 * 1024
_PIECE = 256 * 1024
# Real answers are packed once; proxies that pack again make it two.
_MOST_LAYERS = 4
# What we ask for; anything else that an answer is packed with is handed on as it is.
ENCODINGS = "gzip, deflate"
_KNOWN = frozenset({"gzip", "x-gzip", "deflate"})


class TooLongError(Exception):
    """A body without end."""


class DecodingError(Exception):
    """A body that is not packed as it says."""


class _Layer:
    """Unpacks one layer."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._limit, self._length = limit, 0
        # 47: either a gzip or a zlib header. "deflate" comes with a zlib header, or without any.
        self._unpack = zlib.decompressobj(47)
        self._bare = encoding == "deflate"
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data:
            piece = self._piece(data)
            data = self._unpack.unconsumed_tail
            self._length += len(piece)
            if self._length > self._limit:
                raise TooLongError
            yield piece

    def _piece(self, data: bytes) -> bytes:
        begun, self._begun = self._begun, True
        try:
            return self._unpack.decompress(data, _PIECE)
        except zlib.error:
            if begun or not self._bare:
                raise DecodingError from None
            self._unpack = zlib.decompressobj(-15)
            return self._piece(data)

    def end(self) -> None:
        if self._begun and not self._unpack.eof:
            raise DecodingError


class Body:
    """Collects a body.

    Args:
        encoding: the ``content-encoding`` of the answer.
        limit: how many bytes the body, and each layer of it, may have.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        names = [name.strip().lower() for name in encoding.split(",")]
        known = [name for name in names if name in _KNOWN]
        if len(known) > _MOST_LAYERS:
            raise DecodingError
        # What was packed last is unpacked first.
        self._layers = [_Layer(name, limit) for name in reversed(known)]
        self._limit, self._length = limit, 0
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        """Add a part as it came.

        Raises:
            TooLongError, DecodingError: see there.
        """
        self._add(part, 0)

    def _add(self, part: bytes, depth: int) -> None:
        if depth < len(self._layers):
            for piece in self._layers[depth].pieces(part):
                self._add(piece, depth + 1)
            return
        self._length += len(part)
        if self._length > self._limit:
            raise TooLongError
        self._parts.append(part)

    def content(self) -> bytes:
        """The whole body, once it has ended.

        Raises:
            DecodingError: it was cut.
        """
        for layer in self._layers:
            layer.end()
        return b"".join(self._parts)
