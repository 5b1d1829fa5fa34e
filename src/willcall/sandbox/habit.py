"""An open question about a service as a value, and the fields of settings that hold its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, get_args

_NOT = "nothing"


@dataclass(frozen=True, slots=True)
class Habit:
    """An open question about a service.

    ``values`` are the possible answers, the default first; ``None`` stands for any number of
    seconds. ``documented`` is what the service's documents say about it.
    """

    name: str
    values: tuple[str | bool | float, ...] | None
    default: str | bool | float
    meaning: str
    documented: str

    def read(self, text: str) -> str | bool | float:
        """A value from text, such as that of ``--habit``; ``ValueError`` names what is possible."""
        if self.values is None:
            try:
                seconds = float(text)
            except ValueError:
                raise ValueError(f"{self.name}: {text!r} is not a number of seconds") from None
            if not 0 <= seconds < float("inf"):
                raise ValueError(f"{self.name}: {text!r} is not a number of seconds")
            return seconds
        for value in self.values:
            if text.replace("-", "_") == _written(value):
                return value
        raise ValueError(f"{self.name}: {text!r} is unknown; known: {self.possible}")

    @property
    def possible(self) -> str:
        """The values as they are written, the default first."""
        if self.values is None:
            return f"a number of seconds, {self.default:g}"
        return ", ".join(_written(value) for value in self.values)


def choice(kind: Any, meaning: str, documented: str = _NOT) -> Any:
    """A field with a closed list of values (a ``Literal``), the first of which is its default."""
    values = get_args(kind)
    return field(
        default=values[0],
        metadata={"values": values, "meaning": meaning, "documented": documented},
    )


def flag(default: bool, meaning: str, documented: str = _NOT) -> Any:
    """A field that is yes or no."""
    metadata = {"values": (default, not default), "meaning": meaning, "documented": documented}
    return field(default=default, metadata=metadata)


def seconds(default: float, meaning: str, documented: str = _NOT) -> Any:
    """A field that is a number of seconds."""
    metadata = {"values": None, "meaning": meaning, "documented": documented}
    return field(default=default, metadata=metadata)


def _written(value: str | bool | float) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
