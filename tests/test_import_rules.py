"""Who may import whom (docs/architecture.md), held by the contracts in pyproject.toml; and what kernels may import."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.import_statements import ROOT, SOURCE, import_statements, source_files

PACKAGES = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
KERNELS = sorted(path for path in source_files() if "kernel" in path.relative_to(SOURCE).as_posix())


def imports(path: Path) -> list[tuple[int, str]]:
    found = []
    for node, _ in import_statements(path):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        else:
            assert node.level == 0, f"{path}:{node.lineno}: write the import from the root"
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def test_the_contracts_hold():
    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


BELOW_ALL = {"numerics", "quantities"}
ALLOWED = {
    "numerics": set(),
    "quantities": {"numerics"},
    "crystal": BELOW_ALL,
    "atoms": BELOW_ALL | {"crystal"},
    "lattice": BELOW_ALL | {"crystal"},
    "interface": BELOW_ALL,
    "reactions": BELOW_ALL,
    "particle": BELOW_ALL | {"interface"},
    "electrode": BELOW_ALL,
    "cell": BELOW_ALL | {"interface", "particle"},
    "pack": BELOW_ALL | {"cell", "reactions"},
}


@pytest.mark.parametrize("package", sorted(PACKAGES & set(ALLOWED)))
def test_a_scale_imports_only_the_packages_below_it(package):
    for path in (SOURCE / package).rglob("*.py"):
        for line, name in imports(path):
            parts = name.split(".")
            if parts[0] == "scalith" and parts[1] in PACKAGES | {"cli"}:
                assert parts[1] in ALLOWED[package] | {package}, f"{path.relative_to(ROOT)}:{line} imports {name}"


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_kernels_are_compiled_in_the_one_way_and_know_no_class_or_file(path):
    for line, name in imports(path):
        where = f"{path.relative_to(ROOT)}:{line} imports {name}"
        parts = name.split(".")
        if parts[0] == "scalith":
            assert "kernel" in name or parts[1] == "numerics" or parts[:3] in (["scalith", "quantities", "constants"],), where
        elif parts[0] == "numba":
            assert name == "numba.prange", where
        else:
            assert parts[0] in {"__future__", "typing", "math", "collections", "numpy"}, where


def test_numba_is_reached_only_through_the_kernels():
    for path in source_files():
        if path in KERNELS or path.name in ("compiled.py", "call_by_address.py"):
            continue
        assert not [name for _, name in imports(path) if name.split(".")[0] == "numba"], path.relative_to(ROOT)


def run_time_imports(path: Path) -> set[tuple[str, str]]:
    """Modules and names that a file of the package imports from the package, but for types alone."""
    nodes = [node for node, typed in import_statements(path) if isinstance(node, ast.ImportFrom) and not typed]
    return {
        (node.module, alias.name) for node in nodes if node.module and node.module.startswith("scalith") for alias in node.names
    }


def test_no_two_files_import_each_other():
    files = {".".join(("scalith", *path.relative_to(SOURCE).with_suffix("").parts)): path for path in source_files()}
    edges = {
        name: {f"{module}.{item}" if f"{module}.{item}" in files else module for module, item in run_time_imports(path)}
        for name, path in files.items()
    }
    assert [
        (one, other) for one, others in edges.items() for other in others if one < other and one in edges.get(other, ())
    ] == []


def test_no_file_imports_what_is_private_to_another():
    kept = {("scalith.numerics.compiled", "_kernels_digest")}
    found = {(path.relative_to(SOURCE).as_posix(), *one) for path in source_files() for one in run_time_imports(path)}
    private = [one for one in found if one[2].startswith("_") and one[2] != "__version__" and one[1:] not in kept]
    assert private == []


def test_no_file_is_over_six_hundred_lines():
    folders = [ROOT / name for name in ("src", "tests", "validation", "benchmarks")]
    for path in [path for folder in folders for path in folder.rglob("*.py")]:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 600, path.relative_to(ROOT)


def test_each_package_is_named_in_the_package_and_in_the_contracts():
    import scalith

    assert set(scalith._PACKAGES) == PACKAGES
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = {
        name
        for entry in contracts[0]["layers"]
        for name in entry.replace("scalith.", "").replace("(", "").replace(")", "").split(" | ")
    }
    assert PACKAGES - {"data"} <= layers
