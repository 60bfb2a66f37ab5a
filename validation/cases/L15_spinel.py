r"""L15: LixMn2O4 from published energies: two voltages and the step between them

[P] Energies of the spinel Li(8a, 16c)Mn2O4 that were not made for this project (CederGroupHub/smol;
`examples/lixmn2o4.toml`). Of 95 entries that hold whole primitive cells 19 are this host and seven of these different:
empty, tetrahedra (8a) full, octahedra (16c) full, and octahedra partly filled with and without lithium beside them. That
decides five numbers: an ion on either kind of site, two octahedra beside each other (0.10 eV), a tetrahedron beside an
octahedron (0.8 eV). From these the curve follows: lithium fills tetrahedra up to LiMn2O4, and then all of it moves over to
octahedra, in two phases.

*What the lithium reference is.* The functional is not stated with the data; the size of the energies is that of SCAN.
SCAN's own lithium, −2.33 eV, puts both voltages some 0.5 V below the measured ones. The study therefore states a reference
that is anchored at the mean voltage measured on the 4 V step, 4.05 V, with the error of that mean, which shifts all of V(x)
alike. Nothing else is anchored: the step of 1.2 V between both voltages, and so the plateau, is the energies' own
(measured: 4.05 V and 2.95 V).

*What the energies do not tell.* No entry has tetrahedra half filled. How ions order there (measured: a step of 0.1 V at
Li0.5Mn2O4) is not known, and the slope of the 4 V step is that of free mixing, $2kT\ln 9$ from 0.9 to 0.1. So few energies
cannot be predicted from each other either: each structure left out misses by what it alone tells, and the part *cluster
expansion* of the error of V(x) says so.

*What the sampling reaches.* By insertions and removals alone an ion between four empty octahedra leaves its tetrahedron by way
of a state 1.2 eV above; exchanges with vacancies take it there. A lattice may still cool into the phase that is stable
elsewhere: its grand potential says so. The plateau is that of the fitted energies within the statistical error of both phases'
grand potentials, for every seed.
"""

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from scalith.crystal import metal_reference
from scalith.ladder import Climb, read_study
from scalith.lattice import open_circuit_voltage, phase_boundaries, semi_grand_canonical
from scalith.lattice.kernels.fields import compute_fields
from scalith.lattice.sampling.metastable_states import LEAST
from scalith.lattice.sampling.monte_carlo import model_on
from scalith.quantities import Property, Source, read_columns, shipped
from scalith.quantities.constants import BOLTZMANN_EV
from validation.record import Record

LONG = True
T = 298.15
EXAMPLE = Path(__file__).parents[2] / "examples" / "lixmn2o4.toml"
SCAN_LITHIUM = -2.33
FIRST, PLATEAU = 4.05, 2.95
"""Measured voltages: the mean between Mn2O4 and LiMn2O4, and the plateau from there to Li2Mn2O4, V."""


def plateau(sampled: xr.Dataset, lithium: float) -> tuple[float, float]:
    """Voltage at 1.5 ions per Mn2O4, and its error by those of the grand potentials of both phases."""
    voltage = open_circuit_voltage(
        sampled, Property.constant("lithium_energy", lithium, "eV", Source(kind="assumed", reference=""))
    )
    stable = sampled.isel(T=0, mu=np.flatnonzero(sampled["stable"].values[0]))
    error = 3.0 * float(np.hypot(*(stable["grand_potential_error"].sel(mu=level, method="nearest") for level in (-4.8, -4.5))))
    return float(voltage(0.5, T)), error


def run(record: Record) -> None:
    from matplotlib import pyplot as plt

    live = Climb(read_study(EXAMPLE))
    live.set("monte_carlo.points", 24)
    live.set("monte_carlo.sweeps", 50)
    orderings, lithium = live["mapped_orderings"], live["lithium_energy"]
    record.check("different orderings of the host", expected=7, found=orderings.sizes["structure"], tolerance=0)
    record.check_true("no lithium metal among the runs: the reference is stated", metal_reference(orderings) is None)
    filled, energy = 3.0 * orderings["x"].values, 0.5 * orderings["energy"].values  # per Mn2O4
    lowest = [float(energy[np.isclose(filled, end)].min()) for end in (0.0, 1.0, 2.0)]
    first, second = -np.diff(lowest) + float(lithium())
    record.check(
        "step at LiMn2O4, from the energies alone", expected=FIRST - PLATEAU, found=first - second, tolerance=0.15, unit="V"
    )

    voltage = live["open_circuit_voltage"]

    def at(ions: ArrayLike) -> Any:
        return voltage(np.divide(ions, 3.0), T)

    between = np.linspace(0.02, 0.98, 97)
    mean = float(at(between).mean())
    record.check("mean voltage up to LiMn2O4", expected=4.1, found=mean, tolerance=0.15, unit="V")
    record.check("the same, of the energies", expected=first, found=mean, tolerance=0.02, unit="V")
    slope = 2.0 * BOLTZMANN_EV * T * np.log(9.0)
    record.check("V(0.1) - V(0.9): free mixing", expected=slope, found=at(0.1) - at(0.9), tolerance=0.02, unit="V")
    record.check("plateau at 1.5", expected=PLATEAU, found=at(1.5), tolerance=0.15, unit="V")
    # What the fit makes of the three stoichiometries, whole lattices of them: the sampling is compared with that.
    model = model_on(live["cluster_expansion"], (3, 3, 3))
    kinds, whole = np.argsort(model.tables.point)[:2], np.zeros((3, model.sites), dtype=np.int8)
    whole[1].reshape(-1, len(model.tables.point))[:, kinds] = 1
    whole[2].reshape(-1, len(model.tables.point))[:, np.setdiff1d(range(6), kinds)] = 1
    of_fit = [3.0 * compute_fields(model.tables, state, np.empty(model.sites)) / model.sites for state in whole]
    of_fit_second = float(lithium()) - (of_fit[2] - of_fit[1])
    sampled = live["sampled_orderings"]
    seeds = (1, 2, 3)
    for seed in seeds:
        if seed > 1:
            potentials = sampled["mu"].values
            sampled = semi_grand_canonical(live["cluster_expansion"], [T], potentials, cells=(3, 3, 3), sweeps=50, seed=seed)
        found, error = plateau(sampled, float(lithium()))
        record.check_at_most("its statistical error", limit=5e-3, found=error, unit="V")
        # Five errors, and how far states may lie above a tangent and still count, over the third of the sites between the phases.
        bound = 5.0 * error + 3.0 * LEAST * BOLTZMANN_EV * T
        record.check(
            f"the same, of the fitted energies, seed {seed}", expected=of_fit_second, found=found, tolerance=bound, unit="V"
        )
    record.check("V(1.1) - V(1.8): flat", expected=0.0, found=at(1.1) - at(1.8), tolerance=2e-3, unit="V")
    regions = phase_boundaries(live["sampled_orderings"])
    widest = int(np.argmax((regions["x_high"] - regions["x_low"]).values))
    record.check("emptier phase beside the other", expected=1.0, found=3.0 * float(regions["x_low"][widest]), tolerance=0.05)
    record.check("fuller phase", expected=2.0, found=3.0 * float(regions["x_high"][widest]), tolerance=0.1)

    parts = {part.name: part for part in voltage.components}
    record.check_true("the reference shifts the whole curve alike", parts["metal"].correlation_length is None)
    wrong = np.max(np.abs(np.asarray(parts["metal"].standard_error) - float(lithium.error())))
    record.check_at_most("its error, from that of the reference", limit=1e-12, found=wrong, unit="V")
    own = Property.constant("lithium_energy", SCAN_LITHIUM, "eV", Source(kind="assumed", reference="bcc lithium, SCAN"))
    lower = open_circuit_voltage(live["sampled_orderings"], own)
    shift = np.asarray(voltage.values) - np.asarray(lower.values)
    record.check(
        "shift to SCAN's own lithium",
        expected=float(lithium()) - SCAN_LITHIUM,
        found=float(shift.mean()),
        tolerance=1e-9,
        unit="V",
    )
    record.check_at_most("how much it varies over x", limit=1e-9, found=float(np.ptp(shift)), unit="V")
    of_fit = np.asarray(parts["cluster expansion"].standard_error)
    record.compare(
        "error of V(x) by the fit, largest",
        reference=0.0,
        found=float(of_fit.max()),
        unit="V",
        note="seven energies, five numbers",
    )

    measured = read_columns(shipped("open_circuit_voltage/LMO_discharge_Less2012.csv"))
    x, U = measured.si("x", "1"), measured.si("open_circuit_voltage", "V")
    inside = (x > 0.25) & (x < 0.95)
    difference = at(x[inside]) - U[inside]
    record.check_at_most(
        "difference from a measured discharge, 0.25 to 0.95, root mean square",
        limit=0.15,
        found=np.sqrt(np.mean(difference**2)),
        unit="V",
    )

    figure, axis = plt.subplots(figsize=(5.5, 3.6))
    ions = np.linspace(0.01, 1.99, 400)
    drawn, shifted = at(ions), float(lithium.error())
    axis.plot(ions, drawn, label="from energies")
    axis.fill_between(ions, drawn - shifted, drawn + shifted, alpha=0.3, lw=0, label="lithium reference")
    axis.plot(x, U, ".", ms=3, label="measured (Less 2012)")
    axis.set(xlabel="x in LixMn2O4", ylabel="V against Li [V]")
    axis.legend()
    record.figure("Two voltages of the spinel.", figure)
