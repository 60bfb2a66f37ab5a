"""An ensemble carries the scatter of what is given, fitted and sampled up to each quantity."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scalith.ladder import climb, read_ledger, read_study
from scalith.quantities import ConvergenceError, InputError, Property, read_results
from tests.ladder.conftest import STUDY

UNSURE = STUDY.replace("[given]", '[given]\nforce = { file = "force.csv", implausible = true }')
CSV = "# source: a lab\nx [1], force [N], standard_error [N]\n-1, 3, 0.3\n0, 0, 0\n1, -3, 0.3\n"


@pytest.fixture
def unsure(study_file):
    """A study with a given force that is known within a tenth, and a mass known within a twentieth."""
    (study_file.parent / "force.csv").write_text(CSV)
    study_file.write_text(UNSURE.replace('"500 g"', '{ value = "500 g", standard_error = "25 g" }'))
    return study_file


def test_properties_carry_their_draws(toy, study_file, tmp_path):
    study_file.write_text(STUDY.replace('"outline"', '"force"'))
    quantity = toy_energy_draws(toy)
    ledger = climb(read_study(study_file), tmp_path / "out", draws=50)
    quantity.undo()
    members = Property.load(tmp_path / "out" / ledger.entry("force").ensemble_file)
    assert members.draws == 50
    # dE/dx = k x with k drawn within a tenth: the force scatters by a tenth of itself.
    assert members.error(0.5) == pytest.approx(0.1 * abs(members(0.5)), rel=0.3)
    assert members(0.5) == pytest.approx(-1.0, rel=0.1)
    assert "50 draws" in ledger.entry("force").scatter


def toy_energy_draws(toy):
    """Give the toy's energy a posterior: a tenth of itself."""
    from dataclasses import replace

    from tests.ladder import toy_rungs

    def draw(value: Property, seed: int) -> Property:
        k = np.random.default_rng(seed).standard_normal()
        return Property(value.name, value.values * (1 + 0.1 * k), value.unit, value.source)

    patch = pytest.MonkeyPatch()
    function = toy_rungs.elastic_energy
    patch.setattr(function, "quantity", replace(function.quantity, draw=draw))
    return patch


def test_an_ensemble_repeats_and_is_kept(toy, unsure, tmp_path):
    first = climb(read_study(unsure), tmp_path / "out", draws=3)
    second = climb(read_study(unsure), tmp_path / "out", draws=3)
    assert toy("oscillation") == 4
    assert first == second
    assert read_ledger(tmp_path / "out") == first


def test_an_executor_changes_nothing(toy, unsure, tmp_path):
    alone = climb(read_study(unsure), tmp_path / "one", draws=4)
    with ThreadPoolExecutor(2) as pool:
        spread = climb(read_study(unsure), tmp_path / "two", draws=4, executor=pool)
    assert [entry.scatter for entry in alone.entries] == [entry.scatter for entry in spread.entries]


def test_one_draw_is_refused(toy, unsure, tmp_path):
    with pytest.raises(InputError, match="0 for none, or at least 2"):
        climb(read_study(unsure), tmp_path / "out", draws=1)


def test_numbers_in_results_scatter_too(toy, unsure, tmp_path, monkeypatch):
    from tests.ladder import toy_rungs

    plain = toy_rungs._position

    def with_reach(*arguments):
        data = plain(*arguments)
        return data.assign(reach=((), float(data["x"].isel(time=-1)), {"units": "m"}))

    monkeypatch.setattr(toy_rungs, "_position", with_reach)
    ledger = climb(read_study(unsure), tmp_path / "out", draws=60)
    members = read_results(tmp_path / "out" / ledger.entry("oscillation").ensemble_file)
    assert members.sizes["draw"] == 60
    # x = 0.5 cos ω, ω = √(k/m): σ_x = 0.5 sin ω · ω/2 · σ_m/m (the error of the force shifts it, which leaves k alone).
    omega = np.sqrt(3.0 / 0.5)
    expected = 0.5 * np.sin(omega) * omega / 2 * 0.05
    assert float(members["reach"].std("draw", ddof=1)) == pytest.approx(expected, rel=0.35)
    assert "reach ±" in ledger.entry("oscillation").scatter


def failing_below_half(monkeypatch):
    """Let the toy refuse a small mass, as the models of the real ladder refuse what they cannot hold for."""
    from tests.ladder import toy_rungs

    plain = toy_rungs._position

    def refusing(force, mass, seed):
        if mass() <= 0.25:
            raise InputError("oscillation", "mass", mass(), "a mass above 250 g")
        return plain(force, mass, seed)

    monkeypatch.setattr(toy_rungs, "_position", refusing)


def test_a_member_that_fails_is_kept_with_its_reason(toy, unsure, tmp_path, monkeypatch):
    failing_below_half(monkeypatch)
    unsure.write_text(unsure.read_text().replace('"25 g"', '"500 g"'))
    ledger = climb(read_study(unsure), tmp_path / "out", draws=30)
    # The mass is known within itself: one draw in six lies below its half.
    assert 1 <= len(ledger.failed_members) <= 12
    assert all("expected a mass above 250 g" in failed.reason for failed in ledger.failed_members)
    assert f"{30 - len(ledger.failed_members)} draws" in ledger.entry("force").scatter or ledger.entry("force").origin == "given"
    assert read_ledger(tmp_path / "out") == ledger


def test_the_nominal_result_is_published_before_an_ensemble_starts(toy, unsure, tmp_path, monkeypatch):
    from scalith.ladder import climbing

    def broken(*_, **__):
        assert read_ledger(tmp_path / "out").entry("outline").file
        raise KeyboardInterrupt

    monkeypatch.setattr(climbing, "spread", broken)
    with pytest.raises(KeyboardInterrupt):
        climb(read_study(unsure), tmp_path / "out", draws=3)
    assert (tmp_path / "out" / read_ledger(tmp_path / "out").entry("outline").file).is_file()


def test_an_ensemble_of_failures_leaves_the_nominal_result(toy, unsure, tmp_path, monkeypatch):
    from tests.ladder import toy_rungs

    plain, calls = toy_rungs._position, []

    def first_only(*arguments):
        calls.append(1)
        if len(calls) > 1:
            raise InputError("oscillation", "mass", "a draw", "another")
        return plain(*arguments)

    monkeypatch.setattr(toy_rungs, "_position", first_only)
    ledger = climb(read_study(unsure), tmp_path / "out", draws=4)
    assert [failed.member for failed in ledger.failed_members] == [1, 2, 3, 4]
    assert ledger.entry("outline").scatter == ""
    assert not list((tmp_path / "out").glob("ensemble/*"))


def test_a_mass_known_within_itself_is_never_negative(toy, unsure, tmp_path):
    """Drawn on a linear scale, one negative draw in twelve killed the ensemble, and the nominal result with it."""
    unsure.write_text(unsure.read_text().replace('"25 g"', '"500 g"'))
    ledger = climb(read_study(unsure), tmp_path / "out", draws=12)
    assert ledger.failed_members == ()
    assert ledger.entry("oscillation").scatter


@pytest.fixture
def reweighting(monkeypatch):
    """Let the toy's oscillation be re-weighted for masses below 500 g."""
    from dataclasses import replace

    from scalith.ladder import ensemble
    from scalith.ladder.quantity import Reweighting
    from tests.ladder import toy_rungs

    def member(value, prepared, before, after):
        if after["mass"]() > before["mass"]():
            raise ConvergenceError("re-weighting", "too heavy a mass")
        return prepared.assign_attrs(effective_share=0.75)

    monkeypatch.setattr(ensemble, "WORTH_WRITING", 0.0)
    how = Reweighting(lambda value, arguments: value * 1.0, member)
    monkeypatch.setattr(toy_rungs.oscillation, "quantity", replace(toy_rungs.oscillation.quantity, reweighting=how))


def test_members_reweight_what_was_sampled_or_say_that_they_sampled_anew(toy, unsure, tmp_path, reweighting):
    ledger = climb(read_study(unsure), tmp_path / "out", draws=12, reweight=True)
    said = ledger.reweighted["oscillation"]
    assert said.members + said.anew == 12
    assert 0 < said.anew < 12
    assert (said.reason, said.effective_share) == ("re-weighting stopped: too heavy a mass", 0.75)
    # The nominal climb and the members that lie too far off.
    assert toy("oscillation") == 1 + said.anew
    # Nothing is computed twice (here all is worth writing), and an executor changes nothing.
    assert climb(read_study(unsure), tmp_path / "out", draws=12, reweight=True) == ledger
    assert toy("oscillation") == 1 + said.anew
    with ThreadPoolExecutor(2) as pool:
        other = climb(read_study(unsure), tmp_path / "two", draws=12, reweight=True, executor=pool)
    assert [entry.scatter for entry in other.entries] == [entry.scatter for entry in ledger.entries]
    assert other.reweighted == ledger.reweighted
    assert read_ledger(tmp_path / "out") == ledger


def test_what_took_long_to_reweight_is_kept(toy, unsure, tmp_path, monkeypatch, reweighting):
    from dataclasses import replace

    from scalith.ladder import ensemble
    from tests.ladder import toy_rungs

    calls, quantity = [], toy_rungs.oscillation.quantity

    def slow(*arguments):
        calls.append(arguments)
        time.sleep(0.05)
        return quantity.reweighting.member(*arguments)

    monkeypatch.setattr(ensemble, "WORTH_WRITING", 0.04)
    how = replace(quantity.reweighting, member=slow)
    monkeypatch.setattr(toy_rungs.oscillation, "quantity", replace(quantity, reweighting=how))
    ledger = climb(read_study(unsure), tmp_path / "out", draws=4, reweight=True)
    whole = ledger.reweighted["oscillation"].members
    climb(read_study(unsure), tmp_path / "out", draws=4, reweight=True)
    assert whole > 0
    assert len(calls) == 4 + ledger.reweighted["oscillation"].anew  # those that lie too far off are asked again


def test_members_sample_anew_unless_asked_to_reweight(toy, unsure, tmp_path, reweighting):
    ledger = climb(read_study(unsure), tmp_path / "out", draws=4)
    assert ledger.reweighted == {}
    assert toy("oscillation") == 5
    unsure.write_text(unsure.read_text().replace("seed = 3", "seed = 3\nreweight = true"))
    ledger = climb(read_study(unsure), tmp_path / "out", draws=4)
    assert ledger.reweighted["oscillation"].members > 0
    # What had been sampled anew for a member that lies too far off is found again.
    assert toy("oscillation") == 5
