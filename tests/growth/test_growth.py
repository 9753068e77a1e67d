"""Twice the work takes at most 2.3 times as many calls, and 2.3 times the memory: the same on every machine.

The interpreter's calls are counted function by function, so that one that is called for each pair of statements shows
though few of them ran. What takes its time inside of one call is seen by `benchmarks/growth.py`, in seconds.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections import Counter
from types import CodeType, FrameType
from typing import Any

import pytest
from benchmarks.growth_cases import CASES, Case, scripts

from miglint.base.model import Dialect, Direction, Discovered, History, Migration, Script, SourceFile, Span
from miglint.config.settings import Settings
from miglint.linter import findings_builder, parallel
from miglint.replay.apply import known_rows, row_contents, run
from miglint.replay.apply.known_analyses import known_analyses
from miglint.replay.steps import empty_schema
from miglint.rules.selection import load_rules, select
from miglint.schema import edges, enum_labels, parts
from miglint.sql import postgres
from miglint.sql.postgres import statement_trees

# All rules, those that are off by default as well, but sqlfluff's.
SETTINGS = Settings(".", select=("ALL",), ignore=("STY",))
CHOSEN = select(SETTINGS, load_rules(SETTINGS))
# How often a case is repeated, and twice that.
FEW = 12
LIMIT = 2.3
# A function that is called less often than this for each repetition shows nothing with so few of them.
SELDOM = 6

# A migration for each repetition costs most, and differs little from one for all.
AS_FILES = ("create table", "drop table", "add column", "create unique index", "insert", "add check")
COMMON = {case.name for case in CASES["postgres"]} & {case.name for case in CASES["sqlite"]}
# The replay is one for both engines: SQLite has its own statements, and those whose handlers look at its triggers.
ON_BOTH = ("add column", "rename column", "rename table", "create index", "create view", "insert", "ignore comment")

PAIRS = [
    pytest.param(dialect, case, shape, id=f"{dialect}-{shape}-{case.name.replace(' ', '-')}")
    for dialect, cases in CASES.items()
    for case in cases
    for shape in case.shapes
    if shape in ("one", "parts") or (shape == "files" and case.name in AS_FILES and dialect == "postgres")
    if dialect == "postgres" or case.name not in COMMON or case.name in ON_BOTH
]


@pytest.fixture(autouse=True)
def few_is_many(monkeypatch):
    """What is done differently with many parts is done so with a few, and in one process."""
    monkeypatch.setattr(parts, "_FEW", 4)
    monkeypatch.setattr(edges, "_FEW", 4)
    monkeypatch.setattr(enum_labels, "_FEW", 4)
    monkeypatch.setattr(row_contents, "_MOST_ROWS", 2)
    monkeypatch.setattr(known_rows, "_MOST_TESTED", 2)
    monkeypatch.setattr(parallel, "_SMALLEST", sys.maxsize)


def discovered(dialect: str, texts: list[tuple[str, str]]) -> Discovered:
    """Return migrations as discovery would."""
    files: list[SourceFile] = []
    migrations = []

    def script(version: str, text: str, direction: Direction) -> Script | None:
        if not text:
            return None
        file = SourceFile(f"m/{version}_m.{direction.value}.sql", text)
        files.append(file)
        return Script(file, Span(0, len(text)), direction, Dialect(dialect))

    for number, (forward, rollback) in enumerate(texts):
        version = f"{number:06}"
        one = script(version, forward, Direction.FORWARD)
        two = script(version, rollback, Direction.ROLLBACK)
        migrations.append(Migration(version, "m", Dialect(dialect), one, two))
    history = History("m", "golang-migrate", Dialect(dialect), tuple(migrations))
    return Discovered((history,), tuple(files), (), ())


def judge(dialect: str, case: Case, shape: str, count: int) -> int:
    """Check a case, and return how many findings there are."""
    found = discovered(dialect, scripts(case, shape, count))
    report, _ = findings_builder.judge(found, SETTINGS, {}, CHOSEN)
    return len(report.findings)


def clear_caches() -> None:
    """Empty the caches of a process: what an earlier run has left in them would change the numbers."""
    statement_trees.clear()
    known_analyses.clear()


def calls(dialect: str, case: Case, shape: str, count: int) -> Counter[object]:
    """Return how often each function was called, and how often each function called one that is written in C."""
    counts: Counter[object] = Counter()

    def count_calls(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            counts[frame.f_code] += 1
        elif event == "c_call":
            counts[frame.f_code, argument.__name__] += 1

    clear_caches()
    sys.setprofile(count_calls)
    try:
        judge(dialect, case, shape, count)
    finally:
        sys.setprofile(None)
    return counts


def name(place: object) -> str:
    code = place[0] if isinstance(place, tuple) else place
    assert isinstance(code, CodeType)
    inner = f" -> {place[1]}" if isinstance(place, tuple) else ""
    return f"{code.co_filename.rpartition('/')[2]}:{code.co_firstlineno} {code.co_qualname}{inner}"


@pytest.mark.parametrize(("dialect", "case", "shape"), PAIRS)
def test_calls_grow_with_the_work(dialect, case, shape):
    once, twice = (calls(dialect, case, shape, count) for count in (FEW, 2 * FEW))
    assert sum(twice.values()) <= LIMIT * sum(once.values())
    worse = {
        name(place): (once[place], number)
        for place, number in twice.items()
        if number > SELDOM * 2 * FEW and number > LIMIT * once[place] + SELDOM * FEW
    }
    assert not worse


@pytest.mark.parametrize(
    ("dialect", "wanted"),
    [
        ("postgres", "create table"),
        ("postgres", "add column"),
        ("postgres", "create index"),
        ("postgres", "insert"),
        ("postgres", "add check"),
        ("postgres", "columns added"),
        ("sqlite", "create table"),
        ("sqlite", "add column"),
        ("sqlite", "insert"),
    ],
)
def test_memory_grows_with_the_work(dialect, wanted):
    case = next(case for case in CASES[dialect] if case.name == wanted)

    def peak(count: int) -> int:
        clear_caches()
        gc.collect()
        tracemalloc.start()
        try:
            judge(dialect, case, case.shapes[0], count)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # The first run of a size takes more than later ones, and values in cycles are there until they are collected.
    twice = min(peak(40 * FEW) for _ in range(3))
    once = min(peak(20 * FEW) for _ in range(2))
    assert twice <= LIMIT * once


@pytest.mark.parametrize("wanted", ["add enum value", "add enum value before", "add attribute", "alter domain"])
def test_memory_of_moments_grows_with_the_work(wanted):
    """Parts that each moment copies are few bytes each: they show only with many, and without rules and reports."""
    case = next(case for case in CASES["postgres"] if case.name == wanted)

    def kept(count: int) -> int:
        scripts_ = [postgres.parse(forward) for forward, _ in scripts(case, "one", count)]
        clear_caches()
        gc.collect()
        schema, runs = empty_schema(Dialect.POSTGRES, closed=True), []
        tracemalloc.start()
        try:
            for script in scripts_:
                runs.append(run(schema, script))
                schema = runs[-1].schema
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    assert kept(36 * FEW) <= LIMIT * kept(18 * FEW)
