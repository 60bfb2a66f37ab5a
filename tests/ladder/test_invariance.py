"""One kinetic set, one heat capacity, one temperature: whoever uses them, and two are refused with both named."""

from __future__ import annotations

import pytest

from scalith.ladder import Climb, climb, read_ledger, read_study
from scalith.ladder.ensemble import member_of
from scalith.ladder.invariance import KINETICS, require_one_truth
from scalith.ladder.member_draws import MemberDraws
from scalith.ladder.progress import Silent
from scalith.ladder.run import Run
from scalith.ladder.store import MemoryStore
from scalith.quantities import StudyError, shipped
from tests.ladder.smaller_study import smaller

OTHER = "shipped:runaway_kinetics/ncm_feng.toml"


def test_equal_numbers_pass_to_their_last_digits():
    def stated(off):
        return [("[cell]", {"heat": 77.0, KINETICS: "a"}), ("[pack]", {"heat": 77.0 * (1.0 + off)}), ("fit", {KINETICS: "a"})]

    require_one_truth(stated(1e-12), "s.toml")
    with pytest.raises(StudyError, match="two values of the heat"):
        require_one_truth(stated(3e-6), "s.toml")


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


def test_a_climb_in_memory_refuses_them_too_until_they_agree(tmp_path):
    (tmp_path / "s.toml").write_text(shipped("studies/lfp.toml").read_text())
    live = Climb(read_study(tmp_path / "s.toml"))
    live.set("pack.cell_heat_capacity", "7.7 J/K")
    with pytest.raises(StudyError, match=r"77 J/K in \[cell\], 7\.7 J/K in \[pack\]"):
        live["host"]
    live.set("cell.thermal.heat_capacity", "7.7 J/K")
    with pytest.raises(StudyError, match=r"7\.7 J/K in \[cell\], 77 J/K in \[module\]"):
        live["host"]
    live.set("module.cell.specific_heat", "100 J kg-1 K-1")
    assert live["host"].name


def test_a_climb_in_memory_refuses_two_kinetic_sets(module_study):
    given = f'cell_kinetics = "{OTHER}"\nmodule_kinetics = "shipped:runaway_kinetics/lco_hatchard_kim.toml"'
    live = Climb(module_study('["barrier_map"]', given))
    with pytest.raises(StudyError, match="two values of the decomposition kinetics"):
        live["barrier_map"]


GIVEN = """
[given]
open_circuit_voltage = "shipped:open_circuit_voltage/LFP_mean_Dreyer2010.csv"
maximum_concentration = { value = "22806 mol/m3", kind = "assumed" }
entropic_coefficient = { value = "0 V/K", kind = "assumed" }
chemical_diffusivity = { value = "1e-17 m2/s", kind = "assumed" }
"""
ONCE = {
    "\n[given]\n": GIVEN,
    "minimum_stoichiometry = 0.03": "minimum_stoichiometry = 0.07",
    'heat_capacity = "77 J/K"\nheat_transfer': 'heat_capacity = "77 ± 0.77 J/K"\nheat_transfer',
    'ambient_temperature = "25 degC"\n\n[discharge]': 'ambient_temperature = "25 degC ± 2 K"\n\n[discharge]',
    '\ntemperature = "25 degC"': "",
    'cell_heat_capacity = "77 J/K"\n': "",
    'K-1"\nambient_temperature = "25 degC"': 'K-1"',
}
TWICE = ONCE | {
    'cell_heat_capacity = "77 J/K"\n': 'cell_mass = "70 g ± 1 %"\ncell_specific_heat = "1100 J/kg/K"\n',
    'K-1"\nambient_temperature = "25 degC"': 'K-1"\nambient_temperature = "298.15 ± 2 K"',
}


@pytest.mark.parametrize("changes", [ONCE, TWICE], ids=["stated once", "stated twice"])
def test_an_uncertain_number_that_scales_share_is_drawn_once(tmp_path, changes):
    (tmp_path / "s.toml").write_text(smaller(shipped("studies/lfp.toml").read_text(), changes))
    study = read_study(tmp_path / "s.toml")
    found = []
    for index in range(3):
        run = Run(member_of(study, index), MemoryStore(), Silent(), member=MemberDraws())
        run.execute(["cell_specification", "discharge", "pack"])
        cell, pack, discharge = (run.values[name] for name in ("cell_specification", "pack", "discharge"))
        assert pack.heat_capacity == pytest.approx(cell.thermal.heat_capacity, rel=1e-12)
        assert pack.ambient_temperature == discharge.temperature == cell.thermal.ambient_temperature
        found.append((pack.heat_capacity, pack.ambient_temperature))
    assert len(set(found)) == 3
    assert all(0.0 < abs(capacity - 77.0) < 4.0 and 0.0 < abs(T - 298.15) < 10.0 for capacity, T in found)


@pytest.mark.filterwarnings("error:Pydantic serializer warnings")
def test_an_uncertain_shared_number_stands_in_the_ledger_as_a_number(tmp_path):
    changes = ONCE | {
        'specific_heat = "1000 J kg-1 K-1"': 'specific_heat = "1000 J kg-1 K-1 ± 1 %"',
        'cells = 6\nambient_temperature = "25 degC"': 'cells = 6\nambient_temperature = "25 degC ± 2 K"',
    }
    (tmp_path / "s.toml").write_text(smaller(shipped("studies/lfp.toml").read_text(), changes))
    ledger = climb(read_study(tmp_path / "s.toml"), tmp_path / "out", until="cell_specification")
    assert ledger.entry("cell").constants["heat capacity of the cell"] == 77.0
    assert read_ledger(tmp_path / "out") == ledger


def test_two_errors_of_one_number_are_refused(tmp_path):
    changes = {'cell_heat_capacity = "77 J/K"': 'cell_heat_capacity = "77 ± 2 J/K"'}
    (tmp_path / "s.toml").write_text(smaller(shipped("studies/lfp.toml").read_text(), changes))
    with pytest.raises(StudyError, match=r"two errors of the heat capacity.*0 J/K in \[cell\], 2 J/K in \[pack\]; expected one"):
        climb(read_study(tmp_path / "s.toml"), tmp_path / "out")
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
        match=r"digest \w{32} in module_kinetics, digest \w{32} in decomposition_fit|have digest \w{32}; the previous scale used \w{32}",
    ):
        climb(module_study(targets, given), tmp_path / "out")
    assert not (tmp_path / "out" / "ledger.json").exists()
    assert not list((tmp_path / "out").glob("quantities/*"))


@pytest.mark.long
def test_climbing_one_target_after_the_other_does_not_evade_it(module_study, tmp_path):
    study = module_study('["barrier_map", "critical_oven_temperature"]', f'module_kinetics = "{OTHER}"')
    climb(study, tmp_path / "out", until="critical_oven_temperature")
    before = read_ledger(tmp_path / "out")
    with pytest.raises(StudyError, match=r"two values of the decomposition kinetics|the previous scale used"):
        climb(study, tmp_path / "out", until="barrier_map")
    assert read_ledger(tmp_path / "out") == before
