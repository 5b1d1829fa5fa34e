"""HTML and SVG as a tree: whatever is put in as text comes out as text, by construction."""

from __future__ import annotations

import re
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

Child: TypeAlias = "Element | str | None"

# What no document may hold, and a surrogate, which no encoding can.
_FORBIDDEN = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufffe\\uffff]"
)


def tag(name: str, /, *children: Child, **attributes: object) -> Element:
    """An element; None among its children or attributes is left out.

    ``tag("p", "Hello ", tag("b", "you"), class_="lead", aria_label="…")``: an underscore at the end
    is dropped, others become hyphens.
    """
    made = Element(name)
    for given, value in attributes.items():
        if value is not None:
            made.set(given.rstrip("_").replace("_", "-"), clean(str(value)))
    for child in children:
        _append(made, child)
    return made


def _append(made: Element, child: Child) -> None:
    if child is None:
        return
    if isinstance(child, Element):
        made.append(child)
    elif len(made):
        made[-1].tail = (made[-1].tail or "") + clean(child)
    else:
        made.text = (made.text or "") + clean(child)


def clean(text: str) -> str:
    """Text without what no document may hold."""
    return _FORBIDDEN.sub("", text)


def html(root: Element) -> str:
    """The whole as an HTML document."""
    return "<!doctype html>\n" + tostring(root, encoding="unicode", method="html") + "\n"
