"""A sell-out in a real pretix becomes a support ticket: `willcall run`, as its users run it.

The desk is willcall's own sandbox. The example is installed as a package, so that the bridge finds
it by its entry point.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pretix_server import Shop

from willcall.sandbox import Sandbox, serve

EXAMPLE = Path(__file__).parents[1]
CONFIG = """\
[[box_office]]
name = "lindenhof"
provider = "pretix"
base_url = "{pretix}"
organizer = "lindenhof"

{removals}
[desk]
base_url = "{desk}"
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
"""
REMOVALS = "".join(
    f"""
[[removal]]
box_office = "lindenhof"
event = "gala"
ticket_type = "{name}"
after = 2026-01-01T00:00:00Z
"""
    for name in ("Early bird", "Guest list")
)
TABLE, GUEST, GUEST_LIST = 6, 5, 8


def _installed(folder: Path) -> Path:
    """The example as pip installs it, in a folder of its own."""
    options = ("--no-deps", "--no-build-isolation", "--upgrade", "--target", str(folder))
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    subprocess.run([*pip, *options, str(EXAMPLE)], check=True)
    return folder


def bridge_run(shop: Shop, home: Path) -> int:
    """A baseline, sell-outs and their tickets, and removals; how many steps went wrong.

    Args:
        shop: a pretix whose events are all on sale.
        home: where the package is installed, and the configuration and the ledger are kept.
    """
    folder = home / "run"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("willcall.*"):
        old.unlink()
    package = _installed(home / "package")
    sandbox = Sandbox()
    failures = 0

    with serve(sandbox) as served:

        def configure(removals: str = "") -> None:
            config = CONFIG.format(pretix=shop.api, desk=served.ticket0_url, removals=removals)
            (folder / "willcall.toml").write_text(config, "utf-8")

        environment = os.environ | {
            "PYTHONPATH": str(package.absolute()),
            "PRETIX_API_KEY": shop.keys["key"],
            "TICKET0_API_KEY": sandbox.ticket0_key,
            "NO_COLOR": "1",
        }

        def willcall(*args: str) -> str:
            done = subprocess.run(
                [sys.executable, "-m", "willcall", *args],
                env=environment,
                cwd=folder.absolute(),
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            print("    $ willcall " + " ".join(args))
            print("".join(f"    {line}\n" for line in (done.stdout + done.stderr).splitlines()))
            for key in shop.keys.values():
                if key in done.stdout + done.stderr:
                    raise RuntimeError("a token of pretix was printed")
            return f"exit {done.returncode}"

        def step(name: str, holds: Callable[[], bool]) -> None:
            nonlocal failures
            good = holds()
            failures += not good
            print(f"{'ok ' if good else 'no '} {name}", flush=True)

        def tickets() -> list[str]:
            return [ticket["subject"] for ticket in sandbox.desk.truth()]

        configure()
        step("the configuration is accepted", lambda: willcall("check") == "exit 0")
        step("the key is good", lambda: willcall("doctor") == "exit 0")
        step("the first run keeps what there is", lambda: willcall("run") == "exit 0")
        step("no ticket was opened", lambda: not tickets())
        shop.sell("tea", GUEST, 12)
        step("a run after the sell-out", lambda: willcall("run") == "exit 0")
        step("one ticket says so", lambda: ["Tea ceremony" in it for it in tickets()] == [True])
        step("another run", lambda: willcall("run") == "exit 0")
        step("there is still one ticket", lambda: len(tickets()) == 1)
        shop.sell("cabaret", TABLE, subevent=1)
        step("a run after a date of a series sold out", lambda: willcall("run") == "exit 0")
        step("a second ticket says so", lambda: "Cabaret 1" in tickets()[1])
        shop.sell("gala", GUEST_LIST)
        configure(REMOVALS)
        step("a run that removes ticket types", lambda: willcall("run") == "exit 0")
        step("the one that was not sold is gone", lambda: shop.items("gala") == ["Guest list"])
        step("a ticket says that the other was sold", lambda: "Guest list" in tickets()[2])
        step("a last run", lambda: willcall("run") == "exit 0")
        step("there are three tickets", lambda: len(tickets()) == 3)
        step("the status shows it", lambda: willcall("status") == "exit 0")
        print("".join(f"    {subject}\n" for subject in tickets()), end="")
    return failures
