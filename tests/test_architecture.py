"""What the floors promise and no linter sees: what is imported, and when."""

import subprocess
import sys

import willcall

HEAVY = (
    "httpx",
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
