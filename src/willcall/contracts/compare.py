"""What a service really sends, beside what was believed: field by field. Pure.

A JSON body is walked along its schema. Of each field it is noted which types came, and of each
object how often it came, so that a field that never comes is seen as well as one that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

import attrs

from . import Json, document, operations, resolve

Verdict = Literal["as believed", "other type", "new word", "never came", "unknown"]


@attrs.define
class Seen:
    """A field of a schema as it came.

    Args:
        types: the JSON types that came; ``word:…`` is a word that is not on the list.
        times: how many objects had it.
    """

    types: set[str] = attrs.field(factory=set)
    times: int = 0


@attrs.define
class Observations:
    """What came, by schema: how many objects, and each of their fields."""

    objects: dict[str, int] = attrs.field(factory=dict)
    fields: dict[tuple[str, str], Seen] = attrs.field(factory=dict)
    statuses: dict[str, set[int]] = attrs.field(factory=dict)
    """The statuses of each operation that no document states."""


@attrs.frozen
class FieldRow:
    """A field: what was believed and what came.

    Args:
        field: the schema and the field, as in ``TicketType.available``.
        believed: its type, as the document has it; empty for a field that nobody knows.
        came: what came.
        known: how the belief is known.
        verdict: whether the two agree.
        wire: the key of an inferred name.
        instead: the field that may be meant, for one that never came.
    """

    field: str
    believed: str
    came: str
    known: str
    verdict: Verdict
    wire: str | None = None
    instead: str | None = None

    @property
    def differs(self) -> bool:
        """Whether somebody should read it."""
        return self.verdict != "as believed"


def type_of(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def operation_of(found: Json, method: str, path: str) -> tuple[str, Json] | None:
    """The route and the operation of a request; None if the document has none."""
    for its_method, route, operation in operations(found):
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route))
        if its_method == method.upper() and re.fullmatch(pattern, path.partition("?")[0]):
            return route, operation
    return None


def observe(
    found: Json, into: Observations, method: str, path: str, status: int, body: Any
) -> bool:
    """Note an answer; returns whether the document has the operation.

    Args:
        found: the document.
        into: where it is noted.
        method: the method of the request.
        path: its path below the base URL, or its route.
        status: the status of the answer.
        body: its JSON.
    """
    known = operation_of(found, method, path)
    if known is None:
        return False
    _, operation = known
    answer = operation["responses"].get(str(status))
    if answer is None:
        into.statuses.setdefault(operation["operationId"], set()).add(status)
        answer = next(iter(operation["responses"].values())) if status < 300 else None
    if answer is None:
        walk(found, into, {"$ref": "#/components/schemas/Error"}, body)
        return True
    content = resolve(found, answer).get("content", {}).get("application/json")
    if content is not None and body is not None:
        walk(found, into, content["schema"], body)
    return True


def walk(found: Json, into: Observations, schema: Json, value: Any, name: str = "") -> None:
    """Note a value along its schema."""
    name, schema = _named(found, schema, value, name)
    if isinstance(value, list):
        for item in value:
            walk(found, into, schema.get("items", {}), item, f"{name}[]")
        return
    fields = schema.get("properties")
    if not isinstance(value, dict) or fields is None:
        return
    into.objects[name] = into.objects.get(name, 0) + 1
    for field, inner in value.items():
        seen = into.fields.setdefault((name, field), Seen())
        seen.times += 1
        seen.types.add(type_of(inner))
        known = fields.get(field)
        if known is None:
            continue
        words = resolve(found, known).get("x-words")
        # A recording has ``<text>`` where nothing said that the field has a list of words.
        if words and isinstance(inner, str) and inner not in words and inner[:1] != "<":
            seen.types.add(f"word:{inner}")
        walk(found, into, known, inner, f"{name}.{field}")


def _named(found: Json, schema: Json, value: Any, name: str) -> tuple[str, Json]:
    """The schema that a value is of, and its name."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = resolve(found, {"$ref": schema["$ref"]})
        else:
            schema = _branch(found, schema["anyOf"], value)
    return name, schema


def branch_of(found: Json, schema: Json, value: Any) -> Json:
    """The schema that a value is of, references and alternatives resolved."""
    return _named(found, schema, value, "")[1]


def _branch(found: Json, branches: list[Json], value: Any) -> Json:
    """Which of several schemas a value is of: the first whose required fields it has."""
    for branch in branches:
        whole = resolve(found, branch)
        if not isinstance(value, dict):
            if type_of(value) in _types(whole):
                return branch
        elif set(whole.get("required", ())) <= set(value) and (
            whole.get("required") or set(whole.get("properties", ())) & set(value)
        ):
            return branch
    # Neither: an envelope of another name, if there is an envelope.
    return next((branch for branch in branches if "$ref" not in branch), branches[0])


def _types(schema: Json) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def rows(found: Json, seen: Observations) -> list[FieldRow]:
    """What was believed of everything that came, and what came."""
    made: list[FieldRow] = []
    for name, times in sorted(seen.objects.items()):
        schema = _schema(found, name)
        fields = schema.get("properties", {})
        strange = {
            field: facts
            for (owner, field), facts in seen.fields.items()
            if owner == name and field not in fields
        }
        missing = {
            field: {**resolve(found, known), **known}
            for field, known in fields.items()
            if "x-wire" in known and (name, field) not in seen.fields
        }
        meant = _meant(missing, strange)
        for field, known in fields.items():
            came = seen.fields.get((name, field))
            made.append(_row(found, name, field, known, came, meant.get(field)))
        taken = {row.instead for row in made}
        made += [
            FieldRow(f"{name}.{field}", "", _came(facts, times), "", "unknown")
            for field, facts in strange.items()
            if f"{name}.{field}" not in taken
        ]
    return made


def _row(
    found: Json,
    name: str,
    field: str,
    known: Json,
    came: Seen | None,
    instead: str | None,
) -> FieldRow:
    whole = {**resolve(found, known), **known}
    believed = " or ".join(_types(whole)) or "any"
    wire = known.get("x-wire")
    common = {"known": whole.get("x-known-from", ""), "wire": wire}
    if came is None:
        if instead is None and known.get("x-sometimes"):
            return FieldRow(
                f"{name}.{field}", believed, "nothing here", verdict="as believed", **common
            )
        return FieldRow(
            f"{name}.{field}",
            believed,
            "nothing",
            verdict="never came",
            instead=None if instead is None else f"{name}.{instead}",
            **common,
        )
    words = sorted(kind.removeprefix("word:") for kind in came.types if kind.startswith("word:"))
    types = {kind for kind in came.types if not kind.startswith("word:")}
    allowed = set(_types(whole))
    text = " or ".join(sorted(types))
    verdict: Verdict = "as believed"
    if allowed and not types <= allowed:
        verdict = "other type"
    elif words:
        verdict, text = "new word", ", ".join(words)
    return FieldRow(f"{name}.{field}", believed, text, verdict=verdict, **common)


def _schema(found: Json, name: str) -> Json:
    """The schema of a name such as ``EventList.pagination``."""
    first, *steps = re.findall(r"[^.\[\]]+|\[\]", name)
    schema: Json = found["components"]["schemas"][first]
    for step in steps:
        schema = _inside(found, schema)
        schema = schema["items"] if step == "[]" else schema["properties"][step]
    return _inside(found, schema)


def _inside(found: Json, schema: Json) -> Json:
    schema = resolve(found, schema)
    if "anyOf" in schema:  # the branch that stands there itself
        schema = next((branch for branch in schema["anyOf"] if "$ref" not in branch), schema)
    return schema


def _came(facts: Seen, times: int) -> str:
    kinds = " or ".join(sorted(facts.types))
    return kinds if facts.times == times else f"{kinds}, in {facts.times} of {times}"


_ALIKE = (
    ("available", "remaining", "left", "stock", "inventory"),
    ("sold", "purchased"),
    ("per", "quantity"),
    ("ticket", "tickets", "admission", "tier", "tiers", "types"),
    ("url", "link", "href", "permalink"),
    ("hidden", "private", "visible"),
    ("event", "item", "data", "result"),
    ("ticket", "item", "data", "result"),
    ("total", "count"),
    ("pages", "page"),
    ("limit", "per", "size"),
    ("starts", "start", "from", "begin", "opens"),
    ("ends", "end", "until", "closes"),
    ("sale", "sales"),
    ("min", "minimum"),
    ("max", "maximum"),
    ("id", "uuid"),
    ("price", "amount", "cents"),
)
"""Words that services use for the same thing."""


def _meant(missing: Mapping[str, Json], strange: Mapping[str, Seen]) -> dict[str, str]:
    """The unknown field that may be meant by each that never came: of its type, and most alike.

    Each is meant by one field at most. One that need not come must be more alike.
    """
    scores = []
    for field, known in missing.items():
        allowed = set(_types(known)) | {"null"}
        least = 0.8 if known.get("x-sometimes") else 0.5
        for name, facts in strange.items():
            fits = facts.types <= allowed and (facts.types != {"null"} or "null" in _types(known))
            if fits and _alike(field, name) >= least:
                scores.append((-_alike(field, name), field, name))
    meant: dict[str, str] = {}
    for _, field, name in sorted(scores):
        if field not in meant and name not in meant.values():
            meant[field] = name
    return meant


def _alike(one: str, other: str) -> float:
    """How alike two names are, from 0 to 1: by their words, and by their letters."""
    ours, theirs = _words(one), _words(other)
    shared = sum(any(_same(word, their) for their in theirs) for word in ours)
    letters = SequenceMatcher(None, one.lower(), other.lower()).ratio()
    return max(letters, (shared / len(ours) + letters) / 2 + 0.1 * bool(shared))


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)] or [name]


def _same(word: str, other: str) -> bool:
    return word == other or any(word in group and other in group for group in _ALIKE)


def corrections(found: Iterable[FieldRow]) -> dict[str, str]:
    """The inferred names that turned out otherwise, by their key in ``[wire]``."""
    made: dict[str, str] = {}
    for row in found:
        if row.wire is not None and row.instead is not None:
            made.setdefault(row.wire, row.instead.rpartition(".")[2])
    return made


@attrs.frozen
class RecordedAnswer:
    """An answer as it is recorded.

    Args:
        provider: whose it is.
        method: the method of the request.
        path: its path below the base URL, ids as ``*``.
        status: the status.
        headers: the headers, as far as they are kept.
        body: the JSON without its content; None if there was none.
    """

    provider: str
    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: Any


@attrs.frozen
class Comparison:
    """What a service sent beside what was believed.

    Args:
        rows: every field of everything that came.
        statuses: the statuses of each operation that no document states.
        names: the inferred names that turned out otherwise, by their key in ``[wire]``.
    """

    rows: tuple[FieldRow, ...]
    statuses: Mapping[str, set[int]]
    names: Mapping[str, str]


def compare(provider: str, answers: Sequence[RecordedAnswer]) -> Comparison:
    """What a service sent beside what was believed.

    What stands inside a field of another name is compared, too: the answers are read again under
    the names that were found, until no more are.

    Args:
        provider: whose answers they are.
        answers: as they were recorded.
    """
    names: dict[str, str] = {}
    differing: dict[str, FieldRow] = {}
    while True:
        found, seen = document(provider, names=names), Observations()
        for answer in answers:
            observe(found, seen, answer.method, answer.path, answer.status, answer.body)
        made = rows(found, seen)
        more = {key: name for key, name in corrections(made).items() if key not in names}
        differing |= {row.field: row for row in made if row.instead is not None}
        if not more:
            break
        names |= more
    return Comparison((*differing.values(), *made), seen.statuses, names)
