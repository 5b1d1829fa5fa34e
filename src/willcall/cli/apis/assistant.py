"""What ``willcall mcp`` offers: each call of both APIs, and the questions of the bridge.

A write is made in two steps. The first call shows what would be sent, as the command line shows
it, and what is there now; it sends nothing, and gives a code. The second call repeats the arguments
with the code. The code is derived from the request and from what is there, so that exactly what was
shown is sent, and nothing if something has changed meanwhile.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from ...client.op import Op, given
from ...errors import InputError, WillcallError

if TYPE_CHECKING:
    from ...bridge.ledger import Ledger
    from ...contracts.tools import OfferedCall

CONFIRM = "confirm"
_SECONDS = 120
_ONCE = {"tickets.create", "messages.send", "messages.note"}
_MADE_ONCE = {"events.create", "events.add_ticket_type"}
_OURS = {"self", "once", "search_first"}
"""Arguments that are set here."""


@attrs.frozen
class AssistantTool:
    """A tool: what it is called, what it does, what it takes, and what it returns.

    Args:
        name: its name.
        says: what it does.
        schema: the JSON schema of its arguments.
        run: what is done; returns a text or JSON data.
        reads: whether it changes nothing.
    """

    name: str
    says: str
    schema: dict[str, Any]
    run: Callable[[Mapping[str, Any]], Any]
    reads: bool = True


def tools(
    config: Path | None, box_office: str | None, *, allow_writes: bool
) -> list[AssistantTool]:
    """Every tool that is offered.

    Args:
        config: the configuration, if one was named.
        box_office: the box office whose API is offered, if several are configured.
        allow_writes: whether calls that change something are offered.
    """
    found = [
        tool
        for provider in ("ticketsmart", "ticket0")
        for tool in _of_api(provider, config, box_office)
        if tool.reads or allow_writes
    ]
    return found + _questions(config)


# -- the APIs ------------------------------------------------------------------------------------


def _of_api(provider: str, config: Path | None, box_office: str | None) -> Iterator[AssistantTool]:
    from ...contracts.tools import api_calls

    try:
        names = _names(provider, config, box_office)
    except LookupError:
        return  # another box office or desk is configured, and has no document
    for call in api_calls(provider, _arguments(provider), names):
        api = _Api(call, config, box_office)
        says = f"{_TITLES[provider]}: {call.says}"
        if call.client.endswith(".list"):
            says += " Answers with the first page."
        if call.reads:
            yield AssistantTool(call.name, says, call.schema, api.read)
        else:
            yield AssistantTool(
                call.name, f"{says} {_TWO_STEPS}", _with_code(call), api.write, False
            )


_TITLES = {"ticketsmart": "TicketSmart, the box office", "ticket0": "Ticket0, the support desk"}
_TWO_STEPS = (
    "It is made in two steps: the first call sends nothing, shows what would be sent and gives a"
    f" code; after a person has agreed, repeat the call with `{CONFIRM}` set to that code."
)


def _with_code(call: OfferedCall) -> dict[str, Any]:
    code = {"type": "string", "description": "The code that the preview of this very call gave."}
    return {**call.schema, "properties": {**call.schema["properties"], CONFIRM: code}}


def _arguments(provider: str) -> dict[str, list[str]]:
    """The arguments of every call of a client."""
    from ...client.endpoint import endpoint, listing

    return {
        f"{collection}.{name}": [
            argument
            for argument in inspect.signature(definition.build).parameters
            if argument not in _OURS
        ]
        for collection, kind in _collections(provider).items()
        for name, definition in inspect.getmembers_static(kind)
        if isinstance(definition, endpoint | listing)
    }


def _collections(provider: str) -> dict[str, type]:
    if provider == "ticketsmart":
        from ...ticketsmart.api import Events

        return {"events": Events}
    from ...ticket0.customers import Customers
    from ...ticket0.messages import Messages
    from ...ticket0.tickets import Tickets

    return {"tickets": Tickets, "messages": Messages, "customers": Customers}


def _names(provider: str, config: Path | None, box_office: str | None) -> Mapping[str, str] | None:
    """The inferred names as they are configured.

    Raises:
        LookupError: the configuration has another provider.
    """
    from .connect import configured

    if not configured(config):
        return None
    from ...bridge.config.file import load, pick

    settings, _ = load(config)
    table = settings.desk if provider == "ticket0" else pick(settings, box_office)
    if table.service.name != provider:
        raise LookupError(table.service.name)
    return table.wire


class _Api:
    """A call of an API, with the key of the configuration or of the environment."""

    def __init__(self, call: OfferedCall, config: Path | None, box_office: str | None) -> None:
        self._call = call
        self._config = config
        self._box_office = box_office

    def read(self, values: Mapping[str, Any]) -> Any:
        """Make a call that reads; returns the service's own JSON."""
        arguments = self._checked(values)
        with self._client() as client:
            return self._endpoint(client).raw(**arguments).reply.json()

    def write(self, values: Mapping[str, Any]) -> Any:
        """Show what would be sent; or send it, if the code is that of what was shown."""
        from ...client.model import data
        from .sending import request_lines

        code = values.get(CONFIRM)
        arguments = self._checked({k: v for k, v in values.items() if k != CONFIRM})
        with self._client() as client:
            endpoint, arguments = self._once(client, arguments)
            op = endpoint.op(**arguments)
            there = self._there(client, op, arguments)
            expected = _code(op, there)
            if code == expected:
                return data(endpoint(**arguments))
        lines = [*request_lines(op, None), ""]
        if there is not None:
            lines += [f"There now: {json.dumps(there, ensure_ascii=False)}", ""]
        if code is not None:
            lines.append("The code is not that of this request, or something has changed.")
        lines.append(
            f"Nothing was sent. To send exactly this, call again with {CONFIRM}={expected}"
        )
        return "\n".join(lines)

    def _checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of the client for the fields that were given."""
        _refuse_wrong(self._call.name, self._call.schema, values)
        arguments = {}
        for name, value in values.items():
            kept = value
            if name in self._call.moments and isinstance(value, str):
                try:
                    kept = datetime.fromisoformat(value)
                except ValueError:
                    fix = "such as 2026-12-01T19:30:00-05:00"
                    raise InputError(name, f"{value!r} is no ISO 8601 datetime", fix) from None
            arguments[self._call.arguments[name]] = kept
        return arguments

    def _client(self) -> Any:
        from . import connect

        if self._call.provider == "ticketsmart":
            return connect.ticketsmart(self._config, self._box_office, None)
        return connect.ticket0(self._config, None)

    def _endpoint(self, client: Any, name: str | None = None) -> Any:
        collection, call = (name or self._call.client).split(".")
        return getattr(getattr(client, collection), call)

    def _once(self, client: Any, arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The call in the form that does nothing twice, where it has one."""
        name = self._call.client
        if name in _MADE_ONCE:
            return self._endpoint(client), {**arguments, "once": True}
        if name in _ONCE:
            said = json.dumps([name, arguments], sort_keys=True, default=str)
            marker = f"mcp-{hashlib.sha256(said.encode()).hexdigest()[:10]}"
            return self._endpoint(client), {**arguments, "once": marker, "search_first": True}
        if name == "customers.create" and arguments.get("external_id"):
            return self._endpoint(client, "customers.upsert"), arguments
        return self._endpoint(client), arguments

    def _there(self, client: Any, op: Op[Any], arguments: Mapping[str, Any]) -> Any:
        """What a write would change, or would make a second time, as it is now."""
        from ...client.model import data

        if self._call.client in {"customers.create", "customers.upsert"}:
            known = client.customers.list(email=arguments["email"]).take(5)
            return [{"id": one.id, "externalId": one.external_id} for one in known]
        if op.method != "PATCH":
            return None
        collection = self._call.client.partition(".")[0]
        (argument,) = (self._call.arguments[name] for name in self._call.path)
        whole = data(getattr(client, collection).get(arguments[argument]))
        if "ticket_type" in self._call.client:
            return [
                {name: kind[name] for name in ("id", "name", "sold")}
                for kind in whole["ticket_types"] or ()
            ]
        return {name: whole[name] for name in arguments if name in whole}


def _refuse_wrong(name: str, schema: dict[str, Any], values: Mapping[str, Any]) -> None:
    from ...contracts.tools import wrong_fields

    wrong = wrong_fields(schema, values)
    if wrong:
        raise InputError(name, "; ".join(wrong), "see the schema of the tool")


def _code(op: Op[Any], there: Any) -> str:
    said = json.dumps([str(op), given(op.json or {}), there], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:8]


# -- the questions of the bridge ----------------------------------------------------------------


def _questions(config: Path | None) -> list[AssistantTool]:
    """The bridge's own questions: the texts are those of the commands."""
    asked = _Questions(config)

    def text(says: str) -> dict[str, Any]:
        return {"type": "string", "description": says}

    def question(
        name: str,
        says: str,
        answer: Callable[[Mapping[str, Any]], Any],
        /,
        *needed: str,
        **fields: dict[str, Any],
    ) -> AssistantTool:
        schema: dict[str, Any] = {
            "type": "object",
            "properties": fields,
            "required": list(needed),
            "additionalProperties": False,
        }

        def run(values: Mapping[str, Any]) -> Any:
            _refuse_wrong(name, schema, values)
            return answer(values)

        return AssistantTool(name, says, schema, run)

    since = text("From then on: 30d, 12h, or a date.")
    return [
        question(
            "willcall_sold_out",
            "What is sold out, as the bridge last saw it, and which support ticket says so.",
            lambda _: asked.sold_out(),
        ),
        question(
            "willcall_explain",
            "Why something did or did not open a support ticket: rule by rule, with every act.",
            lambda values: asked.command("explain", values["name"]),
            "name",
            name=text("An event, a ticket, a marker, a box office, or a change's number."),
        ),
        question(
            "willcall_replay",
            "What would have happened in a past period under other rules. Nothing is sent.",
            lambda values: asked.replay(values.get("since", "30d"), values.get("rules")),
            since=since,
            rules=text(
                "Rules to try, as TOML ([[rule]] tables); they come before the configured ones."
                " Without them the configured rules are played again."
            ),
        ),
        question(
            "willcall_status",
            "Runs, open cases, silences, dead letters, requests and polls, from the ledger.",
            lambda _: asked.command("status"),
        ),
        question(
            "willcall_log",
            "What changed, and every act that was tried, oldest first.",
            lambda values: asked.command("log", **values),
            since=since,
            event=text("Only this event: id, slug or title."),
        ),
        question(
            "willcall_plan",
            "What a run would do now, word for word. It polls both services and writes nothing.",
            lambda _: asked.command("plan"),
        ),
        question(
            "willcall_check",
            "Whether the configuration can be used, and every complaint about it.",
            lambda _: asked.command("check"),
        ),
    ]


class _Questions:
    """Asks the bridge, on its configuration."""

    def __init__(self, config: Path | None) -> None:
        self._config = config

    def command(self, name: str, *operands: str, file: Path | None = None, **options: str) -> str:
        """What a command prints. It runs in a process of its own, since stdout is the protocol."""
        chosen = file or self._config
        given = {**options, **({} if chosen is None else {"config": str(chosen)})}
        words = [f"--{option}={value}" for option, value in given.items()]
        ended = subprocess.run(  # noqa: S603 - our own command line, without a shell
            [sys.executable, "-m", "willcall", name, *words, "--", *operands],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
        if ended.returncode in (2, 3, 78) and not ended.stdout.strip():
            said = ended.stderr.strip().removeprefix("willcall: ")
            raise WillcallError(said or f"`willcall {name}` ended with {ended.returncode}")
        return "\n".join(part for part in (ended.stdout.strip(), ended.stderr.strip()) if part)

    def replay(self, since: str, rules: str | None) -> str:
        """The past under the configured rules, or with others before them."""
        if rules is None:
            return self.command("replay", since=since)
        from ...bridge.config.file import find

        file = find(self._config).resolve()
        text = file.read_text("utf-8")
        first = re.search(r"^[ \t]*\[\[rule\]\]", text, re.MULTILINE)
        place = first.start() if first else len(text)
        edited = f"{text[:place]}\n{rules.strip()}\n\n{text[place:]}"
        # Beside the configuration: its paths, such as that of the ledger, start there.
        handle, name = tempfile.mkstemp(".toml", ".willcall-replay-", file.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as kept:
                kept.write(edited)
            return self.command("replay", file=Path(name), since=since).replace(
                Path(name).name, "rules"
            )
        finally:
            Path(name).unlink(missing_ok=True)

    def sold_out(self) -> dict[str, Any]:
        """What is sold out, and the tickets that say so."""
        from ..shell.ledgers import opened, snapshots

        with opened(self._config) as (settings, ledger):
            found = [
                fact
                for office, events in snapshots(settings, ledger).items()
                for fact in _sold_out(ledger, office, events.values())
            ]
        return {"sold_out": found}


def _sold_out(ledger: Ledger, office: str, events: Collection[Any]) -> Iterator[dict[str, Any]]:
    """Each event, and each ticket type of an event that is not, with the ticket that says so."""
    from ...bridge.model.sale import TypeSale

    says = {
        member: case
        for case in ledger.cases()
        if case.box_office == office and case.ended_at is None
        for member in case.members
    }

    def said(kind: str, subject: str) -> dict[str, Any]:
        case = says.get((kind, subject))
        if case is None:
            why = f"willcall_explain {subject.partition('/')[0]}"
            return {"ticket": None, "marker": None, "why_not": why}
        return {"ticket": case.ticket_id, "marker": case.marker}

    for event in events:
        about = {"box_office": office, "event": event.id, "title": event.title}
        if event.vanished:
            continue
        if event.sold_out:
            yield {**about, "ticket_type": None, **said("event.sold_out", event.id)}
            continue
        for kind in event.ticket_types or ():
            if event.sale_of(kind.id) == TypeSale.SOLD_OUT:
                subject = f"{event.id}/{kind.id}"
                yield {**about, "ticket_type": kind.name, **said("ticket_type.sold_out", subject)}
