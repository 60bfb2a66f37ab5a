"""The examples of the documentation run as they stand: files that a page shows are written, its Python is executed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [ROOT / "README.md", DOCS / "quick-start.md", DOCS / "ladder.md", *DOCS.glob("how-to/*.md"), *DOCS.glob("theory/*.md")]
)
FENCE = re.compile(r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?[^\n]*\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)


LONG = {
    "composite-cathode",
    "compare-cooling-designs",
    "dsc-curves-to-module-verdict",
    "ensembles",
    "fit-a-titration-and-a-spectrum",
    "from-a-tomogram-to-a-cell-parameter",
    "from-cif-to-voltage",
    "silicon-in-my-graphite",
    "vasp-folder-to-voltage",
    "mixed-cations",
    "my-nebs-to-diffusivity",
    "parameters-that-belong-together",
    "voltage-and-diffusivity-from-dft",
    "what-kills-my-cell",
    "which-barrier",
}
"""Pages that take more than a few seconds."""


def blocks(page: Path) -> list[tuple[str, str | None, str, int]]:
    text = page.read_text(encoding="utf-8")
    return [(m["language"], m["title"], m["text"], text.count("\n", 0, m.start()) + 1) for m in FENCE.finditer(text)]


def runs(page: Path) -> bool:
    return any(language == "python" for language, *_ in blocks(page))


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.relative_to(ROOT).as_posix(), marks=[pytest.mark.long] * (page.stem in LONG))
        for page in PAGES
        if runs(page)
    ],
)
def test_the_examples_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for language, title, text, line in blocks(page):
        if title is not None:
            Path(title).write_text(text, encoding="utf-8")
        if language == "toml":
            tomllib.loads(text)
        if language == "python":
            # Padded, so that a traceback shows the line of the page.
            exec(compile("\n" * line + text, str(page), "exec"), names)
    # Each picture of a how-to is made by its own code (docs/draw_pictures.py keeps it).
    if page.parent.name == "how-to":
        shown = re.findall(r"!\[[^]]*\]\(\.\./assets/([^)]+)\)", page.read_text(encoding="utf-8"))
        assert [name for name in shown if not Path(name).is_file()] == []
        assert all((DOCS / "assets" / name).is_file() for name in shown)


def test_the_readme_has_the_two_commands_that_continuous_integration_runs():
    commands = [text.strip() for language, _, text, _ in blocks(ROOT / "README.md") if language == "bash"]
    assert len(commands) == 2
    assert commands[0].startswith("pip install . && scalith run examples/")
    assert commands[1].startswith('pip install ".[test]" && pytest')
    assert (ROOT / commands[0].split()[-1]).is_file()
    assert "readme_command 1" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_jobs_of_the_readme_take_ten_lines_each():
    jobs = [text for language, _, text, _ in blocks(ROOT / "README.md") if language == "python"]
    assert len(jobs) == 6
    assert all(len(text.strip().splitlines()) <= 10 for text in jobs)


def test_links_between_the_pages_at_the_root_lead_somewhere():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"):
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_first_page_leads_to_every_how_to():
    linked = re.findall(r"\]\(how-to/([^)#]+)\)", (DOCS / "index.md").read_text(encoding="utf-8"))
    assert sorted(set(linked)) == sorted(page.name for page in DOCS.glob("how-to/*.md"))


def test_pages_named_as_long_are_there():
    assert {page.stem for page in PAGES if runs(page)} >= LONG


def test_the_citation_is_of_this_version():
    import scalith

    assert f"version: {scalith.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_each_package_has_its_page_in_the_api():
    packages = {path.parent.name for path in (ROOT / "src" / "scalith").glob("*/__init__.py")}
    assert packages == {path.stem for path in (DOCS / "api").glob("*.md")} - {"index"}


def test_the_ladder_page_names_every_rung():
    from scalith.ladder import rungs

    page = (DOCS / "ladder.md").read_text(encoding="utf-8")
    assert [name for name in rungs() if f"`{name}`" not in page] == []


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.toml")), ids=lambda path: path.stem)
def test_what_an_example_is_given_is_on_the_page_of_what_is_assumed(example):
    page = (DOCS / "predicted-and-assumed.md").read_text(encoding="utf-8")
    part = re.search(rf"^## `{example.stem}`.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert part is not None
    study = tomllib.loads(example.read_text(encoding="utf-8"))
    given = {
        *study.get("given", {}),
        *(name for material in study.get("materials", {}).values() for name in material.get("given", {})),
    }
    assert [name for name in given if f"`{name}`" not in part[0]] == []
