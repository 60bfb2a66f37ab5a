"""The report: self-contained, complete, and safe against what names may hold."""

from __future__ import annotations

import base64
import gzip
import json
import re
from xml.etree import ElementTree

import numpy as np

from scalith.ladder import climb, read_study
from scalith.quantities import Property, Source
from scalith.report import ladder_picture, write_report
from scalith.report.figures import figures_of
from tests.ladder.conftest import STUDY, clear_graph, study_file, toy

__all__ = ["clear_graph", "study_file", "toy"]


def test_the_page_is_whole(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    path = write_report(tmp_path / "out", ledger)
    page = path.read_text()
    assert len(page) < 5e6
    # Nothing is fetched: no address is loaded by a tag or a style.
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"(src|href)=['\"]https?:|url\(", markup)
    for entry in ledger.entries:
        assert entry.headline in markup or entry.origin == "study"
        assert entry.digest[:12] in markup
    assert "data-figure='force'" in markup
    assert "id='search'" in markup


def test_a_page_of_the_same_climb_is_left_alone(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    path = write_report(tmp_path / "out", ledger)
    first = path.stat().st_mtime_ns
    write_report(tmp_path / "out", ledger)
    assert path.stat().st_mtime_ns == first
    study_file.write_text(STUDY.replace("stiffness = 2.0", "stiffness = 2.5"))
    write_report(tmp_path / "out", climb(read_study(study_file), tmp_path / "out"))
    assert path.stat().st_mtime_ns != first


def test_text_cannot_become_markup(toy, study_file, tmp_path):
    study_file.write_text(
        STUDY.replace('title = "toy"', 'title = "<script>alert(1)</script>"').replace("a ruler", "</script><b>")
    )
    path = write_report(tmp_path / "out", climb(read_study(study_file), tmp_path / "out"))
    page = path.read_text()
    assert "<script>alert" not in page
    assert "</script><b>" not in page


def test_names_in_figures_cannot_end_or_open_a_script(toy, study_file, tmp_path):
    from scalith.report.page import _page

    ledger = climb(read_study(study_file), tmp_path / "out")
    figures = {"kinetics": [{"name": "<!--<script>"}, {"name": "</script><b>"}]}
    page = _page(ledger, figures, "")
    assert "<!--<script" not in page
    data = re.search(r"<script type='application/json' id='figures'>(.*?)</script>", page, re.DOTALL).group(1)
    assert json.loads(data) == figures


def test_the_ladder_picture_is_drawn_upwards(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    root = ElementTree.fromstring(ladder_picture(ledger))
    names = {"elastic energy", "force", "oscillation", "outline"}
    heights = {text.text: float(text.get("y")) for text in root.iter("{http://www.w3.org/2000/svg}text") if text.text in names}
    assert heights["outline"] < heights["oscillation"] < heights["force"] < heights["elastic energy"]


def test_a_property_is_drawn_at_each_temperature():
    x, T = np.linspace(0, 1, 11), np.array([280.0, 300.0, 320.0])
    value = Property.from_function("voltage", lambda x, T: x * T, {"x": x, "T": T}, "V", Source(kind="assumed"))
    (figure,) = figures_of("voltage", value)
    assert [trace.name for trace in figure.data] == ["T = 280", "T = 300", "T = 320"]
    assert np.allclose(figure.data[1].y, 300 * x)
    assert figures_of("mass", Property.constant("mass", 1.0, "kg", Source(kind="assumed"))) == []


def test_a_diffusivity_is_drawn_over_inverse_temperature_too():
    x, T = np.linspace(0.1, 0.9, 9), np.array([280.0, 300.0, 320.0])
    value = Property.from_function(
        "chemical_diffusivity",
        lambda x, T: 1e-8 * np.exp(-3000 / T) * (1 + x),
        {"x": x, "T": T},
        "m2 s-1",
        Source(kind="assumed"),
    )
    over_x, over_T = figures_of("chemical_diffusivity", value)
    assert over_x.layout.yaxis.type == over_T.layout.yaxis.type == "log"
    line = over_T.data[0]
    slope = np.polyfit(line.x, np.log(line.y), 1)[0]
    assert abs(slope + 3.0) < 1e-6


def test_bounds_and_what_rests_on_them_are_marked_on_the_card():
    from scalith.ladder.ledger import Entry
    from scalith.report.page import _card

    marks = {"upper bound": ("chemical_diffusivity", "jump_diffusivity"), "assumed": ("lithium_energy",)}
    entry = Entry(
        quantity="chemical_diffusivity",
        title="chemical diffusivity",
        scale="lattice",
        origin="computed",
        headline="",
        digest="",
        source=Source(kind="predicted", marks=("upper bound",)),
        standard_error=5e-15,
        error_parts={"sampling": 3e-15, "barriers": 4e-15},
        marks=marks,
    )
    card = _card(entry, 0)
    assert "<span class='kind mark'>upper bound</span>" in card
    assert "<span class='kind mark'>assumed</span>" not in card
    assert "rests on, assumed:</b> <a href='#lithium_energy'>" in card
    assert "rests on, upper bound:</b> <a href='#jump_diffusivity'>" in card
    assert "sampling 3e-15, barriers 4e-15" in card


def test_curves_of_the_cell_have_bands_where_there_are_members():
    import xarray as xr

    from scalith.ladder.bands import summarised
    from scalith.ladder.stacking import by_rate

    source = Source(kind="predicted")

    def run(end: float) -> xr.Dataset:
        time = np.linspace(0.0, end, 9)
        voltage = ("time", 4.0 - time / end, {"units": "V"})
        one = xr.Dataset({"voltage": voltage, "capacity": ("time", 2.0 * time, {"units": "C"})}, {"time": time})
        return by_rate([1.0, 2.0], [one, one.isel(time=slice(0, 5))], source)

    nominal, members = run(1000.0), [run(end) for end in (900.0, 950.0, 1000.0, 1050.0, 1100.0)]
    data, words = summarised(nominal, members)
    assert "voltage ±" in words
    assert np.allclose(data["capacity_at_the_end"].sel(c_rate=1.0), [1800, 1900, 2000, 2100, 2200])
    plain, banded = (figures_of("discharges", nominal, item)[0] for item in (None, data))
    assert len(banded.data) - len(plain.data) == 2
    band = banded.data[-2]
    half = len(band.x) // 2
    at = float(np.interp(0.25, np.array(band.x[:half]), np.array(band.y[:half])))
    # 900 C have passed after 450 s: the members stand between 4 − 450/900 and 4 − 450/1100.
    assert 4 - 450 / 1000 < at <= 4 - 450 / 1100


def test_the_page_carries_its_plotting_library():
    from scalith.report.page import _plotly

    library = gzip.decompress(base64.b64decode(_plotly())).decode()
    assert "plotly.js v" in library[:400]
    assert len(library) > 1_000_000


def test_the_table_tells_seconds_of_what_was_computed_only(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    page = write_report(tmp_path / "out", ledger).read_text()
    rows = dict(re.findall(r"<tr id='ledger-([\w.]+)'>(.*?)</tr>", page, re.DOTALL))
    cells = {name: re.findall(r"<td>(.*?)</td>", row) for name, row in rows.items()}
    assert re.fullmatch(r"\d+\.\d\d", cells["force"][-2])
    assert cells["mass"][-2] == ""
    assert cells["force"][-1] == ledger.entry("force").digest[:12]
    assert cells["force"][3:6] == ["0", "", "N"] or cells["force"][5] == "N"


def test_given_quantities_are_dashed_in_the_picture_and_nothing_leaves_it(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    root = ElementTree.fromstring(ladder_picture(ledger))
    width, height = map(float, root.get("viewBox").split()[2:])
    space = "{http://www.w3.org/2000/svg}"
    dashed = set()
    for group in root.iter(f"{space}g"):
        title, box = group.find(f"{space}title"), group.find(f"{space}rect")
        if title is None or box is None:
            continue
        if box.get("stroke-dasharray"):
            dashed.add(title.text.split(":")[0])
        x, y, w, h = (float(box.get(side)) for side in ("x", "y", "width", "height"))
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height
    assert dashed == {"mass", "shape"}


def test_discharges_are_drawn_in_ampere_hours():
    import xarray as xr

    data = xr.Dataset(
        {
            "time": (("c_rate", "sample"), [[0.0, 1.0], [0.0, 1.0]]),
            "capacity": (("c_rate", "sample"), [[0.0, 7200.0], [0.0, 3600.0]]),
            "voltage": (("c_rate", "sample"), [[3.4, 3.0], [3.3, 2.9]]),
        },
        {"c_rate": [0.5, 1.0]},
    )
    (figure,) = figures_of("discharges", data)
    lines = [line for line in figure.data if line.mode == "lines"]
    assert [list(line.x) for line in lines] == [[0.0, 2.0], [0.0, 1.0]]
    assert [list(line.y) for line in lines] == [[3.4, 3.0], [3.3, 2.9]]
