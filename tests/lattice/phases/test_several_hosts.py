"""Several hosts of one material against ideal lattice gases, whose crossing and common tangent are known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scalith.lattice import beside_fit_error, beside_host_errors, join_hosts, metal_energy, open_circuit_voltage, phase_boundaries
from scalith.quantities import InputError, Source
from scalith.quantities.constants import BOLTZMANN_EV

T = np.array([290.0, 310.0])
METAL = metal_energy(0.0, "test")


def gas(site: float, host: float = 0.0, *, sites: float = 1.0, mu=None, known=(0.0, 1.0)) -> xr.Dataset:
    """Ideal gas with the energy `site` of an ion, in a host of the energy `host` per formula of `sites` sites, eV."""
    mu = np.linspace(-0.55, 0.2, 1876) if mu is None else mu
    thermal = BOLTZMANN_EV * T[:, None]
    x = 1.0 / (1.0 + np.exp(-(mu - site) / thermal))
    data = xr.Dataset(coords={"T": T, "mu": mu})
    for name, values in {
        "x": x,
        "x_error": np.full_like(x, 1e-6),
        "energy": host / sites + site * x,
        "energy_error": np.full_like(x, 1e-6),
        "fluctuations": x * (1.0 - x),
        "fluctuations_error": np.full_like(x, 1e-6),
        "partial_energy": np.full_like(x, site),
        "partial_energy_error": np.full_like(x, 1e-6),
        "grand_potential": host / sites - thermal * np.log1p(np.exp((mu - site) / thermal)),
        "grand_potential_error": np.full_like(x, 1e-7),
    }.items():
        data[name] = (("T", "mu"), values)
    about = {"sites": 10_000, "cells": 10_000, "known_x": list(known), "ion_charge": 1}
    return data.assign_attrs(source=Source(kind="assumed").to_json(), **about)


def test_two_gases_cross_where_their_grand_potentials_are_equal():
    """(1 + z/a) = q (1 + z/b) with z = e^(μ/kT), a = e^(εA/kT), b = e^(εB/kT) and q = e^(−E/kT) of the second host."""
    first, second, host = 0.0, -0.2, 0.1
    found = phase_boundaries(join_hosts({"A": gas(first), "B": gas(second, host)}, {"A": 1.0, "B": 1.0}))
    a, b, q = (np.exp(-energy / (BOLTZMANN_EV * T)) for energy in (first, second, host))
    z = (1.0 - q) / (q * b - a)
    assert found["chemical_potential"].values == pytest.approx(BOLTZMANN_EV * T * np.log(z), abs=2e-6)
    assert found["x_low"].values == pytest.approx(z * a / (1.0 + z * a), abs=2e-5)
    assert found["x_high"].values == pytest.approx(z * b / (1.0 + z * b), abs=2e-5)


def test_the_voltage_between_two_hosts_is_the_slope_of_the_common_tangent():
    """g(x) = min of both free energies; lattices of half a site and of one and a half site a formula."""
    sites = {"A": 0.5, "B": 1.5}
    joined = join_hosts({"A": gas(-0.13, sites=0.5), "B": gas(-0.2, 0.03, sites=1.5)}, sites)
    voltage = open_circuit_voltage(joined, METAL)
    region = phase_boundaries(joined).isel(region=0)
    low, high, thermal = float(region["x_low"]), float(region["x_high"]), BOLTZMANN_EV * T[0]

    def free(x, sites, site, host):
        share = x / sites
        return host + sites * (site * share + thermal * (share * np.log(share) + (1 - share) * np.log(1 - share)))

    chord = (free(high, 1.5, -0.2, 0.03) - free(low, 0.5, -0.13, 0.0)) / (high - low)
    inside = np.linspace(low + 0.03, high - 0.03, 9)
    assert voltage(x=inside, T=T[0]) == pytest.approx(-chord, abs=2e-5)
    # Outside the region each host is alone: V = −ε − kT ln(x/(s − x)).
    assert voltage(x=0.9, T=T[0]) == pytest.approx(0.2 - thermal * np.log(0.9 / 0.6), abs=1e-4)
    assert float(voltage(x=0.4 * low, T=T[0])) == pytest.approx(0.13 - thermal * np.log(0.4 * low / (0.5 - 0.4 * low)), abs=1e-3)


def test_a_host_that_is_never_stable_leaves_the_other_as_it_is():
    alone = gas(-0.1)
    other = gas(-0.1, 0.5, mu=np.linspace(-0.553, 0.21, 377))
    joined = join_hosts({"A": alone, "B": other}, {"A": 1.0, "B": 1.0})
    own, both = open_circuit_voltage(alone, METAL), open_circuit_voltage(joined, METAL)
    assert np.array_equal(own.values.values, both.values.values)
    assert np.array_equal(own.components[0].standard_error, both.components[0].standard_error)


def test_a_host_goes_on_as_a_dilute_solution_beyond_its_states():
    """The empty host is stable below chemical potentials at which it was sampled: the curve is that of all states."""
    wide, other, sites = gas(0.0), gas(-0.3, 0.15), {"A": 1.0, "B": 1.0}
    dilute, dense = (gas(0.0, mu=np.arange(start, 0.2, 0.0004)) for start in (-0.12, -0.05))
    expected = open_circuit_voltage(join_hosts({"A": wide, "B": other}, sites), METAL).values.values
    found = open_circuit_voltage(join_hosts({"A": dilute, "B": other}, sites), METAL).values.values
    assert found == pytest.approx(expected, abs=1e-5)
    assert float(dense["x"].min()) > 0.02  # no dilute solution: nothing is known of the empty host
    with pytest.raises(InputError, match=r"x from 0\.9"):
        open_circuit_voltage(join_hosts({"A": dense, "B": other}, sites), METAL)


def test_the_order_of_the_hosts_does_not_matter():
    a, b, sites = gas(-0.13, sites=0.5), gas(-0.2, 0.03, sites=1.5, mu=np.linspace(-0.5, 0.2, 1820)), {"A": 0.5, "B": 1.5}
    one = open_circuit_voltage(join_hosts({"A": a, "B": b}, sites), METAL)
    other = open_circuit_voltage(join_hosts({"B": b, "A": a}, sites), METAL)
    assert one.values.values == pytest.approx(other.values.values, abs=1e-12)


def test_an_error_of_a_host_is_that_of_the_plateau_beside_it():
    """Shifting the energy of a host by ε moves both plateaus beside it by what its error says, one down and the other up."""
    sites, shift = {"A": 0.1, "B": 0.5, "C": 1.0}, 1e-3

    def joined(middle: float = 0.0, **told):
        hosts = {"A": gas(-0.2, sites=0.1), "B": gas(-0.35, 0.06 + middle, sites=0.5), "C": gas(-0.30, 0.13)}
        return join_hosts(hosts, sites, **told)

    states = joined(errors={"B": shift})
    plain = open_circuit_voltage(states, METAL)
    part = beside_host_errors(plain, states).components[-1]
    assert part.name == "energies of the hosts"
    moved = open_circuit_voltage(joined(shift), METAL).values.values - plain.values.values
    x, regions = plain.coordinates["x"], phase_boundaries(states)
    first, second = (regions.isel(region=k) for k in (0, 1))
    assert regions.sizes["region"] == 4  # two at either temperature
    for region, sign in ((first, -1.0), (second, 1.0)):
        here = (x > float(region["x_low"]) + 0.03) & (x < float(region["x_high"]) - 0.03)
        assert here.any()
        assert sign * moved[here, 0] == pytest.approx(part.standard_error[here, 0], rel=0.02)
    in_b = (x > float(first["x_high"]) + 0.001) & (x < float(second["x_low"]) - 0.001)
    assert np.all(part.standard_error[in_b, 0] == 0.0)
    both = beside_host_errors(plain, joined(errors={"B": shift, "C": shift})).components[-1]
    assert both.standard_error[here, 0] == pytest.approx(np.sqrt(2.0) * part.standard_error[here, 0])


def test_errors_of_fits_count_along_each_host_and_as_energies_between_two():
    """As a stated error of the energy does in the plateau, per formula and at the ends of it; along a host that of its voltage."""
    sites = {"A": 0.5, "B": 1.5}

    def fitted(data, of_voltage, of_energy):
        data = data.assign(fit_error_x=("x_node", np.linspace(0.0, 1.0, 3)))
        data["fit_error"] = (("x_between", "T"), np.full((2, 2), of_voltage))
        return data.assign(fit_energy_error=(("x_node", "T"), np.full((3, 2), of_energy)))

    plain = {"A": gas(-0.13, sites=0.5), "B": gas(-0.2, 0.03, sites=1.5)}
    joined = join_hosts({"A": fitted(plain["A"], 3e-3, 4e-3), "B": fitted(plain["B"], 5e-3, 1e-3)}, sites, errors={"B": 2e-3})
    voltage = open_circuit_voltage(joined, METAL)
    along, between = beside_host_errors(beside_fit_error(voltage, joined), joined).components[-2:]
    region, x = phase_boundaries(joined).isel(region=0), voltage.coordinates["x"]
    low, high = float(region["x_low"]), float(region["x_high"])
    inside, middle = (x > low + 0.03) & (x < high - 0.03), 0
    # A cell of these hosts is a site: half a cell of A and one and a half of B make a formula.
    expected = np.sqrt((0.5 * 4e-3) ** 2 + (1.5 * 1e-3) ** 2 + 2e-3**2) / (high - low)
    assert between.standard_error[inside, middle] == pytest.approx(expected, rel=0.01)
    assert along.standard_error[inside, middle] == pytest.approx(0.0)
    for own, of_voltage in ((x < low - 0.03, 3e-3), (x > high + 0.03, 5e-3)):
        assert own.any()
        assert along.standard_error[own, middle] == pytest.approx(of_voltage)
        assert between.standard_error[own, middle] == pytest.approx(0.0)
    exact = join_hosts(plain, sites)
    assert "fit_error" not in exact
    assert beside_host_errors(voltage, exact) is voltage
    alone = fitted(gas(-0.13), 3e-3, 4e-3)  # one host has no other beside it
    assert beside_host_errors(voltage, alone) is voltage


def test_a_host_stable_where_nothing_was_fitted_is_named():
    with pytest.raises(InputError, match=r"B.*fitted from 0 to 0.05"):
        join_hosts({"A": gas(-0.13, sites=0.5), "B": gas(-0.2, 0.03, sites=1.5, known=(0.0, 0.0333))}, {"A": 0.5, "B": 1.5})


def test_states_beyond_the_formula_are_counted():
    joined = join_hosts({"A": gas(-0.1), "B": gas(-0.3, 0.2, sites=3.0)}, {"A": 1.0, "B": 3.0})
    assert joined.attrs["beyond_full"] == int((3.0 * gas(-0.3)["x"].values > 1.0).sum())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sites": {"A": 1.0}}, "one number for each"),
        ({"sites": {"A": 1.0, "B": 0.0}}, "positive number of sites"),
        ({"errors": {"C": 0.1}}, "of one of A, B"),
        ({"sampled": {"A": gas(0.0)}}, "two hosts or more"),
        ({"sampled": {"A": gas(0.0), "B": gas(0.0).isel(T=[0])}}, "those of A"),
    ],
)
def test_what_does_not_fit_together_is_named(changed, message):
    fitting = {"sampled": {"A": gas(0.0), "B": gas(-0.1)}, "sites": {"A": 1.0, "B": 1.0}}
    with pytest.raises(InputError, match=message):
        join_hosts(**(fitting | changed))
