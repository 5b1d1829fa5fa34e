"""An extension of griffe: the reference shows signatures and docstrings as a caller sees them.

An endpoint is written as a method that builds an `Op`, and returns the answer to its caller. Some
docstrings are put together when the module is loaded. Roles such as ``:meth:`` are not Markdown.
"""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|mod|attr):`~?([^`]+)`")


def _decorated(function: griffe.Function) -> str | None:
    for decorator in function.decorators:
        name = str(decorator.value)
        if name in {"endpoint", "listing"}:
            return name
    return None


def _shown(default: object) -> str:
    """A default as it is written in code."""
    text = repr(default)
    return "…" if text.startswith("<") or text == "NOTHING" else text


class AsCalled(griffe.Extension):
    """See the docstring of the module."""

    def on_function_instance(self, *, func: griffe.Function, **_: Any) -> None:
        """`-> Op[Event]` becomes `-> Event`, and `-> Op[Page[Event]]` becomes `-> Pages[Event]`."""
        kind = _decorated(func)
        if kind is None:
            return
        inner = str(func.returns).removeprefix("Op[").removesuffix("]")
        func.returns = inner.replace("Page[", "Pages[", 1) if kind == "listing" else inner
        func.parameters = griffe.Parameters(*[p for p in func.parameters if p.name != "self"])

    def on_class_instance(self, *, cls: griffe.Class, **_: Any) -> None:
        """The docstring that the class has once its module is loaded."""
        if cls.docstring is None:
            module = importlib.import_module(cls.module.path)
            value = getattr(module, cls.name, None)
            written = None if value is None else value.__dict__.get("__doc__")
            if written:
                cls.docstring = griffe.Docstring(
                    inspect.cleandoc(written), parent=cls, parser="google"
                )

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:
        """The `__init__` that attrs writes."""
        made = getattr(importlib.import_module(cls.module.path), cls.name, None)
        if not hasattr(made, "__attrs_attrs__") or "__init__" in cls.members:
            return
        parameters = [griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)]
        for name, parameter in list(inspect.signature(made).parameters.items()):
            field = cls.members.get(name)
            parameters.append(
                griffe.Parameter(
                    name,
                    annotation=getattr(field, "annotation", None),
                    kind=griffe.ParameterKind[parameter.kind.name.lower()],
                    default=(
                        None if parameter.default is parameter.empty else _shown(parameter.default)
                    ),
                )
            )
        init = griffe.Function("__init__", parameters=griffe.Parameters(*parameters))
        cls.set_member("__init__", init)

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Roles become code."""
        if obj.docstring is not None:
            obj.docstring.value = _ROLE.sub(r"`\1`", obj.docstring.value).replace(
                "::\n\n    ", "\n\n    "
            )
