"""``willcall sandbox``: stand-ins for both services on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import InputError
from ..shell import terminal

if TYPE_CHECKING:
    from ...sandbox import Sandbox as Box
    from ...sandbox.desk_settings import DeskYear


def sandbox(
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="0 for any free port.")
    ] = 8080,
    events: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Number of events; default a small, plausible season."
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", help="The same seed gives the same keys and ids.")
    ] = 0,
    dates: Annotated[
        int, typer.Option(min=0, metavar="N", help="A series of N more events, one each day.")
    ] = 0,
    desk: Annotated[
        str,
        typer.Option(
            metavar="YEAR", help="The Ticket0 that the documents of 2026 or 2025 describe."
        ),
    ] = "2026",
    habit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE[@EVENT]",
            help="What the documents leave open, such as held_seats=sold; repeatable.",
        ),
    ] = None,
    list_habits: Annotated[
        bool, typer.Option("--list-habits", help="Show all habits and their values, and exit.")
    ] = False,
) -> None:
    """Run stand-ins for TicketSmart and Ticket0, until Ctrl-C.

    Two keys and a configuration are printed, ready to paste into another shell.

    The documents of both services leave questions open. A habit is one of them, and its value is
    the answer that the sandbox gives, for all events or for one.

    \b
    Examples:
      willcall sandbox
      willcall sandbox --port 0 --events 100
      willcall sandbox --habit held_seats=sold --habit status_lag=120
      willcall sandbox --desk 2025 --habit on_closed=404
      willcall sandbox --habit odd_row=title_null@the-cherry-orchard
      willcall sandbox --list-habits
    """
    try:
        from ...sandbox import Sandbox
        from ...sandbox.server import Served, run_forever
    except ModuleNotFoundError as error:
        raise InputError(
            "sandbox", f"{error.name} is not installed", "pip install 'willcall[sandbox]'"
        ) from None
    if list_habits:
        return _show_habits()
    year = _year(desk)
    box = Sandbox(seed=seed, season=True if events is None else events, dates=dates, desk=year)
    for text in habit or ():
        _take_up(box, text)

    def ready(served: Served) -> None:
        box = served.sandbox
        inbox = box.desk.inboxes[0]
        has_inboxes = box.settings.inboxes in ("optional", "required")
        inbox_line = f'inbox_id = "{inbox.id}"\n' if has_inboxes else ""
        terminal.say(f"""\
# Stand-ins for TicketSmart and Ticket0; nothing leaves this machine. Ctrl-C ends them.
# Paste all of this into another shell:
export TICKETSMART_API_KEY={box.ticketsmart_key}
export TICKET0_API_KEY={box.ticket0_key}
export TICKETSMART_BASE_URL={served.ticketsmart_url}
export TICKET0_BASE_URL={served.ticket0_url}

cat > willcall.toml <<END
[[box_office]]
name = "main-room"
base_url = "{served.ticketsmart_url}"

[desk]
base_url = "{served.ticket0_url}"
{inbox_line}customer_email = "organiser@example.com"
from_address = "{inbox.addresses[0]}"
END

# Then take a baseline, sell an event out, and run again:
#   willcall run
#   curl -X POST {served.control_url}/events/{_on_sale(box)}/sell-out
#   willcall run
""")

    try:
        run_forever(box, port, ready=ready)
    except OSError as error:
        problem = os.strerror(error.errno or 0).lower()
        fix = "choose another port, or 0 for any"
        raise InputError("--port", f"{port}: {problem}", fix) from None


def _year(desk: str) -> DeskYear:
    """The desk that was asked for."""
    from ...sandbox.desk_settings import DESKS

    for year in DESKS:
        if year == desk:
            return year
    raise InputError("--desk", f"{desk!r} is unknown", f"known: {', '.join(DESKS)}")


def _show_habits() -> None:
    from ...sandbox.settings import HABITS
    from ..shell import screen

    screen.table(
        ("habit", "values, the default first", "meaning"),
        [(habit.name, habit.possible, habit.meaning.replace("`", "")) for habit in HABITS],
    )


def _take_up(box: Box, text: str) -> None:
    """Give a sandbox a habit, as the option has it."""
    from ...sandbox.settings import read_habit

    try:
        name, value, event = read_habit(text)
        found = event and box.boxoffice.event(event).id
        box.settings.change({name: value}, found)
    except (ValueError, LookupError) as error:
        raise InputError(
            "--habit", str(error.args[0]), "willcall sandbox --list-habits shows what is possible"
        ) from None


def _on_sale(box: Box) -> str:
    """An event that can sell out, for the example."""
    return next((e.slug for e in box.boxoffice.events if e.status == "PUBLISHED"), "EVENT")
