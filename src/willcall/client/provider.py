"""Everything in which one API differs from another, and an account with a provider."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from ..errors import ApiError, InputError, Reply
from .forks import ForkSafeLock
from .http import safe_base_url
from .names import wire_names
from .op import UNSET, Op, Unset, mapping, segment
from .quota import Pace, Quota
from .redact import Hidden, hide, keep_secret


@attrs.frozen
class Problem:
    """What a provider's error reply says, read by :attr:`Provider.explain`.

    ``error`` overrides the class that the status alone would give. ``repeatable`` is whether the
    same request may be sent again: True (nothing was carried out, so that even a write is
    repeated), False (it would fail again), or None (the status decides).
    """

    message: str
    code: str | None = None
    details: Any = None
    hint: str | None = None
    missing_scopes: tuple[str, ...] = ()
    retry_after: float | None = None
    error: type[ApiError] | None = None
    repeatable: bool | None = None


@attrs.frozen
class Provider:
    """Everything in which one API differs from another.

    Args:
        name: its name in errors and logs.
        base_url: where it lives, unless a client is given another address.
        key_prefix: how its keys begin; a key that begins otherwise is refused before it is sent.
            Empty if they have no prefix: then a key has at least 8 characters.
        key_env: the environment variable a key is read from; ``…_API_KEY``. Its neighbour
            ``…_BASE_URL`` points clients elsewhere, such as at a sandbox.
        auth: the headers that carry a key.
        explain: reads an error reply; may raise anything on a reply that is not the provider's
            (HTML from a proxy, say): then the status alone decides.
        quota: how many requests it allows.
        advice: what to do about a status, where the provider says nothing itself.
        probes: per scope, a call that succeeds or fails by that scope alone and that cannot change
            anything: what ``check()`` sends. Their paths may name path parameters in braces. None
            for a scope that cannot be found out.
        path_params: names of ids that are part of every path, such as ``("organizer",)``: given to
            a client once, as ``path_params={"organizer": "acme"}`` or in the environment
            (``…_ORGANIZER``), and filled into ``{organizer}`` of each route.
        wire: the names on the wire that no documentation states, by a key of ours; see
            :mod:`willcall.client.names`. Keys never change.
        wire_sent: those that are sent; if a refusal names what such a key stands for, the error
            says how to set it.
    """

    name: str
    base_url: str
    key_prefix: str
    key_env: str
    auth: Callable[[str], Mapping[str, str]]
    explain: Callable[[Reply], Problem]
    quota: Quota
    advice: Mapping[int, str] = attrs.field(factory=dict)
    probes: Mapping[str, Op[Any] | None] = attrs.field(factory=dict, repr=False)
    path_params: tuple[str, ...] = ()
    wire: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    wire_sent: tuple[str, ...] = ()

    @classmethod
    def without_api(cls, name: str) -> Provider:
        """A service that is not asked over HTTP and has no key, such as a folder on this
        machine."""
        return cls(name, "", "", "", lambda _: {}, lambda _: Problem(""), Quota(60, 60.0))

    @property
    def has_api(self) -> bool:
        """Whether it is asked over HTTP, with a key."""
        return bool(self.base_url)

    @property
    def base_url_env(self) -> str:
        """The environment variable that points clients at another address."""
        return self.env("base_url")

    def env(self, name: str) -> str:
        """The environment variable for a setting: ``…_BASE_URL``, ``…_ORGANIZER``."""
        return f"{self.key_env.removesuffix('_API_KEY')}_{name.upper()}"


@attrs.frozen
class Account:
    """A provider and a key to it: where requests go, what they carry, and how fast they may.

    ``pace`` None means that nothing is held back; ``share`` is the part of the quota to use;
    ``path_params`` are the values of :attr:`Provider.path_params`; ``wire`` is what the provider's
    inferred names are.
    """

    provider: Provider
    _key: Hidden = attrs.field(converter=hide)
    base_url: str
    pace: Pace | None = attrs.field(repr=False)
    share: float = 1.0
    path_params: Mapping[str, str] = attrs.field(factory=dict)
    wire: Mapping[str, str] = attrs.field(
        default=attrs.Factory(lambda self: self.provider.wire, takes_self=True), repr=False
    )

    @property
    def key(self) -> str:
        """The key itself."""
        return str(self._key.reveal())

    def __reduce__(self) -> Any:
        raise TypeError("an account holds a key, so it is neither pickled nor copied")


def open_account(
    provider: Provider,
    api_key: str | Hidden | None = None,
    base_url: str | Hidden | None = None,
    *,
    paced: bool = True,
    pace: Pace | Unset | None = UNSET,
    share: float = 1.0,
    path_params: Mapping[str, str] | None = None,
    wire: Mapping[str, str] | None = None,
) -> Account:
    """Check a key and a base URL, before anything can be sent to it.

    Args:
        provider: whose key it is.
        api_key: the key; else the provider's environment variable is read.
        base_url: another address for the same API; else the environment may name one.
        paced: False to hold nothing back.
        pace: what holds requests back; else a new pace of the account's own.
        share: the part of the provider's quota to use, above 0 and up to 1.
        path_params: the values of the provider's path parameters; those that are missing are read
            from the environment.
        wire: inferred names that the service calls otherwise; those that are missing are read from
            the environment (``WILLCALL_WIRE``).

    Raises:
        InputError: no key, a key of the wrong shape, a URL that would expose it, a share out of
            range, path parameters that are missing or unknown, or an unknown inferred name. The key
            itself is never part of the message.
    """
    key, address = hide(api_key), hide(base_url)
    # A tool that shows the variables of a function on the way of an error must not show these.
    del api_key, base_url
    if not provider.has_api:
        return Account(provider, "", "", None)
    if key.reveal() is None:
        key = hide(os.environ.get(provider.key_env, ""))
    refusal = _refusal(provider, key.reveal())
    if refusal is not None:
        raise refusal
    if not _is_share(share):
        raise InputError("share", f"{share!r} is out of range", "it is above 0 and up to 1")
    if isinstance(pace, Unset):
        pace = Pace(provider.quota)
    if pace is not None and not isinstance(pace, Pace):
        raise InputError("pace", f"expected a Pace, got {type(pace).__name__}")
    if not address.reveal():
        address = hide(os.environ.get(provider.base_url_env) or provider.base_url)
    url = safe_base_url(address)
    names = wire_names(provider.name, provider.wire, wire)
    params = _path_params(provider, mapping("path_params", path_params or {}))
    account = Account(provider, key, url, pace if paced else None, share, params, names)
    keep_secret(account.key, *_derived(provider, account.key))
    return account


def _refusal(provider: Provider, key: Any) -> InputError | None:
    """What is wrong with a key, without the key; None: nothing."""
    if not key:
        return InputError("api_key", "none was given", f"pass api_key=… or set {provider.key_env}")
    if not isinstance(key, str):
        return InputError("api_key", f"expected a text, got {type(key).__name__}")
    if not key.startswith(provider.key_prefix):
        return InputError(
            "api_key",
            f"this is not a {provider.name} key",
            f"its keys start with {provider.key_prefix}",
        )
    shortest = len(provider.key_prefix) + 1 if provider.key_prefix else 8
    # `isprintable` lets the space through and refuses every line end.
    if " " in key or not key.isascii() or not key.isprintable() or len(key) < shortest:
        return InputError(
            "api_key", "it is cut, or holds a space or line end", "copy it again, without them"
        )
    return None


def _path_params(provider: Provider, given: Mapping[str, Any]) -> dict[str, str]:
    """A value for each of the provider's path parameters."""
    for name in given:
        if name not in provider.path_params:
            known = ", ".join(provider.path_params) or "none"
            raise InputError(
                "path_params", f"{provider.name} has no {name!r}", f"it has these: {known}"
            )
    values = {}
    for name in provider.path_params:
        value = given.get(name) or os.environ.get(provider.env(name), "")
        if not value:
            raise InputError(
                name,
                "none was given",
                f"pass path_params={{{name!r}: …}} or set {provider.env(name)}",
            )
        segment(name, value)
        values[name] = value
    return values


def _derived(provider: Provider, key: str) -> list[str]:
    """What stands for the key in its headers without containing it, as in HTTP's basic login."""
    words = " ".join(provider.auth(key).values()).split()
    return [word for word in words if key not in word and len(word) >= 16]


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1


_shared: dict[str, tuple[Pace, float]] = {}
_shared_lock = ForkSafeLock()


def shared_pace(account: Account) -> Account:
    """The account with the pace that all clients of this process have for its key.

    Clients with the same key share a quota, even if the first was closed before the second was
    opened. The key is kept as a hash only.
    """
    secret = hashlib.sha256(account.key.encode()).hexdigest()[:32]
    name = f"{account.provider.name} {account.base_url} {secret}"
    moment = time.monotonic()
    with _shared_lock:
        for idle, (pace, opened) in list(_shared.items()):
            if opened + pace.quota.seconds < moment and pace.idle(moment):
                del _shared[idle]
        pace = _shared[name][0] if name in _shared else Pace(account.provider.quota)
        _shared[name] = pace, moment
    return attrs.evolve(account, pace=pace)
