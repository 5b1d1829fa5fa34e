"""The map of the architecture is true: its arrows are the imports, and it is drawn from them."""

import re
import tomllib
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


def test_the_map_is_drawn_from_the_imports_of_today(
    drawing: ModuleType, graph: grimp.ImportGraph
) -> None:
    """Line by line."""
    assert SVG.read_text("utf-8") == drawing.drawn(graph), "run: make map"


def test_every_package_is_on_the_map(drawing: ModuleType, graph: grimp.ImportGraph) -> None:
    """But for what only starts the command line or says the version."""
    children = {name.rpartition(".")[2] for name in graph.find_children("willcall")}
    assert {name for name in children if not name.startswith("_")} == set(drawing.ROOMS)
    inside = {part.name for row in drawing.PARTS for part in row}
    modules = {name.rpartition(".")[2]: name for name in graph.find_children("willcall.bridge")}
    assert inside <= modules.keys()
    packages = {name for name, module in modules.items() if graph.find_children(module)}
    assert packages <= inside


def test_arrows_say_as_much_as_all_imports(drawing: ModuleType, graph: grimp.ImportGraph) -> None:
    """Read from the drawing itself: each is an import, and what can be reached along them is what
    can be reached along imports."""
    root = ET.fromstring(SVG.read_text("utf-8"))
    arrows = {
        (element.attrib["data-from"], element.attrib["data-to"])
        for element in root.iter()
        if "data-to" in element.attrib
    }
    rooms = drawing.ROOMS
    imports = {pair for pair in drawing.imports(graph) if set(pair) <= set(rooms)}
    assert arrows <= imports
    assert _closure(arrows) == _closure(imports)
    for start, end in arrows:
        down = rooms[start].y < rooms[end].y
        assert down or rooms[start].x < rooms[end].x, (start, end)


def _closure(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    reached = set(pairs)
    while True:
        more = {(a, d) for a, b in reached for c, d in reached if b == c} - reached
        if not more:
            return reached
        reached |= more


def test_imports_of_the_bridge_go_down_or_right(
    drawing: ModuleType, graph: grimp.ImportGraph
) -> None:
    """As its rows say, which stand for arrows."""
    places = {
        part.name: (row, column)
        for row, parts in enumerate(drawing.PARTS)
        for column, part in enumerate(parts)
    }
    pairs = drawing.imports(graph, "willcall.bridge")
    inside = {pair for pair in pairs if set(pair) <= places.keys()}
    assert len(inside) > 20
    assert [pair for pair in inside if places[pair[0]] >= places[pair[1]]] == []


def test_what_is_drawn_pure_has_a_contract(drawing: ModuleType) -> None:
    """The whole package, not only a module of it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    pure = next(
        contract
        for contract in contracts["tool"]["importlinter"]["contracts"]
        if contract["name"].startswith("Pure packages")
    )
    drawn = {f"willcall.bridge.{p.name}" for row in drawing.PARTS for p in row if p.pure}
    packages = {name for name in pure["source_modules"] if name.count(".") == 2}
    assert drawn == packages


def test_files_on_the_map_are_there(drawing: ModuleType, graph: grimp.ImportGraph) -> None:
    """And a pass uses each package of the bridge that has a number, itself or by way of others."""
    for name, room in drawing.ROOMS.items():
        for file in room.files:
            assert f"willcall.{name}.{file}" in graph.modules
    steps = [part for row in drawing.PARTS for part in row if part.step]
    assert sorted(part.step for part in steps) == ["1", "2", "3", "4"]
    for part in steps:
        package = f"willcall.bridge.{part.name}"
        assert graph.find_shortest_chains("willcall.bridge.run", package, as_packages=True), part


def test_the_map_loads_nothing_and_can_be_read_aloud() -> None:
    """A picture in the README is shown by others."""
    text = SVG.read_text("utf-8")
    root = ET.fromstring(text)
    assert root.get("role") == "img"
    ids = {element.get("id") for element in root.iter()}
    assert set((root.get("aria-labelledby") or "").split()) <= ids
    assert not re.search(r"href|url\(|@import|<script", text)
