"""The SQL that a rollback lacks for a difference, with the names filled in."""

from __future__ import annotations

from itertools import zip_longest

from miglint.base.model import Dialect
from miglint.replay.steps import Step
from miglint.rules.support.clauses import acting, subject
from miglint.rules.support.near_names import NearNames
from miglint.rules.support.sql_text import ident, literal, qualified
from miglint.schema.change import Change
from miglint.schema.objects import Absent, Enum, Index, Key, Routine, SchemaObject, Table, View
from miglint.schema.outcome import Failure, OperationOutcome
from miglint.sql.operations import Column, Name

# Kinds of objects whose `DROP` names the table that they belong to.
_ON_TABLE = frozenset({"trigger", "policy", "rule"})
_REBUILD = "SQLite cannot change this in place: in the rollback, create the table anew, copy the rows, and rename it."


def _relation(step: Step, key: Key) -> str:
    """Return the name of a relation, with its schema where that is not the default one."""
    default = "public" if step.migration.dialect is Dialect.POSTGRES else "main"
    value = step.before.find(key) or step.after.find(key)
    name = getattr(value, "name", None)
    text = name.name if isinstance(name, Name) else name if isinstance(name, str) else key.name
    return qualified(Name(None if key.schema in ("", default) else key.schema, text))


def _is_constraint(change: Change) -> bool:
    return change.part is not None and change.what not in ("column", "attribute", "enum value", "label")


def how_to_restore(step: Step, change: Change) -> str:
    """Return what to add to the rollback, or to change in it."""
    if not change.counts and change.aspect == "column order":
        return (
            "Statements that name their columns are unaffected; `SELECT *` and `INSERT` without a column list are not."
        )
    if change.kind == "extra":
        return f"Add to the rollback: `{_drop(step, change)}`"
    if change.kind == "missing":
        return _make_again(step, change)
    if change.kind == "renamed":
        return _rename_back(step, change)
    return _change_back(step, change)


def _drop(step: Step, change: Change) -> str:
    name = _relation(step, change.key)
    guard = " IF EXISTS" if step.migration.dialect is Dialect.POSTGRES else ""
    if change.part is not None:
        word = "CONSTRAINT" if _is_constraint(change) else "COLUMN"
        return f"ALTER TABLE {name} DROP {word}{guard} {ident(change.part)};"
    on = ""
    if change.what in _ON_TABLE and step.migration.dialect is Dialect.POSTGRES:
        on = f" ON {ident(change.key.owner)}"
    if change.what in _ON_TABLE:
        name = ident(change.key.name)
    words = {"enum": "TYPE", "composite type": "TYPE", "range type": "TYPE"}.get(change.what, change.what.upper())
    if change.key.space == "routine":
        name = change.key.name
    return f"DROP {words} IF EXISTS {name}{on};"


def presumed(step: Step, change: Change) -> bool:
    """Return whether only the rollback names the object: no file creates it."""
    rollback = step.rollback
    return rollback is not None and any(
        item.key == change.key and (item.name or None) == change.part and not isinstance(item.value, Absent)
        for item in rollback.assumptions
    )


def _make_again(step: Step, change: Change) -> str:
    if _still_there(step, change) or presumed(step, change):
        return "Drop in the rollback only what the forward created."
    name, definition = _relation(step, change.key), change.before
    if change.part is not None:
        constraint = _is_constraint(change)
        if constraint and step.migration.dialect is Dialect.SQLITE:
            return _REBUILD
        what = f"{'CONSTRAINT' if constraint else 'COLUMN'} {ident(change.part)}"
        return f"Add to the rollback: `ALTER TABLE {name} ADD {what} {definition or '...'};`"
    if definition is None or definition.endswith("..."):
        return "Create it again in the rollback, as the migration that first created it did."
    create = _create(step.before.find(change.key), name, definition)
    if create is None:
        return f"Create it again in the rollback: it was `{definition}`."
    return f"Add to the rollback: `{create};`"


def _create(value: SchemaObject | None, name: str, definition: str) -> str | None:
    match value:
        case Table():
            return f"CREATE TABLE {name} {definition}"
        case Index(unique=True):
            return f"CREATE UNIQUE INDEX {name} {definition[7:]}"
        case Index():
            return f"CREATE INDEX {name} {definition}"
        case View(materialized=True):
            return f"CREATE MATERIALIZED VIEW {name} AS {definition}"
        case View():
            return f"CREATE VIEW {name} AS {definition}"
        case Enum():
            return f"CREATE TYPE {name} AS {definition}"
        case _:
            return None


def _still_there(step: Step, change: Change) -> bool:
    """Return whether the forward left the object alone, so that the rollback removed it."""
    value = step.after.find(change.key)
    if change.part is None or value is None:
        return value is not None
    return any(change.part in (getattr(value, name, None) or ()) for name in ("columns", "constraints"))


def _rename_back(step: Step, change: Change) -> str:
    if change.part is not None:
        # Both names come with their table: `name on table`, `table.name`.
        new = (change.after or "").split(" on ")[0].rsplit(".", 1)[-1]
        word = "CONSTRAINT" if _is_constraint(change) else "COLUMN"
        table = _relation(step, change.key)
        return f"Add to the rollback: `ALTER TABLE {table} RENAME {word} {ident(new)} TO {ident(change.part)};`"
    words = {"enum": "TYPE", "composite type": "TYPE"}.get(change.what, change.what.upper())
    return f"Add to the rollback: `ALTER {words} {change.after} RENAME TO {ident(change.key.name)};`"


def _change_back(step: Step, change: Change) -> str:
    if change.aspect == "labels":
        return _labels_back(step, change)
    if step.migration.dialect is Dialect.SQLITE and change.part is not None:
        return _REBUILD
    name = _relation(step, change.key)
    if _is_constraint(change):
        if change.aspect == "validated":
            return "Only whether existing rows are known to satisfy it differs; the constraint is the same."
        constraint = ident(change.part or "")
        return (
            f"In the rollback: `ALTER TABLE {name} DROP CONSTRAINT {constraint}, "
            f"ADD CONSTRAINT {constraint} {change.before};`"
        )
    if change.part is not None:
        return _column_back(step, change, change.part)
    if change.what == "index":
        value = step.before.find(change.key)
        unique = "UNIQUE " if isinstance(value, Index) and value.unique else ""
        body = (change.before or "").removeprefix("UNIQUE ")
        return f"In the rollback: `DROP INDEX {name};`, then `CREATE {unique}INDEX {name} {body};`"
    return (
        f"Restore it in the rollback as it was: `{change.before}`" if change.before else "Restore it in the rollback."
    )


def _labels_back(step: Step, change: Change) -> str:
    name = _relation(step, change.key)
    before = step.before.find(change.key)
    labels = ", ".join(map(literal, before.labels)) if isinstance(before, Enum) else change.before
    return (
        "PostgreSQL cannot remove a label from an enum. In the rollback: rename the type, "
        f"`CREATE TYPE {name} AS ENUM ({labels});`, move its columns over with "
        f"`ALTER COLUMN ... TYPE {name} USING ...::text::{name}`, and drop the renamed type."
    )


def _column_back(step: Step, change: Change, column: str) -> str:
    table = step.before.table(change.key)
    was = table.columns.get(column) if table is not None else None
    action = None if was is None else _column_action(was, change.aspect)
    if action is None:
        return f"Restore the {change.aspect} in the rollback: the column was {change.before or 'not set'}."
    return f"Add to the rollback: `ALTER TABLE {_relation(step, change.key)} ALTER COLUMN {ident(column)} {action};`"


def _column_action(was: Column, aspect: str | None) -> str | None:
    """Return the action of `ALTER COLUMN` that restores one aspect of a column."""
    if aspect in ("type", "collation") and was.type is not None:
        collation = f' COLLATE "{was.collation or "default"}"' if aspect == "collation" else ""
        return f"TYPE {was.type}{collation}"
    if aspect == "default":
        return f"SET DEFAULT {was.default.text}" if was.default is not None else "DROP DEFAULT"
    if aspect == "nullability":
        return "SET NOT NULL" if was.nullable is False else "DROP NOT NULL"
    if aspect == "identity":
        return f"ADD GENERATED {was.identity.upper()} AS IDENTITY" if was.identity else "DROP IDENTITY"
    return None


def first_difference(one: object, two: object) -> tuple[str, str]:
    """Return where two long definitions first differ: the words of queries, the lines of other texts."""
    if isinstance(one, View) and isinstance(two, View) and one.query is not None and two.query is not None:
        return _around(one.query.key, two.query.key)
    lines = [_body(value).splitlines() for value in (one, two)]
    for before, after in zip_longest(*lines, fillvalue=""):
        if before.strip() != after.strip():
            return f"`{before.strip()}`", f"`{after.strip()}`"
    return "other white space", "other white space"


def _around(one: str, two: str) -> tuple[str, str]:
    """Return the words around the first difference of two queries."""
    before, after = one.split(), two.split()
    at = next((place for place, (left, right) in enumerate(zip(before, after, strict=False)) if left != right), 0)
    first = max(at - 2, 0)
    return f"`{' '.join(before[first : at + 3])}`", f"`{' '.join(after[first : at + 3])}`"


def _body(value: object) -> str:
    if isinstance(value, Routine):
        return value.body or value.definition
    return str(getattr(value, "definition", ""))


def how_to_survive(step: Step, event: OperationOutcome, failure: Failure, names: NearNames) -> str:
    """Return what to do about a rollback statement that fails; `names` finds the name that may have been meant."""
    if failure.condition == "dependent_objects_still_exist":
        return (
            "Drop what depends on it first: a rollback undoes the statements of the forward from the last to the first."
        )
    name, part = subject(acting(event.operation, failure.key, failure.part))
    if failure.condition.startswith("undefined_"):
        near = names.find(step.after, name, part, 0.7)
        if near is not None and near != (part or name):
            return f'Did you mean "{near}"?'
        return "It does not exist at this point: correct the name, or delete the statement."
    if failure.condition.startswith("duplicate_"):
        return "It still exists at this point: the forward did not remove it."
    return "Correct the statement, or the order of the statements."
