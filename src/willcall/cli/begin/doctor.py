"""``willcall doctor``: checks an installation and says what to do about each problem."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import InputError
from ..shell import screen, terminal
from ..shell.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from ...bridge.config.tables import Config
    from ...bridge.insight.doctor import Finding
    from ...bridge.ledger import Ledger, OfficeRecord
    from ...client.flow import Flow
    from ...client.provider import Account
    from .recording import Recorder

_OLD = timedelta(hours=1)
_OTHERS = timedelta(days=1)
"""How long ago another ledger may have been at work to be named."""
_LEAST_ROOM = 50 * 1024 * 1024


def doctor(
    config: ConfigFile = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Send no requests: check this machine only.")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Read one of everything, and keep the shape of each answer, without its content.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Check keys, scopes, clock, TLS, DNS, ledger, lease, quota, lists and configuration.

    Each line says ok, warning or wrong, and what to do. Nothing is written to the services or the
    ledger. The exit code is 0, or that of the most serious finding that is wrong.

    With --record, the names and types of all fields that came are kept in a file, and none of their
    texts, numbers and ids. `willcall contracts diff` compares it with what is believed.

    \b
    Examples:
      willcall doctor
      willcall doctor --record answers.jsonl
      willcall doctor --json | jq 'select(.level != "ok")'
    """
    from ...bridge.insight.doctor import worst_of
    from ...bridge.model.exit_codes import worst
    from ..shell import show

    recorder = None
    if record is not None:
        from .recording import Recorder

        if offline:
            fix = "leave one of the two out"
            raise InputError("--record", "nothing is asked with --offline", fix)
        recorder = Recorder()
    found = []
    for finding in _all(config, recorder, offline=offline):
        found.append(finding)
        if as_json:
            facts = {"about": finding.about, "level": finding.level, "said": finding.said}
            show.as_json({**facts, "do": finding.do or None, "exit_code": finding.code})
        else:
            _line(finding)
    if recorder is not None and record is not None:
        _keep(recorder, record)
    if not as_json:
        counts = {level: sum(finding.level == level for finding in found) for level in _COLOURS}
        terminal.say("\n" + ", ".join(f"{count} {level}" for level, count in counts.items()))
    return worst(worst_of(found))


def _keep(recorder: Recorder, file: Path) -> None:
    from ..._version import __version__
    from ...contracts.recording import write

    try:
        file.write_text(write(recorder.answers, __version__), "utf-8")
    except OSError as error:
        problem = os.strerror(error.errno or 0).lower()
        raise InputError("--record", f"{file}: {problem}", "name another file") from None
    terminal.aside(f"{len(recorder.answers)} answers, without their content, are in {file}")


_COLOURS = {"ok": "green", "warning": "yellow", "wrong": "red"}


def _line(finding: Finding) -> None:
    from ...bridge.templates.rendering import plain
    from ..shell.paint import paint

    level = paint(f"{finding.level:<7}", _COLOURS[finding.level])
    screen.line(f"{level}  {finding.about}: {plain(finding.said)}", hang=9)
    if finding.do:
        screen.line(f"         → {plain(finding.do)}")


def _all(path: Path | None, recorder: Recorder | None, *, offline: bool) -> Iterator[Finding]:
    """The findings, each as soon as it is known."""
    from ...bridge.config.file import find, load
    from ...bridge.insight.doctor import finding_of
    from ...errors import ConfigError

    try:
        config, folder = load(path)
    except ConfigError as error:
        yield finding_of(error, "configuration")
        return
    file = find(path)
    yield from _configuration(file)
    yield from _files(file, config, folder)
    yield _house(config)
    yield from _ledger(config, folder)
    if offline:
        return
    for number, office in enumerate(config.box_office):
        yield from _box_office(config, folder, number, office.name, recorder)
    yield from _desk(config, folder, recorder)


# -- this machine -----------------------------------------------------------------------------


def _configuration(file: Path) -> Iterator[Finding]:
    from ...bridge.config.check import Known, check
    from ...bridge.config.file import text_of
    from ...bridge.insight.doctor import Finding, warning, wrong
    from ..shell.times import now

    about = "configuration"
    checked = check(text_of(file), Known(), now())
    warnings = len(checked.complaints) - checked.errors
    said = f"{file}: {checked.errors} errors, {warnings} warnings"
    if checked.errors:
        yield wrong(about, said, "`willcall check` shows them, with line and column", 78)
    elif warnings:
        yield warning(about, said, "`willcall check` shows them, with line and column")
    else:
        yield Finding(about=about, said=f"{file}: no errors, no warnings")


def _files(file: Path, config: Config, folder: Path) -> Iterator[Finding]:
    """Whether others may read the keys, or change where they are sent."""
    from ...bridge.insight.doctor import Finding, warning

    tables = (*config.box_office, config.desk)
    named = [table.api_key_file for table in tables if table.api_key_file]
    for path in sorted({folder / name for name in named}):
        if path.exists() and _mode(path) & 0o077:
            yield warning("keys", f"others on this machine may read {path}", f"chmod 600 {path}")
        elif path.exists():
            yield Finding(about="keys", said=f"only its owner may read {path}")
    if _mode(file) & 0o022:
        said = f"others on this machine may write {file}, and could send the keys elsewhere"
        yield warning("configuration", said, f"chmod go-w {file}")


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


def _house(config: Config) -> Finding:
    """Whether others could pass a ticket of theirs off as ours."""
    from ...bridge.insight.doctor import Finding, warning

    if config.desk.secret is not None:
        return Finding(about="our tickets", said="proven by [desk] secret")
    said = "proven by customer_email, which is no secret"
    todo = "add a random secret to [desk], the same on every machine: see docs/security.md"
    return warning("our tickets", said, todo)


def _ledger(config: Config, folder: Path) -> Iterator[Finding]:
    from ...bridge.insight.doctor import Finding, finding_of, wrong
    from ...bridge.ledger import open_ledger
    from ...errors import ConfigError, LedgerError

    try:
        ledger = open_ledger(config.state.url, folder, reading=True)
    except (ConfigError, LedgerError) as error:
        yield finding_of(error, "ledger")
        return
    try:
        yield from _room(config, folder)
        found = ledger.maintenance.complaints(thorough=True)
        if found:
            todo = "restore a copy, or start a new ledger with `willcall recover`"
            yield wrong("ledger", found[0], todo, 78)
            return
        yield Finding(about="ledger", said=f"sound, version {ledger.maintenance.version()}")
        yield from _state(config, folder, ledger)
    except LedgerError as error:
        yield finding_of(error, "ledger")
    finally:
        ledger.close()


def _room(config: Config, folder: Path) -> Iterator[Finding]:
    from ...bridge.insight.doctor import warning, wrong

    url = config.state.url
    if not url.startswith("sqlite:///"):
        return
    path = folder / url.removeprefix("sqlite:///")
    if not path.exists():
        yield warning(
            "ledger", f"{path} does not exist yet", "`willcall run` creates it and takes a baseline"
        )
    elif _mode(path) & 0o077:
        yield warning("ledger", f"others on this machine may read {path}", f"chmod 600 {path}")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        todo = "let the user that runs willcall write to it and its folder"
        yield wrong("ledger", f"{path} cannot be written by this user", todo, 78)
    free = shutil.disk_usage(path.parent).free
    if free < _LEAST_ROOM:
        yield warning(
            "ledger", f"only {free // 2**20} MB are free on its disk", "free some disk space"
        )


def _state(config: Config, folder: Path, ledger: Ledger) -> Iterator[Finding]:
    from ...bridge.insight.doctor import Finding, warning
    from ...bridge.insight.status import account_usage
    from ...bridge.ledger import others_in
    from ..shell import times
    from ..shell.times import now

    moment = now()
    for office in config.box_office:
        known = ledger.office(office.name)
        yield _lease(known, moment)
        others = others_in(ledger.adopted(office.name, moment - _OTHERS))
        if others:
            said = f"another ledger has opened {others[-1]}"
            todo = "stop the second installation, or let both use one PostgreSQL ledger"
            yield warning(f"{office.name}: another ledger", said, todo)
        run = known.last_run
        about = f"{office.name}: last run"
        if run is None:
            yield warning(
                about, "none yet", "call `willcall run`, then have cron call it every minute"
            )
            continue
        said = f"{times.ago(moment - run.ended_at)}, exit code {run.exit_code}"
        if run.exit_code:
            yield warning(about, said, "`willcall run` says why; `willcall --help` lists the codes")
        elif moment - run.ended_at > _OLD:
            yield warning(
                about, said, "check with `crontab -l` that cron still calls `willcall run`"
            )
        else:
            yield Finding(about=about, said=said)
    dead = len(ledger.dead())
    if dead:
        yield warning("dead letters", f"{dead}", "`willcall dead list` says why")
    for usage in account_usage(config, folder, ledger, moment):
        if usage.requests is None:
            continue
        about, left = f"{usage.account}: quota", max(0, usage.of - usage.requests)
        if usage.closed_for > timedelta(0):
            seconds = usage.closed_for.total_seconds()
            said = f"the provider has told us to wait for another {seconds:.0f} s"
            yield warning(about, said, "if others use the same key or workspace, give each its own")
        else:
            yield Finding(about=about, said=f"{left} of {usage.of} requests a minute are left")


def _lease(office: OfficeRecord, moment: datetime) -> Finding:
    from ...bridge.insight.doctor import Finding, warning
    from ...bridge.ledger import at_work

    about = f"{office.name}: lease"
    if office.lease_holder is None or office.lease_until is None:
        return Finding(about=about, said="free")
    working = at_work(office, moment)
    if working is not None:
        return Finding(about=about, said=f"{working} is at work")
    holder = office.lease_holder.partition(" ")[0]
    todo = "nothing to do: the next run takes it over, and looks up what was done before"
    return warning(about, f"{holder} ended without releasing it", todo)


# -- the APIs ---------------------------------------------------------------------------------


def _box_office(
    config: Config, folder: Path, number: int, name: str, recorder: Recorder | None
) -> Iterable[Finding]:
    from ...bridge.insight.doctor import examine, observe_box_office

    office = config.box_office[number]
    needed = dict(office.adapter.scopes)
    if any(removal.box_office == name for removal in config.removal):
        needed |= office.adapter.removal_scopes
    called = f"{office.adapter.title} ({name})"

    def ask(account: Account) -> list[Finding]:
        found = _asked(recorder, account, examine(called, account, needed))
        if not any(finding.level == "wrong" for finding in found):
            opened = office.adapter.open(account, office.settings)
            found += _asked(recorder, account, observe_box_office(called, opened))
            found += _read(recorder, account, called)
        return found

    return _examined(called, lambda: office.account(folder, config.path_of(office)), ask)


def _desk(config: Config, folder: Path, recorder: Recorder | None) -> Iterable[Finding]:
    from ...bridge.insight.doctor import examine, observe_desk

    desk, adapter = config.desk, config.desk.adapter

    def ask(account: Account) -> list[Finding]:
        found = _asked(recorder, account, examine(adapter.title, account, adapter.scopes))
        if not any(finding.level == "wrong" for finding in found):
            opened = adapter.open(account, desk.settings)
            found += _asked(recorder, account, observe_desk(opened, [config.address]))
            found += _read(recorder, account, adapter.title)
        return found

    return _examined(
        adapter.title,
        lambda: desk.account(folder, "desk"),
        ask,
    )


def _asked(recorder: Recorder | None, account: Account, flow: Flow[list[Finding]]) -> list[Finding]:
    """What a flow finds; its answers are recorded."""
    from ..shell.flows import run_flow

    return run_flow(flow if recorder is None else recorder.watch(account, flow))


def _read(recorder: Recorder | None, account: Account, name: str) -> list[Finding]:
    """Read one of everything, for a recording."""
    from ...bridge.insight.doctor import refused
    from ...contracts import PROVIDERS
    from ...errors import ApiError
    from ..shell.flows import run_flow
    from .recording import read_everything

    if recorder is None or account.provider.name not in PROVIDERS:
        return []
    try:
        run_flow(recorder.watch(account, read_everything(account)))
    except ApiError as error:
        return [refused(f"{name}: recording", error)]
    return []


def _examined(
    name: str,
    account: Callable[[], Account],
    ask: Callable[[Account], list[Finding]],
) -> list[Finding]:
    from ...bridge.insight.doctor import finding_of, refused
    from ...errors import ApiError, ConfigError

    try:
        return ask(account())
    except ConfigError as error:
        return [finding_of(error, f"{name}: key")]
    except ApiError as error:
        return [refused(name, error)]
