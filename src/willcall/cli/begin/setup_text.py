"""What ``willcall init`` writes and prints: the configuration as text, and how it is called each
minute on this machine. Pure.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import attrs


@attrs.frozen(kw_only=True)
class Source:
    """Where a key comes from: ``field`` is the configuration's name for it, ``value`` what it says.
    None of them is the key."""

    field: str
    value: str


@attrs.frozen(kw_only=True)
class Answers:
    """What the configuration is made of. A base URL is None where it is the usual one."""

    office: str
    ticketsmart_key: Source
    ticketsmart_url: str | None
    ticket0_key: Source
    ticket0_url: str | None
    inbox_id: str
    customer_email: str
    from_address: str | None


def _text(value: str) -> str:
    """A TOML string; JSON's escapes are among TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _rows(*rows: tuple[str, str | None, str]) -> str:
    """Lines of ``name = value  # why``, the whys aligned; a comment where there is no value."""
    said = [
        (f"{name} = {_text(value)}" if value else f"# {name} = …", why) for name, value, why in rows
    ]
    width = max(len(text) for text, why in said if why)
    return "\n".join(f"{text:<{width}}  # {why}" if why else text for text, why in said)


def toml(answers: Answers) -> str:
    """The configuration, commented."""
    first, second = answers.ticketsmart_key, answers.ticket0_key
    office = _rows(
        ("name", answers.office, "what you call it; the ledger knows it by this name"),
        (first.field, first.value, "where its key is, never the key"),
        *([("base_url", answers.ticketsmart_url, "")] if answers.ticketsmart_url else ()),
    )
    desk = _rows(
        (second.field, second.value, "where its key is, never the key"),
        *([("base_url", answers.ticket0_url, "")] if answers.ticket0_url else ()),
        ("inbox_id", answers.inbox_id, "where tickets go"),
        ("customer_email", answers.customer_email, "whom they concern"),
        ("from_address", answers.from_address, "without it tickets open and no message is sent"),
    )
    return f"""\
# willcall watches a TicketSmart box office and opens one Ticket0 ticket for what matters.
# After a change: `willcall check` says what is wrong, `willcall plan` what a run would do.

[[box_office]]
{office}

[desk]
{desk}

[state]
url = "sqlite:///willcall.db"  # relative to this file's folder

# What opens a ticket without any rule of yours: `willcall check --kinds`. A rule comes before that:
#
# [[rule]]
# id = "gala"
# when = ["event.sold_out", "ticket_type.low_stock"]
# if = {{ event_name_contains = "gala" }}
# ticket = {{ tags = ["gala"] }}
#
# [low_stock]
# number = 5    # a ticket type runs low at so many left,
# share = 0.1   # or at this share of its quantity, whichever is more
#
# [ping]
# url = "https://…"  # told after each run, so that somebody notices when there is none
"""


def cron_line(program: str, file: Path, *, environment: bool) -> str:
    """The line for crontab; in one, a percent sign would end the command."""
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
    """In a unit file a percent sign stands for something else."""
    return str(value).replace("%", "%%")
