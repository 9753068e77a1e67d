"""Pairs of schemas by what differs: both ways between the two of each are run on the engine.

`python -m tests.writer.pairs_on_engine --pairs` runs all those of PostgreSQL; `make test` runs a part of them.
"""

from __future__ import annotations

import random

import pytest
from tests.writer.pairs import pairs_of
from tests.writer.pairs_on_engine import faults_of
from tests.writer.test_generated_sqlite import execute, old_type, replayed, rows_of, stored

from miglint.dryrun.sqlite.catalog import read_schema
from miglint.dryrun.sqlite.library import SqliteError, StandardConnection
from miglint.dryrun.sqlite.rows import fill
from miglint.writer.transition import write_transition

POSTGRES = pairs_of("pairs_postgres.sql")
SQLITE = pairs_of("pairs_sqlite.sql")
# A partition key keeps the type that it has, and so its labels.
INCOMPLETE = {"enum in a partition key"}
# Two keys that are the same, written in another way.
UNCHANGED = {"child of a parent that is dropped and made anew with another key"}
# A second run finds a view where it drops a table.
ONCE = {"table becomes a view"}


@pytest.mark.parametrize("name", random.Random(16).sample(sorted(POSTGRES.keys() - INCOMPLETE), 5))
def test_both_ways_between_two_schemas(server, name):
    assert not [fault for fault in faults_of(server, *POSTGRES[name]) if not fault.startswith("again: ")]


@pytest.mark.parametrize("name", sorted(SQLITE.keys() - UNCHANGED))
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a transaction"])
def test_both_ways_between_two_schemas_of_sqlite(name, inside):
    old_sql, new_sql = SQLITE[name]
    old, new = replayed(old_sql), replayed(new_sql)
    database, goal = StandardConnection(), StandardConnection()
    execute(database, old_sql)
    execute(goal, new_sql)
    database.rows("PRAGMA foreign_keys = ON")
    fill(database, read_schema(database), 6, 3, {})
    before = stored(database)
    for one, two, sought in ((old, new, stored(goal)), (new, old, before)):
        way = write_transition(one, two)
        assert not way.missing
        rows = rows_of(database, one)
        for _ in range(1 if name in ONCE else 2):
            try:
                if inside:
                    database.rows("BEGIN")
                execute(database, way.sql)
                if inside:
                    database.rows("COMMIT")
            except SqliteError as error:
                assert way.may_fail, (error.message, way.sql)
                return
            assert stored(database) == sought, way.sql
        after = rows_of(database, two)
        lost = {(item.table.name, item.column and item.column.lower()) for item in (*way.data_lost, *way.schema_only)}
        for (table, column), values in rows.items():
            gone = (table, column) not in after or lost & {(table, None), (table, column)}
            same = not gone and old_type(one, table, column) == old_type(two, table, column)
            if same and old_type(one, table, column)[1] is None:
                assert after[table, column] == values, (table, column, way.sql)
