"""The desk under ``examples/willcall-maildir``: a pass files a message once, whatever ends it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from support.virtual_bridge import Crash, VirtualBridge
from willcall.bridge.config.file import load
from willcall.bridge.ledger import Ledger
from willcall.bridge.model.address import Address
from willcall.bridge.run import Job, recover_pass
from willcall.bridge.service import Bridge
from willcall.cli.shell.app import run
from willcall.client.flow import Do, Send
from willcall.errors import ConfigError, LedgerError
from willcall.sandbox import Sandbox
from willcall.sandbox.server import Served, serve
from willcall_maildir import MaildirDesk, _read, _standing

EXAMPLE = Path(__file__).parents[2] / "examples" / "willcall-maildir"
ADDRESS = Address(customer_email="organiser@example.com", mails=True)


def make_maildir(folder: Path) -> Path:
    """An empty one."""
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    return folder


class FilingBridge(VirtualBridge):
    """The sandbox's box office in process, and a Maildir."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, address=ADDRESS)
        self.maildir = make_maildir(folder / "Maildir")

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
    """There are seats of every kind again."""
    (event,) = [e for e in bridge.box_office.events if not any(t.available for t in e.ticket_types)]
    for kind in event.ticket_types:
        bridge.box_office.restock(event.id, kind.id, 40)


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
    codes = [bridge.run().exit_code for _ in range(8)]
    assert codes == sorted(codes, reverse=True), "not there now, and not five minutes later"
    assert (codes[0], codes[-1]) == (3, 0)
    assert bridge.files() == []


def test_a_lost_ledger_is_read_back_from_the_folder(tmp_path: Path) -> None:
    """A new one refuses to guess; recovered, it files nothing again."""
    bridge = sold_out(tmp_path)
    bridge.run()
    filed = bridge.files()
    bridge.ledger = bridge.open_ledger()
    with pytest.raises(LedgerError, match="Maildir holds tickets"):
        bridge.run()
    report = bridge._play(recover_pass)
    assert (report.recovered, report.exit_code) == (1, 0)
    assert bridge.files() == filed
    bridge.ledger.close()


# -- by its entry point ---------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package as pip installs it, as far as entry points go."""
    points = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    ((group, entries),) = points["entry-points"].items()
    metadata = tmp_path / "site" / "willcall_maildir-0.1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: willcall-maildir\n")
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.chdir(tmp_path)
    for name in ("TICKETSMART_API_KEY", "TICKET0_API_KEY", "WILLCALL_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def configured(installed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A box office over HTTP, and the Maildir of a configuration file."""
    with serve(Sandbox()) as served:
        monkeypatch.setenv("TICKETSMART_API_KEY", served.sandbox.ticketsmart_key)
        make_maildir(Path("Maildir"))
        Path("willcall.toml").write_text(
            f'[[box_office]]\nname = "main-room"\nbase_url = "{served.ticketsmart_url}"\n\n'
            '[desk]\nprovider = "maildir"\npath = "Maildir"\n'
            'customer_email = "organiser@example.com"\n'
        )
        yield served


def test_a_sell_out_over_http_is_a_message_in_the_folder(configured: Served) -> None:
    """Named in the configuration, without any key for it; resolved when seats are back."""
    box_office = configured.sandbox.boxoffice
    with Bridge.from_config() as bridge:
        assert [report.exit_code for report in bridge.run()] == [0]
        box_office.sell_out("the-cherry-orchard")
        (plan,) = bridge.plan()
        assert plan.pending
        assert [report.exit_code for report in (*bridge.run(), *bridge.run())] == [0, 0]
        (flagged,) = Path("Maildir/cur").glob("*:2,F")
        assert _standing(flagged).subject.startswith("Sold out: The Cherry Orchard")
        for kind in box_office.event("the-cherry-orchard").ticket_types:
            box_office.restock("the-cherry-orchard", kind.id, 40)
        (plan,) = bridge.plan()
        (outlook,) = plan.outlooks.tickets
        assert outlook.now is not None
        assert outlook.now.status == "flagged"
        assert [report.exit_code for report in bridge.run()] == [0]
    assert list(Path("Maildir/cur").glob("*:2,F")) == []
    assert len(list(Path("Maildir/cur").iterdir())) == 3


def test_a_folder_that_is_not_there_is_no_empty_desk(configured: Served) -> None:
    """A disk that is not mounted: nothing is begun, and nothing is taken for gone."""
    Path("Maildir").rename("elsewhere")
    with Bridge.from_config() as bridge:
        assert [report.exit_code for report in bridge.run()] == [75]
        Path("elsewhere").rename("Maildir")
        assert [report.exit_code for report in bridge.run()] == [0]


def test_its_own_key_is_checked_like_all_others(configured: Served) -> None:
    """One that is misspelt is named, with its place and the nearest."""
    text = Path("willcall.toml").read_text()
    Path("willcall.toml").write_text(text.replace("path =", "pth ="))
    with pytest.raises(ConfigError, match=r"desk\.pth: no such key \(did you mean 'path'\?\)"):
        load()


def test_the_doctor_and_the_status_know_that_it_has_no_key(
    configured: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """They ask for none, and say what is in the folder."""
    assert run(["run"]) == 0
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "Maildir: folder" in said
    assert "Maildir: key" not in said
    assert run(["status"]) == 0
    assert "Maildir" not in capsys.readouterr().out


def test_the_readme_shows_what_works(installed: None) -> None:
    """Its configuration is read, and its path is expanded."""
    text = (EXAMPLE / "README.md").read_text("utf-8")
    (table,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    Path("willcall.toml").write_text(f'[[box_office]]\nname = "main-room"\n\n{table}')
    config, _ = load()
    desk = config.desk.adapter.open(config.desk.account(Path(), "desk"), config.desk.settings)
    assert isinstance(desk, MaildirDesk)
    assert desk._folder == Path.home() / "Maildir"
