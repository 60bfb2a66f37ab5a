"""The explorer in a browser: knobs, numbers, files, states in the address, tabs, a phone; the console is clean."""

from __future__ import annotations

import json
import tomllib

import pytest

from scalith.ladder import Climb, read_study
from tests.chromium import browser, needs_chromium

__all__ = ["browser"]

pytestmark = [pytest.mark.long, needs_chromium]

THICKNESS = '[data-knob="cell.positive_electrode.thickness"]'


@pytest.fixture
def tab(browser, serving):
    """Opens a tab with the explorer; at the end its console must have said nothing, and no request have left the machine."""
    opened, said, asked = [], [], []

    def open_tab(url=serving.url, answer=None, **options):
        page = browser.new_context(accept_downloads=True, **options).new_page()
        if answer:
            page.route("**/climb*", answer)
        page.set_default_timeout(60_000)
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url)
        page.wait_for_selector("body[data-done]" if answer else "body[data-done=done]")
        opened.append(page)
        return page

    yield open_tab
    for page in opened:
        page.context.close()
    assert said == []
    assert all(url.startswith((f"http://127.0.0.1:{serving.port}/", "blob:", "data:")) for url in asked)


def count(page):
    return int(page.evaluate("document.body.dataset.count"))


def wait(page, before):
    page.wait_for_selector(f"body:not([data-count='{before}'])[data-done]")


def number(page, label, topic="Capacity"):
    return float(page.locator(f"#numbers tr[data-topic='{topic}'][data-label='{label}']").get_attribute("data-value"))


def test_a_moved_knob_changes_the_numbers_as_the_library_does(tab, study_file, tmp_path):
    page, library = tab(viewport={"width": 1400, "height": 1000}), Climb(read_study(study_file))

    def computed(name, variable):
        return float(library[name][variable].max())

    assert number(page, "cell at 1C") == pytest.approx(computed("discharges", "capacity"), rel=1e-9)
    before = count(page)
    page.locator(f"{THICKNESS} input[type=number]").fill("90")
    page.keyboard.press("Tab")
    wait(page, before)
    library.set("cell.positive_electrode.thickness", 9e-5)
    assert number(page, "cell at 1C") == pytest.approx(computed("discharges", "capacity"), rel=1e-9)
    assert number(page, "hottest cell of the row", "Peak temperature") == pytest.approx(
        computed("pack_temperature", "peak_temperature"), rel=1e-9
    )
    assert page.locator("#numbers .change").count() > 0
    assert page.locator("#figures figure:not([data-drawn])").count() == 0
    assert page.locator("#ladder rect.changed").count() > 0
    page.screenshot(path=tmp_path / "cell.png", full_page=True)

    before = count(page)  # from the keyboard, then undone
    page.locator(f"{THICKNESS} input[type=range]").press("ArrowRight")
    wait(page, before)
    assert number(page, "cell at 1C") != pytest.approx(computed("discharges", "capacity"), rel=1e-9)
    before = count(page)
    page.click("#undo")
    wait(page, before)
    assert number(page, "cell at 1C") == pytest.approx(computed("discharges", "capacity"), rel=1e-9)

    page.locator(f"{THICKNESS} input[type=number]").fill("100000")  # 10 cm
    page.keyboard.press("Tab")
    page.wait_for_selector("#trouble:not([hidden])")
    assert "a thickness of 1 nm to 5 mm" in page.inner_text("#trouble")
    before = count(page)
    page.click("#reset")
    wait(page, before)
    assert not page.is_visible("#trouble")


def test_views_boxes_files_and_exports(tab, tmp_path):
    page = tab(viewport={"width": 1400, "height": 1000}, color_scheme="dark")
    for view in ("particle", "pack", "bottleneck", "agreement"):
        before = count(page)
        page.click(f"#tabs [data-view={view}]")
        wait(page, before)
        page.wait_for_selector("#figures figure[data-drawn]")
        page.screenshot(path=tmp_path / f"{view}.png", full_page=True)
        if view == "particle":  # a moment of a picture that moves is that of its slider
            moved = page.evaluate("""async () => {
                const place = document.querySelector('[data-name="particles over time"] .figure'), steps = place.layout.sliders[0].steps;
                const before = [...place._fullData[0].y];
                await Plotly.animate(place, ...steps.at(-1).args);
                return [before, [...place._fullData[0].y], place.layout.updatemenus[0].buttons.map(one => one.label)];
            }""")
            assert moved[2] == ["Play", "Pause"]
            assert len(moved[0]) == len(moved[1])
            assert sum(moved[1]) > sum(moved[0])  # the positive electrode fills while the cell is discharged
    page.click("#tabs [data-view=uncertainty]")
    page.fill("#draws", "2")
    page.click("#spread")
    page.wait_for_selector("body[data-spread='2']")
    assert "2 draws" in page.inner_text("#members")
    before = count(page)
    page.locator("#ladder a[data-box=cell_specification]").click()
    wait(page, before)
    assert "<script>alert(1)</script>" in page.inner_text("#box")  # a name, as text
    assert page.locator(".knob:visible").count() > 0
    assert not page.locator('[data-knob="pack.cooling_coefficient"]').is_visible()

    rows = "\n".join(f"{60 * k},{3.3 - 0.004 * k},2.3" for k in range(30))
    page.set_input_files(
        "#file", {"name": "mine.csv", "mimeType": "text/csv", "buffer": f"time [s],voltage [V],current [A]\n{rows}".encode()}
    )
    page.wait_for_selector("body[data-laid='1']")
    assert "mV apart" in page.inner_text("#overlays")
    with page.expect_download() as download:
        page.select_option("#export", "toml")
    assert tomllib.loads(download.value.path().read_text())["cell"]["electrode_area"] == "0.18 m2"
    with page.expect_download() as picture:
        page.locator("#overlays button", has_text="SVG").click()
    assert picture.value.path().read_text().startswith("<svg")


def test_a_state_is_in_its_address_and_tabs_do_not_share_one(tab, serving):
    first, second = tab(), tab(viewport={"width": 390, "height": 844})
    before = count(first), count(second)
    for page, thickness in ((first, "90"), (second, "95")):
        page.locator(f"{THICKNESS} input[type=number]").fill(thickness)
        page.keyboard.press("Tab")
    wait(first, before[0])
    wait(second, before[1])
    found = number(first, "cell at 1C"), number(second, "cell at 1C")
    assert found[0] != found[1]
    assert second.evaluate("document.documentElement.scrollWidth") <= 390
    before = count(first)
    first.click("#pin")
    wait(first, before)
    again = tab(first.url)
    assert number(again, "cell at 1C") == found[0]
    assert again.locator("#pins li").count() == 2
    again.select_option("#units", "si")
    assert again.locator("#numbers tr[data-topic=Capacity][data-label='cell at 1C'] td.now").first.inner_text().split()[-1] != "h"
    again.select_option("#tour", "fast")
    again.wait_for_selector("#guide:not([hidden])")
    assert "1 of 5" in again.inner_text("#guide")
    labels = """[...document.querySelectorAll('input, select, button')].filter(one => !one.labels?.length && !one.getAttribute('aria-label')
        && !one.textContent.trim()).map(one => one.outerHTML)"""
    assert again.evaluate(labels) == []


def test_a_pinned_state_that_cannot_be_computed_is_named(tab, serving):
    def without_pins(route):
        if ' pin"' not in route.request.post_data:
            route.continue_()
        else:
            refused = json.dumps({"event": "refused", "message": "no", "field": ""})
            route.fulfill(body=refused + "\n", content_type="application/x-ndjson")

    page = tab()
    before = count(page)
    page.locator(f"{THICKNESS} input[type=number]").fill("90")
    page.keyboard.press("Tab")
    wait(page, before)
    before = count(page)
    page.click("#pin")
    wait(page, before)
    again = tab(page.url, without_pins)
    again.wait_for_selector("#trouble:not([hidden])")
    assert again.inner_text("#trouble") == "the pinned state 'as stated' could not be computed: no"
    assert again.get_attribute("body", "data-done") == "done"


@pytest.mark.parametrize(("end", "said"), [("cancelled", "cancelled"), ("refused", "not computed")])
def test_an_answer_that_ends_half_way_leaves_the_state_before(tab, end, said):
    events = ({"event": "figures", "figures": [], "failed": {}, "not_drawn": {}}, {"event": end, "message": "no", "field": ""})

    def half(route):
        route.fulfill(body="".join(json.dumps(event) + "\n" for event in events), content_type="application/x-ndjson")

    page = tab()
    drawn, capacity, before = page.locator("#figures figure").count(), number(page, "cell at 1C"), count(page)
    page.route("**/climb*", half)
    page.locator(f"{THICKNESS} input[type=number]").fill("91")
    page.keyboard.press("Tab")
    wait(page, before)
    page.wait_for_function("drawn => document.querySelectorAll('#figures figure').length === drawn", arg=drawn)
    assert drawn > 0
    assert number(page, "cell at 1C") == capacity
    assert page.inner_text("#said") == f"{said}: what is shown is the state before"
    empty = tab(answer=half)  # its first answer ends half-way: there is no state before
    empty.select_option("#units", "si")
    empty.click("#tabs [data-view=uncertainty]")
    empty.click("#spread")
    assert empty.locator("#numbers tbody tr").count() == 0


def test_a_state_whose_answer_another_question_stopped_is_answered_afterwards(tab):
    page = tab()
    assert not page.is_visible("#not-drawn")
    before = count(page)
    page.click("#tabs [data-view=uncertainty]")
    wait(page, before)
    capacity, before, asked = number(page, "cell at 1C"), count(page), []

    def answer(route):
        asked.append(route.request.post_data_json)
        if "draws" in asked[-1]:
            body = json.dumps({"event": "refused", "message": "no", "field": ""})
            route.fulfill(body=body + "\n", content_type="application/x-ndjson")
        elif len(asked) > 1:  # the first one stays without an answer
            told = [json.loads(line) for line in route.fetch().text().splitlines()]
            lacking = [event | {"not_drawn": {"Ragone": "no energy"}} if event["event"] == "figures" else event for event in told]
            route.fulfill(body="".join(json.dumps(event) + "\n" for event in lacking), content_type="application/x-ndjson")

    page.route("**/climb*", answer)
    page.locator(f"{THICKNESS} input[type=number]").fill("91")
    page.keyboard.press("Tab")
    page.wait_for_selector("body:not([data-done])")
    page.click("#spread")
    wait(page, before)
    assert ["draws" in one for one in asked] == [False, True, False]
    assert page.get_attribute("body", "data-done") == "done"
    assert number(page, "cell at 1C") > capacity
    assert page.locator("#figures.old").count() == 0
    assert page.inner_text("#not-drawn") == "Ragone cannot be drawn: no energy"


def test_the_pictures_that_were_asked_for_last_stay(tab):
    drawn = """async () => {
        const place = document.createElement('div'), react = Plotly.react;
        document.body.append(place);
        const items = y => ['one', 'two'].map(name => ({name, title: name, figure: {data: [{y: [y]}], layout: {}}}));
        let calls = 0;
        Plotly.react = async (...all) => {
            const slow = !calls++;
            await react(...all);
            if (slow) await new Promise(done => setTimeout(done, 500));
        };
        await Promise.all([pictures.show(place, items(1)), pictures.show(place, items(2))]);
        return [...place.querySelectorAll('.figure')].map(one => one.data[0].y[0]);
    }"""
    assert tab().evaluate(drawn) == [2, 2]
