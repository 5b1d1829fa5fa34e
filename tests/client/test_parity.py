"""Three faces of one definition: the same names, signatures, words and answers in each."""

from __future__ import annotations

import asyncio
import inspect
import pydoc
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints
from unittest.mock import AsyncMock, create_autospec

import pytest

import willcall
from client.kit import account, desk
from willcall import AsyncTicket0, AsyncTicketSmart, Ticket0, TicketSmart
from willcall.client import clients, paging
from willcall.client.clients import AsyncClient, FlowClient, SyncClient
from willcall.client.endpoint import Collection, listing
from willcall.client.endpoint import endpoint as definition
from willcall.client.engine import Answer
from willcall.client.op import Op, Page
from willcall.errors import InputError
from willcall.ticket0.api import FlowTicket0
from willcall.ticketsmart.api import Events, FlowTicketSmart

PAIRS = [
    (TicketSmart("ts_sk_12345678"), AsyncTicketSmart("ts_sk_12345678"), FlowTicketSmart(account())),
    (Ticket0("t0_12345678"), AsyncTicket0("t0_12345678"), FlowTicket0(desk())),
]
SURFACE = {
    "events": ["add_ticket_type", "availability", "create", "get", "list", "remove_ticket_type",
               "ticket_types", "update"],
    "tickets": ["create", "get", "list", "update"],
    "messages": ["list", "note", "send"],
    "customers": ["create", "get", "list", "update", "upsert"],
}  # fmt: skip
OPERATIONS = [
    (pair, collection, name)
    for pair in PAIRS
    for collection in pair[0].collections
    for name in SURFACE[collection]
]
IDS = [f"{collection}.{name}" for _, collection, name in OPERATIONS]


def public(thing: Any) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]


def definitions(cls: type) -> list[str]:
    return [n for n in public(cls) if isinstance(vars(cls).get(n), definition | listing)]


@pytest.mark.parametrize("pair", PAIRS)
def test_all_flavours_have_the_same_collections_with_the_same_operations(pair: Any) -> None:
    assert list(pair[0].collections) == list(pair[1].collections) == list(pair[2].collections)
    for name, collection in pair[0].collections.items():
        assert definitions(type(collection)) == SURFACE[name]
        assert public(type(collection)) == SURFACE[name]
        assert type(collection) is type(pair[1].collections[name])
        assert type(collection) is type(pair[2].collections[name])


def test_all_clients_have_the_same_methods() -> None:
    shared = {"check", "collections", "provider", "with_options"}

    for sync, awaited, flow in PAIRS:
        named = shared | set(sync.collections)
        assert set(public(type(sync))) == named | {"close"}
        assert set(public(type(awaited))) == named | {"aclose"}
        assert set(public(type(flow))) - {"names"} == named
    signature = inspect.signature(SyncClient)
    assert signature == inspect.signature(AsyncClient) == inspect.signature(TicketSmart)
    assert set(signature.parameters) == {"api_key"} | set(clients.ClientOptions.__annotations__)
    assert SyncClient.__doc__ is not None
    for name in signature.parameters:
        assert f"    {name}: " in SyncClient.__doc__
    assert (AsyncTicket0.__doc__ or "").startswith("Ticket0's API, awaited.")
    assert "httpx.AsyncClient" in (AsyncTicket0.__doc__ or "")
    assert (FlowClient.__doc__ or "").startswith("A client for use inside flows")


@pytest.mark.parametrize(("pair", "collection", "name"), OPERATIONS, ids=IDS)
def test_an_operation_shows_what_it_is_in_each_flavour(
    pair: Any, collection: str, name: str
) -> None:
    faces = [getattr(client.collections[collection], name) for client in pair]
    build = getattr(type(pair[0].collections[collection]), name).build

    for face, pages in zip(faces, ("Pages", "AsyncPages", "FlowPages"), strict=True):
        assert face.__name__ == name
        assert face.__doc__ == build.__doc__
        assert face.__qualname__ == build.__qualname__
        signature = inspect.signature(face)
        # What it is called with is exactly what its definition takes, without self.
        wanted = list(inspect.signature(build).parameters.values())[1:]
        assert list(signature.parameters.values()) == wanted
        answer = str(signature.return_annotation)
        assert "Op[" not in answer
        assert "Page[" not in answer
        inner = answer
        if name == "list":
            assert answer.startswith(f"{pages}[")
            inner = answer.replace(pages, "Page")
        assert inspect.signature(face.raw).return_annotation == f"Answer[{inner}]"
        assert inspect.signature(face.op).return_annotation == f"Op[{inner}]"
        assert not inspect.iscoroutinefunction(face.op)
        hints = get_type_hints(face)
        assert set(hints) == {*signature.parameters, "return"}
        module = sys.modules[build.__module__]
        assert hints["return"] == eval(answer, {**vars(paging), **vars(module)})
        assert get_type_hints(face.raw)["return"].__origin__ is Answer
        assert get_type_hints(face.op)["return"].__origin__ is Op
        shown = pydoc.plain(pydoc.render_doc(face))
        assert f"{name}(" in shown
        assert "Scope: ``" in shown
        assert "self" not in shown.split("\n")[2]
    assert inspect.iscoroutinefunction(faces[1]) is (name != "list")
    assert not inspect.iscoroutinefunction(faces[0])
    # Bound once: the same function every time.
    assert getattr(pair[0].collections[collection], name) is faces[0]


@pytest.mark.parametrize(("pair", "collection", "name"), OPERATIONS, ids=IDS)
def test_the_words_of_an_operation_name_every_argument_and_its_source(
    pair: Any, collection: str, name: str
) -> None:
    build = getattr(type(pair[0].collections[collection]), name).build
    # Python 3.13 strips the indentation of docstrings, earlier versions do not.
    doc, parameters = inspect.getdoc(build) or "", list(inspect.signature(build).parameters)[1:]

    assert "Documented by TicketSmart" in doc or "Documented by Ticket0" in doc
    if "Args:" in doc:
        assert [p for p in parameters if f"\n    {p}: " not in doc] == []
    else:
        assert set(parameters) <= {"id_or_slug", "ticket_type_id", "ticket_id", "customer_id"}


@pytest.mark.parametrize("pair", PAIRS)
def test_a_call_can_be_looked_at_before_it_is_made(pair: Any) -> None:
    """The same in every flavour; what it checks is checked, and nothing is sent."""
    for client in pair:
        if "events" in client.collections:
            op = client.events.add_ticket_type.op("gala", name="VIP", price=2500, quantity=8)
            assert str(op) == "PATCH /events/gala"
            assert op.json == {"addTicketType": {"name": "VIP", "price": 2500, "quantity": 8}}
            with pytest.raises(InputError, match="cents"):
                client.events.add_ticket_type.op("gala", name="VIP", price=25.0, quantity=8)
        else:
            op = client.messages.note.op("tkt_1", body="x")
            assert (str(op), op.reads) == ("POST /tickets/tkt_1/messages", False)


def test_help_on_a_class_of_operations_shows_answers_not_ops() -> None:
    for client in (TicketSmart, Ticket0):
        for collection in PAIRS[client is Ticket0][0].collections.values():
            shown = pydoc.plain(pydoc.render_doc(type(collection)))
            for name in definitions(type(collection)):
                # From Python 3.13 on, a long signature has a line for each parameter.
                assert re.search(rf"\b{name}\([\s|]*self\b", shown), name
            assert "Op[" not in shown.replace("Op[T]", "")


# The package itself.


def test_every_public_name_is_there_and_nothing_else_is_promised() -> None:
    for name in willcall.__all__:
        assert getattr(willcall, name) is not None
    assert dir(willcall) == sorted(willcall.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        willcall.nothing  # noqa: B018
    source = Path(willcall.__file__).read_text()
    imported = source.partition("if TYPE_CHECKING:")[2].partition("__all__")[0]
    for name in willcall.__all__:
        if name != "__version__":
            assert name in imported, f"a type checker would not see {name}"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_import_willcall_is_light() -> None:
    heavy = (
        "{'httpx', 'httpx2', 'attrs', 'attr', 'cattrs', 'orjson', 'ssl', 'asyncio', 'sqlalchemy'}"
    )
    assert run(f"import sys, willcall; print({heavy} & set(sys.modules))") == "set()"


def test_httpx_is_imported_when_the_first_connection_is_opened() -> None:
    code = (
        "import sys; from willcall import TicketSmart\n"
        "client = TicketSmart('ts_sk_12345678'); print({'httpx', 'httpx2'} & set(sys.modules))"
    )
    assert run(code) == "set()"


def test_only_one_module_imports_httpx() -> None:
    root = Path(willcall.__file__).parent
    found = [
        path.relative_to(root).as_posix()
        for part in ("client", "ticketsmart", "ticket0")
        for path in (root / part).rglob("*.py")
        if "import httpx" in path.read_text()
    ]
    assert found == ["client/http.py"]


def test_neither_provider_knows_the_other_or_invents_names_elsewhere() -> None:
    root = Path(willcall.__file__).parent
    for one, other in (("ticketsmart", "ticket0"), ("ticket0", "ticketsmart")):
        for path in (root / one).rglob("*.py"):
            assert f"willcall.{other}" not in path.read_text()
            assert f"from ..{other}" not in path.read_text()


def test_the_async_clients_of_this_module_never_opened_anything() -> None:
    for sync, awaited, _ in PAIRS:
        assert not sync._connections._pools
        asyncio.run(awaited.aclose())
        sync.close()


def test_an_operation_can_be_called_on_its_class() -> None:
    with TicketSmart("ts_sk_12345678") as client:
        on_class: Any = Events.list  # its type is that of the bound call
        pages = on_class(client.events, limit=5)

    assert repr(pages) == "<pages of GET /events>"


@pytest.mark.parametrize("flavour", [0, 1], ids=["blocking", "awaited"])
@pytest.mark.parametrize("of", ["client", "class", "collection"])
def test_a_mock_of_a_client_takes_what_the_client_takes(of: str, flavour: int) -> None:
    """A mistyped name or argument in a user's test is an error there."""
    for pair in PAIRS:
        client = pair[flavour]
        for name, collection in client.collections.items():
            if of == "collection":
                mock: Any = create_autospec(collection)
            else:
                spec = client if of == "client" else type(client)
                mock = getattr(create_autospec(spec, instance=of == "class"), name)
            for call in public(type(collection)):
                found = getattr(mock, call)
                assert isinstance(found, AsyncMock) is (flavour == 1 and call != "list"), call
                with pytest.raises(TypeError):
                    found(no_such_argument=1)
            with pytest.raises(AttributeError):
                getattr(mock, "no_such_call")  # noqa: B009


def test_a_collection_of_a_class_shows_its_calls_and_cannot_make_them() -> None:
    blocking: Any = TicketSmart.events
    in_flow: Any = FlowTicketSmart.events
    assert repr(blocking) == "<ticketsmart events>"
    with pytest.raises(InputError, match="it is a class, not a client"):
        blocking.get("gala")
    flow = in_flow.get("gala")
    assert inspect.isgenerator(flow)
    flow.close()
    with pytest.raises(NotImplementedError):
        clients._Client._face_of(lambda flow: flow)


def test_annotations_that_are_evaluated_are_read_too() -> None:
    def get(self: Any, name: Any) -> Any: ...

    def rows(self: Any) -> Any: ...

    get.__annotations__ = {"name": str, "return": Op[int]}
    rows.__annotations__ = {"return": Op[Page[int]]}
    kind: Any = type("Rows", (Collection,), {"get": definition(get), "rows": listing(rows)})
    made = kind(TicketSmart("ts_sk_12345678", pace=None)._session)

    assert get_type_hints(made.get)["return"] is int
    assert inspect.signature(made.get).return_annotation is int
    assert inspect.signature(made.get.raw).return_annotation == Answer[int]
    assert get_type_hints(made.rows)["return"] == paging.Pages[int]
    assert inspect.signature(made.rows.raw).return_annotation == Answer[Page[int]]
