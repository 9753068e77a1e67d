"""Generate a folder of migrations like those of real projects: any number of files, deterministically by seed.

The sizes and the mix of statements follow five public projects (2,300 files): half of the files have one statement and
less than 300 bytes, one in ten more than ten statements, one in a hundred more than 15 kB; three in five statements
are about columns and indexes. The layout is golang-migrate's: `000001_name.up.sql` and `000001_name.down.sql`.

    python benchmarks/generate.py FOLDER [FILES] [SEED]
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


def _words(text: str) -> list[str]:
    return text.split()


_NOUNS = _words(
    """
    account address alert attachment audit badge ban batch booking campaign card cart category channel comment
    company contact contract coupon credential customer delivery device discount document domain event export feed
    file filter flag folder gateway grade grant guest hook image import invite invoice issue item job key label lead
    ledger license line link list location log lot mail member menu message metric milestone note notice offer order
    owner package page parcel payment permission person plan player policy post price product profile project proof
    queue quota quote rate reaction receipt record refund region relation reminder report request review role room
    route rule schedule score secret session setting share shift site slot source stage stat step stock store stream
    subscription task team template tenant term thread ticket token topic transfer trip unit upload user vendor
    version visit vote wallet
    """
)
_PREFIXES = ("", "", "app_", "billing_", "core_", "crm_", "ops_", "public_", "site_", "sync_", "sys_", "user_")
_TYPES = (
    ("bigint", "0"),
    ("boolean", "false"),
    ("integer", "0"),
    ("jsonb", "'{}'::jsonb"),
    ("numeric(12, 2)", "0"),
    ("text", "''"),
    ("timestamp with time zone", "now()"),
    ("timestamptz", "CURRENT_TIMESTAMP"),
    ("uuid", "gen_random_uuid()"),
    ("varchar(255)", "''"),
    ("varchar(64)", "'none'"),
)
_FIELDS = _words(
    """
    active amount body city code color content country created_by currency data deleted_at description due_at email
    enabled ended_at expires_at external_id first_name hash height icon ip kind language last_name last_seen_at
    locale locked metadata mime name number parent_id payload phone position priority published quantity rank reason
    ref score secret size slug started_at state status street summary tags tax timezone title total updated_by url
    username uuid value verified visible weight width zip
    """
)
_REMARK = """-- The rows of {table} that were written before this change keep the old values: the application
-- treats both alike until the next release, and a job fills in what is missing.
"""
_LABELS = _words(
    """
    active archived cancelled closed draft failed new open paid pending queued ready rejected running sent
    """
)

_PLPGSQL = """CREATE OR REPLACE FUNCTION {name}() RETURNS TRIGGER
LANGUAGE plpgsql
AS $$
BEGIN
    IF (TG_OP = 'DELETE') THEN
        UPDATE {other} SET {field} = {field} WHERE id = OLD.id;
    ELSIF (TG_OP = 'INSERT' AND NEW.id IS NOT NULL) THEN
        UPDATE {other} SET {field} = {field} WHERE id = NEW.id;
{more}    END IF;
    RETURN NULL;
END $$;
"""
_GUARD = """DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = '{name}') THEN
        ALTER TABLE {table} ADD CONSTRAINT {name} {rest};
    END IF;
END $$;
"""


@dataclass
class _Table:
    name: str
    columns: dict[str, str]
    indexes: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)


@dataclass
class _Model:
    """The schema so far, so that what is written runs."""

    random: random.Random
    tables: list[_Table] = field(default_factory=list)
    enums: list[tuple[str, list[str]]] = field(default_factory=list)
    number: int = 0

    def unique(self) -> int:
        self.number += 1
        return self.number

    def table(self) -> _Table:
        # Most migrations are about the tables of the last months, some about the oldest ones.
        near = self.tables[-40:] if self.random.random() < 0.7 else self.tables
        return self.random.choice(near)

    def chance(self, share: float) -> bool:
        return self.random.random() < share


_Pair = tuple[str, str, str]
"""The name of a migration, its forward, its rollback."""


def _column(model: _Model, table: _Table) -> tuple[str, str, str]:
    name = model.random.choice(_FIELDS)
    if name in table.columns:
        name = f"{name}_{model.unique()}"
    kind, default = model.random.choice(_TYPES)
    rest = model.random.choice(("", "", " NOT NULL", f" DEFAULT {default}", f" NOT NULL DEFAULT {default}"))
    return name, kind, rest


def _create_table(model: _Model) -> _Pair:
    rng = model.random
    noun = rng.choice(_NOUNS)
    name = f"{rng.choice(_PREFIXES)}{noun}"
    if any(table.name == name for table in model.tables):
        name = f"{name}_{model.unique()}"
    table = _Table(name, {"id": "bigint"})
    lines = [rng.choice(("id BIGSERIAL PRIMARY KEY", "id uuid PRIMARY KEY", "id serial PRIMARY KEY"))]
    for _ in range(rng.choice((3, 4, 5, 6, 8, 10, 14))):
        column, kind, rest = _column(model, table)
        table.columns[column] = kind
        lines.append(f"{column} {kind}{rest}")
    if model.tables and model.chance(0.6):
        other = model.table()
        column = f"{other.name}_id"
        table.columns[column] = "bigint"
        action = rng.choice(("", " ON DELETE CASCADE", " ON UPDATE CASCADE ON DELETE CASCADE"))
        lines.append(f"{column} BIGINT NOT NULL REFERENCES {other.name}(id){action}")
    lines.append("created_at timestamptz NOT NULL DEFAULT now()")
    table.columns["created_at"] = "timestamptz"
    if model.chance(0.3):
        column = rng.choice(list(table.columns))
        lines.append(f"UNIQUE ({column})")
    guard = "IF NOT EXISTS " if model.chance(0.4) else ""
    forward = f"CREATE TABLE {guard}{name} (\n    " + ",\n    ".join(lines) + "\n);\n"
    if model.chance(0.4):
        column = rng.choice(list(table.columns))
        forward += f"\nCREATE INDEX {name}_{column}_idx ON {name} ({column});\n"
        table.indexes.append(f"{name}_{column}_idx")
    model.tables.append(table)
    return f"create_{name}", forward, f"DROP TABLE {'IF EXISTS ' if model.chance(0.5) else ''}{name};\n"


def _add_column(model: _Model) -> _Pair:
    table = model.table()
    column, kind, rest = _column(model, table)
    table.columns[column] = kind
    guarded = model.chance(0.3)
    forward = f"ALTER TABLE {table.name} ADD COLUMN {'IF NOT EXISTS ' if guarded else ''}{column} {kind}{rest};\n"
    rollback = f"ALTER TABLE {table.name} DROP COLUMN {'IF EXISTS ' if guarded else ''}{column};\n"
    return f"{table.name}_{column}", forward, rollback


def _drop_column(model: _Model) -> _Pair:
    table = model.table()
    free = [name for name in table.columns if name in _FIELDS]
    if not free:
        return _add_column(model)
    column = model.random.choice(free)
    kind = table.columns.pop(column)
    rollback = f"ALTER TABLE {table.name} ADD COLUMN {column} {kind};\n"
    return f"drop_{table.name}_{column}", f"ALTER TABLE {table.name} DROP COLUMN {column};\n", rollback


def _create_index(model: _Model) -> _Pair:
    rng = model.random
    table = model.table()
    columns = rng.sample(list(table.columns), min(len(table.columns), rng.choice((1, 1, 2, 3))))
    name = f"idx_{table.name}_{'_'.join(columns)}"[:52]
    if name in table.indexes:
        name = f"{name}_{model.unique()}"
    table.indexes.append(name)
    kind = "UNIQUE INDEX" if model.chance(0.15) else "INDEX"
    how = rng.choice(("", "", "IF NOT EXISTS ", "CONCURRENTLY "))
    method = " USING btree" if model.chance(0.2) else ""
    where = f" WHERE {columns[0]} IS NOT NULL" if model.chance(0.15) else ""
    order = " DESC" if model.chance(0.2) else ""
    forward = f"CREATE {kind} {how}{name} ON {table.name}{method} ({', '.join(columns)}{order}){where};\n"
    return f"index_{table.name}", forward, f"DROP INDEX {'IF EXISTS ' if model.chance(0.5) else ''}{name};\n"


def _drop_index(model: _Model) -> _Pair:
    table = model.table()
    if not table.indexes:
        return _create_index(model)
    name = table.indexes.pop()
    column = next(iter(table.columns))
    return f"drop_{name}", f"DROP INDEX IF EXISTS {name};\n", f"CREATE INDEX {name} ON {table.name} ({column});\n"


def _add_constraint(model: _Model) -> _Pair:
    rng = model.random
    table, other = model.table(), model.table()
    column = rng.choice(list(table.columns))
    name = f"{table.name}_{column}_{rng.choice(('check', 'key', 'fkey'))}_{model.unique()}"
    rest = rng.choice(
        (
            f"UNIQUE ({column})",
            f"CHECK ({column} IS NOT NULL)",
            f"FOREIGN KEY ({column}) REFERENCES {other.name} (id) ON DELETE CASCADE",
            f"FOREIGN KEY ({column}) REFERENCES {other.name} (id) NOT VALID",
        )
    )
    if model.chance(0.2):
        forward = _GUARD.format(name=name, table=table.name, rest=rest)
    else:
        forward = f"ALTER TABLE {table.name} ADD CONSTRAINT {name} {rest};\n"
    rollback = f"ALTER TABLE {table.name} DROP CONSTRAINT {'IF EXISTS ' if model.chance(0.5) else ''}{name};\n"
    return f"constraint_{table.name}", forward, rollback


def _alter_column(model: _Model) -> _Pair:
    table = model.table()
    column = model.random.choice(list(table.columns))
    start = f"ALTER TABLE {table.name} ALTER COLUMN {column}"
    forward, rollback = model.random.choice(
        (
            (f"{start} SET NOT NULL", f"{start} DROP NOT NULL"),
            (f"{start} DROP NOT NULL", f"{start} SET NOT NULL"),
            (f"{start} SET DEFAULT NULL", f"{start} DROP DEFAULT"),
            (f"{start} TYPE text", f"{start} TYPE {table.columns[column]}"),
        )
    )
    return f"alter_{table.name}_{column}", f"{forward};\n", f"{rollback};\n"


def _rename_column(model: _Model) -> _Pair:
    table = model.table()
    free = [name for name in table.columns if name in _FIELDS]
    if not free:
        return _alter_column(model)
    old = model.random.choice(free)
    new = f"{old}_{model.unique()}"
    table.columns = {new if name == old else name: kind for name, kind in table.columns.items()}
    start = f"ALTER TABLE {table.name} RENAME COLUMN"
    return f"rename_{table.name}_{old}", f"{start} {old} TO {new};\n", f"{start} {new} TO {old};\n"


def _rename_table(model: _Model) -> _Pair:
    table = model.table()
    old, table.name = table.name, f"{table.name}_{model.unique()}"
    forward = f"ALTER TABLE {old} RENAME TO {table.name};\n"
    return f"rename_{old}", forward, f"ALTER TABLE {table.name} RENAME TO {old};\n"


def _update(model: _Model) -> _Pair:
    table = model.table()
    column = model.random.choice(list(table.columns))
    where = model.random.choice((f" WHERE {column} IS NULL", "", f" WHERE {column} = ''"))
    forward = f"UPDATE {table.name} SET {column} = DEFAULT{where};\n"
    return f"backfill_{table.name}_{column}", forward, f"UPDATE {table.name} SET {column} = NULL{where};\n"


def _insert(model: _Model) -> _Pair:
    table = model.table()
    columns = [name for name in list(table.columns)[:3] if name != "created_at"]
    rows = [
        "(" + ", ".join(f"'{model.random.choice(_LABELS)}-{row}'" for _ in columns) + ")"
        for row in range(model.random.choice((1, 1, 2, 5, 20)))
    ]
    end = " ON CONFLICT DO NOTHING" if model.chance(0.4) else ""
    forward = f"INSERT INTO {table.name} ({', '.join(columns)})\nVALUES " + ",\n    ".join(rows) + f"{end};\n"
    return f"seed_{table.name}", forward, f"DELETE FROM {table.name} WHERE {columns[-1]} LIKE '%-%';\n"


def _view(model: _Model) -> _Pair:
    rng = model.random
    first, second = model.table(), model.table()
    name = f"{first.name}_view_{model.unique()}"
    outputs = [f"a.{column} AS a_{column}" for column in first.columns]
    outputs += [f"b.{column} AS b_{column}" for column in second.columns]
    outputs += [f"coalesce(a.{column}, b.id) AS c_{number}" for number, column in enumerate(list(first.columns)[:3])]
    kind = "MATERIALIZED VIEW" if model.chance(0.15) else "VIEW"
    listed = ",\n    ".join(outputs)
    query = f"SELECT\n    {listed}\nFROM {first.name} a\nLEFT JOIN {second.name} b ON a.id = b.id\n"
    if model.chance(0.4):
        column = rng.choice(list(first.columns))
        query += f"WHERE a.{column} IN (SELECT {column} FROM {first.name} GROUP BY {column} HAVING count(*) > 1)\n"
    return f"view_{first.name}", f"CREATE {kind} {name} AS\n{query};\n", f"DROP {kind} {name};\n"


def _function(model: _Model) -> _Pair:
    table, other = model.table(), model.table()
    name = f"{table.name}_changed_{model.unique()}"
    fields = list(other.columns)
    more = "".join(
        f"        UPDATE {other.name} SET {column} = NULL WHERE id = NEW.id AND {column} IS NOT NULL;\n"
        for column in fields[: model.random.choice((0, 1, 3, 6, 10))]
    )
    forward = _PLPGSQL.format(name=name, other=other.name, field=fields[-1], more=more)
    forward += f"\nCREATE TRIGGER {name}\n    AFTER INSERT OR UPDATE OR DELETE ON {table.name}\n"
    forward += f"    FOR EACH ROW EXECUTE PROCEDURE {name}();\n"
    rollback = f"DROP TRIGGER IF EXISTS {name} ON {table.name};\nDROP FUNCTION IF EXISTS {name}();\n"
    return f"trigger_{table.name}", forward, rollback


def _enum(model: _Model) -> _Pair:
    rng = model.random
    if model.enums and model.chance(0.4):
        name, labels = rng.choice(model.enums)
        label = f"{rng.choice(_LABELS)}_{model.unique()}"
        labels.append(label)
        guard = "IF NOT EXISTS " if model.chance(0.6) else ""
        return f"label_{name}", f"ALTER TYPE {name} ADD VALUE {guard}'{label}';\n", "-- a label cannot be removed\n"
    name = f"{rng.choice(_NOUNS)}_kind_{model.unique()}"
    labels = rng.sample(_LABELS, rng.choice((2, 3, 4, 6)))
    model.enums.append((name, labels))
    listed = ", ".join(f"'{label}'" for label in labels)
    return f"enum_{name}", f"CREATE TYPE {name} AS ENUM ({listed});\n", f"DROP TYPE {name};\n"


_KINDS: tuple[tuple[Callable[[_Model], _Pair], int], ...] = (
    (_create_table, 12),
    (_add_column, 20),
    (_drop_column, 5),
    (_create_index, 20),
    (_drop_index, 4),
    (_add_constraint, 11),
    (_alter_column, 9),
    (_rename_column, 6),
    (_rename_table, 1),
    (_update, 8),
    (_insert, 6),
    (_view, 6),
    (_function, 6),
    (_enum, 3),
)
# How many changes one migration makes, and how often: most make one, a few are large.
_CHANGES = ((1, 56), (2, 14), (3, 8), (4, 6), (6, 5), (10, 5), (18, 3), (40, 2), (90, 1))


def pairs(count: int, seed: int = 1) -> list[_Pair]:
    """Return so many migrations, each with its rollback."""
    model = _Model(random.Random(seed))
    kinds = [kind for kind, _ in _KINDS]
    weights = [weight for _, weight in _KINDS]
    made: list[_Pair] = []
    for number in range(count):
        if number < 3:
            changes = [_create_table(model)]
        else:
            many = model.random.choices([size for size, _ in _CHANGES], [often for _, often in _CHANGES])[0]
            changes = [kind(model) for kind in model.random.choices(kinds, weights, k=many)]
        header = f"-- {changes[0][0].replace('_', ' ')}\n" if model.chance(0.25) else ""
        if model.chance(0.15):
            header += _REMARK.format(table=model.table().name)
        forward = header + "\n".join(change[1] for change in changes)
        rollback = "\n".join(change[2] for change in reversed(changes))
        made.append((changes[0][0], forward, rollback))
    return made


def write(folder: Path, files: int, seed: int = 1) -> None:
    """Write so many files (two for each migration) into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, forward, rollback) in enumerate(pairs(files // 2, seed), 1):
        stem = f"{number:06d}_{name[:60]}"
        (folder / f"{stem}.up.sql").write_text(forward, encoding="utf-8", newline="\n")
        (folder / f"{stem}.down.sql").write_text(rollback, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    write(Path(sys.argv[1]), *map(int, sys.argv[2:]))
