"""Images in files of other programs."""

import gzip

import netCDF4
import numpy as np
import pytest
from scipy.io import savemat

from scalith.electrode import read_grey, read_image
from scalith.quantities import InputError

LABELS = np.random.default_rng(1).integers(0, 2, (4, 5, 6)).astype(np.uint8)
PHASES = {"pore": 0, "active": 1}


def nrrd(path, values, head="", encode=bytes):
    text = f"NRRD0004\n# a comment\ntype: uint8\ndimension: 3\nsizes: {' '.join(map(str, values.shape))}\n{head}\n\n"
    path.write_bytes(text.encode() + encode(values.tobytes(order="F")))
    return path


def test_archives_and_matlab_files(tmp_path):
    np.savez(tmp_path / "a.npz", note=np.array([1.0]), labels=LABELS)
    savemat(tmp_path / "a.mat", {"labels": LABELS, "other": LABELS[::-1]})
    for file in ("a.npz", "a.mat"):
        found = read_image(tmp_path / file, phases=PHASES, voxel_size="1 um", variable="labels")
        np.testing.assert_array_equal(found.labels, LABELS)
    assert read_grey(tmp_path / "a.npz", voxel_size="1 um").values.shape == LABELS.shape
    with pytest.raises(InputError, match="an array of three dimensions: labels, other"):
        read_image(tmp_path / "a.mat", phases=PHASES, voxel_size="1 um", variable="label")
    with pytest.raises(InputError, match="found 'note', expected an array of three dimensions"):
        read_image(tmp_path / "a.npz", phases=PHASES, voxel_size="1 um", variable="note")
    np.savez(tmp_path / "b.npz", labels=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="a NumPy archive of arrays"):
        read_image(tmp_path / "b.npz", phases=PHASES, voxel_size="1 um")


def matlab_73(path, arrays):
    """HDF5 behind the 512 bytes of MATLAB's own header, axes in reverse."""
    with netCDF4.Dataset(path, "w") as file:
        for size in arrays["labels"].shape:
            file.createDimension(f"d{size}", size)
        for name, one in arrays.items():
            file.createVariable(name, "u1", tuple(f"d{size}" for size in one.shape[::-1]))[:] = one.transpose()
    text = b"MATLAB 7.3 MAT-file".ljust(124) + bytes([0, 2]) + b"IM"
    path.write_bytes(text.ljust(512, b"\0") + path.read_bytes())
    return path


def test_of_several_arrays_the_first_is_read_whatever_the_file(tmp_path):
    several = {"labels": LABELS, "other": 1 - LABELS}
    savemat(tmp_path / "old.mat", several)
    np.savez(tmp_path / "a.npz", **several)
    files = [tmp_path / "old.mat", tmp_path / "a.npz", matlab_73(tmp_path / "new.mat", several)]
    for file in files:
        for name, expected in ((None, LABELS), *several.items()):
            found = read_image(file, phases=PHASES, voxel_size="1 um", variable=name)
            np.testing.assert_array_equal(found.labels, expected)
        with pytest.raises(InputError, match="found 'label', expected an array of three dimensions: labels, other"):
            read_image(file, phases=PHASES, voxel_size="1 um", variable="label")


@pytest.mark.parametrize(("encoding", "encode"), [("raw", bytes), ("gzip", gzip.compress)])
def test_nrrd_with_its_spacing(tmp_path, encoding, encode):
    head = f'encoding: {encoding}\nspacings: 0.2 0.2 0.2\nspace units: "um" "um" "um"'
    found = read_image(nrrd(tmp_path / "a.nrrd", LABELS, head, encode), phases=PHASES)
    np.testing.assert_array_equal(found.labels, LABELS)
    assert found.voxel_size == pytest.approx(2e-7)


def test_nrrd_that_does_not_say_enough(tmp_path):
    with pytest.raises(InputError, match="the edge of a voxel"):
        read_image(nrrd(tmp_path / "a.nrrd", LABELS, "encoding: raw\nspacings: 1 1 1"), phases=PHASES)
    short = nrrd(tmp_path / "b.nrrd", LABELS, "encoding: raw", lambda data: data[:-1])
    with pytest.raises(InputError, match=r"119 bytes, expected 120 for 4 x 5 x 6"):
        read_image(short, phases=PHASES, voxel_size="1 um")
    for head in ("spacings: 1 one 1", "space directions: (1,0,0) none (0,0,1)"):
        with pytest.raises(InputError, match=rf"{head.split(':')[0]}: found .*, expected numbers"):
            read_image(nrrd(tmp_path / "d.nrrd", LABELS, f"encoding: raw\n{head}"), phases=PHASES)
    with pytest.raises(InputError, match="raw or gzip"):
        read_image(nrrd(tmp_path / "c.nrrd", LABELS, "encoding: bzip2"), phases=PHASES, voxel_size="1 um")


def test_gzip_is_unpacked_no_further_than_the_header_says(tmp_path, monkeypatch):
    long = nrrd(tmp_path / "a.nrrd", LABELS, "encoding: gzip", lambda data: gzip.compress(data + bytes(10**6)))
    unpacked = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda self, size=-1: unpacked.append(read(self, size)) or unpacked[-1])
    with pytest.raises(InputError, match="found more bytes, expected 120"):
        read_image(long, phases=PHASES, voxel_size="1 um")
    assert [len(one) for one in unpacked] == [121]
    damaged = nrrd(tmp_path / "b.nrrd", LABELS, "encoding: gzip", lambda data: gzip.compress(data)[:12] + b"damaged" * 9)
    with pytest.raises(InputError, match="gzip data"):
        read_image(damaged, phases=PHASES, voxel_size="1 um")


def test_arrays_within_groups(tmp_path):
    with netCDF4.Dataset(tmp_path / "a.h5", "w") as file:
        group = file.createGroup("volume").createGroup("data")
        for name, size in zip("abc", LABELS.shape, strict=True):
            group.createDimension(name, size)
        group.createVariable("labels", "u1", ("a", "b", "c"))[:] = LABELS
    found = read_image(tmp_path / "a.h5", phases=PHASES, voxel_size="1 um", variable="volume/data/labels", axes="xyz")
    np.testing.assert_array_equal(found.labels, LABELS)
    with pytest.raises(InputError, match=r"npz, \.mat, \.nrrd"):
        read_image(tmp_path / "none.nrrd", phases=PHASES)
    with pytest.raises(InputError, match="volume/data/labels"):
        read_image(tmp_path / "a.h5", phases=PHASES, voxel_size="1 um", variable="volume/labels")
