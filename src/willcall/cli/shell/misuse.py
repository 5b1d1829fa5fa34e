"""Errors of the command line in the form of our own: the field, the problem, the fix.

The messages of typer and click differ from error to error and from version to version. A message
that is not known here is shown as it is.
"""

from __future__ import annotations

import re

import typer

_FIELD = r"'?(?P<field>[^\s']+)'?"
_FORMS = (
    (r"Invalid value for (?P<field>.*?): (?:Value error, )?(?P<problem>.*)", "{problem}"),
    (r"Missing (?P<what>[a-z]+) '(?P<field>[^']+)'(?P<rest>.*)", "this {what} is missing{rest}"),
    (rf"No such (?P<what>[a-z]+):? {_FIELD}", "no such {what}"),
    (rf"Option {_FIELD} (?P<problem>.*)", "it {problem}"),
    (r"Got unexpected extra argument\S* \((?P<field>.*)\)", "unexpected argument"),
)  # fmt: skip
_NEAR = re.compile(r"\.?\s\(?(?:Did you mean|Possible options?:) (?P<near>.+?)[?)]$")


def misused(error: typer.BadParameter) -> str | None:
    """The error in one line; None if there is none, because a command alone shows its help."""
    text = " ".join(error.format_message().split()).rstrip(".")
    if text.startswith("Usage:"):
        return None
    path = "willcall" if error.ctx is None else error.ctx.command_path
    fix = f"`{path} -h` shows how"
    if near := _NEAR.search(text):
        text, fix = text[: near.start()], f"did you mean {near['near']}?"
    for pattern, words in _FORMS:
        if found := re.fullmatch(pattern, text):
            field = found["field"].replace("'", "")
            problem = words.format(**found.groupdict()).replace("Input should", "it should")
            return f"{field}: {problem} ({fix})"
    return f"{text} ({fix})"
