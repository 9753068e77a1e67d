"""Pairs in which a type is renamed that routines have: another type, or that of the rows of a table."""

from __future__ import annotations

from .pairs import Pair

SETUP = "CREATE TABLE t (id int, a int); CREATE TYPE c AS (a int); CREATE SCHEMA s; "
FUNCTION = "SET check_function_bodies = off; CREATE FUNCTION f({}) RETURNS {} LANGUAGE sql AS 'SELECT NULL';"


def dropped(name: str, arguments: tuple[str, str], returns: tuple[str, str], rename: str, back: str) -> Pair:
    """Return the pair that drops a function after the rename; arguments and result are those before and after it."""
    return Pair(
        name,
        SETUP + FUNCTION.format(arguments[0], returns[0]),
        f"{rename} DROP FUNCTION f({arguments[1].replace('x ', '')});",
        f"{FUNCTION.format(arguments[1], returns[1])} {back}",
    )


TABLE = ("ALTER TABLE t RENAME TO u;", "ALTER TABLE u RENAME TO t;")
TYPE = ("ALTER TYPE c RENAME TO d;", "ALTER TYPE d RENAME TO c;")
MOVED = ("ALTER TABLE t SET SCHEMA s;", "ALTER TABLE s.t SET SCHEMA public;")

POSTGRES = [
    dropped("rows of a renamed table", ("x t", "x u"), ("int", "int"), *TABLE),
    dropped("rows of a moved table", ("x t", "x s.t"), ("int", "int"), *MOVED),
    dropped("rows of a table as a result", ("x int", "x int"), ("t", "u"), *TABLE),
    dropped("rows of a table as a set and in an array", ("x t[]", "x u[]"), ("SETOF t", "SETOF u"), *TABLE),
    dropped("an argument with the name of its type", ("t t", "t u"), ("int", "int"), *TABLE)._replace(
        forward="ALTER TABLE t RENAME TO u; DROP FUNCTION f(u);"
    ),
    dropped("renamed composite type", ("x c", "x d"), ("c", "d"), *TYPE),
    dropped(
        "renamed to a reserved word",
        ("x c", 'x "order"'),
        ("c", '"order"'),
        'ALTER TYPE c RENAME TO "order";',
        'ALTER TYPE "order" RENAME TO c;',
    ),
    Pair(
        "renamed back",
        SETUP + FUNCTION.format("x t", "c"),
        "ALTER TABLE t RENAME TO u; ALTER TYPE c RENAME TO d;",
        "ALTER TYPE d RENAME TO c; ALTER TABLE u RENAME TO t;",
    ),
]
