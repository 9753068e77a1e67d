"""What a step says does not depend on which others the process has replayed before it: known ones are not replayed."""

from __future__ import annotations

import json

import pytest

from miglint.cache.steps import StepCache


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


def test_a_run_that_ends_between_steps_and_findings_leaves_nothing_wrong(project, monkeypatch):
    for number, rollback in enumerate(
        ("down/001_a", "down/002_a", "003_a_down", "004_a.down", "005_a_rollback"), start=1
    ):
        project.write(f"00{number}_a.sql", f"CREATE TABLE t{number} (id int PRIMARY KEY, c int);\n")
        project.write(f"{rollback}.sql", f"DROP TABLE t{number};\n")
    project.write("006_a.sql", "ALTER TABLE t5 DROP COLUMN c;\n")
    offer = "miglint rollback write --at 006"
    # Most rollbacks are beside their forwards, and most have the same names: there is no place for another one.
    assert offer not in project.check()
    (project.folder / "003_a_down.sql").rename(project.folder / "down" / "003_a.sql")
    saved = []
    real = StepCache.save

    def save(self, *given):
        saved.append(self)
        if len(saved) > 1:
            raise KeyboardInterrupt
        real(self, *given)

    monkeypatch.setattr(StepCache, "save", save)
    with pytest.raises(KeyboardInterrupt):
        project.check()
    monkeypatch.setattr(StepCache, "save", real)
    assert project.compare() == ""
    assert offer in project.check()
    (project.folder / "down" / "003_a.sql").rename(project.folder / "003_a_down.sql")
    assert project.compare() == ""
    assert offer not in project.check()
