"""Migration tools: what each has around a script, and when it records that the script has run.

`docs/layouts.md` has the table with its sources.
"""

from __future__ import annotations

from enum import StrEnum

from miglint.base.structs import Struct


class TransactionOwner(StrEnum):
    """What is around a script.

    `TOOL`: the tool opens a transaction and commits it. `QUERY`: the tool sends the whole text as one query, which
    PostgreSQL runs as one transaction where it holds more than one statement. `NOTHING`: each statement is its own
    transaction. `UNKNOWN`: the tool is not known.
    """

    TOOL = "tool"
    QUERY = "query"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


class Record(StrEnum):
    """When a tool records that a script has run.

    `SAME`: in the transaction of the script, or in one that is committed with it. `STOPS`: apart from the script, but a
    version that was begun and not finished stops the tool until it is repaired. `APART`: apart from it, and nothing
    stops the tool. `NEVER`: the tool does not run scripts in this direction.
    """

    SAME = "same transaction"
    STOPS = "half-recorded version stops"
    APART = "apart"
    NEVER = "never"


class Runner(Struct, frozen=True):
    """A migration tool: how it runs a script on each engine, and when it records the version in each direction.

    `postgres` and `sqlite` say what it has around a script (None: it does not serve that engine). `one_query` says that
    it sends a script to PostgreSQL as it is; the others split it into statements.
    """

    name: str
    postgres: TransactionOwner | None
    sqlite: TransactionOwner | None
    forward: Record
    rollback: Record
    one_query: bool = False


_TOOL, _QUERY, _NOTHING = TransactionOwner.TOOL, TransactionOwner.QUERY, TransactionOwner.NOTHING
_SAME, _STOPS, _APART, _NEVER = Record.SAME, Record.STOPS, Record.APART, Record.NEVER

RUNNERS = {
    runner.name: runner
    for runner in (
        Runner("atlas", _TOOL, _TOOL, _SAME, _NEVER),
        Runner("dbmate", _TOOL, _TOOL, _SAME, _SAME, one_query=True),
        Runner("diesel", _TOOL, _TOOL, _SAME, _SAME, one_query=True),
        Runner("drizzle", _TOOL, _TOOL, _SAME, _NEVER),
        Runner("flyway", _TOOL, _TOOL, _SAME, _SAME),
        Runner("golang-migrate", _QUERY, _TOOL, _STOPS, _STOPS, one_query=True),
        Runner("goose", _TOOL, _TOOL, _SAME, _SAME),
        Runner("hasura", _TOOL, None, _APART, _APART, one_query=True),
        Runner("liquibase", _TOOL, _TOOL, _STOPS, _STOPS),
        Runner("morph", _TOOL, _TOOL, _SAME, _SAME, one_query=True),
        Runner("pop", _TOOL, _TOOL, _SAME, _SAME, one_query=True),
        Runner("prisma", _QUERY, _NOTHING, _STOPS, _NEVER, one_query=True),
        Runner("refinery", _TOOL, _TOOL, _APART, _NEVER),
        Runner("rusqlite_migration", None, _TOOL, _SAME, _SAME),
        Runner("sql-migrate", _TOOL, _TOOL, _SAME, _SAME),
        Runner("sqlx", _TOOL, _TOOL, _SAME, _SAME, one_query=True),
        Runner("supabase", _QUERY, None, _SAME, _NEVER, one_query=True),
    )
}
