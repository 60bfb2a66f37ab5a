"""The first climb: with compilation, compiled, when nothing or one number has changed; and the memory that it takes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path

from benchmarks.row import Row
from scalith.ladder import Climb, read_study

_MEMBERS = 12
STUDY = Path(__file__).resolve().parents[1] / "examples" / "lfp.toml"


def rows() -> list[Row]:
    return [
        Row(
            name="climb_lfp_unchanged",
            unit="s",
            ours=lambda: _climb(_kept_results())[0],
            prepare=_warm,
            target=2.0,
            note="scalith run examples/lfp.toml again, in a results folder where everything is finished",
        ),
        Row(
            name="climb_lfp_compiled",
            unit="s",
            ours=lambda: _in_new_folder()[0],
            prepare=_warm,
            target=10.0,
            note="the same into an empty results folder, with the kernels compiled before",
        ),
        Row(
            name="climb_lfp_memory",
            unit="MB",
            ours=lambda: _in_new_folder()[1],
            prepare=_warm,
            target=1000.0,
            note="largest proportional memory of all its processes together, looked at every 50 ms",
        ),
        Row(
            name="changed_number_to_pack",
            unit="s",
            ours=_change_a_number,
            prepare=_change_a_number,
            target=0.3,
            note="Climb(examples/full_cell.toml) with given materials: set(cell.positive.thickness), then the pack (two C-rates)",
        ),
        Row(
            name="member_lattice_to_cell",
            unit="s",
            ours=_member,
            prepare=_member,
            target=0.2,
            note="examples/lfp.toml up to its three discharges, interactions drawn and re-weighted: processor seconds of one of "
            f"{_MEMBERS} members (two cores take half of it a member), with those that sampled anew, which are counted on stderr",
        ),
        Row(
            name="climb_lfp_with_compilation",
            unit="s",
            ours=lambda: _in_new_folder(compile_again=True)[0],
            target=60.0,
            note="as on a fresh machine: empty results folder, no kernel compiled; long, so take it with --repeats 1",
        ),
    ]


@cache
def _sampled() -> Climb:
    live = Climb(read_study(STUDY))
    live["discharges"]
    live.ensemble(["discharges"], 2, reweight=True)  # kernels are compiled, samples to re-weight are there
    return live


def _member() -> float:
    """Processor seconds of a member of the example, up to its discharges; those that had to sample anew are named beside them."""
    live = _sampled()
    start = time.process_time()
    found = live.ensemble(["discharges"], _MEMBERS, reweight=True)
    seconds = (time.process_time() - start) / _MEMBERS
    for name, said in found.reweighted.items():
        if said.anew:
            print(
                f"member_lattice_to_cell: {said.anew} of {_MEMBERS} members sampled {name} anew, one because {said.reason}",
                file=sys.stderr,
            )
    return seconds


@cache
def _in_memory() -> Climb:
    live = Climb(read_study(STUDY.with_name("full_cell.toml")))
    for side, curve, sites in (("positive", "nmc_LGM50_ocp_Chen2020", 50e3), ("negative", "graphite_LGM50_ocp_Chen2020", 30e3)):
        live.set(f"{side}.open_circuit_voltage", f"shipped:open_circuit_voltage/{curve}.csv")
        live.set(f"{side}.entropic_coefficient", "0 V/K")
        live.set(f"{side}.chemical_diffusivity", "1e-14 m2/s")
        live.set(f"{side}.maximum_concentration", f"{sites} mol/m3")
    live.set("cell.upper_voltage_cut_off", "4.3 V")
    live.set("cell.lower_voltage_cut_off", "2.5 V")
    return live


_thickness = count(60)


def _change_a_number() -> float:
    """Seconds from a changed number of the cell to the temperatures of the pack."""
    live, number = _in_memory(), next(_thickness)
    start = time.perf_counter()
    live.set("cell.positive.thickness", f"{number / 10 + 54:.1f} um")
    live["pack_temperature"]
    return time.perf_counter() - start


@cache
def _kept_results() -> Path:
    return Path(tempfile.mkdtemp(prefix="scalith-bench-"))


def _warm() -> None:
    _climb(_kept_results())


def _in_new_folder(compile_again: bool = False) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="scalith-bench-") as folder:
        return _climb(Path(folder) / "results", Path(folder) / "kernels" if compile_again else None)


def _climb(results: Path, kernels: Path | None = None) -> tuple[float, float]:
    """Seconds and MB of one `scalith run`."""
    environment = os.environ | ({} if kernels is None else {"SCALITH_CACHE": str(kernels)})
    command = [str(Path(sys.executable).with_name("scalith")), "run", str(STUDY), "--out", str(results)]
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        most = 0.0
        while process.poll() is None:
            most = max(most, sum(_megabytes(pid) for pid in _family(process.pid)))
            time.sleep(0.05)
        seconds = time.perf_counter() - start
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} gave {process.returncode}: {said.read()[-500:]}")
    return seconds, most


def _family(root: int) -> list[int]:
    """The process and all that it started (Linux)."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
    family = [root]
    for member in family:
        family += [pid for pid, parent in parents.items() if parent == member]
    return family


def _megabytes(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1000.0
