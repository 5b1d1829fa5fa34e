"""Sends every write of the API commands, after showing it and asking.

What is shown is what is sent: an endpoint's ``op`` builds the call without sending it. It goes to
stderr, so that stdout holds only the answer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import typer

from ...client.op import given
from ...errors import InputError
from ..shell import terminal

if TYPE_CHECKING:
    from ...client.endpoint import Call
    from ...client.op import Op

P = ParamSpec("P")
T = TypeVar("T")
_PRICE = "price"


def send(
    call: Call[P, T],
    sure: bool,
    currency: str | None = None,
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Show what a call would send, ask, and make the call.

    Args:
        call: the endpoint of a client.
        sure: whether to send without showing and asking (``--yes``).
        currency: the currency of prices, to show cents as money too.
        args: for the call.
        kwargs: for the call.

    Raises:
        InputError: there is no terminal to ask on.
        typer.Exit: the answer was no; nothing was sent.
    """
    if not sure:
        show_request(call.op(*args, **kwargs), currency)
        _ask()
    return call(*args, **kwargs)


def show_request(op: Op[Any], currency: str | None) -> None:
    """Print a call: method and path, then each field with its value."""
    from ..shell import show

    for line in request_lines(op, currency):
        show.aside(line)


def request_lines(op: Op[Any], currency: str | None) -> Iterator[str]:
    """A call as it is shown before it is sent."""
    yield f"This will be sent: {op}"
    rows = list(_fields(given(op.json or {}), currency))
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        first, *more = terminal.harmless(value).splitlines() or [""]
        yield f"  {name.ljust(width)}  {first}".rstrip()
        for line in more:
            yield f"  {' ' * width}  {line}".rstrip()
    if op.once is not None:
        when = (
            "It is searched for first"
            if op.once.first
            else "If the answer is lost, it is searched for"
        )
        yield f"{when}; if it exists, nothing is sent."


def _fields(json: Any, currency: str | None, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(json, Mapping):
        for key, value in json.items():
            yield from _fields(value, currency, f"{name}.{key}" if name else key)
    elif isinstance(json, list) and any(isinstance(item, Mapping) for item in json):
        for place, value in enumerate(json):
            yield from _fields(value, currency, f"{name}[{place}]")
    else:
        yield name, _value(name, json, currency)


def _value(name: str, value: Any, currency: str | None) -> str:
    import orjson

    if value is None:
        return "null (cleared)"
    if name.rpartition(".")[2] == _PRICE and isinstance(value, int) and currency is not None:
        from ...client.money import Money

        return f"{value} ({Money(value, currency)})"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _ask() -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        fix = "check what would be sent, then add --yes"
        raise InputError("--yes", "nothing was sent, because there is no terminal to ask on", fix)
    # typer's prompt prints a blank on stdout, which is for the answer only.
    terminal.aside("Send it? [y/N] ", end="")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        terminal.aside("nothing was sent")
        raise typer.Exit(0)
