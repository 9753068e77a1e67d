"""Definitions of SQLite that come back with other letters, signs or names: the replay and the dry run agree on them."""

from __future__ import annotations

from .pairs import Pair

TABLE = "CREATE TABLE t (a text, b int, c text COLLATE NOCASE); CREATE TABLE p (id INTEGER PRIMARY KEY);"


def _pairs(kind: str, made: str, drop: str, left: str, cases: list[tuple[str, str, str, bool]]) -> list[Pair]:
    return [
        Pair(
            f"{kind}: {name}",
            f"{TABLE} {made.format(one)}",
            drop,
            made.format(two),
            () if same else tuple(left.split("; ")),
        )
        for name, one, two, same in cases
    ]


SQLITE = [
    *_pairs("view", "CREATE VIEW v AS SELECT {};", "DROP VIEW v;", "changed view v definition", [
        ("letters of a column", "A FROM t", "a FROM t", True),
        ("letters of a constant", "'A' AS y", "'a' AS y", False),
        ("signs", "a FROM t WHERE b <> 1 AND b = 2", "a FROM t WHERE b != 1 AND b == 2", True),
        ("digits of a blob", "x'AB' AS y", "X'ab' AS y", True),
        ("digits of a number", "0x1F AS y, 1e3 AS z", "0X1f AS y, 1E3 AS z", True),
        ("what a result is called by", "A||'x', COUNT(*) FROM t", "a || 'x', count(*) FROM t", True),
        ("another result", "a||'x' FROM t", "a||'X' FROM t", False),
        ("parentheses", "a FROM t WHERE (b = 1)", "a FROM t WHERE b = 1", False),
    ]),
    *_pairs("view", "CREATE VIEW v AS SELECT {};", "DROP VIEW v;", "changed view v columns", [
        ("letters of an alias", "a AS Foo FROM t", "a AS foo FROM t", False),
    ]),
    *_pairs("table", "CREATE TABLE x ({});", "DROP TABLE x;", "", [
        ("signs", "a int CHECK (a <> 1)", "a int CHECK (a != 1)", True),
        ("digits of a blob", "a blob DEFAULT x'AB'", "a blob DEFAULT X'ab'", True),
        ("the name of a check", "a int CONSTRAINT f CHECK (a > 1)", "a int CONSTRAINT g CHECK (a > 1)", True),
        ("the name of a key", "a int CONSTRAINT f PRIMARY KEY", "a int PRIMARY KEY", True),
        ("the name of a foreign key", "a int CONSTRAINT f REFERENCES p (id)", "a int REFERENCES p (id)", True),
        ("the primary key", "a int REFERENCES p", "a int REFERENCES p (id)", True),
    ]),
    *_pairs("index", "CREATE INDEX i ON t {};", "DROP INDEX i;", "changed index i definition", [
        ("letters of a column", "(A)", "(a)", True),
        ("the collation of a column", "(c COLLATE NOCASE, a COLLATE BINARY)", "(c, a)", True),
        ("another collation", "(c COLLATE BINARY)", "(c)", False),
        ("signs", "(a) WHERE b <> 1", "(a) WHERE b != 1", True),
        ("parentheses", "(a) WHERE (b = 1)", "(a) WHERE b = 1", True),
    ]),
    *_pairs("trigger", "CREATE TRIGGER g AFTER INSERT ON t {} END;", "DROP TRIGGER g;", "changed trigger g on t", [
        ("signs", "WHEN new.b <> 1 BEGIN SELECT x'AB';", "WHEN new.b != 1 BEGIN SELECT X'ab';", True),
    ]),
]  # fmt: skip
