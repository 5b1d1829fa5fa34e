"""``willcall rename``, and what ``check`` says of a box office that is no longer configured."""

from pathlib import Path

from support.shell import Shell


def test_a_renamed_box_office_goes_on_under_its_new_name(configured: Shell) -> None:
    """``check`` and ``run`` say what to type."""
    assert configured("run", "-q").code == 0
    configured.box_office.sell_out("the-cherry-orchard")
    assert configured("run", "-q").code == 0
    file = Path("willcall.toml")
    file.write_text(file.read_text("utf-8").replace('"main-room"', '"great-hall"'), "utf-8")
    said = configured("check")
    assert said.code == 0
    assert 'willcall.toml:2:1: warning: box_office "great-hall".name: ' in said.out
    assert "run `willcall rename main-room great-hall`" in said.out
    said = configured("run", "-q")
    assert said.code == 78
    assert "willcall rename main-room great-hall" in said.err
    said = configured("rename", "main-room", "great-hall")
    assert (said.code, said.out) == (0, "main-room is great-hall now, with 1 case\n")
    assert "willcall rename" not in configured("check").out
    assert configured("run", "-q").code == 0
    assert len(configured.desk.tickets) == 1
    assert configured("rename", "main-room", "hall").code == 78
    assert configured("rename", "great-hall", " ").code == 2
