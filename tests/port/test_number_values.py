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


def test_rows_that_change_before_a_rename_change_under_the_new_name(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "sqlite/001_x.up.sql": "CREATE TABLE p (id INTEGER PRIMARY KEY, title TEXT, slug TEXT);\n",
            "sqlite/002_y.up.sql": """\
                UPDATE p SET slug = lower(title);
                ALTER TABLE p RENAME COLUMN title TO headline;
                DELETE FROM p WHERE headline = '';
                ALTER TABLE p RENAME TO posts;
                """,
        }
    )
    done = port("sqlite", "--to", "postgres")
    assert done.status == 0, done.out
    assert (root / "postgres/002_y.up.sql").read_text().splitlines() == [
        "ALTER TABLE p RENAME TO posts;",
        "ALTER TABLE posts RENAME COLUMN title TO headline;",
        "UPDATE posts SET slug = lower(headline);",
        "DELETE FROM posts WHERE headline = '';",
    ]


def test_rows_that_a_rebuild_leaves_out_are_not_copied_into_the_table_itself(plant: Plant, port: Command) -> None:
    root = plant(
        {
            "sqlite/001_x.up.sql": "CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT, closed INTEGER);\n",
            "sqlite/002_y.up.sql": """\
                CREATE TABLE a_new (id INTEGER PRIMARY KEY, n TEXT NOT NULL);
                INSERT INTO a_new (id, n) SELECT id, n FROM a WHERE closed = 0;
                DROP TABLE a;
                ALTER TABLE a_new RENAME TO a;
                """,
        }
    )
    port("sqlite", "--to", "postgres")
    text = (root / "postgres/002_y.up.sql").read_text()
    assert "SELECT id, n FROM a WHERE closed = 0" in text
    assert "INSERT INTO a (id, n) SELECT id, n FROM a" not in text
