"""Expressions that PostgreSQL makes again from its own text when a column that they read gets another type.

It prints the check or the index with the casts that the old types need, and reads that text with the new ones: casts
stay where they are needed no more, and a function that is called like a type becomes a cast, or nothing.
"""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.schema.environment import PlainEnvironment, TypesOfColumns
from miglint.schema.objects import Key
from miglint.schema.value import Schema
from miglint.sql.operations import Expression
from miglint.sql.postgres.analysis.environment import UNKNOWN, Relation
from miglint.sql.postgres.analysis.stored.definitions import StoredForm, printable_expression, stored_expression
from miglint.sql.postgres.analysis.stored.printing import column_of, printed, printed_expression


def rebuilt_expression(
    before: Schema, after: Schema, table: Key, written: Expression, target: str = UNKNOWN
) -> Expression | None:
    """Return an expression of a table as it is once it was made again; None where it is as it was, or not known.

    `before` and `after` have the old and the new types of the columns; `target` is the type of its value, if any.
    """
    old = _printable(before, table, written.text, target)
    text = None if old is None else printed(old.form)
    if text is None or text == written.text:
        return None
    new = _printable(after, table, text, target)
    same = _stored(after, table, written.text, target)
    if new is None or same is None or same == _stored(after, table, text, target):
        return None
    return printed_expression(new.form, table.name)


def plain_column(schema: Schema, table: Key, written: Expression) -> str | None:
    """Return the column that an expression of a table is, and nothing more; None for any other."""
    found = _stored(schema, table, written.text, UNKNOWN)
    return None if found is None else column_of(found.form)


def _printable(schema: Schema, table: Key, text: str, target: str) -> StoredForm | None:
    environment = PlainEnvironment(schema)
    found = printable_expression(environment, text, _own(environment, schema, table), target)
    return found if found is not None and found.sure else None


def _stored(schema: Schema, table: Key, text: str, target: str) -> StoredForm | None:
    environment = PlainEnvironment(schema)
    found = stored_expression(environment, text, _own(environment, schema, table), target)
    return found if found is not None and found.sure else None


def _own(environment: PlainEnvironment, schema: Schema, table: Key) -> Relation | None:
    """Return a table, with the last types that its columns were known to have."""
    relation, value = environment.own(table), schema.table(table)
    if relation is None or value is None or not value.outdated:
        return relation
    return replace(relation, columns=TypesOfColumns(value.columns))
