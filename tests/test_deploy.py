"""The deployment files are what the pages show, and do what the pages say."""

import configparser
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from support.sandbox_config import config_for
from support.waiting import HANGS, eventually
from willcall.bridge.config.file import checked
from willcall.cli.shell.app import app
from willcall.sandbox import Sandbox, serve

FOLDER = Path(__file__).parent.parent / "docs" / "deploy"
FILES = FOLDER / "files"
PAGES = sorted(FOLDER.glob("*.md"))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"^\[([\w.-]+)\]\(files/\1\):\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def text(name: str) -> str:
    """A file that users copy."""
    return (FILES / name).read_text("utf-8")


def text_of_page(name: str) -> str:
    """A page."""
    return (FOLDER / name).read_text("utf-8")


class CloudFormation(yaml.SafeLoader):  # type: ignore[misc]
    """With its own tags, such as ``!Ref``."""


CloudFormation.add_multi_constructor("!", lambda loader, suffix, node: f"!{suffix} {node.value}")


def read(name: str) -> list[Any]:
    """The documents of a YAML file."""
    return list(yaml.load_all(text(name), CloudFormation))


# -- pages ----------------------------------------------------------------------------------------


def test_pages_show_the_files_as_they_are() -> None:
    """Each file on one page, to the letter."""
    shown = {
        name: block for page in PAGES for name, block in _FILE.findall(page.read_text("utf-8"))
    }
    assert shown == {file.name: text(file.name) for file in FILES.iterdir() if file.is_file()}


def test_every_page_says_how_a_missed_run_is_noticed_and_what_was_tried() -> None:
    """With the exit codes and the watchdog."""
    for page in PAGES:
        said = page.read_text("utf-8")
        section = said.partition("## How a missed run is noticed")[2]
        assert "[ping]" in section, page.name
        assert "75" in section or "exit code" in section, page.name
        assert re.search(r"Tried\b|tried here", said), page.name


def test_toml_blocks_are_valid() -> None:
    """Each completes a configuration."""
    least = {
        "box_office": [{"name": "main-room"}],
        "desk": {"inbox_id": "inb_1", "customer_email": "organiser@example.com"},
    }
    blocks = [
        block
        for page in PAGES
        for language, block in _BLOCK.findall(page.read_text("utf-8"))
        if language == "toml"
    ]
    assert len(blocks) == 3
    for block in blocks:
        checked(least | tomllib.loads(block))


# -- commands -------------------------------------------------------------------------------------


# In prose, at a prompt, in an environment's folder, as a step, and behind an image's name.
_CALL = re.compile(
    r"`willcall ([a-z][^`\n]*)`"
    r"|(?:^\$ |/bin/|- run: )willcall ([a-z].*)"
    r"|:/var/lib/willcall willcall ([a-z].*)",
    re.MULTILINE,
)


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every call of willcall in the pages and the files, with where it stands."""
    for path in [*PAGES, *(file for file in FILES.iterdir() if file.is_file())]:
        for found in _CALL.finditer(path.read_text("utf-8")):
            words = next(filter(None, found.groups())).split(" 2>")[0]
            yield f"{path.name}: {words}", shlex.split(words)
    (cron,) = (one for one in read("cronjob.yaml") if one["kind"] == "CronJob")
    pod = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    yield "cronjob.yaml", pod["containers"][0]["args"]
    (command,) = re.findall(r"^CMD (.*)$", text("Containerfile"), re.MULTILINE)
    yield "Containerfile", json.loads(command)


@pytest.mark.parametrize(("where", "words"), list(commands()))
def test_commands_are_understood_by_the_real_command_line(where: str, words: list[str]) -> None:
    """Parsed to the last option, and not run."""
    group: Any = get_command(app)
    context = group.make_context("willcall", list(words))
    rest = [*context._protected_args, *context.args]
    while hasattr(group, "resolve_command"):
        name, group, rest = group.resolve_command(context, rest)
        context = group.make_context(name, rest, parent=context)
        rest = [*context._protected_args, *context.args]
    assert rest == []


def test_there_are_commands_to_hold() -> None:
    """The search above finds what a reader sees."""
    told = [" ".join(words) for _, words in commands()]
    assert told.count("run -q") >= 6
    assert {"recover", "plan", "log --since 1d", "run"} <= set(told)
    assert any(one.startswith("report --since 7d -o ") for one in told)


# -- files ----------------------------------------------------------------------------------------


def test_the_cron_table_has_five_fields_and_an_absolute_program() -> None:
    """Cron has a path of its own, and a % would end the line."""
    jobs = [line for line in text("willcall.cron").splitlines() if line[:1] in set("*0123456789")]
    assert len(jobs) == 2
    for job in jobs:
        *fields, command = job.split(maxsplit=5)
        assert all(re.fullmatch(r"[\d*/,-]+", field) for field in fields)
        assert "/opt/willcall/bin/willcall " in command
        assert "%" not in command


def test_the_keys_reach_the_command(tmp_path: Path) -> None:
    """`. keys.env` alone would keep them in the shell."""
    (tmp_path / "keys.env").write_text(text("keys.env"), "utf-8")
    ended = subprocess.run(
        ["/bin/sh", "-c", ". ./keys.env && exec env"],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    told = dict(line.split("=", 1) for line in ended.stdout.splitlines())
    assert told["TICKETSMART_API_KEY"].startswith("ts_sk_live_")
    assert told["TICKET0_API_KEY"].startswith("t0_")


def unit(name: str) -> configparser.ConfigParser:
    """A unit file."""
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read_string(text(name))
    return read


def test_the_unit_is_locked_in_and_calls_no_failure_what_is_none() -> None:
    """What passes by itself leaves no failed unit behind."""
    service = unit("willcall.service")["Service"]
    assert service["SuccessExitStatus"].split() == ["75", "143"]
    assert float(service["TimeoutStartSec"]) > 2 * 50
    for name in ("NoNewPrivileges", "DynamicUser", "PrivateTmp", "ProtectHome", "PrivateDevices"):
        assert service[name] == "yes"
    assert (service["CapabilityBoundingSet"], service["ProtectSystem"]) == ("", "strict")
    assert unit("willcall.timer")["Timer"]["OnCalendar"] == "*-*-* *:*:00"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_has_no_complaint(tmp_path: Path) -> None:
    """With a program that is there; and its exposure is as the page says."""
    for name in ("willcall.service", "willcall.timer"):
        (tmp_path / name).write_text(
            text(name).replace("/opt/willcall/bin/willcall", sys.executable), "utf-8"
        )
    units = [tmp_path / "willcall.service", tmp_path / "willcall.timer"]
    ended = subprocess.run(
        ["systemd-analyze", "verify", *units],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    ended = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", units[0]],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
    )
    if "Overall exposure level" not in ended.stdout:
        pytest.skip("this systemd-analyze cannot judge a unit that is not loaded")
    (level,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", ended.stdout)
    assert float(level) <= 1.5


def test_the_image_is_small_and_run_by_nobody() -> None:
    """Two stages, no root at the end, no tag that moves, nothing of the build in it."""
    lines = [
        line
        for line in text("Containerfile").replace("\\\n", " ").splitlines()
        if line and not line.startswith("#")
    ]
    stages = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    assert len(stages) == 2
    final = lines[stages[1] :]
    assert [lines[stage] for stage in stages] == ["FROM ${BASE} AS build", "FROM ${BASE}"]
    # Without a default, nobody builds on a tag that moves.
    assert "ARG BASE" in lines
    assert "--build-arg BASE=docker.io/library/python@$DIGEST" in text_of_page("container.md")
    assert [line for line in final if line.startswith("USER ")] == ["USER 10001:10001"]
    assert final.index("USER 10001:10001") < final.index('ENTRYPOINT ["willcall"]')
    assert [line for line in final if line.startswith("COPY ")] == [
        "COPY --from=build /opt/willcall /opt/willcall"
    ]
    assert not any(re.match(r"(ADD|ARG .*KEY|ENV .*KEY)", line) for line in lines)
    assert any("--verify-hashes -c constraints.txt" in line for line in lines)


def test_everything_is_pinned() -> None:
    """Images by digest, actions by commit, packages by hash."""
    for path in [*PAGES, *(file for file in FILES.iterdir() if file.is_file())]:
        said = path.read_text("utf-8").replace("\\\n", " ")
        for image in re.findall(r"^\s*(?:FROM|image:)\s+(\S+)", said, re.MULTILINE):
            assert image == "${BASE}" or re.search(r"@sha256:[0-9a-f]{64}$", image), path.name
        for action in re.findall(r"uses: \S+@(\S+)", said):
            assert re.fullmatch(r"[0-9a-f]{40}", action), path.name
        for line in re.findall(r"^.*\bpip install\b.*$", said, re.MULTILINE):
            assert "`" in line or "--require-hashes" in line or "--verify-hashes" in line, line


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="no hadolint here")
def test_hadolint_has_no_complaint() -> None:
    """Where it is installed."""
    ended = subprocess.run(
        ["hadolint", FILES / "Containerfile"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "")


def test_the_cron_job_is_locked_in() -> None:
    """One at a time, no root, a root that cannot be written, and volumes for what must be."""
    cron, claim = read("cronjob.yaml")
    assert cron["spec"]["concurrencyPolicy"] == "Forbid"
    job = cron["spec"]["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    (container,) = pod["containers"]
    assert (job["backoffLimit"], pod["restartPolicy"]) == (0, "Never")
    assert job["activeDeadlineSeconds"] > 2 * 50
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {one["name"] for one in container["volumeMounts"]} == {
        one["name"] for one in pod["volumes"]
    }
    names = {one.get("persistentVolumeClaim", {}).get("claimName") for one in pod["volumes"]}
    assert claim["metadata"]["name"] in names


def test_the_workflow_keeps_the_ledger_whatever_happens() -> None:
    """Saved also after a run that failed, never two at once, and keys only where they are used."""
    (flow,) = read("github-actions.yml")
    assert flow["concurrency"] == {"group": "willcall", "cancel-in-progress": False}
    assert flow["permissions"] == {"contents": "read"}
    steps = flow["jobs"]["run"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [
        "pip install --require-hashes -r requirements.txt",
        "willcall run",
        "willcall db check",
    ]
    (saved,) = (step for step in steps if "cache/save" in step.get("uses", ""))
    (restored,) = (step for step in steps if "cache/restore" in step.get("uses", ""))
    assert saved["if"] == "always()"
    assert saved["with"]["key"] == restored["with"]["key"]
    assert restored["with"]["key"].startswith(restored["with"]["restore-keys"])
    assert [bool(step.get("env")) for step in steps].count(True) == 1


def _cached(folder: Path, environment: dict[str, str]) -> list[Path]:
    """What is left of a folder after the steps that follow a run, if only the cache is kept."""
    (flow,) = read("github-actions.yml")
    steps = flow["jobs"]["run"]["steps"]
    after = steps[[step.get("run") for step in steps].index("willcall run") + 1 :]
    for step in after:
        assert step["if"] == "always()"
        if "run" in step:
            words = [sys.executable, "-m", *shlex.split(step["run"])]
            subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True)
    return [folder / name for name in after[-1]["with"]["path"].split()]


def _volume(folder: Path, _: dict[str, str]) -> list[Path]:
    """The other recipes keep the folder of the ledger: a directory, a volume, a claim."""
    assert "StateDirectory=willcall" in text("willcall.service")
    assert 'VOLUME ["/var/lib/willcall"]' in text("Containerfile")
    assert "{name: ledger, mountPath: /var/lib/willcall}" in text("cronjob.yaml")
    return list(folder.glob("willcall.db*"))


@pytest.mark.parametrize("kept", [_cached, _volume])
def test_a_run_that_was_killed_after_sending_loses_nothing(
    tmp_path: Path, kept: Callable[[Path, dict[str, str]], list[Path]]
) -> None:
    """The next run, with what its recipe keeps, knows what was sent, and sends the rest."""
    first, second = tmp_path / "first", tmp_path / "second"
    with serve(Sandbox(ticketsmart_limit=None, ticket0_limit=None)) as served:
        box = served.sandbox
        environment = {
            **os.environ,
            "TICKETSMART_API_KEY": box.ticketsmart_key,
            "TICKET0_API_KEY": box.ticket0_key,
        }
        for folder in (first, second):
            folder.mkdir()
            (folder / "willcall.toml").write_text(config_for(served), "utf-8")

        def start(folder: Path) -> subprocess.Popen[bytes]:
            words = [sys.executable, "-m", "willcall", "run", "-q"]
            return subprocess.Popen(words, cwd=folder, env=environment)

        assert start(first).wait(HANGS) == 0
        box.boxoffice.sell_out("the-cherry-orchard")
        box.faults.add("delay", service="ticket0", method="PATCH", path="*", seconds=60)
        process = start(first)
        eventually(lambda: any(one.method == "PATCH" for one in box.requests), "the ticket's tags")
        process.kill()
        process.wait(HANGS)
        box.faults.clear()
        for path in kept(first, environment):
            if path.exists():
                shutil.copy(path, second)
        ledger = sqlite3.connect(second / "willcall.db")
        rows = dict(ledger.execute("SELECT act, state FROM intents"))
        ledger.close()
        assert rows["open"] == "done", "the ledger is as it was when the run died"
        assert start(second).wait(HANGS) in {0, 3}
    assert len(box.desk.tickets) == 1


def test_the_stack_notices_what_fails_and_what_is_missed() -> None:
    """Missing data is bad data only where calls are counted."""
    (stack,) = read("lambda.yaml")
    found = stack["Resources"]
    assert found["Willcall"]["Properties"]["EventInvokeConfig"]["MaximumRetryAttempts"] == 0
    told = {
        name: (one["Properties"]["MetricName"], one["Properties"]["TreatMissingData"])
        for name, one in found.items()
        if one["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert told == {"Missed": ("Invocations", "breaching"), "Failed": ("Errors", "notBreaching")}


class Context:
    """What Lambda hands to a handler."""

    def get_remaining_time_in_millis(self) -> int:
        """A minute, as in lambda.yaml."""
        return 60_000


def test_the_handler_does_the_main_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called three times, as EventBridge would; what needs a person is an error."""
    spec = spec_from_file_location("lambda_handler", FILES / "lambda_handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    with serve(Sandbox()) as served:
        box = served.sandbox
        (tmp_path / "willcall.toml").write_text(
            f'[[box_office]]\nname = "main-room"\nbase_url = "{served.ticketsmart_url}"\n'
            f'[desk]\nbase_url = "{served.ticket0_url}"\ninbox_id = "inb_01abc"\n'
            'customer_email = "organiser@example.com"\n',
            "utf-8",
        )
        monkeypatch.setenv("WILLCALL_CONFIG", str(tmp_path / "willcall.toml"))
        monkeypatch.setenv("TICKETSMART_API_KEY", box.ticketsmart_key)
        monkeypatch.setenv("TICKET0_API_KEY", box.ticket0_key)
        assert module.handler({}, Context()) == {"exit_code": 0}
        box.boxoffice.sell_out("the-cherry-orchard")
        assert module.handler({}, Context()) == {"exit_code": 0}
        (ticket,) = box.desk.tickets
        assert ticket.subject.startswith("Sold out: The Cherry Orchard")
        box.faults.add("down", service="ticketsmart")
        assert module.handler({}, Context()) == {"exit_code": 75}
        box.faults.clear()
        box.revoke(box.ticketsmart_key)
        with pytest.raises(RuntimeError, match="ended with 77"):
            module.handler({}, Context())


def test_actions_are_pinned_by_commit() -> None:
    """A tag can be moved to other code; a commit cannot."""
    uses = re.findall(r"uses: (\S+)", (FILES / "github-actions.yml").read_text("utf-8"))
    assert len(uses) == 4
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in uses)
