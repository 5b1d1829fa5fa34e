"""How many requests a flow sends, counted as they leave it, whoever drives it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import attrs

from ..client.flow import Effect, Send


@attrs.define
class RequestCounter:
    """Requests by provider: all that were sent, and those that were answered with a 429. It
    observes a flow (:func:`~willcall.client.flow.watched`)."""

    sent: Counter[str] = attrs.field(factory=Counter)
    refused: Counter[str] = attrs.field(factory=Counter)

    def begins(self, effect: Effect) -> None:
        """An effect is about to be carried out."""
        if isinstance(effect, Send):
            self.sent[effect.request.provider] += 1

    def ended(self, effect: Effect, answer: Any) -> None:
        """An effect was carried out."""
        if isinstance(effect, Send) and getattr(answer, "status", None) == 429:
            self.refused[effect.request.provider] += 1

    def taken(self) -> dict[str, dict[str, int]]:
        """The counts for the ledger's list of runs; they begin at zero again."""
        counts = {"requests": dict(self.sent), "refused": dict(self.refused)}
        self.sent.clear()
        self.refused.clear()
        return counts
