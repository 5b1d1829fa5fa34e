"""A line that was typed wrongly, told as our own errors are: the field, what is wrong, the fix.

What the libraries underneath say differs in form from error to error, and from version to version;
what is not known here stays as they say it.
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
    (r"Got unexpected extra argument\S* \((?P<field>.*)\)", "that is too much"),
)  # fmt: skip
_NEAR = re.compile(r"\.?\s\(?(?:Did you mean|Possible options?:) (?P<near>.+?)[?)]$")


def misused(error: typer.BadParameter) -> str | None:
    """What is wrong, in a line; None where nothing is: the help was asked for by typing nothing."""
    said = " ".join(error.format_message().split()).rstrip(".")
    if said.startswith("Usage:"):
        return None
    path = "willcall" if error.ctx is None else error.ctx.command_path
    fix = f"`{path} -h` shows how"
    if near := _NEAR.search(said):
        said, fix = said[: near.start()], f"did you mean {near['near']}?"
    for pattern, words in _FORMS:
        if found := re.fullmatch(pattern, said):
            field = found["field"].replace("'", "")
            problem = words.format(**found.groupdict()).replace("Input should", "it should")
            return f"{field}: {problem} ({fix})"
    return f"{said} ({fix})"
