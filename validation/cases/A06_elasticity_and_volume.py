r"""A06: Elastic tensors and partial molar volume

**[E]** A crystal is stable when every strain costs energy: the eigenvalues of its stiffness are positive (Born). A polycrystal
without texture lies between Reuss (equal stress) and Voigt (equal strain); for an isotropic crystal both are one. The point
group leaves 3 constants to a cubic, 5 to a hexagonal, 6 to a trigonal ($\bar3m$), 9 to an orthorhombic and 21 to a triclinic
crystal. A face-centred cubic crystal of springs $k$ between neighbours at distance $r$ has

$$C_{11}=\sqrt2\,k/r,\qquad C_{12}=C_{44}=C_{11}/2 .$$

The partial molar volume is $\Omega(x)=N_A\,dV/dx$; its reference state is the ion's absence (the metal's volume is not taken
off), so $\int_0^1\Omega\,dx=N_A\,[V(1)-V(0)]$ whatever the path. The misfit of two phases is the stretch between their cells.

Stated beside it: stiffness of LiFePO4 and FePO4 with CHGNet 0.3.0 against GGA+U (T. Maxisch, G. Ceder, Phys. Rev. B 73 (2006)
174112, DOI 10.1103/PhysRevB.73.174112): the learned potential is soft. The misfit strains against measured lattice constants
(Padhi et al. 1997, DOI 10.1149/1.1837571).
"""

from __future__ import annotations

import numpy as np

from scalith.atoms import (
    Engine,
    born_stability,
    elastic_moduli,
    given_stiffness,
    misfit_strain,
    molar_volume,
    reaction_volume,
    stiffness_tensor,
)
from scalith.atoms.elasticity import PASCAL, stiffness_basis
from scalith.crystal import map_orderings, read_host, read_structures
from scalith.quantities import Property, Source, read_results, shipped
from scalith.quantities.constants import AVOGADRO
from validation.record import Record

SIGMA, EPSILON = 3.4, 0.0104
NEAREST = 2.0 ** (1.0 / 6.0) * SIGMA
# Maxisch, Ceder 2006, GGA+U, GPa: C11 C22 C33 C44 C55 C66 C12 C13 C23.
PUBLISHED = {
    "LiFePO4": (138.9, 198.0, 173.0, 36.8, 50.6, 47.6, 72.8, 52.5, 45.8),
    "FePO4": (175.9, 153.6, 135.0, 38.8, 47.5, 55.6, 29.6, 54.0, 19.6),
}
MEASURED = {"LiFePO4": (10.334, 6.008, 4.693), "FePO4": (9.821, 5.792, 4.788)}  # Å


def _orthorhombic(constants: tuple[float, ...]) -> np.ndarray:
    matrix = np.diag(np.array(constants[:6]))
    for value, (i, j) in zip(constants[6:], ((0, 1), (0, 2), (1, 2)), strict=True):
        matrix[i, j] = matrix[j, i] = value
    return 1e9 * matrix


def run(record: Record) -> None:
    from ase import Atoms
    from ase.build import bulk
    from matplotlib import pyplot as plt

    triclinic = Atoms("Sn", cell=[[3.0, 0, 0], [0.4, 3.2, 0], [0.5, 0.3, 3.5]], pbc=True)
    host = read_host(shipped("dft_energies/LixTiS2_gpaw/LixTiS2_prim.json"))
    layered = Atoms(["S" if "S" in site.species else site.species[0] for site in host.sites], pbc=True, cell=host.cell)
    layered.set_scaled_positions(host.positions)
    for name, atoms, count in (
        ("cubic", bulk("Ar", "fcc", a=5.3), 3),
        ("hexagonal", bulk("Mg", "hcp", a=3.2, c=5.2), 5),
        ("trigonal (LiTiS2)", layered, 6),
        ("orthorhombic", Atoms("Sn", cell=[3.0, 3.2, 3.5], pbc=True), 9),
        ("triclinic", triclinic, 21),
    ):
        record.check(f"independent constants, {name}", expected=count, found=len(stiffness_basis(atoms)), tolerance=0)

    springs = Engine(name="ase.calculators.lj:LennardJones", settings={"sigma": SIGMA, "epsilon": EPSILON, "rc": 1.25 * NEAREST})
    crystal = bulk("Ar", "fcc", a=NEAREST * np.sqrt(2.0))
    found = stiffness_tensor(crystal, springs, strain=5e-4)["stiffness"].values
    c11 = PASCAL * np.sqrt(2.0) * 72.0 * EPSILON / NEAREST**3
    for name, value, wanted in (("C11", found[0, 0], 1.0), ("C12", found[0, 1], 0.5), ("C44", found[3, 3], 0.5)):
        record.check(f"{name} of the springs over √2 k/r", expected=wanted, found=value / c11, tolerance=1e-4)

    isotropic = np.diag([30.0] * 6)
    isotropic[:3, :3] = 40.0 + 60.0 * np.eye(3)
    moduli = elastic_moduli(given_stiffness(1e9 * isotropic, "isotropic, K = 60 GPa, G = 30 GPa"))
    for name, wanted in (("bulk_modulus", 60e9), ("shear_modulus", 30e9)):
        spread = float(np.max(np.abs(moduli[name].values / wanted - 1.0)))
        record.check_at_most(f"isotropic crystal: {name.replace('_', ' ')} of all three averages", limit=1e-12, found=spread)
    unstable = isotropic.copy()
    unstable[0, 1] = unstable[1, 0] = 150.0
    least = float(born_stability(given_stiffness(1e9 * unstable, "unstable"))[0])
    record.check("C12 > C11: lowest eigenvalue is negative", expected=1.0, found=least < 0.0, tolerance=0)

    for name, constants in PUBLISHED.items():
        published = elastic_moduli(given_stiffness(_orthorhombic(constants), "Maxisch, Ceder 2006"))
        learned = read_results(shipped(f"elasticity/{name}_chgnet.nc"))
        ours = elastic_moduli(learned)
        record.check(f"{name}: stable", expected=1.0, found=float(ours["born_eigenvalues"][0]) > 0.0, tolerance=0)
        for modulus in ("bulk_modulus", "shear_modulus"):
            voigt, reuss, hill = ours[modulus].values
            record.check_at_most(f"{name}: Reuss over Voigt, {modulus.replace('_', ' ')}", limit=1.0, found=reuss / voigt)
            record.compare(
                f"{name}: {modulus.replace('_', ' ')} (Hill)",
                reference=float(published[modulus].values[2]) / 1e9,
                found=hill / 1e9,
                unit="GPa",
                note="GGA+U against CHGNet 0.3.0",
            )

    x = np.linspace(0.0, 1.0, 9)
    import xarray as xr

    made = xr.Dataset({"x": ("structure", x), "volume": ("structure", 60.0 + 6.0 * x - 2.0 * x**2)})
    _, partial = molar_volume(host, made)
    at = np.linspace(0.0, 1.0, 5)
    wanted = 1e-30 * AVOGADRO * (6.0 - 4.0 * at)
    record.check_at_most("Ω of a known V(x) (relative)", limit=1e-6, found=np.max(np.abs(partial(at) / wanted - 1.0)))
    metal = Property.constant("metal_volume", 13.02e-6, "m3 mol-1", Source(kind="published", reference="bcc lithium, 298 K"))
    shift = reaction_volume(partial, metal)(0.5) - partial(0.5)
    record.check("with the metal as reference state", expected=-13.02e-6, found=shift, tolerance=1e-18, unit="m³/mol")
    orderings = map_orderings(host, read_structures(shipped("dft_energies/LixTiS2_gpaw/energies.extxyz")))
    volume, partial = molar_volume(host, orderings)
    fine = np.linspace(0.0, 1.0, 2001)
    swelling = np.trapezoid(partial(fine), fine) / (volume(1.0) - volume(0.0))
    record.check("∫Ω dx over V(1) − V(0), LixTiS2", expected=1.0, found=swelling, tolerance=1e-4)

    cells = {name: np.diag(lengths) for name, lengths in MEASURED.items()}
    measured = misfit_strain(cells["FePO4"], cells["LiFePO4"], names=("FePO4", "LiFePO4"))
    ends = read_structures(shipped("elasticity/LixFePO4_ends_chgnet.extxyz"))
    ours = misfit_strain(ends[0].atoms.cell, ends[1].atoms.cell, names=("FePO4", "LiFePO4"))
    for k, axis in enumerate("abc"):
        record.compare(
            f"misfit FePO4 → LiFePO4 along {axis}",
            reference=100 * float(measured["strain"][k, k]),
            found=100 * float(ours["strain"][k, k]),
            unit="%",
            note="measured against CHGNet 0.3.0",
        )
    record.compare(
        "swelling FePO4 → LiFePO4",
        reference=100 * float(measured["volume_change"]),
        found=100 * float(ours["volume_change"]),
        unit="%",
        note="measured against CHGNet 0.3.0",
    )

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
    places = np.arange(9)
    labels = ("11", "22", "33", "44", "55", "66", "12", "13", "23")
    for name, colour in (("LiFePO4", "C0"), ("FePO4", "C1")):
        C = read_results(shipped(f"elasticity/{name}_chgnet.nc"))["stiffness"].values / 1e9
        ours = [C[k, k] for k in range(6)] + [C[0, 1], C[0, 2], C[1, 2]]
        axes[0].plot(places, PUBLISHED[name], "o", color=colour, label=f"{name}, GGA+U")
        axes[0].plot(places, ours, "x", color=colour, label=f"{name}, CHGNet")
    axes[0].set_xticks(places, [f"$C_{{{label}}}$" for label in labels])
    axes[0].set_ylabel("GPa")
    axes[0].legend(fontsize=8)
    axes[1].plot(orderings["x"], 1e-24 * AVOGADRO * orderings["volume"], "o")
    axes[1].plot(fine, 1e6 * volume(fine))
    axes[1].set(xlabel="x in LixTiS2", ylabel="V (cm³/mol)")
    figure.tight_layout()
    record.figure("Left: stiffness of the olivines. Right: molar volume of LixTiS2, whose slope is Ω.", figure)
