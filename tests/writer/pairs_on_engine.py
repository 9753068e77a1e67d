"""Run what is written between two schemas on PostgreSQL, and compare catalogs.

    python -m tests.writer.pairs_on_engine [--seed N] [--count N]

compares generated schemas: both ways, each way run twice, and each schema as it is printed. With `--pairs`, the pairs
of `pairs_postgres.sql` are run instead.
"""

from __future__ import annotations

import argparse
import sys

from tests.writer.generated import Generated
from tests.writer.pairs import pairs_of

from miglint.base.model import Dialect, Direction, Script, SourceFile, Span
from miglint.dryrun.limits import Deadline, Limits
from miglint.dryrun.postgres.embedded import start_embedded
from miglint.dryrun.postgres.engine import PostgresEngine
from miglint.dryrun.statements import Prepared, prepare
from miglint.replay.apply import run
from miglint.schema.change import Change
from miglint.schema.diff import diff
from miglint.schema.value import Schema
from miglint.writer.difference import difference
from miglint.writer.reading import read
from miglint.writer.schema_sql import to_sql


def _prepared(sql: str) -> Prepared:
    return prepare(Script(SourceFile("case.sql", sql), Span(0, len(sql)), Direction.FORWARD, Dialect.POSTGRES))


def _replayed(sql: str) -> Schema:
    done = run(Schema(Dialect.POSTGRES, closed=True), read(sql, Dialect.POSTGRES))
    assert done.failed is None, done.failed
    return done.schema


def _differences(one: Schema, two: Schema) -> list[Change]:
    return [change for change in diff(one, two) if change.counts]


def faults_of(server: PostgresEngine, old: str, new: str) -> list[str]:
    """Return what is wrong with the ways between two schemas: each is run twice."""
    ways = difference(_replayed(old), _replayed(new))
    faults = [f"missing: {reason}" for reason in ways.missing]
    sought = server.create()
    database = server.create()
    try:
        faults += _ran(sought, new) + _ran(database, old)
        before, after = database.schema(), sought.schema()
        for way, goal in ((ways.forward, after), (ways.rollback, before)):
            for again in ("", "again: "):
                found = _ran(database, way.sql)
                found += [f"{change}\n{way.sql}" for change in _differences(goal, database.schema())]
                faults += [f"{again}{fault}" for fault in found]
    finally:
        database.drop()
        sought.drop()
    return faults


def printed_faults_of(server: PostgresEngine, sql: str) -> list[str]:
    """Return what is wrong with a schema that is made of what is printed for it."""
    printed = to_sql(_replayed(sql))
    sought = server.create()
    database = server.create()
    try:
        faults = _ran(sought, sql) + _ran(database, printed)
        return faults + [f"{change}\n{printed}" for change in _differences(sought.schema(), database.schema())]
    finally:
        database.drop()
        sought.drop()


def _ran(database, sql: str) -> list[str]:
    done = database.run(_prepared(sql)) if sql.strip() else None
    return [] if done is None or done.error is None else [f"{done.error}\n{sql}"]


def main(arguments: list[str]) -> int:
    """Compare generated schemas; the status is 1 if there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--pairs", action="store_true", help="run the pairs that are written down")
    given = parser.parse_args(arguments)
    server = start_embedded(Limits(), Deadline.after(36_000), "for generated schemas")
    wrong = 0
    pairs = pairs_of("pairs_postgres.sql") if given.pairs else {}
    try:
        for name, (old, new) in pairs.items():
            faults = faults_of(server, old, new)
            wrong += bool(faults)
            if faults:
                print(f"{name}: {faults[0]}")
        if pairs:
            print(f"{len(pairs)} pairs, {wrong} with a fault")
            return 1 if wrong else 0
        for seed in range(given.seed, given.seed + given.count):
            old, new = Generated(2 * seed).sql, Generated(2 * seed + 1).sql
            faults = faults_of(server, old, new) + printed_faults_of(server, old)
            wrong += bool(faults)
            if faults:
                print(f"seed {seed}: {faults[0]}")
    finally:
        server.close()
    print(f"{given.count} pairs, {wrong} with a fault")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
