"""One definition per endpoint; three faces from it, each with its exact types.

An endpoint is a method that builds an :class:`~willcall.client.engine.Op`. Which face its caller
sees depends on the flavour ``F`` of the collection it stands in:

==================  ==========================  ===========================
flavour             ``@endpoint`` returns       ``@listing`` returns
==================  ==========================  ===========================
:class:`Sync`       ``T``                       ``Pages[T]``
:class:`Async`      a coroutine of ``T``        ``AsyncPages[T]``
:class:`InFlow`     ``Flow[T]``                 ``FlowPages[T]``
==================  ==========================  ===========================
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

import attrs

from ..errors import InputError
from .engine import UNSET, Account, Op, Options, Provider, Unset, perform
from .flow import Flow, adrive, drive
from .http import AsyncConnections, Connections, safe_base_url
from .paging import AsyncPages, FlowPages, Page, Pages
from .quota import Pace
from .retry import Retry

T = TypeVar("T")
P = ParamSpec("P")


class Sync:
    """The flavour that blocks."""


class Async:
    """The flavour that is awaited."""


class InFlow:
    """The flavour that is used inside a flow: ``event = yield from api.events.get("gala")``."""


F = TypeVar("F", Sync, Async, InFlow)


@attrs.frozen
class Face:
    """What becomes of a flow and of a list in one flavour."""

    run: Callable[[Flow[Any]], Any] = attrs.field(repr=False)
    pages: Callable[[Callable[[Op[Any]], Any], Op[Any]], Any] = attrs.field(repr=False)


@attrs.frozen
class Session(Generic[F]):
    """An account, how to call it, and in which flavour."""

    account: Account
    options: Options
    face: Face = attrs.field(repr=False)

    def call(self, op: Op[Any]) -> Any:
        """Make a call, as the flavour makes it."""
        return self.face.run(perform(op, self.account, self.options))


class Collection(Generic[F]):
    """Endpoints that belong together, such as ``api.events``."""

    def __init__(self, session: Session[F]) -> None:
        self._session: Session[F] = session

    def __repr__(self) -> str:
        return f"<{self._session.account.provider.name} {type(self).__name__.lower()}>"


def _face_signature(build: Callable[..., Any], wrap: str) -> inspect.Signature:
    """The signature a caller sees: no self, and the answer in place of the Op that describes it."""
    signature = inspect.signature(build)
    inner = str(signature.return_annotation).removeprefix("Op[").removesuffix("]")
    inner = inner.removeprefix("Page[").removesuffix("]") if wrap else inner
    return signature.replace(
        parameters=list(signature.parameters.values())[1:],
        return_annotation=f"{wrap}[{inner}]" if wrap else inner,
    )


class _Definition(Generic[P, T]):
    """A method that builds an Op; bound once per collection, then found in its ``__dict__``."""

    def __init__(self, build: Callable[Concatenate[Any, P], Op[T]]) -> None:
        self.build = build
        self.name = build.__name__
        functools.update_wrapper(self, build)  # type: ignore[arg-type]

    def bind(self, obj: Any, finish: Callable[[Op[T]], Any], wrap: str = "") -> Any:
        build = self.build

        @functools.wraps(build)
        def bound(*args: P.args, **kwargs: P.kwargs) -> Any:
            return finish(build(obj, *args, **kwargs))

        bound.__signature__ = _face_signature(build, wrap)  # type: ignore[attr-defined]
        obj.__dict__[self.name] = bound
        return bound


class endpoint(_Definition[P, T]):  # noqa: N801 - a decorator
    """A call that answers with one value."""

    @overload
    def __get__(self, obj: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, obj: Collection[Sync], owner: type[Any]) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, obj: Collection[Async], owner: type[Any]
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, obj: Collection[InFlow], owner: type[Any]) -> Callable[P, Flow[T]]: ...
    def __get__(self, obj: Any, owner: type[Any]) -> Any:
        return self if obj is None else self.bind(obj, obj._session.call)


class listing(_Definition[P, Page[T]], Generic[P, T]):  # noqa: N801 - a decorator
    """A call that answers with a list, page by page."""

    @overload
    def __get__(self, obj: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, obj: Collection[Sync], owner: type[Any]) -> Callable[P, Pages[T]]: ...
    @overload
    def __get__(self, obj: Collection[Async], owner: type[Any]) -> Callable[P, AsyncPages[T]]: ...
    @overload
    def __get__(self, obj: Collection[InFlow], owner: type[Any]) -> Callable[P, FlowPages[T]]: ...
    def __get__(self, obj: Any, owner: type[Any]) -> Any:
        if obj is None:
            return self
        session = obj._session
        kind = session.face.pages
        return self.bind(obj, lambda op: kind(session.call, op), kind.__name__)


class _Client(Generic[F]):
    """What every client of every provider has; a provider adds its collections."""

    provider: Provider
    _session: Session[F]

    def with_options(
        self,
        *,
        timeout: float | Unset | None = UNSET,
        deadline: float | Unset | None = UNSET,
        tries: int | Unset = UNSET,
        headers: Mapping[str, str] | Unset = UNSET,
    ) -> Self:
        """The same client with other options; connections and pacing are shared.

        Args:
            timeout: seconds for each try; None for no bound.
            deadline: seconds for a whole call, waits included; None for no bound.
            tries: how often a call is tried at the most.
            headers: sent in addition.
        """
        options = self._session.options
        changes: dict[str, Any] = {"timeout": timeout, "deadline": deadline, "headers": headers}
        if not isinstance(tries, Unset):
            changes["retry"] = attrs.evolve(options.retry, tries=tries)
        changes = {name: value for name, value in changes.items() if value is not UNSET}
        twin = object.__new__(type(self))
        twin.__dict__.update(self._shared())
        twin._attach(attrs.evolve(self._session, options=attrs.evolve(options, **changes)))
        return twin

    def _shared(self) -> Mapping[str, Any]:
        return {}

    def _attach(self, session: Session[F]) -> None:
        self._session = session

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self._session.account.base_url}>"


def open_account(
    provider: Provider, api_key: str | None, base_url: str | None, *, paced: bool = True
) -> Account:
    """Check a key and a base URL, before anything can be sent to it.

    Raises:
        InputError: no key, a key of the wrong shape, or a URL that would expose it. The key itself
            is never part of the message.
    """
    key = api_key if api_key is not None else os.environ.get(provider.key_env, "")
    if not key:
        raise InputError("api_key", "none was given", f"pass api_key=… or set {provider.key_env}")
    if not key.startswith(provider.key_prefix) or not key.isascii() or not key.isprintable():
        raise InputError(
            "api_key",
            f"this is not a {provider.name} key",
            f"one starts with {provider.key_prefix} and has no spaces or line ends",
        )
    if " " in key:
        raise InputError("api_key", "it holds a space", "copy it again, without line ends")
    quota = provider.quota
    return Account(
        provider=provider,
        key=key,
        base_url=safe_base_url(base_url or provider.base_url),
        pace=Pace(quota if paced else attrs.evolve(quota, requests=1_000_000)),
    )


class SyncClient(_Client[Sync]):
    """A client that blocks. Safe to share between threads; use it as a context manager.

    Args:
        api_key: the key; else the provider's environment variable is read.
        base_url: another address for the same API, such as a sandbox's.
        timeout: seconds for each try (10 by default); None for no bound.
        deadline: seconds for a whole call, waits included (no bound by default).
        tries: how often a call is tried at the most (3 by default).
        http_client: an ``httpx.Client`` of yours to send with; it stays yours to close.

    Raises:
        InputError: a key of the wrong shape, or a base URL that would expose it.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = 10.0,
        deadline: float | None = None,
        tries: int = 3,
        http_client: Any = None,
    ) -> None:
        account = open_account(self.provider, api_key, base_url)
        self._connections = Connections(http_client)
        connections = self._connections
        face = Face(lambda flow: drive(flow, connections), Pages)
        options = Options(timeout, deadline, Retry(tries=tries))
        self._attach(Session(account, options, face))

    def _shared(self) -> Mapping[str, Any]:
        return {"_connections": self._connections}

    def close(self) -> None:
        """Close its connections."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_Client[Async]):
    """A client that is awaited; it belongs to the event loop it is first used in.

    Args:
        api_key: the key; else the provider's environment variable is read.
        base_url: another address for the same API, such as a sandbox's.
        timeout: seconds for each try (10 by default); None for no bound.
        deadline: seconds for a whole call, waits included (no bound by default).
        tries: how often a call is tried at the most (3 by default).
        http_client: an ``httpx.AsyncClient`` of yours to send with; it stays yours to close.

    Raises:
        InputError: a key of the wrong shape, or a base URL that would expose it.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = 10.0,
        deadline: float | None = None,
        tries: int = 3,
        http_client: Any = None,
    ) -> None:
        account = open_account(self.provider, api_key, base_url)
        self._connections = AsyncConnections(http_client)
        connections = self._connections
        face = Face(lambda flow: adrive(flow, connections), AsyncPages)
        options = Options(timeout, deadline, Retry(tries=tries))
        self._attach(Session(account, options, face))

    def _shared(self) -> Mapping[str, Any]:
        return {"_connections": self._connections}

    async def aclose(self) -> None:
        """Close its connections."""
        await self._connections.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class FlowClient(_Client[InFlow]):
    """A client for use inside flows: it sends nothing itself, whoever drives the flow does.

    Args:
        account: from :func:`open_account`.
        options: how calls are made.
    """

    def __init__(self, account: Account, options: Options | None = None) -> None:
        self._attach(Session(account, options or Options(), Face(lambda flow: flow, FlowPages)))
