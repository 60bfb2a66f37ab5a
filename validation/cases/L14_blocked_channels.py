r"""L14: Channels that antisite defects block

[E] A share $p$ of the sites of channels of $n$ sites is blocked at random. Ions that leave their channel at its two ends only are
released as a sum over the places of the first block says; for small $p$ the share that comes out is
$\frac{2}{N}(1 - e^{-N}) - e^{-N}$ with $N = pn$ blocks in a channel, the law behind the unblocked capacity of Malik, Burch,
Bazant, Ceder 2010 (DOI 10.1021/nl1023595). With a way past each block into a neighbouring channel all ions come out, and the
network of channels is solved as it is drawn. Asserted:

- that share, and $D/D_0 = 1/(1 + N)$ where few long channels have a block, since one halves it;
- channels drawn at random, without ways, against the sums;
- with slow ways, $D$ falls with the barrier of the way as $e^{-\Delta E/kT}$;
- their statement: the longer the channel, the slower the particle, down to a bulk that no longer depends on it. From
  3 to 10 µm $D$ changes by less than from 0.1 to 0.3 µm.

[P] Compared, since no such number is known without doubt: on crystals of millimetres the chemical diffusivity is
$10^{-9}$ to $10^{-10}$ cm²/s at 150 °C (Amin et al., as Malik et al. quote it). The shipped barrier of LiFePO4 makes that of an
undisturbed channel some $10^4$ times larger. With 1 % of antisites, ways that are 0.5 eV dearer than hops along a channel
bring it there. In a particle of 75 nm the same defects without any way around cost a third of the capacity and a fifth of $D$.
"""

import json

import numpy as np

from scalith.lattice import HopBarriers, blocked_channels, channel_release, draw_channels
from scalith.quantities import Property, Source, shipped
from scalith.quantities.constants import BOLTZMANN_EV
from validation.record import Record

LONG = True
HOP = 3.005
"""Of lithium along [010], Å (shipped)."""

LENGTHS = (300.0, 1000.0, 3000.0, 10_000.0, 30_000.0, 100_000.0)


def share(value: float) -> Property:
    """Blocked share of the sites."""
    return Property.constant("antisite_concentration", value, "1", Source(kind="assumed"))


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    _along_channels(record)
    figure, (ratios, shares) = plt.subplots(1, 2, figsize=(9, 3.5))
    for p, colour in ((0.002, "C0"), (0.01, "C1"), (0.03, "C2")):
        fine = np.geomspace(100.0, 1e5, 60)
        alone = [blocked_channels(share(p), length, HOP) for length in fine]
        shares.semilogx(0.1 * fine, [float(one.accessible_share) for one in alone], color=colour, label=f"{100 * p:g} %")
    for p, colour in ((0.002, "C0"), (0.01, "C1")):
        around = [blocked_channels(share(p), length, HOP, excess_barrier=0.3, samples=2) for length in LENGTHS]
        D = np.array([float(one.diffusivity_ratio[0]) for one in around])
        ratios.loglog(0.1 * np.array(LENGTHS), D, "o-", color=colour, label=f"{100 * p:g} %, ways 0.3 eV dearer")
    record.check_true("the longer the channel, the slower the particle", np.all(np.diff(D) < 0))
    first, last = D[2] / D[1], D[5] / D[4]
    record.check_at_most("fall from 3 to 10 µm over that from 0.1 to 0.3 µm", limit=1.0, found=np.log(last) / np.log(first))
    slow = [
        float(blocked_channels(share(0.01), 750.0, HOP, excess_barrier=dE, samples=2).diffusivity_ratio[0]) for dE in (0.4, 0.5)
    ]
    record.check(
        "barrier that D falls with, slow ways",
        expected=0.1,
        found=BOLTZMANN_EV * 298.15 * np.log(slow[0] / slow[1]),
        tolerance=2e-3,
        unit="eV",
    )
    _beside_crystals(record)
    ratios.set(xlabel="length of the channel [nm]", ylabel="D over that without defects")
    shares.set(xlabel="length of the channel [nm]", ylabel="ions that come out along it")
    ratios.legend()
    shares.legend()
    record.figure("Diffusivity of a particle with ways past its defects, and ions that come out where there are none.", figure)


def _along_channels(record: Record) -> None:
    n = 20_000
    for N in (0.5, 2.0, 10.0):
        law = 2.0 / N * (1.0 - np.exp(-N)) - np.exp(-N)
        found = channel_release(N / n, n).accessible_share
        record.check(f"share that comes out, {N:g} blocks in a channel", expected=law, found=found, tolerance=2e-4)
    free = channel_release(0.0, n).time
    record.check(
        "D/D0, one channel in 10 000 blocked",
        expected=1 / 1.0001,
        found=free / channel_release(1e-4 / n, n).time,
        tolerance=1e-7,
    )
    drawn = [draw_channels(0.02, 100, (24, 24), seed).release(0.0) for seed in range(30)]
    exact = channel_release(0.02, 100)
    for name in ("accessible_share", "time"):
        values = np.array([getattr(found, name) for found in drawn])
        error = values.std(ddof=1) / np.sqrt(len(values))
        off = abs(values.mean() - getattr(exact, name)) / error
        record.check_at_most(f"channels drawn, {name.replace('_', ' ')}: standard errors off", limit=4.0, found=off)


def _beside_crystals(record: Record) -> None:
    barriers = HopBarriers.read(json.loads(shipped("dft_energies/LixFePO4_chgnet/hop_barriers.json").read_text(encoding="utf-8")))
    (along,) = barriers.kinds
    T = 423.15
    assert along.barrier_full is not None
    D = barriers.attempt_frequency * (1e-10 * HOP) ** 2 * np.exp(-along.barrier_full / (BOLTZMANN_EV * T))
    bulk = blocked_channels(share(0.01), LENGTHS[-1], HOP, [T], excess_barrier=0.5, samples=2)
    found = D * float(bulk.diffusivity_ratio[0])
    words = "Amin et al., by Malik et al. 2010: 1e-14 to 1e-13"
    record.compare("D of vacancies in LiFePO4 at 150 °C, no defects", reference=3e-14, found=D, unit="m2 s-1", note=words)
    record.compare("with 1 % of antisites, ways 0.5 eV dearer", reference=3e-14, found=found, unit="m2 s-1", note=words)
    small = blocked_channels(share(0.01), 750.0, HOP)
    record.compare("ions that come out of 75 nm along the channels", reference=1.0, found=float(small.accessible_share))
    record.compare("D of these over that without defects", reference=1.0, found=float(small.diffusivity_ratio[0]))
