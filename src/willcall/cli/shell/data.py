"""Values as plain JSON data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import attrs


def data(value: Any) -> Any:
    """A value as plain JSON data: attrs classes become objects with the names of the Python API."""
    if attrs.has(type(value)):
        return {f.name: data(getattr(value, f.name)) for f in attrs.fields(type(value))}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): data(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [data(inner) for inner in value]
    return value
