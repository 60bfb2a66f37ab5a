"""The page in a browser: every figure is drawn, the console is clean, panels open, the phone needs no sideways scrolling."""

from __future__ import annotations

import os

import pytest

from scalith.ladder import climb, read_study
from scalith.quantities import shipped
from scalith.report import write_report
from tests.chromium import browser, needs_chromium
from tests.ladder import test_full_cell, test_iron_phosphate
from tests.ladder.smaller_study import smaller

__all__ = ["browser"]

pytestmark = [pytest.mark.long, needs_chromium]

EXAMPLES = {
    "lfp": "open_circuit_voltage",
    "full_cell": "negative.open_circuit_voltage",
    "module_safety": "oven_exposure",
    "lixnio2": "average_voltage",
    "lixmn2o4": "average_voltage",
    "lco_rate": "average_voltage",
    "composite_cathode": "composition_map",
    "ageing": "cycle_life",
    "lfp_hysteresis": "particle_hysteresis",
    "designed_electrode": "designed_image",
    "solid_state": "part_by_part",
}
"""Each example, as far as tests of the page need it; `SCALITH_TEST_PAGES=FOLDER` takes finished results instead."""
SMALLER = {
    "lfp": test_iron_phosphate.SMALLER,
    "full_cell": test_full_cell.SMALLER,
    "solid_state": {
        "[36, 28, 28]": "[20, 16, 16]",
        '"0.6 um"': '"0.8 um"',
        "[0.4, 0.7, 1.0]": "[1.0]",
        "cycles = [10, 100]\n": "",
    },
}
"""Fewer samples, smaller images: the page shows the same."""


@pytest.fixture(scope="module", params=list(EXAMPLES))
def page(request, tmp_path_factory):
    finished = os.environ.get("SCALITH_TEST_PAGES")
    if finished:
        from scalith.ladder import read_ledger

        folder = f"{finished}/{request.param}"
        return write_report(folder, read_ledger(folder))
    folder = tmp_path_factory.mktemp(request.param)
    study = folder / "study.toml"
    text = shipped(f"studies/{request.param}.toml").read_text(encoding="utf-8")
    study.write_text(smaller(text, SMALLER.get(request.param, {})), encoding="utf-8")
    return write_report(folder / "out", climb(read_study(study), folder / "out", until=EXAMPLES[request.param]))


def opened(browser, page, **options):
    """A tab with the page, and what its console said."""
    tab = browser.new_context(**options).new_page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(page.as_uri())
    tab.wait_for_selector("body[data-ready]")
    return tab, said


def test_every_example_is_among_them():
    assert {path.stem for path in shipped("studies/lfp.toml").parent.glob("*.toml")} == set(EXAMPLES)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_figure_is_drawn_and_the_console_is_clean(browser, page, scheme):
    tab, said = opened(browser, page, color_scheme=scheme)
    tab.evaluate("drawAll()")
    undrawn = """[...document.querySelectorAll('.figure')].filter(place => place.dataset.drawn !== 'yes' ||
        !place.querySelector('.trace, .heatmaplayer image, .gl-container canvas')).map(place => place.dataset.figure)"""
    assert tab.evaluate("document.querySelectorAll('.figure').length") > 0
    assert tab.evaluate(undrawn) == []
    # The legend is below the axes, the tool bar above them: they never share a place.
    overlaps = """[...document.querySelectorAll('.figure')].filter(place => {
        const [bar, legend] = ['.modebar', '.legend'].map(name => place.querySelector(name)?.getBoundingClientRect());
        return bar && legend && bar.bottom > legend.top && bar.top < legend.bottom && bar.right > legend.left && bar.left < legend.right;
    }).map(place => place.dataset.figure)"""
    assert tab.evaluate(overlaps) == []
    assert said == []


def test_the_panel_of_a_number_opens_from_the_keyboard_and_ends_at_files(browser, page):
    tab, said = opened(browser, page)
    tab.locator("button.trace").last.focus()
    tab.keyboard.press("Enter")
    assert tab.locator("dialog[open] li").count() > 2
    assert "file " in tab.locator("dialog[open]").inner_text()
    tab.keyboard.press("Escape")
    assert tab.locator("dialog[open]").count() == 0
    assert said == []


def test_a_phone_scrolls_one_way(browser, page):
    tab, said = opened(browser, page, viewport={"width": 390, "height": 844})
    tab.evaluate("drawAll()")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert said == []


def test_on_paper_the_figure_of_each_scale_has_its_lines(browser, page):
    tab, said = opened(browser, page, viewport={"width": 1100, "height": 900})
    tab.wait_for_selector("body[data-drawn]")
    tab.emulate_media(media="print")
    hidden = """[...document.querySelectorAll('.main .figure')].filter(place => {
        const marks = '.scatterlayer .trace, .barlayer .trace, .heatmaplayer image, .gl-container canvas';
        const drawn = [...place.querySelectorAll(marks)];
        return !drawn.length || drawn.some(part => getComputedStyle(part).display === 'none'); }).map(place => place.dataset.figure)"""
    assert tab.evaluate(hidden) == []
    assert tab.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert tab.evaluate("document.querySelectorAll('details.pictures:not([open])').length") == tab.evaluate(
        "[...document.querySelectorAll('details.pictures')].filter(part => getComputedStyle(part).display === 'none').length"
    )
    assert said == []


def test_the_ledger_can_be_searched_and_sorted(browser, page):
    tab, _ = opened(browser, page)
    tab.fill("#page-search", "predicted")
    shown = tab.locator("#ledger-table tbody tr:visible")
    assert 0 < shown.count() < tab.locator("#ledger-table tbody tr").count()
    tab.click("#ledger-table th >> nth=1")
    names = [row.split("\t")[1] for row in shown.all_inner_texts()]
    assert names == sorted(names, key=str.casefold)
