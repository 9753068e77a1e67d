"""What a rollback that is nearly right lacks: added at its place, it restores the schema on the engine."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from tests.writer.test_help import script_of

from miglint.base.model import Dialect
from miglint.dryrun.statements import prepare
from miglint.replay.apply import run
from miglint.replay.steps import empty_schema
from miglint.schema.diff import diff
from miglint.writer.completion import complete_rollback
from miglint.writer.reading import read


class Case(NamedTuple):
    """`added` is what is added, as index of the place and what the statement does; `removed` are indexes."""

    before: str
    forward: str
    rollback: tuple[str, ...]
    added: tuple[tuple[int, str], ...]
    removed: tuple[int, ...] = ()


CASES = {
    "nothing is missing": Case("CREATE TABLE t (a int);", "ALTER TABLE t ADD b int;", ("ALTER TABLE t DROP b",), ()),
    "an index, at the end": Case(
        "CREATE TABLE t (a int, b int);",
        "CREATE INDEX i ON t (a); ALTER TABLE t ADD c int;",
        ("ALTER TABLE t DROP c",),
        ((1, "drop index i"),),
    ),
    "before COMMIT": Case(
        "CREATE TABLE t (a int, b int);",
        "CREATE INDEX i ON t (a); ALTER TABLE t ADD c int;",
        ("BEGIN", "ALTER TABLE t DROP c", "COMMIT"),
        ((2, "drop index i"),),
    ),
    "a column, before its type goes": Case(
        "CREATE TABLE t (a int);",
        "CREATE TYPE mood AS ENUM ('a'); ALTER TABLE t ADD m mood; CREATE TABLE u (x int);",
        ("DROP TABLE u", "DROP TYPE mood"),
        ((1, "drop column m of table t"),),
    ),
    "a view, before its column goes": Case(
        "CREATE TABLE t (a int);",
        "ALTER TABLE t ADD b int; CREATE VIEW v AS SELECT b FROM t;",
        ("ALTER TABLE t DROP COLUMN b",),
        ((0, "drop view v"),),
    ),
    "what was dropped comes back before its index": Case(
        "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (b);",
        "ALTER TABLE t DROP COLUMN b;",
        ("CREATE INDEX i ON t (b)",),
        ((0, "add column b to table t"),),
    ),
    "a default, a comment and a privilege": Case(
        "CREATE TABLE t (a int DEFAULT 3, b int NOT NULL); COMMENT ON TABLE t IS 'c';",
        "ALTER TABLE t ALTER a DROP DEFAULT, ALTER b DROP NOT NULL, ADD c int; COMMENT ON TABLE t IS NULL;",
        ("ALTER TABLE t ALTER b SET NOT NULL", "ALTER TABLE t DROP c"),
        ((2, "add default a to table t"), (2, "create comment table t")),
    ),
    "a rename that is not undone, though its index is": Case(
        "CREATE TABLE t (a int); CREATE INDEX i ON t (a);",
        "ALTER TABLE t RENAME TO u; ALTER INDEX i RENAME TO j;",
        ("ALTER INDEX j RENAME TO i",),
        ((1, "rename u to t"),),
    ),
    "a statement that can never run": Case(
        "CREATE TABLE t (a int);",
        "ALTER TABLE t ADD b int;",
        ("DROP INDEX nothing", "ALTER TABLE t DROP b"),
        (),
        (0,),
    ),
}


def completion_of(case):
    start = empty_schema(Dialect.POSTGRES, closed=True)
    before = run(start, read(case.before, Dialect.POSTGRES)).schema
    forward = run(before, read(case.forward, Dialect.POSTGRES))
    return complete_rollback(forward, read("".join(f"{text};\n" for text in case.rollback), Dialect.POSTGRES))


def completed(case, completion):
    texts = []
    for number in range(len(case.rollback) + 1):
        for insertion in completion.insertions:
            if insertion.position == number:
                texts += [statement.text for statement in insertion.statements]
        if number < len(case.rollback) and number not in completion.removed:
            texts.append(f"{case.rollback[number]};")
    return "\n".join(texts)


@pytest.mark.parametrize("name", CASES)
def test_a_rollback_is_completed(name, server):
    case = CASES[name]
    completion = completion_of(case)
    assert completion.complete, completion.missing
    added = tuple(
        (insertion.position, statement.does)
        for insertion in completion.insertions
        for statement in insertion.statements
    )
    assert added == case.added
    assert completion.removed == case.removed
    database = server.create()
    try:
        assert database.run(prepare(script_of(case.before))).ok
        had = database.schema()
        assert database.run(prepare(script_of(case.forward))).ok
        text = completed(case, completion)
        ran = database.run(prepare(script_of(text)))
        assert ran.ok, (ran.error, text)
        assert not [change for change in diff(had, database.schema()) if change.counts], text
    finally:
        database.drop()


@pytest.mark.parametrize(
    ("forward", "rollback", "reason"),
    [
        ("DO $$ BEGIN EXECUTE 'CREATE TABLE ' || now(); END $$;", ("SELECT 1",), "what the forward does is not known"),
        ("CREATE INDEX i ON t (a);", ("DROPP INDEX i",), "a statement of the rollback cannot be read"),
        ("CREATE INDEX i ON t (a);", ("DO $$ BEGIN EXECUTE 'DROP INDEX ' || now(); END $$",), "not known"),
    ],
)
def test_what_cannot_be_completed_is_said(forward, rollback, reason):
    completion = completion_of(Case("CREATE TABLE t (a int);", forward, rollback, ()))
    assert not completion.complete
    assert reason in "; ".join(completion.missing)


def test_values_that_the_added_statements_destroy_are_said():
    case = Case("CREATE TABLE t (a int, b varchar(5));", "ALTER TABLE t ALTER b TYPE text, ADD c int;", (), ())
    completion = completion_of(case)
    assert [(str(item), item.why) for item in completion.destroyed] == [("t.b", "narrowed")]
