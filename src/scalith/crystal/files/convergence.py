"""Whether a code's output says that its run converged: energies of others are left out of a set unless asked for."""

from __future__ import annotations

import re

_NOT_REACHED = ("convergence NOT achieved", "Did not converge", "Not converged", "SCF cycle not converged")


def why_not_converged(kind: str, text: str) -> str:
    """The reason, in words; empty when the run converged or its format does not tell.

    Parameters
    ----------
    kind : str
        Code that wrote the text, of `scalith.crystal.files.run_type_files.MARKS`.
    text : str
    """
    if kind == "vasp xml":
        return _vasprun(text)
    if kind == "vasp outcar":
        return _outcar(text)
    if kind == "cp2k":
        return _cp2k(text)
    if kind == "fhi-aims" and "Have a nice day." not in text:
        return "the run broke off before its end"
    return _text(text)


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


def _cp2k(text: str) -> str:
    if "PROGRAM ENDED AT" not in text:
        return "the run broke off before its end"
    return "self-consistency not reached" if "SCF run NOT converged" in text else ""


def _text(text: str) -> str:
    if any(words in text for words in _NOT_REACHED):
        return "self-consistency not reached"
    if "The maximum number of steps has been reached" in text:
        return "relaxation not finished"
    if "Geometry optimization failed to converge" in text or "was not enough iterations to converge" in text:
        return "relaxation not finished"
    return ""
