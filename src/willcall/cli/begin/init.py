"""``willcall init``: makes a configuration and a baseline from two keys."""

from __future__ import annotations

import itertools
import os
import shlex
import shutil
import sys
from collections import Counter
from enum import StrEnum
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated, Any

import attrs
import typer

from ...errors import AuthenticationError, ConfigError, InputError
from ..shell import terminal
from ..shell.options import ConfigFile
from .setup_text import Answers, Source, cron_line, timer, toml

if TYPE_CHECKING:
    from ...bridge.ports import BoxOfficeAdapter, DeskAdapter
    from ...client.check import Access
    from ...client.provider import Account, Provider

_TRIES = 3
_LATEST = 300  # tickets that are read to find the inboxes in use


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
        _Text, _option("--name", "NAME", "A name for the box office; default main-room.")
    ] = None,
    inbox: Annotated[
        _Text, _option("--inbox", "ID", "The Ticket0 inbox that tickets go to, if there are any.")
    ] = None,
    customer_email: Annotated[
        _Text, _option("--customer-email", "ADDRESS", "Whom the tickets concern.")
    ] = None,
    from_address: Annotated[
        _Text,
        _option("--from-address", "ADDRESS", "Sender of messages; without it none are sent."),
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
        _Text, _option("--ticketsmart-base-url", "URL", "Use another address of the API.")
    ] = None,
    ticket0_base_url: Annotated[
        _Text, _option("--ticket0-base-url", "URL", "Use another address of the API.")
    ] = None,
    no_input: Annotated[
        bool, typer.Option("--no-input", help="Do not ask: a missing value is an error.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    no_baseline: Annotated[
        bool, typer.Option("--no-baseline", help="Only write the file.")
    ] = False,
) -> int:
    """Set willcall up: ask for values, try both keys, write willcall.toml, take the baseline.

    Keys are taken from TICKETSMART_API_KEY and TICKET0_API_KEY, from files, or asked for. The
    configuration holds only where they are kept. The baseline alerts nobody and writes nothing at
    the desk.

    \b
    Examples:
      willcall init
      willcall init --no-input --customer-email me@example.com
      willcall init --no-input --inbox inb_01abc --customer-email me@example.com
      willcall init --keys keyring -c /srv/willcall/willcall.toml
    """
    from ...bridge.adapters import box_office_adapter, desk_adapter
    from ...bridge.config.credentials import why, write_private
    from ...bridge.config.file import find

    file = find(config).absolute()
    if file.exists() and not force:
        raise InputError(str(file), "it exists already", "name another with -c, or add --force")
    if not file.parent.is_dir():
        raise InputError("--config", f"there is no folder {file.parent}", "create it first")
    asking = _Asking(terminal=not no_input and sys.stdin.isatty())
    setup = _Setup(asking, file, keys)
    ticketsmart = setup.opened(
        box_office_adapter("ticketsmart"), ticketsmart_key_file, ticketsmart_base_url
    )
    desk = setup.opened(desk_adapter("ticket0"), ticket0_key_file, ticket0_base_url)
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
        or asking.maybe(
            "Which address of the desk sends messages to them?", "to send no messages", found
        ),
        secret=token_hex(16),
    )
    text = toml(answers)
    _checked(text)
    try:
        write_private(file, text, replace=force)
    except OSError as error:
        raise InputError(
            str(file), f"it cannot be written: {why(error)}", "name another with -c"
        ) from None
    terminal.say(f"wrote {file}, readable by you only")
    code = 0 if no_baseline else _begin(file)
    _schedule(file, environment="api_key_env" in {first.field, second.field})
    return code


def _checked(text: str) -> None:
    """Check the configuration before it is written."""
    import tomllib

    from ...bridge.config.file import checked

    checked(tomllib.loads(text))


@attrs.frozen
class _Asking:
    """Asks questions on a terminal; elsewhere a missing value is an error."""

    terminal: bool

    def ask(self, question: str, flag: str, given: str | None = None, default: str = "") -> str:
        """The given value, or an answer, or the default."""
        if given:
            return given
        if self.terminal:
            return terminal.ask(question, default=default or None)
        if default:
            return default
        raise InputError(flag, "it is missing", f"add {flag}, or run it in a terminal")

    def maybe(self, question: str, empty: str, found: list[str]) -> str | None:
        """An optional answer; ``empty`` says what an empty one means, ``found`` are suggestions."""
        if not self.terminal:
            return None
        if found:
            terminal.aside(f"seen in its tickets: {', '.join(found)}")
        return terminal.ask(f"{question} Leave it empty {empty}", default="") or None

    def secret(self, question: str, variable: str) -> str:
        """A key; it is not shown while it is typed."""
        if self.terminal:
            return terminal.ask(question, hidden=True)
        raise InputError(
            variable, "no key was given", f"export {variable}=…, or name a file that holds it"
        )


@attrs.frozen
class _Opened:
    """An account whose key was accepted, and where the key came from."""

    called: str
    account: Account
    key_file: Path | None
    from_environment: bool

    @property
    def other_url(self) -> str | None:
        """Its address, if it is not the default."""
        url = self.account.base_url
        return None if url == self.account.provider.base_url else url


@attrs.define
class _Setup:
    """The steps that talk to the APIs."""

    asking: _Asking
    file: Path
    keys: Keys | None
    refused: bool = False

    def opened(
        self,
        adapter: BoxOfficeAdapter | DeskAdapter,
        key_file: Path | None,
        base_url: str | None,
    ) -> _Opened:
        """Find a key and try it."""
        provider = adapter.provider
        given = self._given(provider, key_file)
        source = provider.key_env if key_file is None else str(key_file)
        account = self._accepted(adapter, given, source, base_url)
        return _Opened(adapter.title, account, key_file, bool(given) and key_file is None)

    def _given(self, provider: Provider, key_file: Path | None) -> str | None:
        if key_file is not None:
            from ...bridge.config.credentials import from_file

            return from_file(f"--{provider.name}-key-file", str(key_file), Path.cwd())
        return os.environ.get(provider.key_env, "").strip() or None

    def _accepted(
        self,
        adapter: BoxOfficeAdapter | DeskAdapter,
        given: str | None,
        source: str,
        base_url: str | None,
    ) -> Account:
        """An account whose key works; a key that was typed may be typed again."""
        from ...client.check import check
        from ...client.options import Options
        from ...client.provider import open_account
        from ..shell.flows import run_flow

        provider, title = adapter.provider, adapter.title
        for left in reversed(range(_TRIES)):
            key = given or self.asking.secret(
                f"{title} API key (it is not shown)", provider.key_env
            )
            try:
                account = open_account(provider, key, base_url)
                access = run_flow(check(account, Options(deadline=30.0)))
            except (InputError, AuthenticationError) as error:
                malformed = isinstance(error, InputError) and error.field == "api_key"
                if isinstance(error, InputError) and malformed and given:
                    raise ConfigError(source, error.problem, error.fix) from None
                if given or not left or not (malformed or isinstance(error, AuthenticationError)):
                    raise
                from ..shell.show import error_text

                terminal.aside(f"{title}: {error_text(error)}")
                continue
            self._scopes(adapter, access)
            return account
        raise AssertionError  # pragma: no cover - the last try returns or raises

    def _scopes(self, adapter: BoxOfficeAdapter | DeskAdapter, access: Access) -> None:
        from ...bridge.insight.doctor import scopes

        for found in scopes(adapter.title, access, adapter.scopes):
            fix = f" ({found.do})" if found.do else ""
            terminal.aside(f"{found.about}: {found.said}{fix}")
            self.refused |= found.level == "wrong"

    def kept(self, opened: _Opened) -> Source:
        """Store a key in the chosen place, unless it is in a file already."""
        provider, key = opened.account.provider, opened.account.key
        if opened.key_file is not None:
            return Source(field="api_key_file", value=str(opened.key_file.absolute()))
        if self.keys is None:
            self.keys = self._place(from_environment=opened.from_environment)
        if self.keys is Keys.FILE:
            from ...bridge.config.credentials import keep_in_file

            path = self.file.parent / f"{provider.name}.key"
            keep_in_file(path, key)
            return Source(field="api_key_file", value=path.name)
        if self.keys is Keys.KEYRING:
            from ...bridge.config.credentials import keep_in_keyring

            keep_in_keyring("--keys", provider.name, key)
            return Source(field="api_key_keyring", value=provider.name)
        if not opened.from_environment:
            terminal.aside(f"{opened.called}: export {provider.key_env}=… before later runs")
            os.environ[provider.key_env] = key
        return Source(field="api_key_env", value=provider.key_env)

    def _place(self, *, from_environment: bool) -> Keys:
        default = Keys.ENVIRONMENT if from_environment else Keys.FILE
        question = "Where are keys kept: environment, file or keyring?"
        answer = self.asking.ask(question, "--keys", default=default.value)
        try:
            return Keys(answer)
        except ValueError:
            places = ", ".join(place.value for place in Keys)
            raise InputError(
                "--keys", f"{answer!r} is not a place for keys", f"use one of: {places}"
            ) from None

    def inbox(self, desk: Account, given: str | None) -> tuple[str | None, list[str]]:
        """The inbox that tickets go to, and the addresses that messages are sent from.

        Workspaces of 2026 have no inboxes: where no ticket has one, none is needed.
        """
        from ...ticket0.api import FlowTicket0
        from ..shell.flows import run_flow

        api = FlowTicket0(desk)
        listed = itertools.count(1)
        tickets = run_flow(api.tickets.list(limit=100).until(lambda _: next(listed) >= _LATEST))
        used = Counter(ticket.inbox_id for ticket in tickets if ticket.inbox_id)
        known = [name for name, _ in used.most_common()]
        for name, count in used.most_common():
            terminal.aside(f"Ticket0: inbox {name} has {count} of the latest tickets")
        chosen = given or (known[0] if len(known) == 1 and not self.asking.terminal else None)
        if chosen is None and len(known) > 1 and not self.asking.terminal:
            raise InputError(
                "--inbox", "several inboxes are in use", f"name one: {', '.join(known)}"
            )
        question = "Which inbox do tickets go to (inb_…)?"
        if chosen is None and known:
            chosen = self.asking.ask(question, "--inbox", None, known[0])
        elif chosen is None and not tickets:
            chosen = self.asking.maybe(question, "if the workspace has no inboxes", [])
        mine = [ticket.id for ticket in tickets if ticket.inbox_id == chosen][:3]
        return chosen, self._addresses(api, mine)

    def _addresses(self, api: Any, tickets: list[str]) -> list[str]:
        if not self.asking.terminal:
            return []
        from ..shell.flows import run_flow

        seen: Counter[str] = Counter()
        for ticket in tickets:
            for message in run_flow(api.messages.list(ticket).all()):
                outbound = message.direction == "outbound" and not message.is_note
                theirs = (message.from_address,) if outbound else message.to_addresses
                if outbound or message.direction == "inbound":
                    seen.update(address for address in theirs if address)
        return [address for address, _ in seen.most_common(5)]


def _begin(file: Path) -> int:
    """Take the baseline, unless the ledger has one, and show the first plan."""
    from ...bridge.model.exit_codes import worst
    from ...bridge.service import Bridge
    from ..shell import passes, plans
    from ..shell.ledgers import opened
    from ..shell.progress import shown

    with shown() as onlooker, Bridge.from_config(file, onlooker=onlooker) as bridge:
        with opened(file) as (config, ledger):
            known = [
                office.name
                for office in config.box_office
                if ledger.office(office.name).baseline_at
            ]
        reports = [] if known else bridge.run()
        found = [] if any(report.exit_code for report in reports) else bridge.plan()
    if known:
        terminal.say(f"{', '.join(known)}: the ledger has a baseline already; nothing was run")
    for report in reports:
        passes.show_pass(report, quiet=False)
    if found:
        terminal.say("what a run would do now:")
    for plan in found:
        plans.show_plan(plan)
    return worst([*(report.exit_code for report in reports), *(plan.exit_code for plan in found)])


def _schedule(file: Path, *, environment: bool) -> None:
    """Print how to call a run every minute on this machine."""
    found = shutil.which("willcall")
    program = shlex.quote(found) if found else f"{shlex.quote(sys.executable)} -m willcall"
    systemd = Path("/run/systemd/system").is_dir()
    if environment:
        terminal.say(
            "\nCron does not have the environment of this shell. Put TICKETSMART_API_KEY=… and\n"
            f"TICKET0_API_KEY=… into {file.parent / 'keys.env'} (chmod 600), or start again with\n"
            "--keys file."
        )
    if shutil.which("crontab") or not systemd:
        terminal.say("\nTo run every minute, add this line with `crontab -e`:\n")
        terminal.say(cron_line(program, file, environment=environment))
    if systemd:
        terminal.say("\nOr as a systemd timer:\n")
        terminal.say(timer(program, file, environment=environment))
    terminal.say(
        "\nNext: `willcall status` shows the state of things, `willcall doctor` finds problems."
    )
