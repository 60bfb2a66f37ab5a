"""What the site's build adds to MkDocs: folders in the navigation, a gallery that is always there, equations as MathML."""

from __future__ import annotations

import html
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


def on_page_content(content: str, **_: Any) -> str:
    """Turn TeX into MathML, which browsers draw by themselves: no script, no network."""
    from latex2mathml.converter import convert

    def inline(match: re.Match[str]) -> str:
        return convert(html.unescape(match[1]))

    def display(match: re.Match[str]) -> str:
        return convert(html.unescape(match[1]), display="block")

    content = re.sub(r'<span class="arithmatex">\\\((.*?)\\\)</span>', inline, content, flags=re.DOTALL)
    return re.sub(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', display, content, flags=re.DOTALL)


def _pages(docs: Path, target: str) -> str | list[str]:
    if not target.endswith("/"):
        return target
    # The overview of a folder first, then the others by name.
    pages = sorted((docs / target).glob("*.md"), key=lambda path: (path.stem != "index", path.stem))
    return [path.relative_to(docs).as_posix() for path in pages]
