r"""B09: The linear Kramers–Kronig test lets valid spectra pass and names what is wrong with others.

**[E]** A Randles circuit with Warburg's diffusion (60 points, 100 kHz to 10 mHz). Without noise, 30 elements leave less than
0.07 %.
With 0.1 % noise, known, a charge-transfer resistance that rises by 10 % during the sweep is flagged in at least 95 of 100
spectra, an unaltered one in at
most 7. At 0.5 % noise that drift is found far less often: stated, not asserted. One point off by 3 % is named, the rest
passes; a spectrum with the sign of its imaginary
part turned is called that; 0.5 µH of the leads pass.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scalith.lab.impedance import kramers_kronig, parse_circuit, z_hit
from scalith.lab.measurement import spectrum
from validation.record import Record

LONG = True
CIRCUIT = parse_circuit("R0-p(R1-W1,C1)")
FREQUENCIES = np.geomspace(1e5, 1e-2, 60)
VALUES = [10.0, 100.0, 20.0, 2e-5]
Complex = NDArray[np.complex128]


def _drifting(share: float) -> Complex:
    at = [CIRCUIT.impedance(f, [10.0, 100.0 * (1.0 + share * k / 59), 20.0, 2e-5])[0] for k, f in enumerate(FREQUENCIES)]
    return np.array(at)


def _flagged(clean: Complex, noise: float) -> tuple[int, float]:
    """How many of 100 are turned down, and the mean residual."""
    count, rms = 0, 0.0
    for seed in range(100):
        numbers = np.random.default_rng(seed)
        z = clean + noise * np.abs(clean) * (numbers.standard_normal(60) + 1j * numbers.standard_normal(60))
        data = kramers_kronig(spectrum(FREQUENCIES, z), noise=noise * np.abs(clean))
        count += data.attrs["valid"] == "no"
        rms += data.attrs["rms"] / 100.0
    return count, rms


def run(record: Record) -> None:
    clean, drifting = CIRCUIT.impedance(FREQUENCIES, VALUES), _drifting(0.1)
    data = kramers_kronig(spectrum(FREQUENCIES, clean), elements=30)
    record.check_at_most("largest residual, no noise, 30 elements", limit=0.07, found=100.0 * data.attrs["largest"], unit="%")
    record.check("points left out, no noise", expected=0, found=int(data["left_out"].sum()), tolerance=0)
    unaltered, small = _flagged(clean, 1e-3)
    drift, large = _flagged(drifting, 1e-3)
    record.check_at_most("unaltered spectra flagged, 0.1 % noise, of 100", limit=7, found=unaltered)
    record.check("drifting spectra not flagged, 0.1 % noise, of 100", expected=0, found=100 - drift, tolerance=5)
    record.compare("residual of an unaltered spectrum, rms", reference=0.09, found=100.0 * small, unit="%")
    record.compare("residual of a drifting spectrum, rms", reference=0.21, found=100.0 * large, unit="%")
    record.compare(
        "drifting spectra flagged, 0.5 % noise, of 100",
        reference=33,
        found=_flagged(drifting, 5e-3)[0],
        note="less noise is needed",
    )

    numbers = np.random.default_rng(2)
    noisy = clean + 1e-3 * np.abs(clean) * (numbers.standard_normal(60) + 1j * numbers.standard_normal(60))
    off = noisy.copy()
    off[25] *= 1.03
    named = kramers_kronig(spectrum(FREQUENCIES, off), noise=1e-3 * np.abs(clean))
    left = np.flatnonzero(named["left_out"].values)
    record.check("the outlier of 3 % is the only point named", expected=25, found=left[0] if left.size == 1 else -1, tolerance=0)
    record.check("the rest passes", expected=1, found=named.attrs["valid"] == "yes", tolerance=0)
    turned = kramers_kronig(spectrum(FREQUENCIES, clean.conj()))
    record.check("turned sign is recognised", expected=1, found=turned.attrs["verdict"].startswith("sign error"), tolerance=0)
    leads = kramers_kronig(spectrum(FREQUENCIES, noisy + 2j * np.pi * FREQUENCIES * 5e-7), noise=1e-3 * np.abs(clean))
    record.check("0.5 µH passes", expected=1, found=leads.attrs["valid"] == "yes", tolerance=0)
    record.compare(
        "drift at 10 mHz by Z-HIT", reference=0.0, found=100.0 * z_hit(spectrum(FREQUENCIES, clean)).attrs["drift"], unit="%"
    )
    record.compare(
        "drift at 10 mHz by Z-HIT, drifting spectrum",
        reference=100.0 * float(abs(drifting[-1]) / abs(clean[-1]) - 1.0),
        found=100.0 * z_hit(spectrum(FREQUENCIES, drifting)).attrs["drift"],
        unit="%",
    )
    record.figure("Residuals of a spectrum with one point off by 3 %.", named.plot())
