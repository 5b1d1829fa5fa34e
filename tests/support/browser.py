"""A real Chromium without a screen, spoken to over a pipe: what a page loads, complains of, shows.

No driver and no port: DevTools messages, each ended by a NUL, over two file descriptors.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from time import monotonic
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_SECONDS = 30.0


def found() -> str | None:
    """Where a Chromium is; None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page: what it requested, what was logged about it, and what it is like."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self.requested: list[str] = []
        self.logged: list[str] = []
        self.errors: list[str] = []
        self._loaded = False
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Any:
        """A command, and its answer; what happens meanwhile is noted."""
        number = self._browser.send(method, params, self._session)
        return self._until(lambda told: told.get("id") == number)["result"]

    def open(self, file: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Open a file in a window of that size."""
        self.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self._loaded = False
        self.call("Page.navigate", url=file.as_uri())
        if not self._loaded:
            self._until(lambda told: told.get("method") == "Page.loadEventFired")

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def ask(self, expression: str) -> Any:
        """What an expression is worth in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def picture(self, file: Path, *, height: int | None = None) -> None:
        """Take a picture of the whole page, or of the top of it."""
        wide = self.ask("innerWidth")
        high = height or self.ask("document.documentElement.scrollHeight")
        answer = self.call(
            "Page.captureScreenshot",
            captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": wide, "height": high, "scale": 1},
        )
        file.write_bytes(base64.b64decode(answer["data"]))

    def _until(self, fits: Any) -> Any:
        ends = monotonic() + _SECONDS
        while True:
            told = self._browser.receive(ends)
            self._note(told)
            if fits(told):
                if "error" in told:
                    raise RuntimeError(told["error"]["message"])
                return told

    def _note(self, told: Mapping[str, Any]) -> None:
        params = told.get("params", {})
        match told.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Network.requestWillBeSent":
                self.requested.append(params["request"]["url"])
            case "Log.entryAdded":
                self.logged.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.errors.append(json.dumps(params))


class Browser:
    """A Chromium with a profile of its own, in a process group of its own."""

    def __init__(self, binary: str, profile: Path) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()

        # What Chromium asks for: it reads from descriptor 3 and writes to 4.
        command = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command, binary, *_FLAGS, f"--user-data-dir={profile}"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._count = 0
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self.send("Browser.close", {}, None)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def send(self, method: str, params: Mapping[str, Any], session: str | None) -> int:
        """Send a command; its number."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        return self._count

    def receive(self, ends: float) -> Any:
        """The next message."""
        while b"\0" not in self._rest:
            ready, _, _ = select([self._in], [], [], max(0.0, ends - monotonic()))
            if not ready:
                raise TimeoutError("the browser says nothing")
            more = os.read(self._in, 1 << 20)
            if not more:
                raise RuntimeError("the browser has ended")
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def page(self) -> Page:
        """A new page."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Page(self, session)

    def _call(self, method: str, **params: Any) -> Any:
        number = self.send(method, params, None)
        ends = monotonic() + _SECONDS
        while (told := self.receive(ends)).get("id") != number:
            pass
        return told["result"]


@contextmanager
def opened(profile: Path) -> Iterator[Browser]:
    """A browser; there must be one."""
    binary = found()
    if binary is None:
        raise FileNotFoundError("no Chromium")
    with Browser(binary, profile) as browser:
        yield browser
