r"""One material whose host changes: several lattices of sites, and at each chemical potential the one that is stable.

Where ions make a host slide or shift (layers of graphite stand above each other once lithium is between them), its energies are
no expansion on one lattice. Each arrangement h of the host is then a lattice of its own, sampled by itself, with the grand
potential :math:`φ_h(μ, T)` of the same amount of host. The stable one has the least,

.. math::

    φ(μ, T) = \min_h φ_h(μ, T),

two of them stand beside each other where their grand potentials are equal, which is the common tangent of their free energies
:math:`g_h(x) = φ_h + μ x`, and between their stoichiometries there V is flat. An error :math:`ε_h` of the energy of a
host shifts this potential by :math:`δμ = (ε_b - ε_a)/(x_b - x_a)`.

Lithium in graphite was taken so by Persson et al. 2010 (10.1103/PhysRevB.82.125416).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from scalith.lattice.phases.isotherms import GAP, isotherms
from scalith.quantities import ErrorComponent, InputError, Result, dataset_digest, labelled, predicted
from scalith.quantities.constants import BOLTZMANN_EV

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scalith.lattice.phases.isotherms import Isotherm
    from scalith.quantities import Property

NAME = "energies of the hosts"
"""The part of an error that they make against each other."""
DILUTE = 0.02
"""Share of sites with an ion, or without one, up to which the first and last states of a host go on as a dilute solution."""
PER_FORMULA = ("x", "x_error", "fluctuations", "fluctuations_error", "grand_potential", "grand_potential_error")
"""What is counted per site, and here per formula."""
PER_CELL = ("energy", "energy_error")
PER_ION = ("partial_energy", "partial_energy_error")
PLAIN = ("bimodality",)
NODES = np.linspace(0.0, 1.0, 41)
"""Where errors of the fits of all hosts are told."""


class _Rows(NamedTuple):
    """All states of all hosts at one temperature, by growing chemical potential."""

    mu: NDArray[np.float64]
    host: NDArray[np.int64]
    stable: NDArray[np.bool_]
    steady: NDArray[np.bool_]
    values: dict[str, NDArray[np.float64]]


def join_hosts(
    sampled: Mapping[str, xr.Dataset], sites: Mapping[str, float], *, errors: Mapping[str, float] | None = None
) -> Result:
    """States of one material whose host takes several arrangements: at each chemical potential those of the stable one.

    Parameters
    ----------
    sampled : mapping of str to xarray.Dataset
        From `scalith.lattice.semi_grand_canonical`, one for each arrangement of the host, at the same temperatures, with energies
        of one scale (the same method and the same atoms per formula).
    sites : mapping of str to float
        Sites of each lattice per formula, which is the amount of host that holds one ion at x = 1. In LiC6 lithium has 3 hexagons
        a formula; where only every second gallery takes any, 1.5.
    errors : mapping of str to float, optional
        Standard errors of the energies of hosts against each other, eV per formula, see `beside_host_errors`. 0 where not given.

    Returns
    -------
    Result
        States as those of `semi_grand_canonical`, per formula, from which voltage, entropies and phase boundaries follow as from
        one lattice; ``host`` (T, mu) counts through ``attrs["hosts"]``. States with more than one ion a formula are left out,
        which ``attrs["beyond_full"]`` counts. A host that is stable beyond its first or last state, where that is a dilute
        solution (of ions, or of vacancies, on 2 % of the sites), goes on as one, with states at the chemical potentials of the
        others.

    Raises
    ------
    InputError
        Fewer than two hosts; names, temperatures or charges that differ; a host that is stable where none of its energies was
        fitted.
    """
    names = _checked(sampled, sites, errors or {})
    hosts = [_per_formula(sampled[name], float(sites[name])) for name in names]
    T = hosts[0]["T"].values
    rows = [_rows(hosts, k) for k in range(len(T))]
    kept = np.array([row.values["x"] <= 1.0 for row in rows])
    _require_known(names, hosts, rows)
    mu = rows[0].mu
    data = Result(coords={"T": labelled("T", T, "temperature", "K"), "mu": labelled("mu", mu, "chemical potential", "eV")})
    for name in rows[0].values:
        about = hosts[0][name].attrs
        data[name] = (("T", "mu"), np.array([row.values[name] for row in rows]), about)
    data["chemical_potential"] = labelled(("T", "mu"), [row.mu for row in rows], "chemical potential of the working ion", "eV")
    data["host"] = labelled(("T", "mu"), [row.host for row in rows], "host, counted through the attribute hosts", "1")
    stable = np.array([row.stable for row in rows]) & kept
    data["stable"] = labelled(("T", "mu"), stable, "of the host of the least grand potential", "1")
    data["steady"] = labelled(("T", "mu"), [row.steady for row in rows], "x changes fast and yet steadily up to the next", "1")
    settings: dict[str, Any] = {"sites per formula": {name: float(sites[name]) for name in names}}
    stated = {name: float(error) for name, error in (errors or {}).items()}
    if stated:
        settings["errors of the hosts [eV per formula]"] = stated
    source = predicted("scalith.lattice.join_hosts", *(dataset_digest(sampled[name]) for name in names), settings=settings)
    _add_fit_errors(data, hosts, rows)
    smallest = min(one.attrs["sites"] for one in hosts)
    told = [f"{name}: {words}" for name in names for words in np.atleast_1d(sampled[name].attrs.get("warnings", []))]
    return data.assign_attrs(
        source=source.to_json(),
        host=", ".join(names),
        hosts=names,
        host_errors=json.dumps(stated),
        sites=smallest,
        cells=smallest,
        ion_charge=int(sampled[names[0]].attrs.get("ion_charge", 1)),
        zero_of_entropy=min(int(one.attrs.get("zero_of_entropy", 1)) for one in hosts),
        known_x=_known(hosts, rows),
        beyond_full=int((~kept).sum()),
        warnings=told,
    )


def _add_fit_errors(data: Result, hosts: list[xr.Dataset], rows: list[_Rows]) -> None:
    """What the fits of the hosts leave open, where states carry it (`scalith.lattice.add_fit_error`).

    Of the voltage along one host, and of the energies of hosts, which count against each other where two stand side by side.
    """
    if not any("fit_error" in one for one in hosts):
        return
    T, middles = data["T"].values, 0.5 * (NODES[1:] + NODES[:-1])
    energies, along = np.zeros((len(hosts), len(NODES), len(T))), np.zeros((len(hosts), len(middles), len(T)))
    for h, one in enumerate(hosts):
        if "fit_error" in one:  # without: interactions that were given, not fitted
            x = one["fit_error_x"].values
            between = 0.5 * (x[1:] + x[:-1])
            for k in range(len(T)):
                energies[h, :, k] = np.interp(NODES, x, one["fit_energy_error"].transpose("x_node", "T").values[:, k])
                along[h, :, k] = np.interp(middles, between, one["fit_error"].transpose("x_between", "T").values[:, k])
    errors = np.zeros((len(middles), len(T)))
    for k, row in enumerate(rows):
        x, host = row.values["x"][row.stable], row.host[row.stable]
        after = np.clip(np.searchsorted(x, middles), 1, len(x) - 1)
        same = host[after] == host[after - 1]
        errors[:, k] = np.where(same, along[host[after], np.arange(len(middles)), k], 0.0)
    data["fit_error_x"] = labelled("x_node", NODES, "stoichiometries between which the error of the fits is taken", "1")
    data["fit_error"] = labelled(("x_between", "T"), errors, "standard error of the voltage by the fits, along one host", "V")
    words = "standard error of the energies of the hosts by their fits, per formula"
    data["fit_energy_error"] = labelled(("of_host", "x_node", "T"), energies, words, "eV")


def _checked(sampled: Mapping[str, xr.Dataset], sites: Mapping[str, float], errors: Mapping[str, float]) -> list[str]:
    """Names of the hosts, where all fits together."""
    names = list(sampled)
    if len(names) < 2:
        raise InputError("join_hosts", "sampled", names, "two hosts or more")
    if set(sites) != set(names):
        raise InputError("join_hosts", "sites", sorted(sites), f"one number for each of {', '.join(names)}")
    for name, number in sites.items():
        if not (np.isfinite(number) and number > 0):
            raise InputError("join_hosts", f"sites of {name}", number, "a positive number of sites per formula")
    for name, error in errors.items():
        if name not in names or not (np.isfinite(error) and error >= 0):
            expected = f"a standard error in eV, not below 0, of one of {', '.join(names)}"
            raise InputError("join_hosts", f"errors of {name}", error, expected)
    first = sampled[names[0]]
    for name in names:
        isotherms(sampled[name])  # says what is missing of a sampling
        for what, own, other in (
            ("temperatures", sampled[name]["T"].values.tolist(), first["T"].values.tolist()),
            ("charge of the ion", sampled[name].attrs.get("ion_charge", 1), first.attrs.get("ion_charge", 1)),
        ):
            if own != other:
                raise InputError("join_hosts", f"{what} of {name}", own, f"those of {names[0]}: {other}")
        if sampled[name].attrs.get("coupled"):
            raise InputError("join_hosts", name, "coupled sublattices", "sites of the working ion and vacancies alone")
    return names


def _per_formula(sampled: xr.Dataset, sites: float) -> xr.Dataset:
    """The states counted per formula of `sites` sites."""
    per_cell = sampled.attrs["sites"] / sampled.attrs["cells"]
    data = sampled.assign({name: sites * sampled[name] for name in PER_FORMULA if name in sampled})
    data = data.assign({name: sampled[name] * (sites / per_cell) for name in PER_CELL if name in sampled})
    for name in (*PER_FORMULA, *PER_CELL):
        if name in sampled:
            data[name].attrs.update(sampled[name].attrs)
            data[name].attrs["long_name"] = f"{sampled[name].attrs.get('long_name', name).removesuffix(' per primitive cell')}"
    if "fit_error" in sampled:
        data["fit_error_x"] = sites * sampled["fit_error_x"]
        data["fit_energy_error"] = sampled["fit_energy_error"] * (sites / per_cell)
    low, high = (sites * float(end) for end in sampled.attrs.get("known_x", (0.0, 1.0)))
    formulas = sampled.attrs["sites"] / sites
    return data.assign_attrs(known=(low, high), sites=formulas, cells=formulas, sites_per_formula=sites)


def _potential(data: xr.Dataset) -> NDArray[np.float64]:
    name = "chemical_potential" if "chemical_potential" in data else "mu"
    return np.broadcast_to(data[name].values, data["x"].shape)


def _states_of(data: xr.Dataset, k: int) -> NDArray[np.bool_]:
    """Those of equilibrium, by the host alone."""
    return data["stable"].values[k].astype(bool) if "stable" in data else np.ones(data.sizes["mu"], dtype=bool)


class _Curve(NamedTuple):
    """Equilibrium states of one host at one temperature, per formula."""

    mu: NDArray[np.float64]
    phi: NDArray[np.float64]
    x: NDArray[np.float64]
    sites: float
    thermal: float

    @classmethod
    def of(cls, data: xr.Dataset, k: int) -> _Curve:
        own = _states_of(data, k)
        mu, first = np.unique(_potential(data)[k][own], return_index=True)
        phi, x = (data[name].values[k][own][first] for name in ("grand_potential", "x"))
        return cls(mu, phi, x, float(data.attrs["sites_per_formula"]), BOLTZMANN_EV * float(data["T"].values[k]))

    def potential(self, mu: NDArray[np.float64]) -> NDArray[np.float64]:
        """Grand potential: cubic Hermite pieces with slopes −x; beyond the states as `beyond`, or along the last tangent."""
        from scipy.interpolate import CubicHermiteSpline

        inner = np.clip(mu, self.mu[0], self.mu[-1])
        value = CubicHermiteSpline(self.mu, self.phi, -self.x)(inner) if len(self.mu) > 1 else np.full(len(mu), self.phi[0])
        for end, out in ((0, mu < self.mu[0]), (-1, mu > self.mu[-1])):
            line = self.phi[end] - self.x[end] * (mu[out] - self.mu[end])
            value[out] = self.beyond(end, mu[out])[0] if self.dilute(end) else line
        return np.asarray(value)

    def dilute(self, end: int) -> bool:
        """Whether the first (0) or last (-1) state is a dilute solution, of ions or of vacancies."""
        share = float(self.x[end]) / self.sites
        return 0.0 < share < DILUTE if end == 0 else 1.0 - DILUTE < share < 1.0

    def beyond(self, end: int, mu: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Grand potential and ions per formula where the dilute solution at an end goes on: z/(1 + z) of the sites."""
        share = float(self.x[end]) / self.sites
        start = share / (1.0 - share)
        z = start * np.exp((mu - self.mu[end]) / self.thermal)
        phi = self.phi[end] + self.sites * self.thermal * (np.log1p(start) - np.log1p(z))
        return np.asarray(phi), np.asarray(self.sites * z / (1.0 + z))


def _continued(data: xr.Dataset, k: int, curve: _Curve, mu: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """What a host has as states at chemical potentials of the others, beyond its own: a dilute solution; NaN elsewhere."""
    own = np.flatnonzero(_states_of(data, k))
    own = own[np.argsort(_potential(data)[k][own], kind="stable")]
    values = {name: np.full(len(mu), np.nan) for name in (*PER_FORMULA, *PER_CELL, *PER_ION, *PLAIN) if name in data}
    for end, out in ((0, mu < curve.mu[0]), (-1, mu > curve.mu[-1])):
        if not curve.dilute(end):
            continue
        phi, x = curve.beyond(end, mu[out])
        share, last = x / curve.sites, float(curve.x[end]) / curve.sites
        site = float(curve.mu[end]) - curve.thermal * np.log(last / (1.0 - last))
        for name, found in values.items():
            found[out] = data[name].values[k][own[end]]
        values["x"][out], values["grand_potential"][out] = x, phi
        values["fluctuations"][out] = curve.sites * share * (1.0 - share)
        values["energy"][out] += site * (x - curve.x[end])
        if "partial_energy" in values:
            values["partial_energy"][out] = site
    return values


def _rows(hosts: list[xr.Dataset], k: int) -> _Rows:
    """All states at temperature k: those count that are of the host of the least grand potential."""
    potentials = [_potential(data)[k] for data in hosts]
    curves = [_Curve.of(data, k) for data in hosts]
    names = [name for name in (*PER_FORMULA, *PER_CELL, *PER_ION, *PLAIN) if all(name in data for data in hosts)]
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in ("mu", "host", "stable", "steady", *names)}
    for h, (data, mu) in enumerate(zip(hosts, potentials, strict=True)):
        states = {name: data[name].values[k] for name in names}
        stable = _states_of(data, k) & _least(curves, h, mu, states["grand_potential"])
        steady = _steady(data, k) & stable & np.append(stable[1:], False)
        # Where another host takes over before the first or after the last state, the dilute solution there goes on beyond it.
        others = np.concatenate([other for g, other in enumerate(potentials) if g != h])
        more = _continued(data, k, curves[h], others)
        known = np.isfinite(more["x"])
        first, last = (bool(_least(curves, h, curves[h].mu[[end]], curves[h].phi[[end]])[0]) for end in (0, -1))
        known &= ((others < curves[h].mu[0]) & (not first)) | ((others > curves[h].mu[-1]) & (not last))
        known[known] = _least(curves, h, others[known], more["grand_potential"][known])
        filler = {name: np.where(known, more[name], states[name][0]) for name in names}
        for name, found in (("mu", mu), ("stable", stable), ("steady", steady), *states.items()):
            parts[name].append(found)
        for name, found in (("mu", others), ("stable", known), ("steady", np.zeros(len(others), bool)), *filler.items()):
            parts[name].append(found)
        parts["host"].append(np.full(len(mu) + len(others), h))
    whole = {name: np.concatenate(found) for name, found in parts.items()}
    order = np.argsort(whole["mu"], kind="stable")
    whole = {name: found[order] for name, found in whole.items()}
    return _Rows(whole["mu"], whole["host"], whole["stable"], whole["steady"], {name: whole[name] for name in names})


def _least(curves: list[_Curve], h: int, mu: NDArray[np.float64], phi: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether host h, of grand potential phi, has the least; of two with the same the first counts."""
    found = np.ones(len(mu), dtype=bool)
    for g, curve in enumerate(curves):
        if g != h:
            other = curve.potential(mu)
            found &= phi < other if g < h else phi <= other
    return found


def _steady(data: xr.Dataset, k: int) -> NDArray[np.bool_]:
    return data["steady"].values[k].astype(bool) if "steady" in data else np.zeros(data.sizes["mu"], dtype=bool)


def _require_known(names: list[str], hosts: list[xr.Dataset], rows: list[_Rows]) -> None:
    """Reject a host between others that is stable where none of its energies was fitted."""
    for row in rows:
        inside = row.stable & (row.values["x"] <= 1.0)
        for h, name in enumerate(names):
            low, high = hosts[h].attrs["known"]
            x = row.values["x"][inside & (row.host == h)]
            between = x[(x > low - GAP) & (x < high + GAP)]
            if len(x) and not len(between):
                found = f"stable from x = {x.min():.3g} to {x.max():.3g}, fitted from {low:.3g} to {high:.3g}"
                raise InputError("join_hosts", name, found, "energies of the host where it is stable")


def _known(hosts: list[xr.Dataset], rows: list[_Rows]) -> list[float]:
    """From the emptiest to the fullest stoichiometry with fitted energies of the host that is stable there."""
    lows, highs = [], []
    for row in rows:
        here = np.flatnonzero(row.stable & (row.values["x"] <= 1.0))
        lows.append(hosts[row.host[here[0]]].attrs["known"][0])
        highs.append(hosts[row.host[here[-1]]].attrs["known"][1])
    return [float(max(lows)), float(min(1.0, *highs, 1.0))]


def beside_host_errors(value: Property, joined: xr.Dataset, scale: float = 1.0) -> Property:
    r"""A voltage, or with `scale` a chemical potential, with the errors of the energies of its hosts against each other.

    Between two hosts, whose energies are in error independently, V is in error by

    .. math::

        σ_V = \frac{\sqrt{σ_a^2 + σ_b^2}}{z e\,(x_b - x_a)},

    and along one host by nothing. σ² is that which is stated, and that by the fit of the host's own energies, where states carry
    it (`scalith.lattice.add_fit_error`). What two plateaus beside one host have in common (what lifts one lowers the other) is
    not kept: their errors count as independent.

    Parameters
    ----------
    value : Property
        From `scalith.lattice.open_circuit_voltage` or `chemical_potential`, over x and T.
    joined : xarray.Dataset
        From `join_hosts`, with `errors`, or of states with the error of their fit.
    scale : float
        Of the property, V: with z F for a chemical potential.
    """
    stated = json.loads(joined.attrs.get("host_errors", "{}"))
    fitted = joined["fit_energy_error"].values if "fit_energy_error" in joined else None
    if "hosts" not in joined.attrs or (fitted is None and not any(stated.values())):
        return value  # states of one host, or hosts without errors
    x, error, widths = value.coordinates["x"], np.zeros(value.values.shape), []
    of_host = [stated.get(name, 0.0) for name in joined.attrs["hosts"]]
    for k, iso in enumerate(isotherms(joined)):
        for a, b in iso.gaps:
            first, second = _host_of(joined, k, iso, a), _host_of(joined, k, iso, b)
            width = float(iso.x[b] - iso.x[a])
            if first == second:
                continue
            parts = [of_host[first], of_host[second]]
            if fitted is not None:
                ends = ((first, iso.x[a]), (second, iso.x[b]))
                parts += [float(np.interp(at, NODES, fitted[h, :, k])) for h, at in ends]
            error[(iso.x[a] < x) & (iso.x[b] > x), k] = np.linalg.norm(parts) / width
            widths.append(width)
    part = ErrorComponent(NAME, scale * error / int(joined.attrs["ion_charge"]), max(widths, default=1.0))
    return replace(value, components=(*value.components, part))


def _host_of(joined: xr.Dataset, k: int, iso: Isotherm, state: int) -> int:
    there = joined["stable"].values[k].astype(bool)
    mu = joined["chemical_potential"].values[k][there]
    return int(joined["host"].values[k][there][np.argmin(np.abs(mu - iso.mu[state]))])
