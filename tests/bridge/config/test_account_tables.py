"""A provider in the configuration: ours by default, others by their entry point; each with its own
keys, which are checked like all others."""

import importlib.metadata
import tomllib
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import attrs
import pytest

from willcall.bridge import adapters
from willcall.bridge.config.check import Known, check
from willcall.bridge.config.file import checked
from willcall.bridge.ports import BoxOfficeCapabilities, Setting
from willcall.client.quota import Quota
from willcall.errors import ConfigError
from willcall.ticket0.desk import ADAPTER as DESK
from willcall.ticketsmart.box_office import ADAPTER as BOX_OFFICE

BOXY = attrs.evolve(
    BOX_OFFICE,
    provider=attrs.evolve(
        BOX_OFFICE.provider,
        name="boxy",
        base_url="https://boxy.example/v2",
        key_prefix="",
        key_env="BOXY_API_KEY",
        quota=Quota(30),
        path_params=("venue",),
    ),
    title="Boxy",
    capabilities=BoxOfficeCapabilities(rows=20),
    settings=(
        Setting("venue", "the venue's number", required=True, prefix="v", example="v17"),
        Setting("contact", "whom Boxy may write to", email=True),
    ),
)
HELPY = attrs.evolve(
    DESK,
    provider=attrs.evolve(DESK.provider, name="helpy", key_prefix="", key_env="HELPY_API_KEY"),
    title="Helpy",
    settings=(Setting("queue", "the queue that tickets join", per_rule=True, example="events"),),
    mails_with="",
)
GREEDY = attrs.evolve(BOXY, settings=(Setting("base_url", "something else"),))
INSTALLED: dict[str, Any] = {"boxy": BOXY, "helpy": HELPY, "greedy": GREEDY, "odd": 3}
FILE = """\
[[box_office]]
name = "attic"
provider = "boxy"
venue = "v17"
[[box_office]]
name = "main-room"
[desk]
provider = "helpy"
customer_email = "organiser@example.com"
"""


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages that add a box office, a desk, and some that go wrong."""
    groups = {
        adapters.BOX_OFFICES: ("boxy", "greedy", "odd", "broken", "ticketsmart"),
        adapters.DESKS: ("helpy",),
    }

    def points(*, group: str, name: str | None = None) -> list[EntryPoint]:
        return [
            EntryPoint(known, f"{__name__}:nobody" if known == "broken" else "x:y", group)
            for known in groups.get(group, ())
            if name in {None, known}
        ]

    load = EntryPoint.load
    monkeypatch.setattr(adapters, "entry_points", points)
    monkeypatch.setattr(
        importlib.metadata.EntryPoint,
        "load",
        lambda point: INSTALLED[point.name] if point.name in INSTALLED else load(point),
    )


def complaints(text: str) -> list[str]:
    """What is said against a configuration, with its place."""
    return [
        f"{found.place} {found.path}: {found.problem} ({found.fix})"
        for found in check(text, Known(), datetime.now(UTC)).complaints
    ]


def test_a_file_may_name_providers_beside_ours(tmp_path: Path) -> None:
    """Each has the address and the key of its service, and its own settings."""
    config = checked(tomllib.loads(FILE))
    attic, main = config.box_office
    assert attic.base_url == "https://boxy.example/v2"
    assert (attic.api_key_env, main.api_key_env) == ("BOXY_API_KEY", "TICKETSMART_API_KEY")
    assert (attic.settings, main.settings) == ({"venue": "v17"}, {})
    assert config.rules().services == {"attic": "Boxy", "main-room": "TicketSmart"}
    assert config.address.mails
    assert complaints(FILE) == []


def test_a_setting_that_is_a_path_parameter_reaches_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the provider's own clients take it."""
    monkeypatch.setenv("BOXY_API_KEY", "a-key-without-a-prefix")
    office = checked(tomllib.loads(FILE)).box_office[0]
    assert office.account(tmp_path, "box_office[0]").path_params == {"venue": "v17"}


def test_a_rule_may_have_settings_of_its_own() -> None:
    """Those that the adapter leaves to rules, and no others."""
    rule = '[[rule]]\nid = "gala"\nwhen = ["event.sold_out"]\n'
    config = checked(tomllib.loads(FILE + rule + 'ticket = { queue = "vip" }'))
    assert config.rules().rules[0].address.options == {"queue": "vip"}
    assert config.address.options == {}
    assert complaints(FILE + rule + 'ticket = { inbox_id = "inb_1" }') == [
        (
            "13:12 rule[0].ticket.inbox_id: no such key (known here: customer_email, assignee_id, "
            "tags, subject, body, queue)"
        )
    ]


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        (
            'provider = "boxy"',
            'provider = "boxi"',
            "3:1 box_office[0].provider: 'boxi' is not installed (did you mean 'boxy'?)",
        ),
        (
            'provider = "helpy"',
            'provider = "zendesk"',
            "8:1 desk.provider: 'zendesk' is not installed (installed here: helpy, ticket0)",
        ),
        (
            'venue = "v17"',
            'venu = "v17"',
            "4:1 box_office[0].venu: no such key (did you mean 'venue'?)",
        ),
        (
            'venue = "v17"',
            "",
            '1:1 box_office[0].venue: it is missing (add venue = "v17", the venue\'s number)',
        ),
        (
            'venue = "v17"',
            "venue = 17",
            "4:1 box_office[0].venue: it is not text (put it in quotes)",
        ),
        (
            'venue = "v17"',
            'venue = "17"',
            "4:1 box_office[0].venue: '17' may be wrong (venue begins with v)",
        ),
        (
            'venue = "v17"',
            'venue = "v17"\ncontact = "ada"',
            (
                "5:1 box_office[0].contact: it is not an e-mail address "
                "(write it as in organiser@example.com)"
            ),
        ),
        (
            'name = "main-room"',
            'name = "main-room"\nvenue = "v1"',
            (
                "7:1 box_office[1].venue: no such key (known here: provider, api_key_env, "
                "api_key_file, api_key_keyring, base_url, name, polls_per_run)"
            ),
        ),
        (
            "[desk]",
            "[watch]\nspare = 26\n[desk]",
            "8:1 watch.spare: it should be less than or equal to 25 ()",
        ),
        (
            "[desk]",
            (
                '[[removal]]\nbox_office = "attic"\nevent = "gala"\nticket_type = "tt"\n'
                "after = 2030-01-01T00:00:00Z\n[desk]"
            ),
            (
                "8:1 removal[0].box_office: 'attic' cannot remove ticket types through its API "
                "(remove it there by hand, and drop this table)"
            ),
        ),
        (
            'provider = "boxy"',
            'provider = "greedy"',
            (
                "3:1 box_office[0].provider: its adapter cannot add a key 'base_url' "
                "(the package that brings it must rename it)"
            ),
        ),
        (
            'provider = "boxy"',
            'provider = "odd"',
            (
                "3:1 box_office[0].provider: the package of 'odd' names no BoxOfficeAdapter "
                "(its entry point in willcall.box_offices must name one; see "
                "willcall.bridge.adapters)"
            ),
        ),
        (
            'provider = "boxy"',
            "provider = 3",
            "3:1 box_office[0].provider: it is not text (put it in quotes)",
        ),
    ],
)
def test_what_is_wrong_with_a_provider_has_its_place(
    before: str, after: str, complaint: str
) -> None:
    """Line, column and the nearest name, as for every other key."""
    assert before in FILE
    assert complaint in complaints(FILE.replace(before, after, 1))


def test_a_package_that_does_not_load_is_told() -> None:
    """With what it raised."""
    with pytest.raises(ConfigError) as caught:
        checked(tomllib.loads(FILE.replace("boxy", "broken")))
    assert caught.value.field == "box_office[0].provider"
    assert "the adapter of 'broken' cannot be loaded (" in caught.value.problem


def test_nobody_takes_the_place_of_ours() -> None:
    """Whatever a package calls its entry point."""
    assert adapters.box_office_adapter("ticketsmart") is BOX_OFFICE
