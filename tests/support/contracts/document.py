"""Writes the OpenAPI documents; ``make contracts-write`` runs it.

The facts stand in ``ticketsmart.py`` and ``ticket0.py``. What the code knows better is taken from
there: enums from the models, inferred names from ``inferred.py``, open questions and their answers
from the habits of the sandbox. A test compares the documents with clients, models and sandbox in
both directions.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Literal

from willcall.sandbox import Sandbox
from willcall.sandbox.clock import ManualClock
from willcall.sandbox.desk_settings import DeskSettings
from willcall.sandbox.inprocess import Caller
from willcall.sandbox.settings import HABITS

from . import pages, ticket0, ticketsmart
from .facts import Json

SOURCES: dict[str, ModuleType] = {"ticketsmart": ticketsmart, "ticket0": ticket0}
HOME = Path(__file__).parents[3] / "src" / "willcall" / "contracts"


def path_of(provider: str) -> Path:
    """Where the document of a provider is kept."""
    return HOME / f"{provider}.openapi.json"


def write(provider: str) -> str:
    """The document of a provider as text."""
    return json.dumps(document(provider), indent=1, ensure_ascii=False) + "\n"


def document(provider: str) -> Json:
    """The document of a provider."""
    source = SOURCES[provider]
    questions = _questions(provider)
    examples = _examples(provider)
    at: dict[str, list[str]] = {}
    for name, question in questions.items():
        for place in question.pop("at"):
            at.setdefault(place, []).append(name)
    found: Json = {
        "openapi": "3.1.0",
        "info": {**source.INFO, "version": "1", "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": source.SERVER}],
        "security": [{"key": []}],
        "tags": [{"name": name, "description": says} for name, says in source.TAGS.items()],
        "x-rate-limit": source.LIMIT,
        "paths": {
            path: {
                method: _operation(operation, path, at, examples)
                for method, operation in operations.items()
            }
            for path, operations in source.PATHS.items()
        },
    }
    if source.CORS:
        found["x-cors"] = source.CORS
    if source.WEBHOOKS:
        found["webhooks"] = source.WEBHOOKS
    found["components"] = {
        "schemas": {name: _marked(schema, name, at) for name, schema in source.SCHEMAS.items()},
        "responses": source.RESPONSES,
        "securitySchemes": {"key": source.SECURITY},
    }
    found["x-open"] = questions
    if source.REVISIONS:
        found["x-revisions"] = source.REVISIONS
    assert not at, f"no operation and no schema is called {sorted(at)}"
    return found


def _questions(provider: str) -> dict[str, Json]:
    """The open questions: each habit of the sandbox, and those that no habit answers."""
    of_desk = set(DeskSettings.__dataclass_fields__)
    source = SOURCES[provider]
    found: dict[str, Json] = {}
    for habit in HABITS:
        if habit.name == "strict" or (habit.name in of_desk) == (provider == "ticket0"):
            found[habit.name] = {
                "question": habit.meaning,
                "answers": habit.possible.split(", ") if habit.values else ["any time in seconds"],
                "documented": habit.documented,
                "sandbox": f"--habit {habit.name}=…",
                "at": source.SWITCHES_AT.get(habit.name, ()),
            }
    unknown = set(source.SWITCHES_AT) - set(found)
    assert not unknown, f"the sandbox has no habit {sorted(unknown)}"
    for name, question in source.OTHER_QUESTIONS.items():
        more = {**question, "documented": "nothing"}
        fault = more.pop("fault")
        more["sandbox"] = None if fault is None else f"fault {fault}"
        found[name] = more
    return found


def _marked(shape: Json, name: str, at: dict[str, list[str]]) -> Json:
    """A schema or operation with the questions that are about it."""
    about = at.pop(name, None)
    return {**shape, "x-open": about} if about else shape


def _examples(provider: str) -> dict[str, tuple[str, Json]]:
    """What the sandbox answers to each operation: the status and the body."""
    box = Sandbox(ManualClock(datetime(2026, 8, 20, 12, tzinfo=UTC)))
    service: Literal["ticketsmart", "ticket0"] = (
        "ticketsmart" if provider == "ticketsmart" else "ticket0"
    )
    caller = Caller(box, service)
    event = box.boxoffice.event("late-laughs-with-priya-raman")
    ticket = box.desk.create_ticket("Seats for a school", "ada@example.org", None, "30 left?")
    customer, _ = box.desk.upsert_customer("olu@example.org", name="Olu", external_id="org-7")
    ids = {"idOrSlug": event.slug, "ticketId": ticket.id, "customerId": customer.id}
    found = {}
    for path, those in SOURCES[provider].PATHS.items():
        for method, operation in those.items():
            if "x-example" in operation:
                body = json.dumps(operation["x-example"]).encode()
                answer = caller.send(method, path.format(**ids), body=body)
            elif operation["operationId"] in ("listEvents", "listTickets", "listCustomers"):
                answer = caller.get(path, limit=1)
            else:
                answer = caller.get(path.format(**ids))
            if answer.status >= 300:
                raise ValueError(f"{operation['operationId']}: {answer.body!r}")
            found[operation["operationId"]] = str(answer.status), answer.json()
            ids["idOrSlug"] = event.slug  # the example of a change renames it
    return found


def _with_example(response: Json, example: Json) -> Json:
    content = response["content"]["application/json"]
    return {**response, "content": {"application/json": {**content, "example": example}}}


def _operation(
    operation: Json,
    path: str,
    at: dict[str, list[str]],
    examples: dict[str, tuple[str, Json]],
) -> Json:
    made: Json = {
        "operationId": operation["operationId"],
        "summary": operation["summary"],
        "description": f"{operation['description']}\n\nScope: `{operation['x-scope']}`.",
        "tags": [_tag(path)],
    }
    if "parameters" in operation:
        made["parameters"] = operation["parameters"]
    if "x-body" in operation:
        made["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/{operation['x-body']}"},
                    "example": operation["x-example"],
                }
            },
        }
    made["responses"] = {
        status: {"$ref": f"#/components/responses/{answer}"} if isinstance(answer, str) else answer
        for status, answer in sorted(operation["responses"].items())
    }
    status, example = examples[operation["operationId"]]
    made["responses"][status] = _with_example(made["responses"][status], example)
    made |= {name: operation[name] for name in ("x-scope", "x-known-from", "x-client")}
    return _marked(made, operation["operationId"], at)


def _tag(path: str) -> str:
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    return "messages" if parts[-1] == "messages" else parts[0]


def main(argv: list[str]) -> int:
    """Write both documents and their pages."""
    del argv
    for provider in SOURCES:
        path_of(provider).write_text(write(provider), "utf-8")
        found = json.loads(write(provider))
        pages.path_of(provider).write_text(pages.page(provider, found), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
