"""The map of the architecture is true: its arrows are the imports, and it is drawn from them."""

import re
import xml.etree.ElementTree as ET
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import grimp
import pytest

ROOT = Path(__file__).parent.parent
SVG = ROOT / "docs" / "images" / "architecture.svg"


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    """The program that draws it."""
    spec = spec_from_file_location("map", ROOT / "docs" / "mkdocs" / "map.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def graph(drawing: ModuleType) -> grimp.ImportGraph:
    """Who imports whom."""
    found: grimp.ImportGraph = drawing.graph()
    return found


def room(module: str) -> str:
    """The part of ``willcall`` that a module is in."""
    return module.partition(".")[2].partition(".")[0]


def test_the_map_is_drawn_from_the_imports_of_today(
    drawing: ModuleType, graph: grimp.ImportGraph
) -> None:
    """Line by line."""
    assert SVG.read_text("utf-8") == drawing.drawn(graph), "run: make map"


def test_every_part_is_a_room(drawing: ModuleType, graph: grimp.ImportGraph) -> None:
    """But for what only starts the command line or says the version."""
    parts = {room(module) for module in graph.modules} - {""}
    assert {part for part in parts if not part.startswith("_")} == set(drawing.ROOMS)


def test_arrows_say_as_much_as_all_imports(drawing: ModuleType, graph: grimp.ImportGraph) -> None:
    """Read from the drawing itself: each is an import, and what can be reached along them is what
    can be reached along imports."""
    root = ET.fromstring(SVG.read_text("utf-8"))
    arrows = {
        (told["data-from"], told["data-to"])
        for one in root.iter()
        if "data-to" in (told := one.attrib)
    }
    imports = {
        (room(module), room(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if room(module) != room(imported)
    }
    imports = {pair for pair in imports if set(pair) <= set(drawing.ROOMS)}
    assert arrows <= imports
    assert _closure(arrows) == _closure(imports)
    places = drawing.ROOMS
    for start, end in arrows:
        down = places[start][1] < places[end][1]
        assert down or places[start][0] < places[end][0], (start, end)


def _closure(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    reached = set(pairs)
    while True:
        more = {(a, d) for a, b in reached for c, d in reached if b == c} - reached
        if not more:
            return reached
        reached |= more


def test_files_on_the_map_are_there_and_a_pass_uses_those_of_the_bridge(
    drawing: ModuleType, graph: grimp.ImportGraph
) -> None:
    """Itself, or by way of others in the bridge."""
    for name, (*_, files) in drawing.ROOMS.items():
        for file in files:
            assert f"willcall.{name}.{file}" in graph.modules
    for file in drawing.ROOMS["bridge"][-1]:
        used = graph.find_shortest_chains("willcall.bridge.run", f"willcall.bridge.{file}")
        assert used, file
        assert all(one.startswith("willcall.bridge.") for one in min(used, key=len)), file


def test_the_map_loads_nothing_and_can_be_read_aloud() -> None:
    """A picture in the README is shown by others."""
    text = SVG.read_text("utf-8")
    root = ET.fromstring(text)
    assert root.get("role") == "img"
    ids = {one.get("id") for one in root.iter()}
    assert set((root.get("aria-labelledby") or "").split()) <= ids
    assert not re.search(r"href|url\(|@import|<script", text)
