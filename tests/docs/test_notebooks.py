"""The notebooks run as they stand, and make the pictures that they show."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.mark.long
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_makes_its_pictures(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = notebook.read_text(encoding="utf-8")
    exec(compile(text, str(notebook), "exec"), {"__name__": "__main__"})
    plt.close("all")
    shown = re.findall(r"!\[[^]]*\]\(\.\./assets/([^)]+)\)", text)
    assert shown
    assert [name for name in shown if not Path(name).is_file()] == []
    assert [name for name in shown if not (ROOT / "docs" / "assets" / name).is_file()] == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_a_page_of_the_site(notebook):
    specification = importlib.util.spec_from_file_location("build", ROOT / "docs" / "build.py")
    build = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(build)
    page = build.notebook_page(notebook.read_text(encoding="utf-8"), notebook.name)
    assert page.startswith("# ")
    assert "jupytext:" not in page
    code = "\n".join(re.findall(r"```python\n(.*?)\n```", page, re.DOTALL))
    compile(code, str(notebook), "exec")
    # Nothing of the code is lost on the way.
    lines = [line for line in notebook.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if line not in code] == []
