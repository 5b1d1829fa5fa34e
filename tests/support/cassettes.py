"""Cassettes: recorded from the sandbox over real HTTP by one command, and played back.

``make cassettes`` runs this module. What it writes depends on nothing but the cases, the sandbox
and the clients: the clock is a manual one, ids and keys come from a seed, and headers that depend
on the machine stay out. Keys and e-mail addresses are masked before anything reaches the disk.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import random
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import attrs
import vcr
from vcr.cassette import Cassette
from vcr.request import Request

from support.endpoint_cases import ENDPOINT_CASES, EndpointCase, Facts
from willcall.client.redact import scrub
from willcall.sandbox import ManualClock, Sandbox, serve
from willcall.ticket0.api import PROVIDER as TICKET0_PROVIDER
from willcall.ticket0.api import AsyncTicket0, Ticket0
from willcall.ticketsmart.api import PROVIDER as TICKETSMART_PROVIDER
from willcall.ticketsmart.api import AsyncTicketSmart, TicketSmart

HOME = Path(__file__).parents[2] / "cassettes"
SEED = 7
RECORDED_FROM = (
    "willcall's own sandbox (willcall.sandbox, seed 7, standing clock), not the real service; "
    "made by `make cassettes`"
)
MASK = "***"
PROVIDERS = {"ticketsmart": TICKETSMART_PROVIDER, "ticket0": TICKET0_PROVIDER}
KINDS = {
    "ticketsmart": (TicketSmart, AsyncTicketSmart),
    "ticket0": (Ticket0, AsyncTicket0),
}
# A key of the right shape that nobody has: the sandbox does not know it, and a replay needs none.
STRANGER = {"ticketsmart": "ts_sk_live_nobody_has_this", "ticket0": "t0_nobody_has_this"}

_KEY = re.compile(r"\b(?:ts_sk|t0)_[A-Za-z0-9_*-]+")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_SENT = ("accept", "content-type", "authorization", "x-api-key", "if-modified-since")
_CAME = ("content-type", "date", "last-modified", "retry-after")


def mask(text: str) -> str:
    """The text without keys and e-mail addresses."""
    return _ADDRESS.sub(MASK, _KEY.sub(MASK, scrub(text)))


def _masked_body(body: Any) -> Any:
    return mask(body.decode()).encode() if isinstance(body, bytes) and body else body


def _request(here: Mapping[str, str]) -> Callable[[Request], Request]:
    """What is kept of a request, and compared: with the real service's address, without secrets."""

    def clean(request: Request) -> Request:
        request.uri = mask(_moved(request.uri, here))
        request.headers = {
            name: mask(value)
            for name, value in sorted(request.headers.items())
            if name.lower() in _SENT
        }
        request.body = _masked_body(request.body)
        return request

    return clean


def _moved(text: str, here: Mapping[str, str]) -> str:
    """The text with the real service's address in place of a server's on this machine."""
    for found, real in here.items():
        text = text.replace(found, real)
    return text


def _response(here: Mapping[str, str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What is kept of a reply."""

    def clean(response: dict[str, Any]) -> dict[str, Any]:
        kept = sorted((n.lower(), v) for n, v in response["headers"].items() if n.lower() in _CAME)
        response["headers"] = {name: [mask(value) for value in values] for name, values in kept}
        body = response["body"]["string"]
        if isinstance(body, bytes):
            response["body"]["string"] = mask(_moved(body.decode(), here)).encode()
        return response

    return clean


@attrs.frozen
class _Readable:
    """A cassette as JSON that people can read: bodies are JSON too, wherever that is exact.

    ``source`` says which server was recorded.
    """

    source: str

    def serialize(self, cassette: dict[str, Any]) -> str:
        """The text of a cassette."""
        for played in cassette["interactions"]:
            played["request"]["body"] = _open(played["request"]["body"])
            played["response"]["body"] = _open(played["response"]["body"]["string"])
        shown = {"recorded_from": self.source, **cassette}
        return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"

    def deserialize(self, text: str) -> dict[str, Any]:
        """A cassette from its text."""
        cassette: dict[str, Any] = json.loads(text)
        assert re.fullmatch(self.source, cassette["recorded_from"])
        for played in cassette["interactions"]:
            played["request"]["body"] = _closed(played["request"]["body"])
            played["response"]["body"] = {"string": _closed(played["response"]["body"])}
        return cassette


def _open(body: str | None) -> Any:
    try:
        value = json.loads(body or "")
    except ValueError:
        return body
    return {"json": value} if _closed({"json": value}) == body else body


def _closed(body: Any) -> Any:
    if isinstance(body, dict):
        return json.dumps(body["json"], ensure_ascii=False, separators=(",", ":"))
    return body


def _same_headers(one: Request, other: Request) -> None:
    assert {n.lower(): v for n, v in one.headers.items()} == {
        n.lower(): v for n, v in other.headers.items()
    }


def recorder(mode: str, here: Mapping[str, str], home: Path, source: str) -> vcr.VCR:
    """Records or plays back cassettes.

    Args:
        mode: ``"all"`` records, ``"none"`` plays back.
        here: addresses on this machine, and those of the real service that are kept instead.
        home: where the cassettes are.
        source: what they say they were recorded from; a pattern when they are played back.
    """
    tape = vcr.VCR(
        record_mode=mode,
        cassette_library_dir=str(home),
        serializer="readable",
        before_record_request=_request(here),
        before_record_response=_response(here),
        match_on=("method", "uri", "raw_body", "sent"),
    )
    tape.register_serializer("readable", _Readable(source))
    tape.register_matcher("sent", _same_headers)
    return tape


class Waits:
    """Stands in for the clocks of the two drivers, so that nobody waits for a minute."""

    def __init__(self, passed: Callable[[float], object] = lambda _: None) -> None:
        self.slept: list[float] = []
        self._passed = passed
        self._moment = 1000.0

    def sleep(self, seconds: float) -> None:
        """A while passes."""
        self.slept.append(seconds)
        self._moment += seconds
        self._passed(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """The same, awaited."""
        self.sleep(seconds)

    @contextmanager
    def on(self) -> Iterator[Waits]:
        """In place of the real clocks, for as long as the block lasts."""
        blocking = SimpleNamespace(sleep=self.sleep, monotonic=lambda: self._moment)
        with (
            mock.patch("willcall.client.flow.time", blocking),
            mock.patch("asyncio.sleep", self.sleep_async),
            mock.patch("willcall.client.flow._random", random.Random(SEED)),
        ):
            yield self


def settled(answer: Any) -> Any:
    """The answer of a call in either flavour; of the awaited one on a loop of its own."""

    async def wait() -> Any:
        return await answer

    return asyncio.run(wait()) if inspect.isawaitable(answer) else answer


@contextmanager
def played(case: EndpointCase, *, home: Path = HOME) -> Iterator[tuple[Cassette, Facts, Waits]]:
    """A case's cassette, ready to be played back; nothing can be recorded, or leave."""
    with (
        Waits().on() as waits,
        recorder("none", {}, home, re.escape(RECORDED_FROM)).use_cassette(case.path) as cassette,
    ):
        yield cassette, cassette.get_metadata("facts", None), waits


def _key(case: EndpointCase, sandbox: Sandbox) -> str:
    usual = sandbox.ticketsmart_key if case.provider == "ticketsmart" else sandbox.ticket0_key
    if case.key == "usual":
        return usual
    if case.key == "unknown":
        return STRANGER[case.provider]
    if case.key == "revoked":
        sandbox.revoke(usual)
        return usual
    return sandbox.new_key(case.provider, case.key)


def record(case: EndpointCase, home: Path) -> None:
    """Play a case against the sandbox, over real HTTP, and keep what was said."""
    clock = ManualClock()
    sandbox = Sandbox(clock, seed=SEED, desk="2025", strict=True)
    facts = dict(case.prepare(sandbox))
    with serve(sandbox) as served, Waits(clock.advance).on():
        urls = {"ticketsmart": served.ticketsmart_url, "ticket0": served.ticket0_url}
        here = {url: PROVIDERS[name].base_url for name, url in urls.items()}
        api = KINDS[case.provider][0](_key(case, sandbox), base_url=urls[case.provider])
        with recorder("all", here, home, RECORDED_FROM).use_cassette(case.path) as cassette, api:
            cassette.get_metadata("facts", facts)
            with suppress(*([case.raises] if case.raises else [])):
                case.check(case.act(api, facts))


def cassettes(home: Path) -> list[Path]:
    """Those that are recorded from the sandbox."""
    return sorted(path for name in PROVIDERS for path in (home / name).rglob("*.json"))


def main() -> None:
    """Record every cassette anew; those that no case asks for are gone afterwards."""
    began = time.monotonic()
    for old in cassettes(HOME):
        old.unlink()
    for case in ENDPOINT_CASES:
        try:
            record(case, HOME)
        except Exception as error:
            error.add_note(f"in the case {case}")
            raise
    for folder in HOME.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            shutil.rmtree(folder)
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{len(ENDPOINT_CASES)} cassettes recorded from the sandbox in {seconds:.1f} s\n"
    )


if __name__ == "__main__":
    main()
