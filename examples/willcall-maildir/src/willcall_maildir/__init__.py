"""A Maildir as a desk: a ticket is a message, and what is said in it are messages that answer it.

A flagged message is an open ticket. Whoever takes the flag off, in any mail program, resolves it;
whoever deletes the message deletes the ticket. Each tag is a ``Keywords`` header.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from functools import update_wrapper
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar
from uuid import uuid4

from willcall.bridge.model.address import Address
from willcall.bridge.ports import (
    DeskAdapter,
    Incoming,
    Remark,
    Said,
    Setting,
    Standing,
    TicketState,
)
from willcall.client.flow import Flow, do
from willcall.client.provider import Account, Provider
from willcall.errors import ConnectError, NotFoundError

OURS = "willcall <willcall@localhost>"
POLICY = policy.default.clone(max_line_length=998)
P = ParamSpec("P")
T = TypeVar("T")


def on_disk(
    method: Callable[Concatenate[MaildirDesk, P], T],
) -> Callable[Concatenate[MaildirDesk, P], Flow[T]]:
    """A method as a flow of one step. Each ends in one rename, so that a crash leaves its work
    done or not done; what the disk refuses was not done."""

    def flow(self: MaildirDesk, /, *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
        def work() -> T:
            try:
                return method(self, *args, **kwargs)
            except OSError as error:
                raise ConnectError(str(error), provider=self.name) from error

        return do(method.__name__, work)

    update_wrapper(flow, method)
    return flow


class MaildirDesk:
    """A folder on this machine. If it is not there, that is an error and no empty desk: its disk
    may not be mounted."""

    name, title = "maildir", "Maildir"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def within(self, seconds: float, *, tries: int | None = None) -> Self:  # noqa: ARG002
        """The same desk: a folder keeps nobody waiting."""
        return self

    @on_disk
    def open(self, address: Address, subject: str, body: str) -> Standing:
        """File a flagged message."""
        return _standing(self._file(body, "F", To=address.customer_email, Subject=subject))

    @on_disk
    def tickets(self, addresses: Sequence[Address], since: datetime | None) -> list[Standing]:  # noqa: ARG002
        """Every message that answers no other."""
        return [_standing(path) for path in self._paths() if "In-Reply-To" not in _read(path)]

    @on_disk
    def said(self, ticket_id: str) -> Said:
        """The texts of our messages that answer a ticket, and how it began."""
        opening = _read(self._path(ticket_id))
        answers = (m for m in map(_read, self._paths()) if m["In-Reply-To"] == ticket_id)
        texts = tuple(m.get_content() for m in answers if m["From"] == OURS)
        if opening["From"] == OURS:
            return Said((opening.get_content(), *texts))
        return Said(texts, first=Incoming(opening.get_content(), str(opening["From"])))

    @on_disk
    def standing(self, ticket_id: str) -> Standing:
        """A ticket as it stands now."""
        return _standing(self._path(ticket_id))

    @on_disk
    def say(self, ticket_id: str, text: str, address: Address) -> None:
        """File an answer to the customer."""
        self._file(text, **self._answer(ticket_id), To=address.customer_email)

    @on_disk
    def note(self, ticket_id: str, text: str) -> bool:
        """File an answer to nobody."""
        self._file(text, **self._answer(ticket_id))
        return True

    @on_disk
    def tag(self, standing: Standing, tags: Sequence[str], assignee_id: str | None) -> Standing:
        """Add headers."""
        path = self._path(standing.id)
        message = _read(path)
        for tag in tags:
            message["Keywords"] = tag
        if assignee_id is not None:
            message["X-Assignee"] = assignee_id
        return _standing(self._write(path, message))

    @on_disk
    def resolve(self, ticket_id: str) -> Standing:
        """Take the flag off."""
        path = self._path(ticket_id)
        return _standing(path.rename(path.with_name(path.name.replace("F", ""))))

    @on_disk
    def reopen(self, ticket_id: str) -> Standing:
        """Flag it again."""
        path = self._path(ticket_id)
        return _standing(path.rename(path.with_name(path.name.replace(":2,", ":2,F"))))

    @on_disk
    def accepts_key(self) -> None:
        """There is no key."""

    @on_disk
    def remarks(self, addresses: Sequence[Address]) -> list[Remark]:  # noqa: ARG002
        """How many messages there are."""
        said = f"{self._folder} holds {len(list(self._paths()))} messages"
        return [Remark(about="folder", said=said)]

    def _paths(self) -> Iterator[Path]:
        return (self._folder / "cur").iterdir()

    def _path(self, ticket_id: str) -> Path:
        for path in self._paths():
            if path.name.partition(":2,")[0] == ticket_id:
                return path
        raise NotFoundError(f"there is no message {ticket_id}", provider=self.name)

    def _answer(self, ticket_id: str) -> dict[str, str]:
        subject = _standing(self._path(ticket_id)).subject
        return {"Subject": f"Re: {subject}", "In-Reply-To": ticket_id}

    def _file(self, text: str, flags: str = "", **headers: str) -> Path:
        message = EmailMessage(POLICY)
        message["From"], message["Date"] = OURS, format_datetime(datetime.now(UTC))
        for name, value in headers.items():
            message[name] = value
        message.set_content(text)
        return self._write(self._folder / "cur" / f"{uuid4().hex}:2,{flags}", message)

    def _write(self, path: Path, message: EmailMessage) -> Path:
        with (self._folder / "tmp" / uuid4().hex).open("wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        return Path(file.name).replace(path)


def _read(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=POLICY)
    assert isinstance(message, EmailMessage)  # noqa: S101 - by its policy
    return message


def _standing(path: Path) -> Standing:
    message, (key, _, flags) = _read(path), path.name.partition(":2,")
    date, flagged = message["Date"], "F" in flags
    return Standing(
        id=key,
        subject=str(message["Subject"] or ""),
        state=TicketState.OPEN if flagged else TicketState.RESOLVED,
        status="flagged" if flagged else "done",
        tags=tuple(message.get_all("Keywords", ())),
        assignee_id=message["X-Assignee"],
        created_at=date.datetime.astimezone(UTC) if date and date.datetime else None,
        stamp=f"{path.name} {path.stat().st_mtime_ns}",
    )


def _opened(account: Account, settings: Mapping[str, str]) -> MaildirDesk:  # noqa: ARG001
    return MaildirDesk(Path(settings["path"]).expanduser())


ADAPTER = DeskAdapter(
    provider=Provider.without_api("maildir"),
    title=MaildirDesk.title,
    open=_opened,
    settings=(Setting("path", "the Maildir", required=True, example="~/Maildir"),),
)
