"""The site: ``python docs/build.py [--site FOLDER]`` builds it, and fails on any link that leads nowhere.

Pages are put together in ``build/``: the gallery's where no validation run has written them, the API name by name, folders of the
navigation as lists of their pages.
"""

from __future__ import annotations

import argparse
import ast
import html
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build"


def build(site: Path, docs: Path = ROOT / "docs") -> list[str]:
    """Build `docs` into `site`; gives what is wrong with it, nothing when all is well.

    Parameters
    ----------
    site : path
        Where the pages go; what is there is replaced.
    docs : path
        The Markdown pages and `zensical.toml`.
    """
    work = WORK
    shutil.rmtree(work, ignore_errors=True)
    put_together(docs, work)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict", "--config-file", str(work / "zensical.toml")]
    path = os.pathsep.join([str(ROOT / "docs"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    run = subprocess.run(command, cwd=work, env=os.environ | {"PYTHONPATH": path}, text=True, capture_output=True, check=False)
    if run.returncode != 0 or not (work / "site" / "index.html").is_file():
        said = re.sub(r"\x1b\[[\d;]*m", "", f"{run.stdout}\n{run.stderr}")  # colours stand between the letters of a link
        return [said.strip() or f"zensical ended with {run.returncode}"]
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(work / "site", site)
    _search_from_the_disk(site)
    return [*dead_links(site), *external_requests(site)]


def put_together(docs: Path, work: Path) -> None:
    """Copy the pages to ``work/docs`` and the configuration to ``work``, with what is made, from the notebooks beside too."""
    shutil.copytree(docs, work / "docs", ignore=shutil.ignore_patterns("*.py", "zensical.toml", "__pycache__"))
    if not (work / "docs" / "validation" / "index.md").is_file():
        sys.path.insert(0, str(ROOT))
        from validation.gallery import write_gallery
        from validation.running import find_cases

        write_gallery(work / "docs" / "validation", find_cases())
    architecture = work / "docs" / "architecture.md"
    if architecture.is_file():
        architecture.write_text(with_sizes(architecture.read_text(encoding="utf-8")), encoding="utf-8")
    for notebook in sorted((docs.resolve().parent / "notebooks").glob("*.py")):
        page = work / "docs" / "story" / f"{notebook.stem}.md"
        page.parent.mkdir(exist_ok=True)
        page.write_text(notebook_page(notebook.read_text(encoding="utf-8"), notebook.name), encoding="utf-8")
    theory = work / "docs" / "theory"
    if theory.is_dir():
        pages = {page.name: page.read_text(encoding="utf-8") for page in sorted(theory.glob("*.md")) if page.stem != "index"}
        (theory / "index.md").write_text(index_of_equations(pages), encoding="utf-8")
    for page in (work / "docs" / "api").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        spelled = re.sub(r"^::: scalith\.(\w+)$", lambda found: public_face(found[1]), text, flags=re.MULTILINE)
        page.write_text(spelled, encoding="utf-8")
    configuration = (docs / "zensical.toml").read_text(encoding="utf-8")
    listed = re.sub(r'= "([\w-]+/)"', lambda found: f"= {_pages(work / 'docs', found[1])}", configuration)
    (work / "zensical.toml").write_text(listed, encoding="utf-8")


def with_sizes(page: str) -> str:
    """The page with the counts of `sizes.py` between its marks."""
    sys.path.insert(0, str(ROOT / "docs"))
    from sizes import counted, sized_functions

    return re.sub(r"<!-- sizes -->.*?<!-- end of sizes -->", lambda _: counted(sized_functions()), page, flags=re.DOTALL)


def notebook_page(text: str, name: str) -> str:
    """A notebook in the percent format of jupytext as Markdown: its text as text, its code as blocks."""
    parts = re.split(r"^# %%(.*)\n", text, flags=re.MULTILINE)
    cells = []
    for kind, cell in zip(parts[1::2], parts[2::2], strict=True):
        if "[markdown]" in kind:
            cells.append(re.sub(r"^# ?", "", cell.strip(), flags=re.MULTILINE))
        elif cell.strip():
            cells.append(f"```python\n{cell.strip()}\n```")
    run = f"This page is the notebook `notebooks/{name}`; `pip install jupytext notebook` opens it, Python runs it as it stands."
    return "\n\n".join([*cells, "---", run]) + "\n"


def index_of_equations(pages: Mapping[str, str]) -> str:
    """The equations of the theory pages (by file name), each under a link to the section that explains it."""
    lines = ["# Theory", "Every equation under the section that it stands in; its symbols are explained there."]
    for name, text in pages.items():
        preface, *sections = re.split(
            r"^## ", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), flags=re.MULTILINE
        )
        title, _, preface = preface.strip().removeprefix("# ").partition("\n")
        lines += [f"## [{title}]({name})", *_equations(preface)]
        for section in sections:
            heading, _, body = section.partition("\n")
            lines += [f"**[{heading}]({name}#{_anchor(heading)})**", *_equations(body)]
    return "\n\n".join(lines) + "\n"


def _equations(text: str) -> list[str]:
    """The displayed ones, each by itself, and in one paragraph those within lines that say what something is."""
    displayed = re.findall(r"\$\$(.+?)\$\$", text, flags=re.DOTALL)
    lines = re.sub(r"`[^`\n]*`", "", re.sub(r"\$\$.+?\$\$", "", text, flags=re.DOTALL))
    within = [" ".join(found.split()) for found in re.findall(r"\$([^$]+)\$", lines)]
    defining = dict.fromkeys(
        found for found in within if re.search(r"(=|\\propto|\\approx).*[A-Za-z]", found) and len(found) > 14
    )
    paragraph = ["&emsp; ".join(f"${found}$" for found in defining)] if defining else []
    return [f"$${equation.strip().rstrip(',;.')}$$" for equation in displayed] + paragraph


def _anchor(heading: str) -> str:
    """The place of a heading on its page, as Markdown names it."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def _search_from_the_disk(site: Path) -> None:
    """The search of pages that are opened as files needs a shim; Zensical would fetch it from elsewhere, here it comes along."""
    shutil.copyfile(ROOT / "docs" / "assets" / "iframe-worker.js", site / "assets" / "iframe-worker.js")
    for page in site.rglob("*.html"):
        there = os.path.relpath(site / "assets" / "iframe-worker.js", page.parent)
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace("https://unpkg.com/iframe-worker/shim", Path(there).as_posix()), encoding="utf-8")


def public_face(package: str) -> str:
    """``::: scalith.package``, name by name (mkdocstrings would take `scalith.lab.agreement` for the file of that name)."""
    tree = ast.parse((ROOT / "src" / "scalith" / package / "__init__.py").read_text(encoding="utf-8"))
    names = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scalith.")
        for alias in node.names
    ]
    return "\n\n".join(f"::: {name}" for name in names)


def dead_links(site: Path) -> list[str]:
    """Links and pictures of the built pages that lead to no file, or to no place on its page."""
    pages = {page.resolve(): _Page(page) for page in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        for link in dict.fromkeys(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link.startswith(("/", "data:")) or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            if not target.is_file():
                found.append(f"{path.relative_to(site.resolve())}: {link} leads to no file")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].places:
                found.append(f"{path.relative_to(site.resolve())}: {link} leads to no place on that page")
    return found


def external_requests(site: Path) -> list[str]:
    """Scripts, styles and pictures that a page would fetch from elsewhere: the site works without a network."""
    found = []
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        loads = re.findall(r"<(?:script|img|iframe)\b[^>]*\bsrc=[\"']?(https?://[^\"' >]+)", text)
        loads += re.findall(r"<link\b[^>]*\brel=[\"']?stylesheet[\"']?[^>]*\bhref=[\"']?(https?://[^\"' >]+)", text)
        found += [f"{page.relative_to(site)}: loads {html.unescape(address)}" for address in loads]
    return found


class _Page(HTMLParser):
    """Links, and places that links can lead to, of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Gather what one element has."""
        values = {key: value for key, value in attributes if value is not None}
        self.places |= {values[key] for key in ("id", "name") if key in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "img" and "src" in values:
            self.links.append(values["src"])


def _pages(docs: Path, folder: str) -> str:
    """The overview of a folder first, then the others by name."""
    pages = sorted((docs / folder).glob("*.md"), key=lambda path: (path.stem != "index", path.stem))
    return "[" + ", ".join(f'"{page.relative_to(docs).as_posix()}"' for page in pages) + "]"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=ROOT / "site", help="where the pages go")
    wrong = build(parser.parse_args().site)
    for line in wrong:
        print(line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
