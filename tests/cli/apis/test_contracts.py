"""``willcall doctor --record`` and ``willcall contracts``: what comes, beside what is believed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.shell import Shell
from willcall.contracts import document
from willcall.contracts.compare import compare
from willcall.contracts.recording import read, recorded, write
from willcall.sandbox.inferred import OTHER_NAMES
from willcall.ticketsmart.inferred import WIRE

ANSWERS = "answers.jsonl"


def test_a_service_that_is_as_believed_differs_in_nothing(configured: Shell) -> None:
    """Every read of both APIs was made, and every field compared."""
    configured.desk.create_ticket("Seats", "ada@example.com", None, "30?")
    assert configured("doctor", "--record", ANSWERS).code == 0
    answers = list(read(Path(ANSWERS).read_text("utf-8")))
    read_paths = {
        (provider, re.sub(r"\{\w+\}", "*", path))
        for provider in ("ticketsmart", "ticket0")
        for path, those in document(provider)["paths"].items()
        if "get" in those
    }
    assert {(a.provider, a.path) for a in answers if a.method == "GET"} == read_paths
    shown = configured("contracts", "diff", ANSWERS)
    assert shown.code == 0
    assert re.search(r"^\d{3} fields compared, 0 differ\n$", shown.out)


def test_a_recording_says_nothing_of_what_is_in_the_answers(configured: Shell) -> None:
    """No key, title, name, address, id or number; the names of fields and words are there."""
    ticket = configured.desk.create_ticket(
        "Seats for Ada", "ada@example.com", None, "Are 4711 left?"
    )
    configured.desk.upsert_customer("olu@example.org", name="Olu", metadata={"iban": "DE12"})
    assert configured("doctor", "--record", ANSWERS).code == 0
    text = Path(ANSWERS).read_text("utf-8")
    box = configured.served.sandbox
    secrets = [box.ticketsmart_key, box.ticket0_key, ticket.id, "Ada", "4711", "Olu", "iban"]
    secrets += [
        "Cherry",
        "example.com",
        "2026",
        "127.0.0.1",
        *(e.slug for e in box.boxoffice.events),
    ]
    for secret in secrets:
        assert secret not in text, secret
    assert '"<id tkt_>"' in text
    assert '"PUBLISHED"' in text
    assert '"<name>": "<text>"' in text


def test_other_names_are_found_and_can_be_set(configured: Shell) -> None:
    """Every inferred name of a service that calls all of them otherwise; with the lines in the
    configuration, it is read again."""
    configured.served.sandbox.settings.change({"field_names": "other"})
    configured("doctor", "--record", ANSWERS)
    shown = configured("contracts", "diff", ANSWERS)
    assert shown.code == 0
    lines = shown.out.partition("add this to willcall.toml:\n\n")[2]
    assert lines.startswith("[wire.ticketsmart]\n")
    found = dict(re.findall(r'^(\w+) = "(\w+)"$', lines, re.MULTILINE))
    expected = {key: OTHER_NAMES[name] for key, name in WIRE.items() if name in OTHER_NAMES}
    assert found == expected
    with Path("willcall.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{lines}")
    again = configured("doctor")
    assert "events and ticket types have every field that is read" in again.out
    assert configured("run", "-q").code == 0


def test_new_words_types_fields_and_statuses_are_shown(configured: Shell) -> None:
    """And in JSON, one object per field."""
    found = document("ticketsmart")
    event = {"id": 17, "title": "T", "startsAt": "2027-01-01T00:00:00Z", "status": "POSTPONED"}
    answers = [
        recorded(
            found, "ticketsmart", "GET", "/events/gala", 200, {}, {"event": {**event, "new": 1}}
        ),
        recorded(found, "ticketsmart", "GET", "/events/gala", 418, {}, {"error": "Teapot"}),
    ]
    assert recorded(found, "ticketsmart", "GET", "/orders", 200, {}, {}) is None
    kept = [answer for answer in answers if answer is not None]
    Path(ANSWERS).write_text(write(kept, "0"), "utf-8")
    shown = configured("contracts", "diff", ANSWERS).out
    assert re.search(r"Event\.id +string +integer +other type +inferred", shown)
    assert re.search(r"Event\.status +string +POSTPONED +new word", shown)
    assert re.search(r"Event\.new +integer +unknown", shown)
    assert "ticketsmart: getEvent answered 418, which is not documented" in shown
    rows = [
        json.loads(line)
        for line in configured("contracts", "diff", ANSWERS, "--json").out.splitlines()
    ]
    assert {"Event.id", "Event.new"} <= {row["field"] for row in rows}
    assert len(configured("contracts", "diff", ANSWERS, "--all").out) > len(shown)


def test_another_envelope_is_found() -> None:
    """What is in it is compared, too."""
    found = document("ticketsmart")
    event = {"id": "evt_12345", "title": "T", "startsAt": "2027-01-01T00:00:00Z", "status": "DRAFT"}
    answer = recorded(found, "ticketsmart", "GET", "/events/gala", 200, {}, {"item": event})
    assert answer is not None
    made = compare("ticketsmart", [answer])
    assert made.names == {"event_envelope": "item"}
    assert "Event.status" in {row.field for row in made.rows if not row.differs}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1 is not JSON"),
        ('{"a": 1}\n', "it is not a recording"),
        ('{"willcall_recording": 1}\n{"a": 1}\n', "line 2 is not an answer"),
    ],
)
def test_what_is_no_recording_is_refused(configured: Shell, text: str, said: str) -> None:
    """By its line."""
    Path(ANSWERS).write_text(text, "utf-8")
    refused = configured("contracts", "diff", ANSWERS)
    assert refused.code == 2
    assert said in refused.err


def test_files_and_options_that_cannot_be(configured: Shell) -> None:
    """Each is named with what to do."""
    assert "no such file" in configured("contracts", "diff", "none.jsonl").err
    assert configured("doctor", "--offline", "--record", ANSWERS).code == 2
    assert "name another file" in configured("doctor", "--record", "none/answers.jsonl").err
    assert configured("contracts", "show", "pretix").code == 2


def test_a_contract_is_shown(configured: Shell) -> None:
    """Calls, fields and open questions as tables; the document as JSON."""
    shown = configured("contracts", "show", "ticketsmart").out
    assert re.search(r"GET /events +events:read +seed", shown)
    assert re.search(r"TicketType\.sold +integer or null +inferred +ticket_type_sold", shown)
    asked = configured("contracts", "show", "ticket0", "--open").out
    assert re.search(r"^on_closed +the answer to a reply", asked, re.MULTILINE)
    whole = configured("contracts", "show", "ticket0", "--json").out
    assert json.loads(whole) == document("ticket0")
