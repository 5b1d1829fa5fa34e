"""Where keys come from: the environment, a file, or the system's keyring. Never the configuration.

A key is looked up when it is needed, by the one source that its table names, and every complaint
names that field. Nothing here ever shows a key.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...errors import ConfigError

SERVICE = "willcall"
"""Under which service the keyring keeps our keys; an entry's name is its user name there."""

_INSTALL = "pip install 'willcall[keyring]', or use api_key_file"


def from_environment(field: str, name: str) -> str:
    """The key in an environment variable.

    Raises:
        ConfigError: it is not set.
    """
    key = os.environ.get(name, "").strip()
    if not key:
        raise ConfigError(
            field,
            f"the environment variable {name} is not set",
            "set it to the key, or name a file with api_key_file",
        )
    return key


def from_file(field: str, name: str, folder: Path) -> str:
    """The key in a file; a path that is not absolute starts at ``folder``.

    Raises:
        ConfigError: it cannot be read, or is empty.
    """
    try:
        key = (folder / name).read_text("utf-8-sig").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(
            field,
            f"{name} cannot be read: {why(error)}",
            "a path that is not absolute starts in the configuration's folder",
        ) from None
    if not key:
        raise ConfigError(field, f"{name} is empty", "write the key into it")
    return key


def from_keyring(field: str, entry: str) -> str:
    """The key that the system's keyring keeps for service ``willcall`` under this name.

    Raises:
        ConfigError: it keeps none, is locked, or there is no keyring.
    """
    keyring = _keyring(field)
    try:
        key = keyring.get_password(SERVICE, entry)
    except Exception as error:  # noqa: BLE001 - what a backend raises is up to the backend
        raise _unusable(field, error) from None
    if not key or not key.strip():
        raise ConfigError(
            field,
            f"the keyring keeps nothing under {SERVICE}/{entry}",
            f"`keyring set {SERVICE} {entry}` asks for the key and keeps it",
        )
    return str(key).strip()


def keep_in_keyring(field: str, entry: str, key: str) -> None:
    """Have the keyring keep a key under this name, instead of what it kept there.

    Raises:
        ConfigError: it is locked, or there is no keyring.
    """
    keyring = _keyring(field)
    try:
        keyring.set_password(SERVICE, entry, key)
    except Exception as error:  # noqa: BLE001 - as above; its text may hold the key
        raise _unusable(field, error) from None


def keep_in_file(path: Path, key: str) -> None:
    """Write a key into a file that nobody else can read, instead of what stood there.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        write_private(path, f"{key}\n", replace=True)
    except OSError as error:
        raise ConfigError(
            str(path), f"it cannot be written: {why(error)}", "make its folder writable"
        ) from None


def write_private(path: Path, text: str, *, replace: bool) -> None:
    """Write a file that only its owner can read, whole or not at all.

    Raises:
        FileExistsError: it is there, and not to be replaced.
        OSError: it cannot be written.
    """
    if not replace and path.exists():
        raise FileExistsError(17, "file exists", str(path))
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    # Made with its mode, rather than given it afterwards: not even for a moment for others to read.
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            new.replace(path)
        else:
            os.link(new, path)  # which fails if somebody else was quicker
    finally:
        new.unlink(missing_ok=True)


def why(error: OSError | ValueError) -> str:
    """Why a file cannot be read or written."""
    said: str | None = getattr(error, "strerror", None)
    return said.lower() if said else "it is not UTF-8 text"


def _keyring(field: str) -> Any:
    try:
        import keyring
    except ModuleNotFoundError:
        raise ConfigError(field, "the keyring library is not installed", _INSTALL) from None
    return keyring


def _unusable(field: str, error: Exception) -> ConfigError:
    """A keyring that does not answer. Its own text stays behind: nobody knows what it holds."""
    kind = type(error).__name__
    if kind in {"NoKeyringError", "InitError"}:
        return ConfigError(
            field, "this machine has no keyring that could be used", "use api_key_file instead"
        )
    if kind == "KeyringLocked":
        return ConfigError(
            field, "the keyring is locked", "unlock it, or use api_key_file: cron cannot unlock one"
        )
    return ConfigError(
        field, f"the keyring cannot be used ({kind})", "`keyring diagnose` tells more"
    )
