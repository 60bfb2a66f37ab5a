"""How a run computed its energy: only runs of one type have one zero of energy and may stand in one set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from scalith.quantities import InputError, Spec

if TYPE_CHECKING:
    from scalith.crystal.files.structures import ComputedStructure

RunTypeField = Literal["code", "functional", "hubbard", "cutoff", "potentials", "spin"]

_WORDS: dict[str, str] = {
    "code": "code",
    "functional": "functional",
    "hubbard": "Hubbard U of",
    "cutoff": "cut-off",
    "potentials": "potential of",
    "spin": "spin",
}
_SHOWN = 3
"""Rows named for each way to compute."""


class RunType(Spec):
    """What decides the zero of a run's energies. What a file does not tell stays empty and is not compared.

    Attributes
    ----------
    code : str
        Program: ``"vasp"``, ``"quantum espresso"``, …
    functional : str
        As the code names it, with van der Waals terms: ``"PE"``, ``"R2SCAN"``, ``"HSE06 (0.25)"``.
    hubbard : dict of str to float, optional
        U (or U − J) by element, eV; elements that are not named have none. `None`: the file does not tell.
    cutoff : float, optional
        Of plane waves, eV.
    potentials : dict of str to str
        Pseudopotential, or basis, by element.
    spin : str
        ``"unpolarised"``, ``"collinear"`` or ``"noncollinear"``.
    """

    code: str = ""
    functional: str = ""
    hubbard: dict[str, float] | None = None
    cutoff: float | None = None
    potentials: dict[str, str] = Field(default_factory=dict)
    spin: str = ""

    def told(self, name: str, element: str = "") -> str:
        """One field in words; empty where the file does not tell."""
        if name == "hubbard":
            return "" if self.hubbard is None else f"{round(self.hubbard.get(element, 0.0), 3) + 0.0:g} eV"
        if name == "potentials":
            return self.potentials.get(element, "")
        if name == "cutoff":
            return "" if self.cutoff is None else f"{self.cutoff:.5g} eV"
        return str(getattr(self, name))

    def unlike(self, other: RunType, elements: Iterable[str], fields: Iterable[str] = _WORDS) -> str:
        """In which field two types differ, in words; empty where they agree in all that both tell."""
        for name in fields:
            for element in sorted(elements) if name in ("hubbard", "potentials") else ("",):
                one, two = self.told(name, element), other.told(name, element)
                if one and two and one != two:
                    return f"{_WORDS[name]} {element}".strip() + f": {one}, the others {two}"
        return ""


def require_one_run_type(
    structures: Sequence[ComputedStructure], where: str, accepted: Iterable[RunTypeField] = ()
) -> RunType | None:
    """Refuse energies that were computed in different ways.

    U and potentials are compared element by element, for the elements that a structure holds; what a file does not tell is
    not compared.

    Parameters
    ----------
    structures : sequence of ComputedStructure
    where : str
        For the message.
    accepted : iterable of {"code", "functional", "hubbard", "cutoff", "potentials", "spin"}
        Fields in which the runs may differ.

    Returns
    -------
    RunType or None
        What the runs that tell have in common; `None` where none tells anything.

    Raises
    ------
    InputError
        Names the field, its values and the rows of each.
    """
    telling = [(item, item.run_type) for item in structures if item.run_type is not None]
    left = set(accepted)
    for name in _WORDS:
        if name in left:
            continue
        elements = sorted({symbol for item, _ in telling for symbol in item.symbols})
        for element in elements if name in ("hubbard", "potentials") else ("",):
            rows: dict[str, list[str]] = {}
            for item, kind in telling:
                value = kind.told(name, element)
                if value and (not element or element in item.symbols):
                    rows.setdefault(value, []).append(item.origin)
            if len(rows) > 1:
                most = max(rows, key=lambda value: len(rows[value]))
                named = [f"{value} in {_named(origins)}" for value, origins in rows.items() if value != most]
                found = f"{', '.join(named)}; {most} in the other {len(rows[most])}"
                expected = f"one in all runs, whose energies then have one zero (or {name!r} among those accepted)"
                raise InputError(where, f"{_WORDS[name]} {element}".strip(), found, expected)
    return _common([kind for _, kind in telling]) if telling else None


def _named(origins: Sequence[str]) -> str:
    more = f" and {len(origins) - _SHOWN} more" if len(origins) > _SHOWN else ""
    return ", ".join(origins[:_SHOWN]) + more


def _common(kinds: Sequence[RunType]) -> RunType:
    def first(name: str) -> str:
        return next((value for kind in kinds if (value := str(getattr(kind, name)))), "")

    hubbards = [kind.hubbard for kind in kinds if kind.hubbard is not None]
    return RunType(
        code=first("code"),
        functional=first("functional"),
        hubbard={element: u for each in hubbards for element, u in each.items() if u} if hubbards else None,
        cutoff=next((kind.cutoff for kind in kinds if kind.cutoff is not None), None),
        potentials={element: name for kind in kinds for element, name in kind.potentials.items()},
        spin=first("spin"),
    )
