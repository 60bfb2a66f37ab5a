"""Networks of bodies and throats from particles or pores that were told apart, as OpenPNM reads them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from scalith.quantities import InputError, whole_file, write_text

_NEEDED = ("volume", "diameter", "inscribed_radius", "centre", "number", "between", "contact_area")


def pore_network(separated: xr.Dataset) -> dict[str, NDArray[Any]]:
    """Bodies and throats of what `separate_particles` told apart, under OpenPNM's names, in SI units.

    ``openpnm.io.network_from_porespy(pore_network(found))`` makes a network of it (J. T. Gostick, Phys. Rev. E 96 (2017) 023307,
    doi:10.1103/PhysRevE.96.023307).

    Parameters
    ----------
    separated : xarray.Dataset
        From `separate_particles`, of the pores or of a solid phase.

    Returns
    -------
    dict of str to numpy.ndarray
        By body: ``pore.coords`` (centre of mass), ``pore.volume``, ``pore.equivalent_diameter``, ``pore.inscribed_diameter``, and
        ``pore.xmin`` to ``pore.zmax``, true where it touches that face of the image. By throat: ``throat.conns`` (numbers of the
        two from 0), ``throat.cross_sectional_area``, ``throat.equivalent_diameter`` of the disc of that area,
        ``throat.direct_length`` from centre to centre.

    Raises
    ------
    InputError
        The dataset is of another kind.
    """
    missing = [name for name in _NEEDED if name not in getattr(separated, "variables", {})]
    if missing:
        raise InputError("pore_network", "separated", f"no {missing[0]}", "what separate_particles gives")
    coords = np.asarray(separated["centre"].values, np.float64)
    conns = np.asarray(separated["between"].values, np.int64).reshape(-1, 2) - 1
    area = np.asarray(separated["contact_area"].values, np.float64)
    network: dict[str, NDArray[Any]] = {
        "pore.coords": coords,
        "pore.volume": np.asarray(separated["volume"].values, np.float64),
        "pore.equivalent_diameter": np.asarray(separated["diameter"].values, np.float64),
        "pore.inscribed_diameter": 2.0 * np.asarray(separated["inscribed_radius"].values, np.float64),
    }
    number = separated["number"].transpose("x", "y", "z").values
    for axis, name in enumerate("xyz"):
        for end, plane in (("min", 0), ("max", -1)):
            touches = np.zeros(len(coords) + 1, bool)
            touches[np.take(number, plane, axis)] = True
            network[f"pore.{name}{end}"] = touches[1:]
    network["throat.conns"] = conns
    network["throat.cross_sectional_area"] = area
    network["throat.equivalent_diameter"] = np.sqrt(4.0 * area / np.pi)
    network["throat.direct_length"] = np.linalg.norm(coords[conns[:, 0]] - coords[conns[:, 1]], axis=1)
    return network


def write_pore_network(network: Mapping[str, NDArray[Any]], path: str | Path) -> None:
    """Write a network as ``.npz`` (arrays by name, nothing pickled) or as ``.csv`` in the columns of OpenPNM.

    In the CSV a vector is several columns, ``pore.coords[0]`` and so on; bodies and throats stand side by side, with empty cells
    below the shorter of the two.

    Raises
    ------
    InputError
        Another ending, a name that is neither ``pore.…`` nor ``throat.…``, arrays of different lengths or of no numbers.
    """
    arrays: dict[str, Any] = {name: np.asarray(values) for name, values in network.items()}
    for name, values in arrays.items():
        kind = name.split(".")[0]
        if kind not in ("pore", "throat") or "." not in name:
            raise InputError(str(path), "name", name, "pore.… or throat.…")
        if values.dtype.kind not in "fiub":
            raise InputError(str(path), name, f"{values.dtype} values", "numbers")
        reference = arrays.get("pore.coords" if kind == "pore" else "throat.conns")
        if reference is None or values.ndim not in (1, 2) or len(values) != len(reference):
            raise InputError(str(path), name, f"shape {values.shape}", f"one row for each {kind} of pore.coords and throat.conns")
    ending = Path(path).suffix.lower()
    if ending == ".npz":
        with whole_file(path) as temporary, Path(temporary).open("wb") as stream:
            np.savez_compressed(stream, **arrays)
    elif ending == ".csv":
        columns: dict[str, list[str]] = {}
        for name, values in arrays.items():
            parts = {name: values} if values.ndim == 1 else {f"{name}[{n}]": part for n, part in enumerate(values.T)}
            columns |= {title: [repr(one) for one in part.tolist()] for title, part in parts.items()}
        rows = max(len(column) for column in columns.values())
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([column[row] if row < len(column) else "" for column in columns.values()] for row in range(rows))
        write_text(path, text.getvalue())
    else:
        raise InputError(str(path), "", f"ending {ending!r}", ".npz or .csv")
