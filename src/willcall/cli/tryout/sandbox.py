"""``willcall sandbox``: stand-ins for both services on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import InputError

if TYPE_CHECKING:
    from ...sandbox import Sandbox as Box


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
) -> None:
    """Run stand-ins for TicketSmart and Ticket0, until Ctrl-C.

    Two keys and a configuration are printed, ready to paste into another shell.

    \b
    Examples:
      willcall sandbox
      willcall sandbox --port 0 --events 100
    """
    try:
        from ...sandbox import Sandbox
        from ...sandbox.server import Served, run_forever
    except ModuleNotFoundError as error:
        raise InputError(
            "sandbox", f"{error.name} is not installed", "pip install 'willcall[sandbox]'"
        ) from None

    def ready(served: Served) -> None:
        box = served.sandbox
        typer.echo(f"""\
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
inbox_id = "{box.desk.inboxes[0].id}"
customer_email = "organiser@example.com"
from_address = "{box.desk.inboxes[0].addresses[0]}"
END

# Then take a baseline, sell an event out, and run again:
#   willcall run
#   curl -X POST {served.control_url}/events/{_on_sale(box)}/sell-out
#   willcall run
""")

    try:
        run_forever(
            Sandbox(seed=seed, season=True if events is None else events), port, ready=ready
        )
    except OSError as error:
        problem = os.strerror(error.errno or 0).lower()
        fix = "choose another port, or 0 for any"
        raise InputError("--port", f"{port}: {problem}", fix) from None


def _on_sale(box: Box) -> str:
    """An event that can sell out, for the example."""
    return next((e.slug for e in box.boxoffice.events if e.status == "PUBLISHED"), "EVENT")
