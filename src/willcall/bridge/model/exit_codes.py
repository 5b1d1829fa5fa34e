"""Exit codes: which code an error stands for, and which of several codes wins. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import (
    ApiError,
    AuthenticationError,
    InputError,
    LedgerError,
    PermissionDeniedError,
    StoppedError,
    WillcallError,
)

STOPPED = 143
"""The exit code of a run that was asked to leave by SIGTERM: 128 + 15, as shells count."""


def code_of(trouble: WillcallError | None) -> int:
    """The exit code that an error stands for."""
    if trouble is None:
        return 0
    if isinstance(trouble, AuthenticationError | PermissionDeniedError):
        return 77
    if isinstance(trouble, InputError):
        return 78
    if isinstance(trouble, StoppedError):
        return STOPPED
    if isinstance(trouble, LedgerError):
        return 75 if trouble.temporary else 78
    return 75 if isinstance(trouble, ApiError) else 1


# What needs a person comes before what passes by itself.
_GRAVITY = (1, 78, 77, STOPPED, 3, 75, 0)


def worst(codes: Iterable[int]) -> int:
    """The exit code that matters most."""
    return min(codes, key=_GRAVITY.index, default=0)
