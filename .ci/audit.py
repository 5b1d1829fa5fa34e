"""Ask the advisory service about every pinned dependency, and say plainly what is known afterwards.

pip-audit ends with 0 also where the service knows nothing of a package, and with 1 both where it
found something and where nobody answered. Here: 0 all were asked about and nothing is known
against them, 1 something is, 75 it could not be found out, for all or for some.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

FINE, FOUND, UNKNOWN = 0, 1, 75


def verdict(report: Any) -> tuple[int, list[str]]:
    """The exit code and what to say, from pip-audit's JSON; ``None`` if there was none."""
    if not isinstance(report, dict) or not report.get("dependencies"):
        return UNKNOWN, ["the advisory service could not be asked: nothing was found out"]
    rows = report["dependencies"]
    weak = [
        f"{row['name']} {row['version']}: {one['id']}, mended in {', '.join(fixed) or 'none yet'}"
        for row in rows
        for one in row.get("vulns", ())
        for fixed in [one.get("fix_versions", [])]
    ]
    skipped = [row["name"] for row in rows if "skip_reason" in row]
    asked = f"{len(rows) - len(skipped)} of {len(rows)} dependencies were asked about"
    if skipped:
        weak.append(f"{asked}; the advisory service knows nothing of: {', '.join(skipped)}")
    if len(weak) > bool(skipped):
        return FOUND, weak
    if skipped:
        return UNKNOWN, [*weak, "what was not asked about may have known weaknesses"]
    return FINE, [f"{asked}: no known weaknesses"]


def main(requirements: str) -> int:
    """Run pip-audit from the environment of this Python."""
    tool = Path(sys.executable).with_name("pip-audit")
    done = subprocess.run(  # noqa: S603 - our own tool, and no shell
        [tool, "--require-hashes", "--disable-pip", "--format", "json", "-r", requirements],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = None
    code, lines = verdict(report)
    if report is None and done.stderr:
        lines.append(done.stderr.strip().splitlines()[-1][:300])
    for line in lines:
        sys.stdout.write(f"audit: {line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
