"""The map of the architecture, drawn from the import graph: ``make map`` writes it anew.

Positions and captions are set here. The arrows are not: they are the imports between rooms, less
those that follow from others. Inside the bridge there are no arrows: its packages stand in rows,
and an import goes to a lower row, or to the right within a row. ``tests/test_map.py`` compares all
of that with the imports.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import attrs
import grimp

FILE = Path(__file__).parent.parent / "images" / "architecture.svg"
WIDTH = 960


@attrs.frozen
class Room:
    """A box on the map: a package or module, where it stands, and its caption."""

    x: float
    y: float
    width: float
    height: float
    caption: str
    files: tuple[str, ...] = ()


@attrs.frozen
class Part:
    """A package or module of the bridge. ``pure``: an import contract keeps I/O, clocks and the
    ledger out of it. ``step``: its number in a pass."""

    name: str
    caption: str
    pure: bool = False
    step: str = ""


PARTS: tuple[tuple[Part, ...], ...] = (
    (Part("insight", "preview, rule tests, replay, explain, report, status, doctor"),),
    (
        Part("service", "from configuration"),
        Part("watching", "a watch and its relay"),
        Part("run", "one pass"),
        Part("evaluate", "a poll is applied"),
    ),
    (Part("delivery", "each intent is carried out once; lookup, duplicates, recovery", step="4"),),
    (
        Part("detection", "read, compare", step="1"),
        Part("alerting", "open, join, end", pure=True, step="2"),
        Part("ledger", "what must survive", step="3"),
        Part("config", "read and checked"),
    ),
    (
        Part("adapters", "finds the adapter of a provider"),
        Part("ports", "BoxOffice and Desk"),
    ),
    (
        Part("polling", "which request is worth most", pure=True),
        Part("templates", "the words of tickets", pure=True),
    ),
    (Part("model", "facts, kinds, conditions, cases, rules, markers", pure=True),),
)
"""The packages and modules of the bridge in rows; imports go down, or right."""

_ROW, _GAP, _HEAD = 50, 8, 44
_TOP = 280
_BRIDGE = _HEAD + len(PARTS) * (_ROW + _GAP) + 8
_UNDER = _TOP + _BRIDGE + 36

ROOMS: dict[str, Room] = {
    "cli": Room(20, 20, 680, 44, "a person at a terminal, cron"),
    "contracts": Room(740, 12, 200, 60, "both APIs as documents"),
    "simulation": Room(20, 100, 680, 44, "the bridge and the sandbox in virtual time, with faults"),
    "sandbox": Room(740, 92, 200, 60, "stands in for both services"),
    "ticketsmart": Room(20, 180, 332, 60, "client, models, BoxOffice adapter"),
    "ticket0": Room(368, 180, 332, 60, "client, models, Desk adapter"),
    "bridge": Room(20, _TOP, 680, _BRIDGE, "the job"),
    "providers": Room(740, _UNDER - 96, 200, 60, "finds other clients"),
    "client": Room(
        20, _UNDER, 920, 104, "what all clients share",
        ("endpoint", "engine", "flow", "retry", "quota", "paging", "provider", "http"),
    ),
    "errors": Room(20, _UNDER + 140, 920, 44, "one tree of errors"),
}  # fmt: skip
HEIGHT = _UNDER + 204

STYLE = """
text { font: 15px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  fill: #1d2129; }
.name { font-weight: 650; } .idea { fill: #565e6c; font-size: 13.5px; }
.part { font-size: 14px; font-weight: 600; } .said { fill: #565e6c; font-size: 12.5px; }
.room { fill: #f6f7f9; stroke: #c3c9d2; } .file { fill: #fff; stroke: #c3c9d2; }
.pure { fill: #e9f2fc; stroke: #9bbfe8; }
.mono { font: 13.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  text-anchor: middle; }
.arrow { fill: none; stroke: #1d5fa6; stroke-width: 1.75; } .head, .step { fill: #1d5fa6; }
.digit { fill: #fff; font-size: 12.5px; font-weight: 650; text-anchor: middle; }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e7ec; } .idea, .said { fill: #a3acba; }
  .room { fill: #1f242c; stroke: #3b4351; } .file { fill: #14171c; stroke: #3b4351; }
  .pure { fill: #16283c; stroke: #40648d; }
  .arrow { stroke: #86b8f5; } .head, .step { fill: #86b8f5; } .digit { fill: #14171c; }
}
"""


def graph() -> grimp.ImportGraph:
    """Who imports whom, apart from what only type checkers see."""
    return grimp.build_graph("willcall", exclude_type_checking_imports=True, cache_dir=None)


def imports(found: grimp.ImportGraph, inside: str = "willcall") -> set[tuple[str, str]]:
    """The pairs of children of a package of which one imports something of the other."""
    pairs = set()
    for module in found.modules:
        for imported in found.find_modules_directly_imported_by(module):
            child, other = (_child(name, inside) for name in (module, imported))
            if child and other and child != other:
                pairs.add((child, other))
    return pairs


def _child(module: str, inside: str) -> str:
    """The child of a package that a module is in; empty if it is elsewhere."""
    before, _, rest = module.partition(f"{inside}.")
    return "" if before else rest.partition(".")[0]


def arrows(pairs: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fewest pairs from which the others follow; the layers make sure there is no circle."""

    def reaches(start: str, end: str) -> bool:
        return any(room == start and (other == end or reaches(other, end)) for room, other in pairs)

    def follows(start: str, end: str) -> bool:
        return any(room == start and other != end and reaches(other, end) for room, other in pairs)

    return sorted(pair for pair in pairs if not follows(*pair))


def drawn(found: grimp.ImportGraph) -> str:
    """The map as SVG."""
    shown = arrows({pair for pair in imports(found) if set(pair) <= ROOMS.keys()})
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {HEIGHT}",
            "role": "img",
            "aria-labelledby": "t d",
        },
    )
    SubElement(root, "title", id="t").text = "The packages of willcall, and which imports which"
    pairs = "; ".join(f"{room} imports {other}" for room, other in shown)
    rows = "; ".join(", ".join(part.name for part in row) for row in PARTS)
    SubElement(root, "desc", id="d").text = (
        f"{pairs}. Imports that follow from these are not drawn. The bridge, from the top: {rows}. "
        "One pass: detection reads and compares, alerting decides, the ledger commits, delivery "
        "carries out."
    )
    SubElement(root, "style").text = STYLE
    for name in ROOMS:
        _room(root, name)
    _bridge(root)
    for room, other in shown:
        _arrow(root, room, other)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _room(root: Element, name: str) -> None:
    room = ROOMS[name]
    _box(root, "room", room.x, room.y, room.width, room.height, 8)
    title = f"{name}.py" if name in {"errors", "providers"} else f"{name}/"
    _text(root, "name", room.x + 16, room.y + 27, title)
    narrow = room.width < 340
    x, y = (16, 48) if narrow else (130, 27)
    _text(root, "idea", room.x + x, room.y + y, room.caption)
    for number, file in enumerate(room.files):
        wide = (room.width - 32 - 10 * (len(room.files) - 1)) / len(room.files)
        left = room.x + 16 + number * (wide + 10)
        _box(root, "file", left, room.y + 44, wide, 42, 5)
        _text(root, "mono", left + wide / 2, room.y + 70, file)


def _bridge(root: Element) -> None:
    """The rows of the bridge, and what its colours and numbers mean."""
    bridge = ROOMS["bridge"]
    _step(root, bridge.x + 230, bridge.y + 22, "1")
    _text(root, "said", bridge.x + 246, bridge.y + 27, "to")
    _step(root, bridge.x + 272, bridge.y + 22, "4")
    _text(root, "said", bridge.x + 290, bridge.y + 27, "one pass")
    _box(root, "pure", bridge.x + 396, bridge.y + 13, 18, 18, 4)
    _text(root, "said", bridge.x + 422, bridge.y + 27, "pure: no I/O, no clock, no ledger")
    for number, row in enumerate(PARTS):
        wide = (bridge.width - 32 - 10 * (len(row) - 1)) / len(row)
        y = bridge.y + _HEAD + number * (_ROW + _GAP)
        for place, part in enumerate(row):
            x = bridge.x + 16 + place * (wide + 10)
            _box(root, "pure" if part.pure else "file", x, y, wide, _ROW, 5)
            _text(root, "part", x + 12, y + 21, part.name)
            _text(root, "said", x + 12, y + 40, part.caption)
            if part.step:
                _step(root, x + wide - 18, y + 17, part.step)


def _step(root: Element, x: float, y: float, digit: str) -> None:
    SubElement(root, "circle", {"class": "step", "cx": f"{x:g}", "cy": f"{y:g}", "r": "9.5"})
    _text(root, "digit", x, y + 4.5, digit)


def _box(
    root: Element, kind: str, x: float, y: float, width: float, height: float, round_: int
) -> None:
    sizes = {"x": x, "y": y, "width": width, "height": height, "rx": round_}
    SubElement(root, "rect", {"class": kind, **{name: f"{size:g}" for name, size in sizes.items()}})


def _text(root: Element, kind: str, x: float, y: float, text: str) -> None:
    SubElement(root, "text", {"class": kind, "x": f"{x:g}", "y": f"{y:g}"}).text = text


def _arrow(root: Element, start: str, end: str) -> None:
    """Down, from where the narrower of the two is; or to the right."""
    room, other = ROOMS[start], ROOMS[end]
    if other.x >= room.x + room.width:
        ends = other.x, room.y + room.height / 2
        starts, head = (room.x + room.width, ends[1]), "l-9 -4.5v9z"
    else:
        narrow = room if room.width <= other.width else other
        ends = narrow.x + narrow.width / 2, other.y
        starts, head = (ends[0], room.y + room.height), "l-4.5 -9h9z"
    path = f"M{starts[0]:g} {starts[1]:g}L{ends[0]:g} {ends[1]:g}"
    SubElement(root, "path", {"class": "arrow", "d": path, "data-from": start, "data-to": end})
    SubElement(root, "path", {"class": "head", "d": f"M{ends[0]:g} {ends[1]:g}{head}"})


if __name__ == "__main__":
    FILE.write_text(drawn(graph()), "utf-8")
