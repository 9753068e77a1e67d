"""Views that SQLite lets be and PostgreSQL does not: they are dropped before a change and made again; it runs them."""

from __future__ import annotations

import pytest

from .conftest import Command, Plant

BASE = """CREATE TABLE shop (id INTEGER PRIMARY KEY, label TEXT, floor INTEGER);
CREATE VIEW shops AS SELECT id, label FROM shop;
CREATE VIEW labels AS SELECT label FROM shops;
CREATE VIEW counted AS SELECT count(*) AS n FROM labels;
CREATE VIEW floors AS SELECT id, floor FROM shop;
"""
CHANGES = {
    "another view, both made again": (
        "DROP VIEW counted;\nDROP VIEW labels;\nDROP VIEW shops;\n"
        "CREATE VIEW shops AS SELECT label, id, floor FROM shop;\n"
        "CREATE VIEW labels AS SELECT label FROM shops;\nCREATE VIEW counted AS SELECT count(*) AS n FROM labels;\n",
        ("counted", "labels", "shops"),
    ),
    "another view, the others left alone": (
        "DROP VIEW shops;\nCREATE VIEW shops AS SELECT label, id, floor FROM shop;\n",
        ("counted", "labels", "shops"),
    ),
    "another type of a column": (
        "CREATE TABLE kept AS SELECT * FROM shop;\nDROP TABLE shop;\n"
        "CREATE TABLE shop (id INTEGER PRIMARY KEY, label TEXT, floor TEXT);\n"
        "INSERT INTO shop SELECT id, label, floor FROM kept;\nDROP TABLE kept;\n",
        ("counted", "floors", "labels", "shops"),
    ),
    "one more column": ("ALTER TABLE shop ADD COLUMN size INTEGER;\n", ()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_views_in_the_way_are_dropped_and_made_again(name: str, plant: Plant, port: Command) -> None:
    forward, expected = CHANGES[name]
    root = plant(
        {
            "miglint.toml": 'dialect = "sqlite"\n',
            "migrations/001_shop.up.sql": BASE,
            "migrations/002_more.up.sql": forward,
        }
    )
    done = port("migrations", "--to", "postgres", "--verify")
    assert done.status == 0, done.out
    written = (root / "migrations/002_more.postgres.up.sql").read_text()
    dropped = [line.split()[-1].rstrip(";") for line in written.splitlines() if line.startswith("DROP VIEW")]
    assert tuple(sorted(dropped)) == expected
    assert written.count("CREATE OR REPLACE VIEW") == len(expected)
