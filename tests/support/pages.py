"""Pages that are played: from top to bottom, in one folder, against the sandbox.

``console``: each line behind ``$`` is typed, and what follows it is what the terminal shows, word
for word; a line of ``…`` stands for any number of lines, and one within a line for the rest of it.
``# exit code 3`` behind a command is what it ends with, if not 0. ``WILLCALL_GOLDEN=write`` writes
what is shown into the page, but for blocks with an ellipsis.

``toml``: is appended to willcall.toml (in place of all, if it has a box office), or becomes the
file that ``title="…"`` names; then the configuration must be without a complaint.

``<!-- box office: sell_out the-cherry-orchard -->`` is what happens unseen: see :data:`_UNSEEN`.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import attrs

from support.terminal import Screen, Terminal
from support.waiting import HANGS
from willcall.bridge.config.check import Known, check
from willcall.bridge.config.rule_tables import duration
from willcall.sandbox.settings import read_habit

_STEP = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$"
    r"|^<!-- (?P<what>[a-z ]+): (?P<how>.*?) -->$",
    re.DOTALL | re.MULTILINE,
)
_CODE = re.compile(r"\s+# exit code (\d+)$")
_COLUMNS = "100"
SANDBOX = "http://127.0.0.1:8080"
"""Where a reader's sandbox is."""


def _key(house: Terminal, how: str) -> None:
    """A key takes another's place: ``ticketsmart keys/new`` revokes the one in use."""
    service, file = how.split()
    name = f"{service.upper()}_API_KEY"
    old = os.environ[name]
    assert service in {"ticketsmart", "ticket0"}
    new = house.sandbox.new_key("ticketsmart" if service == "ticketsmart" else "ticket0")
    (house.folder / file).write_text(f"{new}\n", "utf-8")
    house.sandbox.revoke(old)


def _pass(house: Terminal, span: str) -> None:
    """Time goes by: ``2h``."""
    house.clock.advance(duration.read(span).total_seconds())


def _act(thing: object, how: str) -> None:
    """One of the sandbox's own methods."""
    name, *words = shlex.split(how)
    getattr(thing, name)(*(int(word) if word.isdigit() else word for word in words))


def _habit(house: Terminal, how: str) -> None:
    """A habit of the sandbox: ``inboxes=required``."""
    name, value, _ = read_habit(how)
    house.sandbox.settings.change({name: value})


_UNSEEN: dict[str, Callable[[Terminal, str], None]] = {
    "time": _pass,
    "habit": _habit,
    "new key": _key,
    "box office": lambda house, how: _act(house.sandbox.boxoffice, how),
    "desk": lambda house, how: _act(house.sandbox.desk, how),
}


@attrs.define
class Page:
    """A page that is being played."""

    path: Path
    house: Terminal
    rewritten: str = ""

    def play(self) -> None:
        """Every step of it, in order; an assertion names the command that shows something else."""
        text = self.path.read_text("utf-8")
        blocks = sum(step["language"] is not None for step in _STEP.finditer(text))
        fences = len(re.findall(r"^```", text, re.MULTILINE))
        assert fences == 2 * blocks, f"{self.path.name}: a block that nobody runs"
        self.rewritten = _STEP.sub(self._step, text)
        if os.environ.get("WILLCALL_GOLDEN") == "write" and self.rewritten != text:
            self.path.write_text(self.rewritten, "utf-8")
        assert self.rewritten == text or os.environ.get("WILLCALL_GOLDEN") == "write"

    def _step(self, step: re.Match[str]) -> str:
        if step["what"] is not None:
            _UNSEEN[step["what"]](self.house, step["how"])
            return step[0]
        if step["language"] == "toml":
            self._write(step["title"], step["text"])
            return step[0]
        assert step["language"] == "console", f"{self.path.name}: nobody runs {step['language']}"
        return f"```console\n{self._console(step['text'])}```"

    def _write(self, title: str | None, text: str) -> None:
        file = self.house.folder / (title or "willcall.toml")
        if title is not None and title != "willcall.toml":
            file.write_text(text, "utf-8")
            if "[[test]]" in text:
                return
        elif "[[box_office]]" in text:
            file.write_text(text, "utf-8")
        else:
            before = file.read_text("utf-8")
            file.write_text(f"{before}\n{text}", "utf-8")
        found = check(file.read_text("utf-8"), Known(), self.house.clock.now())
        assert found.complaints == (), found.complaints

    def _console(self, text: str) -> str:
        parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
        assert parts[0] == "", f"{self.path.name}: a block begins with a command, not {parts[0]!r}"
        shown = ""
        for part in parts[1:]:
            line, _, expected = part.partition("\n")
            while line.endswith("\\"):
                more, _, expected = expected.partition("\n")
                line = f"{line}\n{more}"
            said = self._typed(line)
            if not _fits(expected, said):
                assert os.environ.get("WILLCALL_GOLDEN") == "write", _difference(
                    self.path, line, expected, said
                )
                expected = said
            shown += f"$ {line}\n{expected}"
        return shown

    def _typed(self, line: str) -> str:
        """What a command shows."""
        wanted = _CODE.search(line)
        bare = _CODE.sub("", line).replace("\\\n", " ")
        program, *words = shlex.split(bare, comments=True)
        if program == "curl":
            return self._asked(words)
        if program == "pip":
            assert words == ["install", "willcall[all]"], words
            return ""
        if words == ["sandbox"]:
            return _sandbox()
        if program == "willcall" and not set(words) & {">", "<", "|"}:
            if words[0] == "run":
                self.house.clock.advance(60)  # as cron would have it
            with self.house.patch.context() as only:
                only.setenv("NO_COLOR", "1")
                only.setenv("COLUMNS", _COLUMNS)
                code, said = self.house.typed(tuple(words), Screen(), errors=True)
        else:
            code, said = self._shell(bare)
        assert code == (int(wanted[1]) if wanted else 0), f"{self.path.name}: $ {line}\n{said}"
        return _as_read(self.house, said)

    def _shell(self, line: str) -> tuple[int, str]:
        """A line for the shell: only programs that every machine has."""
        program = shlex.split(line)[0]
        assert program in {"mv", "cp", "cat", "echo", "mkdir", "chmod"}, f"nobody runs {program}"
        ended = subprocess.run(
            ["sh", "-c", line], cwd=self.house.folder, capture_output=True, text=True, check=False,
            timeout=HANGS,
        )  # fmt: skip
        return ended.returncode, ended.stdout + ended.stderr

    def _asked(self, words: list[str]) -> str:
        """``curl -so /dev/null -X POST URL``: whatever it answers is thrown away."""
        quiet, (url, *more) = words[:4], words[4:]
        assert quiet == ["-so", "/dev/null", "-X", "POST"], words
        assert url.startswith(SANDBOX), url
        assert more[:1] in ([], ["-d"]), more
        body = more[1] if more else ""
        request = urllib.request.Request(
            self.house.served.url + url.removeprefix(SANDBOX), data=body.encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        return ""


def _sandbox() -> str:
    """What a sandbox says as it starts: a process of its own, ended as a person would."""
    process = subprocess.Popen(
        [sys.executable, "-m", "willcall", "sandbox", "--port", "0"],
        stdout=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    said = ""
    with process:
        for line in process.stdout or ():
            said += line
            if line.startswith("#   curl"):
                break
        said += process.stdout.readline() if process.stdout else ""
        process.send_signal(signal.SIGINT)
    return re.sub(r"http://127.0.0.1:\d+", SANDBOX, said)


def _as_read(house: Terminal, said: str) -> str:
    """Output without what differs from one machine to the next."""
    assert "\x1b" not in said, "what moves on a screen is nothing to read"
    said = said.replace(house.served.url, SANDBOX).replace(str(house.folder), "/srv/willcall")
    return "".join(f"{line.rstrip()}\n" for line in said.splitlines())


def _fits(expected: str, said: str) -> bool:
    pattern = ""
    for line in expected.splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += re.escape(line).replace("…", ".*") + r"\n"
    return re.fullmatch(pattern, said) is not None


def _difference(path: Path, line: str, expected: str, said: str) -> str:
    return f"{path.name}: $ {line}\nexpected:\n{expected}\nshown:\n{said}"
