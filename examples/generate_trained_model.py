"""The model of structures that comes with the package: trained on the first 192 planes of TauFactor's sample.

python examples/generate_trained_model.py SAMPLE.tiff MODEL.npz [STEPS]    (pip install 'scalith[design]' for PyTorch)

7,000 steps take 35 minutes of one core.
"""

import sys

import numpy as np

from scalith.design import train_model, write_trained_model
from scalith.electrode import ParticleKind, crop, packed_particles, place_binder, read_image

sample, path, *steps = sys.argv[1:]
image = read_image(sample, phases={"pore": 0, "active": 85, "binder": 170}, voxel_size="0.1 um", axes="xyz")
others = []
for number in range(6):
    draw = np.random.default_rng(50 + number)
    fraction, radius, spread = draw.uniform(0.33, 0.47), 1e-7 * draw.uniform(9, 18), draw.uniform(0, 0.4)
    kind = ParticleKind(phase="active", fraction=float(fraction), radius=float(radius), spread=float(spread))
    packed = packed_particles((128,) * 3, 1e-7, [kind], seed=number, overlap=0.3)
    binder, clusters, size = draw.uniform(0.1, 0.2), draw.uniform(0.1, 0.5), 1e-7 * draw.uniform(1, 4)
    others.append(place_binder(packed, float(binder), float(clusters), cluster_size=float(size), seed=number, name="binder"))
model = train_model(
    crop(image, x=(0, 192)),
    conducting="pore",
    between=("active", "pore"),
    line=("active", "pore", "binder"),
    others=others,
    seed=1,
    steps=int(steps[0]) if steps else 7000,
    progress=lambda _, words: print(words, flush=True),
    checkpoint=lambda model: write_trained_model(model, path),
)
write_trained_model(model, path)
