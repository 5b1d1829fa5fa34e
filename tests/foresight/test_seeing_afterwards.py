"""log, explain, replay, silence and release: what happened, why, and what people say to it."""

import pytest

from willcall import Bridge, InputError, SoldTicketsError, TicketSmart

from .conftest import CLUB, LAUGHS, PLAY, Desk

# -- log --------------------------------------------------------------------------------------


def test_log(night: Desk) -> None:
    """Changes and acts, oldest first, filtered."""
    lines = night.run("log").out.splitlines()
    assert "Late Laughs with Priya Raman: cancelled (opened wc-" in lines[0]
    assert "The Cherry Orchard: sold out (silenced by Ana: the plan is being redone)" in lines[1]
    assert "      open tkt_" in lines[-3]
    assert len(night.run("log", "-n", "2").out.splitlines()) == 2
    objects = night.run("log", "--event", PLAY, "--kind", "event.*", "--json").objects
    assert [(one["what"], one["kind"]) for one in objects] == [("change", "event.sold_out")]
    marker = night.run("log", "--event", LAUGHS, "--json").objects[0]["marker"]
    acts = night.run("log", "--marker", f"[{marker}]", "--json").objects
    assert [one.get("act") for one in acts] == [None, "open", "tag", "message"]
    assert night.run("log", "--box-office", "main-room", "--since", "1h").out != ""
    ended = night.run("log", "--since", "2099-01-01")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "willcall: the ledger has no such entries\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--kind", "event.sold"), "--kind: there is no kind of change 'event.sold' (did you mean"),
        (("--event", "zz"), "--event: no event 'zz' has been seen"),
        (("--event", "a"), "--event: 'a' matches several events"),
        (("--since", "soon"), "--since: 'soon' is neither a span nor a moment"),
        (("--box-office", "x"), "box_office: 'x' is not configured"),
    ],
)
def test_log_of_what_is_not_there(night: Desk, args: tuple[str, ...], said: str) -> None:
    """Says what there is."""
    ended = night.run("log", *args)
    assert (ended.code, ended.err[10 : 10 + len(said)]) == (2, said)


# -- explain ----------------------------------------------------------------------------------


def test_explain_an_event(night: Desk) -> None:
    """By slug or title: what became of each change, and what the rules say."""
    for name in (PLAY, "cherry"):
        ended = night.run("explain", name)
        assert ended.code == 0
        assert "built-in/event.sold_out: takes it, but: silenced by Ana" in ended.out
        assert "still so: event.sold_out" in ended.out
        assert "no ticket tells of it" in ended.out
        assert "covered by event.sold_out" in ended.out
    ended = night.run("explain", CLUB)
    assert "nothing has happened to it since the baseline" in ended.out


def test_explain_what_waited(night: Desk) -> None:
    """The case that came of it later is told, though no change of its own led to it."""
    night.run("silence", "expire", "1")
    night.run("run", "-q")
    ended = night.run("explain", PLAY)
    assert "told under built-in/event.sold_out" in ended.out
    assert "open, under built-in/event.sold_out" in ended.out


def test_explain_a_ticket_a_marker_and_a_change(night: Desk) -> None:
    """All lead to the same."""
    ticket = night.served.sandbox.desk.tickets[0]
    marker = ticket.subject[-12:-1]
    outs = {
        night.run("explain", name).out
        for name in (ticket.id, marker, f"[{marker}]", f"{marker}-2", "#1", "1")
    }
    assert len(outs) == 1
    out = outs.pop()
    assert f"{marker}  {ticket.id}: open, under built-in/event.cancelled" in out
    assert " 3 message  done" in out
    (data,) = night.run("explain", marker, "--json").objects
    assert data["cases"][0]["marker"] == marker
    assert [act["act"] for act in data["cases"][0]["acts"]] == ["open", "tag", "message"]
    rules = {one["rule"]: one["takes"] for one in data["changes"][0]["rules"]}
    assert rules["built-in/event.cancelled"]


def test_explain_a_box_office(night: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own trouble."""
    monkeypatch.setenv("TICKETSMART_API_KEY", "ts_sk_live_another")
    night.run("run", "-q")
    out = night.run("explain", "main-room").out
    assert "box_office.key_rejected (TicketSmart rejects the key): opened wc-" in out
    assert "built-in/box_office.key_rejected: takes it" in out


@pytest.mark.parametrize("name", ["nope", "wc-00000000", "#999", "a"])
def test_explain_what_is_not_there(night: Desk, name: str) -> None:
    """Exit code 2, and where to look."""
    ended = night.run("explain", name)
    assert (ended.code, ended.err.startswith("willcall: NAME: ")) == (2, True)


# -- silence ----------------------------------------------------------------------------------


def test_silences(night: Desk) -> None:
    """Added, listed, and ended; what still holds opens then."""
    desk = night.served.sandbox.desk
    assert "event cherry" in night.run("silence", "list").out
    (one,) = night.run("silence", "list", "--json").objects
    assert (one["author"], one["in_force"]) == ("Ana", True)
    assert len(desk.tickets) == 1
    assert night.run("silence", "expire", "1").out == "silence 1 has ended\n"
    assert len(night.run("silence", "list").out.splitlines()) == 1
    assert "(over)" in night.run("silence", "list", "--all").out
    night.run("run", "-q")
    assert len(desk.tickets) == 2
    ended = night.run("silence", "expire", "1")
    assert (ended.code, ended.err) == (
        2, "willcall: N: there is no silence 1 in force (no silence is in force)\n",
    )  # fmt: skip
    added = night.run(
        "silence", "add", "--kind", "event.*", "--rule", "built-in/event.moved", "--until",
        "2099-01-01T10:00", "--reason", "x", "--box-office", "main-room", "--json",
    )  # fmt: skip
    assert (added.code, added.objects[0]["id"]) == (0, 2)
    assert night.run("silence", "expire", "2", "--json").objects == [{"id": 2, "expired": True}]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--until", "2h"), "silence: it would silence everything"),
        (("--until", "soon", "--event", "x"), "--until: 'soon' is neither a span nor a moment"),
        (("--until", "2020-01-01", "--event", "x"), "--until: '2020-01-01' has passed"),
        (("--until", "2h", "--kind", "evnt.*"), "--kind: there is no kind of change 'evnt.*'"),
        (("--until", "2h", "--rule", "x"), "--rule: there is no rule 'x'"),
        (("--until", "2h", "--box-office", "x"), "box_office: 'x' is not configured"),
    ],
)
def test_a_silence_that_makes_no_sense(night: Desk, args: tuple[str, ...], said: str) -> None:
    """Is refused, and not kept."""
    ended = night.run("silence", "add", "--reason", "r", *args)
    assert (ended.code, ended.err[10 : 10 + len(said)]) == (2, said)


def test_a_silence_for_an_event_nobody_has_seen(night: Desk) -> None:
    """May be meant for one to come, and says so."""
    ended = night.run("silence", "add", "--event", "next-year", "--until", "2h", "--reason", "x")
    assert (ended.code, ended.err) == (
        0, "willcall: no event 'next-year' has been seen yet\n",
    )  # fmt: skip


# -- release ----------------------------------------------------------------------------------


def test_a_storm_is_held_and_released(storm: Desk) -> None:
    """One digest; then one by marker, then the rest."""
    desk = storm.served.sandbox.desk
    assert len(desk.tickets) == 1
    held = storm.run("release", "--list", "--json").objects
    assert len(held) == 3
    assert all(one["marker"] in desk.tickets[0].messages[0].body for one in held)
    assert held[0]["marker"] in storm.run("release", "--list").out
    ended = storm.run("release", held[0]["marker"])
    assert (ended.code, ended.out.splitlines()[0]) == (0, "main-room: 1 released")
    assert len(desk.tickets) == 2
    (report,) = storm.run("release", "--json").objects
    assert report["exit_code"] == 0
    assert len(desk.tickets) == 4
    assert storm.run("release").out == "main-room: nothing released\n"
    ended = storm.run("release", held[0]["marker"])
    assert (ended.code, "is not held (nothing is held)" in ended.err) == (2, True)


def test_release_from_the_library(storm: Desk) -> None:
    """The same; and a marker that is not held says which are."""
    with Bridge.from_config() as bridge:
        with pytest.raises(InputError, match="held: wc-"):
            bridge.release("wc-00000000")
        (report,) = bridge.release()
    assert report.exit_code == 0
    assert len(storm.served.sandbox.desk.tickets) == 4


# -- reporting --------------------------------------------------------------------------------


def test_whatever_a_block_raises_is_reported(desk: Desk) -> None:
    """And goes on, with a note that says what came of it."""
    desk.run("run", "-q")
    with TicketSmart(base_url=desk.served.ticketsmart_url) as box_office:
        event = box_office.events.get(CLUB)
        sold = next(one for one in event.ticket_types or () if one.name == "Early Bird")
        with Bridge.from_config() as bridge:
            with pytest.raises(SoldTicketsError) as caught, bridge.reporting() as reports:
                box_office.events.remove_ticket_type(event.id, sold.id)
            assert [report.exit_code for report in reports] == [0]
            assert caught.value.__notes__[0].startswith("reported to the desk: opened wc-")
            with pytest.raises(SoldTicketsError) as again, bridge.reporting():
                box_office.events.remove_ticket_type(event.id, sold.id)
            assert "already open as wc-" in again.value.__notes__[0]
            with pytest.raises(KeyError), bridge.reporting() as reports:
                raise KeyError(1)
            assert reports == []
            with bridge.reporting() as reports:
                pass
            assert reports == []
    assert len(desk.served.sandbox.desk.tickets) == 1


def test_an_error_that_cannot_be_reported_goes_on_all_the_same(desk: Desk) -> None:
    """It says what else went wrong, and stays what it was."""
    error = SoldTicketsError("no", provider="ticketsmart", status=409)
    with Bridge.from_config() as bridge:
        with pytest.raises(SoldTicketsError) as caught, bridge.reporting(box_office="x"):
            raise error
        assert caught.value is error
        assert error.__notes__[0].startswith("no support ticket was opened: error: ")


# -- replay -----------------------------------------------------------------------------------


def test_replay(night: Desk) -> None:
    """Under the same rules the same; under edited ones, what they say."""
    lines = night.run("replay").out.splitlines()
    assert "1 opened then, 1 under these rules (1 the same, 0 added, 0 missing)" in lines[0]
    text = (night.folder / "willcall.toml").read_text("utf-8")
    rule = '[[rule]]\nid = "mine"\nwhen = ["event.sold_out"]\n'
    (night.folder / "edited.toml").write_text(f"built_in_rules = false\n{text}{rule}", "utf-8")
    ended = night.run("replay", "--since", "30d", "-c", "edited.toml")
    assert "1 opened then, 0 under these rules (0 the same, 0 added, 1 missing)" in ended.out
    assert "then under built-in/event.cancelled; now: no rule takes it" in ended.out
    night.run("silence", "expire", "1")
    (data,) = night.run("replay", "-c", "edited.toml", "--json").objects
    assert {one["fate"] for one in data["compared"]} == {"missing", "added"}
    ended = night.run("replay", "--since", "soon")
    assert (ended.code, ended.err.startswith("willcall: --since: 'soon'")) == (2, True)


def test_replay_before_the_first_run(desk: Desk) -> None:
    """There is nothing yet."""
    assert desk.run("replay").out == "main-room: the ledger has no history yet\n"
