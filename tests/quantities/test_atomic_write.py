from __future__ import annotations

import signal
import stat
import subprocess
import sys
import textwrap

import pytest

from scalith.quantities import ScalithError, whole_file, write_text


def test_the_file_is_there_when_all_is_written(tmp_path):
    write_text(tmp_path / "new" / "folder" / "a.txt", "Größe")
    assert (tmp_path / "new" / "folder" / "a.txt").read_text(encoding="utf-8") == "Größe"
    assert stat.S_IMODE((tmp_path / "new" / "folder" / "a.txt").stat().st_mode) == 0o644


def test_nothing_shows_under_the_name_before_the_end(tmp_path):
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        assert not (tmp_path / "a.txt").exists()
        assert temporary.parent == tmp_path
    assert (tmp_path / "a.txt").read_text() == "half"


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_after_an_error_the_old_content_stays_and_nothing_is_left(kind, tmp_path):
    (tmp_path / "a.txt").write_text("old")

    def write_half():
        with whole_file(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise kind

    with pytest.raises(kind):
        write_half()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def run_in_another_process(program, folder):
    return subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=folder, capture_output=True, text=True)


def test_a_kill_half_way_leaves_the_old_content(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    program = """
        import os, signal
        from scalith.quantities import whole_file
        with whole_file("a.txt") as temporary:
            with temporary.open("w") as stream:
                stream.write("half")
                stream.flush()
                os.kill(os.getpid(), signal.SIGKILL)
        """
    assert run_in_another_process(program, tmp_path).returncode == -signal.SIGKILL
    assert (tmp_path / "a.txt").read_text() == "old"
    write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_full_disk_is_said_and_leaves_the_old_content(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    program = """
        import resource, signal
        from scalith.quantities import ScalithError, write_text
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_text("a.txt", "x" * 5000)
        except ScalithError as error:
            print(error)
        """
    said = run_in_another_process(program, tmp_path)
    assert said.stdout == "a.txt: cannot be written: File too large; nothing there was changed\n"
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ScalithError, match=r"a\.txt: cannot be written: .*; nothing there was changed$"):
        write_text(tmp_path / "file" / "a.txt", "text")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ScalithError, match=r"folder: cannot be written: Is a directory"):
        write_text(tmp_path / "folder", "text")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
