"""What the safety rules see of a script: what is new, what ran, and in which transaction."""

from __future__ import annotations

from pathlib import Path

from miglint.base.model import Dialect, Direction, Migration, Script, SourceFile, Span
from miglint.config.settings import Settings
from miglint.linter.run import Job, check
from miglint.replay.steps import Step, empty_schema, replay_one
from miglint.rules.support.applied_operations import applied_operations, effective, undoes
from miglint.sql import operations as ops
from miglint.sql import parse

SEVERAL = "CREATE INDEX a ON users (x);\nCREATE INDEX b ON users (y);\nCREATE INDEX c ON orders (x);\n"


def script(text: str, direction: Direction, *, transaction: bool = True) -> Script:
    return Script(SourceFile("x.sql", text), Span(0, len(text)), direction, Dialect.POSTGRES, transaction)


def step(forward: str, rollback: str | None = None, *, transaction: bool = True) -> Step:
    return replay_one(
        Migration(
            "1",
            "x",
            Dialect.POSTGRES,
            script(forward, Direction.FORWARD, transaction=transaction),
            None if rollback is None else script(rollback, Direction.ROLLBACK),
        ),
        parse,
        empty_schema(Dialect.POSTGRES),
    )


def test_what_the_script_makes_is_fresh_under_each_of_its_names() -> None:
    one = step("CREATE TABLE a (x int); ALTER TABLE a RENAME TO b; ALTER TABLE b ADD y int; ALTER TABLE c ADD z int;")
    fresh = {str(added.table): applied.fresh(added.table) for applied, added in effective(one, ops.AddColumn)}
    assert fresh == {"b": True, "c": False}


def test_a_table_that_is_rebuilt_was_there_when_it_was_dropped() -> None:
    one = step("CREATE TABLE n (x int); INSERT INTO n SELECT x FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;")
    ((applied, operation),) = effective(one, ops.Drop)
    assert not applied.fresh(operation.name)


def test_columns_of_the_script_are_fresh_though_their_table_is_not() -> None:
    one = step("ALTER TABLE t ADD a int; ALTER TABLE t RENAME a TO b; UPDATE t SET b = 1;")
    ((applied, operation),) = effective(one, ops.Update)
    assert not applied.fresh(operation.table)
    assert applied.fresh_column(operation.table, "b")
    assert not applied.fresh_column(operation.table, "c")


def test_temporary_tables_are_nobody_elses() -> None:
    one = step("CREATE TEMPORARY TABLE t (x int); CREATE INDEX ON t (x);")
    ((applied, operation),) = effective(one, ops.CreateIndex)
    assert applied.fresh(operation.table)


def test_transactions_are_told_apart() -> None:
    text = "SELECT 1; BEGIN; SELECT 2; SELECT 3; COMMIT; SELECT 4; SELECT 5;"
    numbers = [applied.transaction for applied, _ in effective(step(text, transaction=False), ops.Select)]
    assert numbers[1] == numbers[2]
    assert len(set(numbers)) == 4
    assert len({applied.transaction for applied, _ in effective(step("SELECT 1; SELECT 2;"), ops.Select)}) == 1


def test_branches_that_are_not_taken_and_guards_that_do_nothing_are_left_out() -> None:
    there = "EXISTS (SELECT FROM information_schema.tables WHERE table_name = 't')"
    guard = f"DO $$ BEGIN IF {{}} {there} THEN {{}} END IF; END $$;"
    one = step(
        "CREATE TABLE t (x int);"
        + guard.format("NOT", "CREATE INDEX a ON t (x);")
        + guard.format("", "CREATE INDEX b ON t (x);")
        + "CREATE INDEX IF NOT EXISTS b ON t (x);"
    )
    assert [operation.name for _, operation in effective(one, ops.CreateIndex)] == ["b"]


def test_a_rollback_knows_what_its_forward_touched() -> None:
    one = step("ALTER TABLE t ADD a int;", "ALTER TABLE t DROP COLUMN a; ALTER TABLE t DROP COLUMN b;")
    answers = {operation.column: undoes(one, applied) for applied, operation in effective(one, ops.DropColumn)}
    assert answers == {"a": True, "b": False}
    assert not list(effective(one, ops.DropColumn, forward_only=True))


def test_every_operation_is_there_in_order() -> None:
    one = step("SELECT 1; CREATE TABLE t (x int); DROP TABLE t;")
    kinds = [type(applied.operation).__name__ for applied in applied_operations(one).all]
    assert kinds == ["Select", "CreateTable", "Drop"]


def test_a_rule_of_these_families_speaks_once_per_script_and_names_the_lines(tmp_path: Path) -> None:
    (tmp_path / "001_x.up.sql").write_text(SEVERAL)
    report = check(Job(Settings(root=str(tmp_path)), (str(tmp_path),), cached=False)).report
    (found,) = [item for item in report.findings if item.code == "LCK001"]
    assert found.line == 1
    assert "(also on lines 2 and 3)" in found.message


def test_an_ignore_hides_its_own_statement_and_not_the_others(tmp_path: Path) -> None:
    (tmp_path / "001_x.up.sql").write_text("-- miglint: ignore LCK001 (it is small)\n" + SEVERAL)
    report = check(Job(Settings(root=str(tmp_path)), (str(tmp_path),), cached=False)).report
    (found,) = [item for item in report.findings if item.code == "LCK001"]
    assert found.line == 3
    assert "(also on line 4)" in found.message


WORK = (
    "ALTER TABLE t ALTER a TYPE bigint;\nALTER TABLE t ALTER a SET NOT NULL;\nCREATE INDEX i ON t (a);\n"
    "ALTER TABLE t ADD CHECK (a > 0);\nALTER TABLE t ADD UNIQUE (a);\n"
    "ALTER TABLE t ADD d uuid DEFAULT gen_random_uuid();\nALTER TABLE t ADD s serial;\n"
    "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u;\n"
)


def work(tmp_path: Path, forward: str) -> set[str]:
    """Return the codes about work on the rows of tables, apart from that about how long all of it takes."""
    (tmp_path / "1_a.up.sql").write_text("CREATE TABLE u (id integer PRIMARY KEY);\nCREATE TABLE t (a integer);\n")
    (tmp_path / "2_b.up.sql").write_text(forward)
    findings = check(
        Job(Settings(root=str(tmp_path), rollbacks="none"), (str(tmp_path),), cached=False)
    ).report.findings
    return {item.code for item in findings if "while" in item.message} - {"LCK030"}


def test_work_on_a_truncated_table_takes_no_time(tmp_path: Path) -> None:
    every = {"LCK001", "LCK010", "LCK011", "LCK013", "LCK016", "LCK020", "LCK022", "LCK023"}
    assert work(tmp_path, WORK) == every
    assert work(tmp_path, f"TRUNCATE t;\n{WORK}") == set()
    assert work(tmp_path, f"TRUNCATE u, t CASCADE;\n{WORK}") == set()


def test_rows_may_be_there_again(tmp_path: Path) -> None:
    every = work(tmp_path, WORK)
    assert work(tmp_path, f"DELETE FROM t;\n{WORK}") == every
    assert work(tmp_path, f"TRUNCATE u;\n{WORK}") == every
    assert work(tmp_path, f"TRUNCATE t;\nINSERT INTO t SELECT 1;\n{WORK}") == every
    assert work(tmp_path, f"TRUNCATE t;\nSELECT refill();\n{WORK}") == every
    assert work(tmp_path, f"TRUNCATE t;\nCOMMIT;\n{WORK}") == every
    assert work(tmp_path, f"-- no-transaction\nTRUNCATE t;\n{WORK}") == every
    assert work(tmp_path, f"TRUNCATE t;\nINSERT INTO u VALUES (1);\n{WORK}") == set()
