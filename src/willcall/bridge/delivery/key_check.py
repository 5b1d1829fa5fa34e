"""Whether the desk still accepts the key, on days on which nothing is delivered. A flow.

Without this, a revoked key would show only when something is to be delivered, which may be too
late. So after a day without any request to the desk, one request tries the key. The result is kept
in the ledger under the account's name, beside the quota, where every process finds it. A refusal
stands until a delivery succeeds, or until the desk accepts the key when it is asked again ten
minutes later. A desk that cannot be reached says nothing about the key, and is asked again after
ten minutes, too. A new key has a new name, and is tried at once.
"""

from __future__ import annotations

import json

import attrs

from ...client.flow import Flow, do, now, tick
from ...errors import ApiError, AuthenticationError, PermissionDeniedError
from .deliver import Deliveries
from .job import Job

_DAY = 86_400.0
_SOON = 600.0
"""Seconds after which the desk is asked again if it refused the key or could not be reached."""
_STALE = _DAY / 2
"""Seconds after which it is written down again that a delivery has shown the key to be good."""
_PATIENCE = 10.0

Refusal = AuthenticationError | PermissionDeniedError
_KEPT = ("message", "provider", "request", "status", "code", "hint")


@attrs.frozen
class KeyState:
    """What was last seen of a key: when (Unix time), and how it was refused, if it was."""

    at: float
    refusal: Refusal | None = None

    @classmethod
    def load(cls, text: str | None) -> KeyState | None:
        """What the ledger keeps; None if that is nothing, or nonsense."""
        try:
            values = json.loads(text or "")
            refusal: Refusal | None = None
            if (kept := values["refusal"]) is not None:
                kind = PermissionDeniedError if values["denied"] else AuthenticationError
                refusal = kind(kept.pop("message"), **kept)
            return cls(float(values["at"]), refusal)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    def text(self) -> str:
        """For the ledger."""
        refusal = self.refusal
        kept = None if refusal is None else {name: getattr(refusal, name) for name in _KEPT}
        denied = isinstance(refusal, PermissionDeniedError)
        return json.dumps({"at": self.at, "denied": denied, "refusal": kept})

    def holds(self, moment: float) -> bool:
        """Whether it is too early to ask again."""
        return 0.0 <= moment - self.at < (_DAY if self.refusal is None else _SOON)


def with_key_checked(job: Job, deliveries: Deliveries, sent: int, ends: float) -> Flow[Deliveries]:
    """What came of delivering; a key that is refused counts as what has stopped it.

    Args:
        job: the pass's.
        deliveries: what has come of it so far.
        sent: how many requests it took.
        ends: the tick after which nothing more is asked.
    """
    if not job.desk_key or deliveries.stopped is not None or job.stopping():
        return deliveries
    refusal = yield from (_accepted(job) if sent else _asked_daily(job, ends))
    return deliveries if refusal is None else attrs.evolve(deliveries, stopped=refusal)


def _accepted(job: Job) -> Flow[None]:
    """The desk has answered in this pass, and did not refuse the key."""
    moment = (yield from now()).timestamp()
    state = yield from _state(job)
    if state is None or state.refusal is not None or not 0.0 <= moment - state.at < _STALE:
        yield from _keep(job, KeyState(moment))


def _asked_daily(job: Job, ends: float) -> Flow[Refusal | None]:
    moment = (yield from now()).timestamp()
    state = yield from _state(job)
    known = None if state is None else state.refusal
    left = ends - (yield from tick())
    if (state is not None and state.holds(moment)) or left <= 0:
        return known
    if not (yield from _claimed(job, moment)):
        return known
    try:
        yield from job.desk.within(min(_PATIENCE, left), tries=1).accepts_key()
    except (AuthenticationError, PermissionDeniedError) as error:
        yield from _keep(job, KeyState(moment, error))
        return error
    except ApiError:
        # It could not be reached: that says nothing about the key.
        if known is None:
            yield from _keep(job, KeyState(moment - _DAY + _SOON))
        return known
    if known is not None:
        yield from _keep(job, KeyState(moment))
    return None


def _claimed(job: Job, moment: float) -> Flow[bool]:
    """Write down that the key is about to be tried; False if another process has been faster. A
    process that ends before the answer comes has used up the request of the day all the same."""

    def step(text: str | None, _: float | None) -> tuple[str, bool]:
        state = KeyState.load(text)
        if text is not None and state is not None and state.holds(moment):
            return text, False
        return KeyState(moment, None if state is None else state.refusal).text(), True

    return (yield from do("try key", lambda: job.ledger.change(job.desk_key, step)))


def _state(job: Job) -> Flow[KeyState | None]:
    text = yield from do("key", lambda: job.ledger.spent(job.desk_key))
    return KeyState.load(text)


def _keep(job: Job, state: KeyState) -> Flow[None]:
    kept = state.text()
    yield from do("note key", lambda: job.ledger.change(job.desk_key, lambda *_: (kept, None)))
