r"""C10: Published parameter sets at 1C against PyBaMM's model on a fine mesh.

**[E]** The shipped cells (Marquis 2019, Ecker 2015, Prada 2013, Mohtat 2020, O'Kane 2022, Ai 2020, Xu 2019, O'Regan 2022,
Chen 2020) are discharged at 1C from 100 % to their cut-off and compared with PyBaMM's Doyle–Fuller–Newman model of the same
sets, isothermal. Its curves were extrapolated from three meshes (``data/cell/published_sets/compute.py``; PyBaMM is not
needed here); the one of Chen 2020 is itself checked against the independent reference of case C01. On the mesh that Scalith
chooses every set must be met within 1 mV from 1 s to its end, on a fine mesh within 0.2 mV (rms), and the end within 0.5 s.

What is left on the fine mesh is the interpolation of measured voltages (O'Kane 2022, Ai 2020) and the term
$10^{-6}(1/x-1/(1-x))$ V that PyBaMM adds to each voltage, up to 0.6 mV at the empty graphite of Mohtat 2020. The reference of
O'Kane 2022 itself needs 24 volumes a layer on its coarsest mesh: from 12 it is 0.2 mV off (rms). That of O'Regan 2022 is
known for the first 2700 s, and to 2.8 s at its end.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scalith.cell import CellSpecification, Mesh, simulate_discharge
from scalith.quantities import shipped
from validation.record import Record

DATA = Path(__file__).resolve().parents[1] / "data" / "cell"
SETS = {
    "Marquis2019": "kokam_marquis2019",
    "Ecker2015": "kokam_ecker2015",
    "Prada2013": "a123_prada2013",
    "Mohtat2020": "nmc532_mohtat2020",
    "OKane2022": "lgm50_okane2022",
    "Ai2020": "enertech_ai2020",
    "Xu2019": "nmc532_lithium_xu2019",
    "Chen2020": "lgm50_chen2020",
    "ORegan2022": "lgm50_oregan2022",
}
KNOWN = {"ORegan2022": (2700.0, 2.8)}
"""Up to which time (s) a reference is good to 0.2 mV, and how well its end is known (s), where that is not to the end and 0.5 s:
diffusivities over three decades of the stoichiometry want more than the 192 points a radius of its finest mesh."""
TEMPERATURES = {"Prada2013": 298.0}
"""K; PyBaMM's ambient temperature of the set, 298.15 where it is not named."""
FINE = Mesh(36, 12, 36, nodes=32, finest=0.003)


def reference(name: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Times, voltages and the time of the end of a reference curve."""
    path = DATA / "published_sets" / f"{name}.csv"
    end = next(line.split()[2] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# end "))
    time, voltage = np.loadtxt(path, delimiter=",").T
    return time, voltage, float(end)


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    for name, file in SETS.items():
        time, voltage, reference_end = reference(name)
        known, end_error = KNOWN.get(name, (np.inf, 0.5))
        cell = CellSpecification.read_toml(shipped(f"cell/{file}.toml"))
        for mesh, tolerance in ((None, 2e-4), (FINE, 1e-6)):
            settings = {"temperature": TEMPERATURES.get(name, 298.15), "mesh": mesh, "tolerance": tolerance}
            settings["duration"] = 2.0 * reference_end  # Xu 2019 delivers more than 1.5 times its nominal capacity
            end = float(simulate_discharge(cell, 1.0, **settings).time[-1])
            at = time[time < end]
            found = simulate_discharge(cell, 1.0, output_times=at, **settings).voltage.sel(time=at).values
            error = 1e3 * (found[: voltage.size] - voltage[: at.size])
            if mesh is None:
                record.check_at_most(f"{name}: largest deviation", limit=1.0, found=np.abs(error[at < known]).max(), unit="mV")
                record.check(f"{name}: end of discharge", expected=reference_end, found=end, tolerance=end_error, unit="s")
                left.plot(at / end, found, label=name)
                right.plot(at[at < known] / end, error[at < known], label=name)
            else:
                rms = float(np.sqrt(np.mean(error[at < known] ** 2)))
                record.check_at_most(f"{name}: rms deviation on a fine mesh", limit=0.2, found=rms, unit="mV")
    time, voltage, _ = reference("Chen2020")
    other = np.loadtxt(DATA / "dfn_chen2020_1C_reference.csv", delimiter=",", skiprows=1)
    common, here, there = np.intersect1d(time, other[:, 0], return_indices=True)
    apart = 1e3 * (voltage[here] - other[there, 1])[common < 3580.0]
    record.check_at_most(
        "Chen2020: this reference against that of C01, rms", limit=0.1, found=np.sqrt(np.mean(apart**2)), unit="mV"
    )
    left.set(xlabel="time over that of the end", ylabel="voltage (V)")
    right.set(xlabel="time over that of the end", ylabel="deviation (mV)", ylim=(-1.0, 1.0))
    left.legend(frameon=False, fontsize=7)
    figure.tight_layout()
    record.figure("1C discharges of the published sets and their deviation from PyBaMM's model on the default mesh", figure)
