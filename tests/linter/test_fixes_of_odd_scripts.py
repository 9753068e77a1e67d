"""Fixes of scripts that are written in odd ways: nothing else changes, and a second run of `fix` has nothing to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from miglint.base.structs import replace
from miglint.config.settings import Settings
from miglint.fixes.files import StoredTexts
from miglint.fixes.rounds import Fixed, fix_all
from miglint.fixes.wanted import WantedFixes
from miglint.linter.run import Job, check
from miglint.report.value import Report

BASE = "CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY, a text, b int);\n"
ENUM = "DO $$ BEGIN IF to_regtype('e') IS NULL THEN CREATE TYPE e AS ENUM ('a'); END IF; END $$;\n"
GOOSE = "-- +goose Up\n{}\n-- +goose Down\nDROP TABLE IF EXISTS n;\n"
ODD = {
    "comments": "ALTER /* x */ TABLE t /* ; */ ADD -- add\n COLUMN c int;"
    " ALTER TABLE t RENAME /* y */ COLUMN a TO z -- ;\n;",
    "one line": "CREATE TABLE n (id int);CREATE INDEX i ON n (id);ALTER TABLE n ADD CHECK (id > 0);"
    "ALTER TABLE n RENAME id TO k;",
    "line ends": "ALTER TABLE t ADD CONSTRAINT ck CHECK (b > 0);\r\n"
    "ALTER TABLE t RENAME COLUMN b TO bb;\r\n\r\n-- end\r\n",
    "dollar quotes": "ALTER TABLE t ADD CONSTRAINT d CHECK (a <> $$x;y$$);\n"
    "ALTER TABLE t ADD CONSTRAINT e CHECK (a <> $do1$$$;$do1$);",
    "names": 'CREATE TABLE "Äx" ("ö y" int);\nALTER TABLE "Äx" RENAME COLUMN "ö y" TO "z""q";\n',
    "literals": "ALTER TABLE t ADD COLUMN s text DEFAULT E'it\\'s; \\\\';\n"
    "ALTER TABLE t ADD CONSTRAINT ck CHECK (s <> U&'\\0041;');",
    "no semicolon": "CREATE TABLE n (id int); -- one\nALTER TABLE n RENAME COLUMN id TO k -- two",
    "half guarded": "ALTER TABLE t ADD COLUMN IF NOT EXISTS x int, ADD COLUMN y int, ADD CONSTRAINT c CHECK (y > 0);\n",
    "unnamed": "ALTER TABLE t DROP COLUMN a, ADD c int, ADD UNIQUE (b), DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (b);",
    "moved": "ALTER TABLE t ADD COLUMN c int;\nUPDATE t SET c = b + c;\nALTER TABLE t DROP COLUMN b;\n",
    "renamed": "CREATE TABLE n (id int);\nALTER TABLE n ADD x int;\nALTER TABLE n RENAME TO m;\n",
    "enum": f"{ENUM}ALTER TYPE e RENAME TO o;\nCREATE TYPE e AS ENUM ('a', 'c');\n"
    "ALTER TABLE t ADD z e;\nDROP TYPE o;\n",
    "goose": GOOSE.format(
        "CREATE TABLE n (id int); ALTER TABLE n RENAME id TO k;\n  ALTER TABLE n ADD CONSTRAINT c CHECK (k > 0);"
    ),
    "goose, whole": GOOSE.format(
        "-- +goose StatementBegin\nCREATE TABLE n (id int);\nALTER TABLE n RENAME id TO k;\n-- +goose StatementEnd"
    ),
}


def fixed_of(folder: Path) -> Fixed:
    """Return what all fixes for second runs come to, safe or not."""
    job = Job(replace(Settings(root=str(folder)), idempotency="required"), (str(folder),), cached=False)

    def checked(texts: Mapping[str, str], only: frozenset[str] | None) -> Report:
        return check(replace(job, texts=texts, report_only=only)).report

    wanted = WantedFixes(unsafe=True, reruns=True)
    return fix_all(checked, StoredTexts().text, lambda item, _: item.code.startswith("IDM") and wanted.wants(item))


def is_kept(old: str, new: str) -> bool:
    """Return whether all characters of a text are in another one, in their order."""
    left = iter(new)
    return all(character in left for character in old)


@pytest.mark.parametrize("name", ODD)
def test_every_character_stays_and_the_script_runs_twice(name: str, tmp_path: Path) -> None:
    if name.startswith("goose"):
        place = tmp_path / "00001_n.sql"
    else:
        (tmp_path / "001_t.postgres.up.sql").write_text(BASE)
        (tmp_path / "001_t.postgres.down.sql").write_text("DROP TABLE IF EXISTS t;\n")
        place = tmp_path / "002_odd.postgres.up.sql"
        (tmp_path / "002_odd.postgres.down.sql").write_text("SELECT 1;\n")
    place.write_bytes(ODD[name].encode())
    fixed = fixed_of(tmp_path)
    text = fixed.texts[place.as_posix()]
    assert is_kept(ODD[name], text)
    assert not fixed.withheld
    assert [item.message for item in fixed.last.findings if item.code.startswith(("SYN", "IDM"))] == []
    assert all(migration.verdict["forward_idempotent"] for migration in fixed.last.migrations)
    place.write_bytes(text.encode())
    again = fixed_of(tmp_path)
    assert not again.applied


def test_no_guard_words_are_written_where_a_column_is_that_of_a_parent(tmp_path: Path) -> None:
    place = tmp_path / "001_odd.postgres.up.sql"
    place.write_text(
        "CREATE TABLE p (id int NOT NULL, g int) PARTITION BY LIST (g);\n"
        "CREATE TABLE c (id int NOT NULL GENERATED ALWAYS AS IDENTITY, g int GENERATED ALWAYS AS (1) STORED);\n"
        "ALTER TABLE c ALTER COLUMN id DROP IDENTITY;\nALTER TABLE c ALTER COLUMN g DROP EXPRESSION;\n"
        "ALTER TABLE p ATTACH PARTITION c FOR VALUES IN (1);\n"
    )
    (tmp_path / "001_odd.postgres.down.sql").write_text("DROP TABLE IF EXISTS p;\n")
    fixed = fixed_of(tmp_path)
    text = fixed.texts[place.as_posix()]
    assert [item.code for item in fixed.last.findings if item.code.startswith("IDM")] == []
    assert "DROP IDENTITY;" in text
    assert "DROP EXPRESSION;" in text
    assert "attidentity <> ''" in text
    assert "attgenerated <> ''" in text


def test_one_migration_at_fault_for_a_later_one_leaves_the_fixes_of_all_others(tmp_path: Path) -> None:
    """Which of two generated names a constraint has counts for nothing; one that a fix has written does."""
    scripts = {
        "001_part": ("CREATE TABLE part (id int, code text);", "DROP TABLE part;"),
        "002_code": (
            "ALTER TABLE part ADD UNIQUE (code);\nCREATE INDEX part_id ON part (id);",
            "ALTER TABLE part DROP CONSTRAINT part_code_key;\nDROP INDEX part_id;",
        ),
        "003_name": ("ALTER TABLE part RENAME code TO label;", "ALTER TABLE part RENAME label TO code;"),
        "004_free": (
            "ALTER TABLE part DROP CONSTRAINT part_code_key;",
            "ALTER TABLE part ADD UNIQUE (label);",
        ),
        "005_town": ("CREATE TABLE town (id int);", "DROP TABLE town;"),
    }
    for name, (forward, rollback) in scripts.items():
        (tmp_path / f"{name}.postgres.up.sql").write_text(forward)
        (tmp_path / f"{name}.postgres.down.sql").write_text(rollback)
    fixed = fixed_of(tmp_path)
    withheld = {(Path(target.path).name, target.code): why for target, why in fixed.withheld.items()}
    # With the guard of the index alone, a second run would no longer stop before it is done with the constraint.
    assert {key: why[:22] for key, why in withheld.items()} == {
        ("002_code.postgres.up.sql", "IDM004"): "it would cause IDM054:",
        ("002_code.postgres.up.sql", "IDM054"): "it would cause SYM011:",
        ("004_free.postgres.down.sql", "IDM054"): "it would cause SYM011:",
    }
    assert withheld["002_code.postgres.up.sql", "IDM054"].endswith("004_free.postgres.up.sql)")
    assert {Path(path).name for path in fixed.texts} == {
        f"{name}.postgres.{way}.sql" for name in scripts for way in ("up", "down")
    } - {"002_code.postgres.up.sql", "004_free.postgres.down.sql"}
