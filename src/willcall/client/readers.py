"""The fast way from JSON to a model: a generated function per class, as if written by hand.

It only knows how to succeed. Whatever it does not expect raises an error, and the codec then reads
the same value again with a converter that can say what is wrong and where.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

Reader = Callable[[Any], Any]
Before = Callable[[dict[str, Any]], Any]

_UNIONS = (Union, types.UnionType)
_PLAIN = {str: "str", int: "int", bool: "bool"}


class UnexpectedError(Exception):
    """A value that the fast way does not know; the slow way says what is wrong with it."""


def moment(value: Any, _: Any = None) -> datetime:
    """An ISO-8601 datetime, always aware; without a zone it is UTC (inferred)."""
    if not isinstance(value, str):
        raise TypeError(f"expected an ISO-8601 datetime, got {type(value).__name__}")
    parsed = datetime.fromisoformat(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


_EXACT = 2.0**53
"""Up to here a float holds every whole number."""


def whole(value: float) -> int:
    """A whole number that was written with a point, as some JSON writers do.

    Raises:
        TypeError: it is none.
    """
    if not (value.is_integer() and abs(value) <= _EXACT):
        raise TypeError(f"expected a whole number, got {value}")
    return int(value)


def arms(hint: Any) -> tuple[Any, ...]:
    """The types a union may be; of any other type, itself."""
    return get_args(hint) if get_origin(hint) in _UNIONS else (hint,)


def words_of(hint: Any) -> dict[str, StrEnum] | None:
    """The known words of ``SomeEnum | str`` (perhaps ``| None``); None for any other type."""
    enums = [a for a in arms(hint) if isinstance(a, type) and issubclass(a, StrEnum)]
    if not enums:
        return None
    return {member.value: member for enum in enums for member in enum}


def _refuse(_: Any) -> Any:
    """Reads nothing: for a type that only the slow way knows."""
    raise UnexpectedError


def _is_plain(cls: Any) -> bool:
    """Whether making an instance comes down to filling its slots."""
    return not hasattr(cls, "__attrs_post_init__") and all(
        field.validator is None
        and field.converter is None
        and hasattr(getattr(cls, field.name, None), "__set__")
        for field in attrs.fields(cls)
    )


def _thawed(cls: Any) -> Any:
    """A class of the same layout whose instances are filled by plain assignment, and then made
    instances of the class itself: it may be frozen. To fill slots by their descriptors takes a
    third of the time of a page."""
    normal = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(cls.__name__, (cls,), {"__slots__": (), **normal})


class Readers:
    """Makes and keeps readers for the models of one codec."""

    def __init__(
        self, wire_names: Callable[[type], Mapping[str, str]], before: Mapping[type, Before]
    ) -> None:
        self._wire_names, self._before = wire_names, before
        self._known: dict[Any, Reader] = {}

    def get(self, hint: Any) -> Reader:
        """The reader for a type: a model, or a tuple of something."""
        if hint not in self._known:
            try:
                self._known[hint] = self._model(hint) if attrs.has(hint) else self._items(hint)
            except UnexpectedError:
                self._known[hint] = _refuse
        return self._known[hint]

    def _items(self, hint: Any) -> Reader:
        if get_origin(hint) is not tuple:
            raise UnexpectedError(hint)
        (inner, _) = get_args(hint)
        if inner in _PLAIN:

            def plain(value: Any) -> Any:
                if value.__class__ is not list or any(v.__class__ is not inner for v in value):
                    raise UnexpectedError
                return tuple(value)

            return plain
        read = self.get(inner)

        def rows(value: Any) -> Any:
            if value.__class__ is not list:
                raise UnexpectedError
            return tuple([read(item) for item in value])

        return rows

    def _model(self, cls: Any) -> Reader:
        """Write the function that reads a class, and compile it."""
        if not _is_plain(cls):
            raise UnexpectedError(cls)
        hints, names = get_type_hints(cls), self._wire_names(cls)
        known: dict[str, Any] = {"cls": cls, "Unexpected": UnexpectedError}
        known |= {"make": object.__new__, "iso": datetime.fromisoformat, "UTC": UTC}
        known["thawed"] = _thawed(cls)
        lines = ["def read(row):", " if row.__class__ is not dict: raise Unexpected"]
        if cls in self._before:
            known["before"] = self._before[cls]
            lines.append(" before(row)")
        lines.append(" it = make(thawed)")
        for place, field in enumerate(attrs.fields(cls)):
            var = f"v{place}"
            lines.append(f" {var} = row.get({names[field.name]!r})")
            lines += self._field(var, field, hints[field.name], known)
            lines.append(f" it.{field.name} = {var}")
        lines.append(" it.__class__ = cls")
        lines.append(" return it")
        exec("\n".join(lines), known)  # noqa: S102 - made of names of our own attributes alone
        reader: Reader = known["read"]
        return reader

    def _field(self, var: str, field: Any, hint: Any, known: dict[str, Any]) -> list[str]:
        """The lines that check a value and convert it to what the model holds."""
        here = self._value(var, hint, known)
        if field.default is attrs.NOTHING:
            if type(None) in arms(hint):
                return [f" if {var} is not None:", *(f" {line}" for line in here)]
            return here
        # A null is read as if the field were missing: see Codec.
        known[f"d{var}"] = field.default
        default = f"d{var}.factory()" if isinstance(field.default, attrs.Factory) else f"d{var}"  # type: ignore[arg-type]
        if field.default is None:
            return [f" if {var} is not None:", *(f" {line}" for line in here)]
        return [f" if {var} is None: {var} = {default}", " else:", *(f" {line}" for line in here)]

    def _value(self, var: str, hint: Any, known: dict[str, Any]) -> list[str]:
        kinds = [arm for arm in arms(hint) if arm is not type(None)]
        words = words_of(hint)
        if words is not None:
            known[f"w{var}"] = words.get
            check = f" if {var}.__class__ is not str: raise Unexpected"
            return [check, f" {var} = w{var}({var}, {var})"]
        if kinds == [int]:
            known["whole"] = whole
            return [
                f" if {var}.__class__ is not int:",
                f"  if {var}.__class__ is not float: raise Unexpected",
                f"  {var} = whole({var})",
            ]
        if len(kinds) == 1 and kinds[0] in _PLAIN:
            return [f" if {var}.__class__ is not {_PLAIN[kinds[0]]}: raise Unexpected"]
        if kinds == [datetime]:
            return [
                f" {var} = iso({var})",
                f" if {var}.tzinfo is None: {var} = {var}.replace(tzinfo=UTC)",
            ]
        if kinds == [Any]:
            return [" pass"]
        if len(kinds) == 1 and get_origin(kinds[0]) in (dict, Mapping):
            return self._mapping(var, get_args(kinds[0]))
        known[f"r{var}"] = self.get(kinds[0])
        return [f" {var} = r{var}({var})"]

    def _mapping(self, var: str, of: tuple[Any, ...]) -> list[str]:
        lines = [f" if {var}.__class__ is not dict: raise Unexpected"]
        if of[1] is str:
            lines += [f" for x in {var}.values():", "  if x.__class__ is not str: raise Unexpected"]
        elif of[1] is not Any:
            raise UnexpectedError(of)
        return lines
