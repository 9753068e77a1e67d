"""Statements that change rows of PostgreSQL, as one or several of SQLite."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.port.expressions import TranslationError, parsed, translate_statement
from miglint.port.sqlite_objects import own_name
from miglint.port.trees import Node
from miglint.port.value_kinds import ValueKinds
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Name, Operation, Truncate
from miglint.writer.words import literal


def row_statements(
    text: str, operations: tuple[Operation, ...], schema: Schema, here: Schema, kinds: ValueKinds
) -> list[str]:
    """Return a statement as those of SQLite. Raises `TranslationError`.

    `schema` is that of PostgreSQL before it, `here` that of SQLite.
    """
    emptied = [operation for operation in operations if isinstance(operation, Truncate)]
    if emptied and len(emptied) == len(operations):
        return [*_emptied(emptied, schema, here)]
    return [translate_statement(part, Dialect.POSTGRES, kinds=kinds) for part in _parts(text)]


def _emptied(operations: list[Truncate], schema: Schema, here: Schema) -> Iterator[str]:
    """Yield the deletion of all rows of tables, with CASCADE after those that refer to them."""
    keys = {relation_key(item.table, Dialect.POSTGRES): item for item in operations}
    restarted = any(item.restart_identity for item in operations)
    cascades = any(item.cascade for item in operations)
    for key in (key for key in _with_users([*keys], schema) if cascades or key in keys):
        name = Name(None, key.name)
        yield f"DELETE FROM {own_name(name)}"
        table = here.table(relation_key(name, Dialect.SQLITE))
        if restarted and table is not None and any(column.autoincrement for column in table.columns.values()):
            yield f"DELETE FROM sqlite_sequence WHERE name = {literal(table.name.name)}"


def _with_users(keys: list[Key], schema: Schema) -> list[Key]:
    """Return tables and all that refer to them, each behind those that refer to it where that can be."""
    found: dict[Key, None] = {}
    waiting = [(key, False) for key in keys]
    seen: set[Key] = set()
    while waiting:
        key, is_due = waiting.pop()
        if is_due:
            found[key] = None
        elif key not in seen:
            seen.add(key)
            waiting.append((key, True))
            waiting += ((other, False) for other, table in schema.users(key, Table) if _refers(table, key))
    return [*found]


def _refers(table: Table, key: Key) -> bool:
    """Return whether a table has a foreign key to another."""
    targets = (item.table for item in table.constraints.values())
    return any(target is not None and relation_key(target, Dialect.POSTGRES) == key for target in targets)


def _parts(text: str) -> list[str]:
    """Return a statement, or the two that it is on SQLite: `WITH` moves rows, and then they are deleted."""
    from sqlglot import exp

    if not text.lstrip("( \n\t").upper().startswith("WITH"):
        return [text]
    tree = parsed(text, Dialect.POSTGRES)
    changing = [item for item in tree.find_all(exp.CTE) if isinstance(item.this, (exp.Insert, exp.Update, exp.Delete))]
    if not changing:
        return [text]
    cte = changing[0]
    deletion = cte.this
    returned = deletion.args.get("returning")
    if (
        len(changing) > 1
        or not isinstance(deletion, exp.Delete)
        or deletion.args.get("using")
        or returned is None
        or not isinstance(tree, (exp.Insert, exp.Update, exp.Delete))
        or _meets(tree, deletion)
    ):
        raise TranslationError("a WITH query that changes rows has no equivalent")
    query = exp.Select(expressions=[item.copy() for item in returned.expressions]).from_(deletion.this.copy())
    where = deletion.args.get("where")
    if where is not None:
        query = query.where(where.this.copy())
    deletion.set("returning", None)
    cte.this.replace(query)
    return [tree.sql(dialect="postgres"), deletion.sql(dialect="postgres")]


def _meets(tree: Node, deletion: Node) -> bool:
    """Return whether a statement changes what the deletion beside it looks at."""
    from sqlglot import exp

    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    names = {one.name.lower() for one in deletion.find_all(exp.Table)}
    return not isinstance(target, exp.Table) or target.name.lower() in names
