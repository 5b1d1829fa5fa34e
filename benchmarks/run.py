"""How fast the clients are: ratios to named peers, all measured here and now, in one run.

Absolute times say something about the machine, ratios about the code. So that they survive a busy
machine, the contestants take turns in short rounds: a ratio is taken within each round, and the
median of the rounds is what is printed, with the spread of the middle half beside it. What counts
is the CPU time of the client, without the wait for the server, which is alike for all and would
bring every ratio nearer to 1. Only of many calls at once it is the time that passes.
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
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import orjson
from loopback import KEY, Bursts, server
from peers import readers
from server import EVENT

from willcall import AsyncTicketSmart, TicketSmart
from willcall.client import http as door
from willcall.errors import Reply

Times = Mapping[str, list[float]]
HEADERS = {"x-api-key": KEY}
LIBRARIES: Mapping[str, Any] = {"httpx": httpx, "httpx2": httpx2}


def use(library: Any) -> None:
    """Whatever willcall opens or sends from now on goes through that library."""
    door.library = library.get


class Library:
    """Gives a library; made before, since a call is timed."""

    def __init__(self, library: Any) -> None:
        self.get = lambda: library


HTTPX, HTTPX2 = Library(httpx), Library(httpx2)


# -- taking turns -----------------------------------------------------------------------------


def rounds(contestants: Mapping[str, Callable[[], Any]], count: int, calls: int) -> Times:
    """Seconds of CPU time per call, round by round."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants)
    for number in range(count + 1):
        for name in order:
            act = contestants[name]
            gc.collect()
            began = time.thread_time()
            for _ in range(calls):
                act()
            if number:  # the first round warms up
                times[name].append((time.thread_time() - began) / calls)
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
            began = time.thread_time()
            for _ in range(calls):
                await act()
            if number:
                times[name].append((time.thread_time() - began) / calls)
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

BARE = "httpx + orjson.loads"
BARE2 = "httpx2 + orjson.loads"


def told(title: str, times: Times) -> None:
    """The ratios of calls over bare httpx, and those on httpx2 over bare httpx2."""
    ratios(title, times, BARE, {"willcall": 1.15}, 1e6, "µs")
    on_httpx2 = {name: times[name] for name in (BARE2, "willcall on httpx2")}
    ratios(f"{title}, on httpx2", on_httpx2, BARE2, {"willcall on httpx2": 1.15}, 1e6, "µs")


def calls(url: str) -> None:
    """One event over loopback, by all of them."""
    bursts, event = Bursts(), url + "/events/gala"
    tls = door._tls()

    with (
        httpx.Client(verify=tls) as bare,
        httpx2.Client(verify=tls) as bare2,
        TicketSmart(KEY, base_url=url, pace=bursts.pace) as api,
        TicketSmart(KEY, base_url=url, pace=None) as unpaced,
        TicketSmart(KEY, base_url=url, pace=bursts.pace) as api2,
        openai.OpenAI(api_key="sk-x", base_url=url) as ours,
        anthropic.Anthropic(api_key="sk-x", base_url=url) as theirs,
    ):

        def paced(client: TicketSmart, library: Library = HTTPX) -> Any:
            use(library)
            bursts.count()
            return client.events.get("gala")

        contestants: dict[str, Callable[[], Any]] = {
            BARE: lambda: orjson.loads(bare.get(event, headers=HEADERS).content),
            "willcall": lambda: paced(api),
            "willcall, pace=None": lambda: (use(HTTPX), unpaced.events.get("gala")),
            BARE2: lambda: orjson.loads(bare2.get(event, headers=HEADERS).content),
            "willcall on httpx2": lambda: paced(api2, HTTPX2),
            "openai (models.retrieve)": lambda: ours.models.retrieve("gala"),
            "anthropic (models.retrieve)": lambda: theirs.models.retrieve("gala"),
        }
        told("One call, blocking", rounds(contestants, count=30, calls=50))

    async def awaited() -> Times:
        async with (
            httpx.AsyncClient(verify=tls) as bare,
            httpx2.AsyncClient(verify=tls) as bare2,
            AsyncTicketSmart(KEY, base_url=url, pace=bursts.pace) as api,
            AsyncTicketSmart(KEY, base_url=url, pace=bursts.pace) as api2,
            openai.AsyncOpenAI(api_key="sk-x", base_url=url) as ours,
            anthropic.AsyncAnthropic(api_key="sk-x", base_url=url) as theirs,
        ):

            async def plain(client: Any) -> Any:
                return orjson.loads((await client.get(event, headers=HEADERS)).content)

            def paced(client: AsyncTicketSmart, library: Library = HTTPX) -> Awaitable[Any]:
                use(library)
                bursts.count()
                return client.events.get("gala")

            contestants: dict[str, Callable[[], Awaitable[Any]]] = {
                BARE: lambda: plain(bare),
                "willcall": lambda: paced(api),
                BARE2: lambda: plain(bare2),
                "willcall on httpx2": lambda: paced(api2, HTTPX2),
                "openai (models.retrieve)": lambda: ours.models.retrieve("gala"),
                "anthropic (models.retrieve)": lambda: theirs.models.retrieve("gala"),
            }
            return await async_rounds(contestants, count=30, calls=50)

    told("One call, awaited", asyncio.run(awaited()))


# -- many calls at once -------------------------------------------------------------------------

MANY = 500


def many(url: str) -> None:
    """So many awaited calls at once: by a new client, and again by the same."""
    event, tls = url + "/events/gala", door._tls()

    async def opened(name: str, stack: AsyncExitStack) -> Callable[[], Awaitable[Any]]:
        async def plain(client: Any) -> Any:
            return orjson.loads((await client.get(event, headers=HEADERS)).content)

        if name in LIBRARIES:
            bare = LIBRARIES[name].AsyncClient(verify=tls, timeout=60)
            await stack.enter_async_context(bare)
            return lambda: plain(bare)
        if name.startswith("willcall"):
            api = AsyncTicketSmart(KEY, base_url=url, pace=None, timeout=60, tries=1)
            await stack.enter_async_context(api)
            return lambda: api.events.get("gala")
        kind: Any = {"openai": openai.AsyncOpenAI, "anthropic": anthropic.AsyncAnthropic}[name]
        peer = await stack.enter_async_context(kind(api_key="sk-x", base_url=url, max_retries=0))
        return lambda: peer.models.retrieve("gala")

    async def burst(call: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
        """How long all of them took, and 99 of 100."""
        done: list[float] = []

        async def timed() -> None:
            await call()
            done.append(time.perf_counter() - began)

        gc.collect()
        began = time.perf_counter()
        await asyncio.gather(*(timed() for _ in range(MANY)))
        return done[-1], done[MANY * 99 // 100]

    async def main() -> dict[str, dict[str, list[float]]]:
        names = ["willcall", "willcall on httpx2", "httpx", "httpx2", "openai", "anthropic"]
        found: dict[str, dict[str, list[float]]] = {}
        for _ in range(5):
            for name in names:
                use(HTTPX2 if name.endswith("on httpx2") else HTTPX)
                async with AsyncExitStack() as stack:
                    call = await opened(name, stack)
                    for state in ("cold", "warm"):
                        whole, most = await burst(call)
                        for what, seconds in (("all", whole), ("p99", most)):
                            times = found.setdefault(f"{state}, {what}", {})
                            times.setdefault(name, []).append(seconds)
            names.reverse()
        return found

    for what, times in asyncio.run(main()).items():
        title = f"{MANY} awaited calls at once, {what}"
        reach = dict.fromkeys(("openai", "anthropic", "httpx"), 1.0)
        rows = []
        for name in times:
            over, spread = ratio(times, "willcall", name)
            seconds = statistics.median(times[name])
            goal = reach.get(name)
            rows.append(
                (
                    name,
                    f"{seconds * 1e3:.0f} ms",
                    f"{MANY / seconds:.0f}/s",
                    f"{over:.2f}",
                    spread,
                    "" if goal is None else _held(f"≤ {goal:g}", over <= goal),
                )
            )
        table(title, ("", "median", "calls", "willcall over it", "middle half", "reach"), rows)


# -- a page -----------------------------------------------------------------------------------


def decoding() -> None:
    """A hundred events with four ticket types each."""
    rows = [{**EVENT["event"], "id": f"evt_{number}"} for number in range(100)]
    page = {"page": 1, "limit": 100, "total": 100, "totalPages": 1}
    body = json.dumps({"events": rows, "pagination": page}, separators=(",", ":")).encode()
    reply = Reply(200, {}, body)
    with TicketSmart(KEY) as api:
        op = api.events.list.op(limit=100)
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
    ratios(title, times, "orjson.loads", {"willcall": 3.5}, 1e3, "ms")


# -- imports ----------------------------------------------------------------------------------

IMPORTS = {
    "import httpx": "import httpx",
    "import willcall": "import willcall",
    "from willcall import TicketSmart": "from willcall import TicketSmart",
    "… and a client that is ready to send": (
        "from willcall import TicketSmart; from willcall.client import http as door; import sys; "
        "sys.modules['httpx2'] = None; TicketSmart('ts_sk_live_x'); "
        "door._transport(None, 'HTTPTransport', door.Backend)"
    ),
    "import httpx, and a client": "import httpx; httpx.Client()",
    "import openai": "import openai",
}


def imports() -> None:
    """Each in a fresh interpreter."""
    times: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for number in range(16):
        for name, code in IMPORTS.items():
            timed = f"import time; t = time.process_time()\n{code}\nprint(time.process_time() - t)"
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
        with httpx.Client(verify=door._tls()) as client:
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
    """All of it, or the parts that are named."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; ", end="")
    names = ("httpx", "httpx2", "orjson", "cattrs", "attrs", "msgspec", "pydantic")
    names += ("openai", "anthropic")
    print(", ".join(f"{name} {version(name)}" for name in names))
    parts: Mapping[str, Callable[[str], None]] = {
        "calls": calls,
        "many": many,
        "page": lambda _: decoding(),
        "imports": lambda _: imports(),
        "clients": clients,
    }
    with server() as url:
        for name in sys.argv[1:] or parts:
            use(HTTPX)
            parts[name](url)


if __name__ == "__main__":
    main()
