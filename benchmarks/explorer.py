"""The explorer: from a moved knob to new pictures and numbers, and the memory that two hundred changes take."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks.row import Row

STUDY = Path(__file__).resolve().parents[1] / "examples" / "lfp.toml"

_MATERIALS = """
[given]
open_circuit_voltage = "shipped:open_circuit_voltage/LFP_mean_Dreyer2010.csv"
negative_open_circuit_voltage = "shipped:open_circuit_voltage/graphite_LGM50_ocp_Chen2020.csv"
entropic_coefficient = 0.0
chemical_diffusivity = "1e-17 m2/s"
maximum_concentration = "22800 mol/m3"
"""


def rows() -> list[Row]:
    return [
        Row(
            name="explorer_cell_knob",
            unit="s",
            ours=lambda: _moved("cell.positive_electrode.thickness", 8e-5, "cell", "curves"),
            prepare=lambda: _moved("cell.positive_electrode.thickness", 8e-5, "cell"),
            target=0.3,
            note="cell and pack of examples/lfp.toml, materials given: a thickness, to the new curves (three C-rates)",
        ),
        Row(
            name="explorer_cell_view",
            unit="s",
            ours=lambda: _moved("cell.positive_electrode.thickness", 8e-5, "cell"),
            prepare=lambda: _moved("cell.positive_electrode.thickness", 8e-5, "cell"),
            note="the same, to all pictures of the view of the cell",
        ),
        Row(
            name="explorer_pack_knob",
            unit="s",
            ours=lambda: _moved("pack.cooling_coefficient", 150.0, "pack"),
            prepare=lambda: _moved("pack.cooling_coefficient", 150.0, "pack"),
            target=1.0,
            note="the same: a cooling coefficient, to the pictures of the view of the pack",
        ),
        Row(
            name="explorer_first_page",
            unit="s",
            ours=_first_page,
            target=2.0,
            note="a new process, from its start to the page with its ladder (before anything of it is computed)",
        ),
        Row(
            name="explorer_first_picture",
            unit="s",
            ours=_first_picture,
            prepare=_first_picture,
            target=2.0,
            note="the same of a study that the explorer has shown before, to its first pictures: noted in the results folder",
        ),
        Row(
            name="explorer_first_picture_anew",
            unit="s",
            ours=lambda: _first_picture(forget=True),
            prepare=_first_picture,
            target=2.0,
            note="the same of a study that was climbed and not shown yet",
        ),
        Row(
            name="explorer_memory",
            unit="MB",
            ours=_memory,
            target=1000.0,
            note="largest memory of a process after 200 changes of cell and pack",
        ),
    ]


_steps = count(1)


def study_file() -> Path:
    """The cell and the pack of the example of LiFePO4, with given materials."""
    text = STUDY.read_text(encoding="utf-8")
    parts = {part.splitlines()[0]: part for part in text.split("\n[")}
    kept = [part for title, part in parts.items() if title.split("]")[0].split(".")[0] in ("cell", "discharge", "pack")]
    path = Path(mkdtemp()) / "explored.toml"
    header = '[study]\ntitle = "cell and pack"\n'
    own = "\n[" + "\n[".join(kept)
    path.write_text(header + own.replace("minimum_stoichiometry = 0.03", "minimum_stoichiometry = 0.07") + _MATERIALS)
    return path


@cache
def _explorer() -> Any:
    from scalith.app.explorer import Explorer
    from scalith.ladder import read_study

    path = study_file()
    made = Explorer(read_study(path), path.parent / "results")
    for view in ("cell", "pack"):
        made.answer({}, view)
    return made


def _moved(knob: str, value: float, view: str, awaited: str = "figures") -> float:
    """Seconds to the pictures of a view, or to the first of them (``"curves"``)."""
    came: list[float] = []
    began = time.perf_counter()

    def hear(event: dict[str, object]) -> None:
        if event["event"] == awaited:
            came.append(time.perf_counter() - began)

    explorer = _explorer()
    began = time.perf_counter()
    explorer.answer({knob: value * (1.0 + 1e-3 * next(_steps))}, view, hear)
    return came[0]


_PAGE = """
import json, sys, time, urllib.request
from scalith.app import explore
page = explore(sys.argv[1], sys.argv[2])
asked = urllib.request.Request(page.url.split("?")[0] + "about", headers={"X-Scalith-Token": page.token})
assert "ladder" in json.loads(urllib.request.urlopen(asked).read())
page.stop()
"""

_PICTURE = """
import json, sys, urllib.request
from scalith.app import explore
page = explore(sys.argv[1], sys.argv[2])
asked = {"tab": "first", "changes": {}, "view": "cell"}
made = urllib.request.Request(page.url.split("?")[0] + "climb", json.dumps(asked).encode())
made.add_header("X-Scalith-Token", page.token)
with urllib.request.urlopen(made) as answer:
    while json.loads(answer.readline())["event"] != "figures":
        pass
"""

_CHANGES = """
import resource, sys
from scalith.app.explorer import Explorer
from scalith.ladder import read_study
explorer = Explorer(read_study(sys.argv[1]), sys.argv[2])
for k in range(200):
    knob, view = (("cell.positive_electrode.thickness", "cell"), ("pack.cooling_coefficient", "pack"))[k % 2]
    explorer.answer({knob: explorer.knobs[knob].value * (1 + 1e-4 * k)}, view)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)
"""


def _python(code: str) -> str:
    path = study_file()
    command = [sys.executable, "-c", code, str(path), str(path.parent / "results")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@cache
def _climbed() -> Path:
    """A study with a results folder, shown once."""
    from scalith.app.explorer import Explorer
    from scalith.ladder import climb, read_study
    from scalith.unchanged import note_finished

    path = study_file()
    study = read_study(path)
    climb(study, path.parent / "results")
    note_finished(study, path.parent / "results", {}, 0)
    Explorer(study, path.parent / "results").answer({}, "cell")
    return path


def _first_picture(*, forget: bool = False) -> float:
    path = _climbed()
    if forget:
        shutil.rmtree(path.parent / "results" / ".explorer", ignore_errors=True)
    command = [sys.executable, "-c", _PICTURE, str(path), str(path.parent / "results")]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def _first_page() -> float:
    began = time.perf_counter()
    _python(_PAGE)
    return time.perf_counter() - began


def _memory() -> float:
    return float(_python(_CHANGES))
