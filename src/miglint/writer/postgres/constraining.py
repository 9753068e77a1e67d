"""Constraints that are added to tables with rows: whole, `NOT VALID`, or not at all where rows do not meet them."""

from __future__ import annotations

from miglint.schema.objects import Key, Part, Table
from miglint.sql.operations import Column, Constraint, Expression
from miglint.writer import tables
from miglint.writer.postgres import guards
from miglint.writer.postgres.drafting import Drafting, Text, alter_table, own_name
from miglint.writer.postgres.graph import Item
from miglint.writer.row_sentences import not_added, not_validated
from miglint.writer.words import identifier


def has_value(column: Column) -> bool:
    """Return whether a column that is added gets a value in the rows that there are."""
    if column.identity or column.serial or column.generated:
        return True
    return column.default is not None and column.default.key.lower() != "null"


def added_constraint(draft: Drafting, item: Item, table: Table) -> list[Text]:
    """Return the statement that adds a constraint to a table, and passes where rows may not meet it."""
    assert item.part is not None
    constraint = table.constraints[item.part.name]
    body = f"{alter_table(item.key, table)} ADD {tables.constraint(constraint)};"
    own, label_ = own_name(item.key, table), identifier(item.part.name)
    no = guards.no_constraint(item.key, item.part.name)
    if constraint.kind == "foreign" and _rests_on_rows(draft, constraint):
        draft.with_rows.append(not_added("foreign", label_, own))
        return [guards.attempt(no, body, "invalid_foreign_key OR foreign_key_violation")]
    if draft.plan.makes(Item(item.key)):
        return [guards.block(no, body)]
    made = [column for column in constraint.columns if draft.plan.makes(Item.column(item.key, column))]
    empty = [column for column in made if column in table.columns and not has_value(table.columns[column])]
    same = [column for column in made if _is_constant(table.columns.get(column))]
    if constraint.kind == "primary" and empty:
        draft.with_rows.append(not_added("primary", label_, own))
        nulls = " OR ".join(f"{identifier(column)} IS NULL" for column in empty)
        return [guards.block(f"{no} AND NOT EXISTS (SELECT FROM {own} WHERE {nulls})", body)]
    if constraint.kind in ("primary", "unique") and same and len(same) == len(constraint.columns):
        draft.with_rows.append(not_added(constraint.kind, label_, own))
        return [guards.attempt(no, body, "unique_violation")]
    if constraint.kind == "check" and empty and _asks_for_null(constraint.expression) and constraint.validated:
        draft.with_rows.append(not_validated("check", label_, own))
        return [guards.attempt(no, body, "check_violation", body.removesuffix(";") + " NOT VALID;")]
    lost = _refers_to_lost_rows(draft, item, constraint) and len(empty) < len(constraint.columns)
    return [_validated_or_not(draft, item, constraint, body, (label_, own), lost=lost)]


def _validated_or_not(
    draft: Drafting, item: Item, constraint: Constraint, body: str, what: tuple[str, str], *, lost: bool
) -> Text:
    """Return the statement that adds a constraint, NOT VALID where rows may violate it; `lost`: referenced rows are."""
    no = guards.no_constraint(item.key, item.part.name if item.part is not None else "")
    if constraint.kind == "unique" and item.key in draft.rewritten:
        draft.with_rows.append(not_added("unique", *what))
        return guards.attempt(no, body, "unique_violation")
    rewritten = constraint.kind in ("check", "foreign") and constraint.validated and item.key in draft.rewritten
    if not rewritten and not lost:
        return guards.block(no, body)
    draft.with_rows.append(not_validated(constraint.kind, *what))
    error = "check_violation" if constraint.kind == "check" else "foreign_key_violation"
    return guards.attempt(no, body, error, body.removesuffix(";") + " NOT VALID;")


def _rests_on_rows(draft: Drafting, constraint: Constraint) -> bool:
    """Return whether the key that a foreign key refers to is left out where rows do not allow it."""
    assert constraint.table is not None
    target = Key("relation", constraint.table.schema or "public", constraint.table.name)
    table = draft.new.table(target)
    if table is None or draft.plan.makes(Item(target)):
        return False
    for label, key in table.constraints.items():
        is_key = key.kind == "primary" if not constraint.referenced else key.columns == constraint.referenced
        if is_key and key.kind in ("primary", "unique") and draft.plan.makes(Item(target, Part("constraint", label))):
            made = [table.columns[column] for column in key.columns if draft.plan.makes(Item.column(target, column))]
            return any(not has_value(column) or _is_constant(column) for column in made)
    return False


def _refers_to_lost_rows(draft: Drafting, item: Item, constraint: Constraint) -> bool:
    """Return whether a foreign key of a table that stays references one that is created again, without its rows."""
    if constraint.kind != "foreign" or constraint.table is None or not constraint.validated:
        return False
    target = Key("relation", constraint.table.schema or "public", constraint.table.name)
    return draft.plan.makes(Item(target)) and draft.old.table(item.key) is not None


def _is_constant(column: Column | None) -> bool:
    return column is not None and column.default is not None and column.default.literal is not None


def _asks_for_null(expression: Expression | None) -> bool:
    return expression is not None and "null" in expression.key.lower()
