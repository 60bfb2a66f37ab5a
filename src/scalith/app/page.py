"""The explorer's page: one document with its style and script inside, which loads nothing from elsewhere."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from scalith.app.tours import TOURS

_FOLDER = Path(__file__).parent


def page_of() -> tuple[str, str]:
    """The page, and the policy under which the browser runs its script and no other.

    Returns
    -------
    html, policy : str
        The policy is for the header ``Content-Security-Policy``.
    """
    nonce = secrets.token_urlsafe(18)
    style = (_FOLDER.parent / "report" / "page.css").read_text(encoding="utf-8") + _read("explorer.css")
    tours = json.dumps([tour.to_plain() for tour in TOURS]).replace("<", "\\u003c")
    script = "\n".join(_read(name) for name in ("figures.js", "explorer.js"))
    html = (
        _read("explorer.html")
        .replace("/*style*/", style)
        .replace("/*tours*/", tours)
        .replace("/*script*/", script)
        .replace("NONCE", nonce)
    )
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
    return html, "; ".join(sources)


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
