r"""U01: What an impedance spectrum can say of a cell, and what it cannot.

**[E]** The single-particle model with the numbers of Chen et al. 2020, 60 frequencies from $10^{-4}$ to $10^3$ Hz with 0.5 %
noise, 5 mΩ in series. At one state of charge and without double layers, the charge transfer of both electrodes and the resistance
enter as one sum: two directions are null. Spectra at 20, 50 and 80 % part all five, with the standard errors and the correlation
that an independent computation gave. Double layers part the charge transfers at one state of charge as well; diffusion in the
negative particles stays unknown at 50 %, where its voltage is flat. (After Bizeray et al., DOI 10.1109/TCST.2018.2838097.)

The capacitance behind the independent figures with double layers was not stated: those are only compared, at 0.2 F/m².
"""

from __future__ import annotations

import numpy as np

from scalith.cell import Mesh, read_cell, single_particle
from scalith.cell.specification.paths import with_factors
from scalith.design import identify, planned_spectrum
from validation.record import Record

NAMES = (
    "negative_electrode.chemical_diffusivity",
    "positive_electrode.chemical_diffusivity",
    "negative_electrode.exchange_current_density",
    "positive_electrode.exchange_current_density",
    "contact_resistance",
)
SHORT = ("τ_n", "τ_p", "k_n", "k_p", "R₀")
PERCENT = (7.1, 0.43, 1.5, 26.0, 7.4)
WITH_DOUBLE_LAYERS = (6.6, 0.43, 0.12, 0.97, 0.13)
FREQUENCIES = np.geomspace(1e-4, 1e3, 60)


def run(record: Record) -> None:
    plain, mesh = single_particle(read_cell("lgm50_chen2020"))
    mesh = Mesh(negative=1, separator=1, positive=1, growth=1.0, nodes=60, finest=2e-4)
    plain = with_factors(plain, {"contact_resistance": 5e-3})
    double = plain
    for side in ("negative_electrode", "positive_electrode"):
        electrode = getattr(double, side).model_copy(update={"double_layer_capacitance": 0.2})
        double = double.model_copy(update={side: electrode})

    def found(cell, charges):
        return identify(cell, [planned_spectrum(cell, FREQUENCIES, z, noise=5e-3, mesh=mesh) for z in charges], NAMES)

    one = found(plain, [0.5])
    record.check("null directions at one state of charge", expected=2, found=len(one.null_directions), tolerance=0)
    at = [NAMES.index(name) for name in NAMES[2:]]
    null = np.abs(one.null_directions[:, [k for k in range(5) if k not in at]]).max()
    record.check_at_most("diffusion in the null directions", limit=1e-3, found=null)
    record.check_true(
        "in words: only one combination of k_n, k_p and R₀ is seen",
        any(", ".join(NAMES[2:]) + ": only one combination of these 3 is seen" in sentence for sentence in one.sentences),
    )
    three = found(plain, [0.2, 0.5, 0.8])
    record.check("null directions at three states of charge", expected=0, found=len(three.null_directions), tolerance=0)
    for short, error, percent in zip(SHORT, three.standard_errors, PERCENT, strict=True):
        record.check(f"standard error of {short}", expected=percent, found=100.0 * error, tolerance=0.03 * percent, unit="%")
    record.check("correlation of k_n and k_p", expected=-0.907, found=three.correlation[2, 3], tolerance=5e-3)
    layered = found(double, [0.2, 0.5, 0.8])
    for short, error, percent in zip(SHORT, layered.standard_errors, WITH_DOUBLE_LAYERS, strict=True):
        record.compare(f"standard error of {short} with double layers", reference=percent, found=100.0 * error, unit="%")
    flat = found(double, [0.5])
    record.check_true(
        "with double layers charge transfer is told at one state of charge", np.all(flat.standard_errors[2:] < 0.05)
    )
    record.compare("standard error of τ_n at 50 % alone", reference=534.0, found=100.0 * flat.standard_errors[0], unit="%")
    record.check_true(
        "in words: τ_n is unknown there",
        any(sentence.startswith(NAMES[0]) and "known to a factor" in sentence for sentence in flat.sentences),
    )
