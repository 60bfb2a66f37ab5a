"""A wrong study gets one sentence: file, field, found, expected; nothing is computed."""

from __future__ import annotations

import pytest

from scalith.ladder import read_study
from scalith.quantities import ScalithError
from tests.ladder.conftest import STUDY

BAD = {
    "unknown section": (
        STUDY.replace("[spring]", "[sprng]"),
        ["toy.toml", "unknown section [sprng]", "did you mean 'spring'?"],
    ),
    "unknown key in a section": (
        STUDY.replace("stiffness", "stifness"),
        ["toy.toml [spring]", "unknown key 'stifness'", "did you mean 'stiffness'?"],
    ),
    "unknown key in the header": (STUDY.replace("seed", "sed"), ["toy.toml [study]", "'sed'", "did you mean 'seed'?"]),
    "wrong type": (STUDY.replace("2.0", '"soft"'), ["toy.toml [spring]", "stiffness", "found 'soft'", "valid number"]),
    "wrong unit": (STUDY.replace("500 g", "500 s"), ["toy.toml [given]", "mass", "unit 's'", "convertible to kg"]),
    "not a number": (STUDY.replace("500 g", "nan g"), ["toy.toml [given]", "mass", "nan g", "finite"]),
    "text for a number": (
        STUDY.replace("500 g", "heavy"),
        ["toy.toml [given]", "mass", "found 'heavy'", "a number followed by a unit"],
    ),
    "unknown quantity given": (STUDY.replace("mass =", "mas ="), ["toy.toml [given]", "mas", "did you mean 'mass'?"]),
    "unknown target": (STUDY.replace('"outline"', '"outlin"'), ["toy.toml [study]", "targets", "did you mean 'outline'?"]),
    "missing quantity": (STUDY.replace('mass = "500 g"', ""), ["toy.toml", "oscillation needs mass", "state it under [given]"]),
    "missing section": (
        STUDY.replace("[spring]\nstiffness = 2.0", ""),
        ["toy.toml", "[spring]", "no such section", "a section with stiffness"],
    ),
    "missing file": (
        STUDY.replace('"500 g"', '"mass.csv"'),
        ["toy.toml [given] mass", "'mass.csv'", "a file that exists"],
    ),
    "missing results": (
        STUDY.replace('"500 g"', '{ results = "nowhere" }'),
        ["nowhere", "no ledger.json", "the results folder of a finished climb"],
    ),
    "circular": (
        STUDY.replace('"500 g"', '{ results = "results" }'),
        ["toy.toml [given] mass", "'results'", "circular", "another study's results folder"],
    ),
    "two ways at once": (
        STUDY.replace('"500 g"', '{ value = 1.0, file = "a.csv" }'),
        ["toy.toml [given]", "mass", "value, file", "exactly one of"],
    ),
    "specification with a wrong field": (
        STUDY.replace("length = 1.0", "lenght = 1.0"),
        ["[given] shape", "unknown key 'lenght'", "did you mean 'length'?"],
    ),
    "a Boolean for a number": (STUDY.replace('"500 g"', "true"), ["toy.toml [given]", "mass", "found True", "a number"]),
    "a list for a number": (STUDY.replace('"500 g"', "[1, 2]"), ["toy.toml [given]", "mass", "found [1, 2]", "a number"]),
    "fields that do not belong": (
        STUDY.replace('"500 g"', '{ results = "elsewhere", kind = "measured" }'),
        ["toy.toml [given]", "mass.kind", "kind beside results", "only quantity, digest"],
    ),
    "not TOML": (STUDY + "\n= 3", ["toy.toml", "a readable TOML file"]),
    "a value where a section belongs": ("study = 3\n", ["toy.toml", "study", "a section [study]"]),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_bad_study(toy, study_file, tmp_path, text, said):
    study_file.write_text(text)
    with pytest.raises(ScalithError) as caught:
        read_study(study_file, tmp_path / "results")
    for words in said:
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not any(toy(name) for name in ("elastic_energy", "force", "oscillation", "outline"))


CSV = {
    "NaN": ("x [1], force [N]\n0, 1\n0.5, nan\n1, 2\n", ["force.csv", "line 3, column 'force'", "nan", "a finite number"]),
    "not increasing": (
        "x [1], force [N]\n0, 1\n0.5, 1\n0.4, 2\n",
        ["force.csv", "line 4, column 'x'", "0.4 after 0.5", "strictly increasing"],
    ),
    "wrong unit": ("x [1], force [V]\n0, 1\n1, 2\n", ["force.csv", "column 'force'", "unit 'V'", "convertible to N"]),
    "no unit": ("x, force\n0, 1\n", ["force.csv", "line 1", "a column title with its unit"]),
    "missing column": ("x [1], fource [N]\n0, 1\n1, 2\n", ["force.csv", "'fource'", "did you mean 'force'?"]),
    "short row": ("x [1], force [N]\n0, 1\n1\n", ["force.csv", "line 3", "1 values", "2: x, force"]),
}


@pytest.mark.parametrize(("text", "said"), CSV.values(), ids=CSV)
def test_bad_given_file(toy, study_file, text, said):
    (study_file.parent / "force.csv").write_text(text)
    study_file.write_text(STUDY.replace("[given]", '[given]\nforce = "force.csv"'))
    with pytest.raises(ScalithError) as caught:
        read_study(study_file)
    for words in said:
        assert words in str(caught.value)


def test_targets_default_to_all_that_can_be_reached(toy, study_file):
    study_file.write_text(STUDY.replace('targets = ["outline"]\n', ""))
    assert read_study(study_file).targets == ["elastic_energy", "force", "oscillation", "outline"]
    study_file.write_text(STUDY.replace('targets = ["outline"]\n', "").replace('mass = "500 g"', ""))
    assert read_study(study_file).targets == ["elastic_energy", "force"]


def test_a_given_number_carries_its_source(toy, study_file):
    given = '{ value = "500 g", standard_error = "5 g", kind = "measured", reference = "a balance" }'
    study_file.write_text(STUDY.replace('"500 g"', given))
    mass = read_study(study_file).given["mass"]
    assert (mass(), mass.error()) == (0.5, 0.005)
    assert (mass.source.kind, mass.source.reference) == ("measured", "a balance")


def test_a_moved_input_file_is_the_same_and_a_changed_one_is_not(toy, study_file):
    (study_file.parent / "a.dat").write_text("one")
    study_file.write_text(STUDY.replace("stiffness = 2.0", 'stiffness = 2.0\nfile = "a.dat"'))
    first = read_study(study_file).settings["spring"].digest
    (study_file.parent / "sub").mkdir()
    (study_file.parent / "a.dat").rename(study_file.parent / "sub" / "a.dat")
    study_file.write_text(study_file.read_text().replace('"a.dat"', '"sub/a.dat"'))
    assert read_study(study_file).settings["spring"].digest == first
    (study_file.parent / "sub" / "a.dat").write_text("two")
    assert read_study(study_file).settings["spring"].digest != first
