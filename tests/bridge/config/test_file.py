"""The configuration: what is right is taken to the last key, what is wrong is told with its place
and the way out, and no key is ever shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from willcall.bridge.config.account_tables import box_office_table, desk_table
from willcall.bridge.config.file import ENVIRONMENT, checked, load, pick
from willcall.bridge.config.tables import StateTable, config_model
from willcall.bridge.service import Bridge
from willcall.errors import ConfigError, InputError

WHOLE = """\
[[box_office]]                            # one or more
name = "main-room"
api_key_env = "TICKETSMART_API_KEY"       # the default; or api_key_file = "…"
base_url = "https://ticketsmart.ai/api/v1"

[desk]
api_key_env = "TICKET0_API_KEY"           # the default; or api_key_file = "…"
base_url = "https://app.ticket0.ai/api/v1"
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"  # whom the tickets concern
from_address = "boxoffice@example.com"    # a monitored inbox; without it tickets are opened

[state]
url = "sqlite:///willcall.db"             # relative to the file's folder
"""
LEAST = """\
[[box_office]]
name = "main-room"
[desk]
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
"""
KEYS = ("ts_sk_live_abcdefgh12345678", "t0_live_abcdefgh12345678")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key and no configuration but the test's own."""
    for name in ("TICKETSMART_API_KEY", "TICKET0_API_KEY", ENVIRONMENT):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def written(folder: Path, text: str, name: str = "willcall.toml") -> Path:
    """A configuration file."""
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def refused(work: Callable[[], object]) -> tuple[str, str, str]:
    """The field, the problem and the fix that a configuration is refused with."""
    with pytest.raises(ConfigError) as caught:
        work()
    told = caught.value
    assert not any(key in repr(told) + str(told) for key in KEYS)
    return told.field, told.problem, told.fix


# -- what is right --------------------------------------------------------------------------------


def test_the_whole_file_is_taken_as_it_stands(tmp_path: Path) -> None:
    """Every key there is (but two, which have others in their place)."""
    config, folder = load(written(tmp_path, WHOLE))
    assert folder == tmp_path.resolve()
    model = config_model("ticket0", frozenset({"ticketsmart"}))
    assert config == model(
        box_office=[
            box_office_table("ticketsmart")(
                name="main-room",
                api_key_env="TICKETSMART_API_KEY",
                base_url="https://ticketsmart.ai/api/v1",
            )
        ],
        desk=desk_table("ticket0").model_validate(
            {
                "api_key_env": "TICKET0_API_KEY",
                "base_url": "https://app.ticket0.ai/api/v1",
                "inbox_id": "inb_01abc",
                "customer_email": "organiser@example.com",
                "from_address": "boxoffice@example.com",
            }
        ),
        state=StateTable(url="sqlite:///willcall.db"),
    )


def test_what_is_left_out_has_the_value_that_the_whole_file_shows(tmp_path: Path) -> None:
    """So that the file shows the defaults truthfully."""
    whole, _ = load(written(tmp_path, WHOLE))
    least, _ = load(written(tmp_path, LEAST, "least.toml"))
    assert "from_address" not in least.desk.settings
    bare = whole.desk.model_copy(update={"from_address": None})
    assert least == whole.model_copy(update={"desk": bare})


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Some editors write one."""
    (tmp_path / "willcall.toml").write_text(LEAST, "utf-8-sig")
    assert load()[0].box_office[0].name == "main-room"


def test_plain_http_is_for_this_machine_only(tmp_path: Path) -> None:
    """As the sandbox is."""
    text = LEAST.replace("[desk]", 'base_url = "http://127.0.0.1:8080/ticketsmart/"\n[desk]')
    config, _ = load(written(tmp_path, text))
    assert config.box_office[0].base_url == "http://127.0.0.1:8080/ticketsmart"


# -- which file -------------------------------------------------------------------------------


def test_the_file_is_the_one_named_else_the_environments_else_the_one_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this order."""
    for name in ("willcall", "second", "third"):
        written(tmp_path, LEAST.replace("main-room", name), f"{name}.toml")
    assert load()[0].box_office[0].name == "willcall"
    monkeypatch.setenv(ENVIRONMENT, "second.toml")
    assert load()[0].box_office[0].name == "second"
    assert load("third.toml")[0].box_office[0].name == "third"


def test_paths_in_a_file_start_in_its_folder(tmp_path: Path) -> None:
    """cron runs it from anywhere."""
    (tmp_path / "etc").mkdir()
    file = written(tmp_path / "etc", LEAST)
    assert load("etc/willcall.toml")[1] == (tmp_path / "etc").resolve()
    (tmp_path / "etc" / "desk.key").write_text(f"{KEYS[1]}\n")
    config, folder = load(file)
    desk = config.desk.model_copy(update={"api_key_file": "desk.key"})
    assert desk.key(folder, "desk") == KEYS[1]
    absolute = desk.model_copy(update={"api_key_file": str(tmp_path / "etc" / "desk.key")})
    assert absolute.key(Path("/"), "desk") == KEYS[1]


def test_a_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """And whose idea it was."""
    fix = "name it with -c FILE or $WILLCALL_CONFIG"
    assert refused(load) == ("willcall.toml", "there is no such file", fix)
    assert refused(lambda: load("x.toml")) == ("x.toml", "there is no such file", fix)
    monkeypatch.setenv(ENVIRONMENT, "y.toml")
    problem = "there is no such file; $WILLCALL_CONFIG names it"
    assert refused(load) == ("y.toml", problem, fix)
    assert refused(lambda: load("x.toml")) == ("x.toml", "there is no such file", fix)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A folder, or no text."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert refused(lambda: load("folder"))[1] == "it cannot be read: is a directory"
    assert refused(lambda: load("binary.toml"))[1] == "it cannot be read: it is not UTF-8 text"


@pytest.mark.parametrize(
    ("text", "line", "fix"),
    [
        ("[desk\n", 1, ""),
        ('[desk]\ninbox_id = "inb\n', 2, "a quotation mark is missing on this line"),
        ("[desk]\ninbox_id = inb_01\n", 2, 'put texts in quotes, as in inbox_id = "…"'),
        ("[desk]\n[desk]\n", 2, ""),
        (f"[desk]\nkey = {KEYS[1]}\n", 2, 'put texts in quotes, as in key = "…"'),
        (f"[desk]\n{KEYS[1]}\n", 2, ""),
        (
            "[desk]\ninbox_id = \u201cinb\u201d\n",
            2,
            'these are curly quotation marks; write straight ones, as in "text"',
        ),
        (
            "[desk]\ninbox_id = \u2018inb\u2019\n",
            2,
            'these are not quotation marks of TOML; write straight ones, as in "text"',
        ),
        ('[desk]\ninbox_id: "inb"\n', 2, "between a key and its value stands '=', not ':'"),
        ("[desk]\nbuilt_in = yes\n", 2, "write built_in = true"),
        ("[desk]\nbuilt_in = False\n", 2, "write built_in = false"),
        ("[desk]\ntags = [vip]\n", 2, 'put each text of a list in quotes, as in ["…", "…"]'),
        (
            "[box_office]\n[[box_office]]\n",
            2,
            "head each of several tables with two brackets, as in [[rule]]",
        ),
    ],
)
def test_what_is_no_toml_is_told_by_its_line(
    tmp_path: Path, text: str, line: int, fix: str
) -> None:
    """With the way out of the commonest slips; and never quoted."""
    file = written(tmp_path, text)
    field, problem, said = refused(load)
    assert (field.rpartition(":")[0], said) == (f"{file.name}:{line}", fix)
    assert problem.startswith("it is not TOML: ")


def test_errors_name_tables_as_people_do(tmp_path: Path) -> None:
    """A rule by its id, a box office by its name; and one address is not a list."""
    written(
        tmp_path,
        '[[box_office]]\nname = "main"\n[desk]\ncustomer_email = ["a@x.example", "b@x.example"]\n',
    )
    assert refused(load) == (
        "desk.customer_email",
        "it is a list, and one text goes here",
        "write one text; for several customers, write a rule for each, with continue = true",
    )
    written(
        tmp_path,
        '[[box_office]]\nname = "main"\n[desk]\ncustomer_email = "a@x.example"\n'
        '[[rule]]\nid = "gala"\nwhen = ["event.sold_out"]\nseverity = "huge"\n',
    )
    assert refused(load)[0] == 'rule "gala".severity'


# -- what is wrong ----------------------------------------------------------------------------

Values = dict[str, Any]


def valid() -> Values:
    """Values that are right."""
    return {
        "box_office": [{"name": "main-room"}],
        "desk": {"inbox_id": "inb_01abc", "customer_email": "organiser@example.com"},
    }


def without(table: str, field: str | None = None) -> Values:
    """Right values but for one that is missing."""
    values = valid()
    if field is None:
        del values[table]
    elif table == "box_office":
        del values[table][0][field]
    else:
        del values[table][field]
    return values


def with_rule(**fields: Any) -> Values:
    """With one rule, of which these fields are so."""
    return {**valid(), "rule": [{"id": "gala", "when": "event.sold_out", **fields}]}


def having(table: str, /, **fields: Any) -> Values:
    """Right values with these in a table."""
    values = valid()
    target = values[table][0] if table == "box_office" else values.setdefault(table, {})
    target.update(fields)
    return values


KNOWN_IN_DESK = (
    "provider, api_key_env, api_key_file, api_key_keyring, base_url, customer_email, "
    "secret, staff_email, inbox_id, from_address"
)
ADDRESS = "write it as in organiser@example.com"
WRONG: dict[str, tuple[Values, str, str, str]] = {
    # -- unknown
    "a misspelt table": (
        {**valid(), "dsek": {}},
        "dsek",
        "no such key",
        "did you mean 'desk'?",
    ),
    "a misspelt table in place of the right one": (
        {**without("box_office"), "box_ofice": [{"name": "x"}]},
        "box_ofice",
        "no such key",
        "did you mean 'box_office'?",
    ),
    "a misspelt key": (
        having("box_office", nmae="x"),
        "box_office[0].nmae",
        "no such key",
        "did you mean 'name'?",
    ),
    "a misspelt key in the second of two": (
        {**valid(), "box_office": [{"name": "a"}, {"name": "b", "baseurl": "x"}]},
        "box_office[1].baseurl",
        "no such key",
        "did you mean 'base_url'?",
    ),
    "a key like no other": (
        having("desk", zzz=1),
        "desk.zzz",
        "no such key",
        f"known here: {KNOWN_IN_DESK}",
    ),
    "a key in the wrong table": (
        having("state", inbox_id="inb_1"),
        "state.inbox_id",
        "no such key",
        "known here: url",
    ),
    "an API key written down": (
        having("desk", api_key=KEYS[1]),
        "desk.api_key",
        "no such key",
        "keys stay out of this file: use api_key_env, api_key_file or api_key_keyring",
    ),
    "an API key for a field's name": (
        having("desk", **{KEYS[1]: "x"}),
        "desk.t0_***",
        "no such key",
        f"known here: {KNOWN_IN_DESK}",
    ),
    # -- missing
    "nothing at all": ({}, "box_office", "it is missing", "add a [[box_office]] table"),
    "no box office": (
        without("box_office"),
        "box_office",
        "it is missing",
        "add a [[box_office]] table",
    ),
    "an empty list of box offices": (
        {**valid(), "box_office": []},
        "box_office",
        "it is empty",
        "add a [[box_office]] table",
    ),
    "no desk": (without("desk"), "desk", "it is missing", "add a [desk] table"),
    "no name": (
        without("box_office", "name"),
        "box_office[0].name",
        "it is missing",
        'add name = "main-room", or whatever you call it',
    ),
    "no customer": (
        without("desk", "customer_email"),
        "desk.customer_email",
        "it is missing",
        'add customer_email = "organiser@example.com", whom the tickets concern',
    ),
    # -- of a wrong type
    "one box office in single brackets": (
        {**valid(), "box_office": {"name": "main-room"}},
        "box_office",
        "it is not a table",
        "head it with [[box_office]]",
    ),
    "a desk in double brackets": (
        {**valid(), "desk": [valid()["desk"]]},
        "desk",
        "it is not a table",
        "head it with [desk]",
    ),
    "a name for a box office": (
        {**valid(), "box_office": ["main-room"]},
        "box_office[0]",
        "it is not a table",
        "head it with [[box_office]]",
    ),
    "one rule in single brackets": (
        {**valid(), "rule": {"id": "gala"}},
        "rule",
        "it is not a table",
        "head it with [[rule]]",
    ),
    "a number for a list of texts": (
        with_rule(**{"if": {"event_name_contains": 5}}),
        "rule[0].if.event_name_contains",
        "it is not a list of texts",
        'write it as event_name_contains = ["…", "…"]',
    ),
    "a number in a list of texts": (
        with_rule(**{"if": {"venue_contains": ["Hall", 5]}}),
        "rule[0].if.venue_contains[1]",
        "it is not text",
        "put it in quotes",
    ),
    "a list of no texts": (
        with_rule(**{"if": {"ticket_type_name_contains": []}}),
        "rule[0].if.ticket_type_name_contains",
        "it is empty",
        "fill it in, or leave it out",
    ),
    "one text for a list": (
        with_rule(ticket={"tags": "gala"}),
        "rule[0].ticket.tags",
        "it is not a list of texts",
        'write it as tags = ["…", "…"]',
    ),
    "a number for a text": (
        having("desk", inbox_id=1),
        "desk.inbox_id",
        "it is not text",
        "put it in quotes",
    ),
    "a text for a number": (
        having("box_office", polls_per_run="25"),
        "box_office[0].polls_per_run",
        "it is not a whole number",
        "write it without quotes and without a point",
    ),
    "a number out of range": (
        having("box_office", polls_per_run=61),
        "box_office[0].polls_per_run",
        "it should be less than or equal to 60",
        "",
    ),
    # -- empty or senseless
    "an empty name": (
        having("box_office", name=" "),
        "box_office[0].name",
        "it is empty",
        "fill it in, or leave the line out",
    ),
    "an empty URL": (
        having("state", url=""),
        "state.url",
        "it is empty",
        "fill it in, or leave the line out",
    ),
    **{
        f"a ledger in memory: {url}": (
            having("state", url=url),
            "state.url",
            "this ledger is in memory, and forgotten at the end of each run",
            "name a file, as in sqlite:///willcall.db",
        )
        for url in (
            "sqlite://",
            "sqlite:///",
            "SQLite://",
            "sqlite+pysqlite://",
            "sqlite://?check_same_thread=false",
            ":memory:",
            "sqlite://:memory:",
            "sqlite:///:memory:",
            "sqlite:///:memory:?cache=shared",
            "sqlite:///file::memory:?uri=true",
            "sqlite:///file:willcall?mode=memory&cache=shared&uri=true",
            "sqlite:///file:/willcall?vfs=memdb&uri=true",
        )
    },
    "two of one name": (
        {**valid(), "box_office": [{"name": "a"}, {"name": "b"}, {"name": "a"}]},
        "box_office[2].name",
        "'a' is there twice",
        "each has a name of its own, by which the ledger knows it",
    ),
    **{
        f"no address: {wrong}": (
            having("desk", customer_email=wrong),
            "desk.customer_email",
            "it is not an e-mail address",
            ADDRESS,
        )
        for wrong in ("", "organiser", "@x", "x@", "a b@c", "a@b@c", "a@b\n", KEYS[1])
    },
    "a sender that is not an address": (
        having("desk", from_address="box office"),
        "desk.from_address",
        "it is not an e-mail address",
        ADDRESS,
    ),
    "a plain URL": (
        having("desk", base_url="http://app.ticket0.ai/api/v1"),
        "desk.base_url",
        "it would send the key in the clear",
        "use https://; plain http:// is for localhost only",
    ),
    "a URL without its beginning": (
        having("box_office", base_url="ticketsmart.ai/api/v1"),
        "box_office[0].base_url",
        "it is not an absolute URL",
        "start it with https://",
    ),
    "a URL with a login": (
        having("desk", base_url=f"https://me:{KEYS[1]}@app.ticket0.ai/api/v1"),
        "desk.base_url",
        "holds a login",
        "leave user and password out of the URL",
    ),
    # -- keys in the wrong place
    "a key for a variable": (
        having("box_office", api_key_env=KEYS[0]),
        "box_office[0].api_key_env",
        "it is a key",
        "put that into the environment, and its variable's name here",
    ),
    "a variable with its dollar": (
        having("desk", api_key_env="$TICKET0_API_KEY"),
        "desk.api_key_env",
        "it is not the name of an environment variable",
        "write it as in TICKET0_API_KEY",
    ),
    "a key for a file": (
        having("desk", api_key_file=KEYS[1]),
        "desk.api_key_file",
        "it is a key",
        "put that into a file, and the file's name here",
    ),
    "a key for a URL": (
        having("desk", base_url=KEYS[1]),
        "desk.base_url",
        "it is not an absolute URL",
        "start it with https://",
    ),
    "a key for two names": (
        {**valid(), "box_office": [{"name": KEYS[0]}, {"name": KEYS[0]}]},
        "box_office[1].name",
        "'ts_sk_***' is there twice",
        "each has a name of its own, by which the ledger knows it",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_its_place_and_the_way_out(case: str) -> None:
    """The key's path, what is the matter, what to do; and never a key."""
    values, field, problem, fix = WRONG[case]
    assert refused(lambda: checked(values)) == (field, problem, fix)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///memory.db",
        "sqlite:////var/lib/willcall/willcall.db",
        "sqlite:///file:willcall.db?mode=rwc&uri=true",
        "postgresql://db.example.com/memory",
    ],
)
def test_a_ledger_that_lasts_is_taken(url: str) -> None:
    """A file or a server, whatever it is called."""
    assert checked(having("state", url=url)).state.url == url


# -- where the keys are -----------------------------------------------------------------------


def bridge(text: str, folder: Path) -> Callable[[], Bridge]:
    """What makes a bridge of this configuration."""
    return lambda: Bridge.from_config(written(folder, text))


def test_a_key_that_is_not_there_is_told_by_where_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable's name, or the file's."""
    assert refused(bridge(LEAST, tmp_path)) == (
        "desk.api_key_env",
        "the environment variable TICKET0_API_KEY is not set",
        "set it to the key, or name a file with api_key_file",
    )
    monkeypatch.setenv("TICKET0_API_KEY", "  \n")
    assert refused(bridge(LEAST, tmp_path))[0] == "desk.api_key_env"
    in_file = LEAST + 'api_key_file = "desk.key"\n'
    assert refused(bridge(in_file, tmp_path)) == (
        "desk.api_key_file",
        "desk.key cannot be read: no such file or directory",
        "a path that is not absolute starts in the configuration's folder",
    )
    (tmp_path / "desk.key").write_text("\n")
    assert refused(bridge(in_file, tmp_path)) == (
        "desk.api_key_file",
        "desk.key is empty",
        "write the key into it",
    )
    (tmp_path / "desk.key").write_bytes(b"\xff\xfe")
    assert "it is not UTF-8 text" in refused(bridge(in_file, tmp_path))[1]


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (KEYS[0], "this is not a ticket0 key"),
        ("hunter2", "this is not a ticket0 key"),
        ("t0_", "it is cut, or holds a space or line end"),
        ("t0_live abc", "it is cut, or holds a space or line end"),
    ],
)
def test_a_key_of_the_wrong_shape_is_refused_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, problem: str
) -> None:
    """Told by the field that named it, whichever that was, and not shown."""
    monkeypatch.setenv("TICKET0_API_KEY", key)
    field, said, _ = refused(bridge(LEAST, tmp_path))
    assert (field, said) == ("desk.api_key_env", problem)
    (tmp_path / "desk.key").write_text(key)
    field, said, fix = refused(bridge(LEAST + 'api_key_file = "desk.key"\n', tmp_path))
    assert (field, said) == ("desk.api_key_file", problem)
    assert key not in said + fix or key == "t0_"


def test_a_key_file_may_be_written_by_any_editor(tmp_path: Path) -> None:
    """With a mark at its beginning and a line end, or two."""
    (tmp_path / "desk.key").write_text(f"{KEYS[1]}\r\n\n", "utf-8-sig")
    table = desk_table("ticket0")
    desk = table.model_validate(
        {"inbox_id": "i", "customer_email": "a@b", "api_key_file": "desk.key"}
    )
    assert desk.key(tmp_path, "desk") == KEYS[1]


# -- which box office -------------------------------------------------------------------------


def test_the_only_box_office_need_not_be_named() -> None:
    """Of several one must be, and by a name that is there."""
    one = checked(valid())
    two = checked({**valid(), "box_office": [{"name": "a"}, {"name": "b"}]})
    assert pick(one, None).name == "main-room"
    assert pick(two, "b").name == "b"
    with pytest.raises(InputError, match=r"several are configured \(name one of: a, b\)"):
        pick(two, None)
    with pytest.raises(InputError, match=r"'c' is not configured \(name one of: a, b\)"):
        pick(two, "c")
