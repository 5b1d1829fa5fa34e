"""Options that several commands share."""

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
        help="Configuration; default $WILLCALL_CONFIG or ./willcall.toml.",
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]
BoxOffice: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--box-office", metavar="NAME", help="Which one, if several box offices are configured."
    ),
]
BaseUrl: TypeAlias = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="Use another address of the API.")
]
Quiet: TypeAlias = Annotated[bool, typer.Option("-q", "--quiet", help="Print only what is wrong.")]
MaxSeconds: TypeAlias = Annotated[
    float,
    typer.Option(
        "--max-seconds",
        min=1,
        metavar="S",
        help="Time limit for one box office, waits included.",
    ),
]
