"""From the sale to the ticket, both at the server, and what is used of the limit.

A sandbox with 200 events over real HTTP, and a real ``willcall watch`` in front of it, with the
real limit. At random moments something sells out (``moments.py``); measured is how long it takes
until Ticket0 holds the ticket. Fifty such moments take hours of real time, so the clock runs
faster (``scaled.py``, which also says how far that can be trusted). Then the limit: an hour of
virtual time (``hour.py``) and some minutes of real time (``minutes.py``), alone and beside others
on the same ledger, and hours of virtual time beside others of whom only refusals tell
(``shared_key.py``).
"""

from __future__ import annotations

import argparse
import os
import time

from hour import hour
from minutes import use
from moments import KINDS, moments
from shared_key import WHO, shared

PERSON = (2.0, 8.0)  # seconds between an answer and the next question


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=50, help="of each kind; 0: none")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this; may be repeated")
    parser.add_argument("--rows", choices=("carry", "lack"), help="ticket types; default: both")
    parser.add_argument("--factor", type=float, default=15.0, help="how much faster the clock runs")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--hour", type=int, default=60, help="minutes of virtual time; 0: none")
    parser.add_argument("--shared", type=int, default=3, help="hours of virtual time; 0: none")
    parser.add_argument("--minutes", type=int, default=3, help="of real time; 0: none")
    told = parser.parse_args()
    print(f"load when it began: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    if told.moments:
        _moments(told)
    for rows in (False, True) if told.hour else ():
        for beside in (None, PERSON):
            began = time.monotonic()
            used = hour(told.hour, told.events, rows=rows, beside=beside)
            print(
                f"virtual, {told.events} events whose rows {_carry(rows)} ticket types, "
                f"{_beside(beside)}: {used} [{time.monotonic() - began:.0f} s]",
                flush=True,
            )
    for who in WHO if told.shared else ():
        for way in (False, True):
            began = time.monotonic()
            found = shared(who, told.shared, told.events, told.seed, giving_way=way)
            print(
                f"virtual, the key shared with {who}, {'giving' if way else 'not giving'} way: "
                f"{found} [{time.monotonic() - began:.0f} s]",
                flush=True,
            )
    for every in (None, 5.0) if told.minutes else ():
        alone = use(told.minutes, told.events, beside=every)
        print(f"real, {told.events} events, {_beside(every)}: {alone}", flush=True)
        print(f"  minute by minute: {', '.join(map(str, alone.minutes))}", flush=True)
    print(f"load when it ended: {os.getloadavg()[0]:.1f}")


def _moments(told: argparse.Namespace) -> None:
    for rows in {"carry": (True,), "lack": (False,), None: (False, True)}[told.rows]:
        # Where rows carry ticket types every kind is seen in turn: the last is a bound for all.
        for how in told.kind or (KINDS[-1:] if rows else KINDS):
            began = time.monotonic()
            found = moments(how, told.moments, told.factor, told.events, told.seed, rows=rows)
            print(
                f"{len(found.took)} moments, {how}, among {told.events} events whose rows "
                f"{_carry(rows)} ticket types, from the sale to the ticket: {found}\n"
                f"  {found.lag}; each was seen once after {found.warm:.0f} s "
                f"[{time.monotonic() - began:.0f} s]",
                flush=True,
            )


def _carry(rows: bool) -> str:
    return "carry" if rows else "lack"


def _beside(beside: object) -> str:
    return "alone" if beside is None else "beside cron and a person on the same ledger"


if __name__ == "__main__":
    main()
