from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from ase.db import connect

from scalith.atoms import Engine, Relaxation, compute_energies, database, ordering_structures, read_database
from scalith.crystal import enumerate_orderings, read_structures
from scalith.quantities import InputError, MissingDependencyError
from tests.atoms.hosts import layered

ENGINE = Engine(name="tests.atoms.planted:Planted")
RELAXATION = Relaxation(force_tolerance=1e-3)
STATES = {"Li": 1, "O": (-1, 0)}


def structures():
    return ordering_structures(layered(), enumerate_orderings(layered(), [1, 2]))


def test_every_setting_is_kept_with_the_energies(tmp_path):
    found = compute_energies(structures(), ENGINE, tmp_path / "set.db", RELAXATION, oxidation_states=STATES)
    assert [item.origin for item in found] == list(structures())
    assert found.source.settings["engine"] == ENGINE.model_dump(mode="json")
    assert found.source.settings["relaxation"]["force_tolerance"] == 1e-3
    with connect(tmp_path / "set.db") as opened:
        row = opened.get(2)
    assert row.engine == ENGINE.label
    assert row.wall_time > 0
    assert row.forces_left < 1e-3
    assert row.engine_digest == f"e-{ENGINE.digest}"
    assert read_database(tmp_path / "set.db").digest == found.digest


def test_what_is_known_is_not_computed_again(tmp_path, monkeypatch):
    first = compute_energies(structures(), ENGINE, tmp_path / "set.db", RELAXATION)
    monkeypatch.setattr(database, "relax", None)
    assert compute_energies(structures(), ENGINE, tmp_path / "set.db", RELAXATION).digest == first.digest


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return relax(*arguments)

    relax = database.relax
    monkeypatch.setattr(database, "relax", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compute_energies(structures(), ENGINE, tmp_path / "set.db", RELAXATION)
    assert len(read_database(tmp_path / "set.db")) == 2
    told = []
    found = compute_energies(
        structures(), ENGINE, tmp_path / "set.db", RELAXATION, progress=lambda share, words: told.append((share, words))
    )
    assert len(calls) == len(structures()) + 1  # one structure was lost
    assert len(found) == len(structures())
    assert told[-1][0] == 1.0
    assert told[0][0] == pytest.approx(3 / len(structures()))


def test_energies_of_two_engines_do_not_mix(tmp_path):
    compute_energies(structures(), ENGINE, tmp_path / "set.db", RELAXATION)
    other = Engine(name=ENGINE.name, settings={"pair": 0.2})
    with pytest.raises(InputError, match=r"energies of tests.atoms.planted:Planted, expected those of .* take another file"):
        compute_energies(structures(), other, tmp_path / "set.db", RELAXATION)
    with pytest.raises(InputError, match="energies relaxed with other settings"):
        compute_energies(structures(), ENGINE, tmp_path / "set.db", Relaxation(force_tolerance=0.1))


def test_runs_that_did_not_converge_are_left_out_and_named(tmp_path):
    engine = Engine(name=ENGINE.name, settings={"volume": 0.3})
    compute_energies(structures(), engine, tmp_path / "set.db", Relaxation(force_tolerance=1e-6, steps=1))
    found = read_database(tmp_path / "set.db")
    assert len(found) == 0
    assert [label for label, _ in found.left_out] == list(structures())
    assert "is left after 1 steps" in found.left_out[0][1]
    assert len(read_database(tmp_path / "set.db", unconverged=True)) == len(structures())
    assert len(read_structures(tmp_path / "set.db", unconverged=True)) == len(structures())
    with pytest.raises(InputError, match="no converged structure"):
        read_structures(tmp_path / "set.db")


def test_an_engine_that_fails_is_recorded(tmp_path):
    engine = Engine(name=ENGINE.name, settings={"fails": True})
    found = compute_energies(structures(), engine, tmp_path / "set.db", RELAXATION)
    assert len(found) == 0
    assert found.left_out[0][1] == "the engine failed: SCFError: no convergence in 100 cycles"


def test_bad_structures_are_named_before_anything_is_computed(tmp_path):
    bad = structures()
    label = list(bad)[3]
    bad[label].positions[-1] = bad[label].positions[0] + [0.3, 0, 0]
    with pytest.raises(InputError, match=f"structure {label}"):
        compute_energies(bad, ENGINE, tmp_path / "set.db", RELAXATION)
    assert not (tmp_path / "set.db").exists()


def test_processes_give_what_one_process_gives(tmp_path):
    alone = compute_energies(structures(), ENGINE, tmp_path / "alone.db", RELAXATION)
    with ProcessPoolExecutor(2) as executor:
        spread = compute_energies(structures(), ENGINE, tmp_path / "spread.db", RELAXATION, executor=executor)
    assert [item.energy for item in spread] == [item.energy for item in alone]
    assert [item.origin for item in spread] == [item.origin for item in alone]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_cluster_is_another_executor(tmp_path):
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None) as cluster,
        Client(cluster.scheduler_address) as client,
    ):
        found = compute_energies(structures(), ENGINE, tmp_path / "set.db", RELAXATION, executor=client.get_executor())
    assert len(found) == len(structures())


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing.db", "no such file"), ("set.sqlite", "a file ending in .db, or a URL postgresql://")],
)
def test_a_wrong_place_is_told(tmp_path, name, message):
    with pytest.raises(InputError, match=message):
        read_database(tmp_path / name) if name.endswith(".db") else compute_energies(structures(), ENGINE, tmp_path / name)


def test_a_foreign_database_is_told(tmp_path):
    with connect(tmp_path / "other.db") as opened:
        opened.write(next(iter(structures().values())))
    with pytest.raises(InputError, match=r"rows that scalith.atoms.compute_energies wrote"):
        read_database(tmp_path / "other.db")
    with pytest.raises(InputError, match="energies of an unknown engine"):
        compute_energies(structures(), ENGINE, tmp_path / "other.db")


def test_postgresql_without_its_backend_says_what_installs_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ase_db_backends", None)
    with pytest.raises(MissingDependencyError, match=r"scalith\[postgresql\]"):
        read_database("postgresql://nobody@localhost/none")


def _programs() -> Path | None:
    found = shutil.which("initdb") or next(map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)
    return Path(found).resolve().parent if found else None


@pytest.fixture
def server(tmp_path_factory):
    """A PostgreSQL server that lives as long as one test. It does not run as root: as root it is started as nobody."""
    pytest.importorskip("ase_db_backends")
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Path(tempfile.mkdtemp(prefix="scalith-postgresql-"))
    home.chmod(0o755)
    before = []
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")
        before = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(home)}

    def call(program, *arguments):
        subprocess.run(
            [*before, str(programs / program), *arguments], check=True, cwd=home, env=environment, capture_output=True, timeout=60
        )

    data = str(home / "data")
    call("initdb", "-D", data, "-U", "scalith", "-A", "trust", "--no-sync")
    # Its output goes to a file: a pipe would be held open by the server.
    call(
        "pg_ctl",
        "-D",
        data,
        "-w",
        "-l",
        str(home / "log"),
        "-o",
        f"-p {port} -c listen_addresses=127.0.0.1 -k {home} -F",
        "start",
    )
    try:
        call("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "scalith", "energies")
        yield f"postgresql://scalith@127.0.0.1:{port}/energies"
    finally:
        call("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(home)


def test_postgresql_keeps_what_sqlite_keeps(tmp_path, server):
    local = compute_energies(structures(), ENGINE, tmp_path / "set.db", RELAXATION)
    remote = compute_energies(structures(), ENGINE, server, RELAXATION)
    assert [item.energy for item in remote] == [item.energy for item in local]
    assert [item.origin for item in read_database(server)] == [item.origin for item in local]
    other = Engine(name=ENGINE.name, settings={"pair": 0.2})
    with pytest.raises(InputError, match=r"^postgresql://…127.0.0.1:\d+/energies: engine"):
        compute_energies(structures(), other, server, RELAXATION)


def test_postgresql_goes_on_after_an_interruption(server, monkeypatch):
    every = structures()
    compute_energies(dict(list(every.items())[:3]), ENGINE, server, RELAXATION)
    relax, calls = database.relax, []
    monkeypatch.setattr(database, "relax", lambda *arguments: calls.append(1) or relax(*arguments))
    assert len(compute_energies(every, ENGINE, server, RELAXATION)) == len(every)
    assert len(calls) == len(every) - 3
