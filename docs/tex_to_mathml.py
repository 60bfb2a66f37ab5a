"""TeX to MathML as an extension of Python-Markdown: browsers draw the equations by themselves, without a script or a network."""

from __future__ import annotations

import html
import re
from typing import Any

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor

_DIRECTIVE = re.compile(
    r'<p>\.\. math::</p>\s*<div class="[^"]*highlight[^"]*"><pre>(?:<span></span>)?<code>(.*?)</code></pre></div>', re.DOTALL
)
"""A ``.. math::`` of a docstring: a paragraph, and an indented block that was taken for code."""

_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
_DISPLAY = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)


class ToMathML(Postprocessor):
    """Equations that `pymdownx.arithmatex` marked, and those of docstrings, as MathML."""

    def run(self, text: str) -> str:
        """Turn the equations of a page; a TeX command that has no MathML is an error."""
        text = _DIRECTIVE.sub(lambda found: "\n".join(_block(one) for one in _plain(found[1]).strip().split("\n\n")), text)
        text = _INLINE.sub(lambda found: _mathml(_plain(found[1]), "inline"), text)
        return _DISPLAY.sub(lambda found: _block(_plain(found[1])), text)


class TexToMathML(Extension):
    """``markdown_extensions: tex_to_mathml``."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Run after all others: what they put aside is back in its place then."""
        md.postprocessors.register(ToMathML(md), "tex_to_mathml", 0)


def makeExtension(**options: Any) -> TexToMathML:
    """What Python-Markdown looks for."""
    return TexToMathML(**options)


def _plain(found: str) -> str:
    return html.unescape(re.sub(r"</?(?:span|a)\b[^>]*>", "", found))


def _block(tex: str) -> str:
    return _mathml(tex, "block")


def _mathml(tex: str, display: str) -> str:
    # Brackets of a stated size are not known to the converter: MathML stretches them by itself.
    sized = re.sub(r"\\[bB]igg?([lr])(?![a-zA-Z])", lambda found: "\\left" if found[1] == "l" else "\\right", tex)
    made: str = convert(re.sub(r"\\[bB]igg?(?=[|/])", "", sized), display=display)
    unknown = re.search(r">(\\[a-zA-Z]+)<", made)
    if unknown is not None:
        raise ValueError(f"{unknown[1]} in the equation {tex!r} has no MathML")
    return made
