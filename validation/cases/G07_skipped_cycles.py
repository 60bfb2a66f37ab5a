r"""G07: Cycles that are skipped.

**[E]** An LG M50 with a film on the graphite, plating with dead lithium, cracks with films and lost material, over 1,000 cycles:
every cycle solved, against jumps whose length an error estimate chooses. Capacity within 0.05 % of the nominal one, each
mechanism within 1 %, in at most a fifteenth of the cycles; lithium and charge are accounted for in both.

**[E]** A knee: a film that grows at a constant rate closes the pores of a dense graphite, the electrolyte's resistance makes
lithium plate, and what is plated closes them further, until the life ends at 60 % of the capacity. Near the knee every cycle is
solved; its cycle (two lines, Bacon and Watts) is that of the run without jumps within 1 %.
"""

from __future__ import annotations

import numpy as np

from scalith.cell import (
    CellSpecification,
    EndOfLife,
    LithiumPlating,
    Mesh,
    ReactionLimitedFilm,
    Simulation,
    simulate_ageing,
)
from scalith.quantities import Result, shipped
from validation.record import Record

LONG = True

CYCLES = 1000
CYCLE = ["Discharge at 1C until 2.5 V", "Charge at 0.3C until 4.2 V", "Hold at 4.2 V until C/20"]


def ageing_cell() -> CellSpecification:
    """The cell of Chen 2020, whose graphite ages as that of O'Kane 2022."""
    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    aged = CellSpecification.read_toml(shipped("cell/lgm50_okane2022_ageing.toml")).negative_electrode.material
    electrode = cell.negative_electrode
    material = electrode.material.model_copy(update={"stress": aged.stress, "processes": aged.processes})
    return cell.model_copy(update={"negative_electrode": electrode.model_copy(update={"materials": (material,)})})


def aged(extrapolate: float | None, cycles: int = CYCLES) -> Result:
    """The cell after its cycles."""
    simulation = Simulation(ageing_cell(), mesh=Mesh(5, 5, 5, nodes=12))
    return simulate_ageing(simulation, CYCLE, cycles=cycles, extrapolate=extrapolate)


def pores_that_close(extrapolate: float | None) -> Result:
    """A cell with a knee, to 60 % of its capacity."""
    cell = CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml"))
    electrode = cell.negative_electrode
    film = ReactionLimitedFilm(molar_volume=9.585e-5, conductivity=5e-6, exchange_current_density=2e-7)
    plating = LithiumPlating(rate_constant=1e-9, electrolyte_concentration=1000.0, dead_lithium_decay_rate=1e-5)
    material = electrode.material.model_copy(update={"processes": (film, plating)})
    dense = electrode.model_copy(update={"materials": (material,), "porosity": 0.15})
    simulation = Simulation(cell.model_copy(update={"negative_electrode": dense}), mesh=Mesh(5, 3, 5, nodes=8))
    steps = ["Discharge at 1C until 2.5 V", "Charge at C/2 until 4.2 V", "Hold at 4.2 V until C/10"]
    return simulate_ageing(simulation, steps, cycles=200, until=EndOfLife(capacity=0.6), extrapolate=extrapolate)


def find_knees(record: Record) -> tuple[Result, Result]:
    """The knee with every cycle solved and with jumps."""
    solved, skipped = pores_that_close(None), pores_that_close(1e-3)
    expected = float(solved["knee_cycle"])
    record.check("cycle of the knee", expected=expected, found=float(skipped["knee_cycle"]), tolerance=0.01 * expected)
    ends = [data.sizes["cycle"] for data in (solved, skipped)]
    record.check("cycle at which the capacity is below 60 %", expected=ends[0], found=ends[1], tolerance=0.01 * ends[0])
    record.compare("cycles solved up to the end of a life with a knee", reference=ends[0], found=skipped.attrs["solved_cycles"])
    return solved, skipped


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    solved, skipped = aged(None), aged(3e-3)
    nominal = ageing_cell().nominal_capacity
    off = np.abs(skipped["discharge_capacity"] - solved["discharge_capacity"]).values
    record.check_at_most(
        "capacity of any cycle, off the solved one over the nominal one", limit=5e-4, found=float(off.max()) / nominal
    )
    for name in ("lithium_in_film_negative", "lithium_in_film_on_cracks_negative", "lithium_dead_negative",
                 "active_material_lost_negative", "lithium_inventory_lost"):  # fmt: skip
        first = float(solved[name][0]) if name == "lithium_in_film_negative" else 0.0
        expected = float(solved[name][-1]) - first
        record.check(
            f"{name} after {CYCLES} cycles", expected=expected, found=float(skipped[name][-1]) - first, tolerance=0.01 * expected
        )
    record.check_at_most("cycles solved", limit=CYCLES / 15, found=skipped.attrs["solved_cycles"])
    for words, data in (("every cycle solved", solved), ("skipped", skipped)):
        for guard in ("lithium_error", "charge_error"):
            record.check_at_most(f"{words}: {guard}", limit=1e-9, found=float(np.abs(data[guard]).max()))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    chosen = skipped["solved"].values
    left.plot(solved["cycle"], solved["discharge_capacity"] / 3600.0, label="every cycle solved")
    left.plot(skipped["cycle"][chosen], skipped["discharge_capacity"][chosen] / 3600.0, "o", ms=3, label="solved with jumps")
    left.set(xlabel="cycle", ylabel="discharge capacity (A h)")
    left.legend(frameon=False)
    for name in ("lithium_in_film_on_cracks_negative", "lithium_dead_negative"):
        line = right.plot(solved["cycle"], 1e3 * solved[name], label=name.removeprefix("lithium_").replace("_", " "))[0]
        right.plot(skipped["cycle"][chosen], 1e3 * skipped[name][chosen], "o", ms=3, color=line.get_color())
    right.set(xlabel="cycle", ylabel="lithium (mmol)")
    right.legend(frameon=False)
    figure.tight_layout()
    record.figure("A thousand cycles, all solved and skipped", figure)
    figure, axis = plt.subplots(figsize=(6, 3.8))
    for data, words, style in zip(find_knees(record), ("every cycle solved", "with jumps"), ("-", "--"), strict=True):
        line = axis.plot(data["cycle"], data["discharge_capacity"] / 3600.0, style, label=words)[0]
        axis.axvline(float(data["knee_cycle"]), color=line.get_color(), ls=style, lw=0.8)
    axis.set(xlabel="cycle", ylabel="discharge capacity (A h)")
    axis.legend(frameon=False)
    figure.tight_layout()
    record.figure("Pores that close: the knee, and where two lines see it", figure)
