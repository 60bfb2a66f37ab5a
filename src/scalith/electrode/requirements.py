"""What every computation on an image asks of its input: numbers with units, an axis, a tolerance, memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.image.image import VoxelImage
from scalith.quantities import InputError, Property, nearest, parse_quantity

DEBONDED = "debonded"
"""Phase of electrolyte that a crack parts from the active material it faces: it conducts ions, and nothing reacts there."""
_GROUP = Path("/sys/fs/cgroup")


def axis_number(where: str, axis: Any) -> int:
    """0, 1, 2 for x, y, z.

    Raises
    ------
    InputError
        Another name.
    """
    if axis not in ("x", "y", "z"):
        raise InputError(where, "axis", axis, "x, y or z")
    return "xyz".index(axis)


def ionic_with_debonded(image: VoxelImage, ionic: Mapping[str, float], electrolyte: str) -> dict[str, float]:
    """Ionic conductivities with those of electrolyte that no longer touches, where an image has some."""
    known = dict(ionic)
    if DEBONDED in image.phases and electrolyte in known:
        known.setdefault(DEBONDED, known[electrolyte])
    return known


def require_tolerance(where: str, tolerance: Any) -> None:
    """A tolerance is a number between 0 and 1: without one an iteration would hand back its first guess, or never end.

    Raises
    ------
    InputError
    """
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float, np.floating)) or not 0.0 < tolerance < 1.0:
        raise InputError(where, "tolerance", tolerance, "a number above 0 and below 1")


def require_seed(where: str, seed: Any) -> None:
    """A seed is a whole number that is not negative.

    Raises
    ------
    InputError
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(where, "seed", seed, "a whole number, 0 or more")


def read_length(where: str, field: str, value: Any) -> float:
    """A positive length in m, from a number or text such as ``"0.1 um"``.

    Raises
    ------
    InputError
    """
    length = parse_quantity(value, "m", where=where, field=field)
    if not (np.isfinite(length) and length > 0.0):
        raise InputError(where, field, value, "a positive length, m")
    return length


def read_bulk(where: str, image: VoxelImage, stated: Any, unit: str = "S m-1") -> dict[str, Any]:
    """Bulk conductivities by phase in SI: from numbers, text with a unit, constant properties; sequences stay as they are.

    Raises
    ------
    InputError
        No mapping of phases, a name that is no phase (the nearest is given), a number that cannot be read.
    """
    if not isinstance(stated, Mapping):
        raise InputError(where, "conductivities", stated, f"one by phase, such as {{{next(iter(image.phases))!r}: 1.0}}")
    found: dict[str, Any] = {}
    for name, value in stated.items():
        if name not in image.phases:
            raise InputError(where, "conductivities", name, nearest(str(name), list(image.phases)))
        field = f"conductivity of {name}"
        if isinstance(value, Property):
            if value.values.size != 1 or value.unit != unit:
                raise InputError(where, field, f"a property in {value.unit} of {value.values.size} values", f"one number, {unit}")
            found[name] = float(value())
        elif isinstance(value, str):
            found[name] = parse_quantity(value, unit, where=where, field=field)
        elif isinstance(value, (tuple, list)) and any(isinstance(one, str) for one in value):
            found[name] = tuple(parse_quantity(one, unit, where=where, field=field) for one in value)
        else:
            found[name] = value
    return found


def rows_of_labels(image: VoxelImage, names: list[str]) -> NDArray[np.uint8]:
    """Table from label (0 to 255) to the position in `names`; their number for all other labels.

    Raises
    ------
    InputError
        A name is no phase of the image.
    """
    table = np.full(256, len(names), np.uint8)
    for row, name in enumerate(names):
        table[image.label(name)] = row
    return table


def available_memory() -> int | None:
    """Bytes that can be had without swapping: what the system has available, and what the control group still allows."""
    found = [one for one in (_of_the_system(), _of_the_group()) if one is not None]
    return min(found) if found else None


def require_memory(where: str, voxels: int, bytes_per_voxel: float) -> None:
    """Reject what the memory does not hold, before anything is solved.

    Where the system does not tell what is available, nothing is rejected.

    Raises
    ------
    InputError
    """
    needed, available = voxels * bytes_per_voxel, available_memory()
    if available is not None and needed > available:
        found = f"{needed / 2**30:.3g} GiB needed for {voxels} voxels, {available / 2**30:.3g} GiB available"
        raise InputError(where, "image", found, "an image that fits: crop it or coarsen it first")


def _of_the_system() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # a system that does not tell
        return None


def _groups() -> dict[str, str]:
    """Path of this process's control group by controller; version 2 has one without a name."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return {}
    return {name: path.lstrip("/") for _, names, path in (line.split(":", 2) for line in lines) for name in names.split(",")}


def _of_the_group() -> int | None:
    """Limit of the control group (version 2, or 1) less what is in use; pages of files give way."""
    mine, old = _groups(), _GROUP / "memory"
    for limit, used, folder, pages in (
        ("memory.max", "memory.current", _GROUP / mine.get("", ""), "inactive_file"),
        ("memory.max", "memory.current", _GROUP, "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", old / mine.get("memory", ""), "total_inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", old, "total_inactive_file"),
    ):
        try:
            most, now = (folder / limit).read_text().strip(), int((folder / used).read_text())
            if most == "max" or int(most) > 2**60:
                continue
            kept = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            return max(int(most) - now + int(kept.get(pages, 0)), 0)
        except (OSError, ValueError):
            continue
    return None
