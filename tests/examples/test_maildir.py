"""The desk under ``examples/willcall-maildir``: a pass files a message once, whatever ends it."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from support.virtual_bridge import Crash, VirtualBridge
from willcall.bridge.ledger import Ledger, open_ledger
from willcall.bridge.model.address import Address
from willcall.bridge.run import Job, recover_pass
from willcall.client.flow import Do, Send
from willcall.errors import LedgerError
from willcall_maildir import MaildirDesk, _read, _standing

ADDRESS = Address(customer_email="organiser@example.com", mails=True)


class FilingBridge(VirtualBridge):
    """The sandbox's box office in process, and a Maildir."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, address=ADDRESS)
        self.maildir = folder / "Maildir"

    def job(self, ledger: Ledger | None = None) -> Job:
        return attrs.evolve(super().job(ledger), desk=MaildirDesk(self.maildir))

    def files(self) -> list[tuple[str, str, tuple[str, ...], str]]:
        """Of each message: its subject, whether it is flagged, its tags, and its last line."""
        found = []
        for path in (self.maildir / "cur").iterdir():
            ticket = _standing(path)
            last = _read(path).get_content().rstrip().rpartition("\n")[2]
            found.append((ticket.subject, ticket.status, ticket.tags, last))
        return sorted(found)


def sold_out(folder: Path) -> FilingBridge:
    """A baseline, and then an event sells out."""
    bridge = FilingBridge(folder)
    bridge.run()
    bridge.box_office.sell_out(bridge.event())
    return bridge


def restock(bridge: FilingBridge) -> None:
    """There are seats again."""
    (event,) = [e for e in bridge.box_office.events if not any(t.available for t in e.ticket_types)]
    bridge.box_office.restock(event.id, event.ticket_types[0].name, 5)


def test_a_sell_out_is_a_flagged_message_and_ends_with_its_seats(tmp_path: Path) -> None:
    """Tagged, answered to the customer; unflagged when seats are back; nothing is filed twice."""
    bridge = sold_out(tmp_path)
    assert bridge.run().exit_code == 0
    assert bridge.run().deliveries.delivered == ()
    ticket, answer = bridge.files()
    if ticket[0].startswith("Re: "):
        ticket, answer = answer, ticket
    assert ticket[0].startswith("Sold out: ")
    assert (ticket[1], "willcall" in ticket[2]) == ("flagged", True)
    assert answer[3].startswith("Reference: wc-")
    restock(bridge)
    assert bridge.run().exit_code == 0
    assert [status for subject, status, _, _ in bridge.files() if subject == ticket[0]] == ["done"]
    assert len(bridge.files()) == 3


def test_a_process_may_end_at_any_boundary(tmp_path: Path) -> None:
    """Before or after each request and each write: what is filed in the end is the same."""
    whole = sold_out(tmp_path / "whole")
    whole.run()
    steps = [n for n, effect in enumerate(whole.world.trace) if isinstance(effect, Send | Do)]
    kept = {
        n
        for n, effect in enumerate(whole.world.trace)
        if isinstance(effect, Do) and effect.name in {"open", "say", "tag"}
    }
    assert len(kept) == 3
    for boundary in [0, *(2 * n + 1 for n in steps), *(2 * n for n in kept)]:
        bridge = sold_out(tmp_path / str(boundary))
        with pytest.raises(Crash):
            bridge.run(crash_at=boundary)
        bridge.clock.advance(180)
        for _ in range(3):
            assert bridge.run().exit_code == 0
        assert bridge.files() == whole.files(), f"ended at boundary {boundary}"
        bridge.ledger.close()


def test_a_message_that_somebody_deleted_is_not_filed_again(tmp_path: Path) -> None:
    """Its case is gone, as at any desk."""
    bridge = sold_out(tmp_path)
    bridge.run()
    for path in (bridge.maildir / "cur").iterdir():
        path.unlink()
    restock(bridge)
    for _ in range(2):
        assert bridge.run().exit_code == 0
    assert bridge.files() == []


def test_a_lost_ledger_is_read_back_from_the_folder(tmp_path: Path) -> None:
    """A new one refuses to guess; recovered, it files nothing again."""
    bridge = sold_out(tmp_path)
    bridge.run()
    filed = bridge.files()
    bridge.ledger = open_ledger("sqlite://", tmp_path)
    with pytest.raises(LedgerError, match="Maildir holds 1 tickets"):
        bridge.run()
    report = bridge._play(recover_pass)
    assert (report.recovered, report.exit_code) == (1, 0)
    assert bridge.files() == filed
    bridge.ledger.close()
