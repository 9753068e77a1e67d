"""`miglint diff`: both ways between two schemas, from files and from histories."""

import json

OLD = "CREATE TABLE t (id int PRIMARY KEY, a int);\n"
NEW = "CREATE TABLE t (id int PRIMARY KEY, a bigint, b text);\nCREATE INDEX i ON t (b);\n"


def run_json(miglint, *arguments):
    done = miglint("diff", *arguments, "--format", "json")
    return done.returncode, json.loads(done.stdout)


def test_two_schema_files(miglint, project):
    (project / "old.sql").write_text(OLD)
    (project / "new.sql").write_text(NEW)
    status, found = run_json(miglint, "old.sql", "new.sql")
    assert (status, found["complete"], found["missing"]) == (0, True, [])
    assert list(found) == ["forward", "rollback", "complete", "missing"]
    assert "ADD COLUMN IF NOT EXISTS b text" in found["forward"]
    assert "DROP COLUMN IF EXISTS b" in found["rollback"]


def test_the_rollback_is_a_comment_of_the_script(miglint, project):
    (project / "old.sql").write_text(OLD)
    (project / "new.sql").write_text(NEW)
    done = miglint("diff", "old.sql", "new.sql")
    assert done.returncode == 0
    forward, _, rollback = done.stdout.partition("-- Rollback: makes old.sql of new.sql.\n")
    assert "ALTER TABLE t ALTER COLUMN a TYPE int8;" in forward
    assert "-- The values of t.b are lost." in rollback
    assert all(line.startswith("--") or not line for line in rollback.splitlines())


def test_versions_of_a_history_know_what_was_renamed(miglint, project):
    folder = project / "history"
    folder.mkdir()
    (folder / "001_t.up.sql").write_text(OLD)
    (folder / "001_t.down.sql").write_text("DROP TABLE IF EXISTS t;\n")
    (folder / "002_u.up.sql").write_text("ALTER TABLE t RENAME TO u;\n")
    (folder / "002_u.down.sql").write_text("ALTER TABLE IF EXISTS u RENAME TO t;\n")
    status, found = run_json(miglint, "history@001", "history@002", "--dialect", "postgres")
    assert status == 0
    assert "RENAME TO u" in found["forward"] and "RENAME TO t" in found["rollback"]
    assert "DROP TABLE" not in found["forward"] + found["rollback"]
    status, found = run_json(miglint, "history@0", "history", "--dialect", "postgres")
    assert (status, found["rollback"]) == (0, "DROP TABLE IF EXISTS u;\n")


def test_what_is_not_understood_is_said(miglint, project):
    (project / "old.sql").write_text(OLD)
    (project / "new.sql").write_text(OLD + "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (a int)', now()); END $$;\n")
    status, found = run_json(miglint, "old.sql", "new.sql")
    assert (status, found["complete"]) == (1, False)
    assert found["missing"]


def test_bad_input(miglint, project):
    (project / "old.sql").write_text(OLD)
    (project / "bad.sql").write_text("CREATE TABLE t (\n  a int,,\n);\n")
    for arguments, message in (
        (("old.sql", "bad.sql"), 'bad.sql:2: syntax error at or near ","'),
        (("old.sql", "none.sql"), "none.sql: no such file or folder"),
        (("old.sql@7", "old.sql"), "old.sql@7: no migrations found"),
    ):
        done = miglint("diff", *arguments, "--dialect", "postgres")
        assert done.returncode == 2
        assert message in done.stderr


def test_the_dialect_is_what_one_of_the_files_tells(miglint, project):
    (project / "old.sql").write_text(OLD)
    (project / "new.sql").write_text(OLD + "CREATE TABLE u (id INTEGER PRIMARY KEY AUTOINCREMENT);\n")
    status, found = run_json(miglint, "old.sql", "new.sql")
    assert (status, found["rollback"]) == (0, "DROP TABLE IF EXISTS u;\n")


def test_an_owner_that_is_not_set_is_said(miglint, project):
    (project / "old.sql").write_text("CREATE TYPE e AS ENUM ('a');\nCREATE VIEW v AS SELECT 1 AS a;\n")
    (project / "new.sql").write_text(
        "CREATE TYPE e AS ENUM ('a');\nCREATE VIEW v AS SELECT 1 AS a;\nALTER TYPE e OWNER TO r;\n"
        "ALTER VIEW v OWNER TO r;\n"
    )
    status, found = run_json(miglint, "old.sql", "new.sql")
    assert (status, found["complete"]) == (1, False)
    assert "the owner of type e is not set" in found["missing"]
    assert found["forward"] == "ALTER VIEW v OWNER TO r;\n"


def test_two_schemas_that_are_the_same(miglint, project):
    (project / "old.sql").write_text(OLD)
    done = miglint("diff", "old.sql", "old.sql")
    assert done.returncode == 0
    assert done.stdout.count("There is nothing to do.") == 2
