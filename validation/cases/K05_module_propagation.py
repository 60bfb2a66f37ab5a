r"""K05: Module propagation: intervals with and without a barrier, energy, one kinetics object.

**[E]** Twelve cells face to face; a heater sets off the first. The kinetics are the object that K02 fitted to DSC curves of
the jelly roll: the oven test of one cell and the module carry its digest, and a module that is given another set fails with
both digests in the message. Checked further: the energy balance to 1e-8; a cell that ran away has freed at least 95 % of what
each reaction stores, but for the anode's, which leaves what its own layer makes it leave (an integrator along the temperature
finds the same), a spared one has not; heat freed and heat left make up the heat stored; the
intervals do not depend on the solver's tolerance; the front settles to a constant interval; a barrier
of growing resistance lengthens the intervals until it stops the front; the map over conductivity and thickness is monotonic.
"""

from __future__ import annotations

import numpy as np

from scalith.pack import (
    Barrier,
    CellBody,
    Divisions,
    ModuleSpecification,
    ReactionSet,
    Trigger,
    oven_test,
    propagate_runaway,
    propagation_map,
)
from scalith.pack.module.module_network import module_network
from scalith.pack.module.thermal_network import NetworkResult, simulate_network
from scalith.quantities import StudyError
from scalith.quantities.constants import ZERO_CELSIUS
from validation.cases.K02_kinetics_from_dsc import fitted_cell_kinetics
from validation.cases.K06_short_and_runaway import left_along
from validation.record import Record

CELL = CellBody(
    shape="prismatic", thickness=0.012, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, conductivity=0.8
)
LONG = True
HEATER = Trigger(power=600.0, duration=120.0)


def _module(barrier: Barrier | None = None, cells: int = 12) -> ModuleSpecification:
    return ModuleSpecification(cell=CELL, cells=cells, barrier=barrier, heat_transfer_coefficient=5.0)


def _anode_of_every_cell(kinetics: ReactionSet) -> list[tuple[float, float]]:
    """Share of the anode left in the middle of each burnt cell: in the network, and by an integrator along its temperature."""
    built = module_network(_module(), HEATER, Divisions(cell=12))
    middles = [int(bodies[6]) for bodies in built.bodies]

    def found(times: np.ndarray) -> NetworkResult:
        return simulate_network(built.network, kinetics, times, initial_temperature=298.15)

    burns = found(np.array([0.0, 1800.0])).runaway_time[middles]
    assert np.isfinite(burns).all()
    end = float(burns.max()) + 60.0
    close = [np.arange(max(burn - 10.0, 0.0), burn + 25.0, 0.02) for burn in burns]
    result = found(np.unique(np.concatenate([np.arange(0.0, end, 1.0), *close])))
    whole, number = kinetics.states["anode"], kinetics.names.index("anode")
    left = [float(whole - result.extents[-1, body, number]) / whole for body in middles]
    must = [left_along(kinetics, "anode", result.time, result.temperature[:, body]) / whole for body in middles]
    return list(zip(left, must, strict=True))


def run(record: Record) -> None:
    fit = fitted_cell_kinetics()
    kinetics = fit.kinetics
    one = oven_test(CELL, kinetics, 160 + ZERO_CELSIUS)
    record.check_true("cell and fit have one digest", one.attrs["kinetics_digest"] == kinetics.digest)
    bare = propagate_runaway(_module(), kinetics, HEATER, duration=3600.0, kinetics_digest=one.attrs["kinetics_digest"])
    record.check_true("module and fit have one digest", bare.attrs["kinetics_digest"] == kinetics.digest)
    other = kinetics.with_values({"anode.heat": 1.7e6})
    try:
        propagate_runaway(_module(), other, HEATER, duration=3600.0, kinetics_digest=one.attrs["kinetics_digest"])
        named = False
    except StudyError as error:
        named = kinetics.digest in str(error) and other.digest in str(error)
    record.check_true("another set is refused, both digests named", named)

    record.check("cells that run away without barrier", expected=12, found=float(bare["cells_run_away"]), tolerance=0)
    same = {"kinetics_digest": one.attrs["kinetics_digest"]}
    fine = propagate_runaway(_module(), kinetics, HEATER, duration=3600.0, tolerance=1e-7, output_times=2, **same)
    change = np.abs(bare["interval"].values[1:] / fine["interval"].values[1:] - 1).max()
    record.check_at_most("change of the intervals with a hundredth of the tolerance, relative", limit=2e-3, found=change)
    settled = bare["interval"].values[4:11]
    record.check_at_most("spread of the intervals of cells 5 to 11, relative", limit=0.02, found=np.ptp(settled) / settled.mean())
    barriers = {
        "none": None,
        "1 mm, 0.2 W/mK": Barrier(thickness=1e-3, conductivity=0.2),
        "2 mm, 0.1 W/mK": Barrier(thickness=2e-3, conductivity=0.1),
        "3 mm, 0.04 W/mK": Barrier(thickness=3e-3, conductivity=0.04),
    }
    found = {
        name: propagate_runaway(_module(each), kinetics, HEATER, duration=3 * 3600.0, output_times=1201, **same)
        for name, each in barriers.items()
    }
    longer = [float(np.nanmean(found[name]["interval"])) for name in list(barriers)[:2]]
    record.check_true("a barrier lengthens the interval", longer[1] > 1.5 * longer[0])
    counts = [int(data["cells_run_away"]) for data in found.values()]
    record.check_true("a better barrier lets no more cells run away", bool(np.all(np.diff(counts) <= 0)))
    record.check("cells that run away behind the best barrier", expected=1, found=counts[-1], tolerance=0)
    record.check_at_most(
        "energy balance error", limit=1e-8, found=max(float(data["energy_balance_error"]) for data in [bare, *found.values()])
    )
    shares = [
        data["heat_released"][-1].values * data.sizes["cell"] / float(data["stored_reaction_heat"]) for data in found.values()
    ]
    ran = [np.isfinite(data["runaway_time"].values) for data in found.values()]
    states = np.concatenate([data["states"].values for data in found.values()])
    stored = {name: each.heat * each.content * kinetics.states[name] for name, each in kinetics.reactions.items()}
    left = sum(heat * states[:, list(kinetics.states).index(name)] / kinetics.states[name] for name, heat in stored.items())
    whole = np.concatenate(shares) + left / kinetics.stored_heat
    record.check_at_most("heat freed and heat left against heat stored, by cell", limit=1e-6, found=np.abs(whole - 1).max())
    for name, start in kinetics.states.items():
        beyond = max(0.0, -float(states[:, list(kinetics.states).index(name)].min()) / start)
        record.check_at_most(f"{name}: freed beyond what is stored, share", limit=1e-6, found=beyond)
    for name in ("sei", "cathode", "electrolyte"):
        most = states[np.concatenate(ran), list(kinetics.states).index(name)].max() / kinetics.states[name]
        record.check_at_most(f"{name}: heat that cells that ran away did not free, share", limit=0.05, found=most)
    for cell, (left, must) in enumerate(_anode_of_every_cell(kinetics), start=1):
        label = f"anode that its own layer left in the middle of cell {cell}, share"
        record.check(label, expected=must, found=left, tolerance=1e-3)
    spared = np.concatenate([share[~which] for share, which in zip(shares, ran, strict=True)])
    record.check_at_most("heat freed in cells that did not run away, share", limit=0.5, found=float(spared.max(initial=0.0)))
    record.check("cells of which the meshes disagree", expected=0, found=int(bare["cells_undecided"]), tolerance=0)

    plane = propagation_map(
        _module(cells=5),
        kinetics,
        HEATER,
        conductivity=[0.02, 0.05, 0.1, 0.2, 0.5],
        thickness=[0.5e-3, 1e-3, 2e-3, 4e-3],
        duration=5400.0,
        **same,
    )
    along_k = np.diff(plane["cells_run_away"].values, axis=0)
    record.check_at_most("steps of the map against a better conductor", limit=0, found=int((along_k < 0).sum()))

    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    for cell in range(12):
        left.plot(bare["time"] / 60, bare["temperature"][:, cell] - ZERO_CELSIUS, lw=1, color=plt.colormaps["viridis"](cell / 12))
    left.set(xlabel="t / min", ylabel="T / °C", xlim=(0, 25), title="twelve cells without barrier")
    picture = right.pcolormesh(
        plane["thickness"] * 1e3, plane["conductivity"], plane["cells_run_away"], cmap="inferno", vmin=0, vmax=5
    )
    right.set(
        xlabel="barrier thickness / mm",
        ylabel="conductivity / W m⁻¹ K⁻¹",
        xscale="log",
        yscale="log",
        title="cells of five that run away",
    )
    figure.colorbar(picture, ax=right)
    record.figure("Front without barrier; map of barriers.", figure)
