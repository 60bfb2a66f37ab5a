"""Output files of VASP for tests, with the fields that are read and no others."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

from ase import Atoms

STANDARD = {"ISPIN": "2", "ENCUT": "520", "GGA": "PE"}


def vasprun(atoms: Atoms, energy: float, *, hubbard: Mapping[str, float] | None = None, **tags: str) -> str:
    """``vasprun.xml`` of a single point."""
    elements = list(dict.fromkeys(atoms.get_chemical_symbols()))
    ordered = atoms[sorted(range(len(atoms)), key=lambda k: elements.index(atoms[k].symbol))]
    incar = STANDARD | tags
    if hubbard is not None:
        incar |= {"LDAU": "T", "LDAUU": " ".join(f"{hubbard.get(element, 0.0):.3f}" for element in elements)}
    written = "".join(f'<i name="{name}"> {value} </i>' for name, value in incar.items())
    cell = "".join("<v> {:.8f} {:.8f} {:.8f} </v>".format(*row) for row in ordered.cell)
    places = "".join("<v> {:.8f} {:.8f} {:.8f} </v>".format(*row) for row in ordered.get_scaled_positions())
    geometry = f'<crystal><varray name="basis">{cell}</varray></crystal><varray name="positions">{places}</varray>'
    still = "".join("<v> 0 0 0 </v>" for _ in ordered)
    energies = f'<energy><i name="e_fr_energy">{energy:.8f}</i><i name="e_0_energy">{energy:.8f}</i></energy>'
    rows = "".join(f"<rc><c>{symbol:2s}</c><c>{elements.index(symbol) + 1}</c></rc>" for symbol in ordered.get_chemical_symbols())
    kinds = "".join(f"<rc><c>1</c><c>{e:2s}</c><c>1.0</c><c>1.0</c><c> PAW_PBE {e} 08Apr2002 </c></rc>" for e in elements)
    return f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<modeling><generator><i name="program" type="string">vasp </i><i name="version" type="string">6.4.2 </i></generator>
<incar>{written}</incar>
<kpoints><varray name="kpointlist"><v>0 0 0</v></varray><varray name="weights"><v>1</v></varray></kpoints>
<parameters><separator name="electronic"><i type="int" name="NELM">60</i><i name="ENMAX">520</i></separator></parameters>
<atominfo><atoms>{len(ordered)}</atoms><types>{len(elements)}</types>
<array name="atoms"><dimension dim="1">ion</dimension><set>{rows}</set></array>
<array name="atomtypes"><dimension dim="1">type</dimension><set>{kinds}</set></array></atominfo>
<structure name="initialpos">{geometry}</structure>
<calculation><scstep>{energies}</scstep><structure>{geometry}</structure><varray name="forces">{still}</varray>{energies}</calculation>
<structure name="finalpos">{geometry}</structure></modeling>"""


def put(folder: Path, name: str, text: str) -> None:
    """Write a run's file, compressed where its name says so."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
