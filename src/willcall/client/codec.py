"""JSON to models: wire names to attributes, aware datetimes, unknown words kept.

Decoding runs twice at the most: first fast (:mod:`willcall.client.readers`), and, only if that
failed, again with cattrs, which knows where it is, so that an error names the field
(``events[3].startsAt``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import attrs
from cattrs import ClassValidationError, Converter, IterableValidationError
from cattrs.errors import AttributeValidationNote, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override
from cattrs.v import format_exception, transform_error

from .. import _json
from ..errors import Reply, UndecodableReplyError
from .op import UnreadableRow
from .readers import Before, Readers, arms, moment, whole, words_of

__all__ = ["Codec", "camel", "moment", "parse", "parse_list", "parse_object", "parse_rows"]

T = TypeVar("T")


def camel(name: str) -> str:
    """``starts_at`` → ``startsAt``: how TicketSmart and Ticket0 write their names (documented)."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _exactly(kind: type) -> Callable[[Any, Any], Any]:
    """A wrong type is an error: cattrs would turn anything into a str, and "5" into an int. A whole
    number may be written with a point: 2500.0 is 2500."""

    def structure(value: Any, _: Any) -> Any:
        # bool is an int in Python, but never on the wire.
        if type(value) is not kind:
            if kind is int and type(value) is float:
                return whole(value)
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return structure


def _is_open_enum(cls: Any) -> bool:
    """``SomeEnum | str`` (perhaps ``| None``): known words as members, others as they came."""
    return len(arms(cls)) > 1 and words_of(cls) is not None


def _open_enum(cls: Any) -> Callable[[Any, Any], Any]:
    known: Mapping[str, Any] = words_of(cls) or {}
    nullable = type(None) in arms(cls)

    def structure(value: Any, _: Any) -> Any:
        if value is None and nullable:
            return None
        if not isinstance(value, str):
            raise TypeError(f"expected a word, got {type(value).__name__}")
        return known.get(value, value)

    return structure


def _is_tuple(cls: Any) -> bool:
    origin: Any = get_origin(cls)
    return origin is tuple


def _items(cls: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    """``tuple[T, ...]`` from a JSON array alone: a text must not become a tuple of letters."""
    kind = get_args(cls)[0]
    inner = converter.get_structure_hook(kind)

    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, list):
            raise TypeError(f"expected a list, got {type(value).__name__}")
        items, errors = [], []
        for place, item in enumerate(value):
            try:
                items.append(inner(item, kind))
            except Exception as error:  # noqa: BLE001 - all of them are reported, with their place
                note = IterableValidationNote(f"at {place}", place, kind)
                error.__notes__ = [*getattr(error, "__notes__", []), note]
                errors.append(error)
        if errors:
            raise IterableValidationError("wrong items", errors, cls)
        return tuple(items)

    return structure


class Codec:
    """A converter for one provider's models.

    Args:
        names: per model, the wire names that ``spelling`` does not give, or that are only inferred,
            so that a correction is one line.
        before: per model, a function that may change its JSON object before it is read.
        spelling: the wire name of an attribute; ``str`` where the wire uses snake_case, too.

    A null where a field has a default and cannot be None is read as if it were missing: neither
    TicketSmart nor Ticket0 documents which fields may be null.
    """

    def __init__(
        self,
        names: Mapping[type, Mapping[str, str]] | None = None,
        before: Mapping[type, Before] | None = None,
        spelling: Callable[[str], str] = camel,
    ) -> None:
        self._spelling = spelling
        self._names = names or {}
        self._before = before or {}
        self._fast = Readers(self._wire_names, self._before)
        self._exact = self._converter()

    def _wire_names(self, cls: Any) -> dict[str, str]:
        """What each attribute of a model is called on the wire."""
        names = self._names.get(cls, {})
        return {f.name: names.get(f.name, self._spelling(f.name)) for f in attrs.fields(cls)}

    def _converter(self) -> Converter:
        converter = Converter(detailed_validation=True)
        for kind in (str, int, bool):
            converter.register_structure_hook(kind, _exactly(kind))
        converter.register_structure_hook(datetime, moment)
        converter.register_structure_hook_factory(_is_open_enum, _open_enum)
        converter.register_structure_hook_factory(_is_tuple, lambda cls: _items(cls, converter))

        def model(cls: Any) -> Any:
            names, hints = self._wire_names(cls), get_type_hints(cls)
            fields = {name: override(rename=wire) for name, wire in names.items()}
            never_null = tuple(
                names[field.name]
                for field in attrs.fields(cls)
                if field.default is not attrs.NOTHING and type(None) not in arms(hints[field.name])
            )
            return _object(
                cls,
                make_dict_structure_fn(cls, converter, **fields),  # type: ignore[arg-type]
                never_null,
                self._before.get(cls),
                names,
            )

        converter.register_structure_hook_factory(attrs.has, model)
        return converter

    def structure(self, value: Any, model: type[T], at: str = "") -> T:
        """A JSON value as a model.

        Raises:
            UndecodableReplyError: naming the first wrong field, with ``at`` before it.
        """
        try:
            return self._read(value, model, at or "$")
        except _WrongError as error:
            raise UndecodableReplyError(str(error)) from None

    def _read(self, value: Any, model: type[T], at: str) -> T:
        try:
            read: T = self._fast.get(model)(value)
        except Exception:  # noqa: BLE001 - the exact converter says what and where
            return self._explain(value, model, at)
        return read

    def rows(
        self, values: list[Any], model: type[T], at: str
    ) -> tuple[tuple[T, ...], tuple[UnreadableRow, ...]]:
        """The rows of a list as models, and the rows that could not be read.

        Args:
            values: the rows, as JSON.
            model: what each of them is.
            at: what the list is called on the wire.

        Raises:
            UndecodableReplyError: there are several rows, and none can be read.
        """
        try:
            items: tuple[T, ...] = self._fast.get(tuple[model, ...])(values)  # type: ignore[valid-type]
        except Exception:  # noqa: BLE001 - row by row, and the exact converter says what and where
            return self._row_by_row(values, model, at)
        return items, ()

    def _row_by_row(
        self, values: list[Any], model: type[T], at: str
    ) -> tuple[tuple[T, ...], tuple[UnreadableRow, ...]]:
        items: list[T] = []
        unreadable: list[UnreadableRow] = []
        for row, value in enumerate(values):
            try:
                items.append(self._read(value, model, f"{at}[{row}]"))
            except _WrongError as error:
                name = value.get("id") if isinstance(value, dict) else None
                id_ = name if isinstance(name, str) else None
                unreadable.append(UnreadableRow(row, error.field, error.problem, id_))
        if len(unreadable) == len(values) > 1:
            raise UndecodableReplyError(f"no row can be read; {unreadable[0]}")
        return tuple(items), tuple(unreadable)

    def _explain(self, value: Any, model: type[T], at: str) -> T:
        try:
            return self._exact.structure(value, model)
        except (ClassValidationError, IterableValidationError) as error:
            first, *more = transform_error(error, path=at, format_exception=_describe)
            problem, _, field = first.rpartition(" @ ")
            raise _WrongError(field, problem, len(more)) from None
        except Exception as error:  # noqa: BLE001 - a hostile body may raise anything
            raise _WrongError(at, _describe(error, model), 0) from None


class _WrongError(Exception):
    """A field that is not what it should be, and how many more."""

    def __init__(self, field: str, problem: str, more: int) -> None:
        also = f" (and {more} more)" if more else ""
        super().__init__(f"unexpected JSON: {problem} @ {field}{also}")
        self.field, self.problem = field, problem


def _object(
    cls: type,
    inner: Callable[[Any, Any], Any],
    never_null: tuple[str, ...],
    before: Before | None,
    names: Mapping[str, str],
) -> Callable[[Any, Any], Any]:
    """Reads one JSON object as a model; its errors name fields as the wire does."""

    def structure(value: Any, kind: Any) -> Any:
        if not isinstance(value, dict):
            raise TypeError(f"expected an object for {cls.__name__}, got {type(value).__name__}")
        for name in never_null:
            if name in value and value[name] is None:
                del value[name]
        if before is not None:
            before(value)
        try:
            return inner(value, kind)
        except ClassValidationError as errors:
            for error in errors.exceptions:
                notes = getattr(error, "__notes__", ())
                for note in [it for it in notes if isinstance(it, AttributeValidationNote)]:
                    note.name = names[note.name]
            raise

    return structure


def _describe(error: BaseException, kind: type | None) -> str:
    if isinstance(error, KeyError):
        return f"the field {error.args[0]!r} is missing"
    if isinstance(error, TypeError | ValueError):
        return str(error)
    return format_exception(error, kind)


def parse(reply: Reply) -> Any:
    """A reply's JSON.

    Raises:
        UndecodableReplyError: it is not JSON, as when a proxy answers in HTML or a body is cut.
    """
    try:
        return _json.loads(reply.body)
    except ValueError:
        if not reply.body:
            raise UndecodableReplyError("expected JSON, and the answer has no body") from None
        kind = reply.headers.get("content-type", "no content type").split(";")[0]
        raise UndecodableReplyError(
            f"expected JSON, got {len(reply.body)} bytes that are not ({kind})",
            hint="a proxy or a maintenance page may have answered in the provider's place",
        ) from None


def parse_object(reply: Reply) -> dict[str, Any]:
    """A reply's JSON object.

    Raises:
        UndecodableReplyError: it is not one.
    """
    value = parse(reply)
    if not isinstance(value, dict):
        raise UndecodableReplyError(f"expected a JSON object, got {type(value).__name__}")
    return value


def parse_list(reply: Reply) -> list[Any]:
    """A reply's JSON array, where a list comes without an envelope.

    Raises:
        UndecodableReplyError: it is none.
    """
    value = parse(reply)
    if not isinstance(value, list):
        raise UndecodableReplyError(f"expected a JSON array, got {type(value).__name__}")
    return value


def parse_rows(body: Mapping[str, Any], name: str) -> list[Any]:
    """The list under a name in a reply's JSON object.

    Raises:
        UndecodableReplyError: it is missing, or no list.
    """
    rows = body.get(name)
    if not isinstance(rows, list):
        raise UndecodableReplyError(f"unexpected JSON: the list {name!r} is missing")
    return rows
