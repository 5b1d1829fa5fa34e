"""The configuration that ``willcall init`` writes, and how cron calls it."""

import os
import tomllib
from pathlib import Path

from willcall.bridge.config.file import checked
from willcall.cli.begin.setup_text import Answers, Source, cron_line, timer, toml

EMAIL = "organiser@example.com"


ANSWERS = Answers(
    secret="0123456789abcdef0123456789abcdef",
    office='The "Lantern" \\ Room',
    ticketsmart_key=Source(field="api_key_file", value="ticketsmart.key"),
    ticketsmart_url=None,
    ticket0_key=Source(field="api_key_keyring", value="ticket0"),
    ticket0_url="https://desk.example.com/api/v1",
    inbox_id="inb_ü",
    customer_email=EMAIL,
    from_address=None,
)


def test_what_is_written_is_what_was_answered() -> None:
    """Whatever signs are in it; what is left out is a comment that can be filled in."""
    text = toml(ANSWERS)
    config = checked(tomllib.loads(text))
    assert config.box_office[0].name == ANSWERS.office
    assert config.box_office[0].api_key_file == "ticketsmart.key"
    assert config.desk.api_key_keyring == "ticket0"
    assert config.desk.settings["inbox_id"] == "inb_ü"
    assert "from_address" not in config.desk.settings
    filled = text.replace("# from_address = …", 'from_address = "a@example.com"')
    assert checked(tomllib.loads(filled)).desk.settings["from_address"] == "a@example.com"


def test_the_comments_are_a_configuration_too() -> None:
    """Every example in it can be used by taking the marks away."""
    body = toml(ANSWERS).partition("come first:\n")[2]
    rules = "\n".join(line.removeprefix("#").strip() for line in body.splitlines())
    values = tomllib.loads(toml(ANSWERS) + rules.replace("https://…", "https://example.com/x"))
    assert checked(values).rule[0].id == "gala"


def test_the_cron_line_runs_from_its_folder(tmp_path: Path) -> None:
    """Even from one whose name cron and the shell would make something else of."""
    file = tmp_path / "50% off" / "willcall.toml"
    line = cron_line("/usr/bin/willcall", file, environment=False)
    assert line.startswith("* * * * *  cd ")
    assert "50\\% off'" in line
    assert line.endswith("/usr/bin/willcall run -q -c willcall.toml")
    assert "set -a && . ./keys.env && " in cron_line("w", file, environment=True)
    unit = timer("/usr/bin/willcall", file, environment=True)
    assert f"WorkingDirectory={tmp_path}/50%% off\n" in unit
    assert f"EnvironmentFile={tmp_path}/50%% off/keys.env\n" in unit
    assert os.linesep not in line
