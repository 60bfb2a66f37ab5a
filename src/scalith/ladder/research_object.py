"""Results of a climb as a research object: an RO-Crate with its files, and which was computed from which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scalith.ladder.ledger import FILE, Entry, Ledger, read_ledger
from scalith.quantities import InputError, MissingDependencyError

_FORMATS = {
    ".nc": "application/netcdf",
    ".json": "application/json",
    ".csv": "text/csv",
    ".html": "text/html",
}


def export_research_object(folder: str | Path, target: str | Path) -> Path:
    """Write an RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) of a results folder.

    Each published file is a ``File`` with value, error, unit and digest; each rung a ``CreateAction`` from the files of its
    parents by Scalith; each reference a ``CreativeWork``.

    Parameters
    ----------
    folder : path
        Results folder of a finished climb.
    target : path
        Folder to make, or a file ending in ``.zip``.

    Returns
    -------
    pathlib.Path
        `target`.

    Raises
    ------
    InputError
        The results folder has no ledger, a file that the ledger names is not there, or the target is there already.
    MissingDependencyError
        The package ``rocrate`` is not installed.
    """
    try:
        from rocrate.rocrate import ROCrate
    except ModuleNotFoundError:
        raise MissingDependencyError("rocrate", "an RO-Crate", "crate") from None
    folder, target = Path(folder), Path(target)
    ledger = read_ledger(folder)
    if target.exists():
        raise InputError(str(target), "", "a file or folder that is there already", "a new name for the RO-Crate")
    crate = ROCrate()
    crate.name = ledger.title
    crate.description = f"Climb of the study {ledger.study} with Scalith {ledger.version}; ledger digest {ledger.stamp}"
    software = crate.add(_software(crate, ledger))
    files = {entry.quantity: _file(crate, folder, entry) for entry in ledger.entries if entry.file}
    crate.add_file(folder / FILE, FILE, properties={"name": "ledger: every quantity with value, error, source and parents"})
    if (folder / "report.html").is_file():
        crate.add_file(folder / "report.html", "report.html", properties={"name": "report", "encodingFormat": "text/html"})
    for entry in ledger.entries:
        if entry.origin == "computed" and entry.quantity in files:
            crate.add(_action(crate, entry, files, software))
    if target.suffix == ".zip":
        crate.write_zip(target)
    else:
        crate.write(target)
    return target


def _software(crate: Any, ledger: Ledger) -> Any:
    from rocrate.model.contextentity import ContextEntity

    about = {"@type": "SoftwareApplication", "name": "Scalith", "version": ledger.version, "identifier": ledger.code}
    return ContextEntity(crate, "#scalith", properties=about)


def _file(crate: Any, folder: Path, entry: Entry) -> Any:
    path = folder / entry.file
    if not path.is_file():
        raise InputError(str(path), "", "no such file", "the file that the ledger names for " + entry.quantity)
    about: dict[str, Any] = {
        "name": entry.title,
        "description": entry.headline,
        "encodingFormat": _FORMATS.get(path.suffix, "application/octet-stream"),
        "identifier": entry.digest,
    }
    if entry.value is not None:
        about["variableMeasured"] = {"@id": f"#value-{entry.quantity}"}
        _value(crate, entry)
    if entry.source is not None and entry.source.reference:
        about["citation"] = entry.source.reference
    return crate.add_file(path, entry.file, properties=about)


def _value(crate: Any, entry: Entry) -> None:
    from rocrate.model.contextentity import ContextEntity

    about: dict[str, Any] = {
        "@type": "PropertyValue",
        "name": entry.value_of or entry.title,
        "value": entry.value,
        "unitText": entry.unit,
    }
    if entry.standard_error is not None:
        about["measurementTechnique"] = f"standard error {entry.standard_error:.6g} {entry.unit}".rstrip()
    crate.add(ContextEntity(crate, f"#value-{entry.quantity}", properties=about))


def _action(crate: Any, entry: Entry, files: dict[str, Any], software: Any) -> Any:
    from rocrate.model.contextentity import ContextEntity

    action = ContextEntity(crate, f"#compute-{entry.quantity}", properties={"@type": "CreateAction", "name": entry.title})
    action["instrument"] = software
    parents = [files[parent] for parent in entry.parents if parent in files]
    if parents:
        action["object"] = parents
    action["result"] = files[entry.quantity]
    return action
