"""Models as plain data, and as pydantic (hence FastAPI) sees them; what is at the top level."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import attrs
import pydantic
import pytest
from pydantic import BaseModel, TypeAdapter

import willcall
from willcall import (
    Availability,
    Customer,
    Event,
    EventStatus,
    Message,
    Ticket,
    TicketType,
    TypeAvailability,
)
from willcall.client.model import Model, data

SOON = datetime(2026, 9, 1, 19, tzinfo=UTC)
FLOOR = TicketType(id="tt_1", name="Floor", price_cents=2500, sale_ends_at=SOON)
EVENT = Event(
    id="evt_1", title="Gala", starts_at=SOON, status=EventStatus.SOLD_OUT, ticket_types=(FLOOR,)
)
MODELS: list[Model] = [
    EVENT,
    FLOOR,
    Availability(status="ODD", ticket_types=(TypeAvailability(id="tt_1"),)),
    TypeAvailability(id="tt_1"),
    Ticket(id="tkt_1", subject="Hello", status="open", tags=("a", "b")),
    Message(id="msg_1"),
    Customer(id="cust_1", email="ada@example.com"),
]


def test_every_model_of_both_providers_is_at_the_top_level() -> None:
    from willcall.ticket0 import models as desk
    from willcall.ticketsmart import models as box_office

    for module in (desk, box_office):
        for name, value in vars(module).items():
            if isinstance(value, type) and value.__module__ == module.__name__:
                assert getattr(willcall, name) is value
                assert name in dir(willcall)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_becomes_plain_data_and_comes_back(model: Any) -> None:
    plain = model.to_dict()
    assert list(plain) == [field.name for field in attrs.fields(type(model))]
    assert json.loads(json.dumps(plain)) == plain
    adapter = TypeAdapter(type(model))
    assert adapter.validate_json(adapter.dump_json(model)) == model
    assert adapter.validate_python(model) is model
    assert json.loads(adapter.dump_json(model)) == plain
    assert pickle.loads(pickle.dumps(model)) == copy.deepcopy(model) == model
    assert not hasattr(model, "__dict__")


def test_plain_data_of_an_event() -> None:
    plain = EVENT.to_dict()
    assert plain["starts_at"] == "2026-09-01T19:00:00+00:00"
    assert plain["status"] == "SOLD_OUT"
    assert type(plain["status"]) is str
    assert plain["ticket_types"][0]["price_cents"] == 2500
    assert plain["slug"] is None
    assert data({"a": {1}, "b": (SOON,)}) == {"a": [1], "b": [SOON.isoformat()]}


def test_pydantic_knows_the_shape() -> None:
    class Report(BaseModel):
        event: Event
        rows: list[TicketType]

    report = Report(event=EVENT, rows=[FLOOR])
    assert Report.model_validate_json(report.model_dump_json()) == report
    schema = TypeAdapter(Event).json_schema()
    assert schema["required"] == ["id", "title", "starts_at", "status"]
    assert schema["title"] == "Event"
    assert schema["properties"]["starts_at"] == {
        "format": "date-time", "title": "Starts At", "type": "string",
    }  # fmt: skip
    with pytest.raises(pydantic.ValidationError, match="starts_at"):
        Report.model_validate({"event": {"id": "1", "title": "t", "status": "x"}, "rows": []})


@pytest.mark.parametrize(
    ("missing", "code", "said"),
    [
        ("pydantic", "from willcall import Bridge", "pip install 'willcall[bridge]'"),
        ("sqlalchemy", "import willcall; willcall.Bridge", "pip install 'willcall[bridge]'"),
        ("typer", "from willcall.cli import main; main()", "pip install 'willcall[cli]'"),
    ],
)
def test_what_is_not_installed_is_named_with_its_extra(missing: str, code: str, said: str) -> None:
    before = f"import sys; sys.modules[{missing!r}] = None; sys.argv = ['willcall', 'status']; "
    done = subprocess.run(
        [sys.executable, "-c", before + code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]
    assert missing in done.stderr.splitlines()[-1]
    assert ("Traceback" in done.stderr) is ("Bridge" in code)


@pytest.mark.parametrize("code", ["import willcall.cli as c; c.main()", "willcall.Bridge"])
def test_a_module_of_our_own_that_is_missing_is_no_extra(code: str) -> None:
    """It is a broken installation: the traceback says where."""
    before = (
        "import sys, willcall; sys.argv = ['willcall', 'status']; "
        "sys.modules['willcall.client.redact'] = None; "
    )
    done = subprocess.run(
        [sys.executable, "-c", before + code], capture_output=True, text=True, check=False
    )
    assert "Traceback" in done.stderr
    assert "pip install" not in done.stderr
