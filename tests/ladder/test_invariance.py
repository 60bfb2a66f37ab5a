"""One kinetic set, one heat capacity, one temperature: whoever uses them, and two are refused with both named."""

from __future__ import annotations

import pytest

from scalith.ladder import climb, read_ledger, read_study
from scalith.ladder.invariance import KINETICS, require_one_truth
from scalith.quantities import StudyError, shipped
from tests.ladder.smaller_study import smaller

OTHER = "shipped:runaway_kinetics/ncm_feng.toml"


def test_equal_numbers_pass_to_their_last_digits():
    stated = [("[cell]", {"heat": 77.0, KINETICS: "a"}), ("[pack]", {"heat": 7.0 * 11.0 * (1 + 1e-12)}), ("fit", {KINETICS: "a"})]
    require_one_truth(stated, "s.toml")


@pytest.mark.parametrize(("one", "other"), [(77.5, 7.75), (77.5, 77.51), ("a", "b")])
def test_two_values_are_refused_with_both_named(one, other):
    with pytest.raises(
        StudyError, match=rf"s.toml: found two values of the heat: .*{one}.* in \[cell\], .*{other}.* in pack; expected one"
    ):
        require_one_truth([("[cell]", {"heat": one}), ("middle", {}), ("pack", {"heat": other})], "s.toml")


LFP = {
    "heat capacity": (
        'cell_heat_capacity = "77 J/K"',
        'cell_heat_capacity = "7.7 J/K"',
        r"77 J/K in \[cell\], 7\.7 J/K in \[pack\]",
    ),
    "surroundings": ('K-1"\nambient_temperature = "25 degC"', 'K-1"\nambient_temperature = "40 degC"', r"313\.15 K in \[pack\]"),
    "temperature": (
        '\ntemperature = "25 degC"',
        '\ntemperature = "40 degC"',
        r"298\.15 K in \[cell\], 313\.15 K in \[discharge\]",
    ),
}


@pytest.mark.parametrize("what", LFP)
def test_two_sections_that_disagree_are_refused_before_any_work(tmp_path, what):
    old, new, words = LFP[what]
    (tmp_path / "s.toml").write_text(smaller(shipped("studies/lfp.toml").read_text(), {old: new}))
    study = read_study(tmp_path / "s.toml")
    with pytest.raises(StudyError, match=words):
        climb(study, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def module_study(tmp_path):
    text = smaller(shipped("studies/module_safety.toml").read_text(), {"members = 40": "members = 2", "cells = 6": "cells = 3"})

    def write(targets, given=""):
        path = tmp_path / "module.toml"
        path.write_text(text.replace("[study]", f"[study]\ntargets = {targets}").replace("[given]", f"[given]\n{given}"))
        return read_study(path)

    return write


def test_two_given_sets_are_refused_before_any_work(module_study, tmp_path):
    given = f'cell_kinetics = "{OTHER}"\nmodule_kinetics = "shipped:runaway_kinetics/lco_hatchard_kim.toml"'
    with pytest.raises(
        StudyError, match=r"two values of the decomposition kinetics: digest \w+ in cell_kinetics, digest \w+ in module_"
    ):
        climb(module_study('["barrier_map"]', given), tmp_path / "out")


@pytest.mark.long
@pytest.mark.parametrize(
    ("targets", "given"),
    [
        ('["barrier_map", "critical_oven_temperature"]', f'module_kinetics = "{OTHER}"'),
        ('["module_propagation", "decomposition_fit"]', f'module_kinetics = "{OTHER}"\ncell_kinetics = "{OTHER}"'),
    ],
)
def test_a_set_beside_the_fitted_one_is_refused_before_publishing(module_study, tmp_path, targets, given):
    with pytest.raises(
        StudyError,
        match=r"digest \w{32} in module_kinetics, digest \w{32} in decomposition_fit|have digest \w{32}; the scale before used \w{32}",
    ):
        climb(module_study(targets, given), tmp_path / "out")
    assert not (tmp_path / "out" / "ledger.json").exists()
    assert not list((tmp_path / "out").glob("quantities/*"))


@pytest.mark.long
def test_climbing_one_target_after_the_other_does_not_evade_it(module_study, tmp_path):
    study = module_study('["barrier_map", "critical_oven_temperature"]', f'module_kinetics = "{OTHER}"')
    climb(study, tmp_path / "out", until="critical_oven_temperature")
    before = read_ledger(tmp_path / "out")
    with pytest.raises(StudyError, match=r"two values of the decomposition kinetics|the scale before used"):
        climb(study, tmp_path / "out", until="barrier_map")
    assert read_ledger(tmp_path / "out") == before
