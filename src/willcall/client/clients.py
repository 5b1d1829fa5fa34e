"""What the clients of all providers share: options, access and connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any, ClassVar, Generic, Self, TypedDict

import attrs

from ..errors import InputError
from .check import Access, check
from .endpoint import (
    IN_FLOW,
    Async,
    Collection,
    F,
    Face,
    InFlow,
    Session,
    Sync,
    Unopened,
    awaited_value_of,
    coroutine_function,
    value_of,
)
from .flow import Flow, adrive, drive
from .http import AsyncConnections, Connections
from .op import UNSET, Unset
from .options import Hooks, Options
from .paging import AsyncPages, Pages
from .provider import Account, Provider, open_account, shared_pace
from .quota import Pace
from .redact import Hidden, hide
from .retry import Retry

__all__ = ["AsyncClient", "ClientOptions", "Clients", "FlowClient", "SyncClient", "open_account"]


class ClientOptions(TypedDict, total=False):
    """The keyword arguments of every client, besides its key; see :class:`SyncClient`."""

    base_url: str | None
    timeout: float | None
    connect_timeout: float | None
    deadline: float | None
    tries: int
    headers: Mapping[str, str] | None
    settle: float
    hooks: Hooks | None
    share: float
    pace: Pace | Unset | None
    http_client: Any
    path_params: Mapping[str, str] | None
    wire: Mapping[str, str] | None


class _Client(Generic[F]):
    """What the clients of all providers share; a provider adds its collections."""

    provider: ClassVar[Provider]
    _session: Session[F]

    def with_options(
        self,
        *,
        timeout: float | Unset | None = UNSET,
        connect_timeout: float | Unset | None = UNSET,
        deadline: float | Unset | None = UNSET,
        tries: int | Unset = UNSET,
        headers: Mapping[str, str] | Unset = UNSET,
        settle: float | Unset = UNSET,
        hooks: Hooks | Unset = UNSET,
    ) -> Self:
        """The same client with other options; connections and pacing are shared.

        It costs next to nothing, so it serves for a single call:
        ``api.with_options(timeout=2).events.get("gala")``. What is not given stays as it is.

        Args:
            timeout: seconds for each try; None for no bound.
            connect_timeout: seconds of it for connecting; None: all of it.
            deadline: seconds for a whole call, waits included; None for no bound.
            tries: how often a call is tried at the most.
            headers: sent in addition; they replace earlier ones.
            settle: seconds before a check-first write concludes "it is not there".
            hooks: your functions that watch calls; they replace earlier ones.

        Raises:
            InputError: a value that makes no sense.
        """
        options = self._session.options
        changes: dict[str, Any] = {
            "timeout": timeout,
            "connect_timeout": connect_timeout,
            "deadline": deadline,
            "headers": headers,
            "settle": settle,
            "hooks": hooks,
        }
        if not isinstance(tries, Unset):
            changes["retry"] = attrs.evolve(options.retry, tries=tries)
        changes = {name: value for name, value in changes.items() if value is not UNSET}
        other = object.__new__(type(self))
        other.__dict__.update(self._shared())
        other._attach(attrs.evolve(self._session, options=attrs.evolve(options, **changes)))
        return other

    @classmethod
    def _unopened(cls) -> Unopened:
        """What collections of the class itself are made of."""
        nobody = Account(cls.provider, "", cls.provider.base_url, None)
        return Unopened(Session(nobody, Options(), cls._face_of(_not_open)))

    @staticmethod
    def _face_of(run: Callable[[Flow[Any]], Any]) -> Face:
        """The face of this flavour, with what drives its flows."""
        raise NotImplementedError

    @property
    def collections(self) -> Mapping[str, Collection[F]]:
        """The collections by name, such as ``{"events": …}``, for code that serves any provider."""
        found = {name: getattr(self, name) for name in dir(type(self)) if name != "collections"}
        return {name: it for name, it in found.items() if isinstance(it, Collection)}

    def _shared(self) -> Mapping[str, Any]:
        return {}

    def _attach(self, session: Session[F]) -> None:
        self._session = session

    def __repr__(self) -> str:
        session = getattr(self, "_session", None)  # a constructor that refuses has made none yet
        where = ", not opened" if session is None else f" at {session.account.base_url}"
        return f"<{type(self).__name__}{where}>"


def _not_open(_: Flow[Any]) -> Any:
    raise InputError("client", "it is a class, not a client", "make one, such as TicketSmart()")


def _opened(
    provider: Provider,
    api_key: Hidden,
    base_url: Hidden,
    share: float,
    pace: Pace | Unset | None,
    path_params: Mapping[str, str] | None,
    wire: Mapping[str, str] | None,
) -> Account:
    account = open_account(
        provider, api_key, base_url, pace=pace, share=share, path_params=path_params, wire=wire
    )
    return shared_pace(account) if isinstance(pace, Unset) else account


def _suits(http_client: Any, kind: str) -> Any:
    """An ``httpx.Client`` for a client that blocks, an ``httpx.AsyncClient`` for one that is
    awaited.

    Raises:
        InputError: it is neither, the other one, or closed.
    """
    if http_client is None:
        return None
    send = getattr(http_client, "send", None)
    if not callable(send) or iscoroutinefunction(send) != (kind == "AsyncClient"):
        raise InputError(
            "http_client", f"expected an httpx.{kind}, got {type(http_client).__name__}"
        )
    if getattr(http_client, "is_closed", False):
        raise InputError("http_client", "it is closed", "open a new one")
    return http_client


def _hooks_that_block(hooks: Hooks) -> None:
    """Refuse a hook that would have to be awaited.

    Raises:
        InputError: there is one.
    """
    for field in attrs.fields(Hooks):
        hook = getattr(hooks, field.name)
        if iscoroutinefunction(hook):
            raise InputError(
                f"hooks.{field.name}",
                "it is a coroutine function, and this client blocks",
                "use def, without async",
            )


_ARGUMENTS = """
Args:
    api_key: the key; else the provider's environment variable is read.
    base_url: another address for the same API, such as a sandbox's.
    timeout: seconds for each try (10 by default); None for no bound.
    connect_timeout: seconds of it for connecting (all of it by default).
    deadline: seconds for a whole call, waits included (no bound by default).
    tries: how often a call is tried at the most (3 by default).
    headers: sent in addition to the client's own.
    settle: for check-first writes (``once=…``): seconds that must pass after a lost answer
        before it concludes "it is not there" (30 by default).
    hooks: your functions that watch calls.
    share: the part of the provider's quota to use, above 0 and up to 1, if others use it too.
        All clients of this process with the same key share a quota.
    pace: your own pace instead, such as a pace with a store that other processes share, or
        with higher limits; None to hold nothing back.
    http_client: your ``httpx.{kind}`` to send with; you close it. Without it, proxies are
        taken from the environment as httpx does.
    path_params: ids that are part of every path, where the provider has them, such as
        ``{{"organizer": "acme"}}``; else the environment is read.
    wire: names on the wire that no documentation states, where the service uses others, such as
        ``{{"remove_ticket_type": "removeTicketType"}}``; else the environment (``WILLCALL_WIRE``)
        is read.

Raises:
    InputError: a key of the wrong shape, a base URL that would expose it, an option that makes no
        sense, path parameters that are missing or unknown, or an unknown name of the wire.
"""


class SyncClient(_Client[Sync]):
    __doc__ = (
        "A client that blocks. Safe to share between threads; use it as a context manager.\n\n"
        "After a fork the child opens connections of its own.\n" + _ARGUMENTS.format(kind="Client")
    )

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = 10.0,
        connect_timeout: float | None = None,
        deadline: float | None = None,
        tries: int = 3,
        headers: Mapping[str, str] | None = None,
        settle: float = 30.0,
        hooks: Hooks | None = None,
        share: float = 1.0,
        pace: Pace | Unset | None = UNSET,
        http_client: Any = None,
        path_params: Mapping[str, str] | None = None,
        wire: Mapping[str, str] | None = None,
    ) -> None:
        key, address = hide(api_key), hide(base_url)
        del api_key, base_url  # a tool that shows variables on the way of an error shows none
        account = _opened(self.provider, key, address, share, pace, path_params, wire)
        options = Options(
            timeout,
            deadline,
            Retry(tries=tries),
            headers or {},
            settle,
            hooks or Hooks(),
            connect_timeout,
        )
        self._connections = Connections(_suits(http_client, "Client"))
        connections = self._connections
        self._attach(
            Session(account, options, self._face_of(lambda flow: drive(flow, connections)))
        )

    @staticmethod
    def _face_of(run: Callable[[Flow[Any]], Any]) -> Face:
        return Face(run, value_of, Pages)

    def _attach(self, session: Session[Sync]) -> None:
        _hooks_that_block(session.options.hooks)
        super()._attach(session)

    def check(self) -> Access:
        """Find out, without writing, which scopes the key has: :func:`willcall.client.check.check`.

        Raises:
            AuthenticationError: the key is not accepted.
        """
        session = self._session
        access: Access = session.face.run(check(session.account, session.options))
        return access

    def _shared(self) -> Mapping[str, Any]:
        return {"_connections": self._connections}

    def close(self) -> None:
        """Close its connections, which clients made by ``with_options`` share."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_Client[Async]):
    __doc__ = (
        "A client that is awaited; it belongs to the event loop it is first used in.\n"
        + _ARGUMENTS.format(kind="AsyncClient")
    )

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = 10.0,
        connect_timeout: float | None = None,
        deadline: float | None = None,
        tries: int = 3,
        headers: Mapping[str, str] | None = None,
        settle: float = 30.0,
        hooks: Hooks | None = None,
        share: float = 1.0,
        pace: Pace | Unset | None = UNSET,
        http_client: Any = None,
        path_params: Mapping[str, str] | None = None,
        wire: Mapping[str, str] | None = None,
    ) -> None:
        key, address = hide(api_key), hide(base_url)
        del api_key, base_url  # a tool that shows variables on the way of an error shows none
        account = _opened(self.provider, key, address, share, pace, path_params, wire)
        options = Options(
            timeout,
            deadline,
            Retry(tries=tries),
            headers or {},
            settle,
            hooks or Hooks(),
            connect_timeout,
        )
        self._connections = AsyncConnections(_suits(http_client, "AsyncClient"))
        connections = self._connections
        self._attach(
            Session(account, options, self._face_of(lambda flow: adrive(flow, connections)))
        )

    @staticmethod
    def _face_of(run: Callable[[Flow[Any]], Any]) -> Face:
        return Face(run, awaited_value_of, AsyncPages, coroutine_function)

    async def check(self) -> Access:
        """Find out, without writing, which scopes the key has: :func:`willcall.client.check.check`.

        Raises:
            AuthenticationError: the key is not accepted.
        """
        session = self._session
        access: Access = await session.face.run(check(session.account, session.options))
        return access

    def _shared(self) -> Mapping[str, Any]:
        return {"_connections": self._connections}

    async def aclose(self) -> None:
        """Close its connections, which clients made by ``with_options`` share."""
        await self._connections.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class FlowClient(_Client[InFlow]):
    """A client for use inside flows. It sends nothing itself; the driver of the flow does.

    Args:
        account: from :func:`open_account`.
        options: how calls are made.
    """

    def __init__(self, account: Account, options: Options | None = None) -> None:
        self._attach(Session(account, options or Options(), IN_FLOW))

    @staticmethod
    def _face_of(run: Callable[[Flow[Any]], Any]) -> Face:  # noqa: ARG004 - the driver of the flow runs it
        return IN_FLOW

    def check(self) -> Flow[Access]:
        """Find out, without writing, which scopes the key has: :func:`willcall.client.check.check`.

        Raises:
            AuthenticationError: the key is not accepted.
        """
        return check(self._session.account, self._session.options)


@attrs.frozen
class Clients:
    """The clients of one provider: what an entry point names."""

    sync: type[SyncClient]
    awaited: type[AsyncClient]
    in_flow: type[FlowClient]

    @property
    def provider(self) -> Provider:
        """The provider they are for."""
        return self.sync.provider
