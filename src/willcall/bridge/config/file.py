"""The configuration file as models: willcall.toml, checked to the last key before anything runs."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, get_args

from pydantic import AfterValidator, Field, ValidationError, model_validator

from ...client.http import safe_base_url
from ...client.provider import Provider
from ...client.redact import scrub
from ...errors import ConfigError, InputError
from ...ticket0.api import PROVIDER as TICKET0
from ...ticketsmart.api import PROVIDER as TICKETSMART
from ..model.address import Address
from ..model.facts import LowStock
from ..model.policies import TRY, DeliveryPolicy, WatchPolicy
from ..model.rules import Rules, Storm, built_in_rules
from . import credentials as keys
from .rule_tables import Removal, RuleTable, duration
from .table import Email, Filled, Table, filled

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

ENVIRONMENT = "WILLCALL_CONFIG"
DEFAULT_FILE = "willcall.toml"


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
    return filled(text)


def _entry(text: str) -> str:
    if scrub(text) != text:
        raise ValueError("it is a key; `keyring set willcall NAME` keeps it, and NAME stands here")
    return filled(text)


BaseUrl = Annotated[str, AfterValidator(_url)]


def _usual_url(provider: Provider) -> str:
    """Where a provider is, unless the file says so: as for the clients, the environment may point
    elsewhere, at a sandbox, say."""
    return _url(os.environ.get(provider.base_url_env) or provider.base_url)


class _Keyed(Table):
    """What has a key: from the environment, unless a file or an entry of the keyring is named."""

    api_key_env: Annotated[str, AfterValidator(_variable)]
    api_key_file: Annotated[str, AfterValidator(_file)] | None = None
    api_key_keyring: Annotated[str, AfterValidator(_entry)] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.api_key_file is not None and self.api_key_keyring is not None:
            raise ValueError("api_key_file and api_key_keyring are both given; keep one of them")
        return self

    def key_field(self, at: str) -> str:
        """The path of the field that says where the key is; ``at`` is that of the table."""
        if self.api_key_file is not None:
            return f"{at}.api_key_file"
        return f"{at}.api_key_keyring" if self.api_key_keyring is not None else f"{at}.api_key_env"

    def key(self, folder: Path, at: str) -> str:
        """The API key, from its file, the keyring or the environment.

        Raises:
            ConfigError: the file cannot be read or is empty, the keyring cannot be used or keeps
                no such key, or the variable is not set.
        """
        field = self.key_field(at)
        if self.api_key_file is not None:
            return keys.from_file(field, self.api_key_file, folder)
        if self.api_key_keyring is not None:
            return keys.from_keyring(field, self.api_key_keyring)
        return keys.from_environment(field, self.api_key_env)


class BoxOffice(_Keyed):
    """One box office of TicketSmart: a key is good for exactly one."""

    name: Filled
    api_key_env: Annotated[str, AfterValidator(_variable)] = TICKETSMART.key_env
    base_url: BaseUrl = Field(default_factory=lambda: _usual_url(TICKETSMART))
    looks_per_run: Annotated[int, Field(ge=0, le=60)] = 25
    """How many events a run looks at one by one, where list rows carry no ticket types."""


class Desk(_Keyed):
    """The helpdesk workspace that tickets go to."""

    api_key_env: Annotated[str, AfterValidator(_variable)] = TICKET0.key_env
    base_url: BaseUrl = Field(default_factory=lambda: _usual_url(TICKET0))
    inbox_id: Filled
    customer_email: Email
    from_address: Email | None = None


class StateTable(Table):
    """Where the ledger is."""

    url: Filled = "sqlite:///willcall.db"


class LowStockTable(Table):
    """When a ticket type runs low: at so many left, or at such a share, whichever is more."""

    number: Annotated[int, Field(ge=0)] = 5
    share: Annotated[float, Field(ge=0, le=1)] = 0.1


def _some_time(text: str) -> str:
    duration.checked(text)
    if duration.read(text) < timedelta(minutes=1):
        raise ValueError("nothing is seen so soon; write 1m or more")
    return text


class SellingFastTable(Table):
    """How soon a ticket type must be expected to sell out to count as selling fast."""

    within: Annotated[str, AfterValidator(_some_time)] = "2h"


class WatchTable(Table):
    """What `willcall watch` leaves of the requests that TicketSmart allows."""

    spare: Annotated[int, Field(ge=0, le=55)] = 0
    """Requests a minute for other programs that use the same key."""

    def watching(self) -> WatchPolicy:
        """The same as a value."""
        allowed = TICKETSMART.quota.requests
        return WatchPolicy(share=(allowed - self.spare) / allowed)


class StormTable(Table):
    """How many cases in one pass are too many to open one by one."""

    limit: Annotated[int, Field(ge=0)] = 20


class HistoryTable(Table):
    """How long the ledger remembers what was seen, for `willcall replay`."""

    keep: Annotated[str, AfterValidator(duration.checked)] = "35d"


def _settling(text: str) -> str:
    duration.checked(text)
    if duration.read(text) < TRY:
        least = f"{TRY.total_seconds():.0f}s"
        raise ValueError(f"it is shorter than a request may take; write {least} or more")
    return text


class DeliveryTable(Table):
    """When an act that is not there is tried again, and when one is given up."""

    settle: Annotated[str, AfterValidator(_settling)] = "30s"
    give_up_after: Annotated[str, AfterValidator(duration.checked)] = "7d"

    def policy(self) -> DeliveryPolicy:
        """The same as a value."""
        return DeliveryPolicy(
            settle=duration.read(self.settle), give_up_after=duration.read(self.give_up_after)
        )


class PingTable(Table):
    """Who is to notice when willcall falls silent: a URL in the manner of healthchecks.io."""

    url: BaseUrl


class Config(Table):
    """The whole file."""

    box_office: Annotated[list[BoxOffice], Field(min_length=1)]
    desk: Desk
    state: StateTable = StateTable()
    rule: Annotated[tuple[RuleTable, ...], Field(strict=False)] = ()
    removal: Annotated[tuple[Removal, ...], Field(strict=False)] = ()
    low_stock: LowStockTable = LowStockTable()
    selling_fast: SellingFastTable = SellingFastTable()
    watch: WatchTable = WatchTable()
    storm: StormTable = StormTable()
    history: HistoryTable = HistoryTable()
    delivery: DeliveryTable = DeliveryTable()
    ping: PingTable | None = None
    built_in_rules: bool = True
    """Whether what no rule takes is left to the built-in ones."""

    @property
    def address(self) -> Address:
        """Where tickets go, unless a rule says otherwise."""
        options = {"inbox_id": self.desk.inbox_id}
        if self.desk.from_address is not None:
            options["from_address"] = self.desk.from_address
        return Address(
            customer_email=self.desk.customer_email,
            options=options,
            mails="from_address" in options,
        )

    def rules(self) -> Rules:
        """All rules in order: those of the file, then the built-in ones."""
        own = tuple(table.rule(self.address) for table in self.rule)
        rest = built_in_rules(self.address) if self.built_in_rules else ()
        return Rules(
            rules=own + rest,
            default=self.address,
            low_stock=LowStock(self.low_stock.number, self.low_stock.share),
            storm=Storm(self.storm.limit),
        )


def find(path: str | Path | None) -> Path:
    """The file to read: the one given, else ``$WILLCALL_CONFIG``, else ``./willcall.toml``."""
    return Path(path or os.environ.get(ENVIRONMENT) or DEFAULT_FILE)


def text_of(file: Path, *, given: bool = True) -> str:
    """What stands in a file.

    Args:
        file: the file.
        given: whether somebody has named it, rather than ``$WILLCALL_CONFIG``.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return file.read_text("utf-8-sig")  # some editors begin a file with a mark
    except FileNotFoundError:
        by = f"; ${ENVIRONMENT} names it" if not given and os.environ.get(ENVIRONMENT) else ""
        raise ConfigError(
            str(file), f"there is no such file{by}", f"name it with -c FILE or ${ENVIRONMENT}"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            str(file),
            f"it cannot be read: {keys.why(error)}",
            f"name another with -c or ${ENVIRONMENT}",
        ) from None


def load(path: str | Path | None = None) -> tuple[Config, Path]:
    """Read and check the configuration; and the folder that its relative paths start from.

    Raises:
        ConfigError: the file is missing or no TOML, or a key is unknown, missing or of a wrong
            type; the first complaint, with the key's path.
    """
    file = find(path)
    text = text_of(file, given=bool(path))
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
    config, complaints = examined(values)
    if complaints or config is None:
        raise complaints[0]
    return config


def examined(values: Mapping[str, Any]) -> tuple[Config | None, list[ConfigError]]:
    """The configuration in these values, as far as it makes sense, and every complaint."""
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        return None, complaints_of(error, Config)
    offices = [office.name for office in config.box_office]
    complaints = [
        *_once("box_office", "name", offices),
        *_once("rule", "id", [rule.id for rule in config.rule]),
    ]
    complaints += (
        ConfigError(
            f"removal[{number}].box_office",
            f"{scrub(removal.box_office)!r} is not configured",
            nearest(removal.box_office, offices),
        )
        for number, removal in enumerate(config.removal)
        if removal.box_office not in offices
    )
    return config, complaints


def _once(table: str, field: str, names: list[str]) -> list[ConfigError]:
    return [
        ConfigError(
            f"{table}[{number}].{field}",
            f"{scrub(name)!r} is there twice",
            "each has a name of its own, by which the ledger knows it",
        )
        for number, name in enumerate(names)
        if name in names[:number]
    ]


_EXAMPLES = {
    "box_office": "add a [[box_office]] table",
    "desk": "add a [desk] table",
    "name": 'add name = "main-room", or whatever you call it',
    "inbox_id": 'add inbox_id = "inb_…", the inbox where tickets go',
    "customer_email": 'add customer_email = "organiser@example.com", whom the tickets concern',
}
_TABLES = {name: f"[[{name}]]" for name in ("box_office", "rule", "removal")}
_TYPES = {
    "string_type": ("it is no text", "put it in quotes"),
    "int_type": ("it is no whole number", "write it without quotes and without a point"),
}


def complaints_of(error: ValidationError, root: type[Table]) -> list[ConfigError]:
    """Every complaint about a file with this table at its root; one about a misspelt key says more
    than the one that it is missing."""
    told = sorted(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    # Where one of several things may stand, each of them complains: the first will do.
    found: dict[str, ConfigError] = {}
    for one in told:
        complaint = _complaint(one, root)
        found.setdefault(complaint.field, complaint)
    return list(found.values())


def _complaint(one: ErrorDetails, root: type[Table]) -> ConfigError:
    # A key may have been pasted in anywhere, even as the name of a field.
    path = scrub(_path(one["loc"]))
    head, last = str(one["loc"][0]), str(one["loc"][-1])
    if one["type"] == "extra_forbidden":
        return ConfigError(path, "no such key", nearest(last, _fields_at(root, one["loc"][:-1])))
    if one["type"] == "missing":
        return ConfigError(path, "it is missing", _EXAMPLES.get(last, "add it"))
    if one["type"] in {"list_type", "tuple_type"} and not _holds_tables(root, one["loc"]):
        return ConfigError(path, "it is no list of texts", f'write it as {last} = ["…", "…"]')
    if one["type"] in {"list_type", "tuple_type", "model_type"}:
        way = f"head it with {_TABLES.get(head, f'[{head}]')}"
        inner = path.rpartition(".")[2]
        way = f"write it as {inner} = {{ … }}" if "." in path else way
        return ConfigError(path, "it is no table", way)
    if one["type"] == "too_short":
        return ConfigError(path, "it is empty", _EXAMPLES.get(last, "fill it in, or leave it out"))
    if one["type"] in _TYPES:
        return ConfigError(path, *_TYPES[one["type"]])
    said = one["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    problem, _, fix = scrub(said).partition("; ")
    return ConfigError(path, problem, fix)


def nearest(name: str, known: list[str]) -> str:
    """What to do about a name that is not known."""
    if name == "api_key":
        return "keys stay out of this file: use api_key_env, api_key_file or api_key_keyring"
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"


# Where a key may hold one of several things, pydantic names which one it tried.
_ARMS = {"MessageTable", "bool"}


def _path(parts: Iterable[int | str]) -> str:
    path = ""
    for part in parts:
        if part in _ARMS:
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _fields_at(root: type[Table], parts: Iterable[int | str]) -> list[str]:
    """The keys that a table at this place may have."""
    return list(_by_key(_table_at(root, parts)))


def _holds_tables(root: type[Table], parts: tuple[int | str, ...]) -> bool:
    """Whether what belongs at this place are tables, rather than texts."""
    return _by_key(_table_at(root, parts[:-1])).get(str(parts[-1])) is not None


def _table_at(root: type[Table], parts: Iterable[int | str]) -> type[Table]:
    table = root
    for part in parts:
        if isinstance(part, str) and part in (known := _by_key(table)):
            table = known[part] or table
    return table


def _by_key(table: type[Table]) -> dict[str, type[Table] | None]:
    """A table's keys as they are written, and the table that each holds, if it is one."""
    return {
        field.alias or name: _inner(field.annotation) for name, field in table.model_fields.items()
    }


def _inner(annotation: Any) -> type[Table] | None:
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, Table) else None
    return next((found for arm in get_args(annotation) if (found := _inner(arm))), None)
