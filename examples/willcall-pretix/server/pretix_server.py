"""A real pretix on loopback, for as long as a block lasts: SQLite, fresh data, a free port."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx

HERE = Path(__file__).parent
HANGS = 300.0
"""Seconds after which a server that has not answered never will."""

CONFIG = """\
[pretix]
instance_name=willcall
url={url}
datadir={data}
currency=EUR
registration=off
[database]
backend=sqlite3
[mail]
from=nobody@example.com
"""


@attrs.frozen
class Shop:
    """A pretix that runs: its address, its version and the tokens of its house."""

    url: str
    version: str
    keys: Mapping[str, str] = attrs.field(repr=False)

    @property
    def api(self) -> str:
        """The base URL of its API."""
        return f"{self.url}/api/v1"

    def sell(self, event: str, item: int, count: int = 1, **more: object) -> None:
        """Sell tickets as a till does: an order that is paid."""
        position = {"item": item, "variation": None, "answers": [], **more}
        order = {
            "email": "guest@example.com",
            "locale": "en",
            "sales_channel": "web",
            "status": "p",
            "payment_provider": "manual",
            "positions": [position] * count,
        }
        self._ask("POST", f"{event}/orders/", order)

    def items(self, event: str) -> list[str]:
        """The names of an event's items."""
        return [item["name"]["en"] for item in self._ask("GET", f"{event}/items/", None)["results"]]

    def _ask(self, method: str, path: str, json: object) -> Any:
        answer = httpx.request(
            method,
            f"{self.api}/organizers/lindenhof/events/{path}",
            json=json,
            headers={"authorization": f"Token {self.keys['key']}"},
            timeout=60,
        )
        if answer.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _migrated(home: Path, python: Path) -> Path:
    """A data directory with pretix's empty tables; making them takes a minute or two, once."""
    data, done = home / "empty", home / "empty.ready"
    if not done.exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        print("making pretix's tables (once, a minute or two)", flush=True)
        _run(home, python, data, "http://127.0.0.1", "-m", "pretix", "migrate")
        done.touch()
    return data


def _environment(home: Path, data: Path, url: str) -> dict[str, str]:
    config = home / "pretix.cfg"
    config.write_text(CONFIG.format(url=url, data=data.absolute()))
    return {**os.environ, "PRETIX_CONFIG_FILE": str(config.absolute()), "PYTHONWARNINGS": "ignore"}


def _run(home: Path, python: Path, data: Path, url: str, *args: str) -> str:
    done = subprocess.run(
        [str(python.absolute()), *args],
        env=_environment(home, data, url),
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"pretix: {' '.join(args)} failed:\n{done.stderr[-3000:]}")
    return done.stdout


@contextmanager
def pretix(home: Path) -> Iterator[Shop]:
    """A fresh pretix with the house of ``shop.py``.

    Args:
        home: a directory with pretix's virtual environment in ``bin``, and room for its data.
    """
    python = home / "bin" / "python"
    data = home / "data"
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(_migrated(home, python), data)
    url = f"http://127.0.0.1:{_free_port()}"
    keys = json.loads(_run(home, python, data, url, str(HERE.absolute() / "shop.py")))
    version = _run(home, python, data, url, "-c", "import pretix; print(pretix.__version__)")
    with open(home / "server.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(
            [python.absolute(), "-m", "pretix", "runserver", "--noreload", url.split("//")[1]],
            env=_environment(home, data, url),
            cwd=home,
            stdout=log,
            stderr=log,
        )
        try:
            _wait(server, url, home / "server.log")
            yield Shop(url, version.strip(), keys)
        finally:
            server.terminate()
            server.wait(30)


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    ends = time.monotonic() + HANGS
    while time.monotonic() < ends:
        if server.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/api/v1/organizers/").status_code == 401:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError(f"pretix did not start:\n{log.read_text('utf-8')[-3000:]}")
