"""One definition per endpoint; three faces from it, each with its exact types.

An endpoint is a method that builds an :class:`~willcall.client.op.Op`. A procedure is a method that
is a flow: it makes several calls. What their callers see depends on the flavour ``F`` of the
collection:

================  =====================  ====================  =======================
flavour           ``@endpoint`` gives    ``@listing`` gives    ``@procedure`` gives
================  =====================  ====================  =======================
:class:`Sync`     ``T``                  ``Pages[T]``          ``T``
:class:`Async`    a coroutine of ``T``   ``AsyncPages[T]``     a coroutine of ``T``
:class:`InFlow`   ``Flow[T]``            ``FlowPages[T]``      ``Flow[T]``
================  =====================  ====================  =======================

Endpoints and lists also have ``.raw(…)``, which gives an :class:`~willcall.client.engine.Answer`:
the typed value beside the raw reply, as in ``api.events.get.raw("gala").reply.headers``. Of a list
it gives the first page. ``.op(…)``, alike in every flavour, gives the call as a value; nothing is
sent. A procedure has neither, since what it sends depends on what it was answered.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    get_args,
    overload,
)

import attrs

from ..errors import Reply
from .engine import Answer
from .flow import Flow
from .once import carry_out, deadline
from .op import Op, Page, path_of
from .options import Options
from .paging import AsyncPages, FlowPages, Pages
from .provider import Account

__all__ = [
    "IN_FLOW",
    "Async",
    "AsyncCall",
    "AsyncListCall",
    "Call",
    "Collection",
    "F",
    "Face",
    "FlowCall",
    "FlowListCall",
    "InFlow",
    "ListCall",
    "Session",
    "Sync",
    "Unopened",
    "awaited_value_of",
    "collection",
    "coroutine_function",
    "endpoint",
    "flow_value_of",
    "listing",
    "procedure",
    "value_of",
]

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


class ListCall(Protocol[P, T]):
    """A list of a client that blocks."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Pages[T]: ...

    def raw(self, *args: P.args, **kwargs: P.kwargs) -> Answer[Page[T]]:
        """The first page, with the raw reply beside it."""

    def op(self, *args: P.args, **kwargs: P.kwargs) -> Op[Page[T]]:
        """The call for the first page; nothing is sent."""


class AsyncListCall(Protocol[P, T]):
    """A list of a client that is awaited."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[T]: ...

    def raw(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, Answer[Page[T]]]:
        """The first page, with the raw reply beside it."""

    def op(self, *args: P.args, **kwargs: P.kwargs) -> Op[Page[T]]:
        """The call for the first page; nothing is sent."""


class FlowListCall(Protocol[P, T]):
    """A list for use inside flows."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> FlowPages[T]: ...

    def raw(self, *args: P.args, **kwargs: P.kwargs) -> Flow[Answer[Page[T]]]:
        """The first page, with the raw reply beside it."""

    def op(self, *args: P.args, **kwargs: P.kwargs) -> Op[Page[T]]:
        """The call for the first page; nothing is sent."""


@attrs.frozen
class Face:
    """What a flavour makes of a flow and of a list.

    ``run`` drives a flow, ``then`` takes the value out of an answer, ``pages`` reads a list, and
    ``define`` makes the function that callers see: a coroutine function if it is awaited.
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
    """A function that returns a coroutine, as a coroutine function, which tools recognize."""

    async def function(*args: Any, **kwargs: Any) -> T:
        return await call(*args, **kwargs)

    return function


IN_FLOW = Face(lambda flow: flow, flow_value_of, FlowPages)


@attrs.frozen
class Session(Generic[F]):
    """An account, how to call it, and in which flavour.

    ``ends`` is the tick at which its calls must have ended, where they are part of a procedure.
    """

    account: Account
    options: Options
    face: Face = attrs.field(repr=False)
    ends: float | None = None

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.account.provider.name

    def answer(self, op: Op[Any]) -> Any:
        """Make a call, as the flavour makes it, and give the value beside the raw reply."""
        return self.face.run(carry_out(op, self.account, self.options, self.ends))

    def call(self, op: Op[Any]) -> Any:
        """Make a call, as the flavour makes it."""
        return self.face.then(self.answer(op))

    def within_deadline(self) -> Flow[Session[InFlow]]:
        """The same session for the calls of a procedure, which share one deadline."""
        ends = (yield from deadline(self.options)) if self.ends is None else self.ends
        return Session(self.account, self.options, IN_FLOW, ends)


class Collection(Generic[F]):
    """Endpoints that belong together, such as ``api.events``."""

    def __init__(self, session: Session[F]) -> None:
        self._session: Session[F] = session

    def __repr__(self) -> str:
        return f"<{self._session.name} {type(self).__name__.lower()}>"

    def _op(
        self,
        method: str,
        route: str,
        decode: Callable[[Reply], T],
        ids: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Op[T]:
        """A call by its route, such as ``"/organizers/{organizer}/events/{event}"``.

        Args:
            method: of HTTP.
            route: the path, with names in braces: those of ``ids``, and the client's
                :attr:`~willcall.client.provider.Account.path_params`.
            decode: reads the answer from a reply.
            ids: the ids that are filled in; errors repeat them as what the call was about.
            **more: the other fields of :class:`~willcall.client.op.Op`.

        Raises:
            InputError: an id is missing, or is neither a text nor a whole number.
        """
        values = ids or {}
        path = path_of(route, {**self._session.account.path_params, **values})
        about = {name: str(value) for name, value in values.items()}
        return Op(method, path, decode, route=route, about=about, **more)


if TYPE_CHECKING:
    # Type checkers know what a property is, also where a Protocol is to be met.
    from builtins import property as collection
else:

    class collection(functools.cached_property):  # noqa: N801 - a decorator
        """Endpoints that belong together, as an attribute of a client: ``api.events``.

        It is made once per client. On the class it is a collection that shows what its calls take,
        so that tools such as ``create_autospec`` see them; they cannot be made.
        """

        def __get__(self, instance, owner=None):
            if instance is None:
                return self.func(owner._unopened())
            return super().__get__(instance, owner)


@attrs.frozen
class Unopened:
    """What a collection sees of a client that is only a class."""

    _session: Session[Any]


_WRAPS: Mapping[str, Any] = {
    "Answer": Answer,
    "AsyncPages": AsyncPages,
    "FlowPages": FlowPages,
    "Op": Op,
    "Pages": Pages,
}


def _answer(build: Callable[..., Any], wrap: str) -> Any:
    """What a call answers with: what the Op or the flow that describes it is of. A text, unless the
    module of the endpoint evaluates its annotations."""
    returned = build.__annotations__["return"]
    paged = wrap.endswith("Pages")
    if isinstance(returned, str):
        inner = re.sub(r"^(?:Op|Flow)\[(.*)\]$", r"\1", returned)
        return inner.removeprefix("Page[").removesuffix("]") if paged else inner
    inner = get_args(returned)[-1]
    return get_args(inner)[0] if paged else inner


@functools.cache
def _signature(build: Callable[..., Any], wrap: str, *, bound: bool) -> inspect.Signature:
    """The signature that callers see: the answer in place of the Op that describes it."""
    signature, inner = inspect.signature(build), _answer(build, wrap)
    hint = _hints(build, wrap)["return"]
    return signature.replace(
        parameters=list(signature.parameters.values())[int(bound) :],
        return_annotation=f"{wrap}[{inner}]" if wrap and isinstance(inner, str) else hint,
    )


@functools.cache
def _hints(build: Callable[..., Any], wrap: str) -> dict[str, Any]:
    """The annotations that callers see; names in them are those of the module of the endpoint."""
    inner = _answer(build, wrap)
    return {**build.__annotations__, "return": _WRAPS[wrap][inner] if wrap else inner}


class _Definition(Generic[P, T]):
    """A method of a collection; bound once per collection, then found in its ``__dict__``."""

    wrap = ""

    def __init__(self, build: Callable[Concatenate[Any, P], T]) -> None:
        self.build = build
        self.name = build.__name__
        functools.update_wrapper(self, build)
        self.__signature__ = _signature(build, self.wrap, bound=False)
        self.__annotations__ = _hints(build, self.wrap)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """Called on the class, with the collection as the first argument, like any method.

        Its type is that of the bound call: pyright compares it with a member of a Protocol, where
        it should ask ``__get__``.
        """
        obj, *rest = args
        return getattr(obj, self.name)(*rest, **kwargs)

    def named(self, call: Callable[..., Any], wrap: str) -> Any:
        """The function, with the name, the words and the signature of its definition."""
        functools.update_wrapper(call, self.build)
        call.__signature__ = _signature(self.build, wrap, bound=True)  # type: ignore[attr-defined]
        call.__annotations__ = _hints(self.build, wrap)
        return call


def _with_raw_and_op(definition: _Definition[Any, Any], bound: Any, obj: Any) -> Any:
    """The bound call with what every Op gives: its raw reply, and itself."""
    build, session = definition.build, obj._session
    raw = session.face.define(lambda *args, **kwargs: session.answer(build(obj, *args, **kwargs)))
    bound.raw = definition.named(raw, "Answer")
    bound.op = definition.named(lambda *args, **kwargs: build(obj, *args, **kwargs), "Op")
    obj.__dict__[definition.name] = bound
    return bound


class endpoint(_Definition[P, Op[T]], Generic[P, T]):  # noqa: N801 - a decorator
    """A call that answers with one value: a method that returns its Op."""

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
        call = session.face.define(
            lambda *args, **kwargs: session.call(build(obj, *args, **kwargs))
        )
        return _with_raw_and_op(self, self.named(call, ""), obj)


class listing(_Definition[P, Op[Page[T]]], Generic[P, T]):  # noqa: N801 - a decorator
    """A call that answers with a list, page by page: a method that returns the Op of a page."""

    wrap = "Pages"

    @overload
    def __get__(self, obj: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, obj: Collection[Sync], owner: type[Any]) -> ListCall[P, T]: ...
    @overload
    def __get__(self, obj: Collection[Async], owner: type[Any]) -> AsyncListCall[P, T]: ...
    @overload
    def __get__(self, obj: Collection[InFlow], owner: type[Any]) -> FlowListCall[P, T]: ...
    def __get__(self, obj: Any, owner: type[Any]) -> Any:
        if obj is None:
            return self
        build, session = self.build, obj._session
        kind = session.face.pages
        bound = self.named(
            lambda *args, **kwargs: kind(session.call, build(obj, *args, **kwargs)), kind.__name__
        )
        return _with_raw_and_op(self, bound, obj)


class procedure(_Definition[P, Flow[T]], Generic[P, T]):  # noqa: N801 - a decorator
    """A call that is made of several: a method that is a flow.

    Its ``self`` is the collection for use inside flows, whatever its caller uses::

        @procedure
        def sold_out(self: Events[InFlow], event: str) -> Flow[bool]:
            quotas = yield from self.quotas(event).all()
            return all(quota.available == 0 for quota in quotas)

    Each of its calls is retried by itself, and ``deadline`` bounds them all together. What an
    earlier call has done stays done when a later one fails.
    """

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
        if obj is None:
            return self
        build, session = self.build, obj._session

        def steps(*args: Any, **kwargs: Any) -> Flow[Any]:
            inner = type(obj)((yield from session.within_deadline()))
            return (yield from build(inner, *args, **kwargs))

        face = session.face
        call = face.define(lambda *args, **kwargs: face.run(steps(*args, **kwargs)))
        bound = obj.__dict__[self.name] = self.named(call, "")
        return bound
