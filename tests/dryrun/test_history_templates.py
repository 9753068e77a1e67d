"""The state of a history is kept for later runs, is used with the same scripts alone, and nobody can exchange it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import pytest

from miglint.base.model import History
from miglint.base.structs import replace
from miglint.cache.store import Store
from miglint.dryrun import prerequisites, result_cache
from miglint.dryrun.compare import compare
from miglint.dryrun.engine_choice import choices
from miglint.dryrun.options import DryRunOptions
from miglint.dryrun.postgres import history_templates
from miglint.dryrun.postgres.database import PostgresDatabase
from miglint.dryrun.postgres.history_templates import HistoryTemplates, Template
from miglint.dryrun.postgres.os_user import Account
from miglint.dryrun.result_cache import StoredMemory
from miglint.dryrun.results import HistoryRun, MigrationRun
from miglint.dryrun.runner import dry_run

from .histories import history, migration, record_runs

OPTIONS = DryRunOptions(engine="embedded", rows=2)
TEMPLATE = Template("password", "owner", (), (), (), "2026-01-01 00:00:00")


def numbered(number: int, forward: str = "", rollback: str = "") -> Any:
    made = f"CREATE TABLE t{number} (a int DEFAULT {number}); INSERT INTO t{number} VALUES ({number});"
    return migration(forward or made, rollback or f"DROP TABLE t{number};", name=str(number))


def usual(*last: Any) -> History:
    start = numbered(1, "CREATE VIEW v AS SELECT 'now'::timestamp AS at; GRANT SELECT ON v TO app;", "DROP VIEW v;")
    return history(start, *(numbered(number) for number in (2, 3, 4)), *last)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """The folder of what is kept, as the only element: of histories all but the last migration, if that are two."""
    here = [tmp_path_factory.mktemp("kept")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(result_cache, "_LATEST", 1)
        patch.setattr(result_cache, "_WORTH_IT", 2)
        patch.setattr(history_templates, "cache_folder", lambda: here[0])
        yield here


@pytest.fixture(scope="module")
def first_run(places: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first run of the usual history leaves, in folders called `cache` and `kept`."""
    top = tmp_path_factory.mktemp("first")
    places[0] = top / "kept"
    go(top / "cache", usual(numbered(5)))
    return top


@pytest.fixture
def folder(places: list[Path], tmp_path: Path) -> Path:
    """An empty folder for what is kept."""
    places[0] = tmp_path / "kept"
    return places[0]


@pytest.fixture
def again(folder: Path, first_run: Path, tmp_path: Path) -> Path:
    """The folder of what is kept, after a first run."""
    shutil.copytree(first_run, tmp_path, dirs_exist_ok=True)
    return folder


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the scripts that ran."""
    return record_runs(monkeypatch, PostgresDatabase, lambda script: script.path)


def go(cache: Path, given: History, key: bytes = b"key") -> HistoryRun:
    memory = StoredMemory(Store(str(cache), key, own=False), OPTIONS, {})
    only = dry_run([given], OPTIONS, memory=memory).histories[0]
    memory.keep(only)
    return only


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("history-*"))


def timeless(run: MigrationRun) -> tuple[Any, ...]:
    """Return results without times and schemas."""

    def still(execution: Any) -> Any:
        statements = tuple(replace(one, seconds=0.0) for one in execution.statements)
        return replace(execution, statements=statements, seconds=0.0)

    assert run.forward is not None and run.rollback is not None and run.rows is not None
    assert run.rows.forward is not None and run.rows.rollback is not None
    rows = replace(run.rows, forward=still(run.rows.forward), rollback=still(run.rows.rollback))
    steps = tuple(replace(step, seconds=0.0) for step in run.steps)
    executions = {"forward": still(run.forward), "rollback": still(run.rollback), "rows": rows}
    without = replace(run, steps=steps, **executions, seconds=0.0, before=None, after=None, restored=None)
    return msgspec.structs.astuple(without)


CHANGED = usual(numbered(5, "ALTER TABLE t4 ADD b int; UPDATE t3 SET a = 0; DROP VIEW v;", "ALTER TABLE t4 DROP b;"))


def numbers(ran: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in ran} - {"(surroundings)"}


def test_the_last_migration_is_run_on_what_was_kept(tmp_path: Path, again: Path, ran: list[str]) -> None:
    assert [entry.stat().st_mode & 0o777 for entry in kept(again)] == [0o600]
    last = go(tmp_path / "cache", CHANGED)
    assert numbers(ran) == {"5"}
    fresh = go(tmp_path / "another", CHANGED)
    one, other = last.migrations[-1], fresh.migrations[-1]
    assert timeless(one) == timeless(other)
    for mine, its in ((one.before, other.before), (one.after, other.after), (one.restored, other.restored)):
        assert mine is not None and its is not None
        assert compare(mine, its) == ()
    assert last.engine.notes == fresh.engine.notes
    assert "app" in str(last.engine.notes)
    # With one more migration, the changed one is run again, as its script is not in what was kept.
    ran.clear()
    go(tmp_path / "cache", usual(CHANGED.migrations[-1], numbered(6)))
    assert numbers(ran) == {"5", "6"}


def test_what_is_kept_is_for_the_same_beginning_alone(tmp_path: Path, again: Path) -> None:
    def found(given: History, options: DryRunOptions = OPTIONS, known: int = 4, text: str = "") -> int:
        (choice,) = choices(given.dialect, options)
        baseline = {given.dialect: prerequisites.script_of(text, given.dialect)} if text else {}
        memory = StoredMemory(Store(str(tmp_path / "cache"), b"key", own=False), options, baseline)
        return memory.plan(given, str(choice.identity), known).done

    assert found(CHANGED) == 4
    first = numbered(1, "CREATE VIEW v AS SELECT 1 AS at; GRANT SELECT ON v TO app;", "DROP VIEW v;")
    assert found(replace(CHANGED, migrations=(first, *CHANGED.migrations[1:]))) == 0
    # What is created before the first migration, for one of a later one.
    assert found(usual(numbered(5, "GRANT SELECT ON t4 TO another_role;", "SELECT 1;"))) == 0
    assert found(usual(numbered(5, "CREATE TABLE c (a citext);", "DROP TABLE c;"))) == 0
    assert found(CHANGED, text="CREATE TABLE b (a int);") == 0
    assert found(CHANGED, replace(OPTIONS, roles=("another_role",))) == 0
    # Results that are not known are those of migrations that may have changed.
    assert found(CHANGED, known=3) == 0


def exchange_a_byte(entry: Path) -> None:
    content = bytearray(entry.read_bytes())
    content[len(content) // 2] ^= 1
    entry.write_bytes(content)


def cut(entry: Path) -> None:
    os.truncate(entry, 40)


def another_key(entry: Path) -> None:
    body = entry.read_bytes()[32:]
    seal = Store("", b"another", own=False).seal(entry.name, blake2b(body).digest())
    entry.write_bytes(seal + body)


def another_entry(entry: Path) -> None:
    body = entry.read_bytes()[32:]
    seal = Store("", b"key", own=False).seal("history-0", blake2b(body).digest())
    entry.write_bytes(seal + body)


def no_server(entry: Path) -> None:
    """A genuine entry that does not work, as one of a machine that lost power."""
    body = msgspec.msgpack.encode({"template": TEMPLATE, "folders": ["base"], "files": [("PG_VERSION", b"18\n")]})
    entry.write_bytes(Store("", b"key", own=False).seal(entry.name, blake2b(body).digest()) + body)


def a_link(entry: Path) -> None:
    """A link to a pipe without a writer, which nobody may wait for."""
    entry.unlink()
    os.mkfifo(entry.with_name("pipe"))
    entry.symlink_to("pipe")


def test_what_does_not_work_is_made_anew(tmp_path: Path, again: Path, ran: list[str]) -> None:
    (entry,) = kept(again)
    size = entry.stat().st_size
    no_server(entry)
    last = go(tmp_path / "cache", CHANGED).migrations[-1]
    assert numbers(ran) == {"1", "2", "3", "4", "5"}
    assert (last.verdict.forward_idempotent, last.verdict.symmetric) == (False, False)
    assert [one.stat().st_size > 0.9 * size for one in kept(again)] == [True]


def test_nothing_is_kept_of_a_run_in_which_something_forbidden_was_tried(tmp_path: Path, folder: Path) -> None:
    scripts = (
        "CREATE TABLE x (a text); COPY x FROM PROGRAM 'id';",
        "DROP DATABASE miglint_set_aside;",
        "ALTER DATABASE miglint_set_aside OWNER TO CURRENT_USER;",
        "ALTER DATABASE miglint_set_aside SET work_mem = '1MB';",
    )
    last = [
        migration(script, "SELECT 1;", transaction=False, name=str(number)) for number, script in enumerate(scripts, 5)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(result_cache, "_LATEST", len(last))
        done = go(tmp_path / "cache", usual(*last))
    errors = [run.forward.error for run in done.migrations[4:] if run.forward is not None]
    assert [error and error.sqlstate for error in errors] == ["42501"] * 4
    assert kept(folder) == []


@pytest.mark.parametrize(
    "script",
    [
        # What is reverted, and a privilege of a role that exists in this run alone.
        "ALTER ROLE postgres SET work_mem = '1MB';",
        "DO $$ BEGIN EXECUTE format('GRANT SELECT ON t4 TO %I', session_user); END $$;",
    ],
)
def test_nothing_is_kept_of_a_run_that_leaves_something_on_the_server(
    script: str, tmp_path: Path, folder: Path
) -> None:
    done = go(tmp_path / "cache", usual(numbered(5, script, "SELECT 1;"), numbered(6)))
    # The other one of the history's sessions may have changed the role at the same moment.
    assert done.stopped is None and done.migrations[-1].ran
    assert kept(folder) == []


def archive(top: Path) -> HistoryTemplates:
    return HistoryTemplates(Store("", b"key", own=False).seal, top)


@pytest.mark.parametrize("change", [exchange_a_byte, cut, another_key, another_entry, a_link])
def test_what_is_not_genuine_is_removed(change: Callable[[Path], None], tmp_path: Path) -> None:
    top = tmp_path / "kept"
    archive(top).keep("history-1", TEMPLATE, data_in(tmp_path), frozenset(), Account())
    change(top / "history-1")
    assert archive(top).restore("history-1", tmp_path / "back") is None
    assert kept(top) == [] and not (tmp_path / "back").exists()


def data_in(folder: Path) -> Path:
    (folder / "data" / "base" / "1").mkdir(parents=True)
    (folder / "data" / "pg_wal").mkdir()
    for name in ("PG_VERSION", "postgresql.conf", "base/1/1259_fsm", "pg_wal/1", "pg_wal/2"):
        (folder / "data" / name).write_text(name)
    return folder / "data"


def test_an_entry_has_the_files_of_the_data_and_no_settings(tmp_path: Path) -> None:
    templates = archive(tmp_path / "kept")
    templates.keep("history-1", TEMPLATE, data_in(tmp_path), frozenset(("2",)), Account())
    assert templates.restore("history-1", tmp_path / "back") == TEMPLATE
    back = {path.relative_to(tmp_path / "back").as_posix() for path in (tmp_path / "back").rglob("*") if path.is_file()}
    assert back == {"PG_VERSION", "base/1/1259_fsm", "pg_wal/2"}


def test_no_link_and_no_pipe_is_kept(tmp_path: Path) -> None:
    data = data_in(tmp_path)
    for make in (lambda path: path.symlink_to("/etc/passwd"), os.mkfifo):
        make(data / "base" / "1" / "2")
        archive(tmp_path / "kept").keep("history-1", TEMPLATE, data, frozenset(), Account())
        (data / "base" / "1" / "2").unlink()
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("name", ["../x", "/x", "base/../../x", "base/.", "", ".", "a//b", "postgresql.conf/../x"])
def test_no_entry_writes_elsewhere(name: str, tmp_path: Path) -> None:
    body = msgspec.msgpack.encode({"template": TEMPLATE, "folders": ["base"], "files": [(name, b"x")]})
    seal = Store("", b"key", own=False).seal("history-1", blake2b(body).digest())
    (tmp_path / "history-1").write_bytes(seal + body)
    with pytest.raises(ValueError):
        archive(tmp_path).restore("history-1", tmp_path / "in" / "data") if (tmp_path / "in").mkdir() is None else None
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"history-1"}


def test_the_oldest_go_first_and_nothing_of_killed_runs_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tmp_path / "kept"
    top.mkdir()
    data = data_in(tmp_path)
    for number in range(4):
        archive(top).keep(f"history-{number}", TEMPLATE, data, frozenset(), Account())
        os.utime(top / f"history-{number}", ns=(number, number))
    monkeypatch.setattr(history_templates, "_MOST", 3 * (top / "history-0").stat().st_size)
    left = [top / f".history-{pid}-0123" for pid in (2**22 + 1, os.getpid(), os.getpid())]
    left[1] = left[1].with_name(f"{left[1].name}4")
    for path in left:
        path.write_text("")
    # In a container, each run has the same number.
    os.utime(left[2], ns=(0, 0))
    archive(top).keep("history-4", TEMPLATE, data, frozenset(), Account())
    assert archive(top).first_of(["history-0", "history-3"]) == "history-3"
    assert {path.name for path in top.iterdir()} == {"history-2", "history-3", "history-4", left[1].name}


def test_without_room_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_templates, "_LONGEST", 20)
    archive(tmp_path / "kept").keep("history-1", TEMPLATE, data_in(tmp_path), frozenset(), Account())
    assert not (tmp_path / "kept").exists()
