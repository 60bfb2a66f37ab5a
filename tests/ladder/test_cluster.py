"""The same call runs on a Dask cluster, named by its address; its workers need not see the files of the study."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scalith import cli
from scalith.ladder import climb, read_ledger, read_study
from scalith.ladder.progress import Silent
from scalith.quantities import StudyError, read_results
from tests.ladder.conftest import STUDY


@pytest.fixture
def cluster():
    """A cluster of two workers in this process, reached through its address."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None) as made:
        yield made.scheduler_address


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_members_climb_on_a_cluster(toy, study_file, tmp_path, cluster):
    study_file.write_text(STUDY.replace('"500 g"', '{ value = "500 g", standard_error = "25 g" }'))
    alone = climb(read_study(study_file), tmp_path / "alone", draws=4)
    with cli._pool(0, cluster) as executor:
        spread = climb(read_study(study_file), tmp_path / "spread", draws=4, executor=executor)
    assert [entry.scatter for entry in spread.entries] == [entry.scatter for entry in alone.entries]
    assert read_ledger(tmp_path / "spread") == spread
    assert not list(Path(tmp_path / "spread").rglob("*.part"))


OWN = '''
"""A spring whose stiffness stands in a file, pulled at by a load, read with a noisy ruler."""

import time

import numpy as np

from scalith.ladder import InputFile, Quantity, Settings, rung
from scalith.quantities import Property, predicted

GIVEN = {"load": (Quantity("load", unit="N"), Property)}


class Stand(Settings):
    """Where the spring hangs."""

    file: InputFile


class Ruler(Settings):
    """What it is read with."""

    noise: float
    wait: float
    log: str


@rung("stiffness", unit="N m-1")
def stiffness(stand: Stand) -> Property:
    """The number in the file."""
    with open(stand.file.path) as stream:
        return Property.constant("stiffness", float(stream.read()), "N m-1", predicted("own.stiffness"))


@rung("stretch", unit="m")
def stretch(stiffness: Property, load: Property, ruler: Ruler, seed: int) -> Property:
    """x = F/k."""
    time.sleep(ruler.wait)
    with open(ruler.log, "a") as stream:
        stream.write(f"{seed}\\n")
    found = load() / stiffness() + ruler.noise * np.random.default_rng(seed).standard_normal()
    return Property.constant("stretch", found, "m", predicted("own.stretch", stiffness.digest, load.digest))
'''

PULLED = """
[study]
title = "spring"
targets = ["stretch"]

[rungs]
modules = ["own.py"]

[stand]
file = "stiffness.txt"

[ruler]
noise = 1e-3
wait = 0.2
log = "LOG"

[given]
load = { value = "2 N ± 0.2 N", kind = "measured", reference = "a scale" }
"""


class Unseen:
    """A plugin of workers on which a folder cannot be opened, as on another machine."""

    name = "unseen"

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def setup(self, worker: object) -> None:
        def refuse(event: str, arguments: tuple[object, ...]) -> None:
            if event in ("open", "os.mkdir", "os.listdir", "os.scandir") and str(arguments[0]).startswith(self.folder):
                raise FileNotFoundError(2, "no such file on this machine", self.folder)

        sys.addaudithook(refuse)


class KillHalfWay(Silent):
    """When the first member is read kills a process, as soon as half of the members are there."""

    def __init__(self, process: int, log: Path) -> None:
        self.process, self.log, self.killed = process, log, False

    def advanced(self, name: str, fraction: float, message: str) -> None:
        if self.killed:
            return
        until = time.monotonic() + 60.0
        while len(self.log.read_text().split()) < 9 and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        self.killed = True
        os.kill(self.process, signal.SIGKILL)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_workers_without_the_folder_find_the_same_when_one_is_killed(tmp_path):
    from distributed import Client, LocalCluster, WorkerPlugin

    here = tmp_path / "here"
    here.mkdir()
    (here / "own.py").write_text(OWN)
    (here / "stiffness.txt").write_text("100.0")
    log = tmp_path / "log"
    (here / "s.toml").write_text(PULLED.replace("LOG", str(log)))
    study = read_study(here / "s.toml", allow_code=True)
    alone = climb(study, here / "alone", draws=16)
    plugin = type("Plugin", (Unseen, WorkerPlugin), {})(here)
    made = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path / "workers"))
    with made as cluster, Client(cluster) as client:
        client.register_plugin(plugin)
        log.unlink()
        listener = KillHalfWay(next(iter(client.run(os.getpid).values())), log)
        spread = climb(study, here / "spread", draws=16, executor=client.get_executor(), listener=listener)
    assert listener.killed
    assert spread.failed_members == ()
    assert [entry.scatter for entry in spread.entries] == [entry.scatter for entry in alone.entries]
    climbed = Counter(log.read_text().split())
    assert len(climbed) == 17  # with the nominal climb
    # What had finished, though nobody had read it, is not climbed again; one may have been on its way.
    assert climbed.total() <= 18
    one, other = (read_results(here / name / alone.entry("stretch").ensemble_file) for name in ("alone", "spread"))
    assert one.equals(other)
    assert len(list((here / "alone" / "cache").glob("stretch-*.nc"))) == 17
    assert len(list((here / "spread" / "cache").glob("stretch-*.nc"))) == 1  # only this process wrote there


class OtherCode(ThreadPoolExecutor):
    """Threads that stand for a machine with another version."""

    def submit(self, fn, /, *arguments, **named):
        def elsewhere(*given):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("scalith.ladder.ensemble.package_digest", lambda: "other")
                return fn(*given)

        return super().submit(elsewhere, *arguments, **named)


def test_a_worker_of_another_version_is_refused(toy, study_file, tmp_path):
    with OtherCode(1) as pool, pytest.raises(StudyError, match="with other code; expected the same version on all machines"):
        climb(read_study(study_file), tmp_path / "out", draws=2, executor=pool)


def test_processes_are_another_executor():
    with cli._pool(2, None) as executor:
        assert list(executor.map(abs, [-1, 2])) == [1, 2]
    with cli._pool(0, None) as executor:
        assert executor is None
