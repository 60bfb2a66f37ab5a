"""What an ensemble finds is what a linear chain states, and both cover at the nominal rate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from scalith.ladder import climb, graph, read_ledger, read_study
from scalith.ladder.own_rungs import _known_with
from scalith.quantities import Property, read_results
from scalith.quantities.uncertain import correlations
from tests.ladder import toy_chain

STUDY = """
[study]
title = "chain"
targets = ["trace"]
seed = 5

[beam]
length = "15 mm ± 3 %"
offset = "1 N ± 0.2 N"
part = { width = "20 mm ± 10 %" }

[given]
stiffness = "stiffness.csv"
"""
STIFFNESS = "# source: a lab\n# correlation_length: 0.3\nx [1], stiffness [N/m], standard_error [N/m]\n" + "".join(
    f"{x:g}, {300 + 100 * x:g}, 15\n" for x in np.linspace(0, 1, 11)
)
DRAWS = 300


@pytest.fixture(scope="module")
def climbed(tmp_path_factory):
    """The chain climbed once with an ensemble: results folder and ledger."""
    folder = tmp_path_factory.mktemp("chain")
    (folder / "chain.toml").write_text(STUDY)
    (folder / "stiffness.csv").write_text(STIFFNESS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "rung_modules", lambda: [toy_chain])
        _forget()
        ledger = climb(read_study(folder / "chain.toml"), folder / "out", draws=DRAWS)
        yield folder / "out", ledger
    _forget()


def _forget() -> None:
    for cached in (graph.rungs, graph.given_only, graph.sections, _known_with):
        cached.cache_clear()


def stated_and_members(climbed):
    folder, ledger = climbed
    assert ledger.failed_members == ()
    load = Property.load(folder / ledger.entry("load").file)
    return load, Property.load(folder / ledger.entry("load").ensemble_file).values.values


@pytest.mark.long
def test_the_scatter_of_the_members_is_the_stated_error(climbed):
    load, members = stated_and_members(climbed)
    assert [part.name for part in load.components] == ["stated", "sampling", "length", "offset"]
    assert np.allclose(members.std(axis=0, ddof=1), load.standard_error, rtol=0.2)
    assert np.allclose(members.mean(axis=0), load.values, atol=3 * load.standard_error / np.sqrt(DRAWS) + 0.02)


@pytest.mark.long
def test_members_lie_within_the_stated_error_at_the_nominal_rate(climbed):
    load, members = stated_and_members(climbed)
    # Around the true curve: the nominal one is off by its own error of the sampling.
    truth = (load.values.values - 1.0) / Property.load(climbed[0] / climbed[1].entry("stretch").file)() * 2.0 + 1.0
    z = (members - truth) / load.standard_error.values
    for rate in (0.5, 0.68, 0.95):
        covered = np.mean(np.abs(z) < np.sqrt(chi2(1).ppf(rate)))
        assert covered == pytest.approx(rate, abs=0.06)
    # As whole curves, with the correlation that the parts state.
    x = load.coordinates["x"]
    covariance = sum(
        np.outer(part.standard_error, part.standard_error) * correlations(x, part.correlation_length) for part in load.components
    )
    chosen = [0, 5, 10]
    off = (members - truth)[:, chosen]
    squares = np.einsum("ni,ij,nj->n", off, np.linalg.inv(covariance[np.ix_(chosen, chosen)]), off)
    assert kstest(squares, chi2(len(chosen)).cdf).pvalue > 0.005


@pytest.mark.long
def test_a_stated_number_is_drawn_once(climbed):
    """The width is stated as text and read by a rung; the load beside it was drawn below and is not drawn again."""
    folder, ledger = climbed
    load, members = stated_and_members(climbed)
    data = read_results(folder / ledger.entry("trace").ensemble_file)
    relative = np.hypot(0.1, float(load.error(0.5) / load(0.5)))
    assert float(data["end"].std("draw", ddof=1)) == pytest.approx(relative * 0.02 * load(0.5), rel=0.2)
    width = data["end"].values / members[:, 5]
    assert np.std(width) == pytest.approx(0.002, rel=0.2)
    assert np.corrcoef(width, members[:, 5])[0, 1] == pytest.approx(0.0, abs=0.2)


@pytest.mark.long
def test_bands_reach_the_curves_of_the_top(climbed):
    """V = 4 − t/t_end: at t the members' voltage scatters by t/t_end² σ(t_end); a member that has ended is not there."""
    folder, ledger = climbed
    data = read_results(folder / ledger.entry("trace").ensemble_file)
    early = data.isel(time=8)
    end = data["end"].values
    assert np.allclose(early["voltage"], 4.0 - float(early["time"]) / end)
    assert float(early["voltage_deviation"]) == pytest.approx(np.std(float(early["time"]) / end, ddof=1), rel=1e-6)
    assert float(early["voltage_low"]) < float(early["voltage"].median()) < float(early["voltage_high"])
    inside = np.mean((early["voltage"] >= early["voltage_low"]) & (early["voltage"] <= early["voltage_high"]))
    assert float(inside) == pytest.approx(0.9, abs=0.02)
    last = data.isel(time=-1)
    assert int(last["voltage"].isnull().sum()) == int(np.sum(end < float(last["time"])))
    assert "voltage ±" in ledger.entry("trace").scatter
    assert read_ledger(folder) == ledger


@pytest.mark.long
def test_the_error_counts_in_the_digest_of_a_setting(climbed, tmp_path):
    study = read_study(climbed[0].parent / "chain.toml")
    (tmp_path / "chain.toml").write_text(STUDY.replace("± 3 %", "± 4 %"))
    (tmp_path / "stiffness.csv").write_text(STIFFNESS)
    other = read_study(tmp_path / "chain.toml")
    assert other.settings["beam"].digest != study.settings["beam"].digest
    assert other.settings["beam"].length == study.settings["beam"].length
