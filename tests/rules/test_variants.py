"""Pages about the variants for two engines, put to both engines: what is called different is different there."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import pytest

from miglint.dryrun.postgres.engine import PostgresEngine

from .book import Example, pages
from .engines import Postgres, database

EXAMPLES = [example for page in pages() if page.code.startswith("PAR") for example in page.examples]
# What each engine's own catalog says, in words that both have.
_POSTGRES = """
SELECT 'table', c.relname, '' FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
UNION ALL SELECT 'column', relname, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
UNION ALL SELECT CASE WHEN typcategory = 'N' THEN 'number' ELSE 'other' END, relname, attname
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_type t ON t.oid = atttypid
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND typname <> 'bool'
    AND typcategory <> 'D'
UNION ALL SELECT 'not null', relname, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND attnotnull
    AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary AND attnum = ANY (indkey))
UNION ALL SELECT CASE WHEN indisunique THEN 'key' ELSE 'index' END, c.relname, a.attname
    FROM pg_index JOIN pg_class c ON c.oid = indrelid JOIN pg_attribute a ON attrelid = c.oid AND attnum = indkey[0]
    WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT 'foreign key ' || confdeltype::text, conrelid::regclass::text, confrelid::regclass::text
    FROM pg_constraint WHERE contype = 'f'
UNION ALL SELECT 'default', relname, replace(replace(split_part(pg_get_expr(adbin, adrelid), '::', 1), 'true', '1'),
    'false', '0') FROM pg_attrdef JOIN pg_class c ON c.oid = adrelid
"""
_SQLITE = """
SELECT 'table', name, '' FROM sqlite_master WHERE type IN ('table', 'view')
UNION ALL SELECT 'column', m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'
UNION ALL SELECT CASE WHEN c.type = 'INTEGER' THEN 'number' ELSE 'other' END, m.name, c.name
    FROM sqlite_master m, pragma_table_info(m.name) c
    WHERE m.type = 'table' AND c.name NOT IN ('active', 'joined')
UNION ALL SELECT 'not null', m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c
    WHERE m.type = 'table' AND c."notnull" AND NOT c.pk
UNION ALL SELECT CASE WHEN i."unique" THEN 'key' ELSE 'index' END, m.name, k.name
    FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) k
UNION ALL SELECT 'key', m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c
    WHERE m.type = 'table' AND c.pk
UNION ALL SELECT 'foreign key ' || CASE f.on_delete WHEN 'CASCADE' THEN 'c' ELSE 'a' END, m.name, f."table"
    FROM sqlite_master m, pragma_foreign_key_list(m.name) f
UNION ALL SELECT 'default', m.name, c.dflt_value FROM sqlite_master m, pragma_table_info(m.name) c
    WHERE c.dflt_value IS NOT NULL
"""


@dataclass(frozen=True)
class Catalogs:
    postgres: set[tuple[object, ...]]
    sqlite: set[tuple[object, ...]]


def run(example: Example, postgres: PostgresEngine) -> Catalogs:
    def scripts(folder: str) -> list[str]:
        return [file.data.decode() for file in example.files if file.name.startswith(folder) and ".up." in file.name]

    with database("PostgreSQL", postgres) as lent:
        for script in scripts("postgres/"):
            assert lent.run(script) is None
        assert isinstance(lent, Postgres)
        said = set(lent.query(_POSTGRES))
    connection = sqlite3.connect(":memory:")
    for script in scripts("sqlite/"):
        connection.executescript(script)
    return Catalogs(said, set(connection.execute(_SQLITE)))


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_what_a_page_calls_different_is_different_on_the_engines(example: Example, postgres: PostgresEngine) -> None:
    found = run(example, postgres)
    different = found.postgres ^ found.sqlite
    assert bool(different) == (example.side == "Bad"), different
