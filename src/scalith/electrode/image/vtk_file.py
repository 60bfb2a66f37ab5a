"""Labels on a regular grid in VTK's two formats: legacy structured points (``.vtk``) and XML image data (``.vti``)."""

from __future__ import annotations

import base64
import re
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from scalith.quantities import InputError, whole_file

Grid = tuple[NDArray[Any], tuple[float, float, float]]
"""Values with axes (x, y, z), and the spacing along each."""

_LEGACY = {
    "unsigned_char": "u1",
    "char": "i1",
    "unsigned_short": "u2",
    "short": "i2",
    "unsigned_int": "u4",
    "int": "i4",
    "unsigned_long": "u8",
    "long": "i8",
    "float": "f4",
    "double": "f8",
}
_XML = {"Int8": "i1", "UInt8": "u1", "Int16": "i2", "UInt16": "u2", "Int32": "i4", "UInt32": "u4"} | {
    "Int64": "i8",
    "UInt64": "u8",
    "Float32": "f4",
    "Float64": "f8",
}


def write_vtk(path: str | Path, labels: NDArray[np.uint8], spacing: float, name: str, *, text: bool) -> None:
    """Write legacy structured points, one cell a voxel, as binary or text."""
    nx, ny, nz = labels.shape
    head = (
        f"# vtk DataFile Version 3.0\n{name}: one label a voxel, lengths in m\n{'ASCII' if text else 'BINARY'}\n"
        f"DATASET STRUCTURED_POINTS\nDIMENSIONS {nx + 1} {ny + 1} {nz + 1}\nORIGIN 0 0 0\n"
        f"SPACING {spacing!r} {spacing!r} {spacing!r}\nCELL_DATA {labels.size}\nSCALARS {name} unsigned_char 1\n"
        "LOOKUP_TABLE default\n"
    )
    with whole_file(path) as temporary:
        Path(temporary).write_bytes(head.encode() + _body(labels, text) + b"\n")


def write_vti(path: str | Path, labels: NDArray[np.uint8], spacing: float, name: str, *, text: bool) -> None:
    """Write XML image data, one cell a voxel, as raw appended bytes or text."""
    extent = " ".join(f"0 {size}" for size in labels.shape)
    form = 'format="ascii">' if text else 'format="appended" offset="0">'
    head = (
        '<?xml version="1.0"?>\n<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" header_type="UInt64">\n'
        f'<ImageData WholeExtent="{extent}" Origin="0 0 0" Spacing="{spacing!r} {spacing!r} {spacing!r}">\n'
        f'<Piece Extent="{extent}">\n<CellData Scalars="{name}">\n<DataArray type="UInt8" Name="{name}" {form}'
    )
    foot = "</DataArray>\n</CellData>\n</Piece>\n</ImageData>\n"
    with whole_file(path) as temporary, Path(temporary).open("wb") as stream:
        stream.write(head.encode())
        if text:
            stream.write(b"\n" + _body(labels, text) + b"\n" + foot.encode())
        else:
            stream.write(foot.encode() + b'<AppendedData encoding="raw">_' + np.uint64(labels.size).tobytes())
            stream.write(_body(labels, text) + b"</AppendedData>\n")
        stream.write(b"</VTKFile>\n")


def _body(labels: NDArray[np.uint8], text: bool) -> bytes:
    flat = labels.ravel(order="F")  # x runs fastest
    if not text:
        return flat.tobytes()
    lines = (flat[start : start + 60] for start in range(0, flat.size, 60))
    return "\n".join(" ".join(map(str, line)) for line in lines).encode()


def read_vtk(path: str | Path, name: str | None) -> Grid:
    """Read legacy structured points.

    Raises
    ------
    InputError
        The file is of another kind, or has no array of that name.
    """
    content = Path(path).read_bytes()
    where = str(path)
    if not content.startswith(b"# vtk DataFile"):
        raise InputError(where, "", content[:20], "a file that begins with '# vtk DataFile'")
    lines = content.split(b"\n", 3)
    if len(lines) < 4:
        raise InputError(where, "", f"{len(lines)} lines", "a title, ASCII or BINARY, and a data set behind the first line")
    text = lines[2].strip().upper() == b"ASCII"
    header: dict[str, list[str]] = {}
    position = len(content) - len(lines[3]) if len(lines) == 4 else len(content)
    while position < len(content):
        end = content.find(b"\n", position)
        end = len(content) if end < 0 else end
        words = content[position:end].decode("latin-1").split()
        position = end + 1
        if not words:
            continue
        header[words[0].upper()] = words[1:]
        if words[0].upper() != "SCALARS":
            continue
        if header.get("DATASET", [""])[0].upper() != "STRUCTURED_POINTS":
            raise InputError(where, "DATASET", " ".join(header.get("DATASET", ["nothing"])), "STRUCTURED_POINTS")
        shape, spacing = _geometry(where, header)
        kind = words[2].lower() if len(words) > 2 else ""
        if kind not in _LEGACY or (len(words) > 3 and words[3] != "1"):
            raise InputError(where, "SCALARS", " ".join(words[1:]), "one number a voxel of a known type")
        peek = content.find(b"\n", position)
        if content[position:peek].strip().upper().startswith(b"LOOKUP_TABLE"):
            position = peek + 1
        dtype = np.dtype(_LEGACY[kind]).newbyteorder(">")
        count = int(np.prod(shape))
        if text:
            values = np.array(content[position:].split(maxsplit=count)[:count], dtype=np.float64)
            after = len(content)
        else:
            after = position + count * dtype.itemsize
            values = np.frombuffer(content[position:after], dtype=dtype)
        if values.size != count:
            raise InputError(where, words[1], f"{values.size} values", f"{count}")
        if name is None or words[1] == name:
            return _typed(values, kind in ("float", "double")).reshape(shape, order="F"), spacing
        position = after
    raise InputError(where, "SCALARS", "no such array", f"an array {name!r}" if name else "an array of scalars")


def _geometry(where: str, header: dict[str, list[str]]) -> tuple[tuple[int, int, int], tuple[float, float, float]]:
    try:
        points = [int(word) for word in header["DIMENSIONS"]]
        a, b, c = (float(word) for word in header.get("SPACING", header.get("ASPECT_RATIO", ["1", "1", "1"])))
        cells = "CELL_DATA" in header
        nx, ny, nz = (max(size - 1, 1) if cells else size for size in points)
    except (KeyError, ValueError):
        raise InputError(where, "DIMENSIONS, SPACING", header, "three numbers each, before the data") from None
    return (nx, ny, nz), (a, b, c)


def _typed(values: NDArray[Any], floating: bool) -> NDArray[Any]:
    return values if floating else values.astype(np.int64)


def read_vti(path: str | Path, name: str | None) -> Grid:
    """Read XML image data of one piece: text, base64 or raw, plain or zlib-compressed.

    Raises
    ------
    InputError
        The file is of another kind, damaged, or has no array of that name.
    """
    where = str(path)
    content = Path(path).read_bytes()
    appended = b""
    found = re.search(rb"<AppendedData[^>]*>", content)
    if found:  # raw bytes are no XML
        end = content.rfind(b"</AppendedData>")
        appended = content[found.end() : end].lstrip()[1:]
        content = content[: found.end()] + content[end:]
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise InputError(where, "", str(error), "a readable XML file") from None
    image = root.find("ImageData")
    pieces = root.findall("ImageData/Piece")
    if image is None or len(pieces) != 1:
        raise InputError(where, "", root.get("type", root.tag), "image data of one piece")
    stated = (pieces[0].get("Extent", image.get("WholeExtent", "")), image.get("Spacing", "1 1 1"))
    try:
        extent = [int(word) for word in stated[0].split()]
        a, b, c = (float(word) for word in stated[1].split())
        if len(extent) != 6:
            raise ValueError
    except ValueError:
        raise InputError(where, "Extent, Spacing", " ".join(stated), "six whole numbers and three numbers") from None
    for kind, extra in (("CellData", 0), ("PointData", 1)):
        for array in pieces[0].findall(f"{kind}/DataArray"):
            if name is not None and array.get("Name") != name:
                continue
            nx, ny, nz = (max(extent[2 * axis + 1] - extent[2 * axis] + extra, 1) for axis in range(3))
            values = _xml_values(where, root, array, appended)
            if values.size != nx * ny * nz:
                raise InputError(where, str(array.get("Name")), f"{values.size} values", f"{nx * ny * nz}: one a voxel")
            return values.reshape((nx, ny, nz), order="F"), (a, b, c)
    raise InputError(where, "DataArray", "no such array", f"an array {name!r}" if name else "an array")


def _xml_values(where: str, root: ElementTree.Element, array: ElementTree.Element, appended: bytes) -> NDArray[Any]:
    kind = array.get("type", "")
    if kind not in _XML:
        raise InputError(where, str(array.get("Name")), kind, f"one of {', '.join(_XML)}")
    dtype = np.dtype(_XML[kind])
    if array.get("format") == "ascii":
        return _typed(np.array((array.text or "").split(), dtype=np.float64), dtype.kind == "f")
    header = np.dtype("u8" if root.get("header_type") == "UInt64" else "u4")
    order: Literal["<", ">"] = ">" if root.get("byte_order") == "BigEndian" else "<"
    data, encoded = (array.text or "").strip().encode(), True
    if array.get("format") == "appended":
        section = root.find("AppendedData")
        encoded = section is not None and section.get("encoding") == "base64"
        data = appended[int(array.get("offset", "0")) :]
    try:
        raw = _blocks(data, encoded, header.newbyteorder(order), root.get("compressor"))
        return _typed(np.frombuffer(raw, dtype.newbyteorder(order)), dtype.kind == "f")
    except (ValueError, IndexError, zlib.error) as error:
        raise InputError(where, str(array.get("Name")), str(error), "readable data (plain or zlib-compressed)") from None


def _blocks(data: bytes, encoded: bool, header: np.dtype[Any], compressor: str | None) -> bytes:
    def take(start: int, size: int) -> bytes:
        """Bytes of a section that begins at `start` of the stored data; each section is encoded on its own."""
        if not encoded:
            return data[start : start + size]
        return base64.b64decode(data[start : start + 4 * -(-size // 3)])[:size]

    def stored(size: int) -> int:
        return 4 * -(-size // 3) if encoded else size

    if compressor is None:
        # Header and values are encoded together.
        size = int(np.frombuffer(take(0, header.itemsize), header)[0])
        return take(0, header.itemsize + size)[header.itemsize :]
    if compressor != "vtkZLibDataCompressor":
        raise ValueError(f"compressor {compressor}")
    count = int(np.frombuffer(take(0, header.itemsize), header)[0])
    head = np.frombuffer(take(0, header.itemsize * (3 + count)), header)
    body = take(stored(head.nbytes), int(head[3:].sum()))
    ends = np.concatenate([[0], np.cumsum(head[3:])]).astype(int)
    return b"".join(zlib.decompress(body[low:high]) for low, high in pairwise(ends))
