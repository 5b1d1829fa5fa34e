"""What a tool that reports errors would see of one."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

_TESTS = str(Path(__file__).parent.parent)


def seen_by_tools(error: BaseException, *, suppressed: bool = False) -> str:
    """The variables on the way of an error, as Sentry sends them: of ours, and of what we call.

    With ``suppressed`` also those on the way of errors that ``from None`` hides.
    """

    def shown(value: Any, depth: int = 6) -> str:
        if depth and isinstance(value, dict):
            return repr({shown(k, depth - 1): shown(v, depth - 1) for k, v in value.items()})
        if depth and isinstance(value, list | tuple | set):
            return repr([shown(item, depth - 1) for item in value])
        try:
            return value if isinstance(value, str) else repr(value)
        except AttributeError:  # attrs' own repr of what was not made yet
            return "<broken repr>"

    found: list[str] = []
    errors: list[BaseException | None] = [error]
    while errors:
        here = errors.pop()
        if here is None:
            continue
        frames = list(traceback.walk_tb(here.__traceback__))
        found += [
            shown(dict(frame.f_locals))
            for frame, _ in frames
            if not frame.f_code.co_filename.startswith(_TESTS)
        ]
        errors.append(here.__cause__)
        if suppressed or not here.__suppress_context__:
            errors.append(here.__context__)
    assert found
    return "\n".join(found)
