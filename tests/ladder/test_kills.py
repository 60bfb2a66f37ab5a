"""Climbs that are killed at any moment, again and again: nothing is damaged, nothing finished is computed twice.

``SCALITH_KILLS=200 pytest tests/ladder/test_kills.py -m ''`` kills more often, ``SCALITH_KILLED_STUDY=examples/lfp.toml`` another
study than the small one. Each climb is a child of a process that has loaded
everything, so that most of its life is the climb itself. It is killed some milliseconds after a rung begins or ends, or while the
results are published.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from scalith.ladder import climb, read_ledger, read_study
from scalith.ladder.progress import Silent
from scalith.quantities import package_digest
from tests.ladder.smaller_study import smaller
from tests.ladder.test_first_climb import EXAMPLE, SMALLER

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class Tells(Silent):
    """Writes what happens to a pipe, and what was computed to a file, which outlives the process."""

    def __init__(self, pipe: int, log: Path) -> None:
        self.pipe, self.log = pipe, log

    def started(self, name: str) -> None:
        os.write(self.pipe, b"s")

    def finished(self, name: str, seconds: float, headline: str, *, reused: bool) -> None:
        if not reused:
            with self.log.open("a") as stream:
                stream.write(f"{name}\n")
        os.write(self.pipe, b"r" if reused else b"f")


def climb_in_a_child(study, out: Path, log: Path, numbers: np.random.Generator | None) -> bool:
    """Whether the climb came to its end; `numbers` decide when it is killed, never without them."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            climb(study, out, listener=Tells(writing, log))
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    killed = False
    try:
        while told := os.read(reading, 1):
            # What is reused goes by in no time: a kill there would keep the climb at its foot.
            if told != b"r" and numbers is not None and numbers.random() < 0.3:
                # Most kills fall near the begin or the end of a rung, some into its middle.
                time.sleep(numbers.exponential(0.02 if numbers.random() < 0.7 else 1.0))
                os.kill(child, signal.SIGKILL)
                killed = True
                break
    finally:
        os.close(reading)
        _, status = os.waitpid(child, 0)
    assert killed or os.waitstatus_to_exitcode(status) == 0
    return os.waitstatus_to_exitcode(status) == 0


def kill_again_and_again(study, tmp_path: Path, kills: int) -> None:
    package_digest()  # kept by all children: the same code, whatever is being edited
    out, log = tmp_path / "out", tmp_path / "log"
    assert climb_in_a_child(study, tmp_path / "undisturbed", tmp_path / "all", None)
    expected = read_ledger(tmp_path / "undisturbed")
    rungs = Counter((tmp_path / "all").read_text().split())
    numbers = np.random.default_rng(1)
    done = 0
    while True:
        ended = climb_in_a_child(study, out, log, numbers if done < kills else None)
        done += not ended
        if (out / "ledger.json").exists():
            assert read_ledger(out).stamp == expected.stamp
        computed = Counter(log.read_text().split() if log.exists() else ())
        assert max(computed.values(), default=0) <= 1, f"computed again after {done} kills: {computed}"
        if not ended:
            continue
        assert set(computed) <= set(rungs)
        assert read_ledger(out).stamp == expected.stamp
        assert not list(out.rglob("*.part"))
        for file in (tmp_path / "undisturbed" / "quantities").iterdir():
            if file.suffix == ".csv":
                assert (out / "quantities" / file.name).read_bytes() == file.read_bytes()
        if done >= kills:
            break
        shutil.rmtree(out)
        log.unlink()


@pytest.mark.long
def test_a_toy_climb_that_is_killed(toy, study_file, tmp_path):
    kill_again_and_again(read_study(study_file), tmp_path, int(os.environ.get("SCALITH_KILLS", "10")))


@pytest.mark.long
def test_a_climb_from_energies_to_a_pack_that_is_killed(tmp_path):
    (tmp_path / "small.toml").write_text(smaller(EXAMPLE.read_text(), SMALLER))
    study = read_study(os.environ.get("SCALITH_KILLED_STUDY", tmp_path / "small.toml"))
    kill_again_and_again(study, tmp_path, int(os.environ.get("SCALITH_KILLS", "6")))
