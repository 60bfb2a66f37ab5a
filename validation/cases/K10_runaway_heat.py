r"""K10: What a cell frees when it runs away: Hess's law against fractional calorimetry.

**[M]** The Battery Failure Databank (NREL and NASA; 18650 and 21700 cells in a fractional calorimeter). The total heat of a
runaway is computed from what the cell is made of: the electrical energy at the state of charge, the enthalpy of the empty
positive electrode with carbon and carbon dioxide to carbonate and oxide, and the interphase,
$$Q(s) = Q\int_0^s U\,d\sigma + n_M q_0 + Q_{interphase}.$$
One choice was made with these data in sight: of two limits, nickel and manganese end as monoxides, the cobalt of LiCoO₂ as metal.
Asserted within 15 %: four cells at full charge, and the cells of four types that ran away at 60 %. The materials of 30Q and 26J
are not in the databank; they are taken as NCA and LiCoO₂ from their names. Nail tests below full charge have two outcomes. The
share of the electrical energy that cells which stay whole free, and the probability of runaway by state of charge, *are* fitted,
here, to the 51 single tests; the means of five cells at 40 and 60 % hang on how many of the five ran away: they
are stated, and of the counts it is asserted that the probability which four types share can give them; and the five means are
asserted within 15 % where the count is taken as it was. There, at 40 %, what is still LiMO₂ does not react (it needs carbon and
more than 700 °C); heats of single cells that ran away at 40 % scatter from 19 to 45 kJ. The share of the heat that
stays in the body follows from the ejected mass, with body and ejecta at one temperature.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.stats import binomtest

from scalith.reactions import body_share, nail_test_heat, runaway_heat, shipped_chemistry
from scalith.reactions.energetics import SHORTED_SHARE, THRESHOLD, THRESHOLD_WIDTH
from validation.record import Record

FOLDER = Path(__file__).parents[1] / "data" / "failure_databank"
AMPERE_HOUR = 3600.0
MATERIAL = {
    "Samsung 18650-26J": "lco",
    "Samsung 18650-30Q": "nca",
    "Sanyo 18650-A": "lco",
    "MOLiCEL 18650-J": "lco",
    "Panasonic 18650-BE": "nca",
    "Saft D-Cell-VES16": "nca",
    "Soteria 18650": "nmc532",
}
"""Other cells are taken as NMC811 against graphite with silicon."""
ASSERTED = ("LG 18650-MJ1", "LG 18650-HG2", "Samsung 18650-30Q", "Samsung 18650-26J")
SPECIFIC_HEAT = 1000.0
"""J kg-1 K-1, assumed."""
RAN_AWAY = 10.0
"""% of its mass that a cell which ran away has ejected, at least: no test lies between 2.2 and 19 %."""


def rows(name: str) -> list[dict[str, str]]:
    """Lines of a table of the databank."""
    with open(FOLDER / name, encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def run(record: Record) -> None:
    _check_totals(record)
    _check_nail_tests(record)
    _check_body(record)
    chemistry = shipped_chemistry("nmc811_graphite_silicon")
    totals = [runaway_heat(chemistry, 3.5 * AMPERE_HOUR, 0.8, shorted=share).total for share in (0.0, 0.3, 1.0)]
    changed = float(np.ptp(totals)) / totals[0]
    record.check_at_most("change of the total with the share that flows through a short, relative", limit=1e-12, found=changed)
    _draw(record)


def _check_totals(record: Record) -> None:
    for row in rows("full_charge.csv"):
        name, measured = row["cell"], float(row["heat_kJ"])
        chemistry = shipped_chemistry(MATERIAL.get(name, "nmc811_graphite_silicon"))
        found = runaway_heat(chemistry, float(row["capacity_Ah"]) * AMPERE_HOUR).total / 1e3
        if name in ASSERTED:
            record.check(f"heat at full charge, {name}", expected=measured, found=found, tolerance=0.15 * measured, unit="kJ")
        else:
            record.compare(f"heat at full charge, {name}", reference=measured, found=found, unit="kJ", note="material assumed")


def _check_nail_tests(record: Record) -> None:
    chemistry = shipped_chemistry("nmc811_graphite_silicon")
    tests = rows("nail_tests.csv")
    keys = ("state_of_charge_percent", "capacity_Ah", "heat_kJ", "ejected_percent")
    state, capacity, heat, ejected = (np.array([float(row[key]) for row in tests]) for key in keys)
    state, capacity, ran = state / 100.0, capacity * AMPERE_HOUR, ejected > RAN_AWAY
    electrical = np.array([q * chemistry.voltage_integral(s) for q, s in zip(capacity, state, strict=True)]) / 1e3
    interphase = np.array([runaway_heat(chemistry, q, 0.0).interphase for q in capacity]) / 1e3
    quiet = ~ran & (state > 0)
    share = float(electrical[quiet] @ (heat - interphase)[quiet] / (electrical[quiet] @ electrical[quiet]))
    record.check(
        "share of the electrical energy that cells which stay whole free", expected=share, found=SHORTED_SHARE, tolerance=0.005
    )

    def misfit(values: np.ndarray) -> float:
        z = (state - values[0]) / values[1]
        return float(np.sum(np.where(ran, np.log1p(np.exp(-z)), np.log1p(np.exp(z)))))

    best = minimize(misfit, [0.43, 0.06], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-9}).x
    record.check("state of charge at which half run away", expected=best[0], found=THRESHOLD, tolerance=0.003)
    record.check("its width", expected=best[1], found=THRESHOLD_WIDTH, tolerance=0.003)

    cells = np.array([row["cell"] for row in tests])
    masses = {row["cell"]: float(row["mass_g"]) / 1e3 for row in rows("full_charge.csv")}
    for name in sorted(set(cells)):
        here = (cells == name) & ran & (state == 0.6)
        found = nail_test_heat(chemistry, capacity[here][0], 0.6, heat_capacity=SPECIFIC_HEAT * masses[name]).runaway / 1e3
        measured = float(heat[here].mean())
        record.check(
            f"heat of those that ran away at 60 %, {name}", expected=measured, found=found, tolerance=0.15 * measured, unit="kJ"
        )
        colder = (cells == name) & ran & (state == 0.4)
        if colder.any():
            found = nail_test_heat(chemistry, capacity[colder][0], 0.4, heat_capacity=SPECIFIC_HEAT * masses[name]).runaway / 1e3
            record.compare(
                f"heat of those that ran away at 40 %, {name}", reference=float(heat[colder].mean()), found=found, unit="kJ"
            )
    for percent in (0, 20, 40, 60):
        here = (cells == "LG 18650-MJ1") & (np.abs(state - percent / 100) < 1e-9)
        test = nail_test_heat(chemistry, capacity[here][0], percent / 100, heat_capacity=SPECIFIC_HEAT * masses["LG 18650-MJ1"])
        counted = float(ran[here].mean()) * test.runaway + float((~ran[here]).mean()) * test.quiet
        record.check(
            f"mean heat at {percent} % by outcome, LG 18650-MJ1",
            expected=float(heat[here].mean()),
            found=counted / 1e3,
            tolerance=0.15 * float(heat[here].mean()),
            unit="kJ",
        )
        measured, found = float(heat[here].mean()), nail_test_heat(chemistry, capacity[here][0], percent / 100).mean / 1e3
        label = f"mean heat at {percent} %, LG 18650-MJ1"
        if percent <= 20:
            record.check(label, expected=measured, found=found, tolerance=0.15 * measured, unit="kJ")
        else:
            spread = float(heat[here].std(ddof=1) / np.sqrt(here.sum()))
            record.compare(
                label, reference=measured, found=found, unit="kJ", note=f"standard error of the measured mean {spread:.1f} kJ"
            )
            # The mean hangs on a count: is it one that the fitted probability, which four types share, gives?
            chance = nail_test_heat(chemistry, capacity[here][0], percent / 100).probability
            likely = binomtest(int(ran[here].sum()), int(here.sum()), chance).pvalue
            words = (
                f"{int(ran[here].sum())} of {int(here.sum())} ran away at {percent} %: not against {chance:.2f} at the 5 % level"
            )
            record.check_true(words, likely > 0.05)


def _check_body(record: Record) -> None:
    deviations = []
    for row in rows("full_charge.csv"):
        found, measured = 100 * body_share(float(row["ejected_percent"]) / 100), float(row["body_percent"])
        deviations.append(found - measured)
        if row["cell"] in ("Samsung 18650-30Q", "LG 18650-MJ1"):
            tolerance = 2.0 if "30Q" in row["cell"] else 6.0
            record.check(f"share in the body, {row['cell']}", expected=measured, found=found, tolerance=tolerance, unit="%")
    record.compare("share in the body, all cells: mean deviation", reference=0.0, found=np.mean(deviations), unit="%")
    record.check_at_most(
        "share in the body, all cells: root mean square deviation",
        limit=6.0,
        found=np.sqrt(np.mean(np.square(deviations))),
        unit="%",
    )
    record.check_at_most("share in the body, all cells: largest deviation", limit=15.0, found=np.abs(deviations).max(), unit="%")


def _draw(record: Record) -> None:
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    table = rows("full_charge.csv")
    for row in table:
        chemistry = shipped_chemistry(MATERIAL.get(row["cell"], "nmc811_graphite_silicon"))
        found = runaway_heat(chemistry, float(row["capacity_Ah"]) * AMPERE_HOUR).total / 1e3
        left.errorbar(
            found, float(row["heat_kJ"]), yerr=float(row["heat_deviation_kJ"]), fmt="o" if row["cell"] in ASSERTED else "s", ms=4
        )
    left.plot([25, 115], [25, 115], "k-", lw=0.8)
    left.set(xlabel="predicted / kJ", ylabel="measured / kJ", title="full charge; circles: asserted")
    chemistry = shipped_chemistry("nmc811_graphite_silicon")
    states = np.linspace(0, 1, 81)
    found = [nail_test_heat(chemistry, 3.5 * AMPERE_HOUR, s) for s in states]
    right.plot(100 * states, [one.runaway / 1e3 for one in found], label="runs away")
    right.plot(100 * states, [one.quiet / 1e3 for one in found], label="stays whole")
    right.plot(100 * states, [one.mean / 1e3 for one in found], "k--", lw=0.8, label="mean")
    points = [row for row in rows("nail_tests.csv") if row["cell"] == "LG 18650-MJ1"]
    right.plot([float(row["state_of_charge_percent"]) for row in points], [float(row["heat_kJ"]) for row in points], "k.")
    full = next(float(row["heat_kJ"]) for row in table if row["cell"] == "LG 18650-MJ1")
    right.plot([100], [full], "k.")
    right.set(xlabel="state of charge / %", ylabel="heat / kJ", title="LG 18650-MJ1, nail")
    right.legend(fontsize=8)
    record.figure("Heat of a runaway by Hess's law beside fractional calorimetry.", figure)
