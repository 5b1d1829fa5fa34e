"""The documents, the models, the clients and the sandbox say the same, in every direction."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import attrs
import pytest

from support.contracts import pages
from support.contracts.calls import CALLS, KEYS, KIND, WHEN
from support.contracts.document import path_of, write
from support.documents import SAID, TICKET0, TICKETSMART, example, group
from willcall.client.endpoint import Collection, endpoint, listing
from willcall.client.op import Op, given
from willcall.contracts import PROVIDERS, Json, document, operations, resolve
from willcall.contracts.compare import Observations, observe, rows
from willcall.errors import Reply
from willcall.sandbox import Sandbox
from willcall.sandbox.checks import Checker
from willcall.sandbox.clock import ManualClock
from willcall.sandbox.inprocess import Caller
from willcall.sandbox.settings import HABITS
from willcall.ticket0 import inferred as ticket0_names
from willcall.ticket0 import models as ticket0_models
from willcall.ticket0 import webhooks
from willcall.ticket0.api import Ticket0
from willcall.ticket0.wire import USUAL as TICKET0_USUAL
from willcall.ticketsmart import inferred as ticketsmart_names
from willcall.ticketsmart import models as ticketsmart_models
from willcall.ticketsmart.api import TicketSmart
from willcall.ticketsmart.wire import USUAL as TICKETSMART_USUAL

NAMES = {"ticketsmart": ticketsmart_names.WIRE, "ticket0": ticket0_names.WIRE}
CLIENTS: dict[str, Any] = {"ticketsmart": TicketSmart, "ticket0": Ticket0}
CODECS: dict[str, Any] = {
    "ticketsmart": TICKETSMART_USUAL.codec,
    "ticket0": TICKET0_USUAL.codec,
}
NOT_SENT = {"once", "search_first", "page", "limit"}
"""Arguments that are no field of their own, or have a default that is always sent."""


def _schemas(provider: str) -> dict[str, Json]:
    found: dict[str, Json] = document(provider)["components"]["schemas"]
    return found


def _inside(node: Any) -> Iterator[Json]:
    """Every object in a document."""
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from _inside(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _inside(inner)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_document_is_current(provider: str) -> None:
    """``make contracts-write`` writes it."""
    assert path_of(provider).read_text("utf-8") == write(provider), "run: make contracts-write"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_page_is_current(provider: str) -> None:
    """It shows every call, field and open question."""
    found = document(provider)
    assert pages.path_of(provider).read_text("utf-8") == pages.page(provider, found)
    text = pages.page(provider, found)
    assert all(f"`{method} {path}`" in text for method, path, _ in operations(found))
    assert all(question["question"] in text for question in found["x-open"].values())


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_fact_says_how_it_is_known(provider: str) -> None:
    """Operations, parameters, answers, headers, schemas and their fields."""
    found = document(provider)
    unmarked = []
    for schema in found["components"]["schemas"].values():
        unmarked += [
            part
            for part in _inside(schema)
            if ("type" in part or "anyOf" in part)
            and not isinstance(part.get("type"), dict)
            and "x-known-from" not in part
            and part.get("type") != ["string", "null"]  # of metadata
            and part != {"type": "string"}
        ]
    for _, _, operation in operations(found):
        for part in (operation, *operation.get("parameters", ()), *operation["responses"].values()):
            if "$ref" not in part and "x-known-from" not in part:
                unmarked.append(part)
    for answer in found["components"]["responses"].values():
        unmarked += [
            part
            for part in (answer, *answer.get("headers", {}).values())
            if "x-known-from" not in part
        ]
    assert unmarked == []
    marks = {part["x-known-from"] for part in _inside(found) if "x-known-from" in part}
    assert marks <= {"seed", "public", "older", "inferred"}


# -- the models ---------------------------------------------------------------------------------


def _models(provider: str) -> dict[str, Any]:
    """The models of a provider that a service sends."""
    module = {"ticketsmart": ticketsmart_models, "ticket0": ticket0_models}[provider]
    found = {
        name: kind
        for name, kind in vars(module).items()
        if attrs.has(kind) and kind.__module__ == module.__name__ and name != "NewTicketType"
    }
    return found | ({"WebhookEvent": webhooks.WebhookEvent} if provider == "ticket0" else {})


@pytest.mark.parametrize("provider", PROVIDERS)
def test_schemas_have_the_fields_of_the_models(provider: str) -> None:
    """And no others, but those that are marked as read by nobody."""
    schemas = {
        schema["x-model"]: schema for schema in _schemas(provider).values() if "x-model" in schema
    }
    models = _models(provider)
    assert set(schemas) == {f"{provider}.{name}" for name in models}
    for name, model in models.items():
        schema = schemas[f"{provider}.{name}"]
        ours = CODECS[provider]._wire_names(model)
        ours.pop("unlimited", None)  # derived from two fields
        read = {field for field, facts in schema["properties"].items() if not facts.get("x-unread")}
        assert read == set(ours.values()), name
        needed = {
            ours[field.name] for field in attrs.fields(model) if field.default is attrs.NOTHING
        }
        assert set(schema.get("required", ())) == needed, name


@pytest.mark.parametrize("provider", PROVIDERS)
def test_words_are_those_of_the_models(provider: str) -> None:
    """The members of an enum, and the words of the field."""
    schemas = _schemas(provider)
    for name, model in _models(provider).items():
        names, hints = CODECS[provider]._wire_names(model), get_type_hints(model)
        for field in attrs.fields(model):
            arms = [arm for arm in get_args(hints[field.name]) if hasattr(arm, "__members__")]
            facts = schemas[name]["properties"].get(names[field.name], {})
            words = [word.value for arm in arms for word in arm]
            extra = [NAMES[provider]["ping"]] if name == "WebhookEvent" and words else []
            assert facts.get("x-words", []) == words + extra, f"{name}.{field.name}"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_inferred_names_are_marked(provider: str) -> None:
    """Each with its key, under the name that it is taken to have."""
    marked: dict[str, str] = {}
    for part in _inside(document(provider)):
        for field, facts in part.get("properties", {}).items():
            if isinstance(facts, dict) and "x-wire" in facts:
                marked.setdefault(facts["x-wire"], field)
                assert marked[facts["x-wire"]] == field
    if provider == "ticket0":
        marked["ping"] = "ping"  # a value, not a field
    assert marked == NAMES[provider]


def test_a_document_can_have_the_names_of_a_service() -> None:
    """As ``[wire]`` sets them, wherever they stand."""
    other = document("ticketsmart", names={"event_id": "uid", "remove_ticket_type": "drop"})
    event = other["components"]["schemas"]["Event"]
    assert "uid" in event["properties"]
    assert "id" not in event["properties"]
    assert event["required"] == ["uid", "title", "startsAt", "status"]
    assert "drop" in other["components"]["schemas"]["EventPatch"]["properties"]
    assert "id" in document("ticketsmart")["components"]["schemas"]["Event"]["properties"]


def test_a_revision_is_applied() -> None:
    """2025 requires an inbox, and has pages of messages."""
    older = document("ticket0", revision="2025")
    assert "inboxId" in older["components"]["schemas"]["NewTicket"]["required"]
    messages = older["paths"]["/tickets/{ticketId}/messages"]["get"]["parameters"]
    assert [parameter["name"] for parameter in messages] == ["ticketId", "limit", "cursor"]
    with pytest.raises(LookupError, match="ticketsmart has no revision '2025'; known: none"):
        document("ticketsmart", revision="2025")
    with pytest.raises(LookupError, match="'pretix' has no document"):
        document("pretix")


# -- the clients --------------------------------------------------------------------------------


def _client_calls(provider: str) -> dict[str, Any]:
    """Every endpoint of a client by its name."""
    api = CLIENTS[provider](KEYS[provider])
    found = {}
    with api:
        for collection, those in api.collections.items():
            assert isinstance(those, Collection)
            for call, definition in inspect.getmembers_static(type(those)):
                if isinstance(definition, endpoint | listing):
                    found[f"{collection}.{call}"] = getattr(those, call)
    return found


def _ops(provider: str) -> dict[str, list[Op[Any]]]:
    """What each call sends, with every argument that it takes; a list with its next page."""
    found = {}
    for name, call in _client_calls(provider).items():
        arguments = {p for p in inspect.signature(call.op).parameters if p != "self"}
        assert set(CALLS[name]) == arguments - NOT_SENT or not arguments, name
        op = call.op(**CALLS[name])
        found[name] = [op]
        if name.endswith(".list"):
            key = "events" if provider == "ticketsmart" else name.partition(".")[0]
            body = json.dumps({key: [], "nextCursor": "c"}).encode()
            following = op.decode(Reply(200, {}, body)).following
            if following is not None:
                found[name].append(following)
    return found


def _documented(found: Json, operation: Json) -> tuple[set[str], set[str]]:
    """The query and the fields of the body of an operation; not those that we never send."""
    parameters = {
        parameter["name"]
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and not parameter.get("x-unsent")
    }
    if "requestBody" not in operation:
        return parameters, set()
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return parameters, {
        name for name, facts in _fields(found, schema).items() if not facts.get("x-unsent")
    }


def _fields(found: Json, schema: Json) -> dict[str, Json]:
    schema = resolve(found, schema)
    fields = dict(schema.get("properties", {}))
    for branch in schema.get("anyOf", ()):
        fields |= _fields(found, branch)
    return fields


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_clients_send_what_is_documented_and_all_of_it(provider: str) -> None:
    """Each call belongs to one operation, and each operation has its calls."""
    revision = "2025" if provider == "ticket0" else None  # its pages of messages are read, too
    found, ops = document(provider, revision=revision), _ops(provider)
    assert set(ops) == {name for name in CALLS if name in ops}
    of_operations: list[str] = []
    for method, path, operation in operations(found):
        query: set[str] = set()
        body: set[str] = set()
        for name in operation["x-client"]:
            of_operations.append(name)
            for op in ops[name]:
                assert op.method == method, name
                assert str(op.route).count("{") == path.count("{"), name
                assert str(op.route).split("{")[0] == path.split("{")[0], name
                query |= {key for key, value in op.params.items() if value is not None}
                body |= set(given(op.json or {}))
        parameters, fields = _documented(found, operation)
        if operation["operationId"] == "listMessages":
            parameters -= {"limit"}  # a page of 2025 is as long as it comes
        assert query == parameters, operation["operationId"]
        assert body | ({"isNote"} & fields) == fields, operation["operationId"]
    assert sorted(of_operations) == sorted(ops)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_address_key_scopes_and_rate_limit_are_those_of_the_provider(provider: str) -> None:
    """What the client takes for granted."""
    found, known = document(provider), CLIENTS[provider].provider
    assert found["servers"][0]["url"] == known.base_url
    limit = found["x-rate-limit"]
    assert (limit["requests"], limit["seconds"]) == (known.quota.requests, known.quota.seconds)
    (header,) = known.auth("KEY")
    scheme = found["components"]["securitySchemes"]["key"]
    assert header == ("authorization" if scheme["type"] == "http" else scheme["name"])
    scopes = {operation["x-scope"] for _, _, operation in operations(found)}
    assert scopes == set(known.probes) - {"admin"}


# -- the sandbox --------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_sandbox_has_the_same_routes(provider: str) -> None:
    """With the same scopes."""
    box = Sandbox()
    wire: Any = box._wires[provider]  # type: ignore[index]

    def shape(path: str) -> str:
        return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))

    ours = {
        (method, shape(path), operation["x-scope"])
        for method, path, operation in operations(document(provider))
    }
    assert {(route.method, shape(route.template), route.scope) for route in wire._routes} == ours


REFUSED = {"createEvent": {"status"}, "updateEvent": {"status"}}
"""Fields that are read in order to refuse them."""


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_sandbox_reads_what_is_documented_and_all_of_it(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every parameter, and every field of a body; those inside a ticket type, too."""
    read: set[str] = set()
    raw = Checker.raw

    def noted(self: Checker, name: str, *, required: bool = False) -> Any:
        read.add(name)
        return raw(self, name, required=required)

    monkeypatch.setattr(Checker, "raw", noted)
    revision = "2025" if provider == "ticket0" else None
    found = document(provider, revision=revision)
    box = Sandbox(message_shape="older")
    ticket = box.desk.create_ticket("S", "a@example.com", box.desk.inboxes[0].id, "B").id
    customer = box.desk.customers[0].id
    ids = {"{idOrSlug}": box.boxoffice.events[0].id, "{ticketId}": ticket, "{customerId}": customer}
    caller = Caller(box, provider)  # type: ignore[arg-type]
    for method, path, operation in operations(found):
        read.clear()
        target = path
        for name, value in ids.items():
            target = target.replace(name, value)
        bodies: tuple[Any, ...] = (
            ({}, {"isNote": True}, {"ticketTypes": [{}]}, {"addTicketType": {}})
            if "requestBody" in operation
            else (None,)
        )
        for body in bodies:
            if body is None:
                caller.get(target)
            else:
                caller.send(method, target, body=json.dumps(body).encode())
        parameters = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
        fields: dict[str, Json] = {}
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            fields = _fields(found, schema)
            if {"ticketTypes", "addTicketType"} & set(fields):
                fields |= _fields(found, {"$ref": "#/components/schemas/NewTicketType"})
        name = operation["operationId"]
        assert read == parameters | set(fields) | REFUSED.get(name, set()), name


def test_cors_is_that_of_the_sandbox_and_of_the_page() -> None:
    """Of TicketSmart alone."""
    headers = document("ticketsmart")["x-cors"]["headers"]
    answer = Caller(Sandbox(), "ticketsmart").send("OPTIONS", "/events")
    assert answer.status == 204
    sent = {name: value for name, value in answer.headers if "access-control" in name}
    assert sent == {name.lower(): value for name, value in headers.items()}
    assert all(f"{name}\n{value}" in TICKETSMART for name, value in headers.items())
    assert "x-cors" not in document("ticket0")


def test_every_habit_is_an_open_question() -> None:
    """And every question says where it belongs, and how the sandbox answers it."""
    switches: set[str] = set()
    for provider in PROVIDERS:
        found = document(provider)
        placed = {
            name for part in _inside(found) for name in part.get("x-open", ()) if part is not found
        }
        for name, question in found["x-open"].items():
            assert question["question"], name
            assert question["answers"], name
            assert (
                question["sandbox"] is None
                or name in {h.name for h in HABITS}
                or "fault" in question["sandbox"]
            )
            switches.add(name)
        assert placed <= set(found["x-open"])
    assert {habit.name for habit in HABITS} <= switches


def _play(box: Sandbox) -> Iterator[tuple[str, str, str, int, Any]]:
    """Answers of every operation: provider, method, path, status, body."""
    shop, desk = Caller(box, "ticketsmart"), Caller(box, "ticket0")

    def done(provider: str, method: str, path: str, body: Any = None, **query: Any) -> Any:
        caller = shop if provider == "ticketsmart" else desk
        if body is None:
            answer = caller.get(path, **query)
        else:
            answer = caller.send(method, path, body=json.dumps(body).encode())
        value = answer.json() if answer.body else None
        played.append((provider, method, path, answer.status, value))
        return value

    played: list[tuple[str, str, str, int, Any]] = []
    done("ticketsmart", "GET", "/events")
    made = done(
        "ticketsmart",
        "POST",
        "/events",
        {"title": "T", "startsAt": "2027-03-01T19:30:00Z", "ticketTypes": [KIND]},
    )
    event = made.get("event", made)["id"]
    done("ticketsmart", "GET", f"/events/{event}")
    done("ticketsmart", "PATCH", f"/events/{event}", {"city": "Chicago"})
    done("ticketsmart", "GET", f"/events/{event}/ticket-types")
    done("ticketsmart", "GET", f"/events/{event}/availability")
    done("ticketsmart", "GET", "/events/nobody")
    done("ticketsmart", "POST", "/events", {})
    ticket = {"subject": "S", "customerEmail": "a@example.com", "body": "B"}
    if box.settings.inboxes == "required":
        ticket["inboxId"] = box.desk.inboxes[0].id
    made = done("ticket0", "POST", "/tickets", {**ticket, "externalId": "x"})
    number = made.get("ticket", made)["id"]
    done("ticket0", "GET", "/tickets", limit=1)
    done("ticket0", "GET", f"/tickets/{number}")
    done("ticket0", "PATCH", f"/tickets/{number}", {"tags": ["a"]})
    reply = {"fromAddress": box.desk.inboxes[0].addresses[0], "bodyText": "B"}
    done("ticket0", "POST", f"/tickets/{number}/messages", reply)
    done("ticket0", "POST", f"/tickets/{number}/messages", {"body": "B", "isNote": True})
    done("ticket0", "GET", f"/tickets/{number}/messages")
    done("ticket0", "GET", "/customers", limit=1)
    made = done("ticket0", "POST", "/customers", {"email": "b@example.com", "metadata": {"a": "b"}})
    done("ticket0", "GET", f"/customers/{made['id']}")
    done("ticket0", "PATCH", f"/customers/{made['id']}", {"name": "N"})
    done("ticket0", "GET", "/tickets/nobody")
    done("ticket0", "POST", "/tickets", {})
    yield from played


SANDBOXES: list[dict[str, Any]] = [
    {},
    {"desk": "2025", "message_shape": "older"},
    {"held_seats": "separate", "add_ons": "flagged", "enveloped": False, "ticket_enveloped": True},
    {"creation_extras": "taken", "details": "strings", "unlimited": "absent"},
]


def _observed(provider: str, boxes: list[dict[str, Any]]) -> Observations:
    found, seen = document(provider), Observations()
    for switches in boxes:
        box = Sandbox(ManualClock(WHEN), **switches)
        for service, method, path, status, body in _play(box):
            if service == provider:
                assert observe(found, seen, method, path, status, body), path
    return seen


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_sandbox_answers_what_is_documented_and_all_of_it(provider: str) -> None:
    """No field that the document lacks, none of another type, none that never comes."""
    seen = _observed(provider, SANDBOXES)
    assert seen.statuses == {}
    differing = {row.field for row in rows(document(provider), seen) if row.differs}
    elsewhere = {"Error.hint", "Error.missingScopes", "Error.retryAfter", "TicketType.currency"}
    elsewhere |= {"CustomerAnswer.customer", "MessageAnswer.message"}
    assert differing <= elsewhere


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_errors_are_those_of_the_document(provider: str) -> None:
    """Text, code and shape of each, as the examples have them."""
    found = document(provider)["components"]["responses"]
    box = Sandbox()
    path = "/events" if provider == "ticketsmart" else "/tickets"
    caller = Caller(box, provider)  # type: ignore[arg-type]
    reader = box.new_key(provider, ["events:read" if provider == "ticketsmart" else "tickets:read"])  # type: ignore[arg-type]
    stranger = Caller(box, provider, KEYS[provider])  # type: ignore[arg-type]
    answers = {
        "Unauthorized": stranger.get(path),
        "Forbidden": Caller(box, provider, reader).post(path, {}),  # type: ignore[arg-type]
        "NotFound": caller.get(f"{path}/nobody"),
        "MethodNotAllowed": caller.send("DELETE", path),
    }
    for name, answer in answers.items():
        example = found[name]["content"]["application/json"]["example"]
        assert answer.json() == example, name
    assert answers["MethodNotAllowed"].headers
    for _ in range(70):
        limited = caller.get(path)
    example = found["RateLimited"]["content"]["application/json"]["example"]
    assert limited.json().keys() == example.keys()
    assert dict(limited.headers)["retry-after"]


# -- the services' own pages ----------------------------------------------------------------------

PAGES = {"ticketsmart": TICKETSMART, "ticket0": TICKET0}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_marked_as_seed_is_on_the_pages(provider: str) -> None:
    """Each field, parameter and word by its name; operations with their scope."""
    page, found = PAGES[provider], document(provider)
    said = set(re.findall(r"[\w:-]+", page))
    names: set[str] = set()
    for part in _inside(found):
        for name, facts in (part.get("properties") or {}).items():
            if isinstance(facts, dict) and facts.get("x-known-from") == "seed":
                names.add(name)
        if part.get("x-known-from") == "seed":
            names |= {str(word) for word in (*part.get("enum", ()), *part.get("x-words", ()))}
            if part.get("in") == "query":
                names.add(part["name"])
            if "x-scope" in part:
                names.add(part["x-scope"])
    names -= {"None"}
    if provider == "ticket0":  # its statuses are public; `open` is in the quick start
        names -= {"pending", "resolved", "snoozed"}
    missing = {name for name in names if not any(name in word for word in said)}
    assert missing == set()
    if provider == "ticketsmart":
        for method, path, operation in operations(found):
            if method == "GET" or path == "/events":
                assert f"/api/v1{path}{operation['x-scope']}" in page


def test_the_errors_of_the_pages_are_the_examples() -> None:
    """Word for word, but for the details that TicketSmart leaves out."""
    answers = document("ticketsmart")["components"]["responses"]
    for name, piece in {
        "Unauthorized": "unauthorized",
        "Forbidden": "forbidden",
        "NotFound": "not found",
        "Conflict": "sold tickets",
        "RateLimited": "rate limited",
    }.items():
        shown = answers[name]["content"]["application/json"]["example"]
        assert shown == example(f"ticketsmart: error: {piece}")
    answers = document("ticket0")["components"]["responses"]
    shown = answers["Unauthorized"]["content"]["application/json"]["example"]
    assert shown == example("ticket0: error: shape")
    codes = {
        answer["content"]["application/json"]["example"]["error"]["code"]
        for answer in answers.values()
        if answer["x-known-from"] == "seed"
    }
    assert codes == {
        SAID[name].split(" | ")[1] for name in group("ticket0: error: ") if "|" in SAID[name]
    }
