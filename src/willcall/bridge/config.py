"""The configuration file as models: willcall.toml, checked to the last key before anything runs."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from ..client.http import safe_base_url
from ..client.redact import scrub
from ..errors import ConfigError, InputError
from ..ticket0.api import PROVIDER as TICKET0
from ..ticketsmart.api import PROVIDER as TICKETSMART

ENVIRONMENT = "WILLCALL_CONFIG"
DEFAULT_FILE = "willcall.toml"


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty; fill it in, or leave the line out")
    return text


# None of these complaints shows the value: it may be a key that was pasted into the wrong line.


def _address(text: str) -> str:
    name, at, domain = text.partition("@")
    if not (name and at and domain) or text != "".join(text.split()) or "@" in domain:
        raise ValueError("it is no e-mail address; write it as in organiser@example.com")
    return text


def _url(text: str) -> str:
    try:
        return safe_base_url(text)
    except InputError as error:
        problem = re.sub(r"^(['\"]).*\1 ", "it ", error.problem)
        raise ValueError(f"{problem}; {error.fix}") from None


def _variable(text: str) -> str:
    if scrub(text) != text:
        raise ValueError("it is a key; put that into the environment, and its variable's name here")
    if not re.fullmatch(r"[A-Za-z_]\w*", text, re.ASCII):
        raise ValueError("it is no name of an environment variable; write it as in TICKET0_API_KEY")
    return text


def _file(text: str) -> str:
    if scrub(text) != text:
        raise ValueError("it is a key; put that into a file, and the file's name here")
    return _filled(text)


Filled = Annotated[str, AfterValidator(_filled)]
Email = Annotated[str, AfterValidator(_address)]
BaseUrl = Annotated[str, AfterValidator(_url)]


class _Table(BaseModel):
    # hide_input_in_errors: a wrong value may be a key that was pasted into the wrong line.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class _Keyed(_Table):
    api_key_env: Annotated[str, AfterValidator(_variable)]
    api_key_file: Annotated[str, AfterValidator(_file)] | None = None

    def key_field(self, at: str) -> str:
        """The path of the field that says where the key is; ``at`` is that of the table."""
        return f"{at}.api_key_env" if self.api_key_file is None else f"{at}.api_key_file"

    def key(self, folder: Path, at: str) -> str:
        """The API key, from its file or the environment.

        Raises:
            ConfigError: the file cannot be read or is empty, or the variable is not set.
        """
        if self.api_key_file is None:
            key = os.environ.get(self.api_key_env, "").strip()
            if not key:
                raise ConfigError(
                    self.key_field(at),
                    f"the environment variable {self.api_key_env} is not set",
                    "set it to the key, or name a file with api_key_file",
                )
            return key
        try:
            key = (folder / self.api_key_file).read_text("utf-8-sig").strip()
        except (OSError, ValueError) as error:
            raise ConfigError(
                self.key_field(at),
                f"{self.api_key_file} cannot be read: {_why(error)}",
                "a path that is not absolute starts in the configuration's folder",
            ) from None
        if not key:
            raise ConfigError(
                self.key_field(at), f"{self.api_key_file} is empty", "write the key into it"
            )
        return key


def _why(error: OSError | ValueError) -> str:
    """Why a file cannot be read."""
    said: str | None = getattr(error, "strerror", None)
    return said.lower() if said else "it is not UTF-8 text"


class BoxOffice(_Keyed):
    """One box office of TicketSmart: a key is good for exactly one."""

    name: Filled
    api_key_env: Annotated[str, AfterValidator(_variable)] = TICKETSMART.key_env
    base_url: BaseUrl = TICKETSMART.base_url
    looks_per_run: Annotated[int, Field(ge=0, le=60)] = 25
    """How many events a run looks at one by one, where list rows carry no ticket types."""


class Desk(_Keyed):
    """The helpdesk workspace that tickets go to."""

    api_key_env: Annotated[str, AfterValidator(_variable)] = TICKET0.key_env
    base_url: BaseUrl = TICKET0.base_url
    inbox_id: Filled
    customer_email: Email
    from_address: Email | None = None


class StateTable(_Table):
    """Where the ledger is."""

    url: Filled = "sqlite:///willcall.db"


class Config(_Table):
    """The whole file."""

    box_office: Annotated[list[BoxOffice], Field(min_length=1)]
    desk: Desk
    state: StateTable = StateTable()


def find(path: str | Path | None) -> Path:
    """The file to read: the one given, else ``$WILLCALL_CONFIG``, else ``./willcall.toml``."""
    return Path(path or os.environ.get(ENVIRONMENT) or DEFAULT_FILE)


def load(path: str | Path | None = None) -> tuple[Config, Path]:
    """Read and check the configuration; and the folder that its relative paths start from.

    Raises:
        ConfigError: the file is missing or no TOML, or a key is unknown, missing or of a wrong
            type; the first complaint, with the key's path.
    """
    file = find(path)
    try:
        text = file.read_text("utf-8-sig")  # some editors begin a file with a mark
    except FileNotFoundError:
        by = f"; ${ENVIRONMENT} names it" if not path and os.environ.get(ENVIRONMENT) else ""
        raise ConfigError(
            str(file), f"there is no such file{by}", f"name it with -c FILE or ${ENVIRONMENT}"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            str(file),
            f"it cannot be read: {_why(error)}",
            f"name another with -c or ${ENVIRONMENT}",
        ) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(file), f"it is no TOML: {scrub(str(error))}") from None
    return checked(values), file.resolve().parent


def pick(config: Config, name: str | None) -> BoxOffice:
    """A box office by its name; None is the only one.

    Raises:
        InputError: there is none of that name, or there are several and none was named.
    """
    offices = {office.name: office for office in config.box_office}
    if name is None and len(offices) == 1:
        return config.box_office[0]
    if name is None or name not in offices:
        said = "several are configured" if name is None else f"{name!r} is not configured"
        raise InputError("box_office", said, f"name one of: {', '.join(offices)}")
    return offices[name]


def checked(values: Mapping[str, Any]) -> Config:
    """The configuration in these values.

    Raises:
        ConfigError: see :func:`load`.
    """
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise _complaint(error) from None
    names: set[str] = set()
    for number, office in enumerate(config.box_office):
        if office.name in names:
            raise ConfigError(
                f"box_office[{number}].name",
                f"{scrub(office.name)!r} is there twice",
                "each has a name of its own, by which the ledger knows it",
            )
        names.add(office.name)
    return config


_EXAMPLES = {
    "box_office": "add a [[box_office]] table",
    "desk": "add a [desk] table",
    "name": 'add name = "main-room", or whatever you call it',
    "inbox_id": 'add inbox_id = "inb_…", the inbox where tickets go',
    "customer_email": 'add customer_email = "organiser@example.com", whom the tickets concern',
}
_TABLES = {"box_office": "[[box_office]]", "desk": "[desk]", "state": "[state]"}
_TYPES = {
    "string_type": ("it is no text", "put it in quotes"),
    "int_type": ("it is no whole number", "write it without quotes and without a point"),
    "too_short": ("it is empty", _EXAMPLES["box_office"]),
}


def _complaint(error: ValidationError) -> ConfigError:
    """The first complaint; one about a misspelt key says more than the one that it is missing."""
    complaints = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    first = complaints[0]
    # A key may have been pasted in anywhere, even as the name of a field.
    path = scrub(_path(first["loc"]))
    head, last = str(first["loc"][0]), str(first["loc"][-1])
    if first["type"] == "extra_forbidden":
        return ConfigError(path, "no such key", _nearest(last, list(_fields_at(first["loc"][:-1]))))
    if first["type"] == "missing":
        return ConfigError(path, "it is missing", _EXAMPLES[last])
    if first["type"] in {"list_type", "model_type"}:
        return ConfigError(path, "it is no table", f"head it with {_TABLES[head]}")
    if first["type"] in _TYPES:
        return ConfigError(path, *_TYPES[first["type"]])
    said = first["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    problem, _, fix = scrub(said).partition("; ")
    return ConfigError(path, problem, fix)


def _nearest(name: str, known: list[str]) -> str:
    if name == "api_key":
        return "keys stay out of this file: use api_key_env or api_key_file"
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"


def _path(parts: Iterable[int | str]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _fields_at(parts: Iterable[int | str]) -> Mapping[str, FieldInfo]:
    """The keys that a table at this place may have."""
    tables: dict[str, type[_Table]] = {"box_office": BoxOffice, "desk": Desk, "state": StateTable}
    head = next(iter(parts), None)
    return (tables[str(head)] if head is not None else Config).model_fields
