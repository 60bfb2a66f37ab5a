"""The explorer's page: one document with its style and script inside, which loads nothing from elsewhere."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from scalith.app.tours import TOURS

_FOLDER = Path(__file__).parent
_REPORT = _FOLDER.parent / "report"


def page_of() -> tuple[str, str]:
    """The page, and the policy under which the browser runs its script and no other.

    Returns
    -------
    html, policy : str
        The policy is for the header ``Content-Security-Policy``.
    """
    nonce = secrets.token_urlsafe(18)
    parts = {
        "nonce": nonce,
        "style": style(),
        "tours": json.dumps([tour.to_plain() for tour in TOURS]).replace("<", "\\u003c"),
        "script": pictures() + read_part("explorer.js"),
    }
    sources = [
        "default-src 'none'",
        f"script-src 'nonce-{nonce}'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "font-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return filled("explorer.html", parts), "; ".join(sources)


def filled(name: str, parts: Mapping[str, str]) -> str:
    """A page with its parts in the places ``/*name*/``; what is filled in is not looked at again."""
    return re.sub(r"/\*(\w+)\*/", lambda place: parts[place[1]], read_part(name))


def style() -> str:
    """The style of the report, and of what the explorer has besides."""
    return (_REPORT / "page.css").read_text(encoding="utf-8") + read_part("explorer.css")


def pictures() -> str:
    """The script of pictures: in the report's theme, with those of other states beside."""
    return (_REPORT / "theme.js").read_text(encoding="utf-8") + read_part("figures.js")


def read_part(name: str) -> str:
    """A file of the page."""
    return (_FOLDER / name).read_text(encoding="utf-8")
