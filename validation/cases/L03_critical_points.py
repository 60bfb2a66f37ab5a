r"""L03: Critical points and order of nearest-neighbour lattice gases

[E] The lattice gas with nearest-neighbour attraction $w$ is the Ising model with $J = |w|/4$. On the square lattice
(Onsager 1944; Yang 1952)

$$ \frac{kT_c}{|w|} = \frac{1}{2\ln(1+\sqrt 2)} = 0.56730, \qquad m = \left[1 - \sinh^{-4}(2J/kT)\right]^{1/8} \ (T<T_c), \qquad
u(T_c) = -\sqrt 2\,J, $$

on the triangular one $kT_c/J = 4/\ln 3$, on the simple cubic one $J/kT_c = 0.221654626$ (Ferrenberg, Xu, Landau 2018,
DOI 10.1103/PhysRevE.97.043301). The critical temperatures are read off where the fourth-order cumulants
$1 - \langle m^4\rangle/3\langle m^2\rangle^2$ of two lattice sizes cross (Binder 1981).
"""

import numpy as np

from scalith.crystal import Host, HostSite
from scalith.lattice import ClusterExpansion
from scalith.lattice.kernels.metropolis import semi_grand_canonical_chain
from scalith.lattice.sampling.monte_carlo import model_on
from validation.record import Record

LONG = True


def lattice(kind: str) -> Host:
    """Square, triangular or simple cubic host; layers of the plane lattices lie far apart."""
    rows = {
        "square": ((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 20.0)),
        "triangular": ((3.0, 0.0, 0.0), (1.5, 1.5 * np.sqrt(3.0), 0.0), (0.0, 0.0, 20.0)),
        "cubic": ((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 3.0)),
    }[kind]
    site = HostSite(position=(0.0, 0.0, 0.0), species=("Li", "vacancy"), charges=(1.0, 0.0))
    return Host(name=kind, working_ion="Li", lattice=rows, sites=(site,))


def series(kind: str, size: int, reduced: np.ndarray, sweeps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Magnetisation and energy (J) per site after each sweep, from the full lattice, at kT/J = reduced (falling)."""
    J = 0.01
    expansion = ClusterExpansion.given(lattice(kind), (0.0, 0.0, -J), pair_cutoff=3.1)
    model = model_on(expansion, (size, size, size if kind == "cubic" else 1))
    occupation = np.ones(model.sites, dtype=np.int8)
    filled, energy = np.empty((len(reduced), sweeps)), np.empty((len(reduced), sweeps))
    thermal = J * np.asarray(reduced, dtype=float)
    semi_grand_canonical_chain(
        model.tables, model.exchanged, occupation, thermal, np.zeros(len(reduced)), sweeps, np.uint64(seed), filled, energy
    )
    return 2 * filled / model.sites - 1, (energy / model.sites + model.constant) / J


def critical_temperature(
    kind: str, guess: float, sizes: tuple[int, int], sweeps: int
) -> tuple[float, np.ndarray, list[np.ndarray]]:
    """kT_c/J from the crossing of cumulants, the temperatures, and the cumulants of both sizes."""
    reduced = guess * np.linspace(1.02, 0.98, 5)
    cumulants = []
    for size in sizes:
        m, _ = series(kind, size, reduced, sweeps, 11 * size)
        m = m[:, sweeps // 10 :]
        cumulants.append(1 - np.mean(m**4, axis=1) / (3 * np.mean(m**2, axis=1) ** 2))
    line = np.polyfit(reduced, cumulants[1] - cumulants[0], 2)
    roots = np.roots(line)
    real = roots[np.abs(roots.imag) < 1e-9].real
    return float(real[np.argmin(np.abs(real - guess))]), reduced, cumulants


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    square = 2 / np.log(1 + np.sqrt(2))
    figure, axes = plt.subplots(1, 2, figsize=(10, 4))
    for kind, exact, sizes, sweeps, tolerance in (
        ("square", square, (8, 16), 120_000, 0.004),
        ("triangular", 4 / np.log(3), (8, 16), 120_000, 0.004),
        ("cubic", 1 / 0.221654626, (8, 16), 20_000, 0.005),
    ):
        found, reduced, cumulants = critical_temperature(kind, exact, sizes, sweeps)
        record.check(f"kT_c/J, {kind}", expected=exact, found=found, tolerance=tolerance * exact)
        if kind == "square":
            record.check("kT_c/|w|, square", expected=0.56730, found=found / 4, tolerance=tolerance * 0.5673)
            for size, cumulant in zip(sizes, cumulants, strict=True):
                axes[0].plot(reduced, cumulant, "o-", label=f"{size} × {size}")
            axes[0].axvline(exact, color="k", ls="--")
            axes[0].set(xlabel="kT/J", ylabel="fourth-order cumulant", title="square lattice")
            axes[0].legend()
    below = np.array([2.2, 2.1, 2.0, 1.8, 1.6, 1.4])[::-1]
    m, _ = series("square", 64, below[::-1], 8000, 5)
    onsager = (1 - np.sinh(2 / below) ** -4) ** 0.125
    measured = np.abs(m[:, 800:]).mean(axis=1)[::-1]
    for T, exact, found in zip(below, onsager, measured, strict=True):
        record.check(f"magnetisation at kT/J = {T:g}", expected=exact, found=found, tolerance=0.003 if T < 2.15 else 0.01)
    # The energy at T_c on a periodic L × L lattice lies below −√2 J by a term in 1/L: extrapolated from two sizes.
    sizes = (16, 32)
    energies = [
        series("square", size, np.array([square]), 120_000 if size == 16 else 60_000, size)[1][0, 3000:].mean() for size in sizes
    ]
    limit = (sizes[1] * energies[1] - sizes[0] * energies[0]) / (sizes[1] - sizes[0])
    record.check("energy at T_c, square, extrapolated in 1/L", expected=-np.sqrt(2), found=limit, tolerance=0.01, unit="J")
    fine = np.linspace(1.3, square - 1e-6, 300)
    axes[1].plot(fine, (1 - np.sinh(2 / fine) ** -4) ** 0.125, "k", label="Onsager–Yang")
    axes[1].plot(below, measured, "o", label="Monte Carlo 64 × 64")
    axes[1].set(xlabel="kT/J", ylabel="magnetisation")
    axes[1].legend()
    record.figure("Cumulants cross at the critical temperature; magnetisation below it.", figure)
