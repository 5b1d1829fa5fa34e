"""Checks of an installation: findings, and what to do about them. Flows ask, pure functions judge.

Nothing is written. Keys are tried by reading, and by writes to things that cannot exist (see
``client/check.py``). Of a desk, only what can be observed is reported.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

import attrs

from ...client.check import Access, check
from ...client.engine import answer
from ...client.flow import Flow, do, now
from ...client.op import path_of
from ...client.options import Options
from ...client.provider import Account
from ...errors import ApiError, WillcallError
from ..model.address import Address
from ..model.exit_codes import code_of
from ..ports import BoxOffice, Desk, Remark, RemarkableBoxOffice
from . import handshake

_DEADLINE = 30.0
_OPTIONS = Options(timeout=10.0, deadline=_DEADLINE)
_SOON = timedelta(days=14)
_SKEWED, _FAR_OFF = timedelta(seconds=10), timedelta(minutes=5)


class Level(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"  # it works, but perhaps not for long or not as intended
    WRONG = "wrong"


@attrs.frozen(kw_only=True)
class Finding:
    """The result of a check.

    Args:
        about: what was checked.
        level: how serious it is.
        said: what was found.
        do: what to do about it.
        code: the exit code, if it is wrong.
    """

    about: str
    level: Level = Level.OK
    said: str
    do: str = ""
    code: int = 0


def wrong(about: str, said: str, todo: str, code: int) -> Finding:
    """A finding that keeps runs from working."""
    return Finding(about=about, level=Level.WRONG, said=said, do=todo, code=code)


def warning(about: str, said: str, todo: str) -> Finding:
    """A finding that somebody should know about."""
    return Finding(about=about, level=Level.WARNING, said=said, do=todo)


# -- an account -------------------------------------------------------------------------------


def examine(name: str, account: Account, needed: Mapping[str, str]) -> Flow[list[Finding]]:
    """Whether the API can be reached, the key has the scopes it needs, and the clocks agree.

    Args:
        name: what the account is called.
        account: the account.
        needed: the scopes that are needed, and what for.
    """
    if not account.provider.has_api:
        return []
    found = list((yield from _reached(name, account.base_url)))
    if any(finding.level is Level.WRONG for finding in found):
        return found
    try:
        access = yield from check(account, _OPTIONS)
    except ApiError as error:
        return [*found, refused(f"{name}: key", error)]
    found += scopes(name, access, needed)
    probes = account.provider.probes.values()
    probe = next((op for op in probes if op is not None and op.reads), None)
    if probe is None:
        return found  # nothing can be asked that would show the provider's clock
    probe = attrs.evolve(probe, path=path_of(probe.path, account.path_params))
    before = yield from now()
    try:
        got = yield from answer(probe, account, _OPTIONS)
    except ApiError:
        return found  # its scope is missing, as is reported already
    after = yield from now()
    found.append(clock(name, got.reply.headers.get("date"), before, after))
    return found


def _reached(name: str, base_url: str) -> Flow[list[Finding]]:
    server = handshake.server_of(base_url)
    about = f"{name}: address"
    if server.proxy:
        return [Finding(about=about, said=f"{server.host}, through the proxy of the environment")]
    try:
        addresses = yield from do("resolve", lambda: handshake.resolve(server))
    except OSError as error:
        said = f"{server.host} has no address ({error.strerror or type(error).__name__})"
        return [wrong(about, said, "check the network, and the spelling of base_url", 75)]
    named = "" if addresses == [server.host] else f" is {', '.join(addresses[:3])}"
    found = [Finding(about=about, said=f"{server.host}{named}")]
    if not server.secure:
        return [*found, Finding(about=f"{name}: TLS", said="plain http, to this machine only")]
    try:
        shown = yield from do("handshake", lambda: handshake.shake_hands(server))
    except OSError as error:
        return [*found, untrusted(f"{name}: TLS", error)]
    moment = yield from now()
    return [*found, certificate(f"{name}: TLS", shown, moment)]


def untrusted(about: str, error: OSError) -> Finding:
    """A TLS handshake that failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return wrong(
            about,
            f"its certificate is not trusted: {error.verify_message}",
            "check the clock; if a proxy intercepts TLS, name its authority with SSL_CERT_FILE",
            75,
        )
    said = (error.strerror or type(error).__name__).lower()
    return wrong(about, f"no TLS connection: {said}", "check whether a firewall blocks it", 75)


def certificate(about: str, shown: handshake.Handshake, moment: datetime) -> Finding:
    """A trusted certificate, and for how long it is valid."""
    if shown.expires is None:
        return Finding(about=about, said=shown.version)
    left = shown.expires - moment
    said = f"{shown.version}, its certificate is valid for {left.days} days"
    if left < _SOON:
        return warning(about, said, "nothing to do here: its owner must renew it")
    return Finding(about=about, said=said)


def refused(about: str, error: ApiError) -> Finding:
    """A key that was refused or could not be tried."""
    code = code_of(error)
    todo = error.hint or (
        "replace the key in the configuration or in the environment"
        if code == 77
        else "try again later; if it persists, ask the provider"
    )
    return wrong(about, error.message, todo, code)


def scopes(name: str, access: Access, needed: Mapping[str, str]) -> Iterator[Finding]:
    """The scopes of a key, compared with those that are needed."""
    about = f"{name}: key"
    if not access.scopes:
        todo = "`willcall run` shows whether it is accepted"
        yield warning(about, "not checked: its provider has no call that shows its scopes", todo)
        return
    lacking = [scope for scope in needed if scope in access.missing]
    unknown = [scope for scope in needed if access.scopes.get(scope) is None]
    if lacking:
        what = "; ".join(f"{scope} ({needed[scope]})" for scope in lacking)
        yield wrong(about, f"it lacks {what}", "create a key that has these scopes too", 77)
    if unknown:
        why = access.trouble.get(unknown[0], "the provider did not say")
        yield warning(
            about, f"it is not known whether it has {', '.join(unknown)}: {why}", "try again later"
        )
    if not lacking and not unknown:
        yield Finding(about=about, said=f"accepted, with {', '.join(needed) or 'all it needs'}")
    more = [scope for scope in access.granted if scope not in needed]
    if more and not lacking:
        said = f"it has more scopes than are needed: {', '.join(more)}"
        yield Finding(about=about, said=said, do="fewer scopes do less harm if a key leaks")


def clock(name: str, date: str | None, before: datetime, after: datetime) -> Finding:
    """The clock of this machine compared with the provider's, which shows whole seconds."""
    about = f"{name}: clock"
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return Finding(about=about, said="the provider does not report its time")
    # Theirs is cut to whole seconds, and from some moment between request and answer.
    least, most = before - timedelta(seconds=1), after + timedelta(seconds=1)
    off = max(least - theirs, theirs - most, timedelta(0))
    if off <= _SKEWED:
        return Finding(about=about, said="this machine's clock agrees with the provider's")
    side = "ahead of" if theirs < least else "behind"
    said = f"this machine's clock is {off.total_seconds():.0f} s {side} the provider's"
    todo = "set the clock of this machine, for example with timedatectl set-ntp true"
    return wrong(about, said, todo, 78) if off > _FAR_OFF else warning(about, said, todo)


# -- what can be observed -----------------------------------------------------------------------


def observe_desk(desk: Desk, addresses: Sequence[Address]) -> Flow[list[Finding]]:
    """What can be observed of a desk by reading alone, such as whether an inbox is in use."""
    asked = desk.within(_DEADLINE).remarks(addresses)
    return (yield from _observed(desk.title, "lists", asked))


def observe_box_office(
    name: str, box_office: BoxOffice | RemarkableBoxOffice
) -> Flow[list[Finding]]:
    """What can be observed of a box office by reading alone, such as names that no answer has.

    Args:
        name: what it is called.
        box_office: the box office; nothing is observed of one that has no remarks.
    """
    remarks = getattr(box_office, "remarks", None)
    return [] if remarks is None else (yield from _observed(name, "answers", remarks()))


def _observed(name: str, about: str, asked: Flow[Sequence[Remark]]) -> Flow[list[Finding]]:
    try:
        remarks = yield from asked
    except ApiError as error:
        said = f"not observed: {error.message}"
        return [warning(f"{name}: {about}", said, "try again later")]
    return [
        Finding(
            about=f"{name}: {remark.about}",
            level=Level.WARNING if remark.warning else Level.OK,
            said=remark.said,
            do=remark.do,
        )
        for remark in remarks
    ]


def worst_of(findings: Iterable[Finding]) -> list[int]:
    """The exit codes of everything that is wrong."""
    return [finding.code for finding in findings if finding.level is Level.WRONG]


def finding_of(error: WillcallError, about: str) -> Finding:
    """An error as a finding."""
    said, _, todo = str(error).rpartition(" (")
    if said:
        return wrong(about, said, todo.rstrip(")"), code_of(error))
    return wrong(about, str(error), "", code_of(error))
