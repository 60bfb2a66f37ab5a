from __future__ import annotations

import copy
import pickle
from typing import Annotated

import pytest
from pydantic import Field, ValidationError

from scalith.quantities import SI, InputError, Spec, read_toml
from scalith.quantities.specification import Concentration, Count, Duration, Fraction, Length, Temperature, Voltage


class Electrode(Spec):
    thickness: Length
    porosity: Fraction = 0.3
    conductivity: Annotated[float, SI("S m-1"), Field(gt=0)] = 10.0


class Cell(Spec):
    electrode: Electrode
    electrodes: tuple[Electrode, ...] = ()
    temperature: Temperature = 298.15
    upper_voltage: Voltage = 4.2
    salt: Concentration = 1000.0
    points: Count = 20
    rest: Duration = 3600.0


def said(data, cls=Cell):
    with pytest.raises(InputError) as caught:
        cls.read(data, "study.toml")
    return str(caught.value)


def test_text_with_units_and_bare_numbers_become_si():
    cell = Cell.read(
        {
            "electrode": {"thickness": "75 um", "porosity": "33 %"},
            "temperature": "25 degC",
            "upper_voltage": 4.2,
            "salt": "1.2 mol/l",
            "rest": "1 h",
        }
    )
    assert cell.electrode.thickness == 75e-6
    assert cell.electrode.porosity == 0.33
    assert cell.temperature == 298.15
    assert cell.salt == 1200.0
    assert cell.rest == 3600.0


def test_a_bare_number_keeps_every_bit():
    assert Electrode(thickness=0.9106180466524094e-4).thickness == 0.9106180466524094e-4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "study.toml: electrode: missing, expected a value: this field is required"),
        ({"electrode": {"thicknes": "75 um"}}, "study.toml: electrode.thicknes: found unknown key 'thicknes', expected a known name; did you mean 'thickness'?"),
        ({"electrode": {"thickness": 1e-4}, "temprature": 300}, "study.toml: temprature: found unknown key 'temprature', expected a known name; did you mean 'temperature'?"),
        ({"electrode": {"thickness": 1e-4}, "electrodes": [{"thickness": 1, "porosityy": 1}]}, "study.toml: electrodes.0.porosityy: found unknown key 'porosityy', expected a known name; did you mean 'porosity'?"),
        ({"electrode": {"thickness": 1e-4, "zzz": 1}}, "study.toml: electrode.zzz: found unknown key 'zzz', expected one of conductivity, porosity, thickness"),
        ({"electrode": {"thickness": "75 V"}}, "study.toml: electrode.thickness: found unit 'V', expected a unit convertible to m"),
        ({"electrode": {"thickness": "75 microns per"}}, "study.toml: electrode.thickness: found unit 'microns per', expected a unit convertible to m"),
        ({"electrode": {"thickness": "thick"}}, "study.toml: electrode.thickness: found 'thick', expected a number followed by a unit convertible to m"),
        ({"electrode": {"thickness": True}}, "study.toml: electrode.thickness: found True, expected a number or text such as '1.5 m'"),
        ({"electrode": {"thickness": "-75 um"}}, "study.toml: electrode.thickness: found -75 um, expected greater than 0"),
        ({"electrode": {"thickness": float("nan")}}, "study.toml: electrode.thickness: found nan, expected a finite number"),
        ({"electrode": {"thickness": 1e-4, "porosity": 1.2}}, "study.toml: electrode.porosity: found 1.2, expected less than or equal to 1"),
        ({"electrode": {"thickness": 1e-4}, "points": 0}, "study.toml: points: found 0, expected greater than or equal to 1"),
        ({"electrode": {"thickness": 1e-4}, "points": 2.5}, "study.toml: points: found 2.5, expected a valid integer, got a number with a fractional part"),
    ],
)  # fmt: skip
def test_a_wrong_field_gets_one_sentence(data, message):
    assert said(data) == message


def test_specifications_are_frozen_and_have_a_digest_of_their_content():
    electrode = Electrode(thickness=1e-4)
    with pytest.raises(ValidationError, match="frozen"):
        electrode.thickness = 2e-4
    assert electrode.digest == Electrode.read({"thickness": "100 um"}).digest
    assert electrode.digest != Electrode(thickness=2e-4).digest
    assert Electrode.model_validate_json(electrode.model_dump_json()) == electrode


def test_toml_files(tmp_path):
    (tmp_path / "cell.toml").write_text('temperature = "25 degC"\n[electrode]\nthickness = "75 um"\n')
    assert Cell.read_toml(tmp_path / "cell.toml").electrode.thickness == 75e-6
    (tmp_path / "bad.toml").write_text("temperature = \n")
    with pytest.raises(
        InputError, match=r"bad\.toml: found Invalid value \(at line 1, column 15\), expected a readable TOML file"
    ):
        read_toml(tmp_path / "bad.toml")
    with pytest.raises(InputError, match=r"none\.toml: found no such file, expected a TOML file"):
        read_toml(tmp_path / "none.toml")
    (tmp_path / "cell.toml").write_text("temperature = 300")
    with pytest.raises(InputError, match=r"cell\.toml: electrode: .*expected a value: this field is required"):
        Cell.read_toml(tmp_path / "cell.toml")


def test_a_changed_copy_has_a_digest_of_its_own():
    class Part(Spec):
        thickness: Length

    first = Part(thickness=1e-5)
    before = first.digest
    changed = first.model_copy(update={"thickness": 2e-5})
    assert changed.digest == Part(thickness=2e-5).digest != before
    assert first.digest == before


class Tables(Spec):
    numbers: dict[str, float]
    nested: dict[str, list[dict[str, float]]]


def test_what_a_digest_covers_cannot_be_changed():
    stated = {"numbers": {"a": 1.0}, "nested": {"b": [{"c": 2.0}]}}
    spec = Tables.read(stated)
    before = spec.digest
    for change in (
        lambda: spec.numbers.__setitem__("a", 3.0),
        lambda: spec.numbers.update(a=3.0),
        lambda: spec.numbers.pop("a"),
        lambda: spec.numbers.clear(),
        lambda: spec.numbers.setdefault("d", 3.0),
        lambda: spec.nested["b"][0].__setitem__("c", 3.0),
        lambda: spec.nested["b"].append({}),
        lambda: spec.nested.__ior__({"b": []}),
    ):
        with pytest.raises((TypeError, AttributeError)):
            change()
    stated["numbers"]["a"] = 3.0  # the user's own is the user's
    assert spec.numbers == {"a": 1.0}
    assert Tables.read({"numbers": {"a": 1.0}, "nested": {"b": [{"c": 2.0}]}}).digest == before == spec.digest


def test_frozen_tables_are_copied_sent_and_read_back():
    spec = Tables.read({"numbers": {"a": 1.0}, "nested": {"b": [{"c": 2.0}]}})
    assert pickle.loads(pickle.dumps(spec)) == spec == copy.deepcopy(spec)
    assert Tables.model_validate_json(spec.model_dump_json()) == spec
    assert spec.model_copy(update={"numbers": {"a": 5.0}}).digest != spec.digest
