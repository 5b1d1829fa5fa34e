"""Every endpoint of both clients has its command, and every parameter its option."""

import inspect
import types
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

import willcall
from support.shell import BY_HAND
from willcall.cli.apis import customers, event_writes, tickets
from willcall.cli.shell import commands

# Parameters that people type as words rather than under their name.
ARGUMENTS = {"id_or_slug": "event", "ticket_type_id": "ticket_type"}


CLEARABLE = {
    "events update": event_writes.CLEARABLE,
    "tickets update": tickets.CLEARABLE,
    "customers update": customers.CLEARABLE,
}


def _definition(words: str) -> Any:
    collection, name = BY_HAND[words]
    for client in (willcall.TicketSmart("ts_sk_12345678"), willcall.Ticket0("t0_12345678")):
        if collection in client.collections:
            return inspect.getattr_static(type(client.collections[collection]), name)
    raise AssertionError(words)


def _command(words: str) -> Any:
    group, name = words.split()
    return commands.load(group).commands.get(name)


def test_the_clients_have_the_endpoints_that_are_walked() -> None:
    """So that an empty walk is not a proof."""
    assert len(BY_HAND) == 20
    assert {words.split()[0] for words in BY_HAND} == {
        "events",
        "tickets",
        "messages",
        "customers",
    }


@pytest.mark.parametrize("words", BY_HAND)
def test_every_endpoint_has_a_command_with_every_parameter(words: str) -> None:
    """Under the client's names, apart from the words that say which event."""
    command = _command(words)
    assert command is not None, f"willcall {words} is missing"
    wanted = list(inspect.signature(_definition(words).build).parameters)[1:]
    has = {parameter.name for parameter in command.params}
    assert {ARGUMENTS.get(name, name) for name in wanted} <= has


@pytest.mark.parametrize("words", [w for w in BY_HAND if not w.endswith(("list", "get"))])
def test_what_writes_can_be_told_not_to_ask(words: str) -> None:
    """And what only reads cannot."""
    reads = words in {"events availability", "events ticket-types"}
    assert ("yes" in {parameter.name for parameter in _command(words).params}) is not reads


@pytest.mark.parametrize("words", BY_HAND)
def test_every_command_of_an_api_speaks_json_and_shows_an_example(words: str) -> None:
    """One that begins as it is typed."""
    command = _command(words)
    assert {"as_json", "config", "base_url"} <= {parameter.name for parameter in command.params}
    assert f"\n  willcall {words}" in command.help


@pytest.mark.parametrize("words", CLEARABLE)
def test_what_may_be_null_can_be_cleared_and_nothing_else(words: str) -> None:
    """As the client's types have it; a list is cleared by an empty one."""
    hints = get_type_hints(_definition(words).build)
    nullable = {
        name
        for name, hint in hints.items()
        if get_origin(hint) in {Union, types.UnionType} and type(None) in get_args(hint)
    }
    assert set(CLEARABLE[words]) - {"tags"} == nullable
