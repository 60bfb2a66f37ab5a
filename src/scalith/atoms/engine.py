"""What computes energies and forces: density functional codes and learned potentials, each known by a name."""

from __future__ import annotations

import importlib
import shutil
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, JsonValue, model_validator

from scalith.quantities import InputError, MissingDependencyError, Spec, nearest

if TYPE_CHECKING:
    from ase import Atoms

CHGNET_MODELS = ("0.3.0", "r2scan")
"""Weights inside chgnet's wheel: PBE(+U) with the Materials Project's corrections, and r2SCAN. Their energies do not mix."""


class Engine(Spec):
    """A calculator and its settings; two engines with one digest give energies that may stand in one data set.

    Attributes
    ----------
    name : str
        ``"chgnet"``, ``"gpaw"``, ``"espresso"``, ``"abinit"``, ``"vasp"``, or the import path ``"module:Class"`` of any ASE
        calculator.
    settings : dict
        ``chgnet``: ``model`` (``"0.3.0"`` or ``"r2scan"``), ``threads`` (1). ``gpaw``, ``vasp``: keywords of the ASE calculator.
        ``espresso``: ``command``, ``pseudo_dir``, ``pseudopotentials`` (element → file), ``input_data``, ``kpts``.
        ``abinit``: ``command``, ``pp_paths`` (folders), further keywords. ``module:Class``: keywords of the class.
    """

    name: str
    settings: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.name not in _ENGINES and ":" not in self.name:
            raise InputError(
                "engine", "name", self.name, f"{nearest(self.name, _ENGINES)}, or 'module:Class' of an ASE calculator"
            )
        model = self.settings.get("model", CHGNET_MODELS[0])
        if self.name == "chgnet" and model not in CHGNET_MODELS:
            raise InputError("engine", "model", model, f"one of {', '.join(CHGNET_MODELS)}")
        return self

    @property
    def label(self) -> str:
        """Name for people: ``chgnet 0.3.0``, ``gpaw``."""
        return f"chgnet {self.settings.get('model', CHGNET_MODELS[0])}" if self.name == "chgnet" else self.name

    @property
    def writes_files(self) -> bool:
        """Whether it is a program outside Python, whose runs need a folder each."""
        return self.name in _POTENTIALS

    @property
    def version(self) -> str:
        """Version of the package that computes; empty where a program outside Python does."""
        package = self.name.partition(":")[0].partition(".")[0]
        try:
            return version({"espresso": "ase", "abinit": "ase", "vasp": "ase"}.get(package, package))
        except PackageNotFoundError:
            return ""

    def calculator(self, folder: str | Path | None = None) -> Any:
        """An ASE calculator, with `folder` for the files of codes that write some.

        Raises
        ------
        MissingDependencyError, InputError
            The engine is not installed (the message says what installs it), a setting is wrong, a pseudopotential is missing.
        """
        if ":" in self.name:
            return _imported(self.name, dict(self.settings))
        return _ENGINES[self.name](dict(self.settings), None if folder is None else Path(folder))


def write_inputs(atoms: Atoms, engine: Engine, folder: str | Path) -> list[Path]:
    """Write the input files of one run, to be computed elsewhere (a cluster's queue), and return their paths.

    The finished folder is read back by `read_results_folder`.

    Parameters
    ----------
    atoms : ase.Atoms
    engine : Engine
        ``espresso``, ``abinit`` or ``vasp``; the program itself need not be installed here.
    folder : path

    Raises
    ------
    InputError
        An engine that runs inside Python; missing pseudopotentials.
    """
    if not engine.writes_files:
        raise InputError("engine", "name", engine.name, "espresso, abinit or vasp: others run inside Python and need no files")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"command": engine.name, **engine.settings}
    maker = _ENGINES[engine.name](settings, folder, installed=False)
    check_pseudopotentials(engine, atoms)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ASE would rather have the folder of potentials in its configuration file
        try:
            if engine.name == "vasp":
                maker.write_input(atoms)
            else:
                maker.write_inputfiles(atoms, ["energy", "forces", "stress"])
        except (RuntimeError, OSError, ValueError, KeyError) as error:
            raise InputError(f"engine {engine.name}", "pseudopotentials", str(error), _POTENTIALS[engine.name]) from None
    return sorted(path for path in folder.iterdir() if path.is_file())


_POTENTIALS = {
    "espresso": "a file for each element in pseudo_dir, named under pseudopotentials",
    "abinit": "a file for each element in one of the folders pp_paths",
    "vasp": "VASP_PP_PATH naming the folder of your POTCARs",
}


def check_pseudopotentials(engine: Engine, atoms: Atoms) -> None:
    """Reject a run whose pseudopotentials are known to be missing (Quantum ESPRESSO names them in its settings).

    Raises
    ------
    InputError
        Names the element.
    """
    if engine.name != "espresso":
        return
    files: Any = engine.settings.get("pseudopotentials") or {}
    home = Path(str(engine.settings.get("pseudo_dir", ".")))
    for element in sorted(set(atoms.get_chemical_symbols())):
        if element not in files:
            raise InputError("engine espresso", "pseudopotentials", f"none for {element}", f"a file for {element}")
        if not (home / files[element]).is_file():
            raise InputError(
                "engine espresso", f"pseudopotentials.{element}", f"no file {files[element]}", "a file in pseudo_dir"
            )


def _imported(path: str, settings: dict[str, Any]) -> Any:
    module, _, name = path.partition(":")
    try:
        maker = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise InputError(
            "engine", "name", path, f"an installed module: pip install the package that holds {error.name!r}"
        ) from None
    except AttributeError:
        raise InputError("engine", "name", path, f"a class that {module} holds") from None
    try:
        return maker(**settings)
    except TypeError as error:
        raise InputError("engine", "settings", str(error), f"keywords that {path} takes") from None


def _chgnet(settings: dict[str, Any], folder: Path | None) -> Any:
    model, threads = str(settings.pop("model", CHGNET_MODELS[0])), int(settings.pop("threads", 1))
    if settings:
        raise InputError("engine chgnet", next(iter(settings)), next(iter(settings.values())), "settings: model, threads")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from scalith.atoms.chgnet_calculator import OnePass
    except ModuleNotFoundError:
        raise MissingDependencyError("chgnet", "learned energies", "mlip") from None
    return OnePass(model, threads)


def _gpaw(settings: dict[str, Any], folder: Path | None) -> Any:
    try:
        from gpaw import GPAW
    except ModuleNotFoundError:
        raise MissingDependencyError("gpaw", "density functional energies", "dft") from None
    # Without a folder nothing is written: GPAW would print all of a run.
    settings.setdefault("txt", None if folder is None else str(folder / "gpaw.txt"))
    try:
        return GPAW(**settings)
    except (TypeError, ValueError, KeyError) as error:
        raise InputError("engine gpaw", "settings", str(error), "keywords that GPAW takes") from None


def _program(command: str, engine: str, installs: str) -> None:
    if shutil.which(command.split()[0]) is None and "mpi" not in command:
        raise InputError(f"engine {engine}", "command", f"no program {command.split()[0]}", installs)


def _espresso(settings: dict[str, Any], folder: Path | None, *, installed: bool = True) -> Any:
    from ase.calculators.espresso import Espresso, EspressoProfile

    command = str(settings.pop("command", "pw.x"))
    if installed:
        _program(command, "espresso", "Quantum ESPRESSO: apt-get install quantum-espresso, or the setting command = '/path/pw.x'")
    profile = EspressoProfile(command=command, pseudo_dir=str(settings.pop("pseudo_dir", ".")))
    return Espresso(profile=profile, directory=str(folder or "."), **settings)


def _abinit(settings: dict[str, Any], folder: Path | None, *, installed: bool = True) -> Any:
    from ase.calculators.abinit import Abinit, AbinitProfile

    command = str(settings.pop("command", "abinit"))
    if installed:
        _program(command, "abinit", "ABINIT: apt-get install abinit, or the setting command = '/path/abinit'")
    profile = AbinitProfile(command=command, pp_paths=settings.pop("pp_paths", None))
    return Abinit(profile=profile, directory=str(folder or "."), **settings)


def _vasp(settings: dict[str, Any], folder: Path | None, *, installed: bool = True) -> Any:
    from ase.calculators.vasp import Vasp

    command = str(settings.pop("command", "vasp_std"))
    if installed:
        _program(command, "vasp", "VASP, licensed by its makers, with the setting command = 'mpirun vasp_std'")
    return Vasp(directory=str(folder or "."), command=command, **settings)


_ENGINES: dict[str, Any] = {"chgnet": _chgnet, "gpaw": _gpaw, "espresso": _espresso, "abinit": _abinit, "vasp": _vasp}
