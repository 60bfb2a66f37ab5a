"""The site: its own check of links and equations fails where it must."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def module(name: str):
    """A file of docs/, which is no package."""
    specification = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    made = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(made)
    return made


build = module("build")


@pytest.fixture
def site(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "index.html").write_text(
        "<h1 id='top'>A</h1><a href='#top'>up</a><a href='sub/b.html#part'>b</a><a href='https://a.org'>out</a><img src='a.svg'>"
    )
    (tmp_path / "a.svg").write_text("<svg/>")
    (tmp_path / "sub" / "b.html").write_text("<p id='part'>B</p><a href='../index.html'>a</a>")
    return tmp_path


def test_a_whole_site_has_no_dead_link(site):
    assert build.dead_links(site) == []


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("<a href='gone.html'>", "index.html: gone.html leads to no file"),
        ("<a href='sub/b.html#gone'>", "index.html: sub/b.html#gone leads to no place on that page"),
        ("<a href='#gone'>", "index.html: #gone leads to no place on that page"),
        ("<img src='gone.png'>", "index.html: gone.png leads to no file"),
    ],
)
def test_a_planted_dead_link_is_found(site, link, said):
    page = site / "index.html"
    page.write_text(page.read_text() + link)
    assert build.dead_links(site) == [said]


def test_what_would_be_fetched_from_elsewhere_is_found(site):
    page = site / "index.html"
    page.write_text(
        page.read_text() + '<script src="https://cdn.org/a.js"></script><link rel="stylesheet" href="https://f.org/b.css">'
    )
    assert build.external_requests(site) == ["index.html: loads https://cdn.org/a.js", "index.html: loads https://f.org/b.css"]


@pytest.mark.long
def test_the_navigation_leads_to_every_page_of_the_docs(tmp_path):
    build.put_together(ROOT / "docs", tmp_path)
    configuration = (tmp_path / "zensical.toml").read_text()
    pages = {page.relative_to(tmp_path / "docs").as_posix() for page in (tmp_path / "docs").rglob("*.md")}
    assert {page for page in pages if f'"{page}"' not in configuration} == set()
    assert "::: scalith.cell.runs.discharge.simulate_discharge" in (tmp_path / "docs" / "api" / "cell.md").read_text()


def test_every_equation_of_the_theory_is_on_the_first_page_under_its_section(tmp_path):
    pages = {page.name: page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "theory").glob("*.md")}
    index = build.index_of_equations(pages)
    written = "".join(pages.values())
    assert index.count("$$") == written.count("$$") > 0
    assert index.count("](") == written.count("\n## ") + len(pages)
    made = build.index_of_equations(
        {
            "a.md": "# A\n\n$$x=1,$$\n\n## 2. Heat: here\n\n```python\n# $$\n```\n\nso\n\n$$y\n=2.$$\n`$`, $z$, $w =\n\\lambda u + v^2$\n"
        }
    )
    assert made.split("\n\n")[2:] == [
        "## [A](a.md)",
        "$$x=1$$",
        "**[2. Heat: here](a.md#2-heat-here)**",
        "$$y\n=2$$",
        "$w = \\lambda u + v^2$\n",
    ]


def test_equations_become_mathml_and_an_unknown_command_is_an_error():
    pytest.importorskip("latex2mathml")
    markdown = pytest.importorskip("markdown")
    pytest.importorskip("pymdownx")
    tex = module("tex_to_mathml")
    reader = markdown.Markdown(
        extensions=["pymdownx.arithmatex", tex.TexToMathML()], extension_configs={"pymdownx.arithmatex": {"generic": True}}
    )
    page = reader.convert("The factor $\\Theta$ is\n\n$$\\Bigl\\langle \\frac{a}{b} \\Bigr\\rangle$$\n")
    assert page.count("<math") == 2
    assert "arithmatex" not in page
    assert "<mfrac>" in page
    with pytest.raises(ValueError, match="nosuchcommand"):
        reader.convert("$$\\nosuchcommand x$$")


@pytest.mark.long
@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("[b](no-such-page.md)", "no-such-page"),
        ("[b](index.md#no-such-place)", "no-such-place"),
        ("$$\\nosuchcommand x$$", "nosuchcommand"),
    ],
)
def test_the_build_fails_on_what_is_planted(tmp_path, monkeypatch, planted, said):
    pytest.importorskip("zensical")
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text(f"# Small\n\n{planted}\n")
    text = (ROOT / "docs" / "zensical.toml").read_text()
    start, end = text.index("nav = ["), text.index("[project.theme]")
    (docs / "zensical.toml").write_text(text[:start] + 'nav = [{ "A" = "index.md" }]\n' + text[end:])
    (docs / "validation").mkdir()
    (docs / "validation" / "index.md").write_text("# Gallery\n")
    shutil.copy(ROOT / "docs" / "tex_to_mathml.py", docs)
    monkeypatch.setattr(build, "WORK", tmp_path / "build")
    wrong = build.build(tmp_path / "site", docs)
    assert wrong
    assert any(said in line for line in wrong)
    (docs / "index.md").write_text("# Small\n\n$x^2$, [here](#small)\n")
    assert build.build(tmp_path / "site", docs) == []
    assert "<math" in (tmp_path / "site" / "index.html").read_text()
