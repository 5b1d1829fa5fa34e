"""``willcall plan``: what a run would do."""

from __future__ import annotations

from typing import Annotated

import typer

from ..shell.logs import Format, LogFormat, begin
from ..shell.options import AsJson, ConfigFile, MaxSeconds


def plan(
    config: ConfigFile = None,
    max_seconds: MaxSeconds = 50,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 4 if a run would change something.")
    ] = False,
    as_json: AsJson = False,
    log_format: LogFormat = Format.TEXT,
) -> int:
    """Show what a run would do now, word for word. Nothing is written or sent.

    \b
    Examples:
      willcall plan
      willcall plan --json | jq -r '.acts[].subject'
    """
    begin(log_format)
    from ...bridge.model.exit_codes import worst
    from ...bridge.service import Bridge
    from ..shell import plans, show
    from ..shell.progress import shown

    with (
        shown() as onlooker,
        Bridge.from_config(config, max_seconds=max_seconds, onlooker=onlooker) as bridge,
    ):
        found = bridge.plan()
    for each in found:
        if as_json:
            show.as_json(plans.plan_data(each))
        else:
            plans.show_plan(each)
    code = worst(each.exit_code for each in found)
    if code == 0 and detailed_exitcode and any(each.pending for each in found):
        return 4
    return code
