r"""A01: Average voltage from energies

[E] Inserting $\Delta x$ ions from their metal into a host changes the energy by $E(x_2)-E(x_1)-\Delta x\,E_\mathrm{metal}$; the
electrons go through the outer circuit, so that

$$ \bar V = -\frac{E(x_2) - E(x_1) - (x_2 - x_1)\,E_\mathrm{metal}}{z\,(x_2 - x_1)\,e}. $$

Checked on toy energies: a host that binds each ion 4 eV more strongly than the metal gives 4 V; the order of the two
compositions does not matter; a shift of the metal's energy by δ shifts the voltage by δ. Stated beside it: LixNiO2 from the
shipped DFT energies with the assumed lithium energy of −2.33 eV (the functional is not stated with the data).
"""

import numpy as np

from scalith.crystal import average_voltage, map_orderings, read_host, read_structures
from scalith.quantities import shipped
from validation.record import Record


def run(record: Record) -> None:
    lithium = -1.9
    empty, full = -20.0, -20.0 + lithium - 4.0
    record.check(
        "voltage of a host that binds by 4 eV",
        expected=4.0,
        found=average_voltage(empty, 0, full, 1, lithium),
        tolerance=1e-12,
        unit="V",
    )
    record.check(
        "the same taken the other way", expected=4.0, found=average_voltage(full, 1, empty, 0, lithium), tolerance=1e-12, unit="V"
    )
    shifted = average_voltage(empty, 0, full, 1, lithium + 0.25)
    record.check("shift of the metal's energy by 0.25 eV", expected=0.25, found=shifted - 4.0, tolerance=1e-12, unit="V")
    double = average_voltage(empty, 0, full, 1, lithium, charge=2)
    record.check("two electrons an ion", expected=2.0, found=double, tolerance=1e-12, unit="V")
    # The whole is the mean of its parts.
    middle = -22.7
    parts = 0.4 * average_voltage(empty, 0, middle, 0.4, lithium) + 0.6 * average_voltage(middle, 0.4, full, 1, lithium)
    record.check("mean over two steps", expected=4.0, found=parts, tolerance=1e-12, unit="V")

    host = read_host(shipped("dft_energies/LixNiO2/smol_lno_prim.json"))
    orderings = map_orderings(host, read_structures(shipped("dft_energies/LixNiO2/smol_lno_entries.json")))
    x, energy = orderings["x"].values, orderings["energy"].values
    low, high = int(np.argmin(x)), int(np.argmax(x))
    voltage = average_voltage(energy[low], x[low], energy[high], x[high], -2.33)
    record.compare(
        "LixNiO2, x 0 to 1 (assumed lithium at −2.33 eV)",
        reference=3.9,
        found=voltage,
        unit="V",
        note="measured average of LiNiO2, about 3.9 V",
    )
