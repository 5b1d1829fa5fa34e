"""What the tables of the configuration have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def filled(text: str) -> str:
    """A text that says something."""
    if not text.strip():
        raise ValueError("it is empty; fill it in, or leave the line out")
    return text


# None of these complaints shows the value: it may be a key that was pasted into the wrong line.


def _address(text: str) -> str:
    name, at, domain = text.partition("@")
    if not (name and at and domain) or text != "".join(text.split()) or "@" in domain:
        raise ValueError("it is no e-mail address; write it as in organiser@example.com")
    return text


Filled = Annotated[str, AfterValidator(filled)]
Email = Annotated[str, AfterValidator(_address)]


class Table(BaseModel):
    """A table: every key is known, every type exact, and nothing changes afterwards."""

    # hide_input_in_errors: a wrong value may be a key that was pasted into the wrong line.
    # defer_build: validators are made once, for the whole file, rather than for each table as well.
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True
    )
