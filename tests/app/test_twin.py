"""The offline twin: members are hit, between them the error is within what leaving one out says, one page without a server."""

from __future__ import annotations

import base64
import re
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from scalith.app import twin as module
from scalith.app.explorer import Explorer
from scalith.app.twin import RESOLUTION, Axis, leave_one_out, read_axes, twin, twin_page
from scalith.quantities import InputError, StudyError

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

GRID = ["cell.positive_electrode.thickness=75 um:90 um:4"]


@pytest.fixture(scope="module")
def members(explorer):
    axes = read_axes(GRID, explorer)
    return axes, twin(explorer, axes)


def weights(axes, state):
    one = np.ones(1)
    for axis, value in zip(axes, state, strict=True):
        one = np.outer(one, basis(axis.places, place(axis, value))).ravel()
    return one


def place(axis, value):
    """Where a value lies between −1 and 1, as the page says it."""
    low, high, at = (np.log if axis.logarithmic else np.asarray)([axis.low, axis.high, value])
    return 2.0 * (at - low) / (high - low) - 1.0


def basis(nodes, at):
    """Lagrange's polynomials, by node."""
    return [np.prod([(at - other) / (node - other) for other in nodes if other != node]) for node in nodes]


def test_polynomials_of_the_nodes_are_exact():
    axes = [Axis("a", 1.0, 3.0, 4, False), Axis("b", 1.0, 4.0, 5, True)]
    a, b = np.meshgrid(axes[0].values, np.log(axes[1].values), indexing="ij")
    found = weights(axes, (1.7, 2.2)) @ (a**3 * b**4 + b).ravel()
    assert found == pytest.approx(1.7**3 * np.log(2.2) ** 4 + np.log(2.2), rel=1e-12)


def test_what_leaving_one_out_finds_is_zero_for_what_the_others_determine():
    axes = [Axis("a", -1.0, 1.0, 5, False)]
    x = axes[0].places
    assert leave_one_out((x**3)[:, None], axes) == pytest.approx(RESOLUTION)
    assert leave_one_out((x**4)[:, None], axes) > 1e-2


def test_between_members_numbers_are_within_the_error_that_is_shown(explorer, members):
    axes, found = members
    state = {"cell.positive_electrode.thickness": 8.3e-5}
    with explorer.at(state) as climb:
        exact = explorer.said(climb.compute(explorer.study.targets))["numbers"]
    exact = {(line["topic"], line["label"]): line["value"] for line in exact}
    w = weights(axes, state.values())
    assert w.sum() == pytest.approx(1.0)
    for line in found["numbers"]:
        value = w @ np.array(line["values"])
        assert value == pytest.approx(exact[line["topic"], line["label"]], abs=line["error"], rel=1e-9)
        assert line["error"] < 0.02 * abs(value)


def test_curves_hold_their_members(explorer, members):
    axes, found = members
    curve = next(item for item in found["figures"] if item["name"] == "discharges 0")
    numbers = np.frombuffer(base64.b64decode(curve["values"]), "<f4").reshape(4, len(curve["traces"]), -1)
    with explorer.at({axis.knob: axis.values[0] for axis in axes}) as climb:
        run = climb["discharges"].isel(c_rate=0)
    assert numbers[0, 0, 1] == pytest.approx(float(run["capacity"].max()) / 3600, rel=1e-6)
    assert numbers[0, 0, 2] == pytest.approx(float(run["voltage"][0]), rel=1e-6)


def line(name, x, y):
    trace = {"type": "scatter", "name": name, "x": x, "y": y}
    return {"name": "a", "title": "a", "view": "cell", "figure": {"data": [trace], "layout": {}}}


def test_lines_are_interpolated_by_their_name_and_their_ends_have_an_error():
    axes = [Axis("a", -1.0, 1.0, 3, False)]
    moving = [[line("1C", [0.0, end], [1.0, 1.0])] for end in (1.0, 2.0, 1.0)]
    (figure,) = module._figures(moving, axes, (3,))
    assert figure["error"] == pytest.approx(RESOLUTION)
    assert figure["error_of_ends"] == pytest.approx(2.0)  # the parabola through 1, 2, 1 is 3 away from a line, at an end
    fixed = [[line("1C", [0.0, 1.0], [1.0, end])] for end in (1.0, 2.0, 1.0)]
    assert module._figures(fixed, axes, (3,))[0]["error_of_ends"] == 0.0
    renamed = [[line(name, [0.0, 1.0], [1.0, 1.0])] for name in ("1C", "2C", "1C")]
    assert module._figures(renamed, axes, (3,)) == []


def test_members_are_not_drawn_as_ladders(explorer, monkeypatch):
    monkeypatch.setattr(Explorer, "said", lambda *asked: pytest.fail("a ladder was drawn"))
    found = twin(explorer, [Axis("pack.cooling_coefficient", 100.0, 200.0, 3, False)])
    assert found["numbers"]


def test_the_page_is_one_file_that_loads_nothing(members):
    page = twin_page(members[1], "a cell <b>& its</b> row")
    assert len(page.encode()) < 5_000_000
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert "<b>& its" not in page
    with pytest.raises(InputError, match="fewer knobs or nodes"):
        twin_page(members[1] | {"more": "x" * 5_000_000}, "large")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cell.separator.thicknes=1:2", "did you mean 'cell.separator.thickness'"),
        ("cell.separator.thickness=20 um", "NAME=LOW:HIGH"),
        ("cell.separator.thickness=30 um:20 um", "a lower end below"),
        ("cell.separator.thickness=20 um:30 um:2", "3 to 9"),
        ("cell.separator.thickness=20 s:30 um", "m"),
        ("pack.cells=1:4", "not a count"),
    ],
)
def test_a_wrong_grid_is_one_sentence(explorer, text, said):
    with pytest.raises(InputError, match=said):
        read_axes([text], explorer)


def test_axes_that_nobody_states_are_about_the_first_knobs_within_their_limits(explorer):
    first, second = read_axes([], explorer)
    assert (first.knob, second.knob) == ("thickness of both electrodes", "cell.negative_electrode.thickness")
    assert (second.low, second.high) == pytest.approx((0.85 * 34e-6, 1.15 * 34e-6))
    known = explorer.knobs["cell.negative_electrode.thickness"]
    moved = [
        replace(known, name="zero", value=0.0, low=0.0, high=1.0),
        replace(known, name="warm", value=298.15, unit="K", low=258.15, high=338.15),
        replace(known, name="negative", value=-2.0, low=-4.0, high=0.0, logarithmic=False),
        replace(known, name="full", value=0.95, low=0.5, high=1.0, logarithmic=False),
    ]
    axes = read_axes([], SimpleNamespace(knobs={knob.name: knob for knob in moved}))
    assert [(axis.knob, axis.low, axis.high) for axis in axes] == [
        ("negative", pytest.approx(-2.3), pytest.approx(-1.7)),
        ("full", pytest.approx(0.8075), 1.0),
    ]
    with pytest.raises(InputError, match="NAME=LOW:HIGH"):
        read_axes([], SimpleNamespace(knobs={"warm": moved[1]}))


def test_a_grid_that_cannot_be_computed_says_where(explorer):
    axes = read_axes(["cell.positive_electrode.thickness=75 um:200 um:3"], explorer)
    with pytest.raises(StudyError, match=r"thickness = 0.000122.*windows of equal charge"):
        twin(explorer, axes)


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium")
def test_the_page_interpolates_as_python_does(members, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    axes, found = members
    path = tmp_path / "interactive.html"
    path.write_text(twin_page(found, "members"), encoding="utf-8")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        said = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_selector("body[data-done='1']")
        page.locator("#knob-0").fill("700")
        page.wait_for_selector("body[data-done='2']")
        shown = page.locator("#numbers tr[data-topic=Capacity][data-label='cell at 2C']")
        low, high = axes[0].low, axes[0].high
        w = weights(axes, (low * (high / low) ** 0.7,))
        line = next(item for item in found["numbers"] if (item["topic"], item["label"]) == ("Capacity", "cell at 2C"))
        assert float(shown.get_attribute("data-value")) == pytest.approx(w @ np.array(line["values"]), rel=1e-9)
        assert page.locator("#figures figure:not([data-drawn])").count() == 0
        page.screenshot(path=tmp_path / "twin.png", full_page=True)
        browser.close()
    assert said == []
