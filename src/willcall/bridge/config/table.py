"""What the tables of the configuration have in common."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict

from ...client.http import safe_base_url
from ...errors import InputError


def filled(text: str) -> str:
    """A text that says something.

    Raises:
        ValueError: it is empty.
    """
    if not text.strip():
        raise ValueError("it is empty; fill it in, or leave the line out")
    return text


# None of these complaints shows the value: it may be a key that was pasted into the wrong line.


def _email(text: str) -> str:
    name, at, domain = text.partition("@")
    if not (name and at and domain) or text != "".join(text.split()) or "@" in domain:
        raise ValueError("it is not an e-mail address; write it as in organiser@example.com")
    return text


def url(text: str) -> str:
    """An address to which a key may be sent.

    Raises:
        ValueError: it is none.
    """
    try:
        return safe_base_url(text)
    except InputError as error:
        problem = re.sub(r"^(['\"]).*\1 ", "it ", error.problem)
        raise ValueError(f"{problem}; {error.fix}") from None


Filled = Annotated[str, AfterValidator(filled)]
Email = Annotated[str, AfterValidator(_email)]
Url = Annotated[str, AfterValidator(url)]


ARM = "provider "
"""How the name begins by which pydantic says which of several tables it has tried."""


class Table(BaseModel):
    """A table: every key is known, every type exact, and nothing changes afterwards."""

    arm: ClassVar[str] = ""
    """Which of several tables that may stand in its place it is."""

    # hide_input_in_errors: a wrong value may be a key that was pasted into the wrong line.
    # defer_build: validators are made once, for the whole file, rather than for each table as well.
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True
    )
