"""The pictures of how-to pages and notebooks, drawn by their own code: ``python docs/draw_pictures.py [NAME…]``.

A page that shows ``../assets/NAME`` saves ``NAME``; a test holds it to that.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
FENCE = re.compile(r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?[^\n]*\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)


def draw(page: Path) -> list[str]:
    """Run the code of a page in a folder of its own and keep the pictures that it shows; gives their names."""
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^]]*\]\(\.\./assets/([^)]+)\)", text)
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            names = {"__name__": "__main__"}
            for block in FENCE.finditer(text) if shown and page.suffix == ".md" else ():
                if block["title"] is not None:
                    Path(block["title"]).write_text(block["text"], encoding="utf-8")
                if block["language"] == "python":
                    exec(compile(block["text"], str(page), "exec"), names)
            if shown and page.suffix == ".py":
                exec(compile(text, str(page), "exec"), names)
            for name in shown:
                shutil.copyfile(name, DOCS / "assets" / name)
        finally:
            os.chdir(before)
    return shown


if __name__ == "__main__":
    pages = {path.stem: path for path in [*(DOCS / "how-to").glob("*.md"), *(DOCS.parent / "notebooks").glob("*.py")]}
    for stem in sys.argv[1:] or sorted(pages):
        for drawn in draw(pages[Path(stem).stem]):
            print(drawn)
