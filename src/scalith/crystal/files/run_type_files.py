"""The type of a run, read from what its code wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from scalith.crystal.files.run_type import RunType
from scalith.quantities import InputError

_RYDBERG, HARTREE = 13.605693122994, 27.211386245988
_FLAG = {"T": True, ".TRUE.": True, "F": False, ".FALSE.": False}

MARKS = {
    "vasp xml": "<modeling>",
    "vasp outcar": "vasp.",
    "quantum espresso": "Program PWSCF",
    "gpaw": "___ ___ ___ _ _ _",
    "abinit": "ABINIT",
    "cp2k": "CP2K|",
    "fhi-aims": "FHI-aims",
    "castep": "CASTEP",
}
"""Words near the beginning of an output that tell which code wrote it."""


def output_of(text: str) -> str:
    """Which code wrote an output, by its first words; empty when none that is known."""
    head = text[:30000]
    return next((code for code, mark in MARKS.items() if mark in head), "")


def run_type_of(text: str, kind: str) -> RunType | None:
    """The type of a run from the text of its output; `None` where nothing is told or nothing makes sense."""
    reader = _READERS.get(kind)
    try:
        return None if reader is None else reader(text)
    except (ValueError, IndexError, KeyError, ZeroDivisionError, InputError):
        return None


def _hubbard(elements: Sequence[str], values: str, coupling: str) -> dict[str, float] | None:
    """U − J by element from a list for each species; nothing where the list is not one for each."""
    u, j = [float(value) for value in values.split()], [float(value) for value in coupling.split()]
    if len(u) != len(elements) or len(j) not in (0, len(u)):
        return None
    return {
        element: value - other for element, value, other in zip(elements, u, j or [0.0] * len(u), strict=True) if value - other
    }


def _first(pattern: str, text: str, default: str = "") -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return str(found.group(found.lastindex or 0)).strip() if found else default


def _number(pattern: str, text: str, unit: float = 1.0) -> float | None:
    found = _first(pattern, text)
    return unit * float(found.replace("D", "E").replace("d", "e")) if found else None


def _vasp_functional(tags: Callable[[str], str]) -> str:
    """GGA or meta-GGA, exact exchange, dispersion, from the tags of an INCAR."""
    meta, gga = tags("METAGGA").strip("-"), tags("GGA").strip("-")
    name = meta if meta not in ("", "F", "NONE") else gga
    if _FLAG.get(tags("LHFCALC").upper(), False):
        name += f" with exact exchange {float(tags('AEXX') or 0.25):g} screened by {float(tags('HFSCREEN') or 0):g} per Å"
    dispersion = tags("IVDW")
    if dispersion not in ("", "0"):
        name += f" with dispersion {dispersion}"
    if _FLAG.get(tags("LUSE_VDW").upper(), False):
        name += " with nonlocal dispersion"
    return name.strip()


def _spin(polarised: bool, noncollinear: bool = False) -> str:
    return "noncollinear" if noncollinear else "collinear" if polarised else "unpolarised"


def _vasp_xml(text: str) -> RunType:
    incar, settings = _part("incar", text), _part("parameters", text)

    def tag(name: str) -> str:
        pattern = rf'<[iv][^>]*name="{name}"[^>]*>([^<]*)<'
        return _first(pattern, incar) or _first(pattern, settings)

    elements = re.findall(r"<rc><c>\s*([A-Z][a-z]?)\s*</c><c>", _part('array name="atoms"', text, "array"))
    types = re.findall(
        r"<rc><c>[^<]*</c><c>\s*([A-Z][a-z]?)\s*</c>(?:<c>[^<]*</c>){2}<c>([^<]*)</c>",
        _part('array name="atomtypes"', text, "array"),
    )
    order = [element for element, _ in types] or [element for element, _ in groupby(elements)]
    on = _FLAG.get(tag("LDAU").upper(), False)
    hubbard = _hubbard(order, tag("LDAUU"), tag("LDAUJ")) if on else {}
    cutoff = tag("ENCUT") or tag("ENMAX")
    spin = tag("ISPIN")
    functional = _vasp_functional(tag)
    return RunType(
        code="vasp",
        functional=functional or ("PE" if any("PAW_PBE" in name for _, name in types) else ""),
        hubbard=hubbard,
        cutoff=float(cutoff) if cutoff else None,
        potentials={element: name.strip() for element, name in types},
        spin=_spin(spin == "2", _FLAG.get(tag("LNONCOLLINEAR").upper(), False)) if spin else "",
    )


def _part(start: str, text: str, end: str = "") -> str:
    opening = text.find(f"<{start}")
    closing = text.find(f"</{end or start}>", opening)
    return text[opening:closing] if opening >= 0 and closing >= 0 else ""


def _vasp_outcar(text: str) -> RunType:
    def tag(name: str) -> str:
        return _first(rf"^\s*{name}\s*=\s*(\S+)", text)

    titles = re.findall(r"TITEL\s*=\s*(.+)", text)
    potentials = {title.split()[1].partition("_")[0]: title.strip() for title in titles if len(title.split()) > 1}
    values, coupling = (_first(rf"LDAU{letter}\s*=([ \d.+-]+)$", text) for letter in "UJ")
    return RunType(
        code="vasp",
        functional=_vasp_functional(tag) or ("PE" if any("PAW_PBE" in title for title in titles) else ""),
        hubbard=_hubbard(list(potentials), values, coupling) if values else {},
        cutoff=_number(r"^\s*ENCUT\s*=\s*([\d.]+)", text),
        potentials=potentials,
        spin=_spin(tag("ISPIN") == "2", tag("LNONCOLLINEAR") == "T") if tag("ISPIN") else "",
    )


def _espresso(text: str) -> RunType:
    hubbard = {name: float(u) for name, u in re.findall(r"^\s*U\(([A-Z][a-z]?)[^)]*\)\s*=\s*([\d.]+)", text, re.MULTILINE)}
    table = re.search(r"LDA\+U calculation.*?\n.*?atomic species.*?\n((?:\s+[A-Z][a-z]?\d*\s+\d.*\n)+)", text)
    if table:
        hubbard |= {row.split()[0].rstrip("0123456789"): float(row.split()[2]) for row in table.group(1).strip().split("\n")}
    potentials = {
        name.rstrip("0123456789"): re.sub(r".*/", "", path.strip())
        for name, path in re.findall(r"PseudoPot\. #\s*\d+ for\s+(\S+)\s+read from file:?\s*\n?\s*(\S+)", text)
    }
    functional = re.sub(r"\s+", " ", _first(r"Exchange-correlation\s*=\s*(.+)", text).partition("(")[0]).strip()
    noncollinear = "Non magnetic calculation with spin-orbit" in text or "Noncollinear calculation" in text
    polarised = "Starting magnetic structure" in text or "total magnetization" in text
    return RunType(
        code="quantum espresso",
        functional=functional,
        hubbard={element: u for element, u in hubbard.items() if u},
        cutoff=_number(r"kinetic-energy cutoff\s*=\s*([\d.]+)\s*Ry", text, _RYDBERG),
        potentials=potentials,
        spin=_spin(polarised, noncollinear),
    )


def _gpaw(text: str) -> RunType:
    functional = _first(r"Using the (\S+) Exchange-Correlation functional", text) or _first(r"^\s*xc:\s*'?([\w+-]+)'?\s*$", text)
    setups = re.findall(r"^\s*([A-Z][a-z]?)-setup:\s*\n(?:.*\n){0,4}?\s+id:\s*(\S+)", text, re.MULTILINE)
    return RunType(
        code="gpaw",
        functional=functional,
        hubbard={name: float(u) for name, u in re.findall(r"\b([A-Z][a-z]?)'?:\s*'?\w*:[spdf],([\d.]+)", text)},
        cutoff=_number(r"Cutoff energy:\s*([\d.]+)\s*eV", text) or _number(r"\becut:\s*([\d.]+)", text),
        potentials=dict(setups),
        spin=_spin("spinpol: True" in text or "Spin-polarized calculation" in text),
    )


def gpaw_parameters(parameters: Mapping[str, Any], symbols: list[str]) -> RunType:
    """The type of a GPAW run from the parameters that a ``.gpw`` file keeps."""
    xc, mode, setups = parameters.get("xc", ""), parameters.get("mode", {}), parameters.get("setups", {})
    named = setups if isinstance(setups, Mapping) else {}
    hubbard = {
        str(element): float(found.group(1))
        for element, value in named.items()
        if (found := re.search(r":[spdf],([\d.]+)", str(value)))
    }
    cutoff = mode.get("ecut") if isinstance(mode, Mapping) else None
    spin = parameters.get("spinpol")
    return RunType(
        code="gpaw",
        functional=str(xc.get("name", "") if isinstance(xc, Mapping) else xc),
        hubbard={element: u for element, u in hubbard.items() if element in symbols},
        cutoff=None if cutoff is None else round(float(cutoff) * (HARTREE if float(cutoff) < 40 else 1.0), 3),
        spin="" if spin is None else _spin(bool(spin)),
    )


def _abinit(text: str) -> RunType:
    types = re.findall(r"^- ?pspini: atom type\s+\d+\s+psp file is\s+(\S+)", text, re.MULTILINE)
    potentials = {
        found.group(1).capitalize(): name
        for path in types
        if (found := re.match(r"(?:\d+)?-?([A-Za-z][a-z]?)\b", name := re.sub(r".*/", "", path)))
    }
    values = [float(v.replace("E", "e")) for v in _first(r"^\s*-?upawu\d*\s+([\d.E+\s-]+?)\s*(?:Hartree)?$", text).split()]
    return RunType(
        code="abinit",
        functional=f"ixc {ixc}" if (ixc := _first(r"^\s*-?ixc\d*\s+(-?\d+)|\bixc=\s*(-?\d+)", text)) else "",
        hubbard={e: round(HARTREE * u, 3) for e, u in zip(potentials, values, strict=False) if u} if "usepawu" in text else {},
        cutoff=_number(r"^\s*-?ecut\d*\s+([\d.DEde+-]+)\s+Hartree", text, HARTREE),
        potentials=potentials,
        spin=_spin(_first(r"^\s*-?nsppol\d*\s+(\d)", text, "1") == "2", _first(r"^\s*-?nspinor\d*\s+(\d)", text, "1") == "2"),
    )


def _cp2k(text: str) -> RunType:
    names = re.findall(r"FUNCTIONAL\|\s*([A-Z0-9_]+(?:\s+[A-Z0-9_]+)*):", text)
    potentials = re.findall(r"Atomic kind:\s*([A-Z][a-z]?)(?:.*\n)*?.*Potential information for\s+(\S+)", text)
    return RunType(
        code="cp2k",
        functional=" ".join(dict.fromkeys(names)) + (" with dispersion" if "vdW POTENTIAL|" in text else ""),
        cutoff=_number(r"density cutoff \[a\.u\.\]:?\s*([\d.]+)", text.replace("Density", "density"), HARTREE),
        potentials=dict(potentials),
        spin=_spin("DFT| Spin unrestricted" in text or "UKS" in text),
    )


def _aims(text: str) -> RunType:
    hubbard: dict[str, float] = {}
    species = ""
    for name, u in re.findall(r"^\s*(?:species\s+([A-Z][a-z]?)\w*|plus_u\s+\d+\s+[spdf]\s+([\d.]+)).*$", text, re.MULTILINE):
        species = name or species
        if u and species and float(u):
            hubbard[species] = float(u)
    return RunType(
        code="fhi-aims",
        functional=_first(r"^\s*xc\s+(\S.*)$", text) or _first(r"XC: Using (.+?)\.?$", text),
        hubbard=hubbard if species else None,
        spin=_first(r"^\s*spin\s+(none|collinear)", text, "none").replace("none", "unpolarised"),
    )


def _castep(text: str) -> RunType:
    block = _first(r"Files used for pseudopotentials:([\s\S]*?)\n\s*-{20}", text)
    return RunType(
        code="castep",
        functional=_first(r"using functional\s*:\s*(.+)$", text),
        cutoff=_number(r"plane wave basis set cut-off\s*:\s*([\d.]+)\s*eV", text),
        potentials={row.split()[0]: " ".join(row.split()[1:]) for row in block.split("\n") if len(row.split()) > 1},
        spin=_spin("treating system as spin-polarized" in text),
    )


_READERS: dict[str, Callable[[str], RunType]] = {
    "vasp xml": _vasp_xml,
    "vasp outcar": _vasp_outcar,
    "quantum espresso": _espresso,
    "gpaw": _gpaw,
    "abinit": _abinit,
    "cp2k": _cp2k,
    "fhi-aims": _aims,
    "castep": _castep,
}


def pymatgen_run_type(entry: Mapping[str, Any]) -> RunType | None:
    """The type of a VASP run from the parameters of a pymatgen entry or an atomate2 task document."""
    stated, given = _mapping(entry.get("parameters")), _mapping(entry.get("input"))
    incar = {**_mapping(given.get("parameters")), **_mapping(given.get("incar"))}
    name = str(stated.get("run_type") or entry.get("run_type") or "").removesuffix("+U").rstrip("_")
    hubbard = stated.get("hubbards", given.get("hubbards", entry.get("hubbards")))
    potcars = stated.get("potcar_spec") or given.get("potcar_spec") or stated.get("potcar_symbols") or []
    titles = [_title(item) for item in potcars] if isinstance(potcars, list) else []
    if not (name or any(titles) or incar or hubbard):
        return None
    cutoff = incar.get("ENCUT") or incar.get("ENMAX")
    words = [(title.split()[-1] if len(title.split()) < 3 else title.split()[1], title) for title in titles if title.split()]
    try:
        return RunType(
            code="vasp",
            functional=name,
            hubbard={str(e): float(u) for e, u in hubbard.items() if u} if isinstance(hubbard, Mapping) else None,
            cutoff=None if cutoff is None else float(cutoff),
            potentials={symbol.partition("_")[0]: title for symbol, title in words},
            spin="" if "ISPIN" not in incar else _spin(int(incar["ISPIN"]) == 2),
        )
    except (TypeError, ValueError, OverflowError, InputError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _title(item: Any) -> str:
    """``"PAW_PBE Fe_pv 06Sep2000"`` from what pymatgen keeps of a POTCAR."""
    return str(item.get("titel") or item.get("symbol") or "") if isinstance(item, Mapping) else str(item)
