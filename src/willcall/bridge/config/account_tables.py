"""The [[box_office]] and [desk] tables: whose service it is, its key, and what its adapter adds.

The tables here hold the keys that every provider has. :func:`box_office_table` and
:func:`desk_table` make those of one provider: with its defaults, and with its adapter's settings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, PrivateAttr, create_model, model_validator

from ...client.provider import Account, Provider, open_account
from ...client.redact import hide, scrub
from ...errors import ConfigError, InputError
from .. import adapters
from ..model.address import Address
from ..ports import BoxOfficeAdapter, DeskAdapter, Setting
from . import credentials
from .table import ARM, Email, Filled, Table, Url, filled, url


def _variable(text: str) -> str:
    if scrub(text) != text:
        raise ValueError("it is a key; put that into the environment, and its variable's name here")
    if not re.fullmatch(r"[A-Za-z_]\w*", text, re.ASCII):
        raise ValueError(
            "it is not the name of an environment variable; write it as in TICKET0_API_KEY"
        )
    return text


_SECRET = 16
"""Characters that a secret must have at least."""


def _secret(text: str | None) -> str | None:
    if text is None:
        return None
    if scrub(text) != text:
        raise ValueError(
            "it is a key; a secret is a text of its own, such as `willcall init` writes"
        )
    if len(text) < _SECRET:
        raise ValueError(f"it is too short; write {_SECRET} random characters or more")
    return text


def _file(text: str) -> str:
    if scrub(text) != text:
        raise ValueError("it is a key; put that into a file, and the file's name here")
    return filled(text)


def _entry(text: str) -> str:
    if scrub(text) != text:
        raise ValueError("it is a key; `keyring set willcall NAME` keeps it, and NAME stands here")
    return filled(text)


Variable = Annotated[str, AfterValidator(_variable)]


class SettingsTable(Table):
    """A table to which an adapter may add keys of its own."""

    added: ClassVar[tuple[Setting, ...]] = ()
    """The adapter's settings."""

    @property
    def settings(self) -> dict[str, str]:
        """The values of the adapter's settings; those that are not given are left out."""
        values = ((setting.name, getattr(self, setting.name)) for setting in self.added)
        return {name: value for name, value in values if value is not None}


class AccountTable(SettingsTable):
    """A service and a key to it: from the environment, unless a file or a keyring is named."""

    provider: Filled
    api_key_env: Variable = ""
    api_key_file: Annotated[str, AfterValidator(_file)] | None = None
    api_key_keyring: Annotated[str, AfterValidator(_entry)] | None = None
    base_url: Url = ""
    _wire: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @property
    def wire(self) -> Mapping[str, str]:
        """The inferred names of its service that are something else, from ``[wire]``."""
        return self._wire

    def with_wire(self, names: Mapping[str, Mapping[str, str]]) -> None:
        """Take what ``[wire]`` says of its service."""
        self._wire = names.get(self.service.name, {})

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.api_key_file is not None and self.api_key_keyring is not None:
            raise ValueError("api_key_file and api_key_keyring are both given; keep one of them")
        return self

    @property
    def service(self) -> Provider:
        """Whose service it is."""
        raise NotImplementedError

    def key_field(self, at: str) -> str:
        """The path of the field that says where the key is; ``at`` is that of the table."""
        if self.api_key_file is not None:
            return f"{at}.api_key_file"
        return f"{at}.api_key_keyring" if self.api_key_keyring is not None else f"{at}.api_key_env"

    def key(self, folder: Path, at: str) -> str:
        """The API key, from its file, the keyring or the environment; empty if it needs none.

        Raises:
            ConfigError: the file cannot be read or is empty, the keyring cannot be used or keeps
                no such key, or the variable is not set.
        """
        if not self.service.has_api:
            return ""
        field = self.key_field(at)
        if self.api_key_file is not None:
            return credentials.from_file(field, self.api_key_file, folder)
        if self.api_key_keyring is not None:
            return credentials.from_keyring(field, self.api_key_keyring)
        return credentials.from_environment(field, self.api_key_env)

    def account(self, folder: Path, at: str) -> Account:
        """The account that it describes.

        Args:
            folder: where relative paths start.
            at: the table's path, for errors.

        Raises:
            ConfigError: the key cannot be had, or is not of this provider.
        """
        key, settings = hide(self.key(folder, at)), self.settings
        params = {name: settings[name] for name in self.service.path_params if name in settings}
        try:
            return open_account(
                self.service, key, self.base_url, path_params=params, wire=self.wire
            )
        except InputError as error:
            field = self.key_field(at) if error.field == "api_key" else f"{at}.{error.field}"
            raise ConfigError(field, error.problem, error.fix) from None


class BoxOfficeTable(AccountTable):
    """A box office: a key is good for exactly one."""

    adapter: ClassVar[BoxOfficeAdapter]
    name: Filled
    provider: Filled = "ticketsmart"
    polls_per_run: Annotated[int, Field(ge=0, le=60)] = 25
    """How many events a run polls one by one, if list rows carry no ticket types."""

    @property
    def service(self) -> Provider:
        """Whose service it is."""
        return self.adapter.provider


class DeskTable(AccountTable):
    """The helpdesk workspace that tickets go to."""

    adapter: ClassVar[DeskAdapter]
    provider: Filled = "ticket0"
    customer_email: Email
    secret: Annotated[str | None, AfterValidator(_secret), Field(repr=False)] = None
    """What all installations of a house share; it proves which tickets are theirs."""
    staff_email: Email | None = None
    """Whom tickets about internal trouble concern; if left out, the customer."""

    @property
    def staff(self) -> Address | None:
        """Where tickets about internal trouble go, if that is somewhere else."""
        return None if self.staff_email is None else self.address(self.staff_email)

    @property
    def service(self) -> Provider:
        """Whose service it is."""
        return self.adapter.provider

    def address(
        self, customer_email: str | None = None, settings: Mapping[str, str] | None = None
    ) -> Address:
        """Where tickets go; what is not given is as in the table."""
        options = {**self.settings, **(settings or {})}
        needed = self.adapter.mails_with
        return Address(
            customer_email=customer_email or self.customer_email,
            options=options,
            mails=not needed or needed in options,
        )


@cache
def box_office_table(provider: str) -> type[BoxOfficeTable]:
    """The ``[[box_office]]`` table of a provider.

    Raises:
        InputError: it is not installed, or its adapter cannot be used.
    """
    adapter = adapters.box_office_adapter(provider)
    fields = {**_usual(adapter.provider), **own_fields(adapter.settings, BoxOfficeTable)}
    made = create_model("BoxOfficeTable", __base__=BoxOfficeTable, __module__=__name__, **fields)
    made.adapter, made.added, made.arm = adapter, adapter.settings, f"{ARM}{provider}"
    return made


@cache
def desk_table(provider: str) -> type[DeskTable]:
    """The ``[desk]`` table of a provider.

    Raises:
        InputError: it is not installed, or its adapter cannot be used.
    """
    adapter = adapters.desk_adapter(provider)
    fields = {**_usual(adapter.provider), **own_fields(adapter.settings, DeskTable)}
    made = create_model("DeskTable", __base__=DeskTable, __module__=__name__, **fields)
    made.adapter, made.added = adapter, adapter.settings
    return made


def _usual(provider: Provider) -> dict[str, Any]:
    """Where a provider's key and address are, unless the file says so. As for the clients, the
    environment may point elsewhere, such as at a sandbox."""

    def usual_url() -> str:
        return url(os.environ.get(provider.base_url_env) or provider.base_url)

    if not provider.has_api:
        return {}
    return {
        "api_key_env": (Variable, provider.key_env),
        "base_url": (Url, Field(default_factory=usual_url)),
    }


def own_fields(
    settings: tuple[Setting, ...], table: type[Table], *, required: bool = True
) -> dict[str, Any]:
    """An adapter's settings as fields of a table.

    Args:
        settings: the settings.
        table: what they are added to.
        required: whether those that are required are so here.

    Raises:
        InputError: a setting has the name of a key that the table has without it.
    """
    fields: dict[str, Any] = {}
    for setting in settings:
        taken = setting.name in table.model_fields or hasattr(table, setting.name)
        if taken or not re.fullmatch(r"(?!model_)[a-z]\w*", setting.name):
            problem = f"its adapter cannot add a key {setting.name!r}"
            raise InputError("provider", problem, "the package that brings it must rename it")
        kind: Any = Email if setting.email else Filled
        field = Field(description=setting.summary, examples=[setting.example])
        if setting.required and required:
            fields[setting.name] = (Annotated[kind, field], ...)
        else:
            fields[setting.name] = (Annotated[kind | None, field], None)
    return fields
