"""A cell from whatever a user names it by: a file, a set that comes with the package, or the specification itself."""

from __future__ import annotations

from pathlib import Path

from scalith.cell.specification.cell import CellSpecification
from scalith.quantities import InputError, shipped


def read_cell(cell: CellSpecification | str | Path) -> CellSpecification:
    """Read a cell.

    Parameters
    ----------
    cell : path, str or CellSpecification
        A TOML file, a BPX file (``.json``, ``.bpx``), ``"shipped:cell/NAME.toml"`` or just ``"NAME"`` for a set that comes with
        the package; a specification is handed back as it is.

    Raises
    ------
    InputError
        There is no such file or set, or it is not a cell.

    Examples
    --------
    >>> read_cell("lgm50_chen2020").nominal_capacity / 3600
    5.0
    """
    if isinstance(cell, CellSpecification):
        return cell
    if not isinstance(cell, (str, Path)):
        raise InputError("cell", "", f"a {type(cell).__name__}", "a CellSpecification, or the path of a cell's file")
    name, path = str(cell), Path(cell)
    if name.startswith("shipped:"):
        path = shipped(name.removeprefix("shipped:"))
    elif path.suffix == "" and len(path.parts) == 1:
        path = shipped(f"cell/{name}.toml")
    if path.suffix == ".toml":
        return CellSpecification.read_toml(path)
    if path.suffix in (".json", ".bpx"):
        from scalith.cell.files.bpx_read import specification_from_bpx

        return specification_from_bpx(path)
    raise InputError(name, "", f"a file {path.suffix or 'without ending'}", "a cell as .toml, or BPX as .json or .bpx")
