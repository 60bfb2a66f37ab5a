"""Rungs of a study's own: run only when allowed, part of the graph, cached by their source, sent along to workers."""

from __future__ import annotations

import pickle
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from scalith.ladder import Climb, climb, graph, read_entry, read_study
from scalith.quantities import InputError, ScalithError
from tests.ladder import toy_host, toy_rungs
from tests.ladder.conftest import STUDY

OWN = '''
"""How long the spring swings for."""

from scalith.ladder import Settings, rung
from scalith.quantities import Property, predicted


class Friction(Settings):
    """Of the spring."""

    loss: float


@rung("half-life of the swing", unit="1")
def half_life(force: Property, friction: Friction) -> Property:
    """What is left over what is lost."""
    return Property.constant("half_life", abs(force(0.5)) / friction.loss, "1", predicted("own.half_life", force.digest))
'''

WITH_OWN = STUDY.replace('"outline"', '"half_life"') + '\n[rungs]\nmodules = ["swing.py"]\n\n[friction]\nloss = 0.5\n'


@pytest.fixture
def own_study(toy, tmp_path):
    (tmp_path / "swing.py").write_text(OWN)
    path = tmp_path / "study.toml"
    path.write_text(WITH_OWN)
    return path


def test_code_runs_only_when_it_is_allowed(own_study, tmp_path):
    (tmp_path / "swing.py").write_text(f"from pathlib import Path\nPath({str(tmp_path / 'ran')!r}).write_text('')\n" + OWN)
    with pytest.raises(InputError, match=r"\[rungs\]: modules: found 'swing.py', expected --allow-code"):
        read_study(own_study)
    assert not (tmp_path / "ran").exists()
    read_study(own_study, allow_code=True)
    assert (tmp_path / "ran").exists()


def test_an_own_rung_takes_its_place_in_the_climb(own_study, tmp_path):
    ledger = climb(read_study(own_study, allow_code=True), tmp_path / "out")
    entry = ledger.entry("half_life")
    assert entry.value == pytest.approx(2.0)
    assert entry.scale == "swing"
    assert set(entry.parents) == {"force", "friction"}
    assert read_entry(tmp_path / "out", "half_life").value() == pytest.approx(2.0)
    live = Climb(read_study(own_study, allow_code=True))
    assert live["half_life"]() == pytest.approx(2.0)
    live.set("friction.loss", 1.0)
    assert live["half_life"]() == pytest.approx(1.0)


def test_changed_source_recomputes_that_rung_alone(toy, own_study, tmp_path):
    climb(read_study(own_study, allow_code=True), tmp_path / "out")
    (tmp_path / "swing.py").write_text(OWN.replace("abs(force(0.5))", "2 * abs(force(0.5))"))
    ledger = climb(read_study(own_study, allow_code=True), tmp_path / "out")
    assert ledger.entry("half_life").value == pytest.approx(4.0)
    assert toy("force") == 1
    (tmp_path / "swing.py").write_text(OWN)
    assert climb(read_study(own_study, allow_code=True), tmp_path / "out").entry("half_life").value == pytest.approx(2.0)


@pytest.mark.long
def test_a_study_of_one_process_is_read_in_another(own_study, tmp_path):
    """Settings of an own section are of a type that the other process has never seen: the code goes along."""
    (tmp_path / "study.pickle").write_bytes(pickle.dumps(read_study(own_study, allow_code=True)))
    (tmp_path / "swing.py").unlink()
    code = (
        "import pickle, sys\nfrom scalith.ladder import graph\nfrom tests.ladder import toy_rungs\n"
        "graph.rung_modules = lambda: [toy_rungs]\nfrom scalith.ladder import Climb\n"
        "print(Climb(pickle.load(open(sys.argv[1], 'rb')))['half_life']())\n"
    )
    out = subprocess.run([sys.executable, "-c", code, tmp_path / "study.pickle"], capture_output=True, text=True, check=False)
    assert out.returncode == 0, out.stderr
    assert float(out.stdout) == pytest.approx(2.0)


def test_an_own_rung_may_exist_once_a_material(toy, monkeypatch, tmp_path):
    monkeypatch.setattr(graph, "rung_modules", lambda: [toy_host])
    own = (
        "from scalith.ladder import rung\nfrom scalith.quantities import Property, predicted\nOF_MATERIAL = True\n"
        '@rung("twice", unit="V")\ndef twice(voltage: Property) -> Property:\n    """2 V."""\n'
        '    return Property.constant("twice", 2 * voltage(), "V", predicted("own.twice", voltage.digest))\n'
    )
    (tmp_path / "own.py").write_text(own)
    study = tmp_path / "study.toml"
    given = "".join(f'[materials.{side}.given]\nvoltage = "{value} V"\n' for side, value in (("positive", 4), ("negative", 1)))
    study.write_text(f'[study]\ntitle = "two"\n[rungs]\nmodules = ["own.py"]\n{given}')
    live = Climb(read_study(study, allow_code=True))
    assert (live["positive.twice"](), live["negative.twice"]()) == (8.0, 2.0)
    (tmp_path / "own.py").write_text(own.replace("OF_MATERIAL = True", ""))
    study.write_text(study.read_text().replace('"two"', '"two"\ntargets = ["twice"]'))
    with pytest.raises(
        ScalithError, match=r"twice needs voltage, of which each material has its own: .* positive_voltage or negative_voltage"
    ):
        read_study(study, allow_code=True)


BAD = {
    "no file": (None, ["[rungs]", "modules", "swing.py", "a Python file beside the study"]),
    "broken": (OWN + "\n1/0", ["swing.py", "ZeroDivisionError", "a Python file that runs"]),
    "no rung": ("x = 1\n", ["swing.py", "no function marked with @rung"]),
    "a name that is taken": (OWN.replace("def half_life", "def force"), ["swing.py: force", "a quantity that is there already"]),
    "a need that is no quantity": (OWN.replace("(force: Property", "(farce: Property"), ["swing.py", "farce", "did you mean 'force'"]),
    "no type": (OWN.replace("force: Property,", "force,"), ["swing.py", "half_life(force)", "no type"]),
    "no result type": (OWN.replace(") -> Property:", "):"), ["swing.py", "no type 'return'"]),
    "a wrong result": (OWN.replace(") -> Property:", ") -> float:"), ["swing.py: half_life", "Property, xarray.Dataset or a Spec"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_bad_own_rungs(own_study, tmp_path, text, said):
    (tmp_path / "swing.py").unlink()
    if text is not None:
        (tmp_path / "swing.py").write_text(text)
    with pytest.raises(ScalithError) as caught:
        read_study(own_study, allow_code=True)
    for words in said:
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_installed_packages_add_rungs(clear_graph, monkeypatch, tmp_path):
    (tmp_path / "installed_swing.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("swing", "installed_swing", graph.ENTRY_POINTS)
    monkeypatch.setattr(graph, "entry_points", lambda group: [entry] if group == graph.ENTRY_POINTS else [])
    own = graph.rung_modules()[-1]
    assert own.__name__ == "installed_swing"
    monkeypatch.setattr(graph, "rung_modules", lambda: [toy_rungs, own])
    first = graph.rungs()["half_life"]
    assert first.code
    assert graph.rungs()["force"].scale == "toy_rungs"
    Path(own.__file__).write_text(OWN + "# changed\n")
    graph.rungs.cache_clear()
    assert graph.rungs()["half_life"].code != first.code


def test_an_installed_package_that_does_not_load_is_named(clear_graph, monkeypatch):
    monkeypatch.setattr(graph, "entry_points", lambda group: [EntryPoint("swing", "nowhere_at_all", group)])
    with pytest.raises(InputError, match=r"entry point scalith.rungs: swing: found ModuleNotFoundError"):
        graph.rung_modules()


def test_the_packages_own_rungs_carry_no_code_of_their_own(clear_graph):
    assert {item.code for item in graph.rungs().values()} == {""}
