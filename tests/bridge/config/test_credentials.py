"""Where keys come from: the environment, a file, the keyring; and what is said when none comes."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked

from willcall.bridge.config import credentials as keys
from willcall.bridge.config.file import checked
from willcall.errors import ConfigError

KEY = "t0_0123456789abcdef0123456789abcdef"


class Memory(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Locked(Memory):
    """One that nobody unlocks."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(f"locked, and it holds {KEY}")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot keep {password}")


@pytest.fixture
def memory() -> Iterator[Memory]:
    """The keyring of this process, in memory."""
    before, mine = keyring.get_keyring(), Memory()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


def refused(field: str, name: str) -> ConfigError:
    """The complaint about a key in the keyring."""
    with pytest.raises(ConfigError) as caught:
        keys.from_keyring(field, name)
    assert caught.value.field == field
    assert KEY not in str(caught.value)
    return caught.value


def desk(**extra: str) -> dict[str, object]:
    """A configuration whose desk has these keys."""
    table = {"inbox_id": "inb_1", "customer_email": "a@example.com", **extra}
    return {"box_office": [{"name": "main-room"}], "desk": table}


def test_a_key_may_be_in_the_keyring(memory: Memory, tmp_path: Path) -> None:
    """Under the name that the configuration has for it."""
    keys.keep_in_keyring("desk.api_key_keyring", "desk", KEY)
    assert memory.kept == {("willcall", "desk"): KEY}
    config = checked(desk(api_key_keyring="desk"))
    assert config.desk.key_field("desk") == "desk.api_key_keyring"
    assert config.desk.key(tmp_path, "desk") == KEY


def test_a_keyring_that_keeps_no_such_key_says_how_to_put_it_there(memory: Memory) -> None:
    """By its name."""
    error = refused("desk.api_key_keyring", "desk")
    assert error.problem == "the keyring keeps nothing under willcall/desk"
    assert error.fix == "`keyring set willcall desk` asks for the key and keeps it"


def test_a_machine_without_a_keyring_is_told(memory: Memory) -> None:
    """As most servers are."""
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    error = refused("desk.api_key_keyring", "desk")
    assert error.problem == "this machine has no keyring that could be used"
    assert error.fix == "use api_key_file instead"


def test_a_locked_keyring_is_told_without_what_it_said(memory: Memory) -> None:
    """Nobody knows what a backend puts into its errors."""
    keyring.set_keyring(Locked())
    assert refused("desk.api_key_keyring", "desk").problem == "the keyring is locked"
    with pytest.raises(ConfigError, match="the keyring cannot be used \\(RuntimeError\\)") as told:
        keys.keep_in_keyring("desk.api_key_keyring", "desk", KEY)
    assert KEY not in str(told.value)
    assert told.value.__cause__ is None


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra that brings it."""
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    assert "pip install 'willcall[keyring]'" in refused("desk.api_key_keyring", "desk").fix


@pytest.mark.parametrize(
    ("extra", "field", "problem"),
    [
        (
            {"api_key_keyring": "desk", "api_key_file": "desk.key"},
            "desk",
            "api_key_file and api_key_keyring are both given",
        ),
        ({"api_key_keyring": KEY}, "desk.api_key_keyring", "it is a key"),
        ({"api_key_keyring": " "}, "desk.api_key_keyring", "it is empty"),
    ],
)
def test_what_names_no_source_is_refused(extra: dict[str, str], field: str, problem: str) -> None:
    """By its field, and never with a key in it."""
    with pytest.raises(ConfigError) as caught:
        checked(desk(**extra))
    assert (caught.value.field, caught.value.problem) == (field, problem)
    assert KEY not in str(caught.value)


def test_a_key_that_is_kept_in_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    """From the first moment, whatever the umask and whatever stood there."""
    path = tmp_path / "desk.key"
    path.write_text("older", "utf-8")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        keys.keep_in_file(path, KEY)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.from_file("desk.api_key_file", "desk.key", tmp_path) == KEY
    assert [file.name for file in tmp_path.iterdir()] == ["desk.key"]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """By its path."""
    with pytest.raises(ConfigError, match="it cannot be written: no such file or directory"):
        keys.keep_in_file(tmp_path / "nowhere" / "desk.key", KEY)


def test_what_is_not_to_be_replaced_stays(tmp_path: Path) -> None:
    """And leaves nothing beside it."""
    path = tmp_path / "willcall.toml"
    keys.write_private(path, "first", replace=False)
    with pytest.raises(FileExistsError):
        keys.write_private(path, "second", replace=False)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [
        ("willcall.toml", "first")
    ]
