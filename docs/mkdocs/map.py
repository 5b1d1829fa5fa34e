"""The map of the architecture, drawn from the import graph: ``make map`` writes it anew.

Where a room lies and what it is for is said here. Which arrows there are is not: they are what is
left of all imports between rooms when those are taken away that follow from others.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import grimp

FILE = Path(__file__).parent.parent / "images" / "architecture.svg"
WIDTH, HEIGHT = 960, 616

# Name: x, y, width, height, what it is for, and some of its files.
ROOMS: dict[str, tuple[int, int, int, int, str, tuple[str, ...]]] = {
    "cli": (20, 20, 680, 44, "ways in: a person at a terminal, cron", ()),
    "simulation": (20, 100, 680, 44, "the bridge and the sandbox in virtual time, with faults", ()),
    "bridge": (
        20, 180, 680, 104, "the job; one pass, in run.py:",
        ("detection", "alerting", "ledger", "delivery"),
    ),
    "ticketsmart": (20, 320, 216, 60, "its models and endpoints", ()),
    "ticket0": (252, 320, 216, 60, "its models and endpoints", ()),
    "providers": (484, 320, 216, 60, "finds those of others", ()),
    "client": (
        20, 416, 680, 104, "what every provider shares",
        ("endpoint", "engine", "flow", "retry", "quota", "paging", "http"),
    ),
    "errors": (20, 556, 680, 44, "one tree of errors: the ground", ()),
    "sandbox": (740, 100, 200, 500, "stands in for both services", ()),
}  # fmt: skip

STYLE = """
text { font: 15px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  fill: #1d2129; }
.name { font-weight: 650; } .idea { fill: #565e6c; font-size: 13.5px; }
.room { fill: #f6f7f9; stroke: #c3c9d2; } .file { fill: #fff; stroke: #c3c9d2; }
.mono { font: 13.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  text-anchor: middle; }
.arrow { fill: none; stroke: #1d5fa6; stroke-width: 1.75; } .head { fill: #1d5fa6; }
.next { fill: none; stroke: #565e6c; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e7ec; } .idea { fill: #a3acba; }
  .room { fill: #1f242c; stroke: #3b4351; } .file { fill: #14171c; stroke: #3b4351; }
  .arrow { stroke: #86b8f5; } .head { fill: #86b8f5; } .next { stroke: #a3acba; }
}
"""


def graph() -> grimp.ImportGraph:
    """Who imports whom, apart from what only type checkers see."""
    return grimp.build_graph("willcall", exclude_type_checking_imports=True, cache_dir=None)


def imports(found: grimp.ImportGraph) -> set[tuple[str, str]]:
    """The pairs of rooms of which one imports something of the other."""
    pairs = set()
    for module in found.modules:
        for imported in found.find_modules_directly_imported_by(module):
            room, other = (name.partition(".")[2].partition(".")[0] for name in (module, imported))
            if room != other and {room, other} <= ROOMS.keys():
                pairs.add((room, other))
    return pairs


def arrows(pairs: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fewest pairs from which the others follow; the floors make sure there is no circle."""

    def reaches(start: str, end: str) -> bool:
        return any(room == start and (other == end or reaches(other, end)) for room, other in pairs)

    def follows(start: str, end: str) -> bool:
        return any(room == start and other != end and reaches(other, end) for room, other in pairs)

    return sorted(pair for pair in pairs if not follows(*pair))


def drawn(found: grimp.ImportGraph) -> str:
    """The map as SVG."""
    told = arrows(imports(found))
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {HEIGHT}",
            "role": "img",
            "aria-labelledby": "t d",
        },
    )
    SubElement(root, "title", id="t").text = "The rooms of willcall, and who imports whom"
    said = "; ".join(f"{room} imports {other}" for room, other in told)
    SubElement(root, "desc", id="d").text = f"{said}. What follows from these is not drawn."
    SubElement(root, "style").text = STYLE
    for name in ROOMS:
        _room(root, name)
    for room, other in told:
        _arrow(root, room, other)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _room(root: Element, name: str) -> None:
    x, y, width, height, idea, files = ROOMS[name]
    _box(root, "room", x, y, width, height, 8)
    said = f"{name}.py" if name in {"errors", "providers"} else f"{name}/"
    _text(root, "name", x + 16, y + 27, said)
    narrow = width < 300
    _text(root, "idea", x + 16 if narrow else x + 130, y + (48 if narrow else 27), idea)
    if not files:
        return
    gap = 28 if name == "bridge" else 10
    wide = (width - 32 - gap * (len(files) - 1)) / len(files)
    for number, file in enumerate(files):
        left = x + 16 + number * (wide + gap)
        _box(root, "file", left, y + 44, wide, 42, 5)
        _text(root, "mono", left + wide / 2, y + 70, file)
        if name == "bridge" and number:
            at = left - gap / 2
            SubElement(root, "path", {"class": "next", "d": f"M{at - 4:g} {y + 59}l6 6l-6 6"})


def _box(
    root: Element, kind: str, x: float, y: float, width: float, height: float, round_: int
) -> None:
    told = {"x": x, "y": y, "width": width, "height": height, "rx": round_}
    SubElement(root, "rect", {"class": kind, **{name: f"{at:g}" for name, at in told.items()}})


def _text(root: Element, kind: str, x: float, y: float, said: str) -> None:
    SubElement(root, "text", {"class": kind, "x": f"{x:g}", "y": f"{y:g}"}).text = said


def _arrow(root: Element, room: str, other: str) -> None:
    """Down, from where the narrower of the two is; or to the side."""
    x, y, width, height, *_ = ROOMS[room]
    to_x, to_y, to_width, *_ = ROOMS[other]
    if to_x >= x + width:
        ends = to_x, y + height / 2
        start, head = (x + width, y + height / 2), "l-9 -4.5v9z"
    else:
        middle = x + width / 2 if width <= to_width else to_x + to_width / 2
        ends = middle, to_y
        start, head = (middle, y + height), "l-4.5 -9h9z"
    path = f"M{start[0]:g} {start[1]:g}L{ends[0]:g} {ends[1]:g}"
    SubElement(root, "path", {"class": "arrow", "d": path, "data-from": room, "data-to": other})
    SubElement(root, "path", {"class": "head", "d": f"M{ends[0]:g} {ends[1]:g}{head}"})


if __name__ == "__main__":
    FILE.write_text(drawn(graph()), "utf-8")
