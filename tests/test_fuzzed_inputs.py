"""Damaged and odd files of every kind: each is read, or refused in one sentence; nothing hangs, nothing in a file is run.

A slice of it runs with every test; the long job damages ten thousand inputs, and ``SCALITH_FUZZED=100000 pytest
tests/test_fuzzed_inputs.py -m '' -k whole`` about as many as it says.
"""

from __future__ import annotations

import copy
import gzip
import json
import os
import random
import re
import shutil
import signal
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from scalith.cell import CellSpecification, read_battery_data, specification_from_bpx, to_bpx
from scalith.crystal import read_host, read_structures
from scalith.electrode import VoxelImage, read_image, write_image
from scalith.lab.calorimetry import read_dsc
from scalith.ladder import climb, read_entry, read_ledger, read_study
from scalith.quantities import ScalithError, Source, read_property_csv, shipped
from scalith.report import ladder_picture
from tests.crystal.files.test_run_type import CP2K, OUTCAR
from tests.crystal.vasp_runs import vasprun
from tests.ladder.conftest import clear_graph, study_file, toy

__all__ = ["clear_graph", "study_file", "toy"]

SHARES = 45
"""Inputs that all tests here damage together for each 1 of their amount."""
WHOLE = int(os.environ["SCALITH_FUZZED"]) // SHARES + 1 if "SCALITH_FUZZED" in os.environ else 223
AMOUNTS = [pytest.param(12, id="slice"), pytest.param(WHOLE, id="whole", marks=pytest.mark.long)]
LONGEST = 20
"""Seconds after which an input counts as a hang."""

ODD_TEXTS = ["nan", "", "-1", "1e999", "abc", "1,2", '"', "=1+1", "1e30", "-273.16", "0x10", "1_000", "１", "∞", "None", "TRUE"]
ODD_VALUES: list[Any] = [
    -1.0, 0, float("nan"), float("inf"), 1e30, 1e-30, None, "abc", "", True, [1, 2], {"x": [0, 1]}, {"value": 1}, 10**400, "1e400 m",
    "__import__('os').system('touch PWNED')", "x.__class__", "9**9**9**9", "x**(9**99)", "(" * 300 + "x" + ")" * 300, "-" * 5000 + "x",
    "1/0*x", "log(x-5)", "(-1-x)**0.5", "0.5", "../../../../etc/passwd", "/etc/passwd", "shipped:../../x", "a\0b", "<script>", "3 furlong",
]  # fmt: skip


@contextmanager
def in_time():
    def stop(*_: object) -> None:
        raise TimeoutError("a hang")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def read_or_refused(read: Callable[[], Any], what: str) -> bool:
    """Whether it was read; an error that is not a sentence of ours fails the test with what caused it."""
    said = ""
    try:
        with in_time():
            read()
    except ScalithError as refused:
        said = str(refused)
    except Exception as error:
        raise AssertionError(f"{type(error).__name__}: {error}; from {what}") from error
    assert "\n" not in said, what
    return not said


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Some bytes flipped, the file cut short, lengthened, or other bytes altogether."""
    kind = chance.random()
    if kind < 0.55:
        changed = bytearray(content)
        for _ in range(chance.choice([1, 3, 20])):
            changed[chance.randrange(min(len(changed), 400) if chance.random() < 0.5 else len(changed))] = chance.randrange(256)
        return bytes(changed)
    if kind < 0.8:
        return content[: chance.randrange(len(content))]
    return content + chance.randbytes(50) if kind < 0.9 else chance.randbytes(500)


def leaves(tree: Any, path: tuple[Any, ...] = ()):
    for key, item in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield (*path, key)
        if isinstance(item, (dict, list)) and len(item) < 30:
            yield from leaves(item, (*path, key))


def with_odd_value(tree: Any, chance: random.Random) -> tuple[Any, str]:
    changed = copy.deepcopy(tree)
    *path, last = chance.choice(list(leaves(tree)))
    place = changed
    for key in path:
        place = place[key]
    value = chance.choice(ODD_VALUES)
    if chance.random() < 0.1:
        del place[last]
    else:
        place[last] = value
    return changed, f"{path} {last} = {value!r:.60}"


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("name", ["lfp", "module_safety", "composite_cathode"])
def test_studies(tmp_path, name, amount):
    chance = random.Random(name)
    text = shipped(f"studies/{name}.toml").read_text()
    path = tmp_path / "s.toml"
    values = list(re.finditer(r"(?<== )[^\n#\[]+", text))
    for number in range(amount):
        if number % 5 == 4:
            content, what = damaged(text.encode(), chance), f"bytes of {name}"
        else:
            found = chance.choice(values)
            odd = chance.choice(
                [*(f'"{word}"' for word in ODD_TEXTS if '"' not in word), *ODD_TEXTS, "true", "[]", "{ a = 1 }", "1979-05-27"]
            )
            content, what = (text[: found.start()] + odd + text[found.end() :]).encode(), f"{found.group()} -> {odd}"
        path.write_bytes(content)
        read_or_refused(lambda: read_study(path, tmp_path / "out"), what)
    assert read_or_refused(lambda: read_study(shipped(f"studies/{name}.toml")), name)
    assert not Path("PWNED").exists()


def cells_changed(text: str, chance: random.Random) -> bytes:
    lines = text.split("\n")
    row = chance.randrange(len(lines))
    kind = chance.randrange(8)
    if kind < 3:
        cells = lines[row].split(",")
        cells[chance.randrange(len(cells))] = chance.choice(ODD_TEXTS)
        lines[row] = ",".join(cells)
    elif kind == 3:
        del lines[row]
    elif kind == 4:
        lines.insert(row, lines[row])
    elif kind == 5:
        return text.encode("utf-16")
    elif kind == 6:
        return text.replace(",", chance.choice([";", ".", ",,"])).encode()
    else:
        return damaged(text.encode(), chance)
    return "\n".join(lines).encode()


BATTERY = "Test Time / s,Voltage / V,Current / A\n" + "".join(f"{10 * i},{4.0 - 0.01 * i:.3f},-1.0\n" for i in range(40))
DSC = "time [s], temperature [degC], heat_flow [W/g]\n" + "".join(f"{6 * i},{50 + 0.5 * i:.2f},0.01\n" for i in range(60))
CURVE = "# source: a lab\nx [1], T [K], open_circuit_voltage [V], standard_error [V]\n" + "".join(
    f"{x / 9:.4f}, {T}, {3.5 - 0.01 * x}, 0.01\n" for x in range(10) for T in (280, 300)
)
COLUMNS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "property": (CURVE, lambda path: read_property_csv(path, "open_circuit_voltage", "V", {"x": "1", "T": "K"})),
    "battery data": (BATTERY, read_battery_data),
    "calorimetry": (DSC, read_dsc),
}


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("kind", COLUMNS)
def test_columns(tmp_path, kind, amount):
    text, read = COLUMNS[kind]
    chance, path = random.Random(kind), tmp_path / "m.csv"
    path.write_text(text)
    assert read_or_refused(lambda: read(path), kind)
    for _ in range(4 * amount):
        path.write_bytes(content := cells_changed(text, chance))
        read_or_refused(lambda: read(path), repr(content[:300]))


@pytest.mark.parametrize("amount", AMOUNTS)
def test_bpx(tmp_path, amount):
    chance, path = random.Random("bpx"), tmp_path / "m.json"
    to_bpx(CellSpecification.read_toml(shipped("cell/lgm50_chen2020.toml")), path)
    content = path.read_bytes()
    base = json.loads(content)
    for number in range(2 * amount):
        changed, what = with_odd_value(base, chance)
        path.write_bytes(damaged(content, chance) if number % 6 == 5 else json.dumps(changed).encode())
        read_or_refused(lambda: specification_from_bpx(path), what)
    assert not Path("PWNED").exists()


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("ending", ["tif", "npy", "vtk", "vti", "nc", "h5", "raw"])
def test_images(tmp_path, ending, amount, capfd):
    labels = (np.random.default_rng(1).random((6, 7, 8)) < 0.4).astype(np.uint8)
    phases = {"pore": 0, "active": 1}
    write_image(VoxelImage(labels, 5e-7, phases, Source(kind="assumed")), tmp_path / f"b.{ending}")
    content = (tmp_path / f"b.{ending}").read_bytes()
    chance, path = random.Random(ending), tmp_path / f"m.{ending}"
    shape = {"shape": labels.shape} if ending == "raw" else {}
    for _ in range(2 * amount):
        path.write_bytes(changed := damaged(content, chance))
        read_or_refused(lambda: read_image(path, phases=phases, voxel_size="0.5 um", **shape), repr(changed[:200]))
    capfd.readouterr()  # libtiff talks


STRUCTURES = {
    "energies.extxyz": "dft_energies/LixFePO4_chgnet/energies.extxyz",
    "prim.json": "dft_energies/LixNiO2/smol_lno_prim.json",
    "nasicon.cif": "local_cluster_expansion/NaSICON/nasicon.cif",
}


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.filterwarnings("ignore")  # ASE warns of what it guesses in a damaged file
def test_structures(tmp_path, name, amount):
    content = shipped(STRUCTURES[name]).read_bytes()
    if name.endswith("extxyz"):
        lines = content.decode().split("\n")
        content = "\n".join(lines[: 3 * (int(lines[0]) + 2)]).encode()
    chance, path = random.Random(name), tmp_path / name
    ion = "Na" if name.endswith("cif") else "Li"
    for _ in range(amount):
        changed = damaged(content, chance)
        if chance.random() < 0.5 and (numbers := list(re.finditer(rb"-?\d+\.\d+", content))):
            found = chance.choice(numbers)
            odd = chance.choice([b"nan", b"inf", b"-1e30", b"0", b"abc", b"1e400", b"99999.0", b""])
            changed = content[: found.start()] + odd + content[found.end() :]
        path.write_bytes(changed)
        read = read_structures if name.endswith("extxyz") else lambda path: read_host(path, working_ion=ion)
        read_or_refused(lambda read=read: read(path), repr(changed[:200]))


OXIDE = Atoms("LiCoO2", cell=[3, 3, 6], scaled_positions=[(0, 0, 0), (0, 0, 0.5), (0.5, 0.5, 0.2), (0.5, 0.5, 0.8)], pbc=True)
TASK = {
    "state": "successful",
    "input": {
        "hubbards": {"Co": 3.3},
        "parameters": {"ENMAX": 520, "ISPIN": 2},
        "potcar_spec": [{"titel": "PAW_PBE Co 02Aug2007"}],
    },
    "output": {
        "energy": -20.0,
        "structure": {
            "lattice": {"matrix": [[3, 0, 0], [0, 3, 0], [0, 0, 3]]},
            "sites": [{"species": [{"element": "Li", "occu": 1}], "abc": [0, 0, 0]}],
        },
    },
}
RUNS = {
    "vasprun.xml": vasprun(OXIDE, -20.0, hubbard={"Co": 3.3}).encode(),
    "vasprun.xml.gz": gzip.compress(vasprun(OXIDE, -20.0).encode()),
    "OUTCAR": OUTCAR.encode(),
    "cp2k.out": CP2K.encode(),
    "task.json": json.dumps([TASK]).encode(),
}


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("name", RUNS)
@pytest.mark.filterwarnings("ignore")
def test_runs(tmp_path, name, amount):
    chance, content = random.Random(name), RUNS[name]
    for number in range(amount):
        if name.endswith("json") and number % 3:
            content = json.dumps(with_odd_value([TASK], chance)[0]).encode()
        (tmp_path / name).write_bytes(changed := content if name.endswith("json") and number % 3 else damaged(content, chance))
        folder = chance.random() < 0.5
        read_or_refused(lambda folder=folder: read_structures(tmp_path if folder else tmp_path / name), repr(changed[:200]))


@pytest.mark.parametrize("amount", AMOUNTS)
def test_ledgers(toy, study_file, tmp_path, amount):
    climb(read_study(study_file), tmp_path / "out")
    content = (tmp_path / "out" / "ledger.json").read_bytes()
    base, chance = json.loads(content), random.Random("ledger")
    copied = tmp_path / "copy"
    shutil.copytree(tmp_path / "out", copied)

    def use() -> None:
        ledger = read_ledger(copied)
        for entry in ledger.entries:
            list(ledger.ancestry(entry.quantity, folder=copied))
        ladder_picture(ledger)
        read_entry(copied, "force")

    for number in range(3 * amount):
        changed, what = with_odd_value(base, chance)
        (copied / "ledger.json").write_bytes(damaged(content, chance) if number % 6 == 5 else json.dumps(changed).encode())
        read_or_refused(use, what)
    (copied / "ledger.json").write_bytes(content)
    for path in (copied / "quantities" / "force.nc", copied / "quantities" / "outline.json"):
        whole = path.read_bytes()
        for _ in range(amount):
            path.write_bytes(damaged(whole, chance))
            read_or_refused(lambda path=path: read_entry(copied, path.stem), path.name)
        path.write_bytes(whole)


@pytest.mark.long
@pytest.mark.parametrize("amount", AMOUNTS)
def test_caches_and_folders(toy, study_file, tmp_path, amount):
    """Whatever lies in the cache, the climb gives what it gave: damaged values are computed anew."""
    out, chance = tmp_path / "out", random.Random("cache")
    whole = climb(read_study(study_file), out)
    for _ in range(amount):
        path = chance.choice(sorted((out / "cache").iterdir()))
        path.write_bytes(damaged(path.read_bytes() or b"x", chance))
        assert climb(read_study(study_file), out).stamp == whole.stamp
