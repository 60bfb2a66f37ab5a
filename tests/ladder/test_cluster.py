"""The same call runs on a Dask cluster, named by its address; its workers need not see the files of the study."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scalith import cli
from scalith.ladder import climb, read_ledger, read_study
from scalith.quantities import StudyError
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
