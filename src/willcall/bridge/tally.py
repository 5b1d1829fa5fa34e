"""How many requests a flow sends, counted as they leave it, whoever drives it."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeVar

import attrs

from ..client.flow import Flow, Send

T = TypeVar("T")


@attrs.define
class Tally:
    """Requests by provider: all that were sent, and those that were answered with a 429."""

    sent: Counter[str] = attrs.field(factory=Counter)
    refused: Counter[str] = attrs.field(factory=Counter)

    def taken(self) -> dict[str, dict[str, int]]:
        """What was counted since this was last asked, as a run notes it."""
        counted = {"requests": dict(self.sent), "refused": dict(self.refused)}
        self.sent.clear()
        self.refused.clear()
        return counted

    def of(self, flow: Flow[T]) -> Flow[T]:
        """The same flow, with its requests counted."""
        answer: Any = None
        trouble: BaseException | None = None
        while True:
            try:
                effect = flow.send(answer) if trouble is None else flow.throw(trouble)
            except StopIteration as end:
                value: T = end.value
                return value
            answer = trouble = None
            if isinstance(effect, Send):
                self.sent[effect.request.provider] += 1
            try:
                answer = yield effect
            except BaseException as error:  # noqa: BLE001 - the flow itself decides what it catches
                trouble = error
            if isinstance(effect, Send) and getattr(answer, "status", None) == 429:
                self.refused[effect.request.provider] += 1
