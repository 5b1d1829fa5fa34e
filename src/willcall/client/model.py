"""What every model of a provider can do: become plain data, for JSON and for pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, get_type_hints

import attrs

UNSHOWN: Mapping[str, bool] = {"shown": False}
"""The metadata of an attribute that is left out of plain data: it is of use to willcall alone."""


def data(value: Any) -> Any:
    """A value as plain JSON data: attrs classes become objects with the names of the Python API."""
    if attrs.has(type(value)):
        return {
            field.name: data(getattr(value, field.name))
            for field in attrs.fields(type(value))
            if field.metadata.get("shown", True)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): data(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [data(inner) for inner in value]
    return value


class Model:
    """A model of a provider: an immutable attrs class.

    pydantic, and so FastAPI, knows its shape: it may be a field of a pydantic model, and what an
    endpoint returns.
    """

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """It as plain data that ``json.dumps`` takes: texts, numbers, lists and dicts.

        The names are those of the attributes, moments are ISO 8601, and a missing value is None.
        """
        plain: dict[str, Any] = data(self)
        return plain

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """How pydantic validates and serializes it; pydantic calls this, and nobody else."""
        from pydantic_core import core_schema

        hints = get_type_hints(cls)
        kind: Any = cls
        shape = core_schema.typed_dict_schema(
            {
                field.name: core_schema.typed_dict_field(
                    handler.generate_schema(hints[field.name]),
                    required=field.default is attrs.NOTHING,
                )
                for field in attrs.fields(kind)
            }
        )
        return core_schema.union_schema(
            [
                core_schema.is_instance_schema(cls),
                core_schema.no_info_after_validator_function(lambda given: cls(**given), shape),
            ],
            mode="left_to_right",
            serialization=core_schema.plain_serializer_function_ser_schema(cls.to_dict),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        """Its JSON schema: that of its shape."""
        _, from_mapping = schema["choices"]
        return {**handler(from_mapping["schema"]), "title": cls.__name__}
