"""Images as arrays in files of other programs: NumPy archives, MATLAB, NRRD, and arrays within groups of HDF5."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import InputError, nearest, to_si

Spacing = tuple[float, float, float] | None
_NRRD_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(("longlong", "long long", "int64", "int64_t"), "i8"),
    **dict.fromkeys(("ulonglong", "unsigned long long", "uint64", "uint64_t"), "u8"),
    "float": "f4",
    "double": "f8",
}


def read_archive(path: Path, variable: str | None) -> NDArray[Any]:
    """An array of three dimensions of an ``.npz`` file; pickled objects are rejected.

    Raises
    ------
    InputError
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            if variable is not None and variable in archive.files:
                return np.asarray(archive[variable])
            return _chosen(path, {name: np.asarray(archive[name]) for name in archive.files}, variable)
    except InputError:
        raise
    except Exception as error:  # a damaged file makes the reader raise whatever it stumbles over
        raise InputError(str(path), "", _one_line(error), "a NumPy archive of arrays") from None


def read_matlab(path: Path, variable: str | None) -> NDArray[Any]:
    """An array of three dimensions of a ``.mat`` file; version 7.3 is HDF5, whose axes are stored in reverse.

    Raises
    ------
    InputError
    """
    from scipy.io import loadmat

    try:
        found = loadmat(path)
    except NotImplementedError:
        return read_nested(path, variable).transpose()
    except Exception as error:  # as above
        raise InputError(str(path), "", _one_line(error), "a readable MATLAB file") from None
    return _chosen(path, {name: value for name, value in found.items() if isinstance(value, np.ndarray)}, variable)


def read_nested(path: Path, variable: str | None) -> NDArray[Any]:
    """An array of three dimensions within the groups of an HDF5 file, by its path ``"volume/labels"``.

    Raises
    ------
    InputError
    """
    import netCDF4

    try:
        with netCDF4.Dataset(path) as file:
            known = dict(_arrays(file, ""))
            name = None if variable is None else variable.strip("/")
            if name is None and len(known) == 1:
                name = next(iter(known))
            if name not in known:
                raise InputError(str(path), "variable", variable or "nothing", nearest(variable or "", list(known)))
            known[name].set_auto_maskandscale(False)
            return np.asarray(known[name][:])
    except InputError:
        raise
    except Exception as error:  # as above
        raise InputError(str(path), "", _one_line(error), "a readable HDF5 file") from None


def read_nrrd(path: Path) -> tuple[NDArray[Any], Spacing]:
    """Values (x, y, z) and spacing in m of an ``.nrrd`` file with its data inside, raw or gzip; no spacing without its unit.

    Raises
    ------
    InputError
    """
    where = str(path)
    with path.open("rb") as stream:
        if not stream.readline().startswith(b"NRRD"):
            raise InputError(where, "", "no NRRD header", "an NRRD file")
        header: dict[str, str] = {}
        for line in iter(lambda: stream.readline().decode("utf-8", "replace").strip(), ""):
            key, separator, value = line.partition(":")
            if separator and not line.startswith("#"):
                header[key.strip().lower()] = value.strip().lstrip("=")
        data = stream.read()
    for key, expected in (("type", "one of " + ", ".join(sorted(_NRRD_TYPES))), ("sizes", "three numbers of voxels")):
        if key not in header:
            raise InputError(where, key, "nothing", expected)
    if "data file" in header or "datafile" in header:
        raise InputError(where, "data file", "data in another file", "the data inside the file")
    kind, encoding = _NRRD_TYPES.get(header["type"].lower()), header.get("encoding", "raw").lower()
    if kind is None:
        raise InputError(where, "type", header["type"], "one of " + ", ".join(sorted(_NRRD_TYPES)))
    if encoding not in ("raw", "gzip", "gz"):
        raise InputError(where, "encoding", encoding, "raw or gzip")
    sizes = [int(one) for one in header["sizes"].split() if one.isdecimal()]
    if len(sizes) != 3:
        raise InputError(where, "sizes", header["sizes"], "three numbers of voxels")
    order = ">" if header.get("endian", "little").lower() == "big" else "<"
    needed = int(np.prod(sizes)) * np.dtype(kind).itemsize
    try:
        values = data if encoding == "raw" else gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise InputError(where, "data", _one_line(error), "gzip data") from None
    if len(values) != needed:
        raise InputError(where, "data", f"{len(values)} bytes", f"{needed} for {' x '.join(map(str, sizes))} of {header['type']}")
    return np.frombuffer(values, dtype=order + kind).reshape(sizes, order="F"), _nrrd_spacing(where, header)


def _nrrd_spacing(where: str, header: dict[str, str]) -> Spacing:
    units = [one for one in header.get("space units", header.get("units", "")).replace('"', " ").split() if one]
    if "space directions" in header:
        rows = [[float(one) for one in row.strip("()").split(",")] for row in header["space directions"].split()]
        edges = [float(np.linalg.norm(row)) for row in rows]
    else:
        edges = [float(one) for one in header.get("spacings", "").split()]
    if len(edges) != 3 or len(units) != 3 or not all(np.isfinite(edges)):
        return None
    try:
        x, y, z = (float(to_si(edge, unit, "m")) for edge, unit in zip(edges, units, strict=True))
    except Exception as error:  # a unit that is none
        raise InputError(where, "space units", " ".join(units), f"units of length ({_one_line(error)})") from None
    return x, y, z


def _arrays(group: Any, above: str) -> list[tuple[str, Any]]:
    found = [(above + name, item) for name, item in group.variables.items() if item.ndim == 3]
    for name, inner in group.groups.items():
        found += _arrays(inner, f"{above}{name}/")
    return found


def _chosen(path: Path, arrays: dict[str, NDArray[Any]], variable: str | None) -> NDArray[Any]:
    cubes = {name: one for name, one in arrays.items() if one.ndim == 3 and one.dtype.kind in "uibf"}
    name = variable if variable is not None else next(iter(cubes), None)
    if name is None or name not in cubes:
        found = variable or "nothing"
        raise InputError(str(path), "variable", found, f"an array of three dimensions: {', '.join(cubes) or 'there is none'}")
    return cubes[name]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
