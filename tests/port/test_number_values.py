"""TRUE and NULL as values of SQLite's number columns, towards PostgreSQL."""

from __future__ import annotations

from .conftest import Command, Plant


def test_numbers_stay_numbers_and_keys_number_themselves(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "sqlite/001_x.up.sql": """\
                CREATE TABLE c (id INTEGER PRIMARY KEY, flag INTEGER NOT NULL DEFAULT TRUE, b BOOLEAN, n TEXT);
                INSERT INTO c VALUES (NULL, TRUE, 1, NULL), (NULL, 0, FALSE, 'x');
                INSERT INTO c (id, flag) VALUES (NULL, FALSE);
                UPDATE c SET flag = FALSE, n = NULL WHERE flag = TRUE AND b = 1;
                """,
        }
    )
    done = port("sqlite", "--to", "postgres")
    assert done.status == 0, done.out
    text = (root / "postgres/001_x.up.sql").read_text()
    assert "flag bigint DEFAULT 1 NOT NULL" in text
    assert "VALUES (DEFAULT, 1, TRUE, NULL), (DEFAULT, 0, FALSE, 'x');" in text
    assert "VALUES (DEFAULT, 0);" in text
    assert "UPDATE c SET flag = 0, n = NULL WHERE flag = 1 AND b = TRUE;" in text
