"""Networks of bodies and throats."""

import csv

import numpy as np
import pytest

from scalith.electrode import VoxelImage, pore_network, separate_particles, write_pore_network
from scalith.quantities import InputError

H = 1e-7


@pytest.fixture(scope="module")
def network():
    """Two wide chambers and a narrow one in a row along x, joined by channels of two voxels squared."""
    labels = np.ones((40, 12, 12), np.uint8)
    labels[0:10, 1:11, 1:11] = 0
    labels[10:15, 5:7, 5:7] = 0
    labels[15:25, 1:11, 1:11] = 0
    labels[25:31, 5:7, 5:7] = 0
    labels[31:37, 3:9, 3:9] = 0
    image = VoxelImage(labels, H, {"pore": 0, "active": 1})
    return pore_network(separate_particles(image, "pore")), float((labels == 0).sum() * H**3)


def test_chambers_in_a_row_are_a_chain(network):
    found, volume = network
    assert found["pore.volume"].sum() == pytest.approx(volume)
    order = np.argsort(found["pore.coords"][:, 0])
    rank = np.argsort(order)
    steps = np.sort(rank[found["throat.conns"]], axis=1)
    # Every body is joined to the next along x and to no other.
    np.testing.assert_array_equal(
        steps[np.argsort(steps[:, 0])], np.stack([np.arange(len(order) - 1), np.arange(1, len(order))], 1)
    )
    np.testing.assert_allclose(found["pore.coords"][:, 1:], 6 * H, rtol=1e-6)
    np.testing.assert_allclose(1.5 * found["throat.cross_sectional_area"], 4 * H**2)
    np.testing.assert_allclose(
        np.sort(found["throat.direct_length"]), np.sort(np.diff(found["pore.coords"][order, 0])), rtol=1e-6
    )
    first = order[0]
    assert found["pore.xmin"][first]
    assert found["pore.xmin"].sum() == 1
    assert not any(found[f"pore.{face}"].any() for face in ("xmax", "ymin", "ymax", "zmin", "zmax"))
    assert 9 * H <= found["pore.inscribed_diameter"].max() <= 10 * H


def test_files_give_the_network_back(network, tmp_path):
    found, _ = network
    write_pore_network(found, tmp_path / "network.npz")
    with np.load(tmp_path / "network.npz", allow_pickle=False) as archive:
        assert set(archive.files) == set(found)
        for name, values in found.items():
            np.testing.assert_array_equal(archive[name], values)
            assert archive[name].dtype == values.dtype
    write_pore_network(found, tmp_path / "network.csv")
    with (tmp_path / "network.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for name, values in found.items():
        titles = [name] if values.ndim == 1 else [f"{name}[{n}]" for n in range(values.shape[1])]
        columns = [[row[title] for row in rows if row[title]] for title in titles]
        read = np.array(columns) == "True" if values.dtype == bool else np.array(columns, float)
        np.testing.assert_array_equal(read.T.reshape(values.shape), values)


def test_bad_networks(network, tmp_path):
    found, _ = network
    with pytest.raises(InputError, match="what separate_particles gives"):
        pore_network({"pore.coords": 1})
    with pytest.raises(InputError, match=r"\.npz or \.csv"):
        write_pore_network(found, tmp_path / "network.pnm")
    with pytest.raises(InputError, match=r"pore\.… or throat"):
        write_pore_network(found | {"volume": np.zeros(3)}, tmp_path / "network.csv")
    with pytest.raises(InputError, match=r"one row for each pore"):
        write_pore_network(found | {"pore.volume": np.zeros(99)}, tmp_path / "network.csv")
    with pytest.raises(InputError, match="expected numbers"):
        write_pore_network(found | {"pore.volume": np.full(len(found["pore.volume"]), None)}, tmp_path / "network.npz")
    assert not list(tmp_path.iterdir())
