"""What pydantic says against a file, as complaints that name the key and the way out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ...client.redact import scrub
from ...errors import ConfigError
from .table import ARM, Table

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_EXAMPLES = {
    "box_office": "add a [[box_office]] table",
    "desk": "add a [desk] table",
    "name": 'add name = "main-room", or whatever you call it',
    "customer_email": 'add customer_email = "organiser@example.com", whom the tickets concern',
}
_TABLES = {name: f"[[{name}]]" for name in ("box_office", "rule", "removal")}
_TYPES = {
    "string_type": ("it is not text", "put it in quotes"),
    "int_type": ("it is not a whole number", "write it without quotes and without a point"),
}


def complaints_of(error: ValidationError, root: type[Table]) -> list[ConfigError]:
    """Every complaint about a file with this table at its root. A misspelt key comes before the one
    that is missing for it."""
    details = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    # Where one of several things may stand, each of them complains: the first will do.
    found: dict[str, ConfigError] = {}
    for detail in details:
        complaint = _complaint(detail, root)
        found.setdefault(complaint.field, complaint)
    return list(found.values())


def _complaint(detail: ErrorDetails, root: type[Table]) -> ConfigError:
    # A key may have been pasted in anywhere, even as the name of a field.
    path = scrub(_path(detail["loc"]))
    head, last = str(detail["loc"][0]), str(detail["loc"][-1])
    if detail["type"] == "extra_forbidden":
        return ConfigError(path, "no such key", nearest(last, _fields_at(root, detail["loc"][:-1])))
    if detail["type"] == "missing":
        return ConfigError(path, "it is missing", _example(root, detail["loc"]))
    if detail["type"] in {"list_type", "tuple_type"} and not _holds_tables(root, detail["loc"]):
        return ConfigError(path, "it is not a list of texts", f'write it as {last} = ["…", "…"]')
    if detail["type"] in {"list_type", "tuple_type", "model_type"}:
        way = f"head it with {_TABLES.get(head, f'[{head}]')}"
        inner = path.rpartition(".")[2]
        way = f"write it as {inner} = {{ … }}" if "." in path else way
        return ConfigError(path, "it is not a table", way)
    if detail["type"] == "too_short":
        return ConfigError(path, "it is empty", _EXAMPLES.get(last, "fill it in, or leave it out"))
    if detail["type"] in _TYPES:
        return ConfigError(path, *_TYPES[detail["type"]])
    said = detail["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    problem, _, fix = scrub(said).partition("; ")
    return ConfigError(path, problem, fix)


def nearest(name: str, known: list[str]) -> str:
    """What to do about a name that is not known."""
    if name == "api_key":
        return "keys stay out of this file: use api_key_env, api_key_file or api_key_keyring"
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"


def _example(root: type[Table], parts: tuple[int | str, ...]) -> str:
    """What to add where a key is missing."""
    name = str(parts[-1])
    field: FieldInfo | None = _table_at(root, parts[:-1]).model_fields.get(name)
    if name in _EXAMPLES or field is None or not field.description:
        return _EXAMPLES.get(name, "add it")
    example = (field.examples or [None])[0] or "…"
    return f'add {name} = "{example}", {field.description}'


# Where a key may hold one of several things, pydantic names which one it tried.
_ARMS = {"MessageTable", "bool"}


def _is_arm(part: int | str) -> bool:
    return part in _ARMS or (isinstance(part, str) and part.startswith(ARM))


def _path(parts: Iterable[int | str]) -> str:
    path = ""
    for part in parts:
        if _is_arm(part):
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _fields_at(root: type[Table], parts: Iterable[int | str]) -> list[str]:
    """The keys that a table at this place may have."""
    return list(_by_key(_table_at(root, parts)))


def _holds_tables(root: type[Table], parts: tuple[int | str, ...]) -> bool:
    """Whether what belongs at this place are tables, rather than texts."""
    return bool(_by_key(_table_at(root, parts[:-1])).get(str(parts[-1])))


def _table_at(root: type[Table], parts: Iterable[int | str]) -> type[Table]:
    table, choices = root, tuple[type[Table], ...]()
    for part in map(str, parts):
        if part.startswith(ARM):
            table = next((choice for choice in choices if choice.arm == part), table)
        elif choices := _by_key(table).get(part) or choices:
            table = choices[0]
    return table


def _by_key(table: type[Table]) -> dict[str, tuple[type[Table], ...]]:
    """A table's keys as they are written, and the tables that each may hold, if any."""
    return {
        field.alias or name: tuple(_tables_in(field.annotation))
        for name, field in table.model_fields.items()
    }


def _tables_in(annotation: Any) -> Iterator[type[Table]]:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    for argument in get_args(annotation):
        yield from _tables_in(argument)
