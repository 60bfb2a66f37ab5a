"""What the site's build adds to MkDocs: folders in the navigation, a gallery that is always there, the API, equations."""

from __future__ import annotations

import ast
import html
import logging
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def on_config(config: Any) -> Any:
    """List the pages of the folders named in `nav`; write the gallery's pages where no validation run has."""
    docs = Path(config["docs_dir"])
    if not (docs / "validation" / "index.md").is_file():
        sys.path.insert(0, str(ROOT))
        from validation.gallery import write_gallery
        from validation.running import find_cases

        write_gallery(docs / "validation", find_cases())
    config["nav"] = [{title: _pages(docs, target) for title, target in entry.items()} for entry in config["nav"]]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Spell ``::: scalith.package`` out: the package's public face, name by name.

    (Left to itself, mkdocstrings takes `scalith.lab.agreement` for the file of that name, not the function.)
    """
    return re.sub(r"^::: scalith\.(\w+)$", lambda match: _public_face(match[1]), markdown, flags=re.MULTILINE)


def on_page_content(content: str, page: Any, **_: Any) -> str:
    """Turn TeX into MathML, which browsers draw by themselves: no script, no network."""

    def inline(match: re.Match[str]) -> str:
        return _mathml(html.unescape(match[1]), "inline", page.file.src_path)

    def display(match: re.Match[str]) -> str:
        return _mathml(html.unescape(match[1]), "block", page.file.src_path)

    def directive(match: re.Match[str]) -> str:
        equations = html.unescape(match[1]).strip().split("\n\n")
        return "\n".join(_mathml(equation, "block", page.file.src_path) for equation in equations)

    code = r'<div class="highlight"><pre><span></span><code>(.*?)</code></pre></div>'
    content = re.sub(r"<p>\.\. math::</p>\s*" + code, directive, content, flags=re.DOTALL)
    content = re.sub(r'<span class="arithmatex">\\\((.*?)\\\)</span>', inline, content, flags=re.DOTALL)
    return re.sub(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', display, content, flags=re.DOTALL)


def _mathml(tex: str, display: str, page: str) -> str:
    from latex2mathml.converter import convert

    made: str = convert(tex, display=display)
    unknown = re.search(r">(\\[a-zA-Z]+)<", made)
    if unknown is not None:
        logging.getLogger("mkdocs.hooks").warning("%s: %s in the equation %r has no MathML", page, unknown[1], tex)
    return made


def _public_face(package: str) -> str:
    tree = ast.parse((ROOT / "src" / "scalith" / package / "__init__.py").read_text(encoding="utf-8"))
    names = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scalith.")
        for alias in node.names
    ]
    return "\n\n".join(f"::: {name}" for name in names)


def _pages(docs: Path, target: str) -> str | list[str]:
    if not target.endswith("/"):
        return target
    # The overview of a folder first, then the others by name.
    pages = sorted((docs / target).glob("*.md"), key=lambda path: (path.stem != "index", path.stem))
    return [path.relative_to(docs).as_posix() for path in pages]
