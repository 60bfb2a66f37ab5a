"""Scalith climbs one ladder: from the energy of a few atoms to the heat of a pack.

The names that most work starts from are here: `read_cell`, `discharge`, `cycle`, `impedance`, `sweep`, `voltage_curve`,
`read_image`, `tortuosity`, `read_dsc`, `fit_kinetics`, `fit_cell`, `climb`. The packages (``scalith.cell``, …) hold
them under their full names, and all the rest.

All load when used: ``import scalith`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scalith.cell import Simulation, read_cell
    from scalith.cell import cell_open_circuit_voltage as voltage_curve
    from scalith.cell import simulate_batch as sweep
    from scalith.cell import simulate_discharge as discharge
    from scalith.cell import simulate_impedance as impedance
    from scalith.cell import simulate_protocol as cycle
    from scalith.design import fit_cell
    from scalith.electrode import read_image, tortuosity
    from scalith.lab import fit_kinetics, read_dsc
    from scalith.ladder import climb
    from scalith.quantities import shipped
    from scalith.report import write_report

__version__ = "0.1.0"

_PACKAGES = (
    "numerics",
    "quantities",
    "crystal",
    "atoms",
    "lattice",
    "interface",
    "reactions",
    "particle",
    "electrode",
    "cell",
    "pack",
    "lab",
    "design",
    "ladder",
    "report",
    "app",
)
_FUNCTIONS = {
    "Simulation": ("cell", "Simulation"),
    "climb": ("ladder", "climb"),
    "cycle": ("cell", "simulate_protocol"),
    "discharge": ("cell", "simulate_discharge"),
    "fit_cell": ("design", "fit_cell"),
    "fit_kinetics": ("lab", "fit_kinetics"),
    "impedance": ("cell", "simulate_impedance"),
    "read_cell": ("cell", "read_cell"),
    "read_dsc": ("lab", "read_dsc"),
    "read_image": ("electrode", "read_image"),
    "shipped": ("quantities", "shipped"),
    "sweep": ("cell", "simulate_batch"),
    "tortuosity": ("electrode", "tortuosity"),
    "voltage_curve": ("cell", "cell_open_circuit_voltage"),
    "write_report": ("report", "write_report"),
}
"""The short names: package and full name."""

__all__ = [
    "Simulation",
    "__version__",
    "climb",
    "cycle",
    "discharge",
    "fit_cell",
    "fit_kinetics",
    "impedance",
    "read_cell",
    "read_dsc",
    "read_image",
    "shipped",
    "sweep",
    "tortuosity",
    "voltage_curve",
    "write_report",
    *_PACKAGES,
]


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"scalith.{name}")
    if name in _FUNCTIONS:
        package, full = _FUNCTIONS[name]
        value = getattr(importlib.import_module(f"scalith.{package}"), full)
        globals()[name] = value
        return value
    raise AttributeError(_missing(name))


def _missing(name: str) -> str:
    """One sentence that says where the name is, or what there is instead."""
    if name.startswith("__"):  # asked by Python's own machinery
        return f"module 'scalith' has no attribute {name!r}"
    from pathlib import Path

    for package in _PACKAGES:
        if f'"{name}",' in (Path(__file__).parent / package / "__init__.py").read_text(encoding="utf-8"):
            return f"scalith has no {name!r} of its own: it is scalith.{package}.{name}"
    import difflib

    close = difflib.get_close_matches(name, [*_FUNCTIONS, *_PACKAGES], n=1, cutoff=0.75)
    if close:
        return f"scalith has no {name!r}: did you mean scalith.{close[0]}?"
    return f"scalith has no {name!r}: it has {', '.join(_FUNCTIONS)}, and the packages {', '.join(_PACKAGES)}"


def __dir__() -> list[str]:
    return sorted(__all__)
