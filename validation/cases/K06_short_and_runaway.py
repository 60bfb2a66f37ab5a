r"""K06: Nail or internal short: Joule heat bounded by the stored energy, kinetics coupled.

**[E]** A cell that discharges itself through a short obeys $Q\,\dot s = -U(s)/(R+R_i)$, so the Joule heat
$\int U^2/(R+R_i)\,dt = Q\int U\,ds$ is the stored electrical energy whatever the resistances are; at constant $U$ the power
is $U^2/(R+R_i)$ for $Q(R+R_i)/U$ seconds. Checked: the heat along the discharge against an
integrator for seven resistances, the stored energy at its end, the closed form, the energy balance of cell, vent and
surroundings to 1e-8, the heat that a cell in runaway frees, and the coupling: a low-ohmic short drives the 18650 of K04 into
runaway, a weak one does not, and the verdict is monotonic in the resistance.

A cell in runaway frees at least 95 % of what each reaction has stored, but for the anode's: it grows a layer and passivates
itself, $\exp(-z/z_0)$. What it must leave is found by an integrator that is given the temperature of the cell and the published
rate law only. Heat freed, by the energy balance, and heat of what is left make up the heat stored.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

from scalith.pack import CellBody, ReactionSet, ShortCircuit, Vent, internal_short, shipped_kinetics
from scalith.quantities import Property, Source
from scalith.quantities.constants import ZERO_CELSIUS
from validation.record import Record

VENT = Vent(pressure=1.2e6, free_volume=1e-6, evaporated_mass=1.5e-3, ejected_fraction=0.3, ejected_mass_fraction=0.3)
CELL = CellBody(shape="cylindrical", diameter=0.018, height=0.065, density=2580.0, specific_heat=830.0, vent=VENT)
CAPACITY = 2.4 * 3600.0


def left_along(kinetics: ReactionSet, name: str, time: np.ndarray, temperature: np.ndarray) -> float:
    """What is left of a reactant, named as its reaction, after a history of temperature: an integrator and the rate law."""
    reaction, start = kinetics.reactions[name], kinetics.states[name]
    limit, gas_constant = reaction.diffusion_limit, 8.314462618

    def slope(t: float, x: np.ndarray) -> list[float]:
        T = float(np.interp(t, time, temperature))
        k = reaction.frequency_factor * np.exp(-reaction.activation_energy / (gas_constant * T))
        for layer, scale in reaction.tunnelling.items():
            k *= np.exp(-(kinetics.states[layer] + start - x[0]) / scale)
        if limit is not None:
            inner, outer = limit.inner_radius, limit.outer_radius
            arrhenius = np.exp(-limit.activation_energy / gas_constant * (1 / T - 1 / limit.reference_temperature))
            k /= 1.0 + k / (3 * limit.diffusivity * arrhenius * inner / (outer**2 * (outer - inner)))
        return [-k * x[0] * (1.0 - x[0] if reaction.autocatalysis else 1.0)]

    solved = solve_ivp(slope, (time[0], time[-1]), [start], method="LSODA", rtol=1e-9, atol=1e-12, max_step=2.0)
    return float(solved.y[0, -1])


def _check_burnt(record: Record, kinetics: ReactionSet, short: ShortCircuit, until: float) -> None:
    """Anode and heat that a cell in runaway leaves, from its temperature every 50 ms."""
    close = internal_short(CELL, kinetics, short, duration=until, output_times=int(20 * until) + 1)
    ends = dict(zip(kinetics.states, close["states"].values[-1], strict=True))
    must = left_along(kinetics, "anode", close["time"].values, close["temperature"].values)
    whole, title = kinetics.states["anode"], f"{short.resistance:g} Ω"
    record.check(
        f"anode left by its own layer, share, {title}", expected=must / whole, found=ends["anode"] / whole, tolerance=1e-4
    )
    # What the reactions freed, from the cell's temperature and what it lost, not from their extents.
    stored_now = CELL.heat_capacity * (close["temperature"] - close["temperature"][0])
    freed = float((stored_now + close["heat_lost"] + close["heat_ejected"] - close["heat_supplied"])[-1])
    left = sum(each.heat * each.content * ends[name] for name, each in kinetics.reactions.items())
    balance = freed / CELL.reacting_volume + left
    label = f"heat freed by the balance and heat left, over heat stored, {title}"
    record.check(label, expected=1.0, found=balance / kinetics.stored_heat, tolerance=1e-6)


def run(record: Record) -> None:
    kinetics = shipped_kinetics("lco_hatchard_kim")
    voltage = Property.from_function(
        "open_circuit_voltage", lambda x: 3.3 + 0.9 * x, {"x": np.linspace(0.0, 1.0, 21)}, "V", Source(kind="assumed")
    )
    resistances = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    found = {
        r: internal_short(
            CELL,
            kinetics,
            ShortCircuit(resistance=r, internal_resistance=0.05, capacity=CAPACITY, open_circuit_voltage=voltage),
            duration=60.0 * CAPACITY,
            output_times=4001,
        )
        for r in resistances
    }
    stored = CAPACITY * 3.75
    # The same discharge by an integrator that knows nothing of quadratures and of the stored energy.
    apart = 0.0
    for r, data in found.items():
        total, times = r + 0.05, data["time"].values
        solved = solve_ivp(
            lambda t, y, total=total: [-(3.3 + 0.9 * max(y[0], 0.0)) / (total * CAPACITY) if y[0] > 0 else 0.0],
            (0.0, 0.9 * CAPACITY * total / 4.2),
            [1.0],
            rtol=1e-10,
            atol=1e-12,
            dense_output=True,
        )
        early = times[(times > 0) & (times < solved.t[-1])]
        if not early.size:
            continue
        charge = solved.sol(early)[0]
        joule = CAPACITY * (3.3 * (1 - charge) + 0.45 * (1 - charge**2))
        apart = max(apart, float(np.abs(data["heat_supplied"].values[np.searchsorted(times, early)] / joule - 1).max()))
    record.check_at_most("Joule heat along the discharge against an integrator, relative", limit=1e-4, found=apart)
    record.check(
        "Joule heat of the lowest resistance to the end",
        expected=stored,
        found=float(found[0.01]["heat_supplied"][-1]),
        tolerance=1e-5 * stored,
        unit="J",
    )
    flat = ShortCircuit(resistance=0.1, internal_resistance=0.1, capacity=CAPACITY, open_circuit_voltage=3.7)
    steady = internal_short(CELL, kinetics, flat, duration=CAPACITY * 0.2 / 3.7 * 2, output_times=5)
    record.check(
        "half-way: U²t/(R + Rᵢ)",
        expected=0.5 * CAPACITY * 3.7,
        found=float(steady["heat_supplied"][1]),
        tolerance=1e-6 * CAPACITY,
        unit="J",
    )
    record.check_at_most(
        "energy balance error", limit=1e-8, found=max(float(data["energy_balance_error"]) for data in found.values())
    )
    burnt = [data for data in found.values() if np.isfinite(float(data["runaway_time"]))]
    for name in ("sei", "cathode", "electrolyte"):
        most = max(float(data["states"].sel(state=name)[-1]) for data in burnt) / kinetics.states[name]
        record.check_at_most(f"{name}: heat that a cell in runaway did not free, share", limit=0.05, found=most)
    for r, data in found.items():
        if np.isfinite(float(data["runaway_time"])):
            short = ShortCircuit(resistance=r, internal_resistance=0.05, capacity=CAPACITY, open_circuit_voltage=voltage)
            _check_burnt(record, kinetics, short, float(data["runaway_time"]) + 1200.0)
    ran = [bool(np.isfinite(float(found[r]["runaway_time"]))) for r in resistances]
    record.check_true("runaway with 10 mΩ", ran[0])
    record.check_true("runaway with 10 Ω: no", not ran[-1])
    record.check(
        "changes of the verdict along the resistance",
        expected=1,
        found=np.count_nonzero(np.diff(np.array(ran, dtype=int))),
        tolerance=0,
    )

    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
    for r, data in found.items():
        axes.plot(data["time"] / 60, data["temperature"] - ZERO_CELSIUS, label=f"{r:g} Ω")
    axes.set(xlabel="t / min", ylabel="T / °C", xlim=(0, 60))
    axes.legend(fontsize=8, ncols=2)
    record.figure("Cell temperature after an internal short of seven resistances.", figure)
