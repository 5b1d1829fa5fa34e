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
    help="Ticket0's webhooks: who sent a delivery, and what it says.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
SECRET = "TICKET0_WEBHOOK_SECRET"  # noqa: S105 - the name of the variable


@webhooks.callback()
def _group() -> None:
    """Keep ``verify`` a word of its own, though it is the only one."""


@webhooks.command("verify")
def verify(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The raw body; - reads a pipe.")],
    signature: Annotated[str, option("WORDS", "The Ticket0-Signature header, sha256=….")],
    secret_file: Annotated[
        Path | None, option("FILE", f"Where the secret is; else in ${SECRET}.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Check that a delivery was signed with the webhook's secret, and show what it says.

    The body must be byte for byte what came: JSON that was written anew is another body. Exit 3
    if the signature does not fit, or the body is no event.

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
        hint = "the secret, the header and the raw body must be those of one delivery"
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
            raise InputError("--secret-file", f"{file}: {said}", "name the file with it") from None
    if not secret:
        fix = f"set ${SECRET}, or name a file with --secret-file"
        raise InputError("secret", "there is none", fix)
    return secret
