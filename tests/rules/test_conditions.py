"""Conditions of rules that no example on a page needs: each case failed to fail when a mutation run changed it."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.rules.selection import path_pattern

from .checking import Checker

GOOSE = "-- +goose NO TRANSACTION\n-- +goose Up\n{up}\n-- +goose Down\n{down}\n"
ADD = "ALTER TYPE e ADD VALUE 'b';"
USE = "INSERT INTO t VALUES (1, 'b');"
ENUM = "CREATE TYPE e AS ENUM ('a');\nCREATE TABLE t (id bigint PRIMARY KEY, e e);"
KEYS = "CREATE TABLE t (a int NOT NULL, b int NOT NULL, CONSTRAINT k PRIMARY KEY (a));"


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    return Checker(tmp_path, monkeypatch)


def pair(number: int, up: str, down: str = "SELECT 1;") -> dict[str, str]:
    return {f"{number:03}_a.up.sql": up, f"{number:03}_a.down.sql": down}


@pytest.mark.parametrize(("script", "fires"), [(f"{ADD}\n{USE}", False), (f"BEGIN;\n{ADD}\n{USE}\nCOMMIT;", True)])
def test_a_new_enum_value_is_refused_in_the_script_s_own_transaction(
    checker: Checker, script: str, *, fires: bool
) -> None:
    files = {
        "001_a.sql": GOOSE.format(up=ENUM, down="DROP TABLE t;\nDROP TYPE e;"),
        "002_b.sql": GOOSE.format(up=script, down="DELETE FROM t;"),
    }
    assert bool(checker.told(files, "TXN006")) == fires


@pytest.mark.parametrize(("more", "fires"), [("", False), ("\nSELECT 1;", True)])
def test_one_statement_sent_as_a_query_has_no_transaction(checker: Checker, more: str, *, fires: bool) -> None:
    configuration = {"miglint.toml": 'layout = "golang-migrate"\ntargets = ["postgres>=11"]'}
    assert bool(checker.told(pair(1, ENUM) | pair(2, ADD + more) | configuration, "TXN007")) == fires


@pytest.mark.parametrize(("statement", "fires"), [("VACUUM u;", False), ("VACUUM FULL u;", True)])
def test_only_a_full_vacuum_waits_for_a_lock(checker: Checker, statement: str, *, fires: bool) -> None:
    configuration = {"miglint.toml": 'select = ["LCK033"]'}
    assert bool(checker.told(pair(1, statement) | configuration, "LCK033")) == fires


@pytest.mark.parametrize(("kind", "former"), [("numeric", "numeric(p, s)"), ("text", "varchar(n)")])
def test_a_type_change_without_a_rewrite_depends_on_the_former_type(checker: Checker, kind: str, former: str) -> None:
    told = checker.told(pair(1, f"ALTER TABLE u ALTER COLUMN a TYPE {kind};"), "LCK028")
    assert [message.endswith(f"unless a is a {former}") for _, _, message in told] == [True]


@pytest.mark.parametrize(
    ("added", "fires"), [("", True), ("PRIMARY KEY (b)", False), ("CONSTRAINT other UNIQUE (b)", True)]
)
def test_only_another_primary_key_replaces_a_primary_key(checker: Checker, added: str, *, fires: bool) -> None:
    more = f", ADD {added}" if added else ""
    files = pair(1, KEYS, "DROP TABLE t;") | pair(2, f"ALTER TABLE t DROP CONSTRAINT k{more};")
    assert bool(checker.told(files, "DAT036")) == fires


@pytest.mark.parametrize(("column", "fires"), [("a", True), ("b", False)])
def test_a_key_goes_only_with_its_own_column(checker: Checker, column: str, *, fires: bool) -> None:
    table = "CREATE TABLE t (id bigint PRIMARY KEY, a int, b int, CONSTRAINT k UNIQUE (a));"
    files = pair(1, f"{table}\nALTER TABLE t DROP COLUMN {column};", "DROP TABLE t;")
    assert bool(checker.told(files | {"miglint.toml": 'select = ["TYP032"]'}, "TYP032")) == fires


def test_a_pattern_with_a_slash_starts_at_the_top() -> None:
    assert path_pattern("b").match("x/b/c.sql")
    assert path_pattern("a/b").match("a/b/c.sql")
    assert not path_pattern("a/b").match("x/a/b/c.sql")


TABLE = pair(1, "CREATE TABLE t (id bigint PRIMARY KEY, a int, b text);", "DROP TABLE t;")
SPLIT = "-- +goose Up\n{up}\n-- +goose Down\n{down}\n"
# Longer than what a message quotes of a definition.
AGAIN = f"CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n{'SELECT 1;' * 30}\nSELECT {{}}\n$$;"
REQUIRED = {"miglint.toml": 'idempotency = "required"'}

# Files, the rule, and the words of its finding; None for no finding.
FINDINGS: dict[str, tuple[dict[str, str], str, str | None]] = {
    "the clock, as a function": (TABLE | pair(2, "UPDATE t SET b = now() WHERE true;"), "IDM061", "another value"),
    "the clock, as a word": (TABLE | pair(2, "UPDATE t SET b = current_date WHERE true;"), "IDM061", "another value"),
    "a constant": (TABLE | pair(2, "UPDATE t SET b = 'x' WHERE true;"), "IDM061", None),
    "a column after one of unknown value": (
        TABLE | pair(2, "UPDATE t SET b = (SELECT 'x'), a = a + 1 WHERE true;"),
        "IDM061",
        'column "a" of "t" is computed from itself',
    ),
    "a text that is no number": (TABLE | pair(2, "DELETE FROM t WHERE a = 'x';"), "REF005", "invalid input syntax"),
    "a text that is no number, which SQLite stores": (
        TABLE | pair(2, "DELETE FROM t WHERE a = 'x';") | {"miglint.toml": 'dialect = "sqlite"'},
        "REF005",
        None,
    ),
    "a second run that adds": (
        TABLE | pair(2, "ALTER TABLE t ADD CHECK (a > 0);", "ALTER TABLE t DROP CONSTRAINT t_a_check;") | REQUIRED,
        "IDM054",
        "a second run creates check constraint t_a_check1 on t as well",
    ),
    "a type that the forward sets": (
        TABLE
        | pair(2, "ALTER TABLE t ALTER COLUMN b TYPE char(3);", "ALTER TABLE t ALTER COLUMN b TYPE text;")
        | {"miglint.toml": 'select = ["TYP006"]'},
        "TYP006",
        '"t.b"',
    ),
    "a type that only the rollback sets": (
        TABLE
        | pair(2, "ALTER TABLE t ALTER COLUMN b TYPE text;", "ALTER TABLE t ALTER COLUMN b TYPE char(3);")
        | {"miglint.toml": 'select = ["TYP006"]'},
        "TYP006",
        None,
    ),
    "a key without the rows that a condition leaves out": (
        pair(1, "CREATE TABLE t (a int NOT NULL);\nCREATE UNIQUE INDEX i ON t (a) WHERE a > 0;", "DROP TABLE t;"),
        "TYP019",
        None,
    ),
    "a key that is not unique": (
        pair(1, "CREATE TABLE t (a int NOT NULL);\nCREATE INDEX i ON t (a);", "DROP TABLE t;"),
        "TYP019",
        None,
    ),
    "a unique key": (
        pair(1, "CREATE TABLE t (a int NOT NULL);\nCREATE UNIQUE INDEX i ON t (a);", "DROP TABLE t;"),
        "TYP019",
        "no PRIMARY KEY: a",
    ),
    "a constraint that proves NOT NULL": (
        pair(1, "ALTER TABLE t VALIDATE CONSTRAINT k;\nALTER TABLE t ALTER COLUMN a SET NOT NULL;"),
        "LCK016",
        None,
    ),
    "a known constraint that proves nothing": (
        TABLE
        | pair(2, "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;", "ALTER TABLE t DROP CONSTRAINT k;")
        | pair(3, "ALTER TABLE t VALIDATE CONSTRAINT k;\nALTER TABLE t ALTER COLUMN a SET NOT NULL;"),
        "LCK016",
        "ACCESS EXCLUSIVE on t",
    ),
    "a known constraint of an unknown table": (
        pair(1, "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;", "ALTER TABLE t DROP CONSTRAINT k;")
        | pair(2, "ALTER TABLE t VALIDATE CONSTRAINT k;\nALTER TABLE t ALTER COLUMN a SET NOT NULL;"),
        "LCK016",
        "ACCESS EXCLUSIVE on t",
    ),
    "a constraint that is valid": (
        pair(1, "CREATE TABLE t (a int, CONSTRAINT k CHECK (a > 0));", "DROP TABLE t;")
        | pair(2, "ALTER TABLE t VALIDATE CONSTRAINT k;")
        | {"miglint.toml": 'select = ["LCK045"]'},
        "LCK045",
        None,
    ),
    "a constraint of unknown validity": (
        pair(1, "ALTER TABLE t VALIDATE CONSTRAINT k;") | {"miglint.toml": 'select = ["LCK045"]'},
        "LCK045",
        "SHARE UPDATE EXCLUSIVE on t",
    ),
    "words of a second section": (
        {"001_a.sql": SPLIT.format(up="CREATE TABLE t (a text);", down="UPDATE t SET a = now();\nDROP TABLE t;")}
        | {"miglint.toml": 'targets = ["sqlite>=3.40", "postgres>=14"]'},
        "LIT",
        "SQLite does not know `now`",
    ),
}


@pytest.mark.parametrize(("files", "code", "words"), FINDINGS.values(), ids=FINDINGS)
def test_a_finding_depends_on_each_condition(
    checker: Checker, files: dict[str, str], code: str, words: str | None
) -> None:
    found = [message for _, _, message in checker.told(files, code)]
    assert found == [] if words is None else any(words in message for message in found), found


@pytest.mark.parametrize("up", ["SELECT 1;", ADD])
def test_only_a_value_that_the_forward_adds_has_a_place(checker: Checker, up: str) -> None:
    enum = pair(1, "CREATE TYPE e AS ENUM ('a');", "DROP TYPE e;")
    files = enum | pair(2, up, "SELECT 1;" if up == ADD else ADD) | {"miglint.toml": 'select = ["TYP"]'}
    assert [path for path, message in places(checker, files) if "sorts after" in message] == ["002_a.up.sql"] * (
        up == ADD
    )


@pytest.mark.parametrize(("target", "fires"), [(16, True), (17, False)])
def test_values_of_a_new_type_can_be_used_since_17(checker: Checker, target: int, *, fires: bool) -> None:
    script = f"BEGIN;\nCREATE TYPE e AS ENUM ('a');\n{ADD}\nALTER TABLE t ADD COLUMN e e DEFAULT 'b';\nCOMMIT;"
    files = TABLE | pair(2, script) | {"miglint.toml": f'targets = ["postgres>={target}"]'}
    assert bool(checker.told(files, "TXN006")) == fires


def places(checker: Checker, files: dict[str, str]) -> list[tuple[str, str]]:
    return [(finding.path, finding.message) for finding in checker(files)]


def test_an_object_of_one_variant_is_reported_where_it_is_created(checker: Checker) -> None:
    common = "CREATE TABLE t (id int PRIMARY KEY);\nCREATE VIEW w AS SELECT 1 AS x;\n"
    files = {
        "001_a.postgres.up.sql": f"{common}CREATE VIEW v AS SELECT id FROM t;",
        "001_a.sqlite.up.sql": common,
        "miglint.toml": 'rollbacks = "none"',
    }
    assert [(finding.line, finding.path) for finding in checker(files) if finding.code == "PAR009"] == [
        (3, "001_a.postgres.up.sql")
    ]


def hints(checker: Checker, files: dict[str, str], code: str) -> list[str]:
    return [finding.help or "" for finding in checker(files) if finding.code == code]


@pytest.mark.parametrize(
    ("down", "meant"), [("DROP TABLE acounts;", "accounts"), ("ALTER TABLE accounts DROP COLUMN amonut;", "amount")]
)
def test_a_wrong_name_is_compared_with_names_of_its_kind(checker: Checker, down: str, meant: str) -> None:
    files = pair(1, "CREATE TABLE accounts (id bigint PRIMARY KEY, amount int);", "DROP TABLE accounts;")
    (hint,) = hints(checker, files | pair(2, "SELECT 1;", down), "SYM013")
    assert hint.startswith(f'Did you mean "{meant}"?')


def test_what_follows_from_a_failed_drop_is_not_reported_again(checker: Checker) -> None:
    up = (
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a (id));\n"
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n"
        "CREATE TRIGGER tr BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION f(); CREATE VIEW v AS SELECT id FROM b;"
    )
    down = "DROP TABLE b;\nDROP TABLE a;\nDROP FUNCTION f();\nDROP FUNCTION f();"
    found = [(item.line, item.message) for item in checker(pair(1, up, down)) if item.code == "SYM013"]
    # The server says the same of each line, if the view is dropped first and the line before is taken away.
    assert found == [
        (1, "the rollback fails here: cannot drop table b because other objects depend on it: view public.v"),
        (4, "the rollback fails here: function f() does not exist"),
    ]


@pytest.mark.parametrize(("dialect", "words"), [("postgres", "or check first"), ("sqlite", "Split the script in two")])
def test_what_helps_against_a_later_drop_depends_on_the_engine(checker: Checker, dialect: str, words: str) -> None:
    up = "CREATE TABLE n (id int);\nINSERT INTO n SELECT id FROM o;\nDROP TABLE o;"
    files = pair(1, "CREATE TABLE o (id int);", "DROP TABLE o;") | pair(2, up, "DROP TABLE n;")
    files |= {"miglint.toml": f'idempotency = "required"\ndialect = "{dialect}"'}
    assert any(words in hint for hint in hints(checker, files, "IDM050"))


def test_two_bodies_are_compared_line_by_line(checker: Checker) -> None:
    first = AGAIN.format(2).replace(" OR REPLACE", "")
    files = pair(1, first, "DROP FUNCTION f();") | pair(2, AGAIN.format(3), AGAIN.format(4))
    assert [message for _, _, message in checker.told(files, "SYM014") if "`SELECT 2`" in message], checker(files)


_TRIGGER = "CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END;"
_CONSTRAINT = "CREATE CONSTRAINT TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();"
_PLAIN = "CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();"


@pytest.mark.parametrize(
    ("dialect", "version", "trigger", "words"),
    [
        ("sqlite", "14", _TRIGGER, "Write `CREATE TRIGGER IF NOT EXISTS tr AFTER INSERT ON t BEGIN SELECT 1; END;`."),
        ("sqlite", "13", _TRIGGER, "Write `CREATE TRIGGER IF NOT EXISTS tr AFTER INSERT ON t BEGIN SELECT 1; END;`."),
        ("postgres", "14", _PLAIN, "Write `CREATE OR REPLACE TRIGGER tr ...` (PostgreSQL 14 and later)."),
        ("postgres", "13", _PLAIN, "Put before it: `DROP TRIGGER IF EXISTS tr ON t;`"),
        ("postgres", "14", _CONSTRAINT, "Put before it: `DROP TRIGGER IF EXISTS tr ON t;`"),
    ],
)
def test_the_guard_of_a_trigger_is_one_that_its_engine_has(
    checker: Checker, dialect: str, version: str, trigger: str, words: str
) -> None:
    settings = f'targets = ["postgres>={version}", "sqlite>=3.35"]\nidempotency = "required"\ndialect = "{dialect}"'
    found = checker(pair(1, trigger, "DROP TRIGGER tr ON t;") | {"miglint.toml": settings})
    assert [item.help for item in found if item.code == "IDM010"] == [words]


def test_two_prisma_migrations_of_one_time_are_two(checker: Checker) -> None:
    folder = "prisma/migrations"
    files = {
        f"{folder}/migration_lock.toml": 'provider = "postgresql"',
        f"{folder}/20240101000000_a/migration.sql": "CREATE TABLE a (id int PRIMARY KEY);",
        f"{folder}/20240101000000_b/migration.sql": "CREATE TABLE b (id int PRIMARY KEY);",
    }
    assert not checker.told(files, "PAI004")


def test_a_version_that_is_used_twice_names_the_other_file(checker: Checker) -> None:
    told = checker.told(pair(1, "SELECT 1;") | {"001_b.up.sql": "SELECT 2;", "001_b.down.sql": "SELECT 2;"}, "PAI004")
    assert told == [("PAI004", "error", "version 001 is used twice: 001_a.up.sql has it too")]


def test_findings_come_in_the_order_of_versions(checker: Checker) -> None:
    files = {
        f"migrations/{version}_a.{way}.sql": f"{text} t{version};".replace("t;", f"t{version};")
        for version in (2, 10, 9)
        for way, text in (("up", "DROP TABLE"), ("down", "DROP TABLE"))
    }
    paths = [item.path.split("/")[-1] for item in checker(files) if item.code == "BWC001"]
    assert paths == sorted(paths, key=lambda path: int(path.partition("_")[0])) and len({*paths}) > 2


_LOOP = (
    "DO $$ DECLARE n text; BEGIN FOR n IN SELECT relname FROM pg_class LOOP EXECUTE 'TRUNCATE ' || n; END LOOP; END $$;"
)


@pytest.mark.parametrize(("loop", "fires"), [(_LOOP, False), ("", True)])
def test_dynamic_sql_in_a_baseline_may_have_made_anything(checker: Checker, loop: str, *, fires: bool) -> None:
    baseline = {
        "base.sql": f"CREATE TABLE t (id int);{loop}",
        "miglint.toml": 'baseline-schema = "base.sql"\nexclude = ["base.sql"]\ndialect = "postgres"',
    }
    files = pair(1, "DROP TRIGGER tr ON t;", "CREATE TRIGGER tr AFTER INSERT ON t EXECUTE FUNCTION f();")
    assert bool(checker.told(files | baseline, "REF003", "SYM001")) == fires


def test_what_swapped_scripts_drop_is_in_no_use(checker: Checker) -> None:
    files = pair(1, "DROP TABLE IF EXISTS users;", "CREATE TABLE IF NOT EXISTS users (id bigint PRIMARY KEY);")
    assert [code for code, *_ in checker.told(files, "PAI007", "BWC")] == ["PAI007"]


@pytest.mark.parametrize(
    ("before", "index", "way"),
    [
        ("CREATE TABLE b (id int NOT NULL, n int);", "b_pkey", "ADD"),
        ("CREATE TABLE b (id int PRIMARY KEY, n int);", "b_pkey_new", "DROP CONSTRAINT IF EXISTS b_pkey, ADD"),
    ],
)
def test_the_index_of_a_new_key_has_a_name_that_is_free(checker: Checker, before: str, index: str, way: str) -> None:
    change = "ALTER TABLE b DROP CONSTRAINT IF EXISTS b_pkey; ALTER TABLE b ADD PRIMARY KEY (id, n);"
    found = checker(pair(1, before) | pair(2, change))
    (help_,) = (item.help for item in found if item.code == "LCK014" and item.direction == "forward")
    assert f"CONCURRENTLY {index} ON b (id, n);" in help_
    assert f"ALTER TABLE b {way} CONSTRAINT b_pkey PRIMARY KEY USING INDEX {index};" in help_


def test_rows_are_saved_by_a_statement_that_runs(checker: Checker) -> None:
    configuration = {"miglint.toml": 'dialect = "sqlite"'}
    deletes = "DELETE FROM sqlite_sequence; WITH d AS (SELECT 1 AS a) DELETE FROM t WHERE id IN (SELECT a FROM d);"
    found = checker(pair(1, "CREATE TABLE t (id integer);") | pair(2, deletes) | configuration)
    helps = [item.help for item in found if item.code == "DAT004"]
    assert "`CREATE TABLE sequence_saved AS SELECT * FROM sqlite_sequence;`" in helps[0]
    assert "WHERE ...;" in helps[1]


def test_no_finding_is_long(checker: Checker) -> None:
    columns = ", ".join(f"column_number_{number} text" for number in range(200))
    labels = ", ".join(f"'label_number_{number}'" for number in range(300))
    words = " OR ".join(f"column_number_{number} IS NULL" for number in range(200))
    before = f"CREATE TYPE e AS ENUM ({labels}); CREATE TABLE wide (id int PRIMARY KEY, {columns}, CHECK ({words}));"
    before += f"CREATE VIEW v AS SELECT * FROM wide WHERE {words}; CREATE INDEX i ON wide (id) WHERE {words};"
    after = "DROP VIEW v; DROP INDEX i; ALTER TABLE wide DROP COLUMN column_number_7, DROP COLUMN id; DROP TYPE e;"
    back = (
        f"ALTER TABLE wide ADD COLUMN id int PRIMARY KEY, ADD COLUMN column_number_7 text, ADD CHECK ({words} OR true);"
    )
    back += (
        "CREATE VIEW v AS SELECT id FROM wide; CREATE INDEX i ON wide (id) WHERE id > 3; CREATE TYPE e AS ENUM ('x');"
    )
    found = checker(pair(1, before) | pair(2, after, back))
    assert {"SYM007", "SYM009", "SYM010", "SYM014", "SYM023"} <= {item.code for item in found}
    assert max(len(item.message) for item in found) <= 300
    assert max(len(item.help) for item in found) <= 1500
    (order,) = (item.message for item in found if item.code == "SYM023")
    assert order == "the column order of table wide differs: id, column_number_7 moved".join(
        ("after the rollback ", "")
    )


@pytest.mark.parametrize(
    ("before", "fires"),
    [
        ("", True),
        ("TRUNCATE t;", False),
        ("DELETE FROM t;", False),
        ("DELETE FROM t WHERE id > 3;", True),
        ("TRUNCATE t; INSERT INTO t VALUES (1);", True),
        ("TRUNCATE u;", True),
    ],
)
def test_a_table_without_rows_has_no_values_that_do_not_fit(checker: Checker, before: str, *, fires: bool) -> None:
    files = pair(1, "CREATE TABLE t (id bigint PRIMARY KEY); CREATE TABLE u (id int);", "DROP TABLE u; DROP TABLE t;")
    alter = "ALTER TABLE t ALTER COLUMN id TYPE"
    files |= pair(2, f"{before} {alter} int;", f"{alter} bigint;")
    assert bool(checker.told(files, "DAT003")) == fires
