"""Images survive every format, and bad ones are refused with one clear sentence."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace

import numpy as np
import pytest

from scalith.electrode import VoxelImage, image_dataset, image_from_dataset, random_sites, read_image, write_image
from scalith.quantities import InputError, Source, read_results, write_results

PHASES = {"pore": 0, "active": 85, "binder": 170}


@pytest.fixture
def image():
    labels = np.random.default_rng(1).choice(np.array([0, 85, 170], np.uint8), size=(5, 4, 3))
    return VoxelImage(labels, 1e-7, PHASES, Source(kind="assumed"))


@pytest.mark.parametrize("name", ["a.tif", "a.tiff", "a.npy", "a.vtk", "a.vti", "a.nc", "a.h5", "a.hdf5"])
def test_what_is_written_is_read_back(image, tmp_path, name):
    write_image(image, tmp_path / name)
    size = None if name.endswith(("vtk", "vti", "nc", "h5", "hdf5")) else "0.1 um"
    found = read_image(tmp_path / name, phases=PHASES, voxel_size=size)
    np.testing.assert_array_equal(found.labels, image.labels)
    assert found.voxel_size == pytest.approx(1e-7, rel=1e-12)
    assert found.source.files[0].name == name


@pytest.mark.parametrize("name", ["a.vtk", "a.vti"])
def test_vtk_as_text(image, tmp_path, name):
    write_image(image, tmp_path / name, text=True)
    assert (tmp_path / name).read_bytes().isascii()
    np.testing.assert_array_equal(read_image(tmp_path / name, phases=PHASES).labels, image.labels)


def test_raw_bytes_need_their_shape(image, tmp_path):
    write_image(image, tmp_path / "a.raw")
    found = read_image(tmp_path / "a.raw", phases=PHASES, voxel_size=1e-7, shape=(5, 4, 3))
    np.testing.assert_array_equal(found.labels, image.labels)
    np.asarray(image.labels, ">u2").ravel(order="F").tofile(tmp_path / "b.raw")
    found = read_image(tmp_path / "b.raw", phases=PHASES, voxel_size=1e-7, shape=(5, 4, 3), dtype=">u2")
    np.testing.assert_array_equal(found.labels, image.labels)
    with pytest.raises(InputError, match="does not say its size"):
        read_image(tmp_path / "a.raw", phases=PHASES, voxel_size=1e-7)
    with pytest.raises(InputError, match=r"60 bytes'?, expected 120 bytes"):
        read_image(tmp_path / "a.raw", phases=PHASES, voxel_size=1e-7, shape=(10, 4, 3))


def test_axes_are_obeyed(image, tmp_path):
    np.save(tmp_path / "a.npy", image.labels.transpose(2, 0, 1))
    found = read_image(tmp_path / "a.npy", phases=PHASES, voxel_size=1e-7, axes="zxy")
    np.testing.assert_array_equal(found.labels, image.labels)
    # A page of a stack is a plane of constant z, its rows run along y.
    write_image(image, tmp_path / "a.tif")
    from PIL import Image

    with Image.open(tmp_path / "a.tif") as stack:
        stack.seek(2)
        np.testing.assert_array_equal(np.asarray(stack), image.labels[:, :, 2].T)


def _vti(array: str, tail: bytes = b"", compressor: str = "", header: str = "UInt32") -> bytes:
    return (
        f'<?xml version="1.0"?><VTKFile type="ImageData" byte_order="LittleEndian" header_type="{header}"{compressor}>'
        '<ImageData WholeExtent="0 5 0 4 0 3" Origin="0 0 0" Spacing="1e-07 1e-07 1e-07"><Piece Extent="0 5 0 4 0 3">'
        f"<CellData>{array}</CellData></Piece></ImageData>"
    ).encode() + tail + b"</VTKFile>"  # fmt: skip


def test_vti_as_other_programs_write_it(image, tmp_path):
    flat = image.labels.ravel(order="F").tobytes()
    declared = '<DataArray type="UInt8" Name="phase" format="{}"{}>{}</DataArray>'
    plain = base64.b64encode(np.uint32(len(flat)).tobytes() + flat).decode()
    (tmp_path / "base64.vti").write_bytes(_vti(declared.format("binary", "", plain)))
    blocks = [zlib.compress(flat[:32]), zlib.compress(flat[32:])]
    head = np.array([2, 32, len(flat) - 32, len(blocks[0]), len(blocks[1])], np.uint32).tobytes()
    squeezed = (base64.b64encode(head) + base64.b64encode(b"".join(blocks))).decode()
    zlibbed = ' compressor="vtkZLibDataCompressor"'
    (tmp_path / "zlib.vti").write_bytes(_vti(declared.format("binary", "", squeezed), compressor=zlibbed))
    tail = b'<AppendedData encoding="raw">\n_' + head + b"".join(blocks) + b"</AppendedData>"
    (tmp_path / "raw.vti").write_bytes(_vti(declared.format("appended", ' offset="0"', ""), tail, zlibbed))
    for name in ("base64.vti", "zlib.vti", "raw.vti"):
        np.testing.assert_array_equal(read_image(tmp_path / name, phases=PHASES).labels, image.labels)


def test_a_legacy_file_of_points_and_of_another_kind(image, tmp_path):
    values = " ".join(str(value) for value in image.labels.ravel(order="F"))
    head = "# vtk DataFile Version 2.0\nx\nASCII\nDATASET {}\nDIMENSIONS 5 4 3\nSPACING 1e-7 1e-7 1e-7\nORIGIN 0 0 0\nPOINT_DATA 60\n"
    table = "SCALARS phase int\nLOOKUP_TABLE default\n"
    (tmp_path / "a.vtk").write_text(head.format("STRUCTURED_POINTS") + table + values)
    np.testing.assert_array_equal(read_image(tmp_path / "a.vtk", phases=PHASES).labels, image.labels)
    (tmp_path / "b.vtk").write_text(head.format("POLYDATA") + table + values)
    with pytest.raises(InputError, match="STRUCTURED_POINTS"):
        read_image(tmp_path / "b.vtk", phases=PHASES)
    with pytest.raises(InputError, match="'density'"):
        read_image(tmp_path / "a.vtk", phases=PHASES, variable="density")


def test_the_dataset_of_an_image_goes_through_a_file(image, tmp_path):
    write_results(image_dataset(image), tmp_path / "a.nc")
    found = image_from_dataset(read_results(tmp_path / "a.nc"))
    assert found.digest == image.digest
    assert not found.periodic
    going_on = replace(image, periodic=True)
    write_results(image_dataset(going_on), tmp_path / "b.nc")
    again = image_from_dataset(read_results(tmp_path / "b.nc"))
    assert again.periodic
    assert again.digest == going_on.digest != image.digest
    with pytest.raises(InputError, match="image_dataset"):
        image_from_dataset(image_dataset(image).drop_attrs())


def test_cells_that_are_no_cubes_are_resampled_when_asked(tmp_path):
    labels = np.zeros((4, 4, 6), np.uint8)
    labels[:, :, 3:] = 1
    np.save(tmp_path / "a.npy", labels)
    edges = ("0.1 um", "0.1 um", "0.2 um")
    with pytest.raises(InputError, match=r"0\.1 x 0\.1 x 0\.2 um, expected cubes"):
        read_image(tmp_path / "a.npy", phases={"a": 0, "b": 1}, voxel_size=edges)
    found = read_image(tmp_path / "a.npy", phases={"a": 0, "b": 1}, voxel_size=edges, cubes="0.1 um")
    assert found.shape == (4, 4, 12)
    np.testing.assert_array_equal(found.labels[0, 0], [0] * 6 + [1] * 6)


def test_bad_images(image, tmp_path):
    def said(name: str, **how: object) -> str:
        with pytest.raises(InputError) as caught:
            read_image(tmp_path / name, **({"phases": PHASES, "voxel_size": "0.1 um"} | how))
        assert str(tmp_path / name) in str(caught.value)
        return str(caught.value)

    assert "no such file" in said("missing.tif")
    np.save(tmp_path / "float.npy", image.labels + 0.5)
    assert "float64 values, expected whole numbers that label phases: segment the image first" in said("float.npy")
    np.save(tmp_path / "good.npy", image.labels)
    share = 100 * image.volume_fractions["binder"]
    wanted = f"label 170 in {share:.2g} % of the voxels, expected only pore = 0, active = 85"
    assert wanted in said("good.npy", phases={"pore": 0, "active": 85})
    assert "phase void: found no voxel with label 7, expected at least one voxel" in said("good.npy", phases=PHASES | {"void": 7})
    assert "missing, expected the edge of a voxel" in said("good.npy", voxel_size=None)
    assert "unit 'kg'" in said("good.npy", voxel_size="1 kg")
    assert "positive lengths" in said("good.npy", voxel_size=-1.0)
    np.save(tmp_path / "slice.npy", image.labels[:, :, :1])
    assert "a stack of at least two slices" in said("slice.npy")
    np.save(tmp_path / "flat.npy", image.labels[:, :, 0])
    assert "a stack of at least two slices" in said("flat.npy")
    np.save(tmp_path / "grey.npy", image.labels.astype(np.uint16) * 200)
    assert "expected labels from 0 to 255" in said("grey.npy")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert "Python objects" in said("objects.npy")
    (tmp_path / "image.png").write_bytes(b"")
    assert "expected .tif" in said("image.png")
    for name in ("bad.tif", "bad.vtk", "bad.vti", "bad.h5", "bad.npy"):
        (tmp_path / name).write_bytes(b"<nothing")
        said(name)
    assert "x, y and z" in said("good.npy", axes="xyx")
    with pytest.raises(InputError, match=r"ending '\.png'"):
        write_image(image, tmp_path / "image.png")


def test_an_image_larger_than_the_memory_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "huge.raw").open("wb") as stream:
        stream.truncate(2**42)  # a sparse file: no disk is used
    with pytest.raises(InputError, match=r"GiB needed to read it, .* GiB available"):
        read_image(tmp_path / "huge.raw", phases={"a": 0, "b": 1}, voxel_size=1e-7, shape=(2**14, 2**14, 2**14))


def test_colours_are_no_labels(tmp_path):
    from PIL import Image

    Image.new("RGB", (4, 4)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match="colours"):
        read_image(tmp_path / "a.tif", phases=PHASES, voxel_size=1e-7)
    Image.new("F", (4, 4), 0.5).save(tmp_path / "b.tif")
    with pytest.raises(InputError, match="float32 values"):
        read_image(tmp_path / "b.tif", phases=PHASES, voxel_size=1e-7)


def test_an_image_says_what_is_wrong_with_it():
    source = Source(kind="assumed")
    with pytest.raises(InputError, match=r"label 1 in 1e\+02 % of the voxels"):
        VoxelImage(np.ones((2, 2, 2), np.uint8), 1e-7, {"a": 0}, source)
    with pytest.raises(InputError, match="a label of its own"):
        VoxelImage(np.zeros((2, 2, 2), np.uint8), 1e-7, {"a": 0, "b": 0}, source)
    with pytest.raises(InputError, match="positive length"):
        VoxelImage(np.zeros((2, 2, 2), np.uint8), 0.0, {"a": 0}, source)
    image = random_sites((3, 3, 3), 1e-7, 0.5, seed=1)
    with pytest.raises(InputError, match="did you mean 'filled'"):
        image.mask("fild")
    with pytest.raises(ValueError, match="read-only"):
        image.labels[0, 0, 0] = 1


def test_a_folder_of_slices_is_read_by_the_numbers_in_the_names(image, tmp_path):
    from PIL import Image

    for z, page in enumerate(image.labels.transpose(2, 1, 0)):
        Image.fromarray(np.ascontiguousarray(page)).save(tmp_path / f"slice_{z + 9}.png")  # 9, 10, 11: not by letters
    found = read_image(tmp_path, phases=PHASES, voxel_size="0.1 um")
    np.testing.assert_array_equal(found.labels, image.labels)
    assert [file.name for file in found.source.files] == ["slice_9.png", "slice_10.png", "slice_11.png"]
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / "slice_12.png")
    with pytest.raises(InputError, match="the size of the first slice"):
        read_image(tmp_path, phases=PHASES, voxel_size="0.1 um")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="at least two slices"):
        read_image(tmp_path / "empty", phases=PHASES, voxel_size="0.1 um")


@pytest.mark.parametrize("kind", ["float32", "float64", "int64"])
def test_whole_numbers_are_labels_in_any_type(image, tmp_path, kind):
    np.save(tmp_path / "a.npy", image.labels.astype(kind))
    np.testing.assert_array_equal(read_image(tmp_path / "a.npy", phases=PHASES, voxel_size=1e-7).labels, image.labels)
