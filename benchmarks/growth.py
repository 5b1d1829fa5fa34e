"""Whether a client grows: 200,000 calls by one client that blocks, and as many by one that is
awaited.

    python benchmarks/growth.py [CALLS]

Every tenth call is answered with a 404. Of the awaited calls twenty are made at a time, and one of
them is cancelled. Memory, objects and open files are counted after each tenth of the calls; what
counts is what they are at the end over what they were after the first two tenths, by which time
caches are full.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import attrs
from loopback import KEY, Bursts, server

from willcall import AsyncTicketSmart, NotFoundError, TicketSmart
from willcall.client.http import library

CALLS = 200_000
TOGETHER = 20


@attrs.frozen
class Size:
    """How large this process is."""

    memory: int
    objects: int
    files: int

    @classmethod
    def now(cls) -> Size:
        """As it is after a garbage collection; sizes that this system does not tell are 0."""
        gc.collect()
        proc = Path("/proc/self")
        if not proc.is_dir():
            return cls(0, len(gc.get_objects()), 0)
        pages = int((proc / "statm").read_text().split()[1])
        files = len(list((proc / "fd").iterdir()))
        return cls(pages * os.sysconf("SC_PAGE_SIZE"), len(gc.get_objects()), files)


def held(first: Size, last: Size) -> bool:
    """Whether there was no growth. A leak of one object or eight bytes a call would be far more."""
    return (
        last.objects - first.objects < 200
        and last.files <= first.files
        and last.memory - first.memory < 4 << 20
    )


def blocking(url: str, tenth: int, tell: Callable[[], None]) -> None:
    """One call after the other."""
    bursts = Bursts()
    with TicketSmart(KEY, base_url=url, pace=bursts.pace) as api:
        for _ in range(10):
            for number in range(tenth):
                bursts.count()
                with suppress(NotFoundError):
                    api.events.get("gala" if number % 10 else "missing")
            tell()


async def awaited(url: str, tenth: int, tell: Callable[[], None]) -> None:
    """Twenty at a time, of which one is cancelled."""
    async with AsyncTicketSmart(KEY, base_url=url, pace=None) as api:
        for _ in range(10):
            for _ in range(tenth // TOGETHER):
                calls = [
                    asyncio.ensure_future(api.events.get("gala" if number % 10 else "missing"))
                    for number in range(TOGETHER)
                ]
                await asyncio.sleep(0)
                calls[1].cancel()
                await asyncio.gather(*calls, return_exceptions=True)
            tell()


def main(count: int) -> int:
    """Both; 1 if something grows."""
    failed = 0
    with server() as url:
        for flavour in ("blocking", "awaited"):
            sizes: list[Size] = []
            began = time.monotonic()

            def tell(sizes: list[Size] = sizes) -> None:
                sizes.append(Size.now())

            if flavour == "blocking":
                blocking(url, count // 10, tell)
            else:
                asyncio.run(awaited(url, count // 10, tell))
            first, last = sizes[1], sizes[-1]
            good = held(first, last)
            failed |= not good
            print(
                f"{flavour}, on {library().__name__}: {count} calls in "
                f"{time.monotonic() - began:.0f} s; over the last {count * 8 // 10}: memory "
                f"{(last.memory - first.memory) / 1024:+.0f} KiB, objects "
                f"{last.objects - first.objects:+d}, open files {last.files - first.files:+d}: "
                f"{'no growth' if good else 'GROWS'}"
            )
    return failed


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS))
