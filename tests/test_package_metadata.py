"""What the package says of itself is true: its dependencies are those that it imports, its version is one."""

from __future__ import annotations

import ast
import re
import sys
import tomllib

import scalith
from tests.import_statements import ROOT, import_statements, source_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IMPORTED_AS = {"scikit-image": "skimage", "pillow": "PIL", "scikit-learn": "sklearn", "ase-db-backends": "ase_db_backends"}
THROUGH: dict[str, str] = {}
"""Dependencies of the core that no line imports, and through what they are used."""
BESIDE = {"torch": "chgnet", "pymatgen": "chgnet", "pydantic_core": "pydantic"}
"""What comes with a declared package and is imported beside it."""


def names(requirements: list[str]) -> set[str]:
    found = (re.match(r"[A-Za-z0-9_.-]+", item) for item in requirements)
    return {IMPORTED_AS.get(one[0].lower(), one[0]) for one in found if one}


def imported() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in source_files():
        for node, _ in import_statements(path):
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
    for path in source_files():
        for node, typed in import_statements(path):
            if not typed and "matplotlib" in ast.unparse(node):
                assert "plot" in path.name, path.relative_to(ROOT)


def test_the_citation_has_the_version_of_the_package():
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {scalith.__version__}\n" in cited
    assert f"license: {PROJECT['license']}\n" in cited
