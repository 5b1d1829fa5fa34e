"""Reading a request's body and query, collecting every problem before refusing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from willcall.sandbox.wire import read_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

MISSING: Any = object()
"""Marks a field that was not sent, since ``None`` can be sent."""


def blank(text: str) -> bool:
    """Whether a text has nothing but white space, by anybody's notion: that of Python has the
    separators U+001C to U+001F, that of JavaScript the byte order mark."""
    return all(letter.isspace() or letter == "\ufeff" for letter in text)


class Checker:
    """Takes fields out of a mapping; what does not fit is noted in ``problems``.

    Every method returns ``MISSING`` for a field that was not sent or does not fit.
    """

    def __init__(
        self, values: Mapping[str, Any], at: str = "", problems: list[tuple[str, str]] | None = None
    ):
        """Check ``values``, found at ``at`` (a path such as ``ticketTypes.0``)."""
        self._values = values
        self._at = at
        self._taken: set[str] = set()
        self.problems = [] if problems is None else problems

    def problem(self, name: str, message: str) -> Any:
        """Note a problem with a field; returns ``MISSING``."""
        path = f"{self._at}.{name}" if self._at else name
        self.problems.append((path, message))
        return MISSING

    def unknown(self, name: str) -> Any:
        """Note a field that is not known here; returns ``MISSING``."""
        self._taken.add(name)
        return self.problem(name, "Unknown field")

    def raw(self, name: str, *, required: bool = False) -> Any:
        """The field as it was sent."""
        self._taken.add(name)
        value = self._values.get(name, MISSING)
        if value is MISSING and required:
            return self.problem(name, "Required")
        return value

    def text(
        self, name: str, *, required: bool = False, nullable: bool = False, longest: int = 5000
    ) -> Any:
        """A text that is not blank."""
        value = self.raw(name, required=required)
        if value is MISSING or (value is None and nullable):
            return value
        if not isinstance(value, str):
            return self.problem(name, "Expected string")
        if blank(value):
            return self.problem(name, "Must not be empty")
        if len(value) > longest:
            return self.problem(name, f"Must be at most {longest} characters")
        return value

    def address(self, name: str, *, required: bool = False) -> Any:
        """An e-mail address, as far as anybody can tell from looking at it."""
        value = self.text(name, required=required, longest=254)
        if value is MISSING:
            return value
        local, at, domain = value.rpartition("@")
        if not at or not local or "." not in domain or any(letter.isspace() for letter in value):
            return self.problem(name, "Invalid email address")
        return value

    def one_of(self, name: str, choices: Sequence[str], *, required: bool = False) -> Any:
        """One of a closed list, compared exactly."""
        value = self.raw(name, required=required)
        if value is MISSING:
            return value
        if value not in choices:
            return self.problem(name, f"Expected one of {', '.join(choices)}")
        return value

    def integer(
        self,
        name: str,
        *,
        least: int,
        most: int = 2**31 - 1,
        required: bool = False,
        nullable: bool = False,
    ) -> Any:
        """A whole number within bounds. 5.0 is one: to JSON it is the same number; true is none."""
        value = self.raw(name, required=required)
        if value is MISSING or (value is None and nullable):
            return value
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            return self.problem(name, "Expected integer")
        if not least <= value <= most:
            return self.problem(name, f"Must be between {least} and {most}")
        return value

    def moment(
        self, name: str, *, required: bool = False, nullable: bool = False
    ) -> datetime | Any:
        """An ISO-8601 datetime with an offset."""
        value = self.raw(name, required=required)
        if value is MISSING or (value is None and nullable):
            return value
        found = read_datetime(value)
        return (
            self.problem(name, "Expected ISO-8601 datetime with offset") if found is None else found
        )

    def flag(self, name: str) -> Any:
        """``true`` or ``false``, as JSON."""
        value = self.raw(name)
        if value is MISSING or isinstance(value, bool):
            return value
        return self.problem(name, "Expected true or false")

    def flag_in_query(self, name: str) -> Any:
        """``true`` or ``false``, as text."""
        value = self.raw(name)
        if value is MISSING:
            return value
        if value in ("true", "false"):
            return value == "true"
        return self.problem(name, "Expected true or false")

    def number_in_query(self, name: str, *, default: int, least: int, most: int) -> int:
        """A whole number written in digits; the default when absent or wrong (with a problem)."""
        value = self.raw(name)
        if value is MISSING:
            return default
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10):
            self.problem(name, "Expected integer")
            return default
        number = int(value)
        if not least <= number <= most:
            self.problem(name, f"Must be between {least} and {most}")
            return default
        return number

    def texts(self, name: str, *, longest: int = 100) -> Any:
        """A list of texts that are not blank, without repetitions."""
        value = self.raw(name)
        if value is MISSING:
            return value
        if not isinstance(value, list) or not all(
            isinstance(item, str) and not blank(item) for item in value
        ):
            return self.problem(name, "Expected array of non-empty strings")
        if len(value) > longest:
            return self.problem(name, f"Must hold at most {longest} items")
        return list(dict.fromkeys(value))

    def nothing_else(self) -> None:
        """Note every field that no method asked for."""
        for name in self._values:
            if name not in self._taken:
                self.problem(name, "Unknown field")
