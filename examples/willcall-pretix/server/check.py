"""`make pretix`: this example against a real pretix; `--record` keeps what it answered.

Run from the project's folder, by the project's own Python.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from bridge_run import bridge_run
from pretix_server import Shop, pretix

from support.cassettes import HOME, Waits, recorder
from support.pretix import (
    BALCONY,
    EXCHANGES,
    FOLDER,
    KINDS,
    ORGANIZER,
    SOURCE,
    STRANGER,
    Exchange,
    opened,
)
from willcall.client.flow import drive
from willcall.client.http import Connections
from willcall.errors import ApiError

ENVIRONMENT = Path(".cache/pretix")


def held(exchange: Exchange, shop: Shop) -> str:
    """What an exchange came to; empty if it is what it must be."""
    key = shop.keys.get(exchange.key, STRANGER)
    kind: Any = KINDS["sync"]
    connections = Connections()
    try:
        if exchange.port:
            answer = drive(exchange.act(opened(key, shop.api)), connections)
        else:
            with kind(key, base_url=shop.api, path_params=ORGANIZER, pace=None) as api:
                answer = exchange.act(api)
    except ApiError as error:
        if exchange.raises is type(error) and exchange.says in error.message:
            return ""
        return f"{type(error).__name__}: {error}"
    finally:
        connections.close()
    if exchange.raises is not None:
        return f"no {exchange.raises.__name__}"
    seen = exchange.seen(answer)
    return "" if seen == exchange.expected else f"{seen!r}, not {exchange.expected!r}"


def exchanges(shop: Shop, record: bool) -> int:
    """Every exchange in turn; how many did not hold."""
    here = {shop.api: KINDS["sync"].provider.base_url, shop.url: "https://shop.example"}
    kept = HOME if record else ENVIRONMENT / "cassettes"
    shutil.rmtree(kept / FOLDER, ignore_errors=True)
    failures = 0
    for exchange in EXCHANGES:
        tape = recorder("all", here, kept, SOURCE.format(version=shop.version))
        with Waits().on(), tape.use_cassette(exchange.path):
            trouble = held(exchange, shop)
        print(f"{'no ' if trouble else 'ok '} {exchange.name} {trouble}", flush=True)
        failures += bool(trouble)
    return failures


def main() -> int:
    """The exit code: 0 if everything held."""
    with pretix(ENVIRONMENT) as shop:
        print(f"pretix {shop.version} runs", flush=True)
        shop.sell("hamlet", BALCONY, 2)
        failures = exchanges(shop, "--record" in sys.argv)
        failures += bridge_run(shop, ENVIRONMENT)
    print(f"{failures} went wrong" if failures else "all of it held", flush=True)
    return min(1, failures)


if __name__ == "__main__":
    sys.exit(main())
