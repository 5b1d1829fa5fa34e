"""Every endpoint and every documented error, recorded from the sandbox, replayed by both flavours.

Nothing is recorded here and nothing leaves: a call that the cassette does not hold, in method, URL,
headers or body, is an error.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from vcr.errors import CannotOverwriteExistingCassetteException

from support.cassettes import (
    HOME,
    KINDS,
    RECORDED_FROM,
    STRANGER,
    cassettes,
    mask,
    played,
    record,
    settled,
)
from support.documents import SAID, example, group
from support.endpoint_cases import ENDPOINT_CASES, EndpointCase, nothing
from support.waiting import HANGS
from willcall import AuthenticationError
from willcall.client.endpoint import Collection, endpoint, listing
from willcall.client.quota import Pace
from willcall.ticket0.api import Ticket0
from willcall.ticketsmart.api import TicketSmart

FLAVOURS = ("sync", "async")
ON_DISK = sorted(path.relative_to(HOME).as_posix() for path in cassettes(HOME))
BY_PATH = {case.path: case for case in ENDPOINT_CASES}
ROOT = HOME.parent


def _client(case: EndpointCase, flavour: str) -> Any:
    kind: Any = KINDS[case.provider][FLAVOURS.index(flavour)]
    pace = Pace(kind.provider.quota)  # the process's own would remember the last test's clock
    return kind(STRANGER[case.provider], base_url=kind.provider.base_url, pace=pace)


def endpoints() -> set[str]:
    """Every call that the two clients offer, as ``provider events.list``."""
    found = set()
    for kind in (TicketSmart, Ticket0):
        name = kind.provider.name
        found.add(f"{name} check")
        with kind(STRANGER[name]) as api:
            for collection, those in api.collections.items():
                assert isinstance(those, Collection)
                found |= {
                    f"{name} {collection}.{call}"
                    for call, definition in inspect.getmembers_static(type(those))
                    if isinstance(definition, endpoint | listing)
                }
    return found


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("path", ON_DISK)
def test_a_cassette_plays_back(path: str, flavour: str) -> None:
    """The same answer or error, in as many requests, after the same waits."""
    case = BY_PATH[path]
    with played(case) as (cassette, facts, waits):
        api = _client(case, flavour)
        if case.raises is None:
            case.check(settled(case.act(api, facts)))
        else:
            with pytest.raises(case.raises) as caught:
                settled(case.act(api, facts))
            assert type(caught.value) is case.raises
            told = {name: getattr(caught.value, name) for name in case.told}
            assert told == dict(case.told)
            assert caught.value.provider == case.provider
        assert cassette.all_played
        assert case.waits <= sum(waits.slept) < case.waits + 2


def test_every_case_has_a_cassette_and_every_cassette_a_case() -> None:
    """`make cassettes` after a change to the cases."""
    assert len(BY_PATH) == len(ENDPOINT_CASES)
    assert sorted(BY_PATH) == ON_DISK


def test_every_endpoint_has_a_cassette() -> None:
    """Walked from the clients, so that a new endpoint is missed here first."""
    assert {f"{case.provider} {case.endpoint}" for case in ENDPOINT_CASES} == endpoints()


def _errors_shown(provider: str) -> set[tuple[Any, ...]]:
    """Status and error of every answer with an error in a cassette."""
    shown = set()
    for path in ON_DISK:
        if path.startswith(provider + "/"):
            for load in json.loads((HOME / path).read_text("utf-8"))["interactions"]:
                status, body = load["response"]["status"]["code"], load["response"]["body"]
                if status >= 400:
                    error = body["json"]["error"]
                    shown.add((status, error if isinstance(error, str) else error["code"]))
    return shown


def test_every_documented_error_of_ticketsmart_has_a_cassette() -> None:
    """By the message, which is all that TicketSmart documents."""
    documented = {example(name, details=["?"])["error"] for name in group("ticketsmart: error: ")}
    assert len(documented) == 7
    assert documented == {message for _, message in _errors_shown("ticketsmart")}


def test_every_documented_error_of_ticket0_has_a_cassette() -> None:
    """By status and code, which its table gives."""
    rows = (re.match(r"(\d+) \| (\w+) \|", SAID[name]) for name in group("ticket0: error: "))
    documented = {(int(row[1]), row[2]) for row in rows if row}
    assert len(documented) == 6
    assert documented == _errors_shown("ticket0")


@pytest.mark.parametrize("path", ON_DISK)
def test_a_cassette_says_where_it_is_from_and_keeps_no_secret(path: str) -> None:
    """No key, not even a sandbox's; no e-mail address; no address of this machine."""
    text = (HOME / path).read_text("utf-8")
    assert json.loads(text)["recorded_from"] == RECORDED_FROM
    assert "sandbox" in RECORDED_FROM
    assert mask(text) == text
    assert not re.search(r"ts_sk_|t0_|@|%40|127\.0\.0\.1|localhost", text)


def test_recording_again_changes_nothing(tmp_path: Path) -> None:
    """Byte for byte: what the sandbox answers and the clients send is what is kept here."""
    for case in ENDPOINT_CASES:
        record(case, tmp_path)
    changed = [
        path
        for path in ON_DISK
        if (tmp_path / path).read_text("utf-8") != (HOME / path).read_text("utf-8")
    ]
    assert changed == [], "run `make cassettes` and look at the difference"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_call_that_was_not_recorded_is_an_error(flavour: str) -> None:
    """Another id, another body, another header: each is another call."""
    case = BY_PATH["ticketsmart/events.get.json"]
    with played(case), pytest.raises(CannotOverwriteExistingCassetteException):
        settled(_client(case, flavour).events.get("another-night"))
    other = BY_PATH["ticketsmart/events.create.json"]
    with played(other) as (_, facts, _waits):
        other.check(settled(other.act(_client(other, flavour), facts)))
        # What was played once is not played twice.
        with pytest.raises(CannotOverwriteExistingCassetteException):
            settled(other.act(_client(other, flavour), facts))


def test_the_recorder_masks_what_a_service_echoes(tmp_path: Path) -> None:
    """Keys and addresses in a path, a query, a body, a header's value and an error."""

    def prepare(sandbox: Any) -> dict[str, str]:
        sandbox.faults.add("echo_key", count=1)
        return {}

    def act(api: Any, _: Any) -> Any:
        return api.events.list(search="planted.secret+tag@example.org", limit=3).all()

    for name, needs, raises in (("plain", nothing, None), ("echo", prepare, AuthenticationError)):
        case = EndpointCase(name, "ticketsmart", "events.list", act, prepare=needs, raises=raises)
        record(case, tmp_path)
        text = (tmp_path / case.path).read_text("utf-8")
        assert "planted" not in text
        assert not re.search(r"ts_sk_|@|%40", text)
        assert "***" in text


def test_the_command_records_them_all(tmp_path: Path) -> None:
    """`make cassettes` is one command, and it clears out what no case asks for."""
    (tmp_path / "ticket0").mkdir()
    (tmp_path / "ticket0" / "long-gone.json").write_text("{}")
    code = (
        "import support.cassettes as c, pathlib, sys; c.HOME = pathlib.Path(sys.argv[1]); c.main()"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=True,
        timeout=HANGS,
    )
    assert f"{len(ENDPOINT_CASES)} cassettes recorded" in ended.stdout
    made = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.json"))
    assert made == ON_DISK
