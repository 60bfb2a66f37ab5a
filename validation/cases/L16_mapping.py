r"""L16: Orderings are found again in whatever cell and orientation they come

[E] All distinct lithium/vacancy orderings of LixCoO2 in up to four primitive cells are turned at random, strained by 1 %, their
atoms displaced by 0.05 Å and shuffled, and written in long, skewed vectors $S L$ ($S$ integer, $\det S = 1$); and once more
otherwise, every second one in a cell twice as large. Each must map with its own stoichiometry, be told from all others, and be
seen to be its other copy. The displacements found are those given, less the common shift, which is taken out:
$\sigma\sqrt{3(1-1/n)}$ in the root mean square for $n$ atoms.
"""

import numpy as np

from scalith.atoms import ordering_structures
from scalith.crystal import ComputedStructure, StructureSet, enumerate_orderings, map_orderings, read_host
from scalith.quantities import shipped
from validation.record import Record

LONG = True
STRAIN, DISPLACEMENT = 0.01, 0.05


def disguised(atoms, random: np.random.Generator, copies: int):
    """The crystal, turned, strained and displaced, in other vectors."""
    from scipy.spatial.transform import Rotation

    made = atoms.repeat((copies, 1, 1))[random.permutation(copies * len(atoms))]
    made.positions += DISPLACEMENT * random.standard_normal((len(made), 3)) + random.random(3)
    bent = (np.eye(3) + STRAIN * random.standard_normal((3, 3))) @ Rotation.random(None, random).as_matrix()
    a, b, c = random.integers(-4, 5, 3)
    positions = made.positions @ bent
    made.set_cell(np.array([[1, 0, 0], [a, 1, 0], [b, c, 1]]) @ made.cell[:] @ bent)
    made.positions = positions
    made.wrap()
    return made


def run(record: Record) -> None:
    import matplotlib.pyplot as plt

    host = read_host(shipped("dft_energies/LixCoO2_chgnet/LixCoO2_prim.json"))
    distinct = enumerate_orderings(host, [1, 2, 3, 4])
    ideal = list(ordering_structures(host, distinct).values())
    count, random = len(ideal), np.random.default_rng(1)
    made = [disguised(atoms, random, 1) for atoms in ideal]
    made += [disguised(atoms, random, 1 + number % 2) for number, atoms in enumerate(ideal)]
    structures = StructureSet(tuple(ComputedStructure(atoms, -1.0, f"made {k}") for k, atoms in enumerate(made)))
    found = map_orderings(host, structures, repeated="all")
    mapped = found.sizes["structure"]
    record.check("orderings that map, of two copies of each distinct one", expected=2 * count, found=mapped, tolerance=0)
    x = np.tile(distinct["x"].values, 2)
    record.check_at_most("stoichiometry", limit=1e-12, found=np.abs(found["x"].values - x).max())
    twin = found["duplicate_of"].values
    record.check("taken for one another among distinct ones", expected=0, found=np.sum(twin[:count] >= 0), tolerance=0)
    record.check("copies that are seen to be one", expected=count, found=np.sum(twin[count:] == np.arange(count)), tolerance=0)
    given = DISPLACEMENT * np.sqrt([3.0 * (1.0 - 1.0 / len(atoms)) for atoms in made])
    ratio = float(np.sqrt(np.mean((found["displacement_rms"].values / given) ** 2)))
    record.check("displacements found over those given", expected=1.0, found=ratio, tolerance=0.05)

    lowest = map_orderings(host, structures)
    record.check("orderings of which one counts each", expected=count, found=lowest.sizes["structure"], tolerance=0)
    figure, axes = plt.subplots(figsize=(5.5, 3.6))
    axes.plot(found["strain"], found["displacement_rms"], ".")
    axes.set(xlabel="strain", ylabel="displacement, rms / Å")
    record.figure("What the disguise amounts to, as the mapping reports it.", figure)
