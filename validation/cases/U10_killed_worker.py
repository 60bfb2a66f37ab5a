r"""U10: Members of an ensemble on a cluster of which a worker is killed.

**[E]** Seventeen climbs, the nominal one and sixteen members, go to two workers of a Dask cluster that cannot open the folder of
the study. When half of the members are there one worker is killed. The ensemble is that of a climb in one process, number for
number; what had finished is not climbed again, but for the one member that may have been on its way; the workers write nothing.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from scalith.ladder import climb, read_study
from scalith.ladder.progress import Silent
from scalith.quantities import read_results
from validation.record import Record

LONG = True
MEMBERS = 16

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
        """From now on, in this process."""

        def refuse(event: str, arguments: tuple[object, ...]) -> None:
            if event in ("open", "os.mkdir", "os.listdir", "os.scandir") and str(arguments[0]).startswith(self.folder):
                raise FileNotFoundError(2, "no such file on this machine", self.folder)

        sys.addaudithook(refuse)


class KillHalfWay(Silent):
    """When the first member is read kills a process, as soon as half of the members are there."""

    def __init__(self, process: int, log: Path) -> None:
        self.process, self.log, self.killed = process, log, False

    def advanced(self, name: str, fraction: float, message: str) -> None:
        """Of the first member; the others have been climbed meanwhile."""
        if self.killed:
            return
        until = time.monotonic() + 60.0
        while len(self.log.read_text().split()) < 9 and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        self.killed = True
        os.kill(self.process, signal.SIGKILL)


def run(record: Record) -> None:
    """In one process, and on two workers of which one is killed."""
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the cluster, whose worker is gone
        _compare(record, Path(folder))


def _compare(record: Record, folder: Path) -> None:
    from distributed import Client, LocalCluster, WorkerPlugin

    here, log = folder / "here", folder / "log"
    here.mkdir()
    (here / "own.py").write_text(OWN)
    (here / "stiffness.txt").write_text("100.0")
    (here / "s.toml").write_text(PULLED.replace("LOG", str(log)))
    study = read_study(here / "s.toml", allow_code=True)
    alone = climb(study, here / "alone", draws=MEMBERS)
    plugin = type("Plugin", (Unseen, WorkerPlugin), {})(here)
    made = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(folder / "workers"))
    with made as cluster, Client(cluster) as client:
        client.register_plugin(plugin)
        log.unlink()
        listener = KillHalfWay(next(iter(client.run(os.getpid).values())), log)
        spread = climb(study, here / "spread", draws=MEMBERS, executor=client.get_executor(), listener=listener)
    record.check_true("a worker was killed", listener.killed)
    record.check("members that failed", expected=0, found=len(spread.failed_members), tolerance=0)
    same = [entry.scatter for entry in spread.entries] == [entry.scatter for entry in alone.entries]
    record.check_true("scatter of every entry of the ledger is the same", same)
    one, other = (read_results(here / name / str(alone.entry("stretch").ensemble_file)) for name in ("alone", "spread"))
    record.check_true("members are the same, number for number", one.equals(other))
    climbed = Counter(log.read_text().split())
    record.check("different climbs", expected=MEMBERS + 1, found=len(climbed), tolerance=0)
    record.check_at_most("climbs in all", limit=MEMBERS + 2, found=climbed.total())
    for name, expected in (("alone", MEMBERS + 1), ("spread", 1)):
        found = len(list((here / name / "cache").glob("stretch-*.nc")))
        record.check(f"{name}: values that this process wrote", expected=expected, found=found, tolerance=0)
