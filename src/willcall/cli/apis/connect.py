"""The clients of the commands: with key and address from the configuration or the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InputError

if TYPE_CHECKING:
    from ...bridge.config.tables import Config
    from ...ticket0.api import Ticket0
    from ...ticketsmart.api import TicketSmart


def configured(config: Path | None) -> bool:
    """Whether a configuration is named or exists."""
    from ...bridge.config.file import ENVIRONMENT, find

    return config is not None or bool(os.environ.get(ENVIRONMENT)) or find(None).exists()


@contextmanager
def ticketsmart(
    config: Path | None, box_office: str | None, base_url: str | None
) -> Iterator[TicketSmart]:
    """A client for a box office.

    With ``--base-url`` the key is that of the environment: a key of the configuration belongs to
    the address of the configuration.
    """
    from ...ticketsmart.api import TicketSmart

    key = None
    if base_url is None and configured(config):
        from ...bridge.config.file import load, pick

        settings, folder = load(config)
        office = pick(settings, box_office)
        at = settings.path_of(office)
        from ...bridge.service import counting
        from ...client.provider import open_account
        from ...ticketsmart.api import PROVIDER

        key, base_url = office.key(folder, at), office.base_url
        account = open_account(PROVIDER, key, base_url, wire=office.wire)
        with (
            counting(settings, folder, account) as pace,
            TicketSmart(key, base_url=base_url, pace=pace, wire=office.wire) as client,
        ):
            yield client
        return
    with TicketSmart(key, base_url=base_url) as client:
        yield client


@contextmanager
def ticket0(config: Path | None, base_url: str | None) -> Iterator[Ticket0]:
    """A client for the desk."""
    from ...ticket0.api import Ticket0

    key, wire = None, None
    if base_url is None and configured(config):
        from ...bridge.config.file import load

        settings, folder = load(config)
        key, base_url = settings.desk.key(folder, "desk"), settings.desk.base_url
        wire = settings.desk.wire
    with Ticket0(key, base_url=base_url, wire=wire) as client:
        yield client


def from_desk(option: str, given: str | None, config: Path | None, name: str) -> str:
    """The given value, or that of ``[desk]`` in the configuration.

    Raises:
        InputError: there is neither.
    """
    found = maybe_from_desk(given, config, name)
    if found is not None:
        return found
    raise InputError(
        option, "it is missing", f"add the option, or desk.{name} to the configuration"
    )


def maybe_from_desk(given: str | None, config: Path | None, name: str) -> str | None:
    """The given value, or that of ``[desk]`` in the configuration; None if there is neither."""
    if given is not None or not configured(config):
        return given
    from ...bridge.config.file import load

    settings: Config = load(config)[0]
    found = {**settings.desk.model_dump(), **settings.desk.settings}.get(name)
    return None if found is None else str(found)
