"""The SQL that a rollback lacks for a difference, with the names filled in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.replay.steps import Step
from miglint.rules.support.sql_text import ident, literal, qualified
from miglint.rules.support.step_cache import cached_by_step
from miglint.rules.symmetry.checked_help import checked, one_line
from miglint.rules.symmetry.evidence import presumed
from miglint.rules.symmetry.labels import replace_enum
from miglint.rules.symmetry.rebuild import rebuilt_table
from miglint.rules.symmetry.severity import end_of
from miglint.schema.change import Change
from miglint.schema.objects import (
    Comment,
    Composite,
    Enum,
    Index,
    Key,
    Part,
    Policy,
    RewriteRule,
    Routine,
    SchemaObject,
    Table,
    Trigger,
    View,
)
from miglint.schema.sameness import same_default
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Name
from miglint.writer import tables
from miglint.writer.drops import drop, drop_part
from miglint.writer.printer import create, finish
from miglint.writer.renames import Renamed, RenamedColumn, Renames, rename_back, rename_column_back
from miglint.writer.words import UnprintableError, type_name

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


# Longer definitions are not part of a help text.
_LONGEST = 800
_ELSEWHERE = "Create it again in the rollback, as the migration that first created it did."


_DROP_IT, _AS_BEFORE = "Drop it in the rollback", "Restore it in the rollback as it was before"
_ADD, _IN_ROLLBACK = "Add to the rollback:", "In the rollback:"


class OfferedStatements(NamedTuple):
    """Statements that the rollback lacks, and the words before them."""

    lead: str
    texts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.lead} `{' '.join(self.texts)}`"


def how_to_restore(step: Step, changes: Sequence[Change]) -> str:
    """Return what to add to the rollback, or to change in it, for the differences that one finding reports."""
    found = [_suggestion(step, change) for change in changes]
    offered = [item for item in found if isinstance(item, OfferedStatements)]
    if len(offered) != len(found):
        return str(found[0])
    joint = OfferedStatements(offered[0].lead, tuple(dict.fromkeys(text for item in offered for text in item.texts)))
    if len(str(joint)) > _LONGEST:
        joint, changes = offered[0], changes[:1]
    try:
        texts = tuple(checked(step, changes, joint.texts))
    except UnprintableError as problem:
        if changes[0].part is not None and step.migration.dialect is Dialect.SQLITE:
            return _rebuild(step, changes[0].key)
        if changes[0].kind == "extra":
            return f"{_DROP_IT}, after what depends on it: {problem}."
        return f"{_AS_BEFORE}, with what it needs; alone that fails: {problem}."
    if len(" ".join(texts)) > _LONGEST or any("`" in text for text in texts):
        return {"extra": f"{_DROP_IT}.", "missing": _ELSEWHERE}.get(changes[0].kind, f"{_AS_BEFORE}.")
    return str(OfferedStatements(joint.lead, texts))


def _suggestion(step: Step, change: Change) -> OfferedStatements | str:
    if not change.counts and change.aspect == "column order":
        return (
            "Statements that name their columns are unaffected; `SELECT *` and `INSERT` without a column list are not."
        )
    try:
        renamed = _rename_back(step, change) if change.kind != "changed" else None
        if renamed is not None:
            return f"{_ADD} `{renamed}`"
        if change.kind == "extra":
            return OfferedStatements(_ADD, (_drop(step, change),))
        if change.kind in ("missing", "renamed"):
            return _make_again(step, change)
        return _change_back(step, change)
    except UnprintableError as problem:
        if change.part is not None and step.migration.dialect is Dialect.SQLITE:
            return _rebuild(step, change.key)
        return f"{_DROP_IT if change.kind == 'extra' else _AS_BEFORE}: {problem}."


def _part(change: Change) -> Part | None:
    if change.part is None:
        return None
    return Part("constraint" if _is_constraint(change) else "column", change.part)


def _drop(step: Step, change: Change) -> str:
    part = _part(change)
    return drop(end_of(step), change.key) if part is None else drop_part(end_of(step), change.key, part)


@cached_by_step
def _renames(step: Step) -> tuple[tuple[Renamed, ...], tuple[RenamedColumn, ...]]:
    found = Renames(step.forward.moments)
    return tuple(found.relations()), tuple(found.columns())


def _rename_back(step: Step, change: Change) -> str | None:
    """Return the statements that give what the forward renamed its old name back; None for what is no rename."""
    now = end_of(step)
    relations, columns = _renames(step)
    for moved in relations:
        key = moved.new if change.kind == "extra" else moved.old
        if change.part is None and change.key == key and now.find(moved.new) and not now.find(moved.old):
            texts = rename_back(now, moved, _written(step.before, moved.old))
            inner = [column for column in columns if column.relation == moved.new]
            return " ".join((*texts, *_inner_changes(step, moved, inner)))
    for column in columns:
        part = column.new if change.kind == "extra" else column.old
        table = now.table(column.relation)
        if (change.key, change.part) == (column.relation, part) and table is not None and column.new in table.columns:
            before = step.before.table(column.relation)
            old = before.columns.get(column.old) if before is not None else None
            name_before = old.name if old is not None else column.old
            text = rename_column_back(now, column, name_before, table.columns[column.new].name)
            own = _relation(step, change.key)
            rest = () if old is None else _column_changes(step, own, old, table.columns[column.new])
            return " ".join((text, *rest))
    return _detected_rename_back(step, change) if change.kind == "renamed" else None


def _inner_changes(step: Step, moved: Renamed, columns: list[RenamedColumn]) -> Iterator[str]:
    """Yield what a table that was renamed needs besides, under its old name."""
    was, now = step.before.table(moved.old), end_of(step).table(moved.new)
    if was is None or now is None or was.assumed or now.assumed:
        return
    own = _relation(step, moved.old)
    names = {column.old: column.new for column in columns}
    gone = {name for name in now.columns if name not in was.columns and name not in names.values()}
    guard = "" if step.migration.dialect is Dialect.SQLITE else "IF EXISTS "
    yield from (f"ALTER TABLE {own} DROP COLUMN {guard}{ident(now.columns[name].name)};" for name in sorted(gone))
    for old, new in names.items():
        if old in was.columns and new in now.columns:
            text = f"RENAME COLUMN {ident(now.columns[new].name)} TO {ident(was.columns[old].name)}"
            yield f"ALTER TABLE {own} {text};"
    for name, column in was.columns.items():
        present = now.columns.get(names.get(name, name))
        if present is not None:
            yield from _column_changes(step, own, column, present)
        elif step.migration.dialect is Dialect.POSTGRES or _can_be_added(column):
            yield f"ALTER TABLE {own} ADD COLUMN {tables.column(step.before, moved.old, was, column)};"
    if step.migration.dialect is Dialect.POSTGRES:
        yield from _constraint_changes(own, was, now, {new: old for old, new in names.items()})


def _constraint_changes(own: str, was: Table, now: Table, names: dict[str, str]) -> Iterator[str]:
    for label, constraint in now.constraints.items():
        touched = any(column not in was.columns and column not in names for column in constraint.columns)
        if label not in was.constraints and not touched:
            yield f"ALTER TABLE {own} DROP CONSTRAINT IF EXISTS {ident(label)};"
    for label, constraint in was.constraints.items():
        if label not in now.constraints:
            yield f"ALTER TABLE {own} ADD {tables.constraint(constraint)};"


def _column_changes(step: Step, own: str, was: Column, now: Column) -> Iterator[str]:
    """Yield the statements that give a column its type, default and nullability back."""
    if step.migration.dialect is Dialect.SQLITE or was.type is None or now.type is None:
        return
    aspects = []
    if was.type != now.type or (was.collation or "default") != (now.collation or "default"):
        aspects.append("collation" if was.collation != now.collation else "type")
    if was.generated is None and now.generated is None and not same_default(was.default, now.default, was.type):
        aspects.append("default")
    if was.nullable is not None and was.nullable != now.nullable:
        aspects.append("nullability")
    for aspect in aspects:
        yield f"ALTER TABLE {own} ALTER COLUMN {ident(was.name)} {_column_action(was, aspect)};"


def _written(schema: Schema, key: Key) -> str:
    own = getattr(schema.find(key), "name", None)
    return own.name if isinstance(own, Name) else key.name


def _detected_rename_back(step: Step, change: Change) -> str | None:
    """Return the statement for an object that one script dropped and created under another name."""
    if change.part is not None:
        if change.part.startswith("#"):
            raise UnprintableError("the constraint has no name")
        # Both names come with their table: `name on table`, `table.name`.
        new = (change.after or "").split(" on ")[0].rsplit(".", 1)[-1]
        word = "CONSTRAINT" if _is_constraint(change) else "COLUMN"
        return f"ALTER TABLE {_relation(step, change.key)} RENAME {word} {ident(new)} TO {ident(change.part)};"
    if change.key.space in ("trigger", "policy", "rule"):
        if step.migration.dialect is Dialect.SQLITE:
            return None
        new = (change.after or "").rpartition(" on ")[0]
        table = qualified(Name(None if change.key.schema == "public" else change.key.schema, change.key.owner))
        return f"ALTER {change.what.upper()} {ident(new)} ON {table} RENAME TO {ident(change.key.name)};"
    if change.key.space not in ("relation", "type") or step.migration.dialect is Dialect.SQLITE:
        return None
    new = (change.after or "").removeprefix(f"{change.key.schema}.")
    words = {"enum": "TYPE", "composite type": "TYPE"}.get(change.what, change.what.upper())
    own = qualified(Name(None if change.key.schema == "public" else change.key.schema, new))
    return f"ALTER {words} {own} RENAME TO {ident(change.key.name)};"


def _make_again(step: Step, change: Change) -> OfferedStatements | str:
    if _still_there(step, change) or presumed(step, change):
        return "Drop in the rollback only what the forward created."
    if change.part is not None:
        return OfferedStatements(_ADD, (_add(step, change, change.part),))
    value = step.before.find(change.key)
    if value is None:
        return _ELSEWHERE
    texts = tuple(_statements(step.before, change.key, value))
    if not texts or sum(map(len, texts)) > _LONGEST or any("`" in text for text in texts):
        return _ELSEWHERE
    return OfferedStatements(_ADD, texts)


def _statements(schema: Schema, key: Key, value: SchemaObject) -> Iterator[str]:
    """Yield what creates an object, with the indexes that go with it, each on one line."""
    texts = [*create(schema, key, value), *finish(schema, key, value)]
    for user, index in schema.users(key, Index):
        texts += create(schema, user, index)
    yield from map(one_line, texts)


def _add(step: Step, change: Change, part: str) -> str:
    table = step.before.table(change.key)
    name = _relation(step, change.key)
    if table is not None and _is_constraint(change) and part in table.constraints:
        if step.migration.dialect is Dialect.SQLITE:
            raise UnprintableError("SQLite cannot add a constraint")
        return f"ALTER TABLE {name} ADD {tables.constraint(table.constraints[part])};"
    if table is None or part not in table.columns:
        composite = step.before.find(change.key)
        if isinstance(composite, Composite) and part in composite.columns:
            kind = composite.columns[part].type
            if kind is not None:
                return f"ALTER TYPE {name} ADD ATTRIBUTE {ident(part)} {type_name(kind, Dialect.POSTGRES)};"
        raise UnprintableError("what it was is not known")
    column = table.columns[part]
    if step.migration.dialect is Dialect.SQLITE and not _can_be_added(column):
        raise UnprintableError("SQLite cannot add such a column")
    return f"ALTER TABLE {name} ADD COLUMN {tables.column(step.before, change.key, table, column)};"


def _can_be_added(column: Column) -> bool:
    """Return whether SQLite can add a column to a table that may have rows."""
    if column.generated == "stored" or column.autoincrement:
        return False
    if column.nullable is False and column.default is None:
        return False
    return column.default is None or column.generated is not None or column.default.literal is not None


def _still_there(step: Step, change: Change) -> bool:
    """Return whether the forward left the object alone, so that the rollback removed it."""
    value = step.after.find(change.key)
    if change.part is None or value is None:
        return value is not None
    return any(change.part in (getattr(value, name, None) or ()) for name in ("columns", "constraints"))


def _change_back(step: Step, change: Change) -> OfferedStatements | str:
    if change.aspect == "labels":
        return _labels_back(step, change)
    if step.migration.dialect is Dialect.SQLITE and change.part is not None:
        return _rebuild(step, change.key)
    name = _relation(step, change.key)
    if _is_constraint(change):
        constraint = ident(change.part or "")
        table = step.before.table(change.key)
        if table is None or change.part is None or change.part not in table.constraints:
            raise UnprintableError("what it was is not known")
        if change.aspect == "triggers":
            return OfferedStatements(_ADD, _triggers_back(step, change, table.constraints[change.part]))
        definition = tables.constraint(table.constraints[change.part])
        return OfferedStatements(_IN_ROLLBACK, (f"ALTER TABLE {name} DROP CONSTRAINT {constraint}, ADD {definition};",))
    if change.part is not None:
        return _column_back(step, change, change.part)
    value = step.before.find(change.key)
    if value is not None and isinstance(value, (Index, Routine, Trigger, Policy, RewriteRule, View, Comment)):
        texts = list(_statements(step.before, change.key, value))
        if not isinstance(value, (Routine, Comment)):
            texts.insert(0, drop(end_of(step), change.key))
        if sum(map(len, texts)) <= _LONGEST and not any("`" in text for text in texts):
            return OfferedStatements(_IN_ROLLBACK, tuple(texts))
    return (
        f"Restore it in the rollback as it was: `{change.before}`" if change.before else "Restore it in the rollback."
    )


def _triggers_back(step: Step, change: Change, was: Constraint) -> tuple[str, ...]:
    """Return the statements that enable or disable the triggers of a foreign key, and all others of the table."""
    now = end_of(step).table(change.key)
    is_now = None if now is None else now.constraints.get(change.part or "")
    other = _relation(step, change.key) if was.table is None else qualified(was.table)
    names = {"own": _relation(step, change.key), "referenced": other}
    texts = []
    for side, name in names.items():
        before, after = (one is not None and one.disabled in (side, "both") for one in (was, is_now))
        if before != after:
            texts.append(f"ALTER TABLE {name} {'DISABLE' if before else 'ENABLE'} TRIGGER ALL;")
    return tuple(texts)


def _rebuild(step: Step, key: Key) -> str:
    try:
        text = " ".join(rebuilt_table(end_of(step), step.before, key))
    except UnprintableError:
        return _REBUILD
    if len(text) > _LONGEST or "`" in text:
        return _REBUILD
    return f"SQLite cannot change this in place. Add to the rollback: `{text}`"


def _labels_back(step: Step, change: Change) -> str:
    name = _relation(step, change.key)
    before = step.before.find(change.key)
    if isinstance(before, Enum):
        texts = replace_enum(end_of(step), change.key, before.labels)
        if texts is not None and sum(map(len, texts)) <= _LONGEST:
            return f"PostgreSQL cannot remove a label from an enum. Add to the rollback: `{' '.join(texts)}`"
    labels = ", ".join(map(literal, before.labels)) if isinstance(before, Enum) else change.before or ""
    labels = labels if len(labels) <= _LONGEST else "that it had"
    return (
        "PostgreSQL cannot remove a label from an enum. In the rollback: rename the type, "
        f"`ALTER TYPE {name} RENAME TO ...;`, create it with the labels {labels}, move what uses it over, and drop the "
        "renamed type."
    )


def _column_back(step: Step, change: Change, column: str) -> OfferedStatements | str:
    table = step.before.table(change.key)
    was = table.columns.get(column) if table is not None else None
    action = None if was is None else _column_action(was, change.aspect)
    if action is None:
        return f"Restore the {change.aspect} in the rollback: the column was {change.before or 'not set'}."
    return OfferedStatements(
        _ADD, (f"ALTER TABLE {_relation(step, change.key)} ALTER COLUMN {ident(column)} {action};",)
    )


def _column_action(was: Column, aspect: str | None) -> str | None:
    """Return the action of `ALTER COLUMN` that restores one aspect of a column."""
    if aspect in ("type", "collation") and was.type is not None:
        collation = f" COLLATE {tables.collation(was.collation or 'default')}" if aspect == "collation" else ""
        return f"TYPE {type_name(was.type, Dialect.POSTGRES)}{collation}"
    if aspect == "default":
        return f"SET DEFAULT {was.default.text}" if was.default is not None else "DROP DEFAULT"
    if aspect == "nullability":
        return "SET NOT NULL" if was.nullable is False else "DROP NOT NULL"
    if aspect == "identity":
        return f"ADD GENERATED {was.identity.upper()} AS IDENTITY" if was.identity else "DROP IDENTITY"
    return None
