"""Functions that are long or take many arguments: ``python docs/sizes.py`` lists them, docs/build.py puts them on a page."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).resolve().parents[1] / "src" / "scalith"
LINES, ARGUMENTS = 60, 10


class Sized(NamedTuple):
    """A function: where it stands, lines without docstring, arguments, whether a kernel, whether public and not documented."""

    where: str
    lines: int
    arguments: int
    kernel: bool
    undocumented: bool


def sized_functions(source: Path = SOURCE) -> list[Sized]:
    """Every function and method of the package, private ones and those within others too."""
    found = []
    for path in sorted(source.rglob("*.py")):
        name = path.relative_to(source).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        public = {
            id(item)
            for holder in (tree, *(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"))
            for item in holder.body
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_overload(node):
                described = ast.get_docstring(node) is not None
                first = node.body[0]
                lines = node.end_lineno - node.lineno + 1 - (first.end_lineno - first.lineno + 1 if described else 0)
                arguments = len([*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs])
                bare = id(node) in public and node.name[0] != "_" and not described
                found.append(Sized(f"{name}: {node.name}", lines, arguments, "kernel" in name, bare))
    return found


def _is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it only states types: what it does, and is documented, follows it."""
    return any(isinstance(one, ast.Name) and one.id == "overload" for one in node.decorator_list)


def counted(functions: list[Sized]) -> str:
    """The sentence of docs/architecture.md."""

    def split(over: list[Sized]) -> tuple[int, int]:
        return sum(not one.kernel for one in over), sum(one.kernel for one in over)

    long, inside = split([one for one in functions if one.lines > LINES])
    many, kernels = split([one for one in functions if one.arguments >= ARGUMENTS])
    bare = sum(one.undocumented for one in functions)
    documented = "every public function documented" if bare == 0 else f"{bare} public functions without a docstring"
    return (
        f"{long} functions over {LINES} lines outside kernels ({inside} within), "
        f"{many} with ten or more arguments outside kernels ({kernels} within), {documented}"
    )


if __name__ == "__main__":
    functions = sized_functions()
    for one in functions:
        if not one.kernel and (one.lines > LINES or one.arguments >= ARGUMENTS):
            print(f"{one.lines:4d} lines {one.arguments:3d} arguments  {one.where}")
    print(counted(functions))
