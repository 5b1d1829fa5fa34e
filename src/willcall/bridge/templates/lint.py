"""Checks templates: the names and filters that they use, and whether they render. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

import attrs

from ..model.kinds import KINDS
from .examples import example
from .rendering import environment, names, render, template, variables


@attrs.frozen
class Flaw:
    """A flaw of a template. ``index`` is the character at which it begins; ``grave`` is whether the
    template certainly does not do what was meant."""

    index: int
    problem: str
    fix: str = ""
    grave: bool = True


def flaws(source: str, kinds: Sequence[str]) -> list[Flaw]:
    """What is wrong with a template for these kinds of change."""
    from liquid.exceptions import LiquidError

    try:
        parsed = template(source)
        analysis = parsed.analyze()
    except LiquidError as error:
        start = getattr(error.token, "start_index", 0)
        problem = str(error.message)
        if unclosed := re.match(r"expected tag end(\w+)", problem):
            return [Flaw(0, f"a {{% {unclosed[1]} %}} has no {{% end{unclosed[1]} %}}")]
        return [Flaw(max(0, start), f"it makes no sense: {problem}")]
    found = [*_names(source, analysis, kinds), *_filters(analysis)]
    return found or list(_rendered(source, kinds))


def _names(source: str, analysis: object, kinds: Sequence[str]) -> Iterator[Flaw]:
    known = {kind: names(kind) for kind in KINDS}
    everywhere: frozenset[str] = frozenset().union(*known.values())
    here: frozenset[str] = frozenset().union(*(known[kind] for kind in kinds))
    asked = _asked(source)
    uses = [use for uses in getattr(analysis, "globals").values() for use in uses]  # noqa: B009
    for use in sorted(uses, key=lambda use: int(use.span.index)):
        name = _known_part([str(part) for part in use.segments])
        index = int(use.span.index)
        if name not in everywhere:
            yield Flaw(index, f"{name!r} is unknown", near(name, here))
            continue
        empty = [kind for kind in kinds if name not in known[kind]]
        # A template that asks whether it is there has considered that.
        if empty and name.partition(".")[0] not in asked:
            yield Flaw(
                index,
                f"{name!r} is empty for {some(empty)}",
                f"ask for it: {{% if {name} %}}…{{% endif %}}",
                grave=len(empty) == len(kinds),
            )


def _known_part(segments: list[str]) -> str:
    """The part of ``event.title.size`` that is a name of willcall's: the rest is Liquid's."""
    return ".".join(segments[:2] if segments[0] in _TABLES else segments[:1])


_TABLES = ("event", "before", "ticket_type", "ticket_type_before")


def _asked(source: str) -> set[str]:
    """The things that an ``if``, an ``unless`` or a ``default`` asks about."""
    tags = " ".join(re.findall(r"{%-?\s*(?:if|elsif|unless|case)\b(.*?)-?%}", source))
    tags += " ".join(re.findall(r"{{-?\s*([\w.]+)\s*\|\s*default", source))
    return set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", tags))


def _filters(analysis: object) -> Iterator[Flaw]:
    known = environment().filters
    for name, spans in getattr(analysis, "filters").items():  # noqa: B009
        if name not in known:
            yield Flaw(int(spans[0].index), f"there is no filter {name!r}", near(name, known))


def _rendered(source: str, kinds: Sequence[str]) -> Iterator[Flaw]:
    """What is wrong only when it is rendered."""
    from liquid.exceptions import LiquidError

    for kind in kinds:
        try:
            text = render(source, variables(example(kind)))
        except LiquidError as error:
            start = getattr(error.token, "start_index", 0)
            yield Flaw(max(0, start), f"it fails for {kind}: {error.message}")
            return
        if not text.strip():
            problem = f"nothing is left of it for {kind}"
            yield Flaw(0, problem, "the built-in words are taken then", grave=False)
            return


def near(name: str, known: Iterable[str]) -> str:
    """A suggestion for a name: the nearest known name, or the command that lists all."""
    found = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f"did you mean {found[0]!r}?" if found else "`willcall check --kinds` lists them"


def some(kinds: Sequence[str]) -> str:
    """The first two kinds, and how many more there are."""
    more = len(kinds) - 2
    return ", ".join(kinds[:2]) + (f" and {more} more" if more > 0 else "")
