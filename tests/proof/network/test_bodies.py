"""Bodies: unpacked up to a limit, or lost."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from client.kit import http
from support.hostile_server import (
    pieces,
    serving,
)
from support.network import EVENT, ask, clients, flavours
from support.waiting import HANGS
from willcall.client import bodies
from willcall.errors import (
    ApiError,
    ConnectionLostError,
)


def packed(times: int, size: int) -> bytes:
    body = b"\0" * size
    for _ in range(times):
        body = gzip.compress(body, 9)
    return body


@flavours
@clients
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_body_that_unpacks_without_end_is_given_up(
    times: int, given: bool, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LONGEST_BODY", 1_000_000)
    encoding = ", ".join(["gzip"] * times)
    answer = http(body=packed(times, 5_000_000), headers={"content-encoding": encoding})
    with serving(pieces(answer)) as server:
        got = ask(server.url, flavour, given=given, timeout=HANGS)
        assert type(got) is ConnectionLostError
        assert "longer than 1000000 bytes" in got.message


@flavours
@clients
def test_no_layer_is_unpacked_beyond_the_limit(
    given: bool, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred megabytes of zeros, packed three times, are a few hundred bytes."""
    monkeypatch.setattr(bodies, "LONGEST_BODY", 4_000_000)
    answer = http(
        body=gzip.compress(gzip.compress(packed(1, 100_000_000))),
        headers={"content-encoding": "gzip, gzip, gzip"},
    )
    with serving(pieces(answer)) as server:
        ask(server.url, flavour, timeout=HANGS)
        tracemalloc.start()
        got = ask(server.url, flavour, given=given, timeout=HANGS)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert type(got) is ConnectionLostError
    assert peak < 4 * bodies.LONGEST_BODY


@flavours
@clients
def test_no_layer_in_between_is_unpacked_beyond_the_limit(
    given: bool, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five megabytes of blocks that are empty, and a small body at their end."""
    monkeypatch.setattr(bodies, "LONGEST_BODY", 1_000_000)
    empty = b"\x00\x00\x00\xff\xff"
    answer = http(
        body=gzip.compress(empty * 1_000_000 + _deflated(bare=True)),
        headers={"content-encoding": "deflate, gzip"},
    )
    with serving(pieces(answer)) as server:
        got = ask(server.url, flavour, given=given, timeout=HANGS)
    assert type(got) is ConnectionLostError
    assert "longer than 1000000 bytes" in got.message


@flavours
@pytest.mark.parametrize("times", [4, 5])
def test_a_body_may_be_packed_four_times(times: int, flavour: str) -> None:
    body = EVENT
    for _ in range(times):
        body = gzip.compress(body)
    answer = http(body=body, headers={"content-encoding": ", ".join(["gzip"] * times)})
    with serving(pieces(answer)) as server:
        got = ask(server.url, flavour, timeout=HANGS)
    if times == 4:
        assert got.title == "Gala"
    else:
        assert type(got) is ConnectionLostError


def _deflated(bare: bool) -> bytes:
    packer = zlib.compressobj(wbits=-15 if bare else 15)
    return packer.compress(EVENT) + packer.flush()


@flavours
@clients
@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", gzip.compress(EVENT)),
        ("X-GZIP", gzip.compress(EVENT)),
        ("deflate", _deflated(bare=False)),
        ("deflate", _deflated(bare=True)),
        ("gzip, deflate", None),
        ("identity", EVENT),
        ("utf-8", EVENT),
        ("identity, gzip", gzip.compress(EVENT)),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_bodies_are_unpacked(
    encoding: str, content: bytes | None, given: bool, flavour: str
) -> None:
    sent = zlib.compress(gzip.compress(EVENT)) if content is None else content
    with serving(pieces(http(body=sent, headers={"content-encoding": encoding}))) as server:
        assert ask(server.url, flavour, given=given, timeout=HANGS).title == "Gala"
    assert b"accept-encoding: gzip, deflate\r\n" in server.seen[0].lower()


@flavours
@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(EVENT)[:-9]),
        ("deflate", b"no deflate"),
        ("deflate", _deflated(bare=False)[:-5] + b"xxxxx"),
        ("gzip, " * 50 + "gzip", packed(1, 10)),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_bodies_that_are_not_packed_as_they_say_are_lost(
    encoding: str, content: bytes, flavour: str
) -> None:
    with serving(pieces(http(body=content, headers={"content-encoding": encoding}))) as server:
        got = ask(server.url, flavour, timeout=HANGS)
        assert type(got) is ConnectionLostError
        assert "DecodingError" in got.message


@flavours
def test_no_body_at_all_needs_no_unpacking(flavour: str) -> None:
    with serving(pieces(http(404, b"", {"content-encoding": "gzip"}))) as server:
        got = ask(server.url, flavour, timeout=HANGS)
        assert isinstance(got, ApiError)
        assert got.status == 404
