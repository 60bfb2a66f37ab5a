from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scalith.cell import CellSpecification, simulate_discharge, specification_from_pybamm
from scalith.quantities import InputError, shipped
from scalith.quantities.constants import FARADAY, GAS_CONSTANT


def _arrhenius(energy, T):
    return np.exp(energy / GAS_CONSTANT * (1 / 298.15 - 1 / T))


class ParameterValues:
    """What the importer asks of PyBaMM's object of that name: keys, values by name, functions of arrays."""

    def __init__(self, **changes: Any) -> None:
        self.values = {
            "Electrode height [m]": 0.1,
            "Electrode width [m]": 1.0,
            "Number of electrodes connected in parallel to make a cell": 2.0,
            "Nominal cell capacity [A.h]": 5.0,
            "Current function [A]": 5.0,
            "Contact resistance [Ohm]": 0.002,
            "Lower voltage cut-off [V]": 3.0,
            "Upper voltage cut-off [V]": 4.2,
            "Open-circuit voltage at 0% SOC [V]": 3.3,
            "Open-circuit voltage at 100% SOC [V]": 4.15,
            "Reference temperature [K]": 298.15,
            "Ambient temperature [K]": 300.0,
            "Initial concentration in electrolyte [mol.m-3]": 1100.0,
            "Electrolyte conductivity [S.m-1]": lambda c, T: 1e-3 * c * (1 + 0.01 * (T - 298.15)),
            "Electrolyte diffusivity [m2.s-1]": lambda c, T: 3e-10 * np.exp(-c / 4000) * _arrhenius(17e3, T),
            "Cation transference number": 0.3,
            "Thermodynamic factor": lambda c, T: 1.0 + 1e-4 * c,
            "Separator thickness [m]": 2e-5,
            "Separator porosity": 0.45,
            "Separator Bruggeman coefficient (electrolyte)": 1.7,
            "Initial SEI thickness [m]": 5e-9,
            "citations": ["Nobody2026"],
        }
        for side, voltage, change, initial, maximum in (
            ("Negative", lambda x: 0.3 - 0.25 * x, 1e-4, 20000.0, 30000.0),
            ("Positive", lambda x: 4.6 - 1.5 * x, lambda x: 1e-4 * (x - 0.5), 20000.0, 50000.0),
        ):
            self.values |= {
                f"{side} electrode thickness [m]": 8e-5,
                f"{side} electrode porosity": 0.3,
                f"{side} electrode Bruggeman coefficient (electrolyte)": 1.5,
                f"{side} electrode Bruggeman coefficient (electrode)": 2.0,
                f"{side} electrode conductivity [S.m-1]": 100.0,
                f"{side} electrode active material volume fraction": 0.6,
                f"{side} particle radius [m]": 5e-6,
                f"Maximum concentration in {side.lower()} electrode [mol.m-3]": maximum,
                f"Initial concentration in {side.lower()} electrode [mol.m-3]": initial,
                f"{side} electrode OCP [V]": voltage,
                f"{side} electrode OCP entropic change [V.K-1]": change,
                f"{side} particle diffusivity [m2.s-1]": lambda x, T: (1e-14 + 1e-14 * x) * _arrhenius(30e3, T),
                f"{side} electrode exchange-current density [A.m-2]": lambda c, s, m, T: (
                    1e-6 * c**0.5 * s**0.5 * (m - s) ** 0.5 * _arrhenius(40e3, T)
                ),
            }
        self.values |= changes
        self.values = {key: value for key, value in self.values.items() if value is not None}

    def keys(self):
        return self.values.keys()

    def __getitem__(self, key):
        return self.values[key]


def test_what_the_set_says_is_in_the_cell():
    cell = specification_from_pybamm(ParameterValues(), name="mine")
    assert cell.name == "mine"
    assert cell.plane_area == pytest.approx(0.2)
    assert cell.contact_resistance == 0.002
    assert cell.reference == "Nobody2026"
    e, n, p = cell.electrolyte, cell.negative_electrode, cell.positive_electrode
    for T in (263.15, 298.15, 330.0):
        assert float(e.conductivity(c=700.0, T=T)) == pytest.approx(0.7 * (1 + 0.01 * (T - 298.15)), rel=1e-6)
    assert e.diffusivity_activation_energy == pytest.approx(17e3)
    assert float(e.diffusivity(c=700.0)) == pytest.approx(3e-10 * np.exp(-0.175), rel=1e-6)
    assert float(e.thermodynamic_factor(c=700.0)) == pytest.approx(1.07)
    warm = ParameterValues(**{"Thermodynamic factor": lambda c, T: (1.0 + 1e-4 * c) * _arrhenius(5e3, T)})
    factor = specification_from_pybamm(warm).electrolyte.thermodynamic_factor
    assert float(factor(c=700.0, T=320.0)) == pytest.approx(1.07 * _arrhenius(5e3, 320.0), rel=1e-6)
    assert cell.separator.efficiency == pytest.approx(0.45**1.7)
    assert p.conductivity == pytest.approx(100.0 * 0.7**2)
    assert n.material.diffusivity_activation_energy == pytest.approx(30e3)
    assert n.material.reaction_rate_constant == pytest.approx(1e-6 * 1100**0.5 * 30000 / FARADAY, rel=1e-9)
    assert n.material.reaction_activation_energy == pytest.approx(40e3)
    assert n.material.order_in_concentration == pytest.approx(0.5)
    assert float(n.material.entropic_coefficient(x=0.3)) == pytest.approx(1e-4)
    assert float(p.material.entropic_coefficient(x=0.7)) == pytest.approx(2e-5)
    assert "Initial SEI thickness [m]" in cell.description
    assert "Separator porosity" not in cell.description


def test_the_windows_end_at_the_stated_voltages_with_the_lithium_of_the_set():
    cell = specification_from_pybamm(ParameterValues())
    n, p = cell.negative_electrode.material, cell.positive_electrode.material
    full = float(p.open_circuit_voltage(x=p.minimum_stoichiometry) - n.open_circuit_voltage(x=n.maximum_stoichiometry))
    empty = float(p.open_circuit_voltage(x=p.maximum_stoichiometry) - n.open_circuit_voltage(x=n.minimum_stoichiometry))
    assert (full, empty) == pytest.approx((4.15, 3.3), abs=1e-9)
    for x_n, x_p in ((n.maximum_stoichiometry, p.minimum_stoichiometry), (n.minimum_stoichiometry, p.maximum_stoichiometry)):
        assert 30000.0 * x_n + 50000.0 * x_p == pytest.approx(40000.0)
    assert cell.capacity_of_window("negative") == pytest.approx(cell.capacity_of_window("positive"))
    # 0.4 is where the set starts in its positive electrode.
    start = (p.maximum_stoichiometry - 0.4) / (p.maximum_stoichiometry - p.minimum_stoichiometry)
    assert f"{100 * start:.4g} %" in cell.description


def test_a_voltage_that_turns_back_at_an_end_is_taken_where_the_set_starts():
    turned = ParameterValues(**{"Positive electrode OCP [V]": lambda x: 4.6 - 1.5 * x - 40.0 * np.maximum(0.2 - x, 0.0)})
    straight, bent = (specification_from_pybamm(values).positive_electrode.material for values in (ParameterValues(), turned))
    assert bent.minimum_stoichiometry == pytest.approx(straight.minimum_stoichiometry, abs=1e-9)
    assert bent.maximum_stoichiometry == pytest.approx(straight.maximum_stoichiometry, abs=1e-9)


def test_an_exchange_current_of_another_shape_is_a_table():
    def current(c, s, m, T):
        return 2.0 * (c / 1100.0) ** 0.2 * (s / m) ** 0.8 * (1 - s / m) ** 0.2 * (1 + 0.01 * (T - 298.15))

    cell = specification_from_pybamm(ParameterValues(**{"Positive electrode exchange-current density [A.m-2]": current}))
    material = cell.positive_electrode.material
    assert material.reaction_rate_constant is None
    assert material.order_in_concentration == pytest.approx(0.2)
    for x, T in ((0.3, 298.15), (0.8, 310.0)):
        exact = 2.0 * x**0.8 * (1 - x) ** 0.2 * (1 + 0.01 * (T - 298.15))
        assert float(material.exchange_current_density(x=x, T=T)) == pytest.approx(exact, rel=1e-5)


def test_heat_capacity_and_cooling_are_those_of_the_lumped_model():
    layers = ("Negative current collector", "Negative electrode", "Separator", "Positive electrode", "Positive current collector")
    changes = {f"{layer} density [kg.m-3]": 2000.0 for layer in layers}
    changes |= {f"{layer} specific heat capacity [J.kg-1.K-1]": 900.0 for layer in layers}
    changes |= {f"{layer} thickness [m]": 1e-5 for layer in (layers[0], layers[-1])}
    changes |= {
        "Cell volume [m3]": 3e-5,
        "Cell cooling surface area [m2]": 0.01,
        "Total heat transfer coefficient [W.m-2.K-1]": 12.0,
    }
    thermal = specification_from_pybamm(ParameterValues(**changes)).thermal
    assert thermal is not None
    assert thermal.heat_capacity == pytest.approx(2000 * 900 * 3e-5)
    assert thermal.heat_transfer == pytest.approx(0.12)
    assert thermal.ambient_temperature == 300.0
    assert specification_from_pybamm(ParameterValues()).thermal is None
    changes["Separator specific heat capacity [J.kg-1.K-1]"] = lambda T: 900.0 + T
    with pytest.raises(InputError, match=r"Separator specific heat capacity .*temperature="):
        specification_from_pybamm(ParameterValues(**changes))
    warm = specification_from_pybamm(ParameterValues(**changes), temperature=320.0).thermal
    share = 2e-5 / (1e-5 + 8e-5 + 2e-5 + 8e-5 + 1e-5)
    assert warm is not None
    assert warm.heat_capacity == pytest.approx(2000 * 3e-5 * (900 + share * 320.0))


def test_a_half_cell_has_lithium_on_its_negative_side():
    lithium = {key: None for key in ParameterValues().values if key.startswith("Negative ") or "negative" in key}
    cell = specification_from_pybamm(
        ParameterValues(
            **lithium,
            **{
                "Exchange-current density for lithium metal electrode [A.m-2]": lambda c, m, T: 1e-3 * m**0.7 * c**0.3,
                "Lithium metal partial molar volume [m3.mol-1]": 1.3e-5,
            },
        )
    )
    metal = cell.negative_electrode
    assert metal.planar
    assert float(metal.material.exchange_current_density(x=0.5)) == pytest.approx(1e-3 * (1 / 1.3e-5) ** 0.7 * 1100**0.3)
    assert metal.material.order_in_concentration == pytest.approx(0.3)
    assert cell.positive_electrode.material.minimum_stoichiometry == pytest.approx((4.6 - 4.15) / 1.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Primary: Negative electrode OCP [V]": 0.1}, "Primary: Negative electrode OCP .*a blend"),
        ({"Negative particle radius [m]": "[input]"}, r"Negative particle radius .*not an input"),
        ({"Separator porosity": None}, "Separator porosity: missing"),
        ({"Separator porosity": lambda z: 0.4}, "Separator porosity: .*a number"),
        ({"Number of cells connected in series to make a battery": 4.0}, "in series .*1: one cell"),
        ({"Negative electrode conductivity [S.m-1]": lambda T: 100.0 + T}, "conductivity .*temperature="),
        ({"Negative electrode conductivity [S.m-1]": lambda x, T: 100.0 + x}, "conductivity .*function of the stoichiometry"),
        ({"Negative electrode OCP [V]": lambda x, y: x}, "OCP .*a function of 1 argument"),
        (
            {"Negative electrode exchange-current density [A.m-2]": lambda c, s, m, T: 1.0 + c},
            "exchange-current .*one power of the electrolyte concentration",
        ),
        ({"Open-circuit voltage at 100% SOC [V]": 4.9}, "100% SOC .*a voltage that the lithium of the cell reaches"),
        ({"Electrolyte conductivity [S.m-1]": lambda c, T: -c}, "Electrolyte conductivity .*positive"),
    ],
)
def test_what_a_cell_cannot_hold_is_named(changes, message):
    with pytest.raises(InputError, match=message):
        specification_from_pybamm(ParameterValues(**changes))


def test_the_cell_runs():
    data = simulate_discharge(specification_from_pybamm(ParameterValues()), 0.5)
    assert float(data.voltage[-1]) == pytest.approx(3.0, abs=1e-6)


SHIPPED = {
    "Marquis2019": "kokam_marquis2019",
    "Ecker2015": "kokam_ecker2015",
    "Prada2013": "a123_prada2013",
    "Mohtat2020": "nmc532_mohtat2020",
    "ORegan2022": "lgm50_oregan2022",
    "OKane2022": "lgm50_okane2022",
    "Ai2020": "enertech_ai2020",
    "Xu2019": "nmc532_lithium_xu2019",
}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_sets_are_those_of_pybamm(name):
    pybamm = pytest.importorskip("pybamm")
    values = pybamm.ParameterValues(name)
    if name == "ORegan2022":
        values["Open-circuit voltage at 100% SOC [V]"] = values["Upper voltage cut-off [V]"] = 4.2
    theirs = specification_from_pybamm(values, temperature=298.15)
    ours = CellSpecification.read_toml(shipped(f"cell/{SHIPPED[name]}.toml"))
    reference = theirs.reference_temperature
    assert ours.reference_temperature == reference
    for field in ("plane_area", "nominal_capacity", "lower_voltage_cut_off", "upper_voltage_cut_off", "contact_resistance"):
        assert getattr(ours, field) == pytest.approx(getattr(theirs, field)), field

    def same(one, two, field, rel, **state):
        first, second = getattr(one, field), getattr(two, field)
        assert (first is None) == (second is None), field
        if first is not None:
            # A measured voltage has other pieces between its points; an entropy passes zero.
            slack = {"open_circuit_voltage": 7e-4, "entropic_coefficient": 1e-7, "transference_number": 2e-4}.get(field, 0.0)
            assert np.max(np.abs(first(**state) - second(**state)) - rel * np.abs(second(**state))) <= slack, field

    def arrhenius(part, field, T):
        return np.exp(getattr(part, field) / GAS_CONSTANT * (1 / reference - 1 / T))

    c = np.linspace(100.0, 3000.0, 59)
    for T in (268.15, 298.15, 318.15):
        for field in ("conductivity", "diffusivity"):
            found, wanted = (
                getattr(cell.electrolyte, field)(c=c, T=T) * arrhenius(cell.electrolyte, f"{field}_activation_energy", T)
                for cell in (ours, theirs)
            )
            assert np.allclose(found, wanted, rtol=2e-4), (field, T)
        for field in ("transference_number", "thermodynamic_factor"):
            same(ours.electrolyte, theirs.electrolyte, field, 2e-4, c=c, T=T)
    for side in ("negative_electrode", "positive_electrode"):
        one, two = getattr(ours, side), getattr(theirs, side)
        assert one.planar == two.planar
        for field in ("thickness", "porosity", "efficiency", "conductivity"):
            assert getattr(one, field) == pytest.approx(getattr(two, field), rel=1e-4), (side, field)
        one, two = one.material, two.material
        x = np.linspace(two.minimum_stoichiometry, two.maximum_stoichiometry, 301)
        for field in ("particle_radius", "area", "maximum_concentration", "minimum_stoichiometry", "maximum_stoichiometry"):
            assert getattr(one, field) == pytest.approx(getattr(two, field), rel=1e-6, abs=1e-6), (side, field)
        assert one.order_in_concentration == pytest.approx(two.order_in_concentration), side
        assert (one.reaction_rate_constant or 0.0) == pytest.approx(two.reaction_rate_constant or 0.0, rel=1e-6), side
        for field in ("reaction_activation_energy", "diffusivity_activation_energy"):
            assert getattr(one, field) == pytest.approx(getattr(two, field), abs=0.1), (side, field)
        for field in ("open_circuit_voltage", "chemical_diffusivity", "exchange_current_density", "entropic_coefficient"):
            same(one, two, field, 1e-3, x=x, T=reference)
    assert ours.separator.efficiency == pytest.approx(theirs.separator.efficiency, rel=1e-4)
    if theirs.thermal is not None:
        assert ours.thermal is not None
        assert ours.thermal.heat_capacity == pytest.approx(theirs.thermal.heat_capacity, rel=1e-5)
        assert ours.thermal.heat_transfer == pytest.approx(theirs.thermal.heat_transfer, rel=1e-5)
