"""Faults: servers that are killed, processes that are killed, and two dry runs at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from miglint.dryrun import runner
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres.branch import PostgresBranch
from miglint.dryrun.postgres.database import PostgresDatabase
from miglint.dryrun.postgres.embedded import start_embedded
from miglint.dryrun.runner import dry_run
from miglint.dryrun.workspace import Workspace, sweep

from .histories import LIMITS, forward_of, history, migration

PAIRS = tuple(
    migration(f"CREATE TABLE t{number} (x int);", f"DROP TABLE t{number};", name=str(number)) for number in range(3)
)


def folders() -> set[Path]:
    roots = (Path(tempfile.gettempdir()), Path("/dev/shm"))
    return {path for root in roots if root.is_dir() for path in root.glob("miglint-*")}


def mine(pid: int) -> set[Path]:
    return {path for path in folders() if path.name.startswith(f"miglint-{pid}-")}


def gone(pid: int, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not mine(pid):
            return True
        time.sleep(0.05)
    return False


CALLS = [(PostgresDatabase, method) for method in ("run", "try_out", "schema", "branch", "fill", "digests")]
CALLS += [(PostgresBranch, method) for method in ("run", "touched", "digests", "drop")]


@pytest.mark.parametrize(("kind", "method"), CALLS, ids=[f"{kind.__name__}.{method}" for kind, method in CALLS])
def test_a_server_that_is_killed_is_told_and_leaves_nothing(
    kind: type, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill the server right before one of the calls that the steps are made of."""
    before = mine(os.getpid())
    calls = {"count": 0}
    real = getattr(kind, method)

    def kill_then_call(self: PostgresDatabase | PostgresBranch, *args: object, **named: object) -> object:
        calls["count"] += 1
        if calls["count"] == 2:
            database = self._database if isinstance(self, PostgresBranch) else self
            pid = int((Path(database.server.access.host) / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGKILL)
            for _ in range(100):
                time.sleep(0.01)
                if not Path(f"/proc/{pid}").exists():
                    break
        return real(self, *args, **named)

    monkeypatch.setattr(kind, method, kill_then_call)
    report = dry_run([history(*PAIRS)], DryRunOptions(engine="embedded", rows=5))
    only = report.histories[0]
    assert only.stopped is not None and ("stopped" in only.stopped or "lost" in only.stopped)
    assert len(only.migrations) == len(PAIRS)
    assert any(run.before is None and run.unknown for run in only.migrations)
    assert mine(os.getpid()) == before


def test_a_killed_process_leaves_no_server_and_no_folder() -> None:
    code = (
        "import time; from miglint.dryrun.postgres.embedded import *; from miglint.dryrun.limits import *;"
        "e = start_embedded(Limits(), Deadline.after(60), ''); e.create(); print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    assert mine(process.pid)
    process.kill()
    process.wait()
    assert gone(process.pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "1_a.up.sql").write_text("SELECT pg_sleep(20);")
    (folder / "1_a.down.sql").write_text("SELECT 1;")
    command = [sys.executable, "-m", "miglint", "check", "--dry-run=embedded", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 20
    while not mine(process.pid) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1.5)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert gone(process.pid)


def test_the_folder_of_a_process_that_ends_at_once_is_removed() -> None:
    code = "from miglint.dryrun.workspace import *; import os; w = Workspace(); print(w.path, flush=True); os._exit(1)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and "/miglint-" in process.stdout.readline()
    process.communicate(timeout=20)
    assert gone(process.pid)


def test_the_folder_of_a_supervisor_that_was_killed_is_swept() -> None:
    code = (
        "from miglint.dryrun.workspace import *; import os; w = Workspace(); print(w.path, flush=True);"
        "w._process.kill(); w._process.wait(); os._exit(1)"
    )
    left = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout.strip()
    assert Path(left).is_dir()
    own = Workspace()
    sweep()
    assert not Path(left).exists()
    assert own.path.is_dir()
    own.close()
    assert not own.path.exists()


def test_two_runs_at_once_say_the_same_and_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "1_a.up.sql").write_text("CREATE TABLE a (x int); CREATE TABLE b (y int REFERENCES a (x));")
    (tmp_path / "1_a.down.sql").write_text("DROP TABLE a;")
    (tmp_path / "2_b.up.sql").write_text("CREATE TABLE c (x int PRIMARY KEY);")
    (tmp_path / "2_b.down.sql").write_text("DROP TABLE c;")
    command = [sys.executable, "-m", "miglint", "check", "--dry-run=embedded", "--select", "RUN", "--format", "json"]
    processes = [
        subprocess.Popen([*command, "--no-cache", "."], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    verdicts = [[migration["verdict"] for migration in one["migrations"]] for one in said]
    assert verdicts[0] == verdicts[1]
    assert [one["symmetric"] for one in verdicts[0]] == [None, True]
    assert all(gone(process.pid) for process in processes)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 192 MB; without the right to mount one there is nothing to fill."""
    folder = Path(tempfile.mkdtemp(prefix="small-", dir="/tmp"))
    # The server's account must reach it.
    folder.chmod(0o755)
    command = ["mount", "-t", "tmpfs", "-o", "size=192m,mode=1777", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            pytest.skip("mounting a small file system needs root")
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
    except FileNotFoundError:
        pytest.skip("there is no `mount` here")
    finally:
        folder.rmdir()


def test_a_full_disk_is_told_and_leaves_nothing(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(small_disk))
    monkeypatch.setattr(tempfile, "tempdir", None)
    fat = migration("CREATE TABLE f AS SELECT x, repeat(x::text, 99) AS y FROM generate_series(1, 9000000) x;", "")
    limits = Limits(statement=60.0, disk=1 << 30)
    report = dry_run([history(PAIRS[0], fat, PAIRS[1])], DryRunOptions(engine="embedded", rows=0, limits=limits))
    only = report.histories[0]
    first, second, _ = only.migrations
    assert first.verdict.symmetric is True
    error = second.forward.error if second.forward is not None else None
    assert only.stopped is not None or (error is not None and error.limit == "disk"), (error, only.stopped)
    assert list(small_disk.iterdir()) == []


def test_two_servers_at_once_do_not_meet() -> None:
    one, two = (start_embedded(LIMITS, Deadline.after(60), "") for _ in range(2))
    try:
        for engine in (one, two):
            database = engine.create()
            assert database.run(forward_of(PAIRS[0])).ok
    finally:
        one.close()
        two.close()
    with pytest.raises(EngineLostError):
        one.server.check()


def test_the_time_for_all_is_a_limit() -> None:
    slow = migration("SELECT pg_sleep(30);", "SELECT 1;")
    started = time.monotonic()
    report = dry_run([history(slow, *PAIRS)], DryRunOptions(engine="embedded", rows=0, limits=Limits(total=2.0)))
    first = report.histories[0].migrations[0]
    assert first.forward is not None and first.forward.error is not None
    assert first.forward.error.limit == "total time-out"
    assert time.monotonic() - started < 20


def test_progress_says_which_migration_runs() -> None:
    told: list[tuple[int, int, str]] = []
    options = DryRunOptions(engine="embedded", rows=0)
    runner.dry_run([history(*PAIRS)], options, progress=lambda *args: told.append(args))
    assert told[0] == (0, 3, "migrations 0") and told[-1] == (3, 3, "migrations 2")
