"""The sandbox shares nothing with the rest of the package, so that it can catch it out."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import willcall.sandbox

FILES = sorted(Path(willcall.sandbox.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_imports_only_itself_the_standard_library_and_the_two_servers(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [node.module or ""]
        else:
            continue
        for name in names:
            top = name.split(".")[0]
            if top == "willcall":
                assert name.split(".")[:2] == ["willcall", "sandbox"]
            else:
                assert top in sys.stdlib_module_names or top in ("starlette", "uvicorn")
