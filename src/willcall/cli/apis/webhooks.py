"""``willcall webhooks …``: Ticket0's deliveries by hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ...errors import InputError
from ..shell.options import AsJson
from .options import option

webhooks = typer.Typer(
    help="Ticket0: verify a delivery of a webhook.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
SECRET = "TICKET0_WEBHOOK_SECRET"  # noqa: S105 - the name of the variable


@webhooks.callback()
def _group() -> None:
    """Make ``verify`` a subcommand, though it is the only one."""


@webhooks.command("verify")
def verify(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The raw body; - reads a pipe.")],
    signature: Annotated[str, option("WORDS", "The Ticket0-Signature header, sha256=….")],
    secret_file: Annotated[
        Path | None, option("FILE", f"A file that holds the secret; default ${SECRET}.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Verify that a delivery was signed with the webhook's secret, and show its event.

    The body must be byte for byte what was received; JSON that was parsed and written again is
    another body. Exit 3 if the signature does not match, or the body is not an event.

    \b
    Examples:
      willcall webhooks verify body.json --signature sha256=9c0a…
    """
    from ...errors import WebhookError
    from ...ticket0 import webhooks as delivered
    from ..shell import show, times

    body = _body(file)
    try:
        delivered.verify(body, signature, _secret(secret_file))
        event = delivered.parse(body)
    except WebhookError as error:
        hint = "secret, header and raw body must be of the same delivery"
        show.aside(f"willcall: {error} ({hint})")
        return 3
    if as_json:
        show.as_json(event)
        return 0
    at = times.moment(event.created_at) if event.created_at else None
    rows = [("type", event.type), ("created", at), ("workspace", event.workspace_id)]
    rows += [(f"data.{name}", value) for name, value in event.data.items()]
    show.table(("EVENT", event.id), rows)
    return 0


def _body(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        said = os.strerror(error.errno or 0).lower()
        raise InputError("FILE", f"{file}: {said}", "name the file with the raw body") from None


def _secret(file: Path | None) -> str:
    if file is None:
        secret = os.environ.get(SECRET, "")
    else:
        try:
            secret = file.read_text("utf-8").strip()
        except OSError as error:
            said = os.strerror(error.errno or 0).lower()
            raise InputError(
                "--secret-file", f"{file}: {said}", "name the file with the secret"
            ) from None
    if not secret:
        fix = f"set ${SECRET}, or name a file with --secret-file"
        raise InputError("secret", "it is missing", fix)
    return secret
