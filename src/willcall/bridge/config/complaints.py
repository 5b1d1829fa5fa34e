"""What pydantic says against a file, as complaints that name the key and the way out. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
    "bool_type": ("it is neither true nor false", "write true or false, without quotes"),
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
    if detail["type"] == "string_type" and isinstance(detail["input"], list):
        fix = "write one text; for several customers, write a rule for each, with continue = true"
        return ConfigError(path, "it is a list, and one text goes here", fix)
    if detail["type"] in _TYPES:
        return ConfigError(path, *_TYPES[detail["type"]])
    said = detail["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    problem, _, fix = scrub(said).partition("; ")
    return ConfigError(path, problem, fix)


def nearest(name: str, known: list[str]) -> str:
    """What to do about a name that is not known."""
    if name == "api_key":
        return "keys stay out of this file: use api_key_env, api_key_file or api_key_keyring"
    near = closest(name, known)
    if near is not None:
        return f"did you mean {near!r}?"
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"known here: {', '.join(known[:_SHOWN])}{more}" if known else ""


_SHOWN = 12
"""So many names are listed at the most."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like another, whatever their case; None if none is like it."""
    folded = {other.casefold(): other for other in known}
    near = get_close_matches(name.casefold(), folded, n=1)
    return folded[near[0]] if near else None


def closest_part(part: str, texts: Iterable[str]) -> str | None:
    """The words in these texts that are most like a part that none of them contains."""
    count = len(part.split())
    parts = {
        " ".join(words[start : start + count])
        for words in map(str.split, texts)
        for start in range(max(1, len(words) - count + 1))
    }
    return closest(part, sorted(parts))


def _example(root: type[Table], parts: tuple[int | str, ...]) -> str:
    """What to add where a key is missing."""
    name = str(parts[-1])
    field: FieldInfo | None = _table_at(root, parts[:-1]).model_fields.get(name)
    if name in _EXAMPLES or field is None or not field.description:
        return _EXAMPLES.get(name, "add it")
    example = (field.examples or [None])[0] or "…"
    return f'add {name} = "{example}", {field.description}'


def spoken(path: str, values: Mapping[str, Any]) -> str:
    """A key's path with the names that people have given their tables.

    ``rule[0].ticket.subject`` becomes ``rule "gala".ticket.subject``.
    """
    found = re.match(r"(rule|box_office)\[(\d+)\](.*)", path)
    rows = values.get(found[1]) if found else None
    if found is None or not isinstance(rows, list) or int(found[2]) >= len(rows):
        return path
    row = rows[int(found[2])]
    name = row.get("id" if found[1] == "rule" else "name") if isinstance(row, dict) else None
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        return path
    return f'{found[1]} "{scrub(name)}"{found[3]}'


def toml_advice(line: str) -> str:
    """What to do about a line that is not TOML, by the commonest slips; empty if it is none.

    What stands on the line is not shown: it may be a key.
    """
    if re.search("[\u201c\u201d\u201e\u00ab\u00bb]", line):
        return 'these are curly quotation marks; write straight ones, as in "text"'
    if re.search("=\\s*[\u2018\u2019\u201a`]", line):
        return 'these are not quotation marks of TOML; write straight ones, as in "text"'
    if re.match(r"\s*[A-Za-z_]\w*\s*:\s*\S", line):
        return "between a key and its value stands '=', not ':'"
    word = re.match(r"\s*([\w.-]+)\s*=\s*(True|False|yes|no|on|off)\b", line, re.IGNORECASE)
    if word:
        yes = word[2].casefold() in {"true", "yes", "on"}
        return f"write {scrub(word[1])} = {'true' if yes else 'false'}"
    bare = re.match(r"""\s*([\w.-]+)\s*=\s*([^\s"'\[{#\d][^"'#]*)""", line)
    if bare:
        return f'put texts in quotes, as in {scrub(bare[1])} = "…"'
    listed = re.search(r"""[\[,]\s*([A-Za-z][^\s,\]"']*)\s*[,\]]""", line)
    if listed and "=" in line:
        return 'put each text of a list in quotes, as in ["…", "…"]'
    if len(re.findall(r'(?<!\\)"', line)) % 2:
        return "a quotation mark is missing on this line"
    if re.match(r"\s*\[(box_office|rule|removal)\]", line):
        return "head each of several tables with two brackets, as in [[rule]]"
    return ""


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
