"""The tables of the configuration as models, and the configuration as a whole.

The adapters of the providers that a file names add their keys to ``[[box_office]]``, ``[desk]`` and
``[rule.ticket]``; so the model of a whole file depends on them: see :func:`config_model`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Self, Union

from pydantic import AfterValidator, Discriminator, Field, Tag, create_model, model_validator

from ...client.quota import Quota
from ...errors import ConfigError, InputError
from ..model.address import Address
from ..model.facts import Admission, LowStock
from ..model.house import House
from ..model.policies import TRY, DeliveryPolicy, WatchPolicy
from ..model.rules import Damping, Rules, Storm, built_in_rules
from .account_tables import BoxOfficeTable, DeskTable, box_office_table, desk_table
from .rule_tables import RemovalTable, RuleTable, duration, rule_table
from .table import ARM, Filled, Table, Url, filled


def _lasting(text: str) -> str:
    """The URL of a ledger that outlives its process; an empty one would take a baseline each run.

    Raises:
        ValueError: it is one of SQLite's databases in memory.
    """
    scheme, _, rest = filled(text).partition("://")
    path, _, query = rest.partition("?")
    named = path.removeprefix("/")
    sqlite = scheme.partition("+")[0].casefold() == "sqlite"
    in_memory = (
        not named or ":memory:" in named or {"mode=memory", "vfs=memdb"} & {*query.split("&")}
    )
    if scheme == ":memory:" or (sqlite and in_memory):
        raise ValueError(
            "this ledger is in memory, and forgotten at the end of each run; "
            "name a file, as in sqlite:///willcall.db"
        )
    return text


class StateTable(Table):
    """Where the ledger is."""

    # It may hold a password.
    url: Annotated[str, AfterValidator(_lasting), Field(repr=False)] = "sqlite:///willcall.db"


class LowStockTable(Table):
    """When a ticket type runs low: at a number left or at a share of it, whichever is more."""

    number: Annotated[int, Field(ge=0)] = 5
    share: Annotated[float, Field(ge=0, le=1)] = 0.1


class SaleTable(Table):
    """Which ticket types admit to an event: only they count for whether it is sold out."""

    admission: Annotated[tuple[Filled, ...], Field(strict=False)] = ()


def _some_time(text: str) -> str:
    duration.checked(text)
    if duration.read(text) < timedelta(minutes=1):
        raise ValueError("nothing is seen so soon; write 1m or more")
    return text


class SellingFastTable(Table):
    """How soon a ticket type must be expected to sell out to count as selling fast."""

    within: Annotated[str, AfterValidator(_some_time)] = "2h"


class WatchTable(Table):
    """What `willcall watch` leaves of the requests that box offices allow."""

    spare: Annotated[int, Field(ge=0)] = 0
    """Requests a minute for other programs that use the same key."""

    def watching(self, quota: Quota) -> WatchPolicy:
        """The same as a value, beside how many requests a box office allows."""
        return WatchPolicy(share=(quota.requests - self.spare) / quota.requests)


class StormTable(Table):
    """How many cases in one pass are too many to open one by one."""

    limit: Annotated[int, Field(ge=0)] = 20


class DampingTable(Table):
    """When it is announced that a sell-out or low stock is over, if only a few tickets are back:
    once it has lasted, and once a day at the most."""

    lasts: Annotated[str, AfterValidator(duration.checked)] = "1h"
    few: Annotated[int, Field(ge=0)] = 10


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

    settle: Annotated[str, AfterValidator(_settling)] = "2m"
    give_up_after: Annotated[str, AfterValidator(duration.checked)] = "7d"

    def policy(self) -> DeliveryPolicy:
        """The same as a value."""
        return DeliveryPolicy(
            settle=duration.read(self.settle), give_up_after=duration.read(self.give_up_after)
        )


class PingTable(Table):
    """Who is to notice when willcall falls silent: a URL in the manner of healthchecks.io."""

    url: Url


class Config(Table):
    """The whole file."""

    box_office: Annotated[list[BoxOfficeTable], Field(min_length=1)]
    desk: DeskTable
    state: StateTable = StateTable()
    rule: Annotated[tuple[RuleTable, ...], Field(strict=False)] = ()
    removal: Annotated[tuple[RemovalTable, ...], Field(strict=False)] = ()
    sale: SaleTable = SaleTable()
    low_stock: LowStockTable = LowStockTable()
    selling_fast: SellingFastTable = SellingFastTable()
    watch: WatchTable = WatchTable()
    storm: StormTable = StormTable()
    damping: DampingTable = DampingTable()
    history: HistoryTable = HistoryTable()
    delivery: DeliveryTable = DeliveryTable()
    ping: PingTable | None = None
    wire: dict[str, dict[str, Filled]] = Field(default_factory=dict)
    """By provider, inferred names that its service calls otherwise."""
    built_in_rules: bool = True
    """Whether what no rule takes is left to the built-in ones."""

    @model_validator(mode="after")
    def _hand_wire_down(self) -> Self:
        for table in (*self.box_office, self.desk):
            table.with_wire(self.wire)
        return self

    def path_of(self, office: BoxOfficeTable) -> str:
        """The path of a box office's table, for errors."""
        return f'box_office "{office.name}"'

    @property
    def address(self) -> Address:
        """Where tickets go, unless a rule says otherwise."""
        return self.desk.address()

    def house(self) -> House:
        """Whose tickets are ours. Without a secret, the customer's address stands in for it: it
        tells houses apart, and is no secret."""
        rules = self.rules()
        named = (rules.default, rules.internal, *(rule.address for rule in rules.rules))
        return House(
            secret=self.desk.secret or f"of {self.desk.customer_email.casefold()}",
            addresses=frozenset(address.customer_email for address in named),
        )

    def rules(self) -> Rules:
        """All rules in order: those of the file, then the built-in ones."""
        own = tuple(table.rule(self.desk) for table in self.rule)
        rest = built_in_rules(self.address, self.desk.staff) if self.built_in_rules else ()
        return Rules(
            rules=own + rest,
            default=self.address,
            staff=self.desk.staff,
            admission=Admission(self.sale.admission) if self.sale.admission else None,
            low_stock=LowStock(self.low_stock.number, self.low_stock.share),
            storm=Storm(self.storm.limit),
            damping=Damping(duration.read(self.damping.lasts), self.damping.few),
            services={office.name: office.adapter.title for office in self.box_office},
        )


def model_of(values: Mapping[str, Any]) -> type[Config]:
    """The model of a file that names these providers.

    Raises:
        ConfigError: a provider is not installed, or its adapter cannot be used.
    """
    rows = values.get("box_office")
    offices = [_provider(row, BoxOfficeTable) for row in (rows if isinstance(rows, list) else [{}])]
    for number, name in enumerate(offices):
        _named(f"box_office[{number}]", box_office_table, name)
    desk = _provider(values.get("desk"), DeskTable)
    _named("desk", desk_table, desk)
    return config_model(desk, frozenset(offices))


def _named(at: str, work: Callable[[str], object], provider: str) -> None:
    """Say of a provider that cannot be used where it is named."""
    try:
        work(provider)
    except InputError as error:
        raise ConfigError(f"{at}.{error.field}", error.problem, error.fix) from error


def _provider(table: object, kind: type[Table]) -> str:
    """The provider that a table names. Reading the file reports a value that is not a name."""
    name = table.get("provider") if isinstance(table, dict) else None
    default: str = kind.model_fields["provider"].default
    return name if isinstance(name, str) and name.strip() else default


@cache
def config_model(desk: str, box_offices: frozenset[str]) -> type[Config]:
    """The model of a file whose desk and box offices are of these providers.

    Raises:
        InputError: a provider is not installed, or its adapter cannot be used.
    """
    office: Any = _one_of([box_office_table(name) for name in sorted(box_offices)])
    made_desk = desk_table(desk)
    rule: Any = rule_table(made_desk)
    fields: dict[str, Any] = {
        "box_office": (Annotated[list[office], Field(min_length=1)], ...),
        "desk": (made_desk, ...),
        "rule": (Annotated[tuple[rule, ...], Field(strict=False)], ()),
    }
    return create_model("Config", __base__=Config, __module__=__name__, **fields)


def _one_of(tables: list[type[BoxOfficeTable]]) -> Any:
    """The table of whichever of these providers is named."""
    if len(tables) <= 1:
        return tables[0] if tables else BoxOfficeTable

    def arm(table: object) -> str:
        return f"{ARM}{_provider(table, BoxOfficeTable)}"

    tagged = tuple(Annotated[table, Tag(table.arm)] for table in tables)
    return Annotated[Union[tagged], Discriminator(arm)]  # noqa: UP007 - of as many as there are
