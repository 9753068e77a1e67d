"""Work that is the product of the numbers of statements and of dependent objects is bounded, and said to be."""

from __future__ import annotations

import pytest

from miglint.base.model import Dialect
from miglint.replay.apply import derived, run
from miglint.replay.steps import empty_schema
from miglint.schema.objects import Key
from miglint.schema.outcome import Run
from miglint.sql import postgres

HEIRS = 20
INHERITING = "CREATE TABLE p (a int);" + "".join(f"CREATE TABLE c{i} () INHERITS (p);" for i in range(HEIRS))
PARTED = "CREATE TABLE p (a int) PARTITION BY LIST (a);" + "".join(
    f"CREATE TABLE c{i} PARTITION OF p FOR VALUES IN ({i});" for i in range(HEIRS)
)
VIEWS = "CREATE TABLE p (a int);" + "".join(f"CREATE VIEW c{i} AS SELECT a FROM p;" for i in range(HEIRS))
TABLES = "".join(f"CREATE TABLE c{i} (a int);" for i in range(HEIRS))

PRODUCTS = {
    "columns of children": (INHERITING, "ALTER TABLE p ADD x{i} int;"),
    "columns of partitions": (PARTED, "ALTER TABLE p ADD x{i} int;"),
    "indexes of partitions": (PARTED, "CREATE INDEX x{i} ON p (a);"),
    "defaults": (INHERITING, "ALTER TABLE p ALTER a SET DEFAULT {i};"),
    "types": (INHERITING, "ALTER TABLE p ALTER a TYPE numeric({i});"),
    "names": (PARTED, "ALTER TABLE p RENAME a TO b; ALTER TABLE p RENAME b TO a;"),
    "names in views": (VIEWS, "ALTER TABLE p RENAME a TO b; ALTER TABLE p RENAME b TO a;"),
    "privileges": (TABLES, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO r{i};"),
}


def done(base: str, item: str, count: int, around: str = "{}") -> Run:
    """Run a statement `count` times over some objects."""
    items = around.format("".join(item.replace("{i}", str(number)) for number in range(1, count + 1)))
    return run(empty_schema(Dialect.POSTGRES, closed=True), postgres.parse(base + items))


PLACES = {name: (*product, "{}") for name, product in PRODUCTS.items()}
PLACES["in a block"] = (INHERITING, "ALTER TABLE p ADD x{i} int;", "DO $$ BEGIN {} END $$;")


@pytest.mark.parametrize(("base", "item", "around"), PLACES.values(), ids=PLACES)
def test_products_are_bounded(monkeypatch, base, item, around):
    monkeypatch.setattr(derived, "MOST_DERIVED", 5 * HEIRS)
    few = done(base, item, 2, around)
    assert not few.lost
    assert few.failed is None
    assert few.schema.find(Key("relation", "public", "c0")) is not None
    many = done(base, item, 12, around)
    assert many.lost
    assert [reason for reason in many.unknown if "100 changes of child tables" in reason]
    # Of what was changed beyond the bound nothing is known, and no error is said for certain.
    assert many.failed is None


def test_statements_on_one_object_each_are_not_counted(monkeypatch):
    monkeypatch.setattr(derived, "MOST_DERIVED", 5 * HEIRS)
    found = done("CREATE TABLE p (a int);", "ALTER TABLE p ADD x{i} int; CREATE INDEX i{i} ON p (x{i});", 60)
    assert found.failed is None
    assert not found.lost
