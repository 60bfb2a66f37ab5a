from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

STUDY = """
[study]
title = "a cell <b>& its</b> row"
targets = ["cell_open_circuit_voltage", "discharges", "heat_generation", "cell_temperature", "pack_temperature"]

[cell]
name = "LFP <script>alert(1)</script>"
electrode_area = "0.18 m2"
nominal_capacity = "2.3 A h"
lower_voltage_cut_off = "2.0 V"
upper_voltage_cut_off = "3.6 V"

[cell.negative_electrode]
thickness = "34 um ± 5 %"
porosity = 0.36
conductivity = "215 S/m"
bruggeman_exponent = 1.5
active_volume_fraction = 0.58
particle_radius = "5 um"
maximum_concentration = "30555 mol/m3"
minimum_stoichiometry = 0.015
maximum_stoichiometry = 0.81
chemical_diffusivity = "3e-15 m2/s"
reaction_rate_constant = "7.11e-6 mol m-2 s-1"

[cell.separator]
thickness = "25 um"
porosity = 0.45
bruggeman_exponent = 1.5

[cell.positive_electrode]
thickness = "80 um"
porosity = 0.426
conductivity = "0.338 S/m"
bruggeman_exponent = 1.5
active_volume_fraction = 0.374
particle_radius = "50 nm"
minimum_stoichiometry = 0.07
maximum_stoichiometry = 0.76
reaction_rate_constant = "4.91e-6 mol m-2 s-1"

[cell.electrolyte]
initial_concentration = "1200 mol/m3"
transference_number = 0.36
conductivity = 1.0
diffusivity = "2e-10 m2/s"

[cell.thermal]
heat_capacity = "77 J/K"
heat_transfer = "0.065 W/K"
ambient_temperature = "25 degC"

[discharge]
c_rates = [1.0, 2.0]
temperature = "25 degC"
volumes = [6, 4, 6]

[pack]
cells = 3
cell_thickness = "7.5 mm"
cell_width = "65 mm"
cell_height = "70 mm"
cell_heat_capacity = "77 J/K"
through_conductivity = "0.9 W m-1 K-1"
gap_thickness = "0.5 mm"
gap_conductivity = "0.2 W m-1 K-1"
cooling_coefficient = "150 W m-2 K-1"
end_coefficient = "8 W m-2 K-1"
ambient_temperature = "25 degC"

[given]
open_circuit_voltage = "shipped:open_circuit_voltage/LFP_mean_Dreyer2010.csv"
negative_open_circuit_voltage = "shipped:open_circuit_voltage/graphite_LGM50_ocp_Chen2020.csv"
entropic_coefficient = 0.0
chemical_diffusivity = { value = "1e-17 m2/s", kind = "published", reference = "a paper" }
maximum_concentration = "22800 mol/m3"
"""


@pytest.fixture(scope="session")
def study_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("explored") / "row.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="session")
def explorer(study_file):
    from scalith.app.explorer import Explorer
    from scalith.ladder import read_study

    return Explorer(read_study(study_file), study_file.parent / "results" / "row")


@pytest.fixture(scope="session")
def serving(explorer):
    pytest.importorskip("starlette")
    from scalith.app.serving import Serving

    served = Serving(lambda: explorer)
    yield served
    served.stop()


@pytest.fixture(scope="session")
def ask(serving):
    """A request; gives status and body."""

    def request(path, body=None, *, token=serving.token, host=None, method=None, **headers):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        made = urllib.request.Request(f"http://127.0.0.1:{serving.port}{path}", data, method=method)
        if token:
            made.add_header("X-Scalith-Token", token)
        if host:
            made.add_header("Host", host)
        for name, value in headers.items():
            made.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(made, timeout=120) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    return request


@pytest.fixture(scope="session")
def climbed(ask):
    """The events of a state by their name; those of rungs are lists."""

    def climb(changes, **asked):
        _, body, _ = ask("/climb", {"tab": "test", "changes": changes} | asked)
        events = [json.loads(line) for line in body.splitlines()]
        last = {event["event"]: event for event in events}
        return last | {"all": events}

    return climb
