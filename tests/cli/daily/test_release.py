"""``willcall release``."""

import pytest

from support.shell import Shell
from willcall import Bridge, InputError


def test_a_storm_is_held_and_released(storm: Shell) -> None:
    """One digest; then one by marker, then the rest."""
    desk = storm.served.sandbox.desk
    assert len(desk.tickets) == 1
    held = storm("release", "--list", "--json").json()
    assert len(held) == 3
    assert all(one["marker"] in desk.tickets[0].messages[0].body for one in held)
    assert held[0]["marker"] in storm("release", "--list").out
    ended = storm("release", held[0]["marker"])
    assert (ended.code, ended.out.splitlines()[0]) == (0, "main-room: 1 released")
    assert len(desk.tickets) == 2
    (report,) = storm("release", "--json").json()
    assert report["exit_code"] == 0
    assert len(desk.tickets) == 4
    assert storm("release").out == "main-room: nothing released\n"
    ended = storm("release", held[0]["marker"])
    assert (ended.code, "is not held (nothing is held)" in ended.err) == (2, True)


def test_release_from_the_library(storm: Shell) -> None:
    """The same; and a marker that is not held says which are."""
    with Bridge.from_config() as bridge:
        with pytest.raises(InputError, match="held: wc-"):
            bridge.release("wc-00000000")
        (report,) = bridge.release()
    assert report.exit_code == 0
    assert len(storm.served.sandbox.desk.tickets) == 4
