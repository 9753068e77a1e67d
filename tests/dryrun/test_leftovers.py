"""What is left of runs that were killed, what removes it, and what is not touched."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from miglint.dryrun import supervisor, workspace
from miglint.dryrun.limits import Deadline
from miglint.dryrun.postgres.embedded import embedded_programs, start_embedded
from miglint.dryrun.postgres.kept_cluster import KeptCluster, remove_cluster
from miglint.dryrun.postgres.os_user import accounts
from miglint.dryrun.supervisor import LOCK, make_folder, processes_of, read_start, remove_folder, remove_segments
from miglint.dryrun.workspace import Workspace, sweep

from .histories import LIMITS

ROOT = Path(__file__).parents[2]
SERVER = (
    "import sys, time; from miglint.dryrun.postgres.embedded import *; from miglint.dryrun.limits import *;"
    "e = start_embedded(Limits(), Deadline.after(60), ''); print(e.server.access.host, flush=True); time.sleep(60)"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that nobody else uses, which a server's account gets to."""
    path = Path(tempfile.mkdtemp(prefix="left-", dir="/tmp"))
    path.chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return path


def segments() -> set[str]:
    return {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}


def test_random_kills_leave_nothing() -> None:
    """A few of the rounds of `make kills`, the same each time."""
    command = [sys.executable, str(ROOT / "benchmarks" / "kills.py"), "--count", "3", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_server_that_lost_its_supervisor_is_ended_by_the_next_run(place: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip()).parent
    assert folder.parent == place and processes_of(str(folder))
    for pid in (*children(process.pid), process.pid):
        os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=20)
    assert folder.is_dir() and processes_of(str(folder))
    segment = read_start(str(folder / "server" / "data" / "postmaster.pid"), 4096).splitlines()[6].split()[1].decode()
    Workspace().close()
    assert not folder.exists() and not processes_of(str(folder))
    assert not Path("/proc/sysvipc/shm").exists() or segment not in segments()
    place.rmdir()


def children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if path.name.isdigit() and int((path / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(path.name))
    return found


def test_a_supervisor_that_is_killed_takes_no_folder_along(place: Path) -> None:
    made = Workspace()
    assert [path.name for path in place.iterdir()] == [made.path.name]
    made._process.kill()
    made._process.wait()
    made.close()
    assert list(place.iterdir()) == []
    place.rmdir()


def test_a_folder_without_a_lock_is_removed_while_it_is_empty(place: Path) -> None:
    empty, other, foreign = place / f"miglint-1-{'a' * 12}", place / f"miglint-1-{'b' * 12}", place / "miglint-1-notes"
    for folder in (empty, other, foreign):
        folder.mkdir()
    (other / "file").write_text("somebody's")
    sweep()
    assert {path.name for path in place.iterdir()} == {other.name, foreign.name}
    remove_folder(str(other))
    foreign.rmdir()
    place.rmdir()


def test_a_folder_that_is_in_use_and_what_only_looks_like_one_stay(place: Path, tmp_path: Path) -> None:
    own = Workspace()
    (tmp_path / LOCK).write_text("")
    (place / "miglint-2-0123456789ab").symlink_to(tmp_path)
    sweep()
    assert own.path.is_dir() and (tmp_path / LOCK).exists()
    own.close()
    (place / "miglint-2-0123456789ab").unlink()
    assert list(place.iterdir()) == []
    place.rmdir()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="giving files to another account needs root")
def test_whose_folders_root_removes(place: Path) -> None:
    server = next(accounts())
    for name, uid in (("miglint-3-aaaaaaaaaaaa", server.uid), ("miglint-3-bbbbbbbbbbbb", 54321)):
        folder = place / name
        folder.mkdir()
        (folder / LOCK).write_text("")
        (folder / "data").mkdir()
        for path in (folder, folder / LOCK, folder / "data"):
            os.chown(path, uid, uid)
    sweep()
    assert [path.name for path in place.iterdir()] == ["miglint-3-bbbbbbbbbbbb"]
    remove_folder(str(place / "miglint-3-bbbbbbbbbbbb"))
    place.rmdir()


def test_removing_follows_no_link(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    folder, lock = make_folder(str(tmp_path), "miglint-4-", 0o700)
    (Path(folder) / "to-folder").symlink_to(kept)
    (Path(folder) / "to-file").symlink_to(kept / "file")
    (Path(folder) / "deep" / "er").mkdir(parents=True)
    assert remove_folder(folder)
    os.close(lock)
    assert (kept / "file").read_text() == "x" and not Path(folder).exists()


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "file").write_text("text")
    assert [read_start(str(tmp_path / name), 9) for name in ("pipe", "link", "none", "file")] == [
        b"",
        b"",
        b"",
        b"text",
    ]


@pytest.mark.skipif(not Path("/proc/sysvipc/shm").exists(), reason="the system does not list its shared memory")
def test_a_segment_is_removed_when_its_process_is_of_the_folder_and_nobody_uses_it(tmp_path: Path) -> None:
    import ctypes

    system = ctypes.CDLL(None)
    number = system.shmget(0, 56, 0o1600)
    folder, lock = make_folder(str(tmp_path), "miglint-5-", 0o700)
    try:
        (Path(folder) / supervisor.PIDS).write_text("1\n")
        remove_segments(folder)
        assert str(number) in segments()
        (Path(folder) / supervisor.PIDS).write_text(f"1\n{os.getpid()}\n")
        remove_segments(folder)
        assert str(number) not in segments()
    finally:
        system.shmctl(number, 0, None)
        os.close(lock)


def test_partial_copies_of_the_kept_cluster_are_removed(place: Path, tmp_path: Path) -> None:
    cache = tmp_path / "miglint"
    for name in ("cluster-18-0123.4711-0a0b", "cluster-18-0123.partial-0a0b", "cluster-18-0123"):
        (cache / name / "data").mkdir(parents=True)
    engine = start_embedded(LIMITS, Deadline.after(60), "")
    engine.close()
    names = sorted(path.name for path in cache.iterdir())
    assert len(names) == 3 and names[0] == "cluster-18-0123" and names[2] == "cluster.lock"
    place.rmdir()


def test_a_cluster_that_others_may_write_to_is_not_used(place: Path, tmp_path: Path) -> None:
    kept = KeptCluster(embedded_programs())
    start_embedded(LIMITS, Deadline.after(60), "").close()
    (folder,) = (tmp_path / "miglint").glob("cluster-*-*")
    assert kept.restore(tmp_path / "one") is not None
    folder.chmod(0o777)
    assert kept.restore(tmp_path / "two") is None and not (tmp_path / "two").exists()
    place.rmdir()


def test_what_a_cache_in_the_checkout_has_is_not_used_and_nothing_is_added(place: Path, tmp_path: Path) -> None:
    """A pull request may bring a cluster along, with settings that name programs."""
    start_embedded(LIMITS, Deadline.after(60), "").close()
    (folder,) = (tmp_path / "miglint").glob("cluster-*-*")
    with (folder / "data" / "postgresql.conf").open("a") as settings:
        settings.write("work_mem = '77MB'\n")
    used = []
    for keeps in (True, False):
        engine = start_embedded(LIMITS, Deadline.after(60), "", keeps=keeps)
        with engine.server.admin() as admin:
            used.append(admin.query("SHOW work_mem")[0][0][0])
        engine.close()
    assert used == ["77MB", "4MB"]
    kept = KeptCluster(embedded_programs(), keeps=False)
    assert kept.restore(tmp_path / "data") is None and kept.settings() is None
    place.rmdir()


def test_another_run_finds_nothing_of_a_cluster_that_is_being_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []
    real = shutil.rmtree

    def rmtree(path: Path) -> None:
        left.extend(one.name for one in tmp_path.iterdir())
        real(path)

    monkeypatch.setattr(shutil, "rmtree", rmtree)
    (tmp_path / "cluster-18-0123" / "data").mkdir(parents=True)
    remove_cluster(tmp_path / "cluster-18-0123")
    # Its name is that of a partial copy, which the next run removes if this one is killed.
    assert [name.startswith("cluster-18-0123.partial-") for name in left] == [True]
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_that_does_not_start_is_made_anew(place: Path, tmp_path: Path) -> None:
    start_embedded(LIMITS, Deadline.after(60), "").close()
    (folder,) = (tmp_path / "miglint").glob("cluster-*-*")
    (folder / "data" / "global" / "pg_control").write_bytes(b"")
    start_embedded(LIMITS, Deadline.after(60), "").close()
    place.rmdir()


def test_a_workspace_needs_a_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A path that is too long for the address of a socket is passed over."""
    deep = tmp_path / ("d" * 60)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    monkeypatch.setattr(tempfile, "tempdir", None)
    begun = time.monotonic()
    made = Workspace()
    assert made.path.parent in workspace.roots(shared=False) and made.path.parent != deep
    made.close()
    assert not made.path.exists() and time.monotonic() - begun < 10
