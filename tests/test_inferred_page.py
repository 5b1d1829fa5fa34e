"""The page on what was inferred is held to the two files where inferred names stand."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from willcall.errors import Reply, UndecodableReplyError
from willcall.ticketsmart.wire import USUAL

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "inferred.md").read_text("utf-8")


def _names(provider: str) -> list[tuple[str, str]]:
    """Every inferred name with what it is on the wire, in the order of the file."""
    source = (ROOT / "src" / "willcall" / provider / "inferred.py").read_text("utf-8")
    found: list[tuple[str, str]] = []
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign):
            continue
        (target,) = node.targets
        assert isinstance(target, ast.Name)
        value = ast.literal_eval(node.value)
        if isinstance(value, dict):
            found += value.items()
        else:
            found.append((target.id, value))
    return found


@pytest.mark.parametrize("provider", ["ticketsmart", "ticket0"])
def test_every_inferred_name_is_on_the_page(provider: str) -> None:
    """And nothing that is not inferred; each row says what would be seen if it were wrong."""
    table = PAGE.split(f"<!-- {provider} -->")[1].split("\n\n")[1]
    rows = re.findall(r"^\| `([\w.]+)` \| `([^`]+)` \| (\S.*) \|$", table, re.MULTILINE)
    assert [(name, wire) for name, wire, _ in rows] == _names(provider)
    assert len(rows) == len(table.splitlines()) - 2


KIND = {"id": "tt_1", "name": "Box", "price": 9500, "sold": 1, "available": 2, "hidden": False}
EVENT = {
    "id": "evt_1", "slug": "gala", "status": "PUBLISHED", "title": "Gala", "publicUrl": "https://x",
    "startsAt": "2026-12-01T10:00:00Z", "ticketTypes": [KIND],
}  # fmt: skip
LEFT = {"id": "tt_1", "name": "Box", "available": 2, "soldOut": False}
COMPACT = {"eventId": "evt_1", "status": "PUBLISHED", "soldOut": False, "ticketTypes": [LEFT]}


def _otherwise(body: dict[str, Any], wire_name: str) -> dict[str, Any]:
    return {("other" if name == wire_name else name): value for name, value in body.items()}


def _read_otherwise(name: str, wire_name: str) -> object:
    """What is read where a service calls this name something else."""
    if name == "event_envelope":
        return USUAL.read_event(_reply({"other": EVENT}))
    if name == "ticket_types_envelope":
        return USUAL.read_ticket_types(_reply({"other": [KIND]}))
    if name.startswith("event_"):
        return USUAL.read_event(_reply({"event": _otherwise(EVENT, wire_name)}))
    if name.startswith("ticket_type_"):
        kinds = [_otherwise(KIND, wire_name)]
        return USUAL.read_event(_reply({"event": {**EVENT, "ticketTypes": kinds}}))
    if name.startswith("availability_"):
        return USUAL.read_availability(_reply(_otherwise(COMPACT, wire_name)))
    assert name.startswith("type_availability_")
    return USUAL.read_availability(
        _reply({**COMPACT, "ticketTypes": [_otherwise(LEFT, wire_name)]})
    )


def _reply(body: object) -> Reply:
    return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode())


@pytest.mark.parametrize(
    "row",
    re.findall(
        r"^\| `((?:event|ticket_types?|(?:type_)?availability)_\w+)` \| `(\w+)` \| (.*) \|$",
        PAGE.split("<!-- ticket0 -->")[0],
        re.MULTILINE,
    ),
    ids=lambda row: row[0],
)  # fmt: skip
def test_a_name_that_is_wrong_has_the_consequence_that_the_page_says(
    row: tuple[str, str, str],
) -> None:
    """Whether what comes can still be read."""
    name, wire_name, says = row
    if "cannot be read" in says:
        with pytest.raises(UndecodableReplyError):
            _read_otherwise(name, wire_name)
    else:
        assert _read_otherwise(name, wire_name) is not None


def test_every_file_and_command_that_the_page_names_is_there() -> None:
    """So that nobody is sent nowhere."""
    for path in re.findall(r"`(src/[\w/.]+)`", PAGE):
        assert (ROOT / path).is_file(), path


def test_every_mark_is_explained() -> None:
    """Those in the docstrings of both providers, whose facts say how they are known."""
    explained = set(re.findall(r"^\| \*(\w+)\* \|", PAGE, re.MULTILINE))
    sources = "".join(
        path.read_text("utf-8")
        for provider in ("ticketsmart", "ticket0")
        for path in (ROOT / "src" / "willcall" / provider).glob("*.py")
    )
    # A year in an example of code is no mark.
    used = set(re.findall(r"(?<!datetime\()\b(documented|inferred|20\d\d)\b", sources.lower()))
    assert explained == used
