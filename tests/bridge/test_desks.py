"""What every desk has to do: one suite for Ticket0 on the sandbox over HTTP, and for a Maildir."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from willcall.bridge.delivery.identity import find_marked
from willcall.bridge.delivery.lookup import eldest
from willcall.bridge.model.address import Address
from willcall.bridge.model.markers import in_subject, in_text, marks
from willcall.bridge.ports import Desk, Standing, TicketState
from willcall.client.flow import Flow, drive
from willcall.client.http import Connections
from willcall.client.provider import open_account
from willcall.errors import ConnectError, NotFoundError
from willcall.sandbox import Sandbox
from willcall.sandbox.server import serve
from willcall.ticket0 import desk as ticket0
from willcall_maildir import ADAPTER as MAILDIR

T = TypeVar("T")
MARKER, OTHER = "wc-3k9f2m7q", "wc-00000000"
SUBJECT = in_subject("Sold out: Die Möwe — Gala “Zweite Reihe”, with a name that goes on", MARKER)
TEXT = f"Grüße!\n\n{'A line that is far longer than any mail line may be. ' * 30}\nBye."


class People(Protocol):
    """A desk, and what its people do there beside us."""

    desk: Desk
    address: Address

    def reply(self, ticket_id: str, text: str) -> None:
        """The customer answers."""

    def delete(self, ticket_id: str) -> None:
        """Somebody deletes a ticket."""

    def write_in(self, subject: str) -> None:
        """Somebody opens a ticket of their own."""


class AtTicket0:
    """Ticket0's adapter on the sandbox, over HTTP."""

    def __init__(self, sandbox: Sandbox, url: str) -> None:
        self._desk = sandbox.desk
        account = open_account(ticket0.ADAPTER.provider, sandbox.ticket0_key, url)
        self.desk: Desk = ticket0.ADAPTER.open(account, {})
        options = {"inbox_id": "inb_01abc", "from_address": "boxoffice@example.com"}
        self.address = Address(customer_email="a@example.com", options=options, mails=True)

    def reply(self, ticket_id: str, text: str) -> None:
        self._desk.reply(ticket_id, text)

    def delete(self, ticket_id: str) -> None:
        self._desk.delete(ticket_id)

    def write_in(self, subject: str) -> None:
        self._desk.create_ticket(subject, "guest@example.com", "inb_01abc", "Hello")


def make_maildir(folder: Path) -> None:
    """An empty one."""
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)


class InAMaildir:
    """A Maildir, and somebody with a mail program."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        make_maildir(folder)
        account = open_account(MAILDIR.provider)
        self.desk: Desk = MAILDIR.open(account, {"path": str(folder)})
        self.address = Address(customer_email="a@example.com", mails=True)

    def reply(self, ticket_id: str, text: str) -> None:
        self._deliver("Re: ?", text, ticket_id)

    def delete(self, ticket_id: str) -> None:
        (file,) = (self._folder / "cur").glob(f"{ticket_id}:*")
        file.unlink()

    def write_in(self, subject: str) -> None:
        self._deliver(subject, "Hello")

    def _deliver(self, subject: str, text: str, answers: str | None = None) -> None:
        message = EmailMessage()
        message["From"], message["Subject"] = "guest@example.com", subject
        if answers is not None:
            message["In-Reply-To"] = answers
        message.set_content(text)
        (self._folder / "cur" / f"{len(text)}.mta:2,S").write_bytes(message.as_bytes())


@pytest.fixture(params=["ticket0", "maildir"])
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[People]:
    """Each desk in turn."""
    if request.param == "maildir":
        yield InAMaildir(tmp_path / "Maildir")
        return
    with serve(Sandbox(desk="2025")) as served:
        yield AtTicket0(served.sandbox, served.ticket0_url)


@pytest.fixture
def desk(people: People) -> Desk:
    """The desk alone."""
    return people.desk.within(20.0, tries=1)


@pytest.fixture
def opened(people: People, desk: Desk) -> Standing:
    """A ticket that was just opened."""
    return play(desk.open(people.address, SUBJECT, TEXT))


def play(flow: Flow[T]) -> T:
    """Run a flow for real."""
    connections = Connections()
    try:
        return drive(flow, connections)
    finally:
        connections.close()


def test_a_ticket_is_opened_as_it_was_asked_for(opened: Standing, desk: Desk) -> None:
    """To the letter, open, with nobody's tags or name on it, and dated."""
    assert (opened.subject, opened.state) == (SUBJECT, TicketState.OPEN)
    assert (opened.tags, opened.assignee_id) == ((), None)
    assert opened.created_at is not None
    assert abs(opened.created_at - datetime.now(UTC)) < timedelta(minutes=10)
    assert play(desk.standing(opened.id)) == opened


def test_a_ticket_is_found_by_its_marker(opened: Standing, desk: Desk, people: People) -> None:
    """Among those of others, and not as its own answers; also when it is resolved."""
    people.write_in("Where do I park?")
    play(desk.note(opened.id, TEXT))
    now = datetime.now(UTC)
    for since in (None, now):
        found = play(find_marked(desk, [people.address], since))
        assert {marker: [t.id for t in tickets] for marker, tickets in found.items()} == {
            MARKER: [opened.id]
        }
    play(desk.resolve(opened.id))
    assert MARKER in play(find_marked(desk, [people.address], now))


def test_of_two_tickets_with_a_marker_both_are_found(
    opened: Standing, desk: Desk, people: People
) -> None:
    """The bridge decides which of them stays."""
    second = play(desk.open(people.address, SUBJECT, TEXT))
    assert second.id != opened.id
    result = eldest(play(find_marked(desk, [people.address], None))[MARKER])
    assert result.ticket is not None
    assert {result.ticket.id, *(t.id for t in result.duplicates)} == {opened.id, second.id}


def test_what_was_said_is_found_and_what_was_quoted_is_not(
    opened: Standing, desk: Desk, people: People
) -> None:
    """A customer's reply may hold our text, marker and all, and proves nothing."""
    message, note, quoted = (in_text(TEXT, f"{MARKER}-{n}") for n in (2, 3, 4))
    play(desk.say(opened.id, message, people.address))
    play(desk.note(opened.id, note))
    people.reply(opened.id, quoted)
    said = play(desk.said(opened.id))
    assert said.complete
    found = [any(marks(text, f"{MARKER}-{n}") for text in said.texts) for n in (2, 3, 4)]
    assert found == [True, True, False]
    assert any(text.strip() == message for text in said.texts)


def test_tags_are_added_and_those_of_people_stay(opened: Standing, desk: Desk) -> None:
    """An assignee is set if one is given, and left if not."""
    play(desk.tag(opened, ["vip, plus"], None))
    both = play(desk.tag(play(desk.standing(opened.id)), ["willcall", "über"], "usr_01ada"))
    assert (both.tags, both.assignee_id) == (("vip, plus", "willcall", "über"), "usr_01ada")
    again = play(desk.tag(both, ["late"], None))
    assert (again.tags, again.assignee_id) == ((*both.tags, "late"), "usr_01ada")
    assert play(desk.standing(opened.id)) == again


def test_an_assignee_alone(opened: Standing, desk: Desk) -> None:
    """No tag is lacking."""
    assigned = play(desk.tag(opened, [], "usr_01ada"))
    assert (assigned.tags, assigned.assignee_id) == ((), "usr_01ada")


def test_a_ticket_is_resolved_and_reopened(opened: Standing, desk: Desk, people: People) -> None:
    """Each stands afterwards as the answer said, and keeps all else."""
    tagged = play(desk.tag(opened, ["willcall"], None))
    for _ in range(2):
        resolved = play(desk.resolve(opened.id))
        assert resolved.state is TicketState.RESOLVED
        assert play(desk.standing(opened.id)) == resolved
        reopened = play(desk.reopen(opened.id))
        assert reopened.state is TicketState.OPEN
    assert (reopened.subject, reopened.tags) == (SUBJECT, tagged.tags)
    play(desk.note(opened.id, "It goes on."))


def test_a_stamp_changes_with_its_ticket(opened: Standing, desk: Desk, people: People) -> None:
    """And only with it."""
    assert opened.stamp
    assert play(desk.standing(opened.id)).stamp == opened.stamp
    assert play(desk.tag(opened, ["willcall"], None)).stamp != opened.stamp


def test_a_ticket_that_was_deleted_is_gone(opened: Standing, desk: Desk, people: People) -> None:
    """Whatever is asked or done: its desk says so, and does nothing."""
    kept = play(desk.open(people.address, in_subject("Another", OTHER), TEXT))
    people.delete(opened.id)
    for flow in (
        desk.standing(opened.id),
        desk.said(opened.id),
        desk.say(opened.id, TEXT, people.address),
        desk.note(opened.id, TEXT),
        desk.tag(opened, ["late"], None),
        desk.resolve(opened.id),
        desk.reopen(opened.id),
    ):
        with pytest.raises(NotFoundError):
            play(flow)
    assert play(find_marked(desk, [people.address], None)).keys() == {OTHER}
    assert play(desk.standing(kept.id)) == kept


def test_a_key_that_is_good_is_accepted(desk: Desk) -> None:
    """Nothing is raised."""
    assert play(desk.accepts_key()) is None


def test_something_can_be_observed(opened: Standing, desk: Desk, people: People) -> None:
    """For the doctor: each remark says what it is about."""
    play(desk.tag(opened, ["willcall"], None))
    remarks = play(desk.remarks([people.address]))
    assert remarks
    assert all(remark.about and remark.said for remark in remarks)


def test_it_has_names(desk: Desk) -> None:
    """By which errors and people call it."""
    assert desk.name.islower()
    assert desk.title


def test_a_folder_that_cannot_be_written_refuses_nothing_for_good(tmp_path: Path) -> None:
    """A full disk or a lost mount passes: it reads like a service that cannot be reached."""
    people = InAMaildir(tmp_path / "Maildir")
    shutil.rmtree(tmp_path / "Maildir")
    with pytest.raises(ConnectError):
        play(people.desk.open(people.address, SUBJECT, TEXT))
    with pytest.raises(ConnectError):
        play(people.desk.tickets([people.address], None))
