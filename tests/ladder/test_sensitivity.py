"""Shares of an error among all that members draw: a chain of products, whose indices are known in closed form."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import qmc

from scalith import cli
from scalith.ladder import climb, climbing, ensemble, graph, progress, rank_inputs, read_study
from scalith.ladder.member_draws import DrawnInputs, drawn_inputs, plan_deviates
from scalith.ladder.run import Run
from scalith.ladder.sensitivity import Number, grouped, of_members
from scalith.ladder.store import MemoryStore
from scalith.quantities import InputError, read_results
from scalith.quantities.uncertain import log_of_deviation
from tests.app.conftest import STUDY as CELL
from tests.ladder import toy_chain
from tests.ladder.test_errors_of_a_chain import STIFFNESS, STUDY

OUTPUT = "trace"
INPUTS = ["stiffness", "beam.length", "beam.offset", "part.width"]


@pytest.fixture
def chain(monkeypatch, tmp_path, clear_graph):
    (tmp_path / "chain.toml").write_text(STUDY)
    (tmp_path / "stiffness.csv").write_text(STIFFNESS)
    monkeypatch.setattr(graph, "rung_modules", lambda: [toy_chain])
    return read_study(tmp_path / "chain.toml")


def moments(median: float, relative: float) -> tuple[float, float]:
    """Mean and mean square of a positive number with a relative error."""
    s = float(log_of_deviation(relative))
    return median * np.exp(0.5 * s**2), median**2 * np.exp(2.0 * s**2)


def exact() -> dict[str, tuple[float, float]]:
    """First-order and total indices of the end of the run, W (k s L + F), s as it was sampled."""
    (w, w2), (k, k2), (length, length2) = moments(0.02, 0.1), moments(350.0, 15 / 350), moments(0.015, 0.03)
    s, f, f2 = 2.0, 1.0, 1.0 + 0.2**2
    s2 = s**2 + toy_chain.NOISE**2 / toy_chain.SAMPLES
    b = k * s * length + f
    b2 = k2 * s2 * length2 + 2.0 * k * s * length * f + f2
    variance = w2 * b2 - (w * b) ** 2
    first = {
        "stiffness": (w * s * length) ** 2 * (k2 - k**2),
        "beam.length": (w * s * k) ** 2 * (length2 - length**2),
        "beam.offset": w**2 * (f2 - f**2),
        "part.width": b**2 * (w2 - w**2),
    }
    total = {
        "stiffness": w2 * s2 * length2 * (k2 - k**2),
        "beam.length": w2 * s2 * k2 * (length2 - length**2),
        "beam.offset": w2 * (f2 - f**2),
        "part.width": b2 * (w2 - w**2),
    }
    return {name: (first[name] / variance, total[name] / variance) for name in INPUTS}


@pytest.mark.long
def test_one_ensemble_divides_the_error_as_the_closed_form_does(chain, tmp_path):
    found = rank_inputs(chain, tmp_path / "out", members=32, method="polynomial")
    assert set(found["input"].values.tolist()) == set(INPUTS)
    assert np.atleast_1d(found.attrs["not_parted"]).tolist() == ["stretch, sampled"]
    for name, (first, total) in exact().items():
        assert float(found["first_order"].sel(input=name)[0]) == pytest.approx(first, abs=0.015)
        assert float(found["total"].sel(input=name)[0]) == pytest.approx(total, abs=0.015)
    sentence = str(np.atleast_1d(found.attrs["sentences"])[0])
    assert f"{100 * float(found['first_order'].sel(input='part.width')[0]):.0f} ± " in sentence.split("%")[0]
    assert "of the variance of trace: end comes from part.width, " in sentence


@pytest.mark.long
def test_pairs_part_what_is_sampled_and_climb_only_what_changed(chain, tmp_path):
    count = 12
    groups = {"the beam": ["beam.*"]}
    found = rank_inputs(chain, tmp_path / "out", members=count, method="pairs", groups=groups)
    assert set(found["input"].values.tolist()) == {"stiffness", "part.width", "the beam", "stretch, sampled"}
    sides = exact()
    beam = [sides["beam.length"][k] + sides["beam.offset"][k] for k in (0, 1)]
    for name, (_, total) in {**sides, "the beam": beam}.items():
        if name in found["input"].values:
            error = float(found["total_error"].sel(input=name)[0])
            assert float(found["total"].sel(input=name)[0]) == pytest.approx(total, abs=3.0 * error + 0.01)
    assert 0.0 < float(found["total"].sel(input="stretch, sampled")[0]) < 0.02
    # The sampled numbers of both samples and of the nominal climb; every other member takes theirs.
    assert len(list((tmp_path / "out" / "cache").glob("stretch-*.nc"))) == 2 * count + 1


def test_a_group_that_names_nothing_is_refused(chain, tmp_path):
    with pytest.raises(InputError, match=r"beam\.length"):
        climb(chain, tmp_path / "out", draws=2, groups={"beam": ["beam.lenght"]})
    with pytest.raises(InputError, match="latin hypercube"):
        plan_deviates({"a": 1}, 4, "latin", 0)


def test_the_patterns_that_are_shown_name_inputs_of_a_study_that_has_them(tmp_path):
    (tmp_path / "cell.toml").write_text(CELL.replace('"2e-10 m2/s"', '"2e-10 m2/s ± 10 %"'))
    study = read_study(tmp_path / "cell.toml")
    run = Run(study, MemoryStore(), progress.Silent())
    run.execute(["cell_specification"])
    inputs = drawn_inputs(run.values, {name: study.graph.nodes[name] for name in run.kept})
    how_to = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "ensembles.md"
    for file in (cli.__file__, climbing.__file__, ensemble.__file__, how_to):
        shown = re.findall(r"[\w.]*electrolyte\.\*", Path(file).read_text(encoding="utf-8"))
        assert shown
        for pattern in shown:
            assert grouped(inputs, {"electrolyte": [pattern]})["electrolyte"] == ["cell_specification.electrolyte.diffusivity"]


@pytest.mark.parametrize("plan", ["sobol", "latin hypercube"])
def test_a_plan_covers_each_deviate_evenly(plan):
    """One of 64 members in each 64th of the probability, for each of three deviates, in both samples."""
    from scipy.special import ndtr

    for sample in plan_deviates({"a": 1, "b": 2}, 64, plan, 7, samples=2):
        table = np.array([np.concatenate([row["a"], row["b"]]) for row in sample])
        assert np.array_equal(np.sort(np.floor(64 * ndtr(table)), axis=0), np.tile(np.arange(64.0)[:, None], 3))


def test_the_first_members_of_a_sequence_stay():
    few, many = (plan_deviates({"a": 3}, count, "sobol", 7)[0] for count in (5, 40))
    assert all(np.array_equal(one["a"], other["a"]) for one, other in zip(few, many[:5], strict=True))


def test_a_planned_ensemble_repeats_and_says_what_its_errors_come_from(chain, tmp_path):
    ledger = climb(chain, tmp_path / "out", draws=3, plan="latin hypercube")
    again = climb(chain, tmp_path / "again", draws=3, plan="latin hypercube")
    assert ledger.stamp == again.stamp
    assert ledger.sensitivity_file == ""  # too few members for a polynomial
    members = read_results(tmp_path / "out" / ledger.entry("trace").ensemble_file)
    assert members["end"].sizes["draw"] == 3
    assert np.isnan(members["end_low_error"])


def test_an_output_that_no_polynomial_of_few_terms_follows_is_divided_by_a_process():
    """y = sin 4a + b/4 of normal numbers: variances (1 − e⁻³²)/2 and 1/16."""
    x = ndtri(qmc.Sobol(2, seed=3).random(64) * (1.0 - 1e-9) + 1e-10)
    outputs = [{"bent": Number(np.sin(4.0 * a) + b / 4.0, "V"), "straight": Number(a + b, "V")} for a, b in x.tolist()]
    deviates = [{"a": np.array([a]), "b": np.array([b])} for a, b in x.tolist()]
    found = of_members(outputs, deviates, DrawnInputs({"a": 1, "b": 1}, {}), None)
    assert found is not None
    assert "method" not in found.attrs  # each number was divided in its own way
    assert found["method"].sel(output="bent") == "gaussian process"
    assert found["method"].sel(output="straight") == "polynomial"
    bent = found.sel(output="bent")
    assert bent["first_order"].values == pytest.approx([8 / 9, 1 / 9], abs=0.01)
    assert float(bent["left"]) < 1e-3
