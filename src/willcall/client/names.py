"""The names on a provider's wire that no documentation states, and how they are set.

A provider lists its inferred names with what it takes them to be
(:attr:`~willcall.client.provider.Provider.wire`). If the service uses another name, one line says
so: ``wire=`` of a client, ``[wire.PROVIDER]`` in the configuration, or ``WILLCALL_WIRE`` in the
environment, as in ``WILLCALL_WIRE="ticketsmart.remove_ticket_type=removeTicketType"``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..errors import InputError

ENVIRONMENT = "WILLCALL_WIRE"


def wire_names(
    provider: str, usual: Mapping[str, str], given: Mapping[str, Any] | None = None
) -> Mapping[str, str]:
    """What the inferred names of a provider are on the wire.

    Args:
        provider: its name.
        usual: every inferred name, with what it is unless somebody says otherwise.
        given: those that are something else; they come before those of the environment.

    Returns:
        ``usual`` itself if nothing is something else.

    Raises:
        InputError: an unknown name, with the nearest one, or a value that is no name.
    """
    others = os.environ.get(ENVIRONMENT, "")
    if not others and not given:
        return usual
    found = _of_environment(provider, others)
    for field, names in ((ENVIRONMENT, found), ("wire", _mapping(given))):
        for name, value in names.items():
            _check(field, provider, usual, name, value)
        found = {**found, **names}
    return MappingProxyType({**usual, **found}) if found else usual


def _mapping(given: Any) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError("wire", f"expected a mapping, got {type(given).__name__}", _EXAMPLE)
    return given


def _of_environment(provider: str, text: str) -> dict[str, str]:
    """The names of a provider in the environment's variable; those of others are left out."""
    found: dict[str, str] = {}
    for part in text.replace(",", " ").split():
        key, equals, value = part.partition("=")
        owner, dot, name = key.partition(".")
        if not (equals and dot and owner and name):
            problem = f"{part!r} does not say which name of which provider is what"
            raise InputError(ENVIRONMENT, problem, _IN_ENVIRONMENT)
        if owner == provider:
            found[name] = value
        else:
            _near_miss(owner, provider)
    return found


def _near_miss(owner: str, provider: str) -> None:
    """Another provider may stand there; this one, misspelt, may not."""
    from difflib import get_close_matches

    if get_close_matches(owner, [provider], cutoff=0.8):
        raise InputError(ENVIRONMENT, f"unknown provider {owner!r}", f"did you mean {provider!r}?")


def _check(
    field: str, provider: str, usual: Mapping[str, str], name: object, value: object
) -> None:
    if name not in usual:
        raise InputError(field, *unknown_name(provider, usual, name))
    if not isinstance(value, str) or not value.strip() or value != value.strip():
        raise InputError(field, f"{name}: {value!r} is no name on the wire", _EXAMPLE)


def unknown_name(provider: str, usual: Mapping[str, str], name: object) -> tuple[str, str]:
    """What is wrong with a name that is not an inferred one of a provider, and what to do."""
    from difflib import get_close_matches

    near = get_close_matches(str(name), list(usual), n=1)
    if near:
        fix = f"did you mean {near[0]!r}?"
    elif usual:
        fix = f"known: {', '.join(usual)}"
    else:
        fix = f"no name of {provider} is inferred"
    return f"{provider} has no inferred name {name!r}", fix


def how_to_set(provider: str, name: str) -> str:
    """How to say that an inferred name is another on the wire: one line, wherever it is read."""
    return (
        f"if {provider} calls it otherwise, set {name} under [wire.{provider}] in the "
        f"configuration, or {ENVIRONMENT}={provider}.{name}=…"
    )


_EXAMPLE = 'such as {"remove_ticket_type": "removeTicketType"}'
_IN_ENVIRONMENT = "such as ticketsmart.remove_ticket_type=removeTicketType"
