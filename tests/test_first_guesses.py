"""What a newcomer writes first works, or gets one clear sentence (`found` and `expected`)."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import scalith
from scalith import cell, electrode, lattice, pack, quantities
from scalith.quantities import InputError, Property, shipped

FILE = shipped("cell/lgm50_chen2020.toml")
CURVE = shipped("open_circuit_voltage/LFP_mean_Dreyer2010.csv")
LABELS = np.zeros((4, 4, 4), np.uint8)


def test_importing_the_package_loads_nothing_else():
    # What the standard library loads for its own `typing` depends on how the interpreter was started.
    program = (
        "import sys, __future__, importlib, typing; before = set(sys.modules); import scalith; print(*set(sys.modules) - before)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["scalith"]


@pytest.mark.parametrize(("name", "full"), scalith._FUNCTIONS.items())
def test_each_short_name_is_the_function_of_its_package(name, full):
    assert getattr(scalith, name) is getattr(getattr(scalith, full[0]), full[1])
    assert name in dir(scalith)
    assert full[1] in getattr(scalith, full[0]).__all__


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("simulate_discharge", "scalith has no 'simulate_discharge' of its own: it is scalith.cell.simulate_discharge"),
        ("CellSpecification", "scalith has no 'CellSpecification' of its own: it is scalith.cell.CellSpecification"),
        ("impedence", "scalith has no 'impedence': did you mean scalith.impedance?"),
        ("simulate", "scalith has no 'simulate': it has Simulation, climb, cycle, discharge, fit_cell"),
    ],
)
def test_a_name_that_is_not_there_is_told_where_to_look(name, said):
    with pytest.raises(AttributeError) as caught:
        getattr(scalith, name)
    assert str(caught.value).startswith(said)


def test_a_cell_is_a_path_a_name_or_a_specification():
    stated = cell.read_cell(FILE)
    assert cell.read_cell("lgm50_chen2020") == cell.read_cell("shipped:cell/lgm50_chen2020.toml") == stated
    assert cell.read_cell(stated) is stated
    assert scalith.voltage_curve(str(FILE)) == scalith.voltage_curve(stated)
    found = [scalith.discharge(one, "1C", duration=60.0) for one in (str(FILE), "lgm50_chen2020", stated)]
    assert found[0].voltage.equals(found[1].voltage)
    assert found[0].voltage.equals(found[2].voltage)
    np.testing.assert_array_equal(
        scalith.impedance("lgm50_chen2020", [1.0], "50 %").resistance, scalith.impedance(stated, 1.0, 0.5).resistance
    )


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        (lambda: cell.read_cell(5), "cell: found a int, expected a CellSpecification, or the path of a cell's file"),
        (lambda: cell.read_cell("cell.txt"), "cell.txt: found a file .txt, expected a cell as .toml, or BPX as .json or .bpx"),
        (
            lambda: cell.read_cell("lgm50"),
            "shipped data: cell/lgm50.toml: found no such file, expected a known name; did you mean",
        ),
        (
            lambda: scalith.impedance(FILE, [1.0], 50),
            "simulate_impedance: state_of_charge: found 50, expected 0 to 1, or text such as '50 %'",
        ),
        (lambda: pack.Barrier(thickness="1 mm", conductivity=-1), "Barrier: conductivity: found -1, expected greater than 0"),
        (lambda: pack.Barrier("1 mm"), "Barrier: found 1 values without a name, expected fields by name: Barrier(name=value)"),
        (
            lambda: pack.CellBody(shap="prismatic"),
            "CellBody: shap: found unknown key 'shap', expected a known name; did you mean 'shape'?",
        ),
        (lambda: cell.CellSpecification.read({"electrode_are": 1}), "specification: electrode_are: found unknown key"),
        (
            lambda: electrode.solve_conduction(LABELS, {"pore": 1}),
            "solve_conduction: image: found a ndarray of shape (4, 4, 4), expected a VoxelImage",
        ),
        (lambda: electrode.effective_conductivity(LABELS, {"pore": 1}), "effective_conductivity: image: found a ndarray"),
        (lambda: electrode.covariance(image=None, phase="pore"), "covariance: image: found a NoneType, expected a VoxelImage"),
        (
            lambda: scalith.sweep(FILE, {"positive_electrode.thicknes": [7e-5]}, 1.0),
            "varied parameter: positive_electrode.thicknes: found",
        ),
    ],
)
def test_a_wrong_guess_gets_one_sentence(guess, said):
    with pytest.raises(InputError) as caught:
        guess()
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_one_step_is_a_protocol():
    assert float(scalith.cycle("lgm50_chen2020", "Discharge at 1C for 30 s").time[-1]) == pytest.approx(30.0)


def test_an_image_needs_labels_an_edge_and_names():
    image = electrode.VoxelImage(LABELS, "0.5 um", {"pore": 0})
    assert image.voxel_size == 5e-7
    assert image.source.kind == "assumed"
    assert repr(image) == "VoxelImage(4 × 4 × 4 voxels of 5e-07 m: pore 100.0%)"
    with pytest.raises(InputError, match="voxel_size"):
        electrode.VoxelImage(LABELS, "0.5 V", {"pore": 0})


def test_the_tortuosity_of_a_laminate_is_exact():
    """Along the layers 1; across them nothing connects."""
    image = electrode.laminate((8, 8, 8), 1e-6, [("pore", 2), ("solid", 2)])
    found = scalith.tortuosity(image, "pore")
    np.testing.assert_allclose(found.tortuosity_factor, [np.inf, 1.0, 1.0], rtol=1e-6)
    np.testing.assert_allclose(found.conductivity, [0.0, 0.5, 0.5], rtol=1e-6)


def curve() -> Property:
    return quantities.read_property_csv(CURVE, "open_circuit_voltage", "V", {"x": "1"})


def test_a_property_is_shifted_scaled_and_drawn():
    p = curve()
    assert (p + 0.1)(0.5) == pytest.approx(p(0.5) + 0.1, abs=1e-12)
    assert (0.1 + p) == (p + 0.1)
    assert (2.0 * p / 2.0 - 0.0)(0.5) == pytest.approx(p(0.5), abs=1e-12)
    assert (p + 0.1).source.parents == (p.digest,)
    stated = Property.from_arrays("v", {"x": [0.0, 1.0]}, [1.0, 2.0], "V", p.source, [0.1, 0.2])
    np.testing.assert_allclose((-3.0 * stated).standard_error, [0.3, 0.6])
    figure = stated.plot()
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [1.0, 2.0])
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(0.9)
    assert band.max() == pytest.approx(2.2)
    for wrong in (lambda: p + p, lambda: np.ones(3) * p, lambda: p + "0.1 V"):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(AttributeError, match=r"a Property has no 'to_xarray': .* to_dataset"):
        p.to_xarray()
    with pytest.raises(InputError, match="single numbers: c"):
        Property.constant("c", 1.0, "V", p.source).plot()


def test_random_numbers_want_their_seed():
    with pytest.raises(TypeError, match="seed"):
        lattice.semi_grand_canonical(None, [300.0])
