from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

from scalith.cell import CellSpecification, simulate_protocol, specification_from_bpx, to_bpx
from scalith.interface import linear, overvoltage_property
from scalith.quantities import InputError, Property, Source, shipped
from scalith.quantities.plausible_ranges import UNCHECKED
from scalith.quantities.uncertain import ErrorComponent

numbers = st.floats(1e-3, 1e3).map(float)


def some(strategy):
    return st.none() | strategy


@st.composite
def properties(draw, name, unit, dim, low, high, *, falling=False):
    source = Source(kind="predicted", by="a lower scale", note=draw(st.text(max_size=5)), parents=("abc",))
    grids = {}
    if draw(st.booleans()) or falling:
        grids[dim] = np.concatenate(
            [[0.0], np.sort(draw(st.lists(st.floats(0.05, 0.95), min_size=1, max_size=5, unique=True))), [1.0]]
        )
        if dim == "c":
            grids[dim] = 1.0 + 4000.0 * grids[dim]
    if draw(st.booleans()):
        grids["T"] = np.array([270.0, 298.15, 330.5][: draw(st.integers(2, 3))])
    shape = tuple(grid.size for grid in grids.values())
    size = int(np.prod(shape))
    values = np.array(draw(st.lists(st.floats(low, high), min_size=size, max_size=size))).reshape(shape)
    if falling:
        values = -np.sort(-values, axis=0)
    along = 0.1 if dim in grids else None
    parts = tuple(
        ErrorComponent(part, np.full(shape, draw(st.floats(0.0, 1.0))), draw(some(st.just(along))))
        for part in draw(st.sampled_from([(), ("stated",), ("fit", "learned potential")]))
    )
    if not grids:
        return Property(name, xr.DataArray(float(values)), unit, source, components=parts)
    return Property.from_arrays(name, grids, values, unit, source, components=parts)


@st.composite
def materials(draw):
    window = sorted(draw(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=2, unique=True)))
    made = {
        "particle_radius": draw(st.sampled_from([1e-6, 5.23e-6])),
        "maximum_concentration": draw(st.floats(1e3, 1e5)),
        "minimum_stoichiometry": window[0],
        "maximum_stoichiometry": window[1],
        "open_circuit_voltage": draw(properties("open_circuit_voltage", "V", "x", 0.0, 5.0, falling=True)),
        "chemical_diffusivity": draw(properties("chemical_diffusivity", "m2 s-1", "x", 1e-16, 1e-12)),
        "entropic_coefficient": draw(some(properties("entropic_coefficient", "V K-1", "x", -1e-3, 1e-3))),
        "diffusivity_activation_energy": draw(st.floats(0.0, 1e5)),
        "reaction_activation_energy": draw(st.floats(0.0, 1e5)),
        "anodic_transfer_coefficient": draw(st.floats(0.1, 0.9)),
        "cathodic_transfer_coefficient": draw(st.floats(0.1, 0.9)),
        "concentration_exponent": draw(some(st.floats(0.0, 2.0))),
        "film_resistance": draw(st.floats(0.0, 1.0)),
    }
    made |= draw(
        st.fixed_dictionaries({"active_volume_fraction": st.floats(0.01, 0.1)})
        | st.just({"specific_area": 0.05 * 3.0 / made["particle_radius"]})
    )
    made |= draw(
        st.fixed_dictionaries({"reaction_rate_constant": st.floats(1e-9, 1e-3)})
        | st.fixed_dictionaries({"exchange_current_density": properties("exchange_current_density", "A m-2", "x", 0.1, 10.0)})
    )
    if draw(st.booleans()):
        made["hysteresis"] = draw(properties("hysteresis", "V", "x", 0.0, 0.2))
        made["hysteresis_current_density"] = draw(st.floats(1e-3, 1.0))
        if draw(st.booleans()):
            made |= {"hysteresis_decay": draw(st.floats(0.1, 100.0)), "initial_hysteresis": draw(st.floats(-1.0, 1.0))}
    if draw(st.booleans()):
        made["overvoltage_function"] = overvoltage_property(linear, nodes=11)
    return made


@st.composite
def layers(draw):
    made = {"thickness": draw(st.sampled_from([1e-5, "80 um ± 3 um"])), "porosity": draw(st.floats(0.1, 0.5))}
    made |= draw(
        st.fixed_dictionaries({"transport_efficiency": st.floats(0.05, 1.0)})
        | st.fixed_dictionaries({"bruggeman_exponent": st.floats(0.0, 3.0)})
    )
    if draw(st.booleans()):
        made["porosity"] = f"{made['porosity']} + 0.05 * z"
    return made


@st.composite
def electrodes(draw):
    return draw(layers()) | {
        "conductivity": draw(st.sampled_from([0.5, "3 S/m ± 10 %"])),
        "double_layer_capacitance": draw(st.floats(0.0, 1.0)),
        "materials": draw(st.lists(materials(), min_size=1, max_size=3)),
    }


@st.composite
def cells(draw):
    try:
        return CellSpecification.read(_stated(draw), context=UNCHECKED)
    except InputError:  # tables that swing between their nodes, below zero
        reject()


def _stated(draw):
    return {
        "name": draw(st.text()),
        "description": draw(st.text()),
        "reference": draw(st.text()),
        "electrode_area": draw(numbers),
        "electrode_pairs": draw(st.integers(1, 100)),
        "nominal_capacity": draw(st.floats(1.0, 1e6)),
        "lower_voltage_cut_off": 2.5,
        "upper_voltage_cut_off": draw(st.floats(3.0, 5.0)),
        "contact_resistance": draw(st.sampled_from([0.0, 0.3, "5 mohm ± 1 mohm"])),
        "reference_temperature": draw(st.floats(280.0, 320.0)),
        "electrolyte": {
            "initial_concentration": draw(st.floats(100.0, 3000.0)),
            "conductivity": draw(properties("conductivity", "S m-1", "c", 0.1, 2.0)),
            "diffusivity": draw(properties("diffusivity", "m2 s-1", "c", 1e-11, 1e-9)),
            "transference_number": draw(properties("transference_number", "1", "c", 0.1, 0.9)),
            "thermodynamic_factor": draw(properties("thermodynamic_factor", "1", "c", 0.5, 4.0)),
            "generation": draw(some(properties("generation", "mol m-3 s-1", "c", 0.0, 1.0))),
            "conductivity_activation_energy": draw(st.floats(0.0, 1e5)),
            "diffusivity_activation_energy": draw(st.floats(0.0, 1e5)),
        },
        "negative_electrode": draw(electrodes()),
        "separator": draw(layers()),
        "positive_electrode": draw(electrodes()),
        "thermal": draw(
            some(
                st.fixed_dictionaries(
                    {
                        "heat_capacity": some(numbers | st.just("60 J/K ± 2 J/K")),
                        "heat_transfer": st.floats(0.0, 10.0),
                        "ambient_temperature": some(st.floats(250.0, 330.0)),
                        "mass": some(numbers),
                        "volume": some(numbers),
                        "surface_area": some(numbers),
                        "thickness": some(numbers),
                        "through_conductivity": some(numbers),
                    }
                )
            )
        ),
        "initial_state": {"state_of_charge": draw(st.floats(0.0, 1.0)), "temperature": draw(some(st.floats(250.0, 330.0)))},
    }


# Cells of this size shrink too slowly to be of use.
@pytest.mark.long
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate))
@given(cell=cells())
def test_a_written_cell_comes_back_equal(tmp_path_factory, cell):
    path = tmp_path_factory.mktemp("bpx") / "cell.json"
    to_bpx(cell, path)
    again = specification_from_bpx(path, check_plausible=False)
    assert again == cell
    assert again.digest == cell.digest


def test_heat_transfer_too_small_for_its_digits_comes_back(tmp_path, lgm50):
    thermal = {"heat_capacity": 60.0, "heat_transfer": 5e-324, "surface_area": 3.0}
    cell = CellSpecification.read(lgm50.model_dump() | {"thermal": thermal}, context=UNCHECKED)
    to_bpx(cell, tmp_path / "cell.json")
    assert specification_from_bpx(tmp_path / "cell.json", check_plausible=False) == cell


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(shipped("cell/lgm50_chen2020.toml").parent.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_cells_come_back_equal(tmp_path, path):
    cell = CellSpecification.read_toml(path)
    if cell.negative_electrode.planar or cell.positive_electrode.planar:
        with pytest.raises(InputError, match=r"electrode\.planar: found True, expected False: BPX has no field"):
            to_bpx(cell, tmp_path / "cell.json")
        return
    if cell.negative_electrode.material.processes:
        with pytest.raises(InputError, match=r"negative_electrode\.stress: .*BPX has no field"):
            to_bpx(cell, tmp_path / "cell.json")
        return
    to_bpx(cell, tmp_path / "cell.json")
    assert specification_from_bpx(tmp_path / "cell.json") == cell


def _changed(cell, side, **changes):
    electrode = getattr(cell, side)
    fields = {name: getattr(electrode.material, name) for name in type(electrode.material).model_fields}
    material = type(electrode.material).read(fields | changes)
    return cell.model_copy(update={side: electrode.model_copy(update={"materials": (material,)})})


def test_memory_of_hysteresis_and_the_stack_come_back(tmp_path, lgm50):
    cell = _changed(lgm50, "negative_electrode", hysteresis=0.03, hysteresis_decay=20.0, initial_hysteresis=-1.0)
    thermal = {"heat_capacity": 60, "heat_transfer": 0.1, "thickness": 0.01, "through_conductivity": 0.8}
    cell = CellSpecification.read(cell.model_dump() | {"thermal": thermal})
    to_bpx(cell, tmp_path / "cell.json")
    again = specification_from_bpx(tmp_path / "cell.json")
    assert again == cell
    written = json.loads((tmp_path / "cell.json").read_text())
    assert written["Parameterisation"]["Negative electrode"]["OCP hysteresis decay constant"] == 40.0
    assert written["State"]["Initial conditions"]["Initial hysteresis state: Negative electrode"] == -1.0
    steps = ["Discharge at C/5 for 30 minutes", "Rest for 1 h"]
    ours, theirs = (simulate_protocol(one, steps) for one in (cell, again))
    np.testing.assert_array_equal(ours.voltage, theirs.voltage)


def test_what_bpx_can_say_stands_in_its_own_fields(tmp_path, lgm50):
    to_bpx(lgm50, tmp_path / "cell.json")
    content = json.loads((tmp_path / "cell.json").read_text())
    del content["Parameterisation"]["User-defined"]
    (tmp_path / "plain.json").write_text(json.dumps(content))
    again = specification_from_bpx(tmp_path / "plain.json")
    for name in ("negative_electrode", "positive_electrode"):
        one, other = getattr(lgm50, name).material, getattr(again, name).material
        np.testing.assert_array_equal(one.open_circuit_voltage.values, other.open_circuit_voltage.values)
        assert one.area == other.area
        assert getattr(lgm50, name).efficiency == getattr(again, name).efficiency
    assert again.initial_state == lgm50.initial_state


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("Negative electrode/Transport efficiency", 0.3, "Negative electrode.bruggeman_exponent"),
        ("Negative electrode/Surface area per unit volume [m-1]", 1e5, "active_volume_fraction"),
        ("Positive electrode/Reaction rate constant [mol.m-2.s-1]", 1e-3, "exchange_current_density"),
        ("Positive electrode/OCP [V]", 3.9, "open_circuit_voltage"),
        ("Cell/Volume [m3]", 1e-3, "Heat capacity|Mass"),
        ("User-defined/Positive electrode/Primary/open_circuit_voltage/colour", 1.0, "open_circuit_voltage.colour"),
    ],
)
def test_a_field_changed_beside_what_stands_for_it_is_noticed(tmp_path, lgm50, path, value, message):
    x, T = np.linspace(0.0, 1.0, 21), np.array([280.0, 300.0])
    source = Source(kind="assumed", by="test")
    voltage = Property.from_arrays("open_circuit_voltage", {"x": x, "T": T}, 4.5 - x[:, None] + 1e-4 * T, "V", source)
    cell = _changed(
        lgm50, "positive_electrode", exchange_current_density=2.0, reaction_rate_constant=None, open_circuit_voltage=voltage
    )
    thermal = {"heat_capacity": 60.0, "mass": 0.07, "volume": 2.4e-5, "surface_area": 5e-3, "heat_transfer": 0.05}
    cell = CellSpecification.read(cell.model_dump() | {"thermal": thermal})
    to_bpx(cell, tmp_path / "cell.json")
    assert specification_from_bpx(tmp_path / "cell.json") == cell
    content = json.loads((tmp_path / "cell.json").read_text())
    *above, last = path.split("/")
    part = content["Parameterisation"]
    for key in above:
        part = part[key]
    part[last] = value
    (tmp_path / "cell.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        specification_from_bpx(tmp_path / "cell.json")


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"geometry": "cylinder"}, "negative_electrode.geometry"), ({"stress": {"youngs_modulus": "15 GPa", "poisson_ratio": 0.3, "partial_molar_volume": 3e-6}}, "stress")],
)  # fmt: skip
def test_what_bpx_has_no_field_for_is_named(tmp_path, lgm50, changes, message):
    with pytest.raises(InputError, match=message):
        to_bpx(_changed(lgm50, "negative_electrode", **changes), tmp_path / "cell.json")
    assert not (tmp_path / "cell.json").exists()
