"""What the floors promise and no linter sees: what is imported, and when."""

import ast
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import grimp

import willcall

ROOT = Path(__file__).parent.parent
SOURCE = Path(willcall.__file__).parent
HEAVY = (
    "httpx",
    "httpx2",
    "orjson",
    "cattrs",
    "pydantic",
    "sqlalchemy",
    "alembic",
    "liquid",
    "typer",
    "rich",
)


def _imported_by(code: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in ended.stdout.split()}


def test_importing_willcall_costs_nothing() -> None:
    """Whatever is heavy waits until it is used."""
    assert _imported_by("import willcall") & set(HEAVY) == set()


def test_a_client_needs_nothing_of_the_bridge() -> None:
    """The extras stay extras."""
    imported = _imported_by("from willcall import Ticket0; Ticket0('t0_abcdef')")
    assert imported & {"pydantic", "sqlalchemy", "liquid", "typer", "starlette"} == set()


def test_every_public_name_is_there_and_can_be_found() -> None:
    """In ``__all__``, in ``dir()``, and with a docstring."""
    assert sorted(willcall.__all__) == dir(willcall)
    for name in willcall.__all__:
        value = getattr(willcall, name)
        assert name == "__version__" or value.__doc__, name


def _pure_files() -> list[Path]:
    """The modules that the two contracts about purity name."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    pure = [contract for contract in contracts if contract["name"].startswith("Pure ")]
    assert len(pure) == 2
    files: list[Path] = []
    for module in [module for contract in pure for module in contract["source_modules"]]:
        path = ROOT / "src" / Path(*module.split("."))
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    return files


def test_pure_packages_ask_no_clock() -> None:
    """Imports are the contract's; that ``datetime.now`` is not called, no import shows."""
    files = _pure_files()
    assert len(files) > 20
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}:
                of = node.value.id if isinstance(node.value, ast.Name) else ""
                assert of not in {"datetime", "date"}, f"{file}:{node.lineno}"


def test_a_module_that_says_it_is_pure_has_a_contract() -> None:
    """Of the bridge: its docstring says so, and one of the two contracts holds it to that."""
    held = set(_pure_files())
    claims = {
        path
        for path in (SOURCE / "bridge").rglob("*.py")
        if re.search(r"\bPure\.", ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")
    }
    assert len(claims) > 30
    assert claims - held == set()


def test_what_a_package_calls_private_is_imported_by_itself_alone() -> None:
    """The docstring of a package of the bridge names its private modules."""
    graph = grimp.build_graph("willcall", cache_dir=None)
    private: set[tuple[str, str]] = set()
    for package in graph.find_children("willcall.bridge"):
        said = " ".join((import_module(package).__doc__ or "").split())
        if "the modules are private" in said:
            private |= {(package, module) for module in graph.find_descendants(package)}
        for names in re.findall(r"Private to the package: (.+?)\. ", said):
            private |= {(package, f"{package}.{name}") for name in re.findall(r"``(\w+)``", names)}
    assert len(private) > 30
    for package, module in private:
        importers = graph.find_modules_that_directly_import(module)
        assert {name for name in importers if not name.startswith(package)} == set(), module


def test_no_circle_anywhere() -> None:
    """No module of willcall imports itself by way of others, not even lazily or for types alone."""
    graph = grimp.build_graph("willcall", cache_dir=None)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    TopologicalSorter(imports).prepare()  # names the circle if there is one


def test_a_client_loads_nothing_of_the_bridge() -> None:
    """Only a provider's adapter does, and that is loaded when a configuration names it."""
    code = (
        "import sys\nfrom willcall import Ticket0, TicketSmart\n"
        "Ticket0('t0_abcdef'), TicketSmart('ts_sk_abcdef')\n"
        "print(*[name for name in sys.modules if name.startswith('willcall.bridge')])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []


# Each of these has its reason to mean two things.
HOMONYMS = {
    # The sandbox is written from the documents of both services and must not import the clients.
    # Both call the things of the services what the services call them.
    "Customer", "Event", "Message", "SlugTakenError", "Ticket", "TicketType",
}  # fmt: skip


def test_no_two_classes_share_a_name() -> None:
    """A name means one thing in the whole package."""
    places: dict[str, list[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(path.relative_to(SOURCE)))
    shared = {name: paths for name, paths in places.items() if len(paths) > 1}
    assert {name: shared[name] for name in shared.keys() - HOMONYMS} == {}
    assert shared.keys() >= HOMONYMS, "drop from the list what is no longer shared"
