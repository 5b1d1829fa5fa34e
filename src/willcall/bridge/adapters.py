"""The adapters through which the bridge speaks to services, by the name of their provider.

Ours are loaded when they are first needed. A third party's package adds an adapter by an entry
point; nothing in willcall changes::

    [project.entry-points."willcall.box_offices"]
    boxy = "willcall_boxy:BOX_OFFICE"

    [project.entry-points."willcall.desks"]
    helpy = "willcall_helpy:DESK"

``provider = "boxy"`` in a ``[[box_office]]`` then opens it. Nobody can take the place of ours.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Any, TypeVar

from ..errors import InputError
from .ports import BoxOfficeAdapter, DeskAdapter

A = TypeVar("A", BoxOfficeAdapter, DeskAdapter)

BOX_OFFICES = "willcall.box_offices"
DESKS = "willcall.desks"

_OURS: Mapping[str, Mapping[str, str]] = {
    BOX_OFFICES: {"ticketsmart": "willcall.ticketsmart.box_office:ADAPTER"},
    DESKS: {"ticket0": "willcall.ticket0.desk:ADAPTER"},
}


def box_office_adapter(provider: str) -> BoxOfficeAdapter:
    """The adapter of a box office.

    Raises:
        InputError: nobody by that name is installed, or it cannot be used.
    """
    return _loaded(BoxOfficeAdapter, BOX_OFFICES, provider)


def desk_adapter(provider: str) -> DeskAdapter:
    """The adapter of a desk.

    Raises:
        InputError: nobody by that name is installed, or it cannot be used.
    """
    return _loaded(DeskAdapter, DESKS, provider)


def provider_names(group: str) -> tuple[str, ...]:
    """The providers that are installed, in alphabetical order.

    Args:
        group: :data:`BOX_OFFICES` or :data:`DESKS`.
    """
    return tuple(sorted({*_OURS[group], *(point.name for point in entry_points(group=group))}))


def _loaded(kind: type[A], group: str, provider: str) -> A:
    found = _found(group, provider)
    if not isinstance(found, kind):
        raise InputError(
            "provider",
            f"the package of {provider!r} names no {kind.__name__}",
            f"its entry point in {group} must name one; see {__name__}",
        )
    return found


def _found(group: str, provider: str) -> Any:
    if provider in _OURS[group]:
        module, _, attribute = _OURS[group][provider].partition(":")
        return getattr(importlib.import_module(module), attribute)
    points = tuple(entry_points(group=group, name=provider))
    if not points:
        names = provider_names(group)
        near = get_close_matches(provider, names, n=1)
        fix = f"did you mean {near[0]!r}?" if near else f"installed here: {', '.join(names)}"
        raise InputError("provider", f"{provider!r} is not installed", fix)
    try:
        return points[0].load()
    except Exception as error:
        raise InputError(
            "provider",
            f"the adapter of {provider!r} cannot be loaded ({type(error).__name__}: {error})",
            f"see that its package is installed whole: {points[0].value}",
        ) from error
