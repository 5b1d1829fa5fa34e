"""``willcall init``: from two keys to a configuration, a baseline and a line for cron."""

from __future__ import annotations

import itertools
import os
import shlex
import shutil
import sys
import time
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import attrs
import typer

from ...errors import AuthenticationError, ConfigError, InputError
from ..shell.options import ConfigFile
from .setup_text import Answers, Source, cron_line, timer, toml

if TYPE_CHECKING:
    from ...client.provider import Account, Provider

T = TypeVar("T")
_TRIES = 3
_LATEST = 300  # tickets are enough to see which inboxes are in use


class Keys(StrEnum):
    """Where keys are kept."""

    ENVIRONMENT = "environment"
    FILE = "file"
    KEYRING = "keyring"


_Text = str | None


def _option(name: str, metavar: str, says: str) -> Any:
    return typer.Option(name, metavar=metavar, help=says)


def init(
    config: ConfigFile = None,
    name: Annotated[
        _Text, _option("--name", "NAME", "What you call the box office; main-room if left out.")
    ] = None,
    inbox: Annotated[_Text, _option("--inbox", "ID", "The Ticket0 inbox where tickets go.")] = None,
    customer_email: Annotated[
        _Text, _option("--customer-email", "ADDRESS", "Whom the tickets concern.")
    ] = None,
    from_address: Annotated[
        _Text,
        _option("--from-address", "ADDRESS", "The desk's own; without it nobody is written to."),
    ] = None,
    keys: Annotated[
        Keys | None,
        typer.Option(
            "--keys", metavar="PLACE", help="Where keys are kept: environment, file or keyring."
        ),
    ] = None,
    ticketsmart_key_file: Annotated[
        Path | None, _option("--ticketsmart-key-file", "FILE", "A file that holds the key.")
    ] = None,
    ticket0_key_file: Annotated[
        Path | None, _option("--ticket0-key-file", "FILE", "A file that holds the key.")
    ] = None,
    ticketsmart_base_url: Annotated[
        _Text, _option("--ticketsmart-base-url", "URL", "Another address for the same API.")
    ] = None,
    ticket0_base_url: Annotated[
        _Text, _option("--ticket0-base-url", "URL", "Another address for the same API.")
    ] = None,
    no_input: Annotated[
        bool, typer.Option("--no-input", help="Ask nothing: what is missing is an error.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    no_baseline: Annotated[
        bool, typer.Option("--no-baseline", help="Write the file and leave it at that.")
    ] = False,
) -> int:
    """Set willcall up: ask for what is needed, try both keys, write willcall.toml, look once.

    Keys are taken from TICKETSMART_API_KEY and TICKET0_API_KEY, or from files, or asked for. They
    never go into the configuration, which says only where they are. The first look is a baseline:
    it alerts nobody, and writes nothing at the desk.

    \b
    Examples:
      willcall init
      willcall init --no-input --inbox inb_01abc --customer-email me@example.com
      willcall init --keys keyring -c /srv/willcall/willcall.toml
    """
    from ...bridge.config.credentials import why, write_private
    from ...bridge.config.file import find

    file = find(config).absolute()
    if file.exists() and not force:
        raise InputError(str(file), "it is there already", "name another with -c, or add --force")
    if not file.parent.is_dir():
        raise InputError("--config", f"there is no folder {file.parent}", "make it first")
    asking = _Asking(terminal=not no_input and sys.stdin.isatty())
    setup = _Setup(asking, file, keys)
    ticketsmart = setup.opened("TicketSmart", ticketsmart_key_file, ticketsmart_base_url)
    desk = setup.opened("Ticket0", ticket0_key_file, ticket0_base_url)
    if setup.refused:
        return 77
    office = name or asking.ask("What is the box office called?", "--name", default="main-room")
    chosen, found = setup.inbox(desk.account, inbox)
    first, second = setup.kept(ticketsmart), setup.kept(desk)
    answers = Answers(
        office=office,
        ticketsmart_key=first,
        ticketsmart_url=ticketsmart.other_url,
        ticket0_key=second,
        ticket0_url=desk.other_url,
        inbox_id=chosen,
        customer_email=asking.ask(
            "Whom do the tickets concern (an e-mail address)?", "--customer-email", customer_email
        ),
        from_address=from_address
        or asking.maybe("Which address of the desk writes to them?", found),
    )
    text = toml(answers)
    _checked(text)
    try:
        write_private(file, text, replace=force)
    except OSError as error:
        raise InputError(
            str(file), f"it cannot be written: {why(error)}", "name another with -c"
        ) from None
    typer.echo(f"wrote {file}, for your eyes only")
    code = 0 if no_baseline else _begin(file)
    _schedule(file, environment="api_key_env" in {first.field, second.field})
    return code


def _checked(text: str) -> None:
    """What was answered, as the configuration's own reader sees it: before it is written."""
    import tomllib

    from ...bridge.config.file import checked

    checked(tomllib.loads(text))


@attrs.frozen
class _Asking:
    """Asks where somebody can answer; elsewhere what is missing is an error."""

    terminal: bool

    def ask(self, question: str, flag: str, given: str | None = None, default: str = "") -> str:
        """An answer: the one given, or asked for, or the default."""
        if given:
            return given
        if self.terminal:
            return str(typer.prompt(question, default=default or None, err=True)).strip()
        if default:
            return default
        raise InputError(flag, "it is missing", f"add {flag}, or run it in a terminal and be asked")

    def maybe(self, question: str, found: list[str]) -> str | None:
        """An answer that may be left out, with what was found to choose from."""
        if not self.terminal:
            return None
        if found:
            typer.echo(f"seen in this inbox: {', '.join(found)}", err=True)
        said = typer.prompt(
            f"{question} Empty: none, and nobody is written to",
            default="",
            err=True,
            show_default=False,
        )
        return str(said).strip() or None

    def secret(self, question: str, variable: str) -> str:
        """A key, which is not shown while it is typed."""
        if self.terminal:
            return str(typer.prompt(question, hide_input=True, err=True)).strip()
        raise InputError(
            variable, "no key was given", f"export {variable}=…, or name a file that holds it"
        )


@attrs.frozen
class _Opened:
    """An account whose key was accepted, and how it came by the key."""

    called: str
    account: Account
    key_file: Path | None
    from_environment: bool

    @property
    def other_url(self) -> str | None:
        """Its address, if it is not the usual one."""
        url = self.account.base_url
        return None if url == self.account.provider.base_url else url


def _provider(called: str) -> Provider:
    if called == "TicketSmart":
        from ...ticketsmart.api import PROVIDER

        return PROVIDER
    from ...ticket0.api import PROVIDER as DESK

    return DESK


_NEEDED: Mapping[str, Mapping[str, str]] = {
    "TicketSmart": {"events:read": "to look at all"},
    "Ticket0": {
        "tickets:read": "to find what was sent",
        "tickets:write": "to open and resolve",
        "messages:read": "to find what was said",
        "messages:send": "for notes and messages",
    },
}


@attrs.define
class _Setup:
    """The steps that talk to the APIs."""

    asking: _Asking
    file: Path
    keys: Keys | None
    refused: bool = False

    def opened(self, called: str, key_file: Path | None, base_url: str | None) -> _Opened:
        """Find a key and try it."""
        provider = _provider(called)
        given = self._given(provider, key_file)
        whence = provider.key_env if key_file is None else str(key_file)
        account = self._accepted(called, provider, given, whence, base_url)
        return _Opened(called, account, key_file, bool(given) and key_file is None)

    def _given(self, provider: Provider, key_file: Path | None) -> str | None:
        if key_file is not None:
            from ...bridge.config.credentials import from_file

            return from_file(f"--{provider.name}-key-file", str(key_file), Path.cwd())
        return os.environ.get(provider.key_env, "").strip() or None

    def _accepted(
        self,
        called: str,
        provider: Provider,
        given: str | None,
        whence: str,
        base_url: str | None,
    ) -> Account:
        """An account whose key works; one that was typed may be typed again."""
        from ...client.check import check
        from ...client.options import Options
        from ...client.provider import open_account

        for left in reversed(range(_TRIES)):
            key = given or self.asking.secret(
                f"{called} API key (it is not shown)", provider.key_env
            )
            try:
                account = open_account(provider, key, base_url)
                access = _drive(check(account, Options(deadline=30.0)))
            except (InputError, AuthenticationError) as error:
                shapeless = isinstance(error, InputError) and error.field == "api_key"
                if isinstance(error, InputError) and shapeless and given:
                    raise ConfigError(whence, error.problem, error.fix) from None
                if given or not left or not (shapeless or isinstance(error, AuthenticationError)):
                    raise
                from ..shell.show import error_text

                typer.echo(f"{called}: {error_text(error)}", err=True)
                continue
            self._scopes(called, access)
            return account
        raise AssertionError  # pragma: no cover - the last try returns or raises

    def _scopes(self, called: str, access: Any) -> None:
        from ...bridge.insight.doctor import scopes

        for one in scopes(called, access, _NEEDED[called]):
            typer.echo(f"{one.about}: {one.said}" + (f" ({one.do})" if one.do else ""), err=True)
            self.refused |= one.level == "wrong"

    def kept(self, one: _Opened) -> Source:
        """Keep a key where it was said to be kept, unless it has a place already."""
        provider, key = one.account.provider, one.account.key
        if one.key_file is not None:
            return Source(field="api_key_file", value=str(one.key_file.absolute()))
        if self.keys is None:
            self.keys = self._place(from_environment=one.from_environment)
        if self.keys is Keys.FILE:
            from ...bridge.config.credentials import keep_in_file

            path = self.file.parent / f"{provider.name}.key"
            keep_in_file(path, key)
            return Source(field="api_key_file", value=path.name)
        if self.keys is Keys.KEYRING:
            from ...bridge.config.credentials import keep_in_keyring

            keep_in_keyring("--keys", provider.name, key)
            return Source(field="api_key_keyring", value=provider.name)
        if not one.from_environment:
            typer.echo(f"{one.called}: export {provider.key_env}=… for runs to come", err=True)
            os.environ[provider.key_env] = key
        return Source(field="api_key_env", value=provider.key_env)

    def _place(self, *, from_environment: bool) -> Keys:
        default = Keys.ENVIRONMENT if from_environment else Keys.FILE
        question = "Where are keys kept: environment, file or keyring?"
        said = self.asking.ask(question, "--keys", default=default.value)
        try:
            return Keys(said)
        except ValueError:
            ways = ", ".join(one.value for one in Keys)
            raise InputError("--keys", f"{said!r} is no place for a key", ways) from None

    def inbox(self, desk: Account, given: str | None) -> tuple[str, list[str]]:
        """Which inbox tickets go to, and the addresses that write from it."""
        from ...ticket0.api import FlowTicket0

        api = FlowTicket0(desk)
        listed = itertools.count(1)
        tickets = _drive(api.tickets.list(limit=100).until(lambda _: next(listed) >= _LATEST))
        used = Counter(one.inbox_id for one in tickets if one.inbox_id)
        known = [name for name, _ in used.most_common()]
        for name, count in used.most_common():
            typer.echo(f"Ticket0: inbox {name} has {count} of the latest tickets", err=True)
        chosen = given or (known[0] if len(known) == 1 and not self.asking.terminal else None)
        if chosen is None and len(known) > 1 and not self.asking.terminal:
            raise InputError(
                "--inbox", "several inboxes are in use", f"name one: {', '.join(known)}"
            )
        default = known[0] if known else ""
        chosen = self.asking.ask(
            "Which inbox do tickets go to (inb_…)?", "--inbox", chosen, default
        )
        mine = [one.id for one in tickets if one.inbox_id == chosen][:3]
        return chosen, self._addresses(api, mine)

    def _addresses(self, api: Any, tickets: list[str]) -> list[str]:
        if not self.asking.terminal:
            return []
        seen: Counter[str] = Counter()
        for ticket in tickets:
            for message in _drive(api.messages.list(ticket).all()):
                outbound = message.direction == "outbound" and not message.is_note
                theirs = (message.from_address,) if outbound else message.to_addresses
                if outbound or message.direction == "inbound":
                    seen.update(address for address in theirs if address)
        return [address for address, _ in seen.most_common(5)]


def _drive(flow: Any) -> Any:
    from ...client.flow import drive
    from ...client.http import Connections

    connections = Connections()
    try:
        return drive(flow, connections, time.sleep)
    finally:
        connections.close()


def _begin(file: Path) -> int:
    """The baseline, unless the ledger has one, and then the first plan."""
    from ...bridge.model.exit_codes import worst
    from ...bridge.service import Bridge
    from ..shell import passes, plans
    from ..shell.ledgers import opened
    from ..shell.progress import shown

    with shown() as onlooker, Bridge.from_config(file, onlooker=onlooker) as bridge:
        with opened(file) as (config, ledger):
            known = [one.name for one in config.box_office if ledger.office(one.name).baseline_at]
        reports = [] if known else bridge.run()
        found = [] if any(report.exit_code for report in reports) else bridge.plan()
    if known:
        typer.echo(f"{', '.join(known)}: the ledger has a baseline already; nothing was run")
    for report in reports:
        passes.show_pass(report, quiet=False)
    if found:
        typer.echo("what a run would do now:")
    for plan in found:
        plans.show_plan(plan)
    return worst([*(one.exit_code for one in reports), *(one.exit_code for one in found)])


def _schedule(file: Path, *, environment: bool) -> None:
    """How it is called each minute on this machine."""
    found = shutil.which("willcall")
    program = shlex.quote(found) if found else f"{shlex.quote(sys.executable)} -m willcall"
    systemd = Path("/run/systemd/system").is_dir()
    if environment:
        typer.echo(
            "\nCron does not have this shell's environment. Put TICKETSMART_API_KEY=… and\n"
            f"TICKET0_API_KEY=… into {file.parent / 'keys.env'} (chmod 600), or begin again with\n"
            "--keys file."
        )
    if shutil.which("crontab") or not systemd:
        typer.echo("\nTo run each minute, add this line with `crontab -e`:\n")
        typer.echo(cron_line(program, file, environment=environment))
    if systemd:
        typer.echo("\nOr as a systemd timer:\n")
        typer.echo(timer(program, file, environment=environment))
    typer.echo(
        "\nNext: `willcall status` shows how it stands, `willcall doctor` what is wrong if it is."
    )
