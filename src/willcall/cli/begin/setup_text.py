"""What ``willcall init`` writes and prints: the configuration, and how cron or systemd calls runs.

Pure.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import attrs


@attrs.frozen(kw_only=True)
class Source:
    """Where a key is kept: a field of the configuration and its value. Neither holds the key."""

    field: str
    value: str


@attrs.frozen(kw_only=True)
class Answers:
    """The values of the configuration. A base URL is None if it is the default."""

    office: str
    ticketsmart_key: Source
    ticketsmart_url: str | None
    ticket0_key: Source
    ticket0_url: str | None
    inbox_id: str | None
    customer_email: str
    from_address: str | None
    secret: str


def _text(value: str) -> str:
    """A TOML string. Every escape of JSON is one of TOML, too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _rows(*rows: tuple[str, str | None, str]) -> str:
    """Lines of ``name = value  # why``, comments aligned. A line without a value is a comment."""
    lines = [
        (f"{name} = {_text(value)}" if value else f"# {name} = …", why) for name, value, why in rows
    ]
    width = max(len(text) for text, why in lines if why)
    return "\n".join(f"{text:<{width}}  # {why}" if why else text for text, why in lines)


def toml(answers: Answers) -> str:
    """The configuration, with comments."""
    first, second = answers.ticketsmart_key, answers.ticket0_key
    office = _rows(
        ("name", answers.office, "its name here, and in the ledger"),
        (first.field, first.value, "where the key is; never the key itself"),
        *([("base_url", answers.ticketsmart_url, "")] if answers.ticketsmart_url else ()),
    )
    desk = _rows(
        (second.field, second.value, "where the key is; never the key itself"),
        *([("base_url", answers.ticket0_url, "")] if answers.ticket0_url else ()),
        ("inbox_id", answers.inbox_id, "the inbox that tickets go to, if there are any"),
        ("customer_email", answers.customer_email, "whom the tickets concern"),
        ("from_address", answers.from_address, "without it no message is sent"),
        ("secret", answers.secret, "proves which tickets are yours; the same in every copy"),
    )
    return f"""\
# willcall polls a box office and opens one support ticket for each change that matters.
# After an edit, `willcall check` finds errors and `willcall plan` shows what a run would do.

[[box_office]]
{office}

[desk]
{desk}

[state]
url = "sqlite:///willcall.db"  # relative to this file's folder

# Built-in rules open tickets without any rule of yours: see `willcall check --kinds`. Your rules
# come first:
#
# [[rule]]
# id = "gala"
# when = ["event.sold_out", "ticket_type.low_stock"]
# if = {{ event_name_contains = "gala" }}
# ticket = {{ tags = ["gala"] }}
#
# [low_stock]
# number = 5    # a ticket type is low at this number of tickets,
# share = 0.1   # or at this share of its quantity, whichever is more
#
# [ping]
# url = "https://…"  # called after each run, so that a missing run is noticed
"""


def cron_line(program: str, file: Path, *, environment: bool) -> str:
    """The line for crontab, where a percent sign must be escaped."""
    keys = "set -a && . ./keys.env && " if environment else ""
    line = (
        f"cd {shlex.quote(str(file.parent))} && {keys}{program} run -q -c {shlex.quote(file.name)}"
    )
    return f"* * * * *  {line}".replace("%", "\\%")


def timer(program: str, file: Path, *, environment: bool) -> str:
    """A systemd service and its timer, for the user who runs this."""
    keys = f"EnvironmentFile={_unit(file.parent / 'keys.env')}\n" if environment else ""
    return f"""\
# ~/.config/systemd/user/willcall.service
[Service]
Type=oneshot
WorkingDirectory={_unit(file.parent)}
{keys}ExecStart={_unit(program)} run -q -c {_unit(shlex.quote(file.name))}

# ~/.config/systemd/user/willcall.timer
[Timer]
OnCalendar=minutely
AccuracySec=1s

[Install]
WantedBy=timers.target

# systemctl --user daemon-reload && systemctl --user enable --now willcall.timer"""


def _unit(value: str | Path) -> str:
    """A value for a unit file, where a percent sign must be escaped."""
    return str(value).replace("%", "%%")
