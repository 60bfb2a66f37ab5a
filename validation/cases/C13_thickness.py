r"""C13: Thickness of cells: a measured pouch, and a graphite–silicon cell whose voltage and thickness show the silicon.

**[M]** An Enertech pouch (LiCoO₂ against graphite, 34 pairs) becomes 151 µm thinner while it is discharged at 1C (Ai et al.,
DOI 10.1149/2.0122001JES). With the volume changes of that paper, and nothing fitted, $\Delta t=n\sum L_k\varepsilon_k\,\Delta
v_k(\bar x_k)$ follows it within 4 % of that (root mean square).

**[E]** The negative electrode of the LG M50 with 3 % of its volume silicon (sizes and diffusivities of PyBaMM's composite
of Chen 2020, voltages of silicon after Verbrugge et al. there). Between the stresses at which silicon flows, −1.75 and +1.0
GPa, lie 161.5 mV. The work that the cell loses to it over a cycle is the plastic work of a film along the same contents, and
the cell loses about that much more than one without; at a given charge it is thicker on one way than on the other.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.optimize import brentq

from scalith.cell import CellSpecification, Mesh, read_cell, simulate_discharge, simulate_protocol, thickness_change
from scalith.particle import PlasticHost, cycle_film, film_hysteresis
from scalith.quantities import Property, Source, read_toml, shipped
from scalith.quantities.constants import FARADAY
from validation.record import Record

PUBLISHED = Source(kind="published", reference="Ai et al. 2020, DOI 10.1149/2.0122001JES")
SILICON = PlasticHost(
    youngs_modulus=80e9,
    poisson_ratio=0.22,
    tensile_yield=1.0e9,
    compressive_yield=1.75e9,
    partial_molar_volume=8.5e-6,
    maximum_concentration=278e3,
)
GRAPHITE_SWELLING = (145.907, -681.229, 1334.442, -1415.710, 873.906, -312.528, 60.641, -5.706, 0.386, -4.966e-05)
LITHIATION = (-96.63, 372.6, -587.6, 489.9, -232.8, 62.99, -9.286, 0.8633)
DELITHIATION = (-51.02, 161.3, -205.7, 140.2, -58.76, 16.87, -3.792, 0.9937)
MEASURED = Path(__file__).resolve().parents[1] / "data" / "enertech" / "1C_discharge_displacement.txt"
CYCLE = ["Charge at C/20 until 4.2 V", "Discharge at C/20 until 2.6 V"]
MESH = Mesh(3, 3, 3)


def graphite_swelling() -> Property:
    """Volume change of graphite."""
    x = np.linspace(0.0, 1.0, 401)
    return Property.from_arrays("volume_change", {"x": x}, np.polyval(GRAPHITE_SWELLING, x), "1", PUBLISHED)


def straight_swelling(change: float) -> Property:
    """Volume change in proportion to the content."""
    return Property.from_arrays("volume_change", {"x": [0.0, 1.0]}, [0.0, change], "1", PUBLISHED)


def graphite_silicon(*, flowing: bool) -> CellSpecification:
    """LG M50 with graphite and silicon in its negative electrode, with or without the hysteresis of silicon."""
    plain = read_toml(shipped("cell/lgm50_chen2020.toml"))
    layer, positive = plain["negative_electrode"], read_cell("lgm50_chen2020").positive_electrode
    x = np.linspace(0.005, 0.99, 400)
    silicon = Property.from_arrays(
        "open_circuit_voltage", {"x": x}, 0.5 * (np.polyval(LITHIATION, x) + np.polyval(DELITHIATION, x)), "V", PUBLISHED
    )
    graphite = read_cell("enertech_ai2020").negative_electrode.material.open_circuit_voltage

    def content(voltage: Property, volts: float) -> float:
        return float(brentq(lambda at: float(voltage(x=at)) - volts, *voltage.domain["x"]))

    stores = ((graphite, 0.72 * 28700.0), (silicon, 0.03 * 278e3))
    low = [content(voltage, 0.75) for voltage, _ in stores]

    def held(volts: float) -> float:
        return sum(share * (content(voltage, volts) - one) for (voltage, share), one in zip(stores, low, strict=True))

    full = brentq(lambda volts: held(volts) * 85.2e-6 - positive.window, 0.09, 0.5)
    high = [content(voltage, full) for voltage, _ in stores]
    hysteresis = film_hysteresis(SILICON)
    rate = layer["reaction_rate_constant"] / layer["maximum_concentration"]
    materials = []
    for k, (size, volume, most, D) in enumerate(((5.86e-6, 0.72, 28700.0, 5.5e-14), (1.52e-6, 0.03, 278e3, 1.67e-14))):
        materials.append(
            {
                "particle_radius": size,
                "active_volume_fraction": volume,
                "maximum_concentration": most,
                "chemical_diffusivity": D,
                "reaction_rate_constant": rate * 28700.0,
                "open_circuit_voltage": stores[k][0],
                "minimum_stoichiometry": low[k],
                "maximum_stoichiometry": high[k],
            }
        )
    if flowing:
        materials[1] |= {"hysteresis": hysteresis.half, "hysteresis_decay": hysteresis.decay}
    electrode = {name: layer[name] for name in ("thickness", "porosity", "conductivity")} | {"materials": materials}
    return CellSpecification.read(plain | {"name": "LG M50 with silicon", "negative_electrode": electrode})


def lost_work(run: xr.Dataset) -> float:
    """Work put in less work taken out, J."""
    return -float(np.trapezoid((run.voltage * run.current).values, run.time.values))


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    pouch = read_cell("enertech_ai2020")
    discharge = simulate_discharge(pouch, 1.0, mesh=Mesh(8, 5, 8))
    oxide = straight_swelling(-7.28e-7 * 49943.0)
    found = thickness_change(discharge, pouch, {"negative": graphite_swelling(), "positive": oxide})
    seconds, measured = np.loadtxt(MEASURED).T
    ours = np.interp(seconds, discharge.time, found.thickness_change)
    away = (ours - ours[0]) - (measured - measured[0])
    whole = float(np.ptp(measured))
    record.check("measured change", expected=151.0, found=1e6 * whole, tolerance=0.6, unit="µm")
    record.check_at_most("thickness of the pouch, rms over the whole change", limit=0.04, found=np.sqrt(np.mean(away**2)) / whole)

    hysteresis = film_hysteresis(SILICON)
    record.check("between the branches", expected=161.5, found=2e3 * hysteresis.half, tolerance=0.1, unit="mV")
    runs, cells = [], []
    for flowing in (True, False):
        cells.append(graphite_silicon(flowing=flowing))
        whole_run = simulate_protocol(cells[-1], CYCLE, cycles=2, initial_state_of_charge=0.05, mesh=MESH)
        turn = int(np.flatnonzero(np.diff(np.sign(whole_run.current.values)) < 0.0)[-1])  # into the last charge
        runs.append(whole_run.isel(time=slice(turn, None)))
    last = runs[0]
    x, state = last.stoichiometry_negative_2.values, last.hysteresis_negative_2.values
    path = np.concatenate([np.linspace(a, b, 20, endpoint=False) for a, b in pairwise(x)] + [x[-1:]])
    twice = cycle_film(SILICON, np.concatenate([path, path]))
    plastic = float(twice.plastic_work[-1] - twice.plastic_work[path.size])
    lost = FARADAY * SILICON.maximum_concentration * hysteresis.half * float(np.trapezoid(state, -x))
    record.check(
        "work lost to silicon in the cell over the plastic work of a film", expected=1.0, found=lost / plastic, tolerance=0.05
    )
    layer = cells[0].negative_electrode
    volume = cells[0].plane_area * layer.thickness * layer.materials[1].volume_fraction
    more = lost_work(runs[0]) - lost_work(runs[1])
    record.check("work that the cell loses more over that", expected=1.0, found=more / (lost * volume), tolerance=0.1)
    swelling = {"negative_1": graphite_swelling(), "negative_2": straight_swelling(SILICON.swelling)}
    loop = thickness_change(last, cells[0], swelling)
    silicon, graphite = loop.thickness_change_negative_2.values, loop.thickness_change_negative_1.values
    # Ω of the lithium that silicon took: the charge that passed less what graphite holds of it.
    charging = last.current.values < 0.0
    first, full = np.flatnonzero(charging)[[0, -1]]
    passed = -float(np.trapezoid(last.current[first : full + 1], last.time[first : full + 1])) / FARADAY / cells[0].plane_area
    in_graphite = layer.thickness * 0.72 * 28700.0 * float(np.diff(last.stoichiometry_negative_1.values[[first, full]])[0])
    taken = SILICON.partial_molar_volume * (passed - in_graphite)
    record.check(
        "silicon's part of the thickness over the volume of its lithium",
        expected=1.0,
        found=(silicon[full] - silicon[first]) / taken,
        tolerance=1e-3,
    )
    record.compare(
        "its share", reference=0.0, found=100.0 * np.ptp(silicon) / np.ptp(silicon + graphite), unit="%", note="3 % by volume"
    )
    charge = last.state_of_charge.values
    at = {way: np.sort(charge[mask]) for way, mask in (("in", charging), ("out", ~charging))}
    middle = 0.5 * (at["in"][0] + at["in"][-1])

    def on(way: bool, values: np.ndarray) -> float:
        mask = charging == way
        order = np.argsort(charge[mask])
        return float(np.interp(middle, charge[mask][order], values[mask][order]))

    thickness = loop.thickness_change.values
    record.check_true(
        "half full it is thicker on the way out: silicon gives its lithium last", on(False, silicon) > on(True, silicon)
    )

    figure, axes = plt.subplots(1, 3, figsize=(13, 3.6))
    axes[0].plot(seconds / 60.0, 1e6 * (measured - measured[0]), "k:", label="measured")
    axes[0].plot(seconds / 60.0, 1e6 * (ours - ours[0]), label="from the volumes of the particles")
    axes[0].set(xlabel="time (min)", ylabel="change of thickness (µm)", title="Enertech pouch, 1C")
    axes[0].legend(frameon=False)
    for one, words in zip(runs, ("silicon that flows", "no hysteresis"), strict=True):
        axes[1].plot(one.state_of_charge, one.voltage, label=words)
    axes[1].set(xlabel="state of charge", ylabel="voltage (V)", title="graphite–silicon, C/20")
    axes[1].legend(frameon=False)
    axes[2].plot(charge, 1e6 * thickness, label="both")
    axes[2].plot(charge, 1e6 * silicon, label="by silicon")
    axes[2].set(xlabel="state of charge", ylabel="change of thickness (µm)", title="one pair of electrodes")
    axes[2].legend(frameon=False)
    figure.tight_layout()
    record.figure("Thickness of a pouch, voltage and thickness of a graphite–silicon cell", figure)
