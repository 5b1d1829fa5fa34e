"""The reference pages of both APIs, as Markdown; ``make contracts-write`` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from willcall.contracts import operations, resolve

from .facts import LIMITS, Json

HOME = Path(__file__).parents[3] / "docs" / "reference"
_MARKS = {
    "seed": "the service's API reference states it",
    "public": "its newest public pages state it (2026)",
    "older": "an earlier revision of them states it (2025)",
    "inferred": "no document states it",
}


def path_of(provider: str) -> Path:
    """Where the page of a provider is kept."""
    return HOME / f"{provider}-api.md"


def page(provider: str, found: Json) -> str:
    """The page of a provider, from its document."""
    return "\n".join(_page(provider, found)).rstrip() + "\n"


def _page(provider: str, found: Json) -> Iterator[str]:
    yield f"# {found['info']['title']} on the wire"
    yield ""
    yield "<!-- Written by `make contracts-write`. -->"
    yield ""
    yield found["info"]["description"]
    yield ""
    yield "This page shows the OpenAPI document in `src/willcall/contracts`;"
    yield f"`willcall contracts show {provider} --json` prints it. See"
    yield "[contracts](../contracts.md)."
    yield ""
    used = {part["x-known-from"] for part in _inside(found) if "x-known-from" in part}
    yield from _table(
        ("known from", "means"), ((f"`{m}`", says) for m, says in _MARKS.items() if m in used)
    )
    limit, key = found["x-rate-limit"], found["components"]["securitySchemes"]["key"]
    yield f"- Base URL: `{found['servers'][0]['url']}`"
    yield f"- Key: {_key(key)} {key['description']}"
    if "x-cors" in found:
        cors = found["x-cors"]
        sent = ", ".join(f"`{name}: {value}`" for name, value in cors["headers"].items())
        yield f"- CORS: {cors['description']} Headers: {sent}"
    yield (
        f"- Limit: {limit['requests']} requests in {limit['seconds']} seconds per {limit['per']};"
        f" the window is {_window(limit['window'])}."
    )
    yield ""
    yield "## Calls"
    yield ""
    for method, path, operation in operations(found):
        yield from _operation(found, method, path, operation)
    if "webhooks" in found:
        yield from _webhooks(found)
    yield "## Objects"
    yield ""
    for name, schema in found["components"]["schemas"].items():
        yield from _schema(found, name, schema)
    yield "## Open questions"
    yield ""
    yield "What the documents leave open, and the answers that willcall survives. The sandbox gives"
    yield "each answer where a switch is named ([the sandbox](../sandbox.md))."
    yield ""
    yield from _table(
        ("open", "question", "possible answers", "documented", "switch of the sandbox"),
        (
            (
                f"`{name}`",
                question["question"],
                ", ".join(f"`{answer}`" for answer in question["answers"]),
                question["documented"],
                f"`{question['sandbox']}`" if question["sandbox"] else "none",
            )
            for name, question in found["x-open"].items()
        ),
    )


def _key(scheme: Json) -> str:
    if scheme["type"] == "http":
        return "`Authorization: Bearer …`."
    return f"header `{scheme['name']}`."


def _window(window: str) -> str:
    return window if window == "rolling" else f"no fixed minute: it {window}"


def _operation(found: Json, method: str, path: str, operation: Json) -> Iterator[str]:
    yield f"### {operation['summary']}"
    yield ""
    yield f"`{method} {path}`"
    yield ""
    said = operation["description"].partition("\n\n")[0]
    calls = ", ".join(f"`{name}`" for name in operation["x-client"])
    yield f"{said} Scope `{operation['x-scope']}`; known from `{operation['x-known-from']}`;"
    yield f"in Python: {calls}.{_open(operation)}"
    yield ""
    parameters = operation.get("parameters", [])
    if parameters:
        yield from _table(
            ("parameter", "in", "type", "known from", "meaning"),
            (
                (
                    f"`{p['name']}`",
                    p["in"],
                    _type(found, p["schema"]),
                    p["x-known-from"],
                    p["description"],
                )
                for p in parameters
            ),
        )
    body = operation.get("requestBody")
    if body is not None:
        content = body["content"]["application/json"]
        yield f"Body: {_type(found, content['schema'])}, such as"
        yield ""
        yield from _json(content["example"])
    yield from _table(
        ("status", "body", "known from", "meaning"),
        (
            (status, _body(found, answer), _known(answer), answer["description"])
            for status, answer in (
                (status, resolve(found, answer))
                for status, answer in operation["responses"].items()
            )
        ),
    )
    for status, answer in operation["responses"].items():
        if status[0] == "2" and "example" in answer["content"]["application/json"]:
            yield f"An answer with {status}:"
            yield ""
            yield from _json(answer["content"]["application/json"]["example"])


def _known(answer: Json) -> str:
    status = answer.get("x-status-known-from")
    known: str = answer["x-known-from"]
    return known if status is None else f"{known}; status: {status}"


def _body(found: Json, answer: Json) -> str:
    content = answer.get("content", {}).get("application/json")
    return "none" if content is None else _type(found, content["schema"])


def _webhooks(found: Json) -> Iterator[str]:
    hooks = found["webhooks"]
    one = next(iter(hooks.values()))["post"]
    header = one["parameters"][0]
    yield "## Webhooks"
    yield ""
    yield f"{one['description']} The body is a {_link('WebhookEvent')}. Header `{header['name']}`:"
    yield f"{header['description']}"
    yield ""
    yield from _table(
        ("event", "known from"),
        ((f"`{name}`", hook["post"]["x-known-from"]) for name, hook in hooks.items()),
    )


def _schema(found: Json, name: str, schema: Json) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    yield f"{schema.get('description', '')} Known from `{schema['x-known-from']}`.{_open(schema)}"
    yield ""
    for branch in schema.get("anyOf", ()):
        if "$ref" in branch:
            yield f"- {_type(found, branch)}"
        else:
            fields = ", ".join(
                f"`{field}`: {_type(found, facts)}" for field, facts in branch["properties"].items()
            )
            yield f"- {branch['description']} {fields} (`{branch['x-known-from']}`)"
    if "anyOf" in schema:
        yield ""
        return
    needed = schema.get("required", ())
    rows = []
    for field, facts in schema.get("properties", {}).items():
        whole = {**resolve(found, facts), **facts}
        wire = facts.get("x-wire")
        rows.append(
            (
                f"`{field}`" + (", required" if field in needed else ""),
                _type(found, facts),
                whole.get("x-known-from", "") + (f", `{wire}`" if wire else ""),
                whole.get("description", ""),
            )
        )
    yield from _table(("field", "type", "known from, key in `[wire]`", "meaning"), rows)


def _open(node: Json) -> str:
    names = node.get("x-open", ())
    return f" Open: {', '.join(f'`{name}`' for name in names)}." if names else ""


def _type(found: Json, schema: Json) -> str:
    """A type in words, with its limits."""
    if "$ref" in schema:
        return _link(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(found, branch) for branch in schema["anyOf"]))
    kind = schema.get("type", "any")
    said = kind if isinstance(kind, str) else " or ".join(kind)
    if "items" in schema:
        said = f"list of {_type(found, schema['items'])}"
    if "format" in schema:
        said += f" ({schema['format']})"
    words = schema.get("x-words") or [word for word in schema.get("enum", ()) if word is not None]
    if words:
        said += ": " + ", ".join(f"`{_plain(word)}`" for word in words)
    limits = [f"{name} `{_plain(schema[name])}`" for name in LIMITS if name in schema]
    limits = [limit for limit in limits if "u0085" not in limit]  # not blank
    if limits:
        known = schema.get("x-limits-known-from")
        said += f"; {', '.join(limits)}" + (f" ({known})" if known else "")
    return said


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _json(value: Any) -> Iterator[str]:
    yield "```text"
    yield from json.dumps(value, indent=2, ensure_ascii=False).splitlines()
    yield "```"
    yield ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        cells = (cell.replace("|", "\\|").replace("\n", " ") for cell in row)
        yield "| " + " | ".join(cells) + " |"
    yield ""


def _inside(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _inside(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _inside(inner)
