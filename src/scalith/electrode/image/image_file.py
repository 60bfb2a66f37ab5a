"""Files of labelled voxels: TIFF stacks, NumPy, raw, VTK and HDF5; read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scalith.electrode.image.array_files import chosen_array, read_archive, read_matlab, read_nested, read_nrrd, require_readable
from scalith.electrode.image.image import VoxelImage, require_phases, takes_image
from scalith.electrode.image.reshaping import to_cubes
from scalith.electrode.image.segmentation import GreyImage
from scalith.electrode.image.vtk_file import read_vti, read_vtk, write_vti, write_vtk
from scalith.quantities import (
    FileRecord,
    InputError,
    Result,
    Source,
    file_digest,
    labelled,
    parse_quantity,
    read_results,
    whole_file,
)
from scalith.quantities.errors import one_line
from scalith.quantities.plausible_ranges import require_plausible

if TYPE_CHECKING:
    import xarray as xr

_STORED = {".tif": "zyx", ".tiff": "zyx", ".npy": "xyz", ".raw": "zyx", ".h5": "zyx", ".hdf5": "zyx", ".nc": "zyx"}
_STORED |= {".npz": "xyz", ".mat": "xyz", ".nrrd": "xyz"}
"""Axes of the stored array from the slowest to the fastest, where nothing else is said. VTK states its own."""

_KNOWN = ".tif, .tiff, .npy, .raw, .vtk, .vti, .h5, .hdf5 or .nc, or a folder of slices"
_KNOWN_TO_READ = ".tif, .tiff, .npy, .npz, .mat, .nrrd, .raw, .vtk, .vti, .h5, .hdf5 or .nc, or a folder of slices"
_SLICES = (".tif", ".tiff", ".png", ".bmp")


def read_image(
    path: str | Path,
    *,
    phases: Mapping[str, int],
    voxel_size: str | float | tuple[str | float, str | float, str | float] | None = None,
    cubes: str | float | None = None,
    axes: str | None = None,
    variable: str | None = None,
    shape: tuple[int, int, int] | None = None,
    dtype: str = "uint8",
    reference: str = "",
) -> VoxelImage:
    """Read labelled voxels.

    ============================  ==========================================================================================
    ``.tif``, ``.tiff``           a stack of pages: page z, row y, column x
    ``.npy``                      an array [x, y, z]; pickled objects are rejected
    ``.npz``, ``.mat``            an array [x, y, z] of a NumPy archive or of MATLAB, by `variable` where it is not the first
    ``.nrrd``                     data inside, raw or gzip; the spacing with its unit, where the file has both
    ``.raw``                      bytes without a header, x fastest; `shape` = (nx, ny, nz) and `dtype` must be stated
    ``.vtk``, ``.vti``            VTK structured points and image data; they carry their spacing, taken as m
    a folder                      slices, one picture each (.tif, .png, .bmp), in the order of the numbers in their names
    ``.h5``, ``.hdf5``, ``.nc``   a variable [z, y, x] at the top of an HDF5 or NetCDF file; dimensions named x, y, z are obeyed
    ============================  ==========================================================================================

    Parameters
    ----------
    path : path
    phases : mapping of str to int
        Label of each phase by name: ``{"pore": 0, "active": 85, "binder": 170}``.
    voxel_size : str, float or three of them, optional
        Edge, m or text with a unit, ``"0.1 um"``; three for edges along x, y, z that differ.
    cubes : str or float, optional
        Edge of the cubes into which voxels with different edges are resampled.
    axes : str, optional
        Stored axes from the slowest to the fastest, when they differ from the table: ``"xyz"``.
    variable : str, optional
        Which array of a file; the first of three dimensions without it. Within groups of HDF5 by its path, ``"volume/labels"``.
    shape, dtype
        Of a raw file.
    reference : str
        Paper or data set of the image.

    Returns
    -------
    VoxelImage

    Raises
    ------
    InputError
        No such file or a kind that is not known; grey values or colours instead of labels; a label without a phase or a
        phase without a voxel; a single slice; slices of different size; voxels that are no cubes; more than the memory holds.
    """
    path = Path(path)
    where = str(path)
    array, stored, spacing, files = _voxels(path, axes, variable, shape, dtype)
    labels = _as_labels(where, array, phases)
    if labels.ndim != 3 or min(labels.shape) < 2:
        raise InputError(where, "shape", labels.shape, "a stack of at least two slices, and two voxels along every axis")
    labels = np.ascontiguousarray(labels.transpose([stored.index(axis) for axis in "xyz"]))
    edges = _edges(where, voxel_size if voxel_size is not None else spacing)
    if cubes is not None:
        size = parse_quantity(cubes, "m", where=where, field="cubes")
        labels = to_cubes(labels, edges, size)
    elif max(edges) > min(edges) * (1.0 + 1e-6):
        found = " x ".join(f"{1e6 * edge:.4g}" for edge in edges) + " um"
        raise InputError(where, "voxel_size", found, "cubes; state their edge as 'cubes' and the image is resampled")
    else:
        size = edges[0]
    source = Source(
        kind="measured",
        by="scalith.electrode.read_image",
        reference=reference,
        files=tuple(FileRecord(name=file.name, digest=file_digest(file)) for file in files),
        settings={"edges": list(edges), "voxel_size": size},
    )
    return VoxelImage(labels, size, dict(phases), source)


def read_grey(
    path: str | Path,
    *,
    voxel_size: str | float | None = None,
    axes: str | None = None,
    variable: str | None = None,
    shape: tuple[int, int, int] | None = None,
    dtype: str = "uint8",
    reference: str = "",
) -> GreyImage:
    """Read grey values from the files of `read_image`, for `segment`; voxels are cubes.

    Raises
    ------
    InputError
        As `read_image`; colours.
    """
    path = Path(path)
    array, stored, spacing, files = _voxels(path, axes, variable, shape, dtype)
    if array.ndim != 3 or min(array.shape) < 2:
        raise InputError(str(path), "shape", array.shape, "a stack of at least two slices, and two voxels along every axis")
    edges = _edges(str(path), voxel_size if voxel_size is not None else spacing)
    if max(edges) > min(edges) * (1.0 + 1e-6):
        raise InputError(str(path), "voxel_size", edges, "cubes: resample the grey values first")
    values = np.asarray(array).transpose([stored.index(axis) for axis in "xyz"])
    records = tuple(FileRecord(name=file.name, digest=file_digest(file)) for file in files)
    settings = {"voxel_size": edges[0]}
    source = Source(kind="measured", by="scalith.electrode.read_grey", reference=reference, files=records, settings=settings)
    return GreyImage(values, edges[0], source)


def _voxels(
    path: Path, axes: str | None, variable: str | None, shape: tuple[int, int, int] | None, dtype: str
) -> tuple[NDArray[Any], str, tuple[float, float, float] | None, list[Path]]:
    """Values as stored, their axes from the slowest to the fastest, the spacing where the file has one, and the files."""
    where = str(path)
    if not path.is_file() and not path.is_dir():
        raise InputError(where, "", "no such file", f"an image ({_KNOWN_TO_READ})")
    if axes is not None and sorted(axes) != ["x", "y", "z"]:
        raise InputError(where, "axes", axes, "x, y and z in the order in which they are stored")
    files = _slices(path) if path.is_dir() else [path]
    array, stored, spacing = (_stacked(files), "zyx", None) if path.is_dir() else _read(path, variable, shape, dtype, axes)
    return array, axes or stored, spacing, files


@takes_image
def write_image(image: VoxelImage, path: str | Path, *, text: bool = False, name: str = "phase") -> None:
    """Write labelled voxels; the ending chooses the format, `read_image` reads it back.

    ParaView opens ``.vti`` and ``.vtk``.

    Parameters
    ----------
    image : VoxelImage
    path : path
        ``.tif``, ``.npy``, ``.raw``, ``.vtk``, ``.vti``, ``.nc`` (or ``.h5``: NetCDF 4 is HDF5).
    text : bool
        Write VTK as text instead of bytes.
    name : str
        Name of the array in VTK, HDF5.

    Raises
    ------
    InputError
        The ending is not known.
    ScalithError
        The folder cannot be written or the disk is full.
    """
    ending = Path(path).suffix.lower()
    if ending in (".vtk", ".vti"):
        (write_vtk if ending == ".vtk" else write_vti)(path, image.labels, image.voxel_size, name, text=text)
    elif ending in (".h5", ".hdf5", ".nc"):
        from scalith.quantities import write_results

        write_results(image_dataset(image, name), path)
    elif ending in (".tif", ".tiff"):
        from PIL import Image

        pages = [Image.fromarray(np.ascontiguousarray(page)) for page in image.labels.transpose(2, 1, 0)]
        with whole_file(path) as temporary:
            pages[0].save(temporary, format="TIFF", save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate")
    elif ending in (".npy", ".raw"):
        with whole_file(path) as temporary, Path(temporary).open("wb") as stream:
            if ending == ".npy":
                np.save(stream, image.labels, allow_pickle=False)
            else:
                stream.write(image.labels.ravel(order="F").tobytes())
    else:
        raise InputError(str(path), "", f"ending {ending!r}", f"one of {_KNOWN}")


@takes_image
def image_dataset(image: VoxelImage, name: str = "phase") -> Result:
    """The image as a dataset with dimensions (x, y, z), as results travel: labels, names, voxel size, source, periodicity."""
    import json

    names = json.dumps(dict(image.phases))
    data = Result({name: labelled(("x", "y", "z"), image.labels, "label of the phase", "1", phases=names)})
    for axis, size in zip("xyz", image.labels.shape, strict=True):
        centres = (np.arange(size) + 0.5) * image.voxel_size
        data = data.assign_coords({axis: labelled(axis, centres, f"{axis} of the voxels' centres", "m")})
    attributes = {"voxel_size": image.voxel_size, "source": image.source.to_json(), "periodic": int(image.periodic)}
    return data.assign_attrs(attributes)  # NetCDF knows no truth values


def image_from_dataset(data: xr.Dataset, name: str = "phase") -> VoxelImage:
    """The image that `image_dataset` made a dataset of.

    Raises
    ------
    InputError
        The dataset is of another kind.
    """
    import json

    if name not in data or "phases" not in data[name].attrs or "voxel_size" not in data.attrs:
        raise InputError("dataset", name, sorted(str(key) for key in data.data_vars), "an image as image_dataset makes it")
    labels = np.ascontiguousarray(data[name].transpose("x", "y", "z").values.astype(np.uint8))
    phases = {key: int(label) for key, label in json.loads(data[name].attrs["phases"]).items()}
    source, periodic = Source.from_json(data.attrs["source"]), bool(data.attrs.get("periodic", 0))
    return VoxelImage(labels, float(data.attrs["voxel_size"]), phases, source, periodic)


def _read(
    path: Path, variable: str | None, shape: tuple[int, int, int] | None, dtype: str, axes: str | None
) -> tuple[NDArray[Any], str, tuple[float, float, float] | None]:
    """Values as stored, their axes from the slowest to the fastest, and the spacing where the file has one."""
    where, ending = str(path), path.suffix.lower()
    if ending in (".vtk", ".vti"):
        require_readable(where, 4 * path.stat().st_size)
        values, spacing = (read_vtk if ending == ".vtk" else read_vti)(path, variable)
        return values, "xyz", spacing
    if ending not in _STORED:
        raise InputError(where, "", f"ending {ending!r}", _KNOWN_TO_READ)
    if ending in (".npz", ".mat", ".nrrd"):
        require_readable(where, 4 * path.stat().st_size)
        if ending == ".nrrd":
            found, edges = read_nrrd(path)
            return found, _STORED[ending], edges
        return (read_archive if ending == ".npz" else read_matlab)(path, variable), _STORED[ending], None
    if ending in (".tif", ".tiff"):
        return _read_tiff(path), _STORED[ending], None
    if ending == ".npy":
        try:
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        except Exception as error:  # a damaged header reaches NumPy's parser, which raises whatever it stumbles over
            raise InputError(where, "", one_line(error), "a NumPy array of whole numbers") from None
        require_readable(where, 2 * mapped.size)
        return mapped, _STORED[ending], None
    if ending == ".raw":
        return _read_raw(path, shape, dtype, axes or _STORED[ending]), _STORED[ending], None
    require_readable(where, 2 * path.stat().st_size)
    if variable is not None and "/" in variable.strip("/"):
        return read_nested(path, variable), _STORED[ending], None
    data = read_results(path)
    cubes = [str(key) for key, item in data.data_vars.items() if item.ndim == 3]
    chosen = chosen_array(path, cubes, variable)
    dims = [str(dim) for dim in data[chosen].dims]
    named = "".join(dims) if sorted(dims) == ["x", "y", "z"] else _STORED[ending]
    size = data.attrs.get("voxel_size")
    return data[chosen].values, named, None if size is None else (float(size),) * 3


def _slices(folder: Path) -> list[Path]:
    """Pictures of a folder, by the numbers in their names."""
    found = [file for file in folder.iterdir() if file.suffix.lower() in _SLICES and not file.name.startswith(".")]
    kinds = {file.suffix.lower() for file in found}
    if len(found) < 2 or len(kinds) > 1:
        text = f"{len(found)} pictures" + (f" of {len(kinds)} kinds" if len(kinds) > 1 else "")
        raise InputError(str(folder), "", text, "at least two slices of one kind (.tif, .png or .bmp) and no other pictures")
    return sorted(found, key=lambda file: [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", file.stem)])


def _stacked(files: list[Path]) -> NDArray[Any]:
    values: NDArray[Any] | None = None
    for number, file in enumerate(files):
        one = _read_tiff(file)
        if one.shape[0] != 1:
            raise InputError(str(file), "pages", one.shape[0], "one slice a file")
        if values is None:
            values = np.empty((len(files), *one.shape[1:]), one.dtype)
        if one.shape[1:] != values.shape[1:]:
            raise InputError(str(file), "shape", one.shape[1:], f"the size of the first slice, {values.shape[1:]}")
        values[number] = one[0]
    assert values is not None
    return values


def _read_tiff(path: Path) -> NDArray[Any]:
    from PIL import Image

    try:
        with Image.open(path) as stack:
            pages = getattr(stack, "n_frames", 1)
            if stack.mode not in ("1", "L", "P", "I", "F") and not stack.mode.startswith("I;16"):
                raise InputError(str(path), "pixels", f"colours ({stack.mode})", "one label a pixel")
            require_readable(str(path), 2 * pages * stack.width * stack.height)
            values: NDArray[Any] | None = None
            for page in range(pages):
                stack.seek(page)
                one = np.asarray(stack)
                if values is None:
                    values = np.empty((pages, *one.shape), one.dtype)
                if one.shape != values.shape[1:]:
                    raise InputError(str(path), f"page {page + 1}", one.shape, f"the size of the first page, {values.shape[1:]}")
                values[page] = one
    except InputError:
        raise
    except Exception as error:  # a damaged file makes the decoder raise whatever it stumbles over
        raise InputError(str(path), "", one_line(error), "a readable picture") from None
    assert values is not None
    return values


def _read_raw(path: Path, shape: tuple[int, int, int] | None, dtype: str, stored: str) -> NDArray[Any]:
    where = str(path)
    if shape is None or len(shape) != 3 or min(shape) < 1:
        raise InputError(where, "shape", shape, "three numbers (nx, ny, nz): a raw file does not say its size")
    try:
        kind = np.dtype(dtype)
    except TypeError:
        raise InputError(where, "dtype", dtype, "a NumPy type such as uint8 or >u2") from None
    wanted = int(np.prod(shape)) * kind.itemsize
    if path.stat().st_size != wanted:
        raise InputError(where, "", f"{path.stat().st_size} bytes", f"{wanted} bytes for {shape} voxels of {dtype}")
    require_readable(where, 2 * wanted)
    along = dict(zip("xyz", shape, strict=True))
    return np.memmap(path, kind, "r", shape=tuple(along[axis] for axis in stored))


def _as_labels(where: str, array: NDArray[Any], phases: Mapping[str, int]) -> NDArray[np.uint8]:
    # Programs that compute in floating point write their labels so, too.
    whole = array.dtype.kind in "uib" or (array.dtype.kind == "f" and bool(np.all(array == np.round(array))))
    if not whole:
        raise InputError(where, "voxels", f"{array.dtype} values", "whole numbers that label phases: segment the image first")
    phases = require_phases(where, phases)
    if array.size and (int(array.min()) < 0 or int(array.max()) > 255):
        raise InputError(where, "voxels", f"labels from {array.min()} to {array.max()}", "labels from 0 to 255")
    labels = np.asarray(array).astype(np.uint8)
    counts = np.bincount(labels.ravel(), minlength=256)
    unknown = [int(label) for label in np.flatnonzero(counts) if label not in phases.values()]
    if unknown:
        share = 100.0 * counts[unknown[0]] / labels.size
        known = ", ".join(f"{name} = {label}" for name, label in phases.items())
        raise InputError(where, "voxels", f"label {unknown[0]} in {share:.2g} % of the voxels", f"only {known}")
    empty = [name for name, label in phases.items() if counts[label] == 0]
    if empty:
        raise InputError(
            where, f"phase {empty[0]}", f"no voxel with label {phases[empty[0]]}", "at least one voxel of each phase"
        )
    return labels


def _edges(where: str, stated: Any) -> tuple[float, float, float]:
    if stated is None:
        raise InputError(where, "voxel_size", "nothing", "the edge of a voxel, as '0.1 um'")
    three = stated if isinstance(stated, (tuple, list)) else (stated,) * 3
    if len(three) != 3:
        raise InputError(where, "voxel_size", stated, "one edge, or three along x, y, z")
    x, y, z = (parse_quantity(edge, "m", where=where, field="voxel_size") for edge in three)
    if min(x, y, z) <= 0.0:
        raise InputError(where, "voxel_size", stated, "positive lengths")
    require_plausible("length", (x, y, z), where=where, field="voxel_size", found=stated)
    return x, y, z
