"""Images as arrays in files of other programs: NumPy archives, MATLAB, NRRD, and arrays within groups of HDF5."""

from __future__ import annotations

import gzip
import io
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.requirements import available_memory
from scalith.quantities import InputError, to_si
from scalith.quantities.errors import one_line

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


def require_readable(where: str, needed: int) -> None:
    """Reject what the memory does not hold, before it is read.

    Raises
    ------
    InputError
    """
    available = available_memory()
    if available is not None and needed > available:
        found = f"{needed / 2**30:.3g} GiB needed to read it, {available / 2**30:.3g} GiB available"
        raise InputError(where, "size", found, "an image that fits: crop it or coarsen it first")


def read_archive(path: Path, variable: str | None) -> NDArray[Any]:
    """An array of three dimensions of an ``.npz`` file; pickled objects are rejected.

    Raises
    ------
    InputError
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            asked = archive.files if variable not in archive.files else [str(variable)]  # others may be large, or no arrays
            arrays = {name: np.asarray(archive[name]) for name in asked}
    except Exception as error:  # a damaged file makes the reader raise whatever it stumbles over
        raise InputError(str(path), "", one_line(error), "a NumPy archive of arrays") from None
    return _cube(path, arrays, variable)


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
        raise InputError(str(path), "", one_line(error), "a readable MATLAB file") from None
    return _cube(path, {name: value for name, value in found.items() if isinstance(value, np.ndarray)}, variable)


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
            name = chosen_array(path, list(known), None if variable is None else variable.strip("/"))
            known[name].set_auto_maskandscale(False)
            return np.asarray(known[name][:])
    except InputError:
        raise
    except Exception as error:  # as above
        raise InputError(str(path), "", one_line(error), "a readable HDF5 file") from None


def chosen_array(path: Path, cubes: list[str], variable: str | None) -> str:
    """Which of a file's arrays of three dimensions is meant: the first of them without a name.

    Raises
    ------
    InputError
        There is none, or none of that name.
    """
    name = variable if variable is not None else next(iter(cubes), None)
    if name is None or name not in cubes:
        expected = ": ".join(["an array of three dimensions", *([", ".join(cubes)] if cubes else [])])
        raise InputError(str(path), "variable", variable or "nothing", expected)
    return name


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
    needed = math.prod(sizes) * np.dtype(kind).itemsize
    require_readable(where, needed)
    try:  # a few bytes of gzip may hold any number of them: one more than are needed tells as much
        values = data if encoding == "raw" else gzip.GzipFile(fileobj=io.BytesIO(data)).read(needed + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(where, "data", one_line(error), "gzip data") from None
    if len(values) != needed:
        found = f"{len(values)} bytes" if encoding == "raw" or len(values) < needed else "more bytes"
        raise InputError(where, "data", found, f"{needed} for {' x '.join(map(str, sizes))} of {header['type']}")
    return np.frombuffer(values, dtype=order + kind).reshape(sizes, order="F"), _nrrd_spacing(where, header)


def _nrrd_spacing(where: str, header: dict[str, str]) -> Spacing:
    units = [one for one in header.get("space units", header.get("units", "")).replace('"', " ").split() if one]
    field = "space directions" if "space directions" in header else "spacings"
    rows = [row.strip("()").split(",") for row in header.get(field, "").split()]
    try:
        edges = [float(np.linalg.norm([float(one) for one in row])) for row in rows]
    except ValueError:
        raise InputError(where, field, header[field], "numbers") from None
    if len(edges) != 3 or len(units) != 3 or not all(np.isfinite(edges)):
        return None
    try:
        x, y, z = (float(to_si(edge, unit, "m")) for edge, unit in zip(edges, units, strict=True))
    except Exception as error:  # a unit that is none
        raise InputError(where, "space units", " ".join(units), f"units of length ({one_line(error)})") from None
    return x, y, z


def _arrays(group: Any, above: str) -> list[tuple[str, Any]]:
    items = group.variables.items()
    found = [(above + name, item) for name, item in items if item.ndim == 3 and np.dtype(item.dtype).kind in "uif"]
    for name, inner in group.groups.items():
        found += _arrays(inner, f"{above}{name}/")
    return found


def _cube(path: Path, arrays: dict[str, NDArray[Any]], variable: str | None) -> NDArray[Any]:
    cubes = {name: one for name, one in arrays.items() if one.ndim == 3 and one.dtype.kind in "uibf"}
    return cubes[chosen_array(path, list(cubes), variable)]
