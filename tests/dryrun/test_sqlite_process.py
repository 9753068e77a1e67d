"""The process that runs SQLite's scripts: what it gives up, how it ends, and what goes on after that."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from miglint.base.model import Dialect
from miglint.dryrun.interfaces import EngineLostError
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.results import EngineInfo
from miglint.dryrun.sqlite import process, wire
from miglint.dryrun.sqlite.engine import SqliteDatabase, SqliteEngine
from miglint.dryrun.sqlite.library import ApswConnection, Opener, StandardConnection
from miglint.dryrun.sqlite.process import Setup, Worker, WorkerEndedError
from miglint.dryrun.sqlite.resident import memory_by_ps, resident_memory
from miglint.dryrun.steps import Scripts
from miglint.sql.operations import Name

from .histories import LIMITS, migration, sqlite_engine, with_rows
from .sqlite_attacks import HANG

OPENERS = [StandardConnection, ApswConnection]
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def run(database: SqliteDatabase, text: str, *, transaction: bool = True) -> object:
    script = Scripts.of(migration(text, dialect=Dialect.SQLITE, transaction=transaction)).forward
    assert script is not None
    return database.run(script).error


def pid_of(database: SqliteDatabase) -> int:
    return database._host.worker._process.pid


REACHED_FOR = {
    "a file": "open('/etc/passwd')",
    "a new file": "open('trace', 'w')",
    "a folder": "__import__('os').mkdir('trace')",
    "a file's name": "__import__('os').rename('here', 'trace')",
    "a file's end": "__import__('os').unlink('here')",
    "a socket": "__import__('_socket').socket()",
    "a pipe": "__import__('os').pipe()",
    "a child": "__import__('os').fork()",
    "a program": "__import__('os').execv('/bin/true', ['true'])",
    "another process": "__import__('os').kill(__import__('os').getppid(), 0)",
    "root": "__import__('os').setuid(0)",
}


@linux
@pytest.mark.parametrize("code", REACHED_FOR.values(), ids=REACHED_FOR.keys())
def test_even_code_in_that_process_reaches_nothing(code: str, tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    tmp_path.chmod(0o777)
    program = f"""if True:
        import os, _socket
        from miglint.dryrun.sqlite.confinement import confine
        missing = confine(1 << 30, 100)
        print(missing, flush=True)
        try:
            {code}
        except (OSError, BlockingIOError) as error:
            print("refused", error.errno, flush=True)
        else:
            print("reached", flush=True)
        os._exit(0)
    """
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=20)
    missing, _, result = said.stdout.partition("\n")
    if "calls" in missing:
        pytest.skip(f"this system filters no system calls: {missing}")
    assert result.startswith("refused"), said
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


@linux
def test_all_limits_are_kept_here_and_nothing_is_inherited() -> None:
    engine = sqlite_engine(ApswConnection)
    database = engine.create()
    assert run(database, "SELECT 1;") is None
    pid = pid_of(database)
    status = Path(f"/proc/{pid}/status").read_text()
    variables = {item.split(b"=")[0] for item in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if item}
    assert variables <= {b"PYTHONHASHSEED", b"LD_LIBRARY_PATH", b"PYTHONHOME"}
    assert {path.name for path in Path(f"/proc/{pid}/fd").iterdir()} == {"0", "1", "2"}
    assert engine.notes() == ()
    assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
    if os.geteuid() == 0:
        assert "Uid:\t65534\t65534\t65534\t65534" in status
    limits = Path(f"/proc/{pid}/limits").read_text()
    for name in ("Max open files            3 ", "Max file size             0 ", "Max processes             0 "):
        assert name in limits
    assert "Max address space         unlimited" not in limits
    engine.close()


@pytest.mark.parametrize("opener", OPENERS)
def test_a_process_that_is_killed_is_replaced_in_the_same_state(opener: Opener) -> None:
    engine = sqlite_engine(opener)
    database = engine.create()
    assert run(database, "CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT NOT NULL);") is None
    before = database.schema()
    database.fill(before, 20, 3)
    assert run(database, "UPDATE a SET y = y || 'z' WHERE x % 2;") is None
    twin = database.copy()
    assert run(twin, "DROP TABLE a;") is None
    rows, objects = database.digests(), dict(database.schema().objects)
    os.kill(pid_of(database), signal.SIGKILL)
    time.sleep(0.1)
    assert database.digests() == rows
    assert dict(database.schema().objects) == objects
    assert not twin.schema().objects
    twin.drop()
    database.drop()
    engine.close()


@pytest.mark.parametrize("opener", OPENERS)
def test_what_was_done_before_the_statement_that_hangs_stays(opener: Opener) -> None:
    engine = sqlite_engine(opener, Limits(statement=0.3, total=60.0, disk=64 << 20))
    database = engine.create()
    text = (
        f"CREATE TABLE a (x); BEGIN; INSERT INTO a VALUES (1); COMMIT; BEGIN; INSERT INTO a VALUES (2); SELECT {HANG};"
    )
    first = pid_of(database)
    error = run(database, text, transaction=False)
    assert getattr(error, "limit", None) == "statement time-out" and getattr(error, "index", None) == 6
    assert database.digests()[Name(None, "a")].count == 1
    assert pid_of(database) != first
    engine.close()


@pytest.mark.parametrize("opener", OPENERS)
def test_the_instruction_that_once_held_the_time_out_the_total_and_ctrl_c(opener: Opener) -> None:
    engine = sqlite_engine(opener, Limits(statement=0.5, total=60.0))
    database = engine.create()
    started = time.monotonic()
    error = run(database, "SELECT instr(zeroblob(60000000), zeroblob(30000000)||x'01');")
    assert getattr(error, "limit", None) == "statement time-out"
    assert time.monotonic() - started < 5
    engine.close()


def test_the_time_for_all_is_over_for_an_instruction_too() -> None:
    engine = SqliteEngine(ApswConnection, EngineInfo("sqlite", "SQLite", ""), Limits(), Deadline.after(1.0))
    database = engine.create()
    error = run(database, f"SELECT {HANG};")
    assert getattr(error, "limit", None) == "total time-out"
    engine.close()


def test_after_the_time_for_all_the_tables_that_are_left_get_no_rows() -> None:
    deadline = Deadline.after(60)
    engine = SqliteEngine(ApswConnection, EngineInfo("sqlite", "SQLite", ""), Limits(), deadline)
    database = engine.create()
    tables = "".join(
        f"CREATE TABLE t{n} (a INTEGER PRIMARY KEY, b INT CHECK (a < 0 OR {HANG} = 0));" for n in range(60)
    )
    assert run(database, tables) is None
    schema = database.schema()
    deadline.stop()
    started = time.monotonic()
    filled = database.fill(schema, 100, 0)
    assert not filled.inserted
    assert len(filled.unfilled) == 60
    assert time.monotonic() - started < 10
    engine.close()


def test_an_engine_that_nobody_closes_ends_its_process() -> None:
    database = sqlite_engine(StandardConnection).create()
    assert run(database, "SELECT 1;") is None
    process = database._host.worker._process
    del database
    gc.collect()
    assert process.wait(5) != 0


def test_a_script_that_does_something_else_each_time_stops_the_history_with_the_reason() -> None:
    engine = sqlite_engine(ApswConnection)
    database = engine.create()
    script = "CREATE TABLE a (x CHECK (x > 0)); INSERT INTO a VALUES (1);"
    assert run(database, script) is None
    # As if it had once failed.
    journal = database._journal
    assert journal is not None
    database._journal = (None, msgspec.structs.replace(journal[1], failed=1))
    os.kill(pid_of(database), signal.SIGKILL)
    time.sleep(0.1)
    with pytest.raises(EngineLostError, match="could not be restored"):
        database.schema()
    engine.close()


def test_a_table_that_cannot_be_filled_is_left_out_and_the_others_are_not() -> None:
    engine = sqlite_engine(ApswConnection, Limits(statement=0.3, total=60.0, disk=64 << 20))
    database = engine.create()
    run(
        database,
        f"CREATE TABLE a (x INTEGER); CREATE TABLE b (x INTEGER CHECK ({HANG} = 0)); CREATE TABLE c (x INTEGER);",
    )
    filled = database.fill(database.schema(), 5, 0)
    assert {name.name: count for name, count in filled.inserted.items()} == {"a": 5, "c": 5}
    assert [name.name for name in filled.unfilled] == ["b"]
    assert {name.name: rows.count for name, rows in database.digests().items()} == {"a": 5, "b": 0, "c": 5}
    engine.close()


@pytest.mark.parametrize("opener", OPENERS)
def test_rows_that_are_lost_are_found_whatever_a_script_calls_its_tables(opener: Opener) -> None:
    before = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);"
    forged = "CREATE TABLE pragma_table_xinfo (name, hidden, arg); CREATE TABLE pragma_table_info (name);"
    pair = migration(f"{forged} DELETE FROM users;", "DROP TABLE pragma_table_xinfo; DROP TABLE pragma_table_info;",
                     dialect=Dialect.SQLITE)  # fmt: skip
    losses = with_rows(sqlite_engine(opener), pair, before).losses
    assert [(loss.table, loss.kind, loss.count) for loss in losses] == [("users", "rows", 50)]


@pytest.mark.parametrize("opener", OPENERS)
def test_text_that_is_no_text_is_compared_as_it_is(opener: Opener) -> None:
    engine = sqlite_engine(opener)
    database = engine.create()
    assert run(database, "CREATE TABLE a (x, y); INSERT INTO a VALUES (CAST(x'ff00' AS TEXT), 1.5), ('b', 2);") is None
    twin = database.copy()
    assert twin.digests() == database.digests()
    assert run(twin, "UPDATE a SET x = CAST(x'fe00' AS TEXT) WHERE y = 1.5;") is None
    one, two = (each.digests()[Name(None, "a")] for each in (database, twin))
    assert one.columns["x"] != two.columns["x"] and one.columns["y"] == two.columns["y"]
    assert sum(database.values(Name(None, "a"), ("x",)).values()) == 2
    engine.close()


def setup(memory: int = 256 << 20) -> Setup:
    return Setup(wire.Start("sqlite3", memory, 64 << 20, 60, False), 7)


def test_the_parent_ends_a_process_whose_memory_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system keeps no bound on the address space, the watch does."""
    grown: list[int] = []

    def grows(pid: int) -> int:
        grown.append(resident_memory(pid))
        return grown[-1] + (1 << 30)

    worker = Worker(setup())
    worker.ask(wire.Open(1), wire.Done, 5)
    monkeypatch.setattr(process, "resident_memory", grows)
    started = time.monotonic()
    with pytest.raises(WorkerEndedError) as ended:
        worker.ask(wire.RunScript(1, (f"SELECT {HANG}",), False, 30, 30), wire.Ran, 30, began=lambda _: 30)
    assert ended.value.limit == "memory"
    assert grown and time.monotonic() - started < 5
    worker.end()


@linux
def test_ps_says_what_the_kernel_says() -> None:
    mine = resident_memory(os.getpid())
    assert mine > 1 << 20
    assert memory_by_ps(os.getpid()) == pytest.approx(mine, rel=0.2)
    assert resident_memory(2**22 + 1) == 0


def test_the_end_of_the_run_does_not_wait_for_sqlite() -> None:
    engine = sqlite_engine(ApswConnection, Limits(statement=60, total=60))
    database = engine.create()
    threading.Timer(0.4, engine.close).start()
    started = time.monotonic()
    with pytest.raises(EngineLostError):
        run(database, f"SELECT {HANG};")
    assert time.monotonic() - started < 5
    with pytest.raises(EngineLostError):
        engine.create()


@pytest.mark.parametrize("sent", [b"\xff\xff\xff\xff", b"\x01\0\0\0\xc1", b"\x07\0\0\0\x91\xa4nope.", b""])
def test_what_is_no_reply_ends_the_conversation(sent: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, sent)
    os.close(writing)
    channel = wire.Channel(reading, reading)
    with pytest.raises((wire.FrameError, EOFError)):
        channel.receive(msgspec.msgpack.Decoder(wire.Reply))
    os.close(reading)


def test_a_statement_that_begins_out_of_turn_is_no_reply() -> None:
    worker = Worker(setup())
    worker.ask(wire.Open(1), wire.Done, 5)
    with pytest.raises(WorkerEndedError, match="invalid reply"):
        worker.ask(wire.RunScript(1, ("SELECT 1",), False, 5, 5), wire.Ran, 5)
    worker.end()


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_miglint_ends_its_process(number: signal.Signals, tmp_path: Path) -> None:
    folder = tmp_path / "migrations" / "sqlite"
    folder.mkdir(parents=True)
    (folder / "1_a.up.sql").write_text(f"SELECT {HANG};")
    (folder / "1_a.down.sql").write_text("SELECT 1;")
    command = [sys.executable, "-m", "miglint", "check", "--dry-run=sqlite", "--no-cache", str(folder)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child = None
    until = time.monotonic() + 20
    while child is None and time.monotonic() < until:
        time.sleep(0.05)
        child = next(iter(Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()), None)
    assert child is not None
    # Let it meet the statement.
    while int(Path(f"/proc/{child}/stat").read_text().split()[13]) < 30 and time.monotonic() < until:
        time.sleep(0.05)
    parent.send_signal(number)
    started = time.monotonic()
    parent.communicate(timeout=20)
    assert parent.returncode != 0
    while Path(f"/proc/{child}").exists() and time.monotonic() - started < 10:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()
    assert time.monotonic() - started < 8


@pytest.mark.parametrize("opener", OPENERS)
def test_memory_that_grows_is_a_finding_and_no_traceback(opener: Opener) -> None:
    """A generated column over 150 rows once took 5.9 GB of the parent."""
    engine = SqliteEngine(opener, EngineInfo("sqlite", "SQLite", ""), LIMITS, Deadline.after(60))
    database = engine.create()
    text = (
        "CREATE TABLE g (a, b AS (hex(zeroblob(20000000)))); WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1"
    )
    assert run(database, f"{text} FROM n LIMIT 150) INSERT INTO g (a) SELECT x FROM n;") is None
    assert database.digests()[Name(None, "g")].count == 150
    error = run(database, "CREATE TABLE h AS SELECT * FROM g;")
    assert getattr(error, "limit", None) in ("disk", "memory", "statement time-out")
    engine.close()
