"""The report: self-contained, complete, and safe against what names may hold."""

from __future__ import annotations

import base64
import gzip
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr

from scalith.crystal import read_host
from scalith.ladder import climb, read_study
from scalith.ladder.sensitivity import _result
from scalith.lattice import ClusterExpansion, cluster_orbits
from scalith.numerics.sobol_indices import polynomial_indices
from scalith.quantities import Property, Source, shipped, write_results
from scalith.report import ladder_picture, write_report
from scalith.report.figures import figures_of
from scalith.report.page import page_of, text_only
from scalith.report.property_figures import Beside
from scalith.report.sensitivity_figures import cumulative_figure
from scalith.report.summary import Found
from tests.ladder.conftest import STUDY, clear_graph, study_file, toy

X = np.random.default_rng(0).standard_normal((40, 3))
__all__ = ["clear_graph", "study_file", "toy"]


def data_of(page: str, name: str):
    """The data of a script element of the page."""
    return json.loads(re.search(rf"<script type='application/json' id='{name}'>(.*?)</script>", page, re.DOTALL).group(1))


def dead_links(page: str) -> set[str]:
    """In-page links that lead nowhere, and names that stand twice."""
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    places = re.findall(r" id='([^']*)'", markup)
    assert len(places) == len(set(places))
    return set(re.findall(r"href=['\"]#([^'\"]*)['\"]", markup)) - set(places)


def test_the_page_says_what_the_errors_come_from(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    one = polynomial_indices({"a": X[:, 0], "b & c": X[:, 1:]}, X @ [2.0, 1.0, 1.0])
    other = polynomial_indices({"a": X[:, 0], "b & c": X[:, 1:]}, X @ [1.0, 2.0, 2.0])
    numbers = {"swing: end": (one, X @ [2.0, 1.0, 1.0], "C"), "swing: peak": (other, X @ [1.0, 2.0, 2.0], "V")}
    shares = _result(numbers, ["a", "b & c"], ["noise, sampled"])
    write_results(shares, tmp_path / "out" / "ensemble" / "sensitivity.nc")
    page = write_report(tmp_path / "out", ledger.model_copy(update={"sensitivity_file": "ensemble/sensitivity.nc"})).read_text()
    assert "67 ± 0 % of the variance of swing: end comes from a, 33 ± 0 % from b &amp; c" in page
    assert "variance by a polynomial fitted to the members, with" in page
    assert dead_links(page) == set()
    tornado, cumulative, other_tornado, other_cumulative = data_of(page, "page-figures")["page-sensitivity"]
    assert tornado["data"][1]["y"] == other_cumulative["data"][0]["y"] == ["b &amp; c", "a"]
    assert cumulative["data"][0]["y"] == other_tornado["data"][1]["y"] == ["a", "b &amp; c"]
    titles = [item["layout"]["xaxis"]["title"]["text"] for item in (tornado, other_tornado)]
    assert [title.split(" less")[0] for title in titles] == ["end", "peak"]
    together, alone = cumulative_figure(shares, "swing: end").data
    assert together.x == pytest.approx([100 * 2 / 3, 100.0])
    assert together.error_x.array is None
    assert alone.error_x.array == pytest.approx(100.0 * shares["first_order_error"].values[0])


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
    assert "id='page-search'" in markup
    assert dead_links(page) == set()
    assert all(figure["data"] for drawn in data_of(page, "page-figures").values() for figure in drawn)


def test_settings_and_traces_are_on_the_page(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    page = write_report(tmp_path / "out", ledger).read_text()
    settings = dict(re.findall(r"<tr id='spring\.(\w+)'><th scope='row'>[^<]*</th><td>(.*?)</td>", page))
    assert settings["stiffness"] == "2"
    assert settings["nodes"] == "21 <span class='unknown'>default</span>"
    entries = data_of(page, "page-entries")
    assert set(entries) == {entry.quantity for entry in ledger.entries}
    assert entries["oscillation"]["parents"] == list(ledger.entry("oscillation").parents)
    assert "data-trace='oscillation'" in page


def test_a_damaged_page_is_written_again(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    path = write_report(tmp_path / "out", ledger)
    whole = path.read_bytes()
    for damaged in (whole[:1000], b"\xff" + whole):
        path.write_bytes(damaged)
        write_report(tmp_path / "out", ledger)
        assert path.read_bytes() == whole


def test_text_cannot_become_markup(toy, study_file, tmp_path):
    study_file.write_text(
        STUDY.replace('title = "toy"', 'title = "<script>alert(1)</script>"').replace("a ruler", "</script><b>")
    )
    path = write_report(tmp_path / "out", climb(read_study(study_file), tmp_path / "out"))
    page = path.read_text()
    assert "<script>alert" not in page
    assert "</script><b>" not in page


def test_names_in_figures_cannot_end_or_open_a_script(toy, study_file, tmp_path):
    ledger = climb(read_study(study_file), tmp_path / "out")
    figures = {"kinetics": [{"name": "<!--<script>"}, {"name": "</script><b>"}]}
    page = page_of(Found(ledger, {}, {}), figures)
    assert "<!--<script" not in page
    assert data_of(page, "page-figures") == figures


def test_names_in_figures_are_text_for_the_plotting_library():
    data = xr.Dataset({"time": ("time", [0.0, 1.0])}).assign(
        temperature=(("time", "cell"), [[300.0, 301.0], [300.0, 302.0]]), reaction=("reaction", ["<b>SEI</b> & more"])
    )
    data["temperature"] = data["temperature"].isel(cell=0)
    data["heat_by_reaction"] = (("reaction", "time"), [[1.0, 2.0]])
    (figure,) = figures_of("oven_exposure", data)
    shown = text_only(figure.to_plotly_json())
    assert [trace["name"] for trace in shown["data"]] == ["temperature", "&lt;b>SEI&lt;/b> &amp; more"]


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
    assert [trace.name for trace in figure.data] == ["6.85 °C", "26.9 °C", "46.9 °C"]
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
    from scalith.report.cards import quantity_card

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
    card = quantity_card(entry, "", [], [], {"lithium_energy", "jump_diffusivity"})
    assert "<span class='kind mark'>upper bound</span>" in card
    assert "<span class='kind mark'>assumed</span>" not in card
    assert "rests on, assumed:</b> <a href='#lithium_energy'>lithium energy</a>" in card
    assert "rests on, upper bound:</b> <a href='#jump_diffusivity'>" in card
    assert "sampling 3×10⁻¹⁵, barriers 4×10⁻¹⁵" in card


def test_curves_of_the_cell_have_bands_where_there_are_members():
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
    from scalith.report.page import packed_plotly

    library = gzip.decompress(base64.b64decode(packed_plotly())).decode()
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


def curve(name: str, unit: str = "m2 s-1", marks: tuple[str, ...] = ()) -> Property:
    """A property over x and T that falls with the former and rises with the latter."""
    coordinates = {"x": np.linspace(0.05, 0.95, 19), "T": np.array([280.0, 298.15, 320.0])}
    source = Source(kind="predicted", marks=marks)
    return Property.from_function(name, lambda x, T: 1e-14 * (2 - x) * np.exp(T / 300), coordinates, unit, source)


def gaps(low: float, high: float) -> xr.Dataset:
    return xr.Dataset({key: ("region", [value] * 3) for key, value in (("x_low", low), ("x_high", high))}).assign(
        T=("region", [280.0, 298.15, 320.0])
    )


@pytest.mark.parametrize(("name", "marks"), [("chemical_diffusivity", ()), ("thermodynamic_factor", ("carried over",))])
def test_within_a_miscibility_gap_nothing_is_drawn(name, marks):
    value = curve(name, "m2 s-1" if "diff" in name else "1", marks)
    figures = figures_of(name, value, beside=Beside(gaps=gaps(0.12, 0.83)))
    lines = [trace for trace in figures[0].data if trace.name.endswith("°C") and "error" not in trace.name]
    assert len(lines) == 3
    for line in lines:
        within = (np.array(line.x) > 0.12) & (np.array(line.x) < 0.83)
        assert within.sum() > 10
        assert np.isnan(np.array(line.y, dtype=float)[within]).all()
        assert np.isfinite(np.array(line.y, dtype=float)[~within]).all()
    assert len(figures[0].layout.shapes) == 1
    for figure in figures[1:]:
        assert all(not 0.12 < float(trace.name.removeprefix("x = ")) < 0.83 for trace in figure.data)


def test_an_arrhenius_plot_is_drawn_from_two_stoichiometries_or_not_at_all():
    two = Property.from_function(
        "jump_diffusivity",
        lambda x, T: 1e-14 * np.exp(T / 300) * (1 + x),
        {"x": np.array([0.001, 0.999]), "T": np.array([280.0, 300.0])},
        "m2 s-1",
        Source(kind="predicted"),
    )
    both = figures_of("jump_diffusivity", two)
    assert [len(figure.data) for figure in both] == [2, 2]
    assert [trace.name for trace in both[1].data] == ["x = 0.001", "x = 0.999"]
    assert len(figures_of("jump_diffusivity", two, beside=Beside(gaps=gaps(0.0, 1.0)))) == 1


def test_a_curve_over_temperatures_has_its_band_and_its_measurement():
    plain = curve("chemical_diffusivity")
    grids, values = plain.coordinates, plain.nominal.values
    value = Property.from_arrays(plain.name, grids, values, plain.unit, plain.source, standard_error=np.full_like(values, 2e-15))
    measured = Property.from_function(
        "measured_chemical_diffusivity",
        lambda x: 1e-14 * (1 + x),
        {"x": np.linspace(0.1, 0.9, 5)},
        "m2 s-1",
        Source(kind="measured"),
    )
    figure = figures_of("chemical_diffusivity", value, beside=Beside(measured=measured))[0]
    named = {trace.name: trace for trace in figure.data}
    band = named["± standard error, 25 °C"]
    half = len(band.x) // 2
    centre = 1e4 * np.asarray(value(x=np.array(band.x[:half]), T=298.15))
    assert np.allclose(np.array(band.y[:half]), centre + 2e-11)
    assert np.allclose(np.array(named["measured"].y), 1e-10 * (1 + np.linspace(0.1, 0.9, 5)))
    assert figure.layout.yaxis.title.text == "Chemical diffusivity (cm²/s)"


def test_the_band_of_an_ensemble_lies_between_its_members():
    nominal = curve("chemical_diffusivity")
    grids = nominal.coordinates
    mesh = dict(zip(grids, np.meshgrid(*grids.values(), indexing="ij"), strict=True))
    stacked = np.array([factor * nominal(**mesh) for factor in (0.8, 0.9, 1.0, 1.1, 1.2)])
    members = Property.from_arrays("chemical_diffusivity", grids, stacked, "m2 s-1", Source(kind="predicted"))
    figure = figures_of("chemical_diffusivity", nominal, beside=Beside(members=members))[0]
    (band,) = [trace for trace in figure.data if trace.name.startswith("5 to 95 %")]
    half = len(band.x) // 2
    centre = 1e4 * np.asarray(nominal(x=np.array(band.x[:half]), T=298.15))
    # Quantiles of five equally spaced members: 0.82 and 1.18.
    assert np.allclose(np.array(band.y[:half]) / centre, 1.18, rtol=1e-3)
    assert np.allclose(np.array(band.y[half:])[::-1] / centre, 0.82, rtol=1e-3)


def test_every_axis_has_a_title_of_its_own_and_no_prefix_before_a_unit():
    (figure, arrhenius) = figures_of("chemical_diffusivity", curve("chemical_diffusivity"))
    for drawn in (figure, arrhenius):
        assert drawn.layout.xaxis.title.text
        assert drawn.layout.yaxis.title.text
        assert drawn.layout.yaxis.exponentformat == "power"  # 3×10⁻⁶, not 3µ
        # The tool bar is above the axes, the legend below them.
        assert drawn.layout.legend.y < 0
        assert drawn.layout.legend.yanchor == "top"


def test_the_summary_of_a_climb_holds_the_numbers_of_its_ledger(tmp_path):
    study = read_study(shipped("studies/full_cell.toml"))
    ledger = climb(study, tmp_path / "out", until="negative.average_voltage")
    page = write_report(tmp_path / "out", ledger).read_text()
    assert dead_links(page) == set()
    numbers = re.findall(
        r"<dd data-quantity='([\w.]+)' data-value='([^']+)' data-error='([^']+)'><a href='#[\w.]+'>([^<]+)</a>", page
    )
    found = {quantity: (float(value), error, words) for quantity, value, error, words in numbers}
    assert set(found) == {"negative.average_voltage", "negative.host"}
    entry = ledger.entry("negative.average_voltage")
    assert found["negative.average_voltage"] == (entry.value, "None", f"{entry.value:.3f} V")
    # LiTiS2: one lithium for 118.93 g/mol.
    assert found["negative.host"][0] == pytest.approx(96485.33 / 0.11893, rel=1e-4)
    assert found["negative.host"][2] == "225.4 mAh/g"
    assert "No ensemble" in page


@pytest.mark.parametrize(
    ("left_out", "grouped", "said"), [(0.02, 0.04, ""), (0.11, 0.04, "from all others"), (0.02, 0.11, "another composition")]
)
def test_an_expansion_coarser_than_thermal_energy_is_read_with_care(toy, study_file, tmp_path, left_out, grouped, said):
    """Four sites of the ion share the error of a cell: 27.5 meV each are above the 25.7 of 25 °C, 10 are not."""
    ledger = climb(read_study(study_file), tmp_path / "out")
    host = read_host(shipped("dft_energies/LixFePO4_chgnet/LixFePO4_prim.json"))
    assert host.working.size == 4
    fields = {"leave_one_out_error": left_out, "grouped_error": {"composition": grouped}}
    expansion = ClusterExpansion.given(host, (0.0,) * len(cluster_orbits(host, 0.0)), 0.0).model_copy(update=fields)
    page = page_of(Found(ledger, {ledger.entries[0].quantity: expansion}, {}, None), {})
    words = re.search(r"<b>Coarse energies:</b> (.*?)</li>", page)
    assert (words is None) if not said else (said in words.group(1) and "within 28 meV per site" in words.group(1))
