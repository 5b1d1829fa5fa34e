"""``willcall init``."""

import stat
import tomllib
from pathlib import Path

import pytest

from support.shell import Said, Shell
from willcall.bridge.config.file import checked

EMAIL = "organiser@example.com"


def init(shell: Shell, *words: str, email: str | None = EMAIL) -> Said:
    """``willcall init --no-input`` against the sandbox."""
    where = (
        "--ticketsmart-base-url", shell.served.ticketsmart_url,
        "--ticket0-base-url", shell.served.ticket0_url,
    )  # fmt: skip
    whom = ("--customer-email", email) if email else ()
    return shell("init", "--no-input", *where, *whom, *words)


def used(shell: Shell, *inboxes: str) -> None:
    """Tickets that are there already, one in each inbox."""
    for number, inbox in enumerate(inboxes):
        shell.desk.create_ticket(f"Question {number}", f"c{number}@example.com", inbox, "Hello")


def written() -> dict[str, object]:
    """What stands in willcall.toml."""
    return tomllib.loads(Path("willcall.toml").read_text("utf-8"))


def test_all_of_it_without_a_question(shell: Shell) -> None:
    """Keys tried, the inbox found, a file only its owner reads, a baseline, a plan, a cron line."""
    used(shell, "inb_01abc")
    said = init(shell)
    assert said.code == 0
    assert stat.S_IMODE(Path("willcall.toml").stat().st_mode) == 0o600
    config = checked(written())
    assert config.desk.settings["inbox_id"] == "inb_01abc"
    assert config.desk.base_url == shell.served.ticket0_url
    assert "TicketSmart: key: accepted, with events:read" in said.err
    assert "Ticket0: inbox inb_01abc has 1 of the latest tickets" in said.err
    assert "main-room: baseline of 10 events taken" in said.out
    assert "what a run would do now:\nmain-room: nothing new" in said.out
    assert "* * * * *  cd " in said.out
    assert len(shell.desk.tickets) == 1
    keys = (shell.served.sandbox.ticketsmart_key, shell.served.sandbox.ticket0_key)
    everything = said.out + said.err + Path("willcall.toml").read_text("utf-8")
    assert not any(key in everything for key in keys)
    assert shell("run").out == "main-room: 10 events, nothing new\n"
    assert shell("check").code == 0


def test_a_workspace_without_inboxes_needs_none(shell: Shell) -> None:
    """As those of 2026: nobody is asked for an inbox, and none is in the file."""
    shell.served.sandbox.settings.change({"inboxes": "refused"})
    for number in range(2):
        shell.desk.create_ticket(f"Question {number}", "c@example.com", None, "Hello")
        assert init(shell, "--force").code == 0
        assert "inbox_id" not in checked(written()).desk.settings
    shell.box_office.sell_out("the-cherry-orchard")
    assert shell("run").code == 0
    assert {ticket.inbox_id for ticket in shell.desk.tickets} == {None}


def test_keys_may_be_kept_in_files(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the configuration, for their owner alone; then no variable is needed."""
    assert init(shell, "--keys", "file", "--inbox", "inb_01abc").code == 0
    for name in ("ticketsmart.key", "ticket0.key"):
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600
    for name in ("TICKETSMART_API_KEY", "TICKET0_API_KEY"):
        monkeypatch.delenv(name)
    assert shell("run").code == 0


def test_files_that_hold_keys_may_be_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stay where they are."""
    Path("a.secret").write_text(shell.served.sandbox.ticketsmart_key + "\n", "utf-8")
    Path("b.secret").write_text(shell.served.sandbox.ticket0_key, "utf-8")
    for name in ("TICKETSMART_API_KEY", "TICKET0_API_KEY"):
        monkeypatch.delenv(name)
    named = ("--ticketsmart-key-file", "a.secret", "--ticket0-key-file", "b.secret")
    said = init(shell, *named, "--inbox", "inb_01abc")
    assert said.code == 0
    assert str(Path("a.secret").absolute()) in Path("willcall.toml").read_text("utf-8")
    assert shell("run").code == 0


def test_a_file_that_is_there_is_left_alone(shell: Shell) -> None:
    """Unless it is said to be replaced; a ledger that has a baseline keeps it."""
    Path("willcall.toml").write_text("mine", "utf-8")
    said = init(shell, "--inbox", "inb_01abc")
    assert (said.code, said.out) == (2, "")
    assert "it exists already (name another with -c, or add --force)" in said.err
    assert Path("willcall.toml").read_text("utf-8") == "mine"
    assert init(shell, "--inbox", "inb_01abc", "--force").code == 0
    shell.box_office.sell_out("the-cherry-orchard")
    said = init(shell, "--inbox", "inb_01abc", "--force")
    assert said.code == 0
    assert "main-room: the ledger has a baseline already; nothing was run" in said.out
    assert "Sold out: The Cherry Orchard" in said.out  # the plan tells of it
    assert shell.desk.tickets == []


def test_the_baseline_may_be_left_for_later(shell: Shell) -> None:
    """Then only the file is written."""
    said = init(shell, "--inbox", "inb_01abc", "--no-baseline")
    assert said.code == 0
    assert [file.name for file in Path().iterdir()] == ["willcall.toml"]


REFUSED: dict[str, tuple[tuple[str, ...], int, str]] = {
    "several inboxes": ((), 2, "several inboxes are in use (name one: inb_01abc, inb_02def)"),
    "no customer": (("--inbox", "inb_01abc"), 2, "--customer-email: it is missing"),
    "no e-mail address": (("--inbox", "i", "--customer-email", "me"), 78, "desk.customer_email"),
    "no key": (("--inbox", "i"), 2, "TICKETSMART_API_KEY: no key was given (export TICKETSMART"),
    "a key of another kind": (
        ("--inbox", "i"),
        78,
        "TICKETSMART_API_KEY: this is not a ticketsmart key (its keys start with ts_sk_)",
    ),
    "a key that is not accepted": (("--inbox", "i"), 77, "replace the key in"),
    "a scope is missing": (("--inbox", "i"), 77, "it lacks events:read (to look at all)"),
    "no such folder": (("-c", "nowhere/willcall.toml"), 2, "there is no folder"),
    "nobody answers": (("--ticket0-base-url", "http://127.0.0.1:9/api"), 75, "no connection"),
    "no keyring": (("--inbox", "i", "--keys", "keyring"), 78, "use api_key_file instead"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_missing_or_wrong_is_told_and_nothing_is_written(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """One line, with what to do about it."""
    words, code, text = REFUSED[case]
    sandbox = shell.served.sandbox
    if case == "several inboxes":
        used(shell, "inb_01abc", "inb_01abc", "inb_02def")
    if case == "no key":
        monkeypatch.delenv("TICKETSMART_API_KEY")
    if case == "a key of another kind":
        monkeypatch.setenv("TICKETSMART_API_KEY", "t0_not_this_one")
    if case == "a key that is not accepted":
        sandbox.revoke(sandbox.ticketsmart_key)
    if case == "a scope is missing":
        monkeypatch.setenv("TICKETSMART_API_KEY", sandbox.new_key("ticketsmart", ["events:write"]))
    if case == "no keyring":
        import keyring
        from keyring.backends import fail

        monkeypatch.setattr("keyring.core._keyring_backend", fail.Keyring())  # type: ignore[no-untyped-call]
        assert keyring.get_keyring() is not None
    said = init(
        shell, *words, email=None if case in {"no customer", "no e-mail address"} else EMAIL
    )
    assert (said.code, text in said.err) == (code, True), said.err
    assert "Traceback" not in said.err
    assert list(Path().iterdir()) == []
    for key in (sandbox.ticketsmart_key, sandbox.ticket0_key):
        assert key not in said.out + said.err
