r"""A02: Average voltage of LixTiS2 by density functional theory

**[P]** GPAW (plane waves, PAW, LDA) with cells and positions of 1T-TiS2 and LiTiS2 relaxed, and bcc lithium:

$$\bar V=-\frac{E(\mathrm{LiTiS_2})-E(\mathrm{TiS_2})-E(\mathrm{Li})}{e}$$

against the measured 2.1 V (M. S. Whittingham, Science 192 (1976) 1126, DOI 10.1126/science.192.4244.1126), within 0.15 V. The
shipped energies say with which cut-off, k-points and smearing they were computed, and how the voltage moves with each. The
22 orderings that ship beside them (single points at a coarser setting) show the same voltage with their own ends, and
formation energies below the line of the ends: lithium orders weakly, there is no miscibility gap at 0 K.
"""

from __future__ import annotations

import json

import numpy as np

from scalith.crystal import average_voltage, map_orderings, read_host, read_structures, voltage_of_orderings
from scalith.quantities import Property, Source, shipped
from validation.record import Record

FOLDER = "dft_energies/LixTiS2_gpaw"
MEASURED = 2.1


def run(record: Record) -> None:
    from matplotlib import pyplot as plt

    settings = json.loads(shipped(f"{FOLDER}/settings.json").read_text())
    ends = {str(item.atoms.symbols): item for item in read_structures(shipped(f"{FOLDER}/ends.extxyz"))}
    lithium = ends["Li"].energy
    voltage = average_voltage(ends["TiS2"].energy, 0.0, ends["TiS2Li"].energy, 1.0, lithium)
    record.check("average voltage, LDA with relaxed cells", expected=MEASURED, found=voltage, tolerance=0.15, unit="V")
    record.compare("the same, found before with LDA", reference=2.087, found=voltage, unit="V")
    for name in ("TiS2", "TiS2Li"):
        left = ends[name].atoms.info["forces_left"]
        record.check_at_most(f"force left in {name}", limit=0.01, found=left, unit="eV/Å")
    for row in settings["convergence"]:
        moved = row["voltage"] - settings["convergence"][0]["voltage"]
        label = f"voltage at {row['cutoff']} eV and {row['k_density']} points per 1/Å, from that at 400 eV and 2.7"
        record.check_at_most(label, limit=0.04, found=abs(moved), unit="V")
    record.check("settings are recorded", expected=1.0, found=settings["ends"]["engine"]["name"] == "gpaw", tolerance=0)

    host = read_host(shipped(f"{FOLDER}/LixTiS2_prim.json"))
    orderings = map_orderings(host, read_structures(shipped(f"{FOLDER}/energies.extxyz")))
    metal = Property.constant(
        "lithium_energy", settings["lithium_energy"], "eV", Source(kind="predicted", reference="bcc lithium, GPAW, LDA, 350 eV")
    )
    coarse = voltage_of_orderings(host, orderings, metal)()
    record.check("average voltage from the ends of the orderings", expected=MEASURED, found=coarse, tolerance=0.15, unit="V")
    x, energy = orderings["x"].values, orderings["energy"].values
    line = (1 - x) * energy[x == 0].min() + x * energy[x == 1].min()
    record.check("orderings that map onto the host", expected=22, found=len(x), tolerance=0)
    record.check("lowest formation energy is negative", expected=1.0, found=float(np.min(energy - line)) < 0.0, tolerance=0)

    lattice = {"a": 3.407, "c": 5.695}
    for axis, place in (("a", 0), ("c", 2)):
        length = ends["TiS2"].atoms.cell.lengths()[place]
        record.compare(f"TiS2: {axis}", reference=lattice[axis], found=length, unit="Å", note="measured against LDA")
    hop = json.loads(shipped(f"{FOLDER}/barrier.json").read_text())
    for name in hop:
        record.compare(
            f"octahedron to tetrahedron in LiTi3S6, saddle ({name})",
            reference=settings["climbing_image"]["saddle"],
            found=max(hop[name]["energies"]),
            unit="eV",
            note="GPAW's climbing image as reference, in the cell of LDA",
        )

    figure, axis = plt.subplots(figsize=(5.5, 3.6))
    axis.plot(x, 1e3 * (energy - line), "o")
    axis.axhline(0.0, color="0.7", lw=0.8)
    axis.set(xlabel="x in LixTiS2", ylabel="formation energy (meV per TiS2)")
    record.figure("Formation energies of the shipped orderings (LDA).", figure)
