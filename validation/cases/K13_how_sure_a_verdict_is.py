r"""K13: How sure a verdict is: indices of a planted model, probability in closed form, margins against fronts.

**[E]** First-order indices of Ishigami's function, $\sin x_1 + 7\sin^2x_2 + 0.1\,x_3^4\sin x_1$, from one sample of 2000 are the
exact ones, 0.314, 0.442 and 0. A module in which only the thickness of the barrier is not known,
$\ln d\sim N(\ln d_0, \sigma^2)$, spreads with probability $\Phi((\ln d^*-\ln d_0)/\sigma)$, $d^*$ from `thinnest_barrier`: the
interval of `assess_propagation` holds it, and its margins scatter by $\sigma$. With five inputs unknown, the verdict of each
member by its margin is that of its front on its own meshes (`propagate_runaway`), wherever neither is undecided.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from scalith.numerics.variance_shares import variance_shares
from scalith.pack import (
    CellBody,
    ModuleSpecification,
    Trigger,
    assess_propagation,
    draw_members,
    propagate_runaway,
    shipped_kinetics,
    thinnest_barrier,
)
from scalith.quantities.uncertain import log_of_deviation
from validation.record import Record

LONG = True
KINETICS = shipped_kinetics("lco_limited")
CELL = CellBody(
    shape="prismatic", thickness=0.004, width=0.1, height=0.08, density=2300.0, specific_heat=1000.0, conductivity=0.8
)
RUN = {"duration": 900.0, "kinetics_digest": KINETICS.digest}


def _module(thickness: str, conductivity: str, convection: str, contact: str) -> ModuleSpecification:
    barrier = {"thickness": thickness, "conductivity": conductivity}
    more = {"heat_transfer_coefficient": convection, "contact_conductance": contact}
    return ModuleSpecification.read({"cell": CELL, "cells": 2, "barrier": barrier, **more})


def _check_indices(record: Record) -> None:
    x = np.random.default_rng(1).uniform(-np.pi, np.pi, (2000, 3))
    y = np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    found = variance_shares({f"x{i + 1}": x[:, i] for i in range(3)}, y)
    parts = np.array([0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 49 / 8, 0.0])
    whole = parts.sum() + 0.01 * np.pi**8 * 8 / 225
    for number, part in enumerate(parts, start=1):
        index = found.first_order[f"x{number}"]
        record.check(f"first-order index of x{number}, Ishigami's function", expected=part / whole, found=index, tolerance=0.05)


def run(record: Record) -> None:
    _check_indices(record)
    trigger = Trigger.read({"power": "300 W", "duration": "60 s"})
    alone = _module("2.4 mm ± 20 %", "0.1 W/(m K)", "10 W/(m2 K)", "1000 W/(m2 K)")
    limit = float(thinnest_barrier(alone, KINETICS, trigger, **RUN)())
    sigma = float(log_of_deviation(0.2))
    exact = NormalDist().cdf(np.log(limit / 2.4e-3) / sigma)
    sure = assess_propagation(alone, KINETICS, trigger, members=80, seed=3, **RUN)
    low, high = float(sure["probability_low"]), float(sure["probability_high"])
    record.check_true("the interval of the probability holds the exact one", low < exact < high)
    record.compare(
        "probability of a second cell", reference=exact, found=float(sure["probability"]), note=f"{low:.2f} to {high:.2f}"
    )
    scatter = float(sure["margin_deviation"])
    record.check("scatter of the margins", expected=sigma, found=scatter, tolerance=3 * sigma / np.sqrt(2 * 79))

    several = _module("2.4 mm ± 5 %", "0.1 W/(m K) ± 10 %", "10 W/(m2 K) ± 20 %", "1000 W/(m2 K) × 1.5")
    weak = Trigger.read({"power": "300 W ± 5 %", "duration": "60 s"})
    found = assess_propagation(several, KINETICS, weak, members=30, seed=5, **RUN)
    members = draw_members(several, KINETICS, weak, 30, duration=900.0, seed=5)
    against, compared, run_away = 0, 0, 0
    for (module, kinetics, shot, _), verdict in zip(members.tasks, found["verdict"].values, strict=True):
        front = propagate_runaway(module, kinetics, shot, output_times=2, **RUN)
        if verdict < 0 or int(front["cells_undecided"]) > 0:
            continue
        spreads = int(front["cells_run_away"]) > 1
        compared, run_away, against = compared + 1, run_away + spreads, against + (spreads != bool(verdict))
    record.check("members whose front contradicts their margin", expected=0, found=against, tolerance=0)
    record.check_true("most members were compared, of both verdicts", compared >= 20 and 3 <= run_away <= compared - 3)
    record.check_at_most("what no sum over single inputs explains", limit=0.05, found=float(found["left_to_interactions"]))

    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    left.hist(found["margin"].values, bins=12)
    left.axvspan(-float(found["margin_error"]), float(found["margin_error"]), color="k", alpha=0.15)
    left.set(xlabel="margin ln(d/d*)", ylabel="members", title="below zero runaway spreads; grey: undecided")
    names = [str(name).removeprefix("module.") for name in found["input"].values]
    right.barh(names, found["first_order"], xerr=found["first_order_error"])
    right.set(xlabel="first-order index")
    record.figure("Margins of thirty members of a module with five uncertain inputs, and what they hang on.", figure)
