"""Has tools that nobody here wrote judge the contracts: ``make contracts`` runs it.

``run.py TOOLS [STEP …]``: TOOLS is the environment that ``make`` has set up, with ``bin/`` from
PyPI and ``npm/node_modules`` from npm. Without steps all of them run. The exit code is 1 if a step
found something, and 75 if a tool was not there to be tried.
"""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from support.contracts.calls import CALLS, KEYS
from willcall.contracts import PROVIDERS, document, operations
from willcall.errors import WillcallError
from willcall.sandbox import Sandbox
from willcall.sandbox.server import Served, serve
from willcall.ticket0.api import Ticket0
from willcall.ticketsmart.api import TicketSmart

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DESKS = ("2026", "2025")
SEEDS = (1, 2)
CLIENTS = {"ticketsmart": TicketSmart, "ticket0": Ticket0}


class NotThereError(Exception):
    """A tool that could not be installed."""


class Tools:
    """Where the tools are, and how they are run."""

    def __init__(self, home: Path, scratch: Path) -> None:
        self.home = home.resolve()
        self.scratch = scratch
        self.bin = self.home / "bin"
        self.npm = self.home / "npm" / "node_modules" / ".bin"

    def path(self, name: str) -> Path:
        """Where a tool is."""
        for folder in (self.bin, self.npm):
            if (folder / name).exists():
                return folder / name
        raise NotThereError(name)

    def environment(self, **more: str) -> dict[str, str]:
        """That of a tool: its own node comes first, and it says nothing home."""
        quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "CI": "true"}
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return {**kept, **quiet, "PATH": f"{self.bin}:{os.environ['PATH']}", **more}

    def run(self, name: str, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a tool to its end, for at most ten minutes."""
        return subprocess.run(
            [str(self.path(name)), *args],
            cwd=self.scratch,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


def written(tools: Tools, provider: str, desk: str = "2026") -> Path:
    """A document as a file, as the service of a year has it."""
    revision = desk if provider == "ticket0" and desk != "2026" else None
    path = tools.scratch / f"{provider}-{desk}.json"
    path.write_text(json.dumps(document(provider, revision=revision)), "utf-8")
    return path


@contextlib.contextmanager
def served(desk: str) -> Iterator[Served]:
    """A sandbox without rate limits over HTTP; 2025 has the messages of 2025."""
    shape = "older" if desk == "2025" else "public"
    box = Sandbox(desk=desk, message_shape=shape, ticketsmart_limit=None, ticket0_limit=None)
    with serve(box) as running:
        yield running


def address(running: Served, provider: str) -> tuple[str, str, str]:
    """URL, header and key of a service of the sandbox."""
    if provider == "ticketsmart":
        return running.ticketsmart_url, "x-api-key", running.sandbox.ticketsmart_key
    return running.ticket0_url, "Authorization", f"Bearer {running.sandbox.ticket0_key}"


# -- the steps: each yields what it found, and ends with nothing if there is nothing ------------


def lint(tools: Tools) -> Iterator[str]:
    """Redocly's recommended rules; a warning is a finding."""
    for provider in PROVIDERS:
        for desk in DESKS if provider == "ticket0" else DESKS[:1]:
            ended = tools.run(
                "redocly", "lint", "--format=json", str(written(tools, provider, desk))
            )
            try:
                found = json.loads(ended.stdout[ended.stdout.index("{") :])
            except ValueError:
                yield f"{provider}: redocly said nothing: {ended.stderr[-500:]}"
                continue
            for problem in found["problems"]:
                where = problem["location"][0].get("pointer", "")
                yield f"{provider} {desk}: {problem['ruleId']}: {problem['message']} at {where}"


def schemathesis(tools: Tools) -> Iterator[str]:
    """All checks and phases, with positive and negative data, in both desks."""
    for desk in DESKS:
        with served(desk) as running:
            box = running.sandbox
            known = {
                "address": box.desk.inboxes[0].addresses[0],
                "inbox": box.desk.inboxes[0].id,
                "user": box.desk.users[0].id,
            }
            for provider in PROVIDERS:
                url, header, key = address(running, provider)
                for seed in SEEDS:
                    ended = tools.run(
                        "schemathesis",
                        "run",
                        str(written(tools, provider, desk)),
                        f"--url={url}",
                        f"--header={header}: {key}",
                        "--checks=all",
                        "--mode=all",
                        "--phases=examples,coverage,fuzzing,stateful",
                        "--max-examples=50",
                        f"--seed={seed}",
                        "--continue-on-failure",
                        "--no-color",
                        SCHEMATHESIS_HOOKS=str(HERE / "hooks.py"),
                        CONTRACTS_KNOWN=json.dumps(known),
                    )
                    said = ended.stdout[ended.stdout.find("FAILURES") :] + ended.stderr
                    if ended.returncode:
                        yield f"{provider} {desk}, seed {seed}:\n{said}"
                        continue
                    cases = [line for line in ended.stdout.splitlines() if " generated" in line]
                    print(f"  {provider} {desk}, seed {seed}: {cases[0].strip()}", flush=True)


def authorization(tools: Tools) -> Iterator[str]:
    """Schemathesis as two box offices of TicketSmart: neither may have what is the other's."""
    with served("2026") as running:
        box = running.sandbox
        box.new_box_office("other")
        keys = {
            "one": box.ticketsmart_key,
            "other": box.new_key("ticketsmart", box_office="other"),
        }
        users = [
            {"name": name, "fixedHeaders": [{"name": "x-api-key", "value": key}]}
            for name, key in keys.items()
        ]
        (tools.scratch / "users.json").write_text(json.dumps({"auth": users}), "utf-8")
        config = tools.scratch / "two.toml"
        config.write_text('[auth.wfc]\npath = "users.json"\npeers = ["one", "other"]\n', "utf-8")
        ended = tools.run(
            "schemathesis",
            f"--config-file={config}",
            "run",
            str(written(tools, "ticketsmart")),
            f"--url={running.ticketsmart_url}",
            "--checks=not_a_server_error,object_level_authorization",
            "--mode=positive",
            "--max-examples=30",
            "--seed=1",
            "--no-color",
            SCHEMATHESIS_HOOKS=str(HERE / "hooks.py"),
            CONTRACTS_KNOWN="{}",
        )
    if ended.returncode or "will not run" in ended.stdout + ended.stderr:
        yield ended.stdout[-2500:] + ended.stderr[-500:]
    else:
        cases = [line for line in ended.stdout.splitlines() if " generated" in line]
        print(f"  {cases[0].strip()}")


def prism(tools: Tools) -> Iterator[str]:
    """Every call of ours against a server that Prism makes of the document."""
    for provider in PROVIDERS:
        port = free_port()
        process = subprocess.Popen(
            [tools.path("prism"), "mock", "--errors", f"--port={port}", written(tools, provider)],
            env=tools.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said: list[str] = []
        assert process.stdout is not None
        threading.Thread(target=said.extend, args=(process.stdout,), daemon=True).start()
        try:
            until_open(port, process)
            yield from calls_to(provider, f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait()
        yield from (f"{provider}: {line.strip()}" for line in said if "violation" in line.lower())


def calls_to(provider: str, url: str) -> Iterator[str]:
    """What becomes of every call of a client at an address."""
    made = 0
    with CLIENTS[provider](KEYS[provider], base_url=url, tries=1) as api:
        for name in (
            name for *_, those in operations(document(provider)) for name in those["x-client"]
        ):
            collection, call = name.split(".")
            endpoint = getattr(getattr(api, collection), call)
            try:
                answer = endpoint(**CALLS[name])
                if call == "list":
                    answer.first()
                made += 1
            except WillcallError as error:
                yield f"{name}: {type(error).__name__}: {error}"
    print(f"  {provider}: {made} calls are what the document says, and so are their answers")


def generated(tools: Tools) -> Iterator[str]:
    """A client that openapi-python-client makes of the document, against the sandbox."""
    for provider in PROVIDERS:
        package = f"generated_{provider}"
        ended = tools.run(
            "openapi-python-client",
            "generate",
            f"--path={written(tools, provider)}",
            f"--output-path={tools.scratch / package}",
            "--meta=none",
            "--overwrite",
            "--fail-on-warning",
        )
        warnings = [
            line for line in ended.stdout.splitlines() if "Unable" in line or "WARNING" in line
        ]
        yield from (f"{provider}: {line}" for line in warnings)
        with served("2026") as running:
            url, _, key = address(running, provider)
            ended = tools.run(
                "python",
                str(HERE / "generated.py"),
                package,
                url,
                key,
                PYTHONPATH=str(tools.scratch),
            )
        if ended.returncode:
            yield f"{provider}: {ended.stdout}{ended.stderr[-1500:]}"
        else:
            print(f"  {provider}: {ended.stdout.strip()}")


def inspector(tools: Tools) -> Iterator[str]:
    """The inspector of MCP lists the tools of ``willcall mcp``, and calls one."""
    with served("2026") as running, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "willcall.toml"
        inbox = running.sandbox.desk.inboxes[0]
        config.write_text(
            f'[[box_office]]\nname = "main-room"\nbase_url = "{running.ticketsmart_url}"\n\n'
            f'[desk]\nbase_url = "{running.ticket0_url}"\ncustomer_email = "o@example.com"\n'
            f'from_address = "{inbox.addresses[0]}"\n',
            "utf-8",
        )
        keys = {
            "TICKETSMART_API_KEY": running.sandbox.ticketsmart_key,
            "TICKET0_API_KEY": running.sandbox.ticket0_key,
            "PYTHONPATH": os.environ.get("CONTRACTS_MCP", ""),
            "WILLCALL_CONFIG": str(config),
        }
        shown = [arg for name, value in keys.items() for arg in ("-e", f"{name}={value}")]
        server = [sys.executable, "-m", "willcall", "mcp"]
        for method, expected in (
            (["--method", "tools/list"], "ticketsmart_events_list"),
            (
                [
                    "--method",
                    "tools/call",
                    "--tool-name=ticketsmart_events_list",
                    "--tool-arg=limit=1",
                ],
                "pagination",
            ),
        ):
            ended = tools.run("mcp-inspector", "--cli", *shown, *server, *method)
            if ended.returncode or expected not in ended.stdout:
                yield f"{method[1]}: {ended.stdout[-800:]}{ended.stderr[-800:]}"
            else:
                print(f"  {method[1]}: the inspector is content")


def free_port() -> int:
    """A port that is free right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until_open(port: int, process: "subprocess.Popen[str]") -> None:
    """Wait until a server answers."""
    for _ in range(600):
        if process.poll() is not None:
            raise NotThereError("prism ended by itself")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise NotThereError("prism does not answer")


STEPS: dict[str, Callable[[Tools], Iterator[str]]] = {
    step.__name__: step for step in (lint, schemathesis, authorization, prism, generated, inspector)
}


def main() -> int:
    """Run the steps, and say what they found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", type=Path)
    parser.add_argument("steps", nargs="*", choices=[[], *STEPS])
    given = parser.parse_args()
    untried, found = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        tools = Tools(given.tools, Path(scratch))
        for name in given.steps or STEPS:
            print(f"{name}: {STEPS[name].__doc__}", flush=True)
            try:
                for finding in STEPS[name](tools):
                    found += 1
                    print(f"  FOUND {finding}", flush=True)
            except NotThereError as error:
                untried.append(name)
                print(f"  NOT TRIED: {error}", flush=True)
    print(
        f"contracts: {found} findings" + (f"; not tried: {', '.join(untried)}" if untried else "")
    )
    return 1 if found else 75 if untried else 0


if __name__ == "__main__":
    sys.exit(main())
