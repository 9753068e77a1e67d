"""What is an error, once: kinds of findings that readers of many projects called false, or would change nothing for."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checking import Checker

BASE = "CREATE TABLE a (id bigint NOT NULL, s text NOT NULL DEFAULT 'x', UNIQUE (id));"


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    return Checker(tmp_path, monkeypatch)


def pair(forward: str, rollback: str, base: str = BASE) -> dict[str, str]:
    return {"001_a.up.sql": base, "001_a.down.sql": "DROP TABLE IF EXISTS a;", "002_b.up.sql": forward} | {
        "002_b.down.sql": rollback
    }


def test_statements_that_lack_one_column_are_one_finding(checker: Checker) -> None:
    rollback = (
        "COMMENT ON COLUMN a.s IS 'x';\nALTER TABLE a ALTER COLUMN s SET NOT NULL;\n"
        "CREATE INDEX i ON a (s);\nALTER TABLE a ADD COLUMN s text;"
    )
    message = 'the rollback fails here: column "s" of relation "a" does not exist (also on lines 2 and 3)'
    assert checker.told(pair("ALTER TABLE a DROP COLUMN s;", rollback), "SYM013") == [("SYM013", "error", message)]


@pytest.mark.parametrize(
    ("forward", "rollback", "line"),
    [
        # The type is still the column's because the first statement failed.
        (
            "CREATE TYPE e AS ENUM ('x'); ALTER TABLE a ADD COLUMN e e;",
            "CREATE TYPE e2 AS ENUM ('x');\nALTER TABLE a ALTER COLUMN e TYPE e2 USING wrong::text::e2;\nDROP TYPE e;",
            2,
        ),
        # The view still has the column because it was not replaced.
        (
            "ALTER TABLE a ADD COLUMN n int; CREATE VIEW v AS SELECT id, n FROM a;",
            "CREATE OR REPLACE VIEW v AS SELECT id FROM a;\nALTER TABLE a DROP COLUMN n;",
            1,
        ),
        # The column would be there if its constraint did not fail.
        (
            "ALTER TABLE a DROP COLUMN s;",
            "ALTER TABLE a ADD COLUMN s text REFERENCES missing (id);\nCREATE INDEX i ON a (s);",
            1,
        ),
        # The table would be there.
        (
            "SELECT 1;",
            "CREATE TABLE b (id int REFERENCES missing (id));\nCREATE INDEX i ON b (id);",
            1,
        ),
    ],
)
def test_what_follows_from_a_failure_is_no_finding(checker: Checker, forward: str, rollback: str, line: int) -> None:
    files = pair(forward, rollback, "CREATE TABLE a (id bigint PRIMARY KEY, s text);")
    assert [item.line for item in checker(files) if item.code == "SYM013"] == [line]


def test_what_a_failing_statement_calls_by_an_old_name_is_no_difference(checker: Checker) -> None:
    files = pair(
        "ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME COLUMN s TO t;",
        "ALTER TABLE b RENAME TO a; ALTER TABLE b RENAME COLUMN t TO s;",
    )
    assert checker.told(files, "SYM") == [("SYM013", "error", 'the rollback fails here: relation "b" does not exist')]


def test_many_forgotten_objects_are_one_finding(checker: Checker) -> None:
    tables = "".join(f"CREATE TABLE t{number} (id int);\n" for number in range(5))
    (told,) = checker.told(pair(tables, "SELECT 1; UPDATE a SET s = '';"), "SYM001")
    assert told == ("SYM001", "error", "the rollback leaves 5 objects behind: table t0, table t1, table t2 and 2 more")
    (finding,) = (item for item in checker(pair(tables, "SELECT 1; UPDATE a SET s = '';")) if item.code == "SYM001")
    assert finding.help.endswith("All of them: table t0, table t1, table t2, table t3, table t4.")


def test_a_few_forgotten_objects_are_reported_where_they_are_made(checker: Checker) -> None:
    files = pair("CREATE TABLE b (id int);\nCREATE TABLE c (id int);", "UPDATE a SET s = '';")
    assert [item.line for item in checker(files) if item.code == "SYM001"] == [1, 2]


def test_a_rollback_that_is_divided_between_migrations(checker: Checker) -> None:
    files = pair(
        "ALTER TABLE a ALTER COLUMN s DROP DEFAULT, ALTER COLUMN s DROP NOT NULL;",
        "ALTER TABLE a ALTER s SET NOT NULL;",
    )
    alone = checker.told(files, "SYM004")
    assert [severity for _, severity, _ in alone] == ["error"]
    files |= {"003_c.up.sql": "SELECT 1;", "003_c.down.sql": "ALTER TABLE a ALTER COLUMN s SET DEFAULT 'x';"}
    told = checker.told(files, "SYM004")
    assert [severity for _, severity, _ in told] == ["warning", "warning"]
    assert told[0][2].endswith("; the rollback of 003 makes up for it")
    assert told[1][2].endswith("; it makes up for the rollback of 002")


def test_two_forgotten_rollbacks_do_not_make_up_for_each_other(checker: Checker) -> None:
    files = pair("DROP INDEX i;", "UPDATE a SET s = '';", BASE + " CREATE INDEX i ON a (s);")
    files |= {"003_c.up.sql": "CREATE INDEX i ON a (s);", "003_c.down.sql": "UPDATE a SET s = '';"}
    assert {severity for _, severity, _ in checker.told(files, "SYM001", "SYM002")} == {"error"}


def test_a_reference_without_columns_is_one_to_the_key_that_no_script_makes(checker: Checker) -> None:
    base = "CREATE TABLE a (id int, CONSTRAINT k FOREIGN KEY (id) REFERENCES elsewhere);"
    dropped = "ALTER TABLE a DROP CONSTRAINT k;"
    again = "ALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES elsewhere (id) NOT VALID;"
    assert [told[:2] for told in checker.told(pair(dropped, again, base), "SYM")] == [("SYM020", "warning")]
    again = again.replace(" NOT VALID", "")
    assert checker.told(pair(dropped, again, base), "SYM") == []


@pytest.mark.parametrize(
    ("setting", "severity"),
    [
        ("autovacuum_vacuum_scale_factor = 0.2", "warning"),
        ("autovacuum_vacuum_scale_factor = 0.3", "error"),
        ("fillfactor = 100", "warning"),
        ("autovacuum_enabled = true", "warning"),
        ("autovacuum_enabled = false", "error"),
    ],
)
def test_a_setting_that_is_set_to_its_default(checker: Checker, setting: str, severity: str) -> None:
    name = setting.split(maxsplit=1)[0]
    changed = "false" if "enabled" in name else "50"
    told = checker.told(pair(f"ALTER TABLE a SET ({name} = {changed});", f"ALTER TABLE a SET ({setting});"), "SYM016")
    assert [item[1] for item in told] == [severity]


def test_a_name_that_the_server_chose_is_no_error(checker: Checker) -> None:
    base = BASE + " CREATE TABLE o (id int PRIMARY KEY); ALTER TABLE a ADD COLUMN o int CONSTRAINT own REFERENCES o;"
    rollback = "ALTER TABLE a ADD COLUMN o int REFERENCES o;"
    assert [told[:2] for told in checker.told(pair("ALTER TABLE a DROP COLUMN o;", rollback, base), "SYM011")] == [
        ("SYM011", "warning")
    ]
    rollback = "ALTER TABLE a ADD COLUMN o int CONSTRAINT other REFERENCES o;"
    assert [told[:2] for told in checker.told(pair("ALTER TABLE a DROP COLUMN o;", rollback, base), "SYM011")] == [
        ("SYM011", "error")
    ]


@pytest.mark.parametrize(
    ("comment", "severity"),
    [
        ("-- No going back", "warning"),
        ("-- There is no restore for this, make a backup.", "warning"),
        ("-- We leave this blank on purpose.", "warning"),
        ("/* This migration cannot be rolled back */", "warning"),
        ("-- nothing to undo here", "warning"),
        ("-- nothing to do", "error"),
        ("", "error"),
        ("-- This file should undo anything in `up.sql`", "error"),
        ("-- Could not auto-generate a down migration.\n-- DROP TABLE b CASCADE;", "error"),
        ("-- ALTER TABLE a DROP COLUMN t; -- not yet", "error"),
        ("SELECT 'down SQL query';", "error"),
    ],
)
def test_rollbacks_that_do_nothing_on_purpose(checker: Checker, comment: str, severity: str) -> None:
    told = checker.told(pair("ALTER TABLE a ADD COLUMN t text;", comment), "PAI003")
    assert [item[1] for item in told] == [severity]
    assert ("a comment says that this is intended" in told[0][2]) == (severity == "warning")


def without_rollback(first: bool, forward: str) -> dict[str, str]:
    files = {}
    for number in range(1, 6):
        files[f"00{number}_x.up.sql"] = f"CREATE TABLE t{number} (id int);"
        files[f"00{number}_x.down.sql"] = f"DROP TABLE t{number};"
    number = 1 if first else 3
    del files[f"00{number}_x.down.sql"]
    return files | {f"00{number}_x.up.sql": forward}


@pytest.mark.parametrize(
    ("first", "forward", "severity"),
    [
        (True, "CREATE TABLE t1 (id int);", "warning"),
        (False, "CREATE TABLE t3 (id int);", "error"),
        (False, "INSERT INTO t1 VALUES (1); UPDATE t2 SET id = 1;", "warning"),
        (False, "-- No need for a downward migration.\nCREATE INDEX i ON t1 (id);", "warning"),
        (False, "-- Do not drop t2 yet.\nCREATE INDEX i ON t1 (id);", "error"),
    ],
)
def test_migrations_without_a_rollback(checker: Checker, first: bool, forward: str, severity: str) -> None:
    assert [item[1] for item in checker.told(without_rollback(first, forward), "PAI001")] == [severity]


@pytest.mark.parametrize(
    ("forward", "expected"),
    [
        ("BEGIN; DELETE FROM a; ALTER TABLE a ADD PRIMARY KEY (id); COMMIT;", {"LCK014": "info"}),
        ("BEGIN; DELETE FROM a WHERE id > 1; ALTER TABLE a ADD PRIMARY KEY (id); COMMIT;", {"LCK014": "warning"}),
        (
            "BEGIN; DELETE FROM a; INSERT INTO a VALUES (1); ALTER TABLE a ADD PRIMARY KEY (id); COMMIT;",
            {"LCK014": "warning"},
        ),
        ("BEGIN; DELETE FROM a; ALTER TABLE a ALTER COLUMN id TYPE text; COMMIT;", {"LCK023": "info"}),
        ("ALTER TABLE a ADD COLUMN n serial PRIMARY KEY;", {"LCK014": "info", "LCK022": "warning"}),
        (
            "ALTER TABLE a ADD COLUMN n int GENERATED ALWAYS AS IDENTITY, ADD CONSTRAINT k PRIMARY KEY (n);",
            {"LCK014": "info", "LCK027": "warning"},
        ),
        ("ALTER TABLE a ADD COLUMN n int UNIQUE;", {"LCK013": "warning"}),
        ("ALTER TABLE a ADD COLUMN n uuid DEFAULT gen_random_uuid() UNIQUE;", {"LCK013": "info", "LCK020": "warning"}),
    ],
)
def test_waits_for_rows(checker: Checker, forward: str, expected: dict[str, str]) -> None:
    told = checker.told(
        pair(forward, "UPDATE a SET s = '';"), "LCK013", "LCK014", "LCK020", "LCK022", "LCK023", "LCK027"
    )
    assert {code: severity for code, severity, _ in told} == expected


def test_a_transaction_whose_end_cannot_be_read(checker: Checker) -> None:
    files = pair("BEGIN; UPDATE a SET s = ''; DROP TABLE IF EXISTS b\nCOMMIT;", "UPDATE a SET s = '';")
    assert [code for code, _, _ in checker.told(files, "TXN002", "SYN001")] == ["SYN001"]


@pytest.mark.parametrize(
    ("rollback", "severity"),
    [
        ("ALTER TABLE a ADD COLUMN n int;", "warning"),
        ("ALTER TABLE a ADD COLUMN n int; ALTER TABLE a ALTER COLUMN n DROP NOT NULL;", "warning"),
    ],
)
def test_a_column_that_comes_back_cannot_be_not_null(checker: Checker, rollback: str, severity: str) -> None:
    files = pair("ALTER TABLE a DROP COLUMN n;", rollback, BASE + " ALTER TABLE a ADD COLUMN n int NOT NULL;")
    assert [item[1] for item in checker.told(files, "SYM005")] == [severity]
    files = pair("ALTER TABLE a DROP COLUMN n;", rollback, BASE + " ALTER TABLE a ADD COLUMN n int NOT NULL DEFAULT 1;")
    assert [item[1] for item in checker.told(files, "SYM005")] == ["error"]


def test_a_key_with_its_columns_in_another_order(checker: Checker) -> None:
    base = BASE + " ALTER TABLE a ADD CONSTRAINT k UNIQUE (id, s);"
    files = pair("ALTER TABLE a DROP CONSTRAINT k;", "ALTER TABLE a ADD CONSTRAINT k UNIQUE (s, id);", base)
    assert [item[:2] for item in checker.told(files, "SYM007")] == [("SYM007", "warning")]
    files["002_b.down.sql"] = "ALTER TABLE a ADD CONSTRAINT k UNIQUE (s);"
    assert [item[:2] for item in checker.told(files, "SYM007")] == [("SYM007", "error")]


def test_a_second_run_of_a_script_that_cannot_be_parsed(checker: Checker) -> None:
    files = pair("CREATE INDEX i ON a (s);", "DROP INDEX i;\nDROP INDEX j ON a;")
    files["miglint.toml"] = 'idempotency = "required"\n'
    assert [item[:2] for item in checker.told(files, "IDM023", "SYN001")] == [("IDM023", "info"), ("SYN001", "error")]
    files["002_b.down.sql"] = "DROP INDEX i;"
    assert [item[:2] for item in checker.told(files, "IDM023")] == [("IDM023", "error")]


def test_rows_that_are_copied_without_a_key_that_the_engine_chooses(checker: Checker) -> None:
    base = "CREATE TABLE b (id uuid PRIMARY KEY DEFAULT {}, s text);"
    forward = (
        "CREATE TABLE c (id uuid PRIMARY KEY DEFAULT {}, s text); INSERT INTO c (s) SELECT s FROM b;\n"
        "DROP TABLE b; ALTER TABLE c RENAME TO b;"
    )
    for default, severity in (("gen_random_uuid()", "warning"), ("'00000000-0000-0000-0000-000000000000'", "error")):
        files = pair(forward.format(default), "UPDATE a SET s = '';", BASE + base.format(default))
        assert [item[1] for item in checker.told(files, "DAT007")] == [severity]


def test_what_a_view_reads_of_others_is_there_for_its_rollback_too(checker: Checker) -> None:
    base = "CREATE TABLE a (id int); CREATE VIEW v AS SELECT a.id, e.x FROM a JOIN jobs.events e ON true;"
    view = "CREATE OR REPLACE VIEW v AS SELECT a.id, e.x{} FROM a LEFT JOIN jobs.events e ON true;"
    dropped = {"001_a.down.sql": "DROP VIEW v; DROP TABLE a;"}
    assert checker.told(pair(view.format(", 1 AS n"), view.format(""), base) | dropped, "SYM013") == [
        ("SYM013", "error", "the rollback fails here: cannot drop columns from view")
    ]
    rollback = "DROP VIEW v; CREATE VIEW v AS SELECT a.id, e.x FROM a JOIN jobs.events e ON true;"
    assert checker.told(pair(view.format(", 1 AS n"), rollback, base) | dropped, "SYM013") == []


@pytest.mark.parametrize(
    ("type_", "severity"),
    [("varchar", "warning"), ("text", "warning"), ("varchar(40)", "warning"), ("varchar(5)", "error")],
)
def test_a_column_that_comes_back_wider(checker: Checker, type_: str, severity: str) -> None:
    base = BASE + " ALTER TABLE a ADD COLUMN n varchar(20);"
    files = pair("ALTER TABLE a DROP COLUMN n;", f"ALTER TABLE a ADD COLUMN n {type_};", base)
    assert [item[1] for item in checker.told(files, "SYM003")] == [severity]


@pytest.mark.parametrize(
    ("before", "severity"),
    [
        ("", "info"),
        ("SET timezone = 'UTC';", None),
        ("SET timezone = 'Europe/Berlin';", "warning"),
    ],
)
def test_timestamps_that_get_a_time_zone(checker: Checker, before: str, severity: str | None) -> None:
    base = BASE + " ALTER TABLE a ADD COLUMN at timestamp;"
    forward = f"{before} ALTER TABLE a ALTER COLUMN at TYPE timestamptz;"
    rollback = "ALTER TABLE a ALTER COLUMN at TYPE timestamp;"
    found = [item for item in checker(pair(forward, rollback, base)) if item.code == "LCK023"]
    told = [str(item.severity) for item in found if item.direction == "forward"]
    assert told == ([] if severity is None else [severity])
    assert all("unless the session's time zone is UTC" in item.message for item in found) == (severity != "warning")


def test_a_table_of_which_the_rollback_knows_more_than_the_forwards(checker: Checker) -> None:
    files = {
        "001_a.up.sql": "ALTER TABLE n ADD COLUMN x int;",
        "001_a.down.sql": "ALTER TABLE n DROP COLUMN x;",
        "002_b.up.sql": "DROP TABLE n;",
        "002_b.down.sql": "CREATE TABLE n (id serial NOT NULL, x int); CREATE INDEX i ON n (x);",
    }
    assert [item[0] for item in checker.told(files, "SYM", "INT")] == ["SYM001"]


@pytest.mark.parametrize(("created", "expected"), [("", []), (" VERSION '1.2'", ["error"])])
def test_versions_of_extensions(checker: Checker, created: str, expected: list[str]) -> None:
    base = BASE + f" CREATE EXTENSION pgcrypto{created};"
    files = pair("ALTER EXTENSION pgcrypto UPDATE;", "ALTER EXTENSION pgcrypto UPDATE TO '1.3';", base)
    told = [item for item in checker.told(files, "SYM") if "version" in item[2]]
    assert [item[1] for item in told] == expected
    assert all("the version of extension pgcrypto differs: 1.2 before, 1.3 now" in item[2] for item in told)
