"""One definition per endpoint; three faces from it, each with its exact types.

An endpoint is a method that builds an :class:`~willcall.client.op.Op`. Which face its caller
sees depends on the flavour ``F`` of the collection it stands in:

==================  ==========================  ===========================
flavour             ``@endpoint`` returns       ``@listing`` returns
==================  ==========================  ===========================
:class:`Sync`       ``T``                       ``Pages[T]``
:class:`Async`      a coroutine of ``T``        ``AsyncPages[T]``
:class:`InFlow`     ``Flow[T]``                 ``FlowPages[T]``
==================  ==========================  ===========================

Every endpoint also has ``.raw(…)``, which gives an :class:`~willcall.client.engine.Answer`: the
typed value and the raw reply side by side. ``api.events.get.raw("gala").reply.headers``. And
``.op(…)``, in every flavour alike, gives the call as a value, before anything is sent.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import (
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    overload,
)

import attrs

from .engine import Answer
from .flow import Flow
from .once import carry_out
from .op import Op, Page
from .options import Options
from .paging import AsyncPages, FlowPages, Pages
from .provider import Account

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")


class Sync:
    """The flavour that blocks."""


class Async:
    """The flavour that is awaited."""


class InFlow:
    """The flavour that is used inside a flow: ``event = yield from api.events.get("gala")``."""


F = TypeVar("F", Sync, Async, InFlow)


class Call(Protocol[P, T_co]):
    """An endpoint of a client that blocks."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co: ...

    def raw(self, *args: P.args, **kwargs: P.kwargs) -> Answer[T_co]:
        """The same call, with the raw reply beside the value."""

    def op(self, *args: P.args, **kwargs: P.kwargs) -> Op[Any]:
        """What the call would send; nothing is sent."""


class AsyncCall(Protocol[P, T_co]):
    """An endpoint of a client that is awaited."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T_co]: ...

    def raw(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, Answer[T_co]]:
        """The same call, with the raw reply beside the value."""

    def op(self, *args: P.args, **kwargs: P.kwargs) -> Op[Any]:
        """What the call would send; nothing is sent."""


class FlowCall(Protocol[P, T_co]):
    """An endpoint for use inside flows."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Flow[T_co]: ...

    def raw(self, *args: P.args, **kwargs: P.kwargs) -> Flow[Answer[T_co]]:
        """The same call, with the raw reply beside the value."""

    def op(self, *args: P.args, **kwargs: P.kwargs) -> Op[Any]:
        """What the call would send; nothing is sent."""


@attrs.frozen
class Face:
    """What becomes of a flow and of a list in one flavour.

    ``run`` drives a flow, ``then`` takes the value out of an answer, ``pages`` reads a list, and
    ``define`` makes the function a caller sees, which is a coroutine function where it is awaited.
    """

    run: Callable[[Flow[Any]], Any]
    then: Callable[[Any], Any]
    pages: Callable[[Callable[[Op[Any]], Any], Op[Any]], Any]
    define: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda call: call


def value_of(answer: Answer[T]) -> T:
    """The value, when the call blocked."""
    return answer.value


async def awaited_value_of(answer: Coroutine[Any, Any, Answer[T]]) -> T:
    """The value, when the call is awaited."""
    return (await answer).value


def flow_value_of(answer: Flow[Answer[T]]) -> Flow[T]:
    """The value, when the call is part of a flow."""
    return (yield from answer).value


def coroutine_function(call: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., Any]:
    """A function that returns a coroutine, as one that everybody can see is one."""

    async def function(*args: Any, **kwargs: Any) -> T:
        return await call(*args, **kwargs)

    return function


@attrs.frozen
class Session(Generic[F]):
    """An account, how to call it, and in which flavour."""

    account: Account
    options: Options
    face: Face = attrs.field(repr=False)

    def answer(self, op: Op[Any]) -> Any:
        """Make a call, as the flavour makes it, and give the value beside the raw reply."""
        return self.face.run(carry_out(op, self.account, self.options))

    def call(self, op: Op[Any]) -> Any:
        """Make a call, as the flavour makes it."""
        return self.face.then(self.answer(op))


class Collection(Generic[F]):
    """Endpoints that belong together, such as ``api.events``."""

    def __init__(self, session: Session[F]) -> None:
        self._session: Session[F] = session

    def __repr__(self) -> str:
        return f"<{self._session.account.provider.name} {type(self).__name__.lower()}>"


@functools.cache
def _signature(build: Callable[..., Any], wrap: str, *, bound: bool) -> inspect.Signature:
    """The signature a caller sees: the answer in place of the Op that describes it."""
    signature = inspect.signature(build)
    inner = str(signature.return_annotation).removeprefix("Op[").removesuffix("]")
    if inner.startswith("Page["):
        inner = inner.removeprefix("Page[").removesuffix("]")
    return signature.replace(
        parameters=list(signature.parameters.values())[int(bound) :],
        return_annotation=f"{wrap}[{inner}]" if wrap else inner,
    )


class _Definition(Generic[P, T]):
    """A method that builds an Op; bound once per collection, then found in its ``__dict__``."""

    wrap = ""

    def __init__(self, build: Callable[Concatenate[Any, P], Op[T]]) -> None:
        self.build = build
        self.name = build.__name__
        functools.update_wrapper(self, build)
        self.__signature__ = _signature(build, self.wrap, bound=False)

    def __call__(self, obj: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
        """As any method can be called on its class, with the collection first."""
        return getattr(obj, self.name)(*args, **kwargs)

    def named(self, call: Callable[..., Any], wrap: str) -> Any:
        """The function, with the name, the words and the signature of its definition."""
        functools.update_wrapper(call, self.build)
        call.__signature__ = _signature(self.build, wrap, bound=True)  # type: ignore[attr-defined]
        return call


class endpoint(_Definition[P, T]):  # noqa: N801 - a decorator
    """A call that answers with one value."""

    @overload
    def __get__(self, obj: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, obj: Collection[Sync], owner: type[Any]) -> Call[P, T]: ...
    @overload
    def __get__(self, obj: Collection[Async], owner: type[Any]) -> AsyncCall[P, T]: ...
    @overload
    def __get__(self, obj: Collection[InFlow], owner: type[Any]) -> FlowCall[P, T]: ...
    def __get__(self, obj: Any, owner: type[Any]) -> Any:
        if obj is None:
            return self
        build, session = self.build, obj._session
        define = session.face.define
        call = define(lambda *args, **kwargs: session.call(build(obj, *args, **kwargs)))
        raw = define(lambda *args, **kwargs: session.answer(build(obj, *args, **kwargs)))
        bound = self.named(call, "")
        bound.raw = self.named(raw, "Answer")
        bound.op = self.named(lambda *args, **kwargs: build(obj, *args, **kwargs), "Op")
        obj.__dict__[self.name] = bound
        return bound


class listing(_Definition[P, Page[T]], Generic[P, T]):  # noqa: N801 - a decorator
    """A call that answers with a list, page by page."""

    wrap = "Pages"

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
        build, session = self.build, obj._session
        kind = session.face.pages
        bound = self.named(
            lambda *args, **kwargs: kind(session.call, build(obj, *args, **kwargs)), kind.__name__
        )
        obj.__dict__[self.name] = bound
        return bound
