"""What a step says does not depend on which others the process has replayed before it: known ones are not replayed."""

from __future__ import annotations

import json

import pytest


def _messages(project, name, *, cached=False):
    found = json.loads(project.check(cached=cached))[0]["findings"]
    return [item["message"] for item in found if item["path"].endswith(name)]


_CALL = "CREATE VIEW v AS SELECT f(d) FROM t;"
_COMPARED = "CREATE VIEW {} AS SELECT 1 AS one WHERE point '(1,2)' < point '(1,3)';"
_DEGREES = "CREATE VIEW {} AS SELECT degrees(point '(1,2)') AS one;"
_USING = "ALTER TABLE t ALTER COLUMN d TYPE numeric({}) USING d::text;"
_DOMAIN = "CREATE DOMAIN d{} AS int CHECK (d1.value > 0);"
_CAST = "CREATE TYPE mood AS ENUM ('a'); CREATE CAST (mood AS int) WITH INOUT;"


@pytest.mark.parametrize(
    ("one", "two", "three", "four", "message"),
    [
        (
            "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (id int, d point);",
            _CALL,
            "ALTER TABLE unknown ADD COLUMN c int;",
            _CALL,
            'relation "v" already exists',
        ),
        (
            _CAST,
            _COMPARED.format("v"),
            "DROP CAST (mood AS int);",
            _COMPARED.format("w"),
            "operator does not exist: point < point",
        ),
        (
            _CAST,
            _DEGREES.format("v"),
            "DROP CAST (mood AS int);",
            _DEGREES.format("w"),
            "function degrees(point) does not exist",
        ),
        ("CREATE TABLE t (d point);", _USING.format(10), "SELECT 1;", _USING.format(20), "to type numeric(20,0)"),
        ("SELECT 1;", _DOMAIN.format(1), "SELECT 1;", _DOMAIN.format(2), "d1"),
    ],
    ids=["assumption", "operator", "function", "type", "domain"],
)
def test_an_analysis_of_another_step_is_only_used_where_it_would_be_the_same(project, one, two, three, four, message):
    for number, text in enumerate((one, two, three, four), start=1):
        project.write(f"{number}_x.up.sql", f"{text}\n")
    after_others = _messages(project, "4_x.up.sql")
    assert message in "\n".join(after_others)
    project.check()
    project.write("4_x.up.sql", f"{four} -- changed\n")
    assert project.replayed() == 1
    assert _messages(project, "4_x.up.sql", cached=True) == after_others
