"""Whether a code's output says that its run converged: energies of others are left out of a set unless asked for."""

from __future__ import annotations

import re
from pathlib import Path


def why_not_converged(path: Path) -> str:
    """The reason, in words; empty when the run converged or its format does not tell.

    Known: VASP (``vasprun.xml``, ``OUTCAR``), Quantum ESPRESSO (``.pwo``, ``.out``), GPAW (``.txt``).
    """
    if path.name == "vasprun.xml":
        return _vasprun(path.read_text(encoding="utf-8", errors="replace"))
    if path.name == "OUTCAR":
        return _outcar(path.read_text(encoding="utf-8", errors="replace"))
    if path.suffix in (".pwo", ".out", ".txt"):
        return _text(path.read_text(encoding="utf-8", errors="replace"))
    return ""


def _vasprun(text: str) -> str:
    if "</modeling>" not in text:
        return "the run broke off before its end"
    electronic, ionic, relaxing = (_xml_integer(text, name) for name in ("NELM", "NSW", "IBRION"))
    runs = text.split("<calculation>")[1:]
    if electronic and runs and runs[-1].count("<scstep>") >= electronic:
        return f"self-consistency not reached in {electronic} steps"
    if relaxing in (1, 2, 3) and ionic and ionic > 1 and len(runs) >= ionic:
        return f"relaxation not finished after {ionic} steps"
    return ""


def _xml_integer(text: str, name: str) -> int | None:
    found = re.search(rf'name="{name}"[^>]*>\s*(-?\d+)', text)
    return int(found.group(1)) if found else None


def _outcar(text: str) -> str:
    if "General timing and accounting" not in text:
        return "the run broke off before its end"
    numbers = {name: re.search(rf"\b{name}\s*=\s*(-?\d+)", text) for name in ("NSW", "IBRION")}
    ionic, relaxing = (int(found.group(1)) if found else 0 for found in numbers.values())
    if "aborting loop because EDIFF is reached" not in text[text.rfind("Iteration") :]:
        return "self-consistency not reached"
    if relaxing in (1, 2, 3) and ionic > 1 and "reached required accuracy" not in text:
        return f"relaxation not finished after {ionic} steps"
    return ""


def _text(text: str) -> str:
    if "convergence NOT achieved" in text or "Did not converge" in text or "Not converged" in text:
        return "self-consistency not reached"
    if "The maximum number of steps has been reached" in text:
        return "relaxation not finished"
    return ""
