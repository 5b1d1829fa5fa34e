"""How fast the clients are: ratios to named peers, all measured here and now, in one run.

Absolute times say something about the machine, ratios about the code. So that they survive a busy
machine, the contestants take turns in short rounds: a ratio is taken within each round, and the
median of the rounds is what is printed, with the spread of the middle half beside it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import openai
import orjson
from peers import readers
from server import EVENT

from willcall import AsyncTicketSmart, Pace, TicketSmart
from willcall.client.http import _tls
from willcall.client.quota import Window
from willcall.errors import Reply
from willcall.ticketsmart.wire import events_page

KEY = "ts_sk_live_benchmark"
HERE = Path(__file__).parent
Times = Mapping[str, list[float]]


@contextmanager
def server() -> Iterator[str]:
    """The loopback server, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.communicate()


class Bursts:
    """Pacing as it is in life, 60 a minute; every 50 requests a minute passes at once."""

    def __init__(self) -> None:
        self.pace = Pace(TicketSmart.provider.quota)
        self._count = 0

    def count(self) -> None:
        """One more request is about to be made."""
        self._count += 1
        if self._count % 50 == 0:
            self.pace._window = Window()


# -- taking turns -----------------------------------------------------------------------------


def rounds(contestants: Mapping[str, Callable[[], Any]], count: int, calls: int) -> Times:
    """Seconds per call, round by round."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants)
    for number in range(count + 1):
        for name in order:
            act = contestants[name]
            gc.collect()
            began = time.perf_counter()
            for _ in range(calls):
                act()
            if number:  # the first round warms up
                times[name].append((time.perf_counter() - began) / calls)
        order.reverse()
    return times


async def async_rounds(
    contestants: Mapping[str, Callable[[], Awaitable[Any]]], count: int, calls: int
) -> Times:
    """The same, awaited."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants)
    for number in range(count + 1):
        for name in order:
            act = contestants[name]
            gc.collect()
            began = time.perf_counter()
            for _ in range(calls):
                await act()
            if number:
                times[name].append((time.perf_counter() - began) / calls)
        order.reverse()
    return times


def ratio(times: Times, name: str, base: str) -> tuple[float, str]:
    """Median of the ratios of the rounds, and the spread of their middle half."""
    found = sorted(one / other for one, other in zip(times[name], times[base], strict=True))
    low, _, high = statistics.quantiles(found, n=4)
    return statistics.median(found), f"{low:.2f} to {high:.2f}"


def table(title: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """A Markdown table, readable as it is."""
    print(f"\n### {title}\n")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in (head, tuple("-" * width for width in widths), *rows):
        print("| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |")


def ratios(
    title: str, times: Times, base: str, reach: Mapping[str, float], unit: float, name: str
) -> None:
    """Every contestant's median and its ratio to the base."""
    rows = []
    for contestant in times:
        times_base, spread = ratio(times, contestant, base)
        goal = reach.get(contestant)
        rows.append(
            (
                contestant,
                f"{statistics.median(times[contestant]) * unit:.3g} {name}",
                f"{times_base:.2f}",
                "" if contestant == base else spread,
                "" if goal is None else _held(f"≤ {goal:g}", times_base <= goal),
            )
        )
    table(title, ("", "median", f"over {base}", "middle half", "reach"), rows)


# -- one call ---------------------------------------------------------------------------------


def calls(url: str) -> None:
    """One event over loopback, by all of them."""
    headers = {"x-api-key": KEY}
    bursts = Bursts()

    def paced() -> Any:
        bursts.count()
        return api.events.get("gala")

    with (
        httpx.Client(verify=_tls()) as bare,
        TicketSmart(KEY, base_url=url, pace=bursts.pace) as api,
        TicketSmart(KEY, base_url=url, pace=None) as unpaced,
        openai.OpenAI(api_key="sk-x", base_url=url) as other,
    ):
        times = rounds(
            {
                "httpx + orjson.loads": lambda: orjson.loads(
                    bare.get(url + "/events/gala", headers=headers).content
                ),
                "willcall": paced,
                "willcall, pace=None": lambda: unpaced.events.get("gala"),
                "openai (models.retrieve)": lambda: other.models.retrieve("gala"),
            },
            count=30,
            calls=100,
        )
    base = "httpx + orjson.loads"
    ratios("One call, blocking", times, base, {"willcall": 1.25}, 1e6, "µs")

    async def awaited() -> Times:
        async with (
            httpx.AsyncClient(verify=_tls()) as bare,
            AsyncTicketSmart(KEY, base_url=url, pace=bursts.pace) as api,
            openai.AsyncOpenAI(api_key="sk-x", base_url=url) as other,
        ):

            async def plain() -> Any:
                got = await bare.get(url + "/events/gala", headers=headers)
                return orjson.loads(got.content)

            async def paced() -> Any:
                bursts.count()
                return await api.events.get("gala")

            return await async_rounds(
                {
                    base: plain,
                    "willcall": paced,
                    "openai (models.retrieve)": lambda: other.models.retrieve("gala"),
                },
                count=30,
                calls=100,
            )

    ratios("One call, awaited", asyncio.run(awaited()), base, {"willcall": 1.25}, 1e6, "µs")


# -- a page -----------------------------------------------------------------------------------


def decoding() -> None:
    """A hundred events with four ticket types each."""
    rows = [{**EVENT["event"], "id": f"evt_{number}"} for number in range(100)]
    page = {"page": 1, "limit": 100, "total": 100, "totalPages": 1}
    body = json.dumps({"events": rows, "pagination": page}, separators=(",", ":")).encode()
    reply = Reply(200, {}, body)
    op = events_page({"page": 1, "limit": 100}, first=1)
    assert len(op.decode(reply).items) == 100
    contestants: dict[str, Callable[[], Any]] = {
        "orjson.loads": lambda: orjson.loads(body),
        "willcall": lambda: op.decode(reply),
        "json.loads": lambda: json.loads(body),
    }
    for name, read in readers().items():
        contestants[name] = lambda read=read: read(body)  # type: ignore[misc]
    times = rounds(contestants, count=30, calls=5)
    title = f"A page of 100 events with four ticket types each ({len(body) // 1024} KiB)"
    ratios(title, times, "orjson.loads", {"willcall": 4.0}, 1e3, "ms")


# -- imports ----------------------------------------------------------------------------------

IMPORTS = {
    "import httpx": "import httpx",
    "import willcall": "import willcall",
    "from willcall import TicketSmart": "from willcall import TicketSmart",
    "… and a client that is ready to send": (
        "from willcall import TicketSmart; TicketSmart('ts_sk_live_x')._connections._opened(None)"
    ),
    "import httpx, and a client": "import httpx; httpx.Client()",
    "import openai": "import openai",
}


def imports() -> None:
    """Each in a fresh interpreter."""
    times: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for number in range(16):
        for name, code in IMPORTS.items():
            timed = f"import time; t = time.perf_counter()\n{code}\nprint(time.perf_counter() - t)"
            ended = subprocess.run(
                [sys.executable, "-c", timed], capture_output=True, text=True, check=True
            )
            if number:  # the first one compiles
                times[name].append(float(ended.stdout))
    reach = {"import willcall": 1.4}
    ratios("Imports", times, "import httpx", reach, 1e3, "ms")
    reach = {"import willcall": 0.25}
    shown = ("import openai", "import willcall", "from willcall import TicketSmart")
    ratios(
        "Imports, over openai's",
        {name: times[name] for name in shown},
        "import openai",
        reach,
        1e3,
        "ms",
    )


# -- a thousand clients -----------------------------------------------------------------------


def _sockets() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else -1


def clients(url: str) -> None:
    """Made, used once and closed, one after the other."""

    def live() -> None:
        with TicketSmart(KEY, base_url=url, pace=None) as api:
            api.events.get("gala")

    def bare() -> None:
        with httpx.Client(verify=_tls()) as client:
            client.get(url + "/events/gala")

    for _ in range(20):
        live()
        bare()
    gc.collect()
    sockets = _sockets()
    tracemalloc.start()
    for _ in range(600):  # the caches of regular expressions and the like fill up
        live()
    gc.collect()
    memory = tracemalloc.get_traced_memory()[0]
    for _ in range(400):
        live()
    gc.collect()
    grown = (tracemalloc.get_traced_memory()[0] - memory) / 400
    tracemalloc.stop()
    times = rounds({"httpx.Client": bare, "willcall": live}, count=10, calls=100)
    # Beside a peer that surely does not grow, so that a machine that slows down is not our fault.
    over = [
        mine / other for mine, other in zip(times["willcall"], times["httpx.Client"], strict=True)
    ]
    slower = statistics.median(over[5:]) / statistics.median(over[:5])
    gc.collect()
    left = _sockets() - sockets
    table(
        "1,000 clients made, used once and closed",
        ("", "found", "reach"),
        [
            ("sockets open after them all, over before", f"{left}", _held("0", left == 0)),
            (
                "memory per client, over the last 400 of them",
                f"{grown:.0f} bytes",
                _held("no growth", grown < 32),
            ),
            (
                "time per client over httpx.Client's, last 500 over first 500",
                f"{slower:.2f}",
                _held("no growth", slower < 1.1),
            ),
            (
                "time per client, over httpx.Client with the same shared TLS context",
                f"{statistics.median(over):.2f}",
                "",
            ),
        ],
    )


def _held(reach: str, held: bool) -> str:
    return f"{reach}: {'held' if held else 'MISSED'}"


def main() -> None:
    """All of it."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; ", end="")
    names = ("httpx", "httpx2", "orjson", "cattrs", "attrs", "openai", "msgspec", "pydantic")
    print(", ".join(f"{name} {version(name)}" for name in names))
    with server() as url:
        calls(url)
        decoding()
        imports()
        clients(url)


if __name__ == "__main__":
    main()
