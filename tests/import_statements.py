"""The import statements of the source, read once for all tests that look at them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "scalith"


class Statement(NamedTuple):
    """One import statement; `typed` where it stands below ``if TYPE_CHECKING``."""

    node: ast.Import | ast.ImportFrom
    typed: bool


@cache
def source_files() -> tuple[Path, ...]:
    """Every Python file of the package."""
    return tuple(sorted(SOURCE.rglob("*.py")))


@cache
def import_statements(path: Path) -> tuple[Statement, ...]:
    """Import statements of a file, those within functions too."""
    found: list[Statement] = []

    def visit(node: ast.AST, typed: bool) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(Statement(node, typed))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):  # no import stands in an expression
                below = isinstance(node, ast.If) and child in node.body and ast.unparse(node.test) == "TYPE_CHECKING"
                visit(child, typed or below)

    visit(ast.parse(path.read_text(encoding="utf-8")), False)
    return tuple(found)
