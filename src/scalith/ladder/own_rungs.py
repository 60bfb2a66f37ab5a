"""Rungs from outside the package: files that a study names, run only when that is allowed."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import xarray as xr

from scalith.ladder.graph import ALWAYS, GivenOnly, Graph, Rung, given_of, given_only, rungs, rungs_of, sections_of
from scalith.ladder.quantity import Quantity, Settings
from scalith.quantities import InputError, Property, ScalithError, Spec, digest, nearest


class RungFiles(Spec):
    """``[rungs]`` of a study.

    Attributes
    ----------
    modules : tuple of str
        Python files beside the study with functions marked by `scalith.ladder.rung`.
    """

    modules: tuple[str, ...]


@dataclass(frozen=True)
class RungFile:
    """A Python file with rungs, by its text: it is the same wherever it lies, and goes along to other machines.

    Attributes
    ----------
    name : str
        File name.
    text : str
    """

    name: str
    text: str

    @property
    def module(self) -> ModuleType:
        """The module; its code runs when it is first asked for.

        Raises
        ------
        InputError
            The code does not run.
        """
        own = f"{Path(self.name).stem}_{digest(self.name, self.text)[:12]}"
        if own in sys.modules:
            return sys.modules[own]
        module = ModuleType(own)
        module.__file__ = self.name
        module.__dict__["SCALE"] = Path(self.name).stem
        module.__dict__["__source__"] = self.text
        sys.modules[own] = module
        try:
            exec(compile(self.text, self.name, "exec"), module.__dict__)
        except Exception as error:
            del sys.modules[own]
            if isinstance(error, ScalithError):
                raise
            raise InputError(self.name, "", f"{type(error).__name__}: {error}", "a Python file that runs") from error
        return module

    def __reduce__(self) -> tuple[Any, ...]:
        # What a study holds of this module's types can be read back only where the module is there.
        return _restored, (self.name, self.text)


def _restored(name: str, text: str) -> RungFile:
    file = RungFile(name, text)
    _ = file.module
    return file


def read_rung_files(stated: Any, path: Path, *, allow_code: bool) -> tuple[RungFile, ...]:
    """The files that ``[rungs]`` of a study names; nothing of them is run yet.

    Raises
    ------
    InputError
        Code is not allowed, or a file cannot be read.
    """
    if stated is None:
        return ()
    where = f"{path} [rungs]"
    names = RungFiles.read(stated if isinstance(stated, Mapping) else {"modules": stated}, where).modules
    if names and not allow_code:
        raise InputError(
            where,
            "modules",
            ", ".join(names),
            "--allow-code, or allow_code=True in Python: such files run with all your rights, allow it where you trust them",
        )
    files = []
    for name in names:
        try:
            files.append(RungFile(Path(name).name, (path.parent / name).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(where, "modules", f"{name} ({error})", "a Python file beside the study") from None
    return tuple(files)


def known_with(files: tuple[RungFile, ...]) -> tuple[dict[str, Rung], dict[str, GivenOnly]]:
    """Rungs and given-only quantities of the package and of these files.

    Raises
    ------
    InputError
        A file has no rung, one of a name that is taken, or one whose parameters or result are no quantities.
    """
    return _known_with(files) if files else (rungs(), given_only())


@cache
def _known_with(files: tuple[RungFile, ...]) -> tuple[dict[str, Rung], dict[str, GivenOnly]]:
    known, only = dict(rungs()), dict(given_only())
    for file in files:
        found, givens = _rungs_in(file), given_of(file.module)
        for name in (*(item.name for item in found), *givens):
            if name in known or name in only:
                raise InputError(file.name, name, "a quantity that is there already", "a name of its own")
        known |= {item.name: item for item in found}
        only |= givens
    own = {item.name for file in files for item in _rungs_in(file)}
    graph = Graph(("positive", "negative", "electrolyte", "separator"), (), known, only)
    names = {*known, *only, *sections_of(known.values()), *ALWAYS}
    names |= {full.replace(".", "_") for full in (*graph.nodes, *graph.givens) if "." in full}
    for name in own:
        for need in known[name].needs:
            if need not in names:
                raise InputError(known[name].function.__code__.co_filename, f"{name}({need})", need, nearest(need, names))
    return known, only


def _rungs_in(file: RungFile) -> list[Rung]:
    marked = [
        function
        for function in vars(file.module).values()
        if isinstance(getattr(function, "quantity", None), Quantity) and function.__module__ == file.module.__name__
    ]
    if not marked:
        raise InputError(file.name, "", "no function marked with @rung", "at least one: from scalith.ladder import rung")
    for function in marked:
        untyped = [key for key, item in inspect.signature(function).parameters.items() if item.annotation is item.empty]
        if untyped:
            raise InputError(file.name, f"{function.__name__}({untyped[0]})", "no type", "Property, Dataset, or a specification")
    try:
        found = rungs_of(file.module)
    except (NameError, KeyError) as error:
        raise InputError(file.name, "", f"no type {error}", "types of all parameters and of the result of a rung") from None
    for item in found:
        kind = item.returns
        if kind not in (Property, xr.Dataset) and not (isinstance(kind, type) and issubclass(kind, Spec)):
            raise InputError(file.name, item.name, f"a result of type {kind}", "Property, xarray.Dataset or a Spec")
        if isinstance(kind, type) and issubclass(kind, Settings):
            raise InputError(file.name, item.name, f"settings {kind.__name__} as a result", "Property, xarray.Dataset or a Spec")
    return found
