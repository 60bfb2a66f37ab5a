r"""L09: The plateau of LiFePO4

[P] LiFePO4 separates at room temperature: lithium leaves at constant voltage. There are no DFT energies of its
orderings among the shipped data, so that the phases here are those of the regular solution of its literature ($\Omega$
= 115.8 meV, standard potential 3.422 V: Cogswell, Bazant 2012, DOI 10.1021/nn204177u), by common tangent. Its plateau
must lie between the measured discharge and charge curves (Dreyer 2010, shipped). Stated beside it, not tuned: the
room-temperature solubilities 0.05 and 0.89 (Yamada 2006) and the eutectoid near x = 0.6 at 200 °C (Dodd 2006), which a
regular solution, symmetric and without electronic entropy, cannot have: its gap closes at $T_c = \Omega/2k$ and $x =
0.5$.
"""

import numpy as np

from scalith.lattice import common_tangents
from scalith.quantities import read_columns, shipped
from scalith.quantities.constants import BOLTZMANN_EV
from validation.record import Record

OMEGA = 0.1158
STANDARD = 3.422


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    plateaus = {}
    figure, axes = plt.subplots(figsize=(6, 4))
    for way in ("charge", "discharge"):
        data = read_columns(shipped(f"open_circuit_voltage/LFP_{way}_NMat2730_Fig2a.csv"))
        names = list(data.columns)
        capacity, voltage = data.columns[names[0]], data.columns[names[1]]
        span = (capacity - capacity.min()) / np.ptp(capacity)
        plateaus[way] = float(np.median(voltage[(span > 0.3) & (span < 0.7)]))
        axes.plot(span, voltage, label=f"measured, {way}")
    ratio = OMEGA / (BOLTZMANN_EV * 298.15)

    def g(x: np.ndarray) -> np.ndarray:
        return x * np.log(x) + (1 - x) * np.log(1 - x) + ratio * x * (1 - x)

    def mu(x: np.ndarray) -> np.ndarray:
        return np.log(x / (1 - x)) + ratio * (1 - 2 * x)

    (tangent,) = common_tangents(g, mu)
    plateau = STANDARD - BOLTZMANN_EV * 298.15 * tangent.slope
    middle = 0.5 * (plateaus["charge"] + plateaus["discharge"])
    half = 0.5 * abs(plateaus["charge"] - plateaus["discharge"])
    record.check("plateau between measured charge and discharge", expected=middle, found=plateau, tolerance=half, unit="V")
    record.check("measured plateaus lie in 3.41 to 3.45 V", expected=3.43, found=middle, tolerance=0.02, unit="V")
    record.compare("solubility of lithium in FePO4", reference=0.05, found=tangent.low, note="Yamada 2006")
    record.compare("lithium left in LiFePO4", reference=0.89, found=tangent.high, note="Yamada 2006")
    record.compare(
        "temperature at which the gap closes",
        reference=473.0,
        found=OMEGA / (2 * BOLTZMANN_EV),
        unit="K",
        note="eutectoid, Dodd 2006",
    )
    record.compare("its composition", reference=0.6, found=0.5, note="eutectoid, Dodd 2006")
    axes.axhline(plateau, color="k", ls="--", label="regular solution")
    axes.set(xlabel="share of the capacity", ylabel="voltage [V]", ylim=(3.2, 3.7))
    axes.legend()
    record.figure("Measured quasi-static curves of LiFePO4 and the plateau.", figure)
