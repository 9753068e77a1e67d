"""Names of objects and files with line ends: what miglint writes about them in SQL stays a comment."""

from __future__ import annotations

from pathlib import Path

import pytest

from miglint.cli.main import main
from miglint.sql.postgres.splitter import split

EVIL = "DROP TABLE secrets"
END = ["\n", "\r", "\r\n"]
FORWARDS = (
    'CREATE TABLE "{name}" (id int PRIMARY KEY, a varchar(9)); CREATE TABLE t (id int PRIMARY KEY, j jsonb);'
    ' CREATE INDEX "i{name}" ON t USING gin (j); CREATE TYPE "e{name}" AS ENUM (\'a\');'
    " CREATE FUNCTION \"f{name}\"() RETURNS int LANGUAGE sql AS 'SELECT 1'; DO $$ BEGIN PERFORM 1; END $$;"
    " COMMENT ON TABLE \"{name}\" IS '{name}';",
    'ALTER TABLE "{name}" ADD COLUMN "c{name}" text; INSERT INTO "{name}" VALUES (1); UPDATE "{name}" SET a = NULL;',
    'ALTER TABLE "{name}" DROP COLUMN a; DELETE FROM "{name}";',
    'DROP TABLE "{name}"; DROP TYPE "e{name}"; DROP FUNCTION "f{name}"();',
)
COMMANDS = (
    ("rollback", "write", "--stdout", "."),
    ("rollback", "write", "--preserve-data", "--stdout", "."),
    ("rollback", "plan", "--to", "0", "--format", "sql", "--allow-irreversible", "."),
    ("port", "--to", "sqlite", "--stdout", "."),
    ("diff", "migrations@1", "migrations@4"),
    ("diff", "migrations@4", "migrations@1"),
    ("schema", "."),
    ("rollback", "write", "."),
    ("rollback", "plan", "--to", "0", "--format", "sql", "."),
    ("port", "--to", "sqlite", "."),
    ("fix", "--select", "ALL", "--unsafe-fixes", "."),
)
HEADER = 'extend-select = ["HDR"]\n'


def statements(text: str) -> list[str]:
    """Return the statements that the server would run, without the comments before them."""
    found = []
    for piece in split(text):
        lines = text[piece.start : piece.end].replace("\r", "\n").split("\n")
        found.append("\n".join(line for line in lines if not line.lstrip().startswith("--")).strip())
    return found


@pytest.mark.parametrize("end", END)
def test_no_name_becomes_a_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    name = f"x{end}{EVIL};--"
    folder = tmp_path / "migrations"
    folder.mkdir()
    (tmp_path / "miglint.toml").write_text(f'dialect = "postgres"\n{HEADER}')
    for number, text in enumerate(FORWARDS, 1):
        (folder / f"{number:03d}_{name}.up.sql").write_bytes(text.format(name=name).encode())
    monkeypatch.chdir(tmp_path)
    for arguments in COMMANDS:
        assert main([*arguments]) in (0, 1), arguments
        printed = capsys.readouterr().out
        texts = [path.read_bytes().decode() for path in tmp_path.rglob("*.sql")]
        for text in [printed, *texts] if {"--stdout", "sql", "diff", "schema"} & {*arguments} else texts:
            assert not [one for one in statements(text) if one.startswith(EVIL)], (arguments, text)
