"""What the package says of itself is true: its dependencies are those that it imports, its version is one."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import scalith

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IMPORTED_AS = {"pillow": "PIL", "scikit-learn": "sklearn", "ase-db-backends": "ase_db_backends"}
THROUGH = {"netCDF4": "xarray, by the name of its engine"}
"""Dependencies of the core that no line imports."""
BESIDE = {"torch": "chgnet", "pymatgen": "chgnet", "pydantic_core": "pydantic"}
"""What comes with a declared package and is imported beside it."""


def names(requirements: list[str]) -> set[str]:
    found = (re.match(r"[A-Za-z0-9_.-]+", item) for item in requirements)
    return {IMPORTED_AS.get(one[0].lower(), one[0]) for one in found if one}


def imported() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            found |= {name.split(".")[0]: path.relative_to(ROOT).as_posix() for name in modules}
    return {name: where for name, where in found.items() if name not in sys.stdlib_module_names and name != "scalith"}


def test_what_is_imported_is_declared():
    declared = names(PROJECT["dependencies"]).union(*(names(extra) for extra in PROJECT["optional-dependencies"].values()))
    assert {name: where for name, where in imported().items() if BESIDE.get(name, name) not in declared} == {}


def test_what_the_core_asks_for_is_imported():
    assert names(PROJECT["dependencies"]) - set(imported()) == set(THROUGH)


def test_matplotlib_is_imported_by_pictures_only():
    for path in (ROOT / "src").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        typed = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom | ast.Import) and id(node) not in typed and "matplotlib" in ast.unparse(node):
                assert "plot" in path.name, path.relative_to(ROOT)


def test_the_citation_has_the_version_of_the_package():
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {scalith.__version__}\n" in cited
    assert f"license: {PROJECT['license']}\n" in cited
