"""The configuration file as models: willcall.toml, checked to the last key before anything runs."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from ..client.http import safe_base_url
from ..errors import ConfigError, InputError
from ..ticket0.api import PROVIDER as TICKET0
from ..ticketsmart.api import PROVIDER as TICKETSMART

ENVIRONMENT = "WILLCALL_CONFIG"
DEFAULT_FILE = "willcall.toml"


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text


def _address(text: str) -> str:
    name, at, domain = text.partition("@")
    if not (name and at and domain) or text != "".join(text.split()) or "@" in domain:
        raise ValueError(f"{text!r} is no e-mail address")
    return text


def _url(text: str) -> str:
    try:
        return safe_base_url(text)
    except InputError as error:
        raise ValueError(f"{error.problem}; {error.fix}") from None


Filled = Annotated[str, AfterValidator(_filled)]
Email = Annotated[str, AfterValidator(_address)]
BaseUrl = Annotated[str, AfterValidator(_url)]


class _Table(BaseModel):
    # hide_input_in_errors: a wrong value may be a key that was pasted into the wrong line.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class _Keyed(_Table):
    api_key_env: Filled
    api_key_file: Filled | None = None

    def key(self, folder: Path, at: str) -> str:
        """The API key, from its file or the environment.

        Raises:
            ConfigError: the file cannot be read, or the variable is not set.
        """
        if self.api_key_file is None:
            key = os.environ.get(self.api_key_env, "").strip()
            if not key:
                raise ConfigError(
                    f"{at}.api_key_env",
                    f"the environment variable {self.api_key_env} is not set",
                    "set it to the key, or name a file with api_key_file",
                )
            return key
        try:
            return (folder / self.api_key_file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not text"
            raise ConfigError(
                f"{at}.api_key_file", f"{self.api_key_file} cannot be read: {why}"
            ) from None


class BoxOffice(_Keyed):
    """One box office of TicketSmart: a key is good for exactly one."""

    name: Filled
    api_key_env: Filled = TICKETSMART.key_env
    base_url: BaseUrl = TICKETSMART.base_url
    looks_per_run: Annotated[int, Field(ge=0, le=60)] = 25
    """How many events a run looks at one by one, where list rows carry no ticket types."""


class Desk(_Keyed):
    """The helpdesk workspace that tickets go to."""

    api_key_env: Filled = TICKET0.key_env
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
        text = file.read_text("utf-8")
    except FileNotFoundError:
        raise ConfigError(
            str(file), "there is no such file", f"name it with -c FILE or ${ENVIRONMENT}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(str(file), f"it cannot be read: {why}") from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(file), f"it is no TOML: {error}") from None
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
                f"box_office[{number}].name", f"{office.name!r} is there twice", "rename one"
            )
        names.add(office.name)
    return config


def _complaint(error: ValidationError) -> ConfigError:
    """The first complaint; one about a misspelt key says more than the one that it is missing."""
    complaints = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    first = complaints[0]
    path = _path(first["loc"])
    if first["type"] == "extra_forbidden":
        known = list(_fields_at(first["loc"][:-1]))
        near = get_close_matches(str(first["loc"][-1]), known, n=1)
        fix = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        return ConfigError(path, "no such key", fix)
    if first["type"] == "missing":
        return ConfigError(path, "it is missing", "see the configuration in the README")
    said = first["msg"].removeprefix("Value error, ")
    return ConfigError(path, said[0].lower() + said[1:])


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
