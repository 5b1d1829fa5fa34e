"""What is well, what is not, and what to do about it. Flows ask, pure functions judge.

Nothing is written anywhere: keys are tried by reading and by changes of what cannot exist (see
``client/check.py``), and of Ticket0's lists only what can be observed is said.
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
from ...client.options import Options
from ...client.provider import Account
from ...errors import ApiError, WillcallError
from ..model.address import Address
from ..model.exit_codes import code_of
from ..ports import Desk
from . import handshake

_DEADLINE = 30.0
_OPTIONS = Options(timeout=10.0, deadline=_DEADLINE)
_SOON = timedelta(days=14)
_SKEWED, _FAR_OFF = timedelta(seconds=10), timedelta(minutes=5)


class Level(StrEnum):
    """How it is."""

    OK = "ok"
    WARNING = "warning"  # it works; it may not for ever, or not as was meant
    WRONG = "wrong"


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that was looked at. ``code`` is the exit code that something wrong stands for."""

    about: str
    level: Level = Level.OK
    said: str
    do: str = ""
    code: int = 0


def wrong(about: str, said: str, todo: str, code: int) -> Finding:
    """Something that keeps a run from doing its work."""
    return Finding(about=about, level=Level.WRONG, said=said, do=todo, code=code)


def warning(about: str, said: str, todo: str) -> Finding:
    """Something that a person should know of."""
    return Finding(about=about, level=Level.WARNING, said=said, do=todo)


# -- an account -------------------------------------------------------------------------------


def examine(name: str, account: Account, needed: Mapping[str, str]) -> Flow[list[Finding]]:
    """Can the API be reached, is its key good for what is needed, do the clocks agree?

    Args:
        name: what the account is called.
        account: whose key it is.
        needed: the scopes that are needed, and what for.
    """
    if not account.provider.has_api:
        return []
    found = list((yield from _reached(name, account.base_url)))
    if any(one.level is Level.WRONG for one in found):
        return found
    try:
        access = yield from check(account, _OPTIONS)
    except ApiError as error:
        return [*found, refused(f"{name}: key", error)]
    found += scopes(name, access, needed)
    probe = next(op for op in account.provider.probes.values() if op is not None and op.reads)
    before = yield from now()
    try:
        got = yield from answer(probe, account, _OPTIONS)
    except ApiError:
        return found  # its scope is missing, which was said
    after = yield from now()
    found.append(clock(name, got.reply.headers.get("date"), before, after))
    return found


def _reached(name: str, base_url: str) -> Flow[list[Finding]]:
    where = handshake.place(base_url)
    about = f"{name}: address"
    if where.proxy:
        return [Finding(about=about, said=f"{where.host}, through the environment's proxy")]
    try:
        addresses = yield from do("resolve", lambda: handshake.resolve(where))
    except OSError as error:
        said = f"{where.host} has no address ({error.strerror or type(error).__name__})"
        return [wrong(about, said, "is this machine online? is base_url spelt right?", 75)]
    named = "" if addresses == [where.host] else f" is {', '.join(addresses[:3])}"
    found = [Finding(about=about, said=f"{where.host}{named}")]
    if not where.secure:
        return [*found, Finding(about=f"{name}: TLS", said="plain http, to this machine only")]
    try:
        greeting = yield from do("greet", lambda: handshake.greet(where))
    except OSError as error:
        return [*found, untrusted(f"{name}: TLS", error)]
    moment = yield from now()
    return [*found, certificate(f"{name}: TLS", greeting, moment)]


def untrusted(about: str, error: OSError) -> Finding:
    """A handshake that failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return wrong(
            about,
            f"its certificate is not trusted: {error.verify_message}",
            "is the clock right? does a proxy look into TLS? SSL_CERT_FILE may name its authority",
            75,
        )
    said = (error.strerror or type(error).__name__).lower()
    return wrong(about, f"no TLS connection: {said}", "does a firewall stand in the way?", 75)


def certificate(about: str, greeting: handshake.Greeting, moment: datetime) -> Finding:
    """A certificate that is trusted, and for how long."""
    if greeting.expires is None:
        return Finding(about=about, said=greeting.version)
    left = greeting.expires - moment
    said = f"{greeting.version}, its certificate holds for {left.days} days"
    if left < _SOON:
        return warning(about, said, "nothing to do here: its owner renews it, or calls fail then")
    return Finding(about=about, said=said)


def refused(about: str, error: ApiError) -> Finding:
    """A key that could not be tried, or was not accepted."""
    code = code_of(error)
    todo = error.hint or (
        "put a valid key where the configuration or the environment has this one"
        if code == 77
        else "try again later; if it lasts, ask the provider"
    )
    return wrong(about, error.message, todo, code)


def scopes(name: str, access: Access, needed: Mapping[str, str]) -> Iterator[Finding]:
    """What a key may do, beside what is needed."""
    about = f"{name}: key"
    lacking = [scope for scope in needed if scope in access.missing]
    unknown = [scope for scope in needed if scope in access.unknown]
    if lacking:
        what = "; ".join(f"{scope} ({needed[scope]})" for scope in lacking)
        yield wrong(about, f"it lacks {what}", "make a key that has these scopes, too", 77)
    if unknown:
        why = access.trouble.get(unknown[0], "the provider did not say")
        yield warning(
            about, f"whether it has {', '.join(unknown)} is not known: {why}", "try again later"
        )
    if not lacking and not unknown:
        yield Finding(about=about, said=f"accepted, with {', '.join(needed)}")
    more = [scope for scope in access.granted if scope not in needed]
    if more and not lacking:
        said = f"it may do more than is needed here: {', '.join(more)}"
        yield Finding(about=about, said=said, do="a key with fewer scopes does less harm if lost")


def clock(name: str, date: str | None, before: datetime, after: datetime) -> Finding:
    """The clock here beside the provider's, as far as whole seconds tell."""
    about = f"{name}: clock"
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return Finding(about=about, said="the provider does not say what time it is")
    # Cut to whole seconds, and from some moment between question and answer.
    least, most = before - timedelta(seconds=1), after + timedelta(seconds=1)
    off = max(least - theirs, theirs - most, timedelta(0))
    if off <= _SKEWED:
        return Finding(about=about, said="this machine's agrees with the provider's")
    side = "ahead of" if theirs < least else "behind"
    said = f"this machine's is {off.total_seconds():.0f} s {side} the provider's"
    todo = "set this machine's clock, with timedatectl set-ntp true, say"
    return wrong(about, said, todo, 78) if off > _FAR_OFF else warning(about, said, todo)


# -- the desk ---------------------------------------------------------------------------------


def observe_desk(desk: Desk, addresses: Sequence[Address]) -> Flow[list[Finding]]:
    """What can be observed of a desk by reading alone, such as whether an inbox is in use."""
    try:
        remarks = yield from desk.within(_DEADLINE).remarks(addresses)
    except ApiError as error:
        said = f"not observed: {error.message}"
        return [warning(f"{desk.title}: lists", said, "try again later")]
    return [
        Finding(
            about=f"{desk.title}: {remark.about}",
            level=Level.WARNING if remark.warning else Level.OK,
            said=remark.said,
            do=remark.do,
        )
        for remark in remarks
    ]


def worst_of(findings: Iterable[Finding]) -> list[int]:
    """The exit codes of what is wrong."""
    return [one.code for one in findings if one.level is Level.WRONG]


def in_words(error: WillcallError, about: str) -> Finding:
    """An error of ours as a finding."""
    said, _, todo = str(error).rpartition(" (")
    if said:
        return wrong(about, said, todo.rstrip(")"), code_of(error))
    return wrong(about, str(error), "", code_of(error))
