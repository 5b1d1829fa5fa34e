"""The configuration file willcall.toml: found, read, and checked to the last key before anything
runs.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...client.names import unknown_name
from ...client.redact import scrub
from ...errors import ConfigError, InputError
from . import credentials
from .account_tables import BoxOfficeTable
from .complaints import complaints_of, nearest, spoken, toml_advice
from .positions import SourcePosition
from .tables import Config, model_of

ENVIRONMENT = "WILLCALL_CONFIG"
DEFAULT_FILE = "willcall.toml"


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
            f"it cannot be read: {credentials.why(error)}",
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
        place, problem, fix = no_toml(text, error)
        raise ConfigError(f"{file}:{place}", problem, fix) from None
    try:
        return checked(values), file.resolve().parent
    except ConfigError as error:
        field = spoken(error.field, values)
        raise ConfigError(field, error.problem, error.fix) from error.__cause__


def no_toml(text: str, error: tomllib.TOMLDecodeError) -> tuple[SourcePosition, str, str]:
    """Where a text is not TOML, why, and what to do about it."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
    said = scrub(match[1] if match else str(error))
    lines = text.splitlines() or [""]
    place = SourcePosition(len(lines), len(lines[-1]) + 1)
    if match and match[2]:
        place = SourcePosition(int(match[2]), int(match[3]))
    # What ends a line too soon may be noticed only on the next.
    near = lines[max(0, place.line - 2) : place.line]
    fix = next(filter(None, map(toml_advice, reversed(near))), "")
    return place, f"it is not TOML: {said}", fix


def pick(config: Config, name: str | None) -> BoxOfficeTable:
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
        model = model_of(values)
    except ConfigError as error:
        return None, [error]
    try:
        config = model.model_validate(values)
    except ValidationError as error:
        return None, complaints_of(error, model)
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
    complaints += (
        ConfigError(
            f"removal[{number}].box_office",
            f"{scrub(removal.box_office)!r} cannot remove ticket types through its API",
            "remove it there by hand, and drop this table",
        )
        for number, removal in enumerate(config.removal)
        for office in config.box_office
        if office.name == removal.box_office and not office.adapter.capabilities.remove
    )
    complaints += _greedy(config)
    complaints += _unknown_names(config)
    return config, complaints


_LEAST_LEFT = 5
"""So many requests a minute must be left for a watch."""


def _greedy(config: Config) -> Iterator[ConfigError]:
    """More is to be left for others than there is."""
    quotas = [office.service.quota for office in config.box_office]
    most = min(quota.requests for quota in quotas) - _LEAST_LEFT
    if config.watch.spare > max(0, most):
        yield ConfigError("watch.spare", f"it should be less than or equal to {max(0, most)}")


def _unknown_names(config: Config) -> Iterator[ConfigError]:
    """``[wire]`` names a provider that is not configured, or a name that is not inferred."""
    services = {table.service.name: table.service for table in (*config.box_office, config.desk)}
    for provider, names in config.wire.items():
        if provider not in services:
            yield ConfigError(
                f"wire.{provider}",
                f"{scrub(provider)!r} is not configured",
                nearest(provider, [*services]),
            )
            continue
        usual = services[provider].wire
        for name in names:
            if name not in usual:
                problem, fix = unknown_name(provider, usual, scrub(name))
                yield ConfigError(f"wire.{provider}.{name}", problem, fix)


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
