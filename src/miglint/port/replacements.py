"""`INSERT OR REPLACE` of SQLite as `ON CONFLICT ... DO UPDATE`, where one key decides which row is replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from miglint.base.structs import Struct, field
from miglint.port.trees import Node, TranslationError
from miglint.schema.depends import relation_key
from miglint.schema.objects import Index, Table
from miglint.schema.value import Schema


class ReplacedTable(Struct, frozen=True):
    """The columns that a statement can write, and the keys that rows are replaced by, in lower case."""

    columns: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...] = ()


class ReplacedTables(Struct, frozen=True):
    """Tables by their names in lower case."""

    tables: Mapping[str, ReplacedTable] = field(default_factory=dict)


NO_TABLES = ReplacedTables()


def replaced_tables(schema: Schema) -> ReplacedTables:
    """Return the tables of a schema of SQLite, with their keys."""
    found = {}
    for key, table in schema.items():
        if not isinstance(table, Table) or table.assumed:
            continue
        keys = [item.columns for item in table.constraints.values() if item.kind in ("primary", "unique")]
        for _, index in schema.users(relation_key(table.name, schema.dialect), Index):
            if index.unique and index.constraint is None:
                keys.append(tuple(element.column or "" for element in index.elements))
        columns = tuple(item.name.lower() for item in table.columns.values() if not item.generated)
        found[key.name] = ReplacedTable(columns, tuple(tuple(map(str.lower, names)) for names in keys))
    return ReplacedTables(found)


def with_replacements(tree: Node, known: ReplacedTables) -> Node:
    """Return a tree without `OR REPLACE`, and without the words for what PostgreSQL does anyway.

    Raises `TranslationError`.
    """
    from sqlglot import exp

    for node in tree.find_all(exp.Insert):
        action = str(node.args.get("alternative") or "").upper()
        if action in ("ABORT", "FAIL", "ROLLBACK"):
            # An error ends the script in PostgreSQL, and its transaction.
            node.set("alternative", None)
        elif action == "REPLACE":
            _replace(node, known)
    return tree


def _replace(node: Node, known: ReplacedTables) -> None:
    from sqlglot import exp

    target = node.this.this if isinstance(node.this, exp.Schema) else node.this
    table = known.tables.get(target.name.lower())
    listed: Sequence[str] = (
        [item.name.lower() for item in node.this.expressions] if isinstance(node.this, exp.Schema) else ()
    )
    columns = listed or (() if table is None else table.columns)
    if table is None or len(table.keys) != 1 or not set(table.keys[0]) <= set(columns):
        raise TranslationError("INSERT OR REPLACE has no equivalent where it is not known which key decides")
    key = table.keys[0]
    changes: list[Node] = []
    for name in table.columns:
        if name not in key:
            value = exp.column(name, table="EXCLUDED") if name in columns else exp.var("DEFAULT")
            changes.append(exp.EQ(this=exp.column(name), expression=value))
    node.set("alternative", None)
    keys = [exp.to_identifier(name) for name in key]
    action = exp.var("DO UPDATE") if changes else exp.var("DO NOTHING")
    node.set("conflict", exp.OnConflict(action=action, expressions=changes, conflict_keys=keys))
