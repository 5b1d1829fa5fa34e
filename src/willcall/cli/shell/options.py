"""Options that several commands share, so that they are spelled and explained alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

ConfigFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "-c",
        "--config",
        metavar="FILE",
        help="The configuration; else $WILLCALL_CONFIG, else ./willcall.toml.",
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="JSON, one object a line.")]
BoxOffice: TypeAlias = Annotated[
    str | None,
    typer.Option("--box-office", metavar="NAME", help="Which one, where several are configured."),
]
BaseUrl: TypeAlias = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="Another address for the same API.")
]
Quiet: TypeAlias = Annotated[bool, typer.Option("-q", "--quiet", help="Say only what is wrong.")]
MaxSeconds: TypeAlias = Annotated[
    float,
    typer.Option(
        "--max-seconds",
        min=1,
        metavar="S",
        help="How long a pass over one box office may take, waits included.",
    ),
]
