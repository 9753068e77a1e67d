"""Checks and indexes that PostgreSQL makes again when a column that they read gets another type."""

from __future__ import annotations

from .pairs import Pair

RUNS = (
    "CREATE TABLE runs (id int PRIMARY KEY, first int, at timestamp NOT NULL, label text, state varchar(9), size int);"
)
WIDER = "ALTER TABLE runs ALTER id TYPE bigint;"
BACK = "ALTER TABLE runs ALTER id TYPE int;"


def index(name: str, on: str, forward: str, rollback: str, *, same: bool = False, setup: str = RUNS) -> Pair:
    left = () if same else ("changed index i definition",)
    return Pair(f"an index made again: {name}", f"{setup} CREATE INDEX i ON runs {on};", forward, rollback, left)


def check(name: str, condition: str, forward: str, rollback: str, *, same: bool = False) -> Pair:
    left = () if same else ("changed check constraint k on runs definition",)
    setup = f"{RUNS} ALTER TABLE runs ADD CONSTRAINT k CHECK ({condition});"
    return Pair(f"a check made again: {name}", setup, forward, rollback, left)


TO_DATE, TO_TIME = "ALTER TABLE runs ALTER at TYPE date;", "ALTER TABLE runs ALTER at TYPE timestamp;"

POSTGRES = [
    index("a wider column leaves its cast", "((coalesce(first, id)))", WIDER, BACK),
    index("a wider column in a key of several", "(size, (coalesce(first, id)) DESC)", WIDER, BACK),
    index(
        "both columns are wider, and narrow, in one statement",
        "((coalesce(first, id)))",
        "ALTER TABLE runs ALTER id TYPE bigint, ALTER first TYPE bigint;",
        "ALTER TABLE runs ALTER id TYPE int, ALTER first TYPE int;",
        same=True,
    ),
    index(
        "both columns are wider, one after the other",
        "((coalesce(first, id)))",
        "ALTER TABLE runs ALTER id TYPE bigint; ALTER TABLE runs ALTER first TYPE bigint;",
        "ALTER TABLE runs ALTER id TYPE int, ALTER first TYPE int;",
        same=True,
    ),
    index(
        "both columns are narrow, one after the other",
        "((coalesce(first, id)))",
        "ALTER TABLE runs ALTER id TYPE bigint, ALTER first TYPE bigint;",
        "ALTER TABLE runs ALTER id TYPE int; ALTER TABLE runs ALTER first TYPE int;",
    ),
    index("a call that a type makes needless", "(date(at))", TO_DATE, TO_TIME),
    index("a cast that a type makes needless", "((at::date))", TO_DATE, TO_TIME),
    index("a call within a predicate", "(id) WHERE date(at) > '2020-01-01'", TO_DATE, TO_TIME),
    index(
        "dropped and made as it was",
        "(date(at))",
        TO_DATE,
        f"DROP INDEX i; {TO_TIME} CREATE INDEX i ON runs (date(at));",
        same=True,
    ),
    index(
        "made as the server has it by then",
        "(date(at))",
        f"{TO_DATE} DROP INDEX i; CREATE INDEX i ON runs (at);",
        f"DROP INDEX i; {TO_TIME} CREATE INDEX i ON runs (date(at));",
        same=True,
    ),
    index("a function of the same type", "(abs(id))", WIDER, BACK, same=True),
    index(
        "a sum with a constant",
        "((id + 1))",
        WIDER,
        BACK,
        same=True,
    ),
    index("a sum with another column", "((id + size))", WIDER, BACK, same=True),
    index("a quotient with a wider constant", "((id / 2.5))", WIDER, BACK, same=True),
    index(
        "a column that becomes a numeric",
        "((id + size))",
        "ALTER TABLE runs ALTER id TYPE numeric;",
        BACK,
    ),
    index(
        "a text that was a varchar",
        "(lower(state))",
        "ALTER TABLE runs ALTER state TYPE text;",
        "ALTER TABLE runs ALTER state TYPE varchar(9);",
        same=True,
    ),
    index(
        "a varchar that was a text",
        "(lower(label)) WHERE label <> ''",
        "ALTER TABLE runs ALTER label TYPE varchar(90);",
        "ALTER TABLE runs ALTER label TYPE text;",
        same=True,
    ),
    index("a case", "((CASE WHEN first IS NULL THEN id ELSE first END))", WIDER, BACK),
    index("the greatest", "(greatest(first, id, size))", WIDER, BACK),
    index(
        "a name that is a word",
        '((coalesce(first, "order")))',
        'ALTER TABLE runs ALTER "order" TYPE bigint;',
        'ALTER TABLE runs ALTER "order" TYPE int;',
        setup=RUNS.replace("size int", '"order" int, size int'),
    ),
    index("nothing about the column", "(lower(label))", WIDER, BACK, same=True),
    index("a list of numbers", "(size) WHERE id IN (1, -2)", WIDER, BACK, same=True),
    index(
        "an array of numbers",
        "(size) WHERE id = ANY ('{1,2}')",
        "ALTER TABLE runs ALTER id TYPE smallint;",
        BACK,
        same=True,
    ),
    index(
        "a list of texts",
        "(size) WHERE state IN ('a', 'b') AND id > 0",
        "ALTER TABLE runs ALTER state TYPE text, ALTER id TYPE bigint;",
        "ALTER TABLE runs ALTER state TYPE varchar(9), ALTER id TYPE int;",
        same=True,
    ),
    index(
        "an enum beside the column",
        "((coalesce(first, id))) WHERE mood = 'good' AND (mood <> 'bad' OR id IS NOT NULL)",
        WIDER,
        BACK,
        setup="CREATE TYPE mood AS ENUM ('good', 'bad');" + RUNS.replace("size int", "mood mood, size int"),
    ),
    index(
        "the index of a partitioned table",
        "((coalesce(first, id)))",
        WIDER,
        BACK,
        setup=RUNS.replace("id int PRIMARY KEY", "id int").replace(");", ") PARTITION BY LIST (size);"),
    ),
    check("a comparison of columns", "first <= id", WIDER, BACK, same=True),
    check("the greater of columns", "size > coalesce(first, id)", WIDER, BACK),
    check("one of columns", "size IN (first, id)", WIDER, BACK, same=True),
    check("constants", "id > 5 AND id < 100 OR id IN (1, 2)", WIDER, BACK, same=True),
    check("a call that a type makes needless", "date(at) > '2020-01-01'", TO_DATE, TO_TIME),
]
