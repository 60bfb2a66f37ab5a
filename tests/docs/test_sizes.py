"""Functions stay as short as the page on the architecture says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def sizes():
    sys.path.insert(0, str(DOCS))
    try:
        import sizes

        return sizes
    finally:
        sys.path.remove(str(DOCS))


TOY = '''
def short(a, b, /, c, *rest, d, **more):
    """One line."""
    return a

class Box:
    def bare(self):
        def inner():
            pass
        return inner

def _long(x):
    """A docstring

    that does not count.
    """
'''


def test_lines_and_arguments_are_counted(sizes, tmp_path):
    (tmp_path / "kernels").mkdir()
    (tmp_path / "a.py").write_text(TOY + "    x += 1\n" * 60)
    (tmp_path / "kernels" / "b.py").write_text("def run(" + ", ".join(f"a{k}" for k in range(10)) + "):\n" + "    a0 += 1\n" * 61)
    found = {one.where: one for one in sizes.sized_functions(tmp_path)}
    assert found["a.py: short"][1:] == (2, 4, False, False)
    assert found["a.py: bare"].undocumented
    assert not found["a.py: inner"].undocumented
    assert (found["a.py: _long"].lines, found["a.py: _long"].undocumented) == (61, False)
    assert sizes.counted(list(found.values())) == (
        "1 functions over 60 lines outside kernels (1 within), 0 with ten or more arguments outside kernels (1 within), "
        "2 public functions without a docstring"
    )


def test_few_functions_are_long_and_all_are_documented(sizes):
    functions = sizes.sized_functions()
    assert len([one for one in functions if one.lines > 60 and not one.kernel]) <= 20
    assert [one.where for one in functions if one.undocumented] == []


def test_the_page_gets_its_counts_when_it_is_built():
    """Counts that stood in the file would be those of another day."""
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    between = page.split("<!-- sizes -->")[1].split("<!-- end of sizes -->")[0]
    assert not any(sign.isdigit() for sign in between)
