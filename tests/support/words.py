"""Reading the built-in words."""

from __future__ import annotations

from willcall.bridge.templates.rendering import template


def named(source: str) -> set[str]:
    """The names that a template uses, such as ``event.title``."""
    return {
        ".".join(map(str, use.segments[:2]))
        for uses in template(source).analyze().globals.values()
        for use in uses
    }
