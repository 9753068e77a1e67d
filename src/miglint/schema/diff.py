"""The difference of two schemas, object by object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeGuard

from miglint.base.structs import Struct, replace
from miglint.schema import journal
from miglint.schema.change import Change
from miglint.schema.consequences import without_consequences
from miglint.schema.constraint_changes import constraint_changes
from miglint.schema.describe import describe, describe_column, kind_of
from miglint.schema.index_keys import plain_keys
from miglint.schema.keys import is_temporary
from miglint.schema.objects import (
    Absent,
    Domain,
    Extension,
    Index,
    Key,
    Other,
    Policy,
    RewriteRule,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.schema.parts import differing, restored, same_order
from miglint.schema.renamed import with_renames
from miglint.schema.restated import is_restated
from miglint.schema.sameness import alike, same_default
from miglint.schema.sequences import chosen
from miglint.schema.set_aside import is_set_aside, only_keeps_data
from miglint.schema.texts import NO_TEXTS, Texts
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Expression


def diff(
    before: Schema, after: Schema, keys: Iterable[Key] | None = None, *, printed: bool = False
) -> tuple[Change, ...]:
    """Return the differences. With `keys`, only these are compared: those changed by the scripts in between.

    `printed` says that one engine printed the texts of both schemas: then other texts are other definitions.
    """
    if keys is None:
        keys = journal.differing(before, after)
    changes: list[Change] = []
    for key in sorted(keys):
        one, two = before.get(key), after.get(key)
        if one is two or key.space in ("rows", "role") or is_temporary(key, before.dialect):
            continue
        if is_set_aside(key) and only_keeps_data(key, one) and only_keeps_data(key, two):
            continue
        changes.extend(object_changes(key, one, two, Texts(before, after, printed=printed)))
    return tuple(without_consequences(with_renames(changes, before, after), before, after))


def object_changes(
    key: Key, one: SchemaObject | Absent | None, two: SchemaObject | Absent | None, texts: Texts = NO_TEXTS
) -> Iterator[Change]:
    """Yield the differences of two objects of one key, including consequences of others, and renames."""
    if _is_there(one) and _is_there(two):
        if one != two or _reordered(one, two) or (texts.are_written and is_restated(one, two)):
            yield from _changed(key, one, two, texts)
    elif _is_there(one):
        if two is not None:
            yield Change("missing", words(one), display(key, one), key, before=describe(one))
    elif _is_there(two) and not (one is None and getattr(two, "assumed", False)):
        yield Change("extra", words(two), display(key, two), key, after=describe(two), certain=one is not None)


def _is_there(value: SchemaObject | Absent | None) -> TypeGuard[SchemaObject]:
    return value is not None and not isinstance(value, Absent)


def _reordered(one: object, two: object) -> bool:
    # Equal mappings may have their columns in another order.
    return isinstance(one, Table) and isinstance(two, Table) and not same_order(one.columns, two.columns)


def words(value: SchemaObject) -> str:
    """Return the display name for the kind of an object."""
    if isinstance(value, (Table, View, Index, Sequence)):
        return kind_of(value)
    if isinstance(value, Routine):
        return value.kind
    if isinstance(value, Other):
        return value.kind
    return {"Namespace": "schema", "OtherType": "type", "Composite": "type", "Enum": "type"}.get(
        type(value).__name__, type(value).__name__.lower()
    )


def display(key: Key, value: SchemaObject) -> str:
    """Return the display name of an object, without the default schema."""
    schema = "" if key.schema in ("public", "main", "") else f"{key.schema}."
    if isinstance(value, (Trigger, Policy, RewriteRule)):
        return f"{key.name} on {value.table.name}"
    name = getattr(value, "name", None)
    if key.space in ("routine", "comment", "privilege") or name is None or isinstance(name, str):
        return schema + key.name
    return schema + str(name.name)


def _changed(key: Key, one: SchemaObject, two: SchemaObject, texts: Texts) -> Iterator[Change]:
    if isinstance(one, Table) and isinstance(two, Table):
        yield from _tables(key, one, two, texts)
        return
    what, name = words(one), display(key, one)
    if isinstance(one, Index) and isinstance(two, Index):
        one, two = (plain_keys(value, schema) for value, schema in zip((one, two), texts.schemas, strict=True))
    if alike(one, two, *texts.spells(one, two)):
        if isinstance(one, View) and isinstance(two, View) and one.columns != two.columns:
            yield Change("changed", what, name, key, None, "column order", _list(one), _list(two), counts=False)
        return
    certain = not any(getattr(value, mark, False) for value in (one, two) for mark in ("assumed", "outdated"))
    if type(one) is not type(two):
        yield Change("changed", what, name, key, None, "kind", words(one), words(two), certain)
        return
    # Equal objects are here for texts that are stored in other ways.
    found = _difference(one, two) if one != two else _Difference()
    if found is None:
        return
    before, after = (_aspect_of(value, found.aspect) for value in (one, two))
    certain = certain and found.certain and not _may_be_alike(one, two, texts)
    yield Change("changed", what, name, key, None, found.aspect, before, after, certain, found.counts)


def _may_be_alike(one: SchemaObject, two: SchemaObject, texts: Texts) -> bool:
    """Return whether the server may store the same for two objects with other texts."""
    return texts.are_written and alike(one, two, *texts.spells(one, two, lenient=True))


class _Difference(Struct, frozen=True):
    """In what two objects of one type differ, whether that is certain, and whether the verdict depends on it."""

    aspect: str = "definition"
    certain: bool = True
    counts: bool = True


def _difference(one: SchemaObject, two: SchemaObject) -> _Difference | None:
    """Return the difference of two objects of one type that are not tables, or None if it has no effect."""
    match one, two:
        case Index(), Index():
            if _index(one) == _index(two):
                return None
            return _Difference("validity" if replace(one, valid=two.valid) == two else "definition")
        case Sequence(implicit=True), Sequence(implicit=True) if _is_kept(one, two):
            return None
        case View(), View():
            return _difference_of_views(one, two)
        case Extension(), Extension() if replace(one, version=two.version) == two:
            # The version that the server installs by default is in no file.
            return _Difference("version", certain=None not in (one.version, two.version))
        case Trigger(), Trigger() if replace(one, state=two.state) == two:
            return _Difference("state")
        case _ if hasattr(one, "labels"):
            return _Difference("labels")
        case _ if hasattr(one, "path"):
            return _Difference("order")
        case _:
            return _Difference()


def _is_kept(one: Sequence, two: Sequence) -> bool:
    """Whether the engine, which creates the sequence of a serial or identity column, keeps it with the column."""
    return one.options == two.options and one.persistence == two.persistence


def _difference_of_views(one: View, two: View) -> _Difference:
    known = None not in (one.columns, two.columns)
    if replace(one, columns=two.columns) == two:
        return _Difference("columns", certain=known)
    if replace(one, populated=two.populated) == two:
        return _Difference("state", counts=False)
    if _has_star(one) or _has_star(two):
        # The server expands the columns, and a list of them may be equivalent.
        return _Difference(certain=known and one.columns != two.columns)
    return _Difference()


def _aspect_of(value: SchemaObject, aspect: str | None) -> str:
    """Return what differs of an object, as text: one aspect, or the whole."""
    if isinstance(value, View) and aspect == "columns":
        return _list(value)
    if isinstance(value, View) and aspect == "state":
        return "populated" if value.populated else "not populated"
    if isinstance(value, Extension) and aspect == "version":
        return value.version or "the default"
    return describe(value)


def _list(view: View) -> str:
    return ", ".join(view.columns or ("?",))


def _has_star(view: View) -> bool:
    return view.query is not None and "*" in view.query.outputs


def _index(index: Index) -> Index:
    return replace(index, constraint=None) if index.constraint is not None else index


def _tables(key: Key, one: Table, two: Table, texts: Texts) -> Iterator[Change]:
    name = display(key, one)
    yield from _columns(key, name, one, two, texts)
    yield from constraint_changes(key, name, one, two, texts)
    for aspect, before, after in (
        ("kind", one.kind, two.kind),
        ("persistence", one.persistence, two.persistence),
        ("partitioning", one.partition_by, two.partition_by),
        ("parent", one.partition_of and str(one.partition_of), two.partition_of and str(two.partition_of)),
        ("partition bound", one.partition_bound, two.partition_bound),
        ("inheritance", ", ".join(map(str, one.inherits)), ", ".join(map(str, two.inherits))),
        ("STRICT", one.strict, two.strict),
        ("WITHOUT ROWID", one.without_rowid, two.without_rowid),
        ("definition", one.definition, two.definition),
    ):
        if before != after:
            certain = not (one.assumed or two.assumed) or one.assumed == two.assumed
            yield Change("changed", one.kind, name, key, None, aspect, _text(before), _text(after), certain)
    for option in sorted({*one.options, *two.options}):
        if one.options.get(option) != two.options.get(option):
            values, counts = (one.options.get(option), two.options.get(option)), option not in ("owner", "cluster")
            yield Change("changed", one.kind, name, key, None, option, *values, not one.assumed, counts=counts)
    if not same_order(one.columns, two.columns) and (
        [column for column in one.columns if column in two.columns]
        != [column for column in two.columns if column in one.columns]
    ):
        orders = ", ".join(one.columns), ", ".join(two.columns)
        yield Change("changed", one.kind, name, key, None, "column order", *orders, counts=False)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _columns(key: Key, table: str, one: Table, two: Table, texts: Texts) -> Iterator[Change]:
    tables = (one, two)
    for name, column in differing(one.columns, two.columns):
        other = two.columns.get(name)
        if other is None:
            if two.assumed and name not in two.absent:
                continue
            yield Change(
                "missing", "column", f"{table}.{column.name}", key, name, before=describe_column(column),
                certain=not (column.assumed and column.nullable is None and _maybe(one, name)),
            )  # fmt: skip
        else:
            yield from _column(key, f"{table}.{column.name}", name, column, other, texts, tables)
    for name, column, again in restored(one.columns, two.columns) if texts.are_written else ():
        if is_restated(column, again):
            yield from _column(key, f"{table}.{column.name}", name, column, again, texts, tables)
    for name, column in differing(two.columns, one.columns):
        if name in one.columns or column.assumed:
            continue
        certain = not one.assumed or name in one.absent
        yield Change(
            "extra", "column", f"{table}.{column.name}", key, name, after=describe_column(column), certain=certain
        )


def _maybe(table: Table, name: str) -> bool:
    return table.assumed and name in table.absent


def _default(column: Column, texts: Texts) -> Expression | None:
    """Return the default of a column. NULL, in the place of that of a domain, is none where the domain has none."""
    if column.default is None or column.type is None or column.default.text.partition("::")[0] != "NULL":
        return column.default
    key = Key("type", column.type.schema or "", column.type.name)
    domains = [None if schema is None else schema.find(key) for schema in texts.schemas]
    return None if all(isinstance(one, Domain) and one.default is None for one in domains) else column.default


def _same_defaults(
    one: Column, two: Column, texts: Texts, tables: tuple[Table, Table], *, lenient: bool = False
) -> bool:
    """Return whether two columns have the same default; with `lenient`, whether they may have."""
    before, after = _default(one, texts), _default(two, texts)
    spells = texts.spells(*tables, lenient=lenient) if texts.are_written and before and after else None
    return same_default(before, after, one.type, printed=texts.printed, spells=spells)


def _draws(column: Column, key: Key) -> bool:
    """Return whether a column uses the sequence that `serial` created for it, by its generated name."""
    sequence = None if column.default is None else column.default.sequence
    return column.serial and (sequence is None or chosen(sequence.name, key.name, column.name))


def _column(
    key: Key,
    name: str,
    part: str,
    one: Column,
    two: Column,
    texts: Texts,
    tables: tuple[Table, Table],
) -> Iterator[Change]:
    certain = not (one.assumed or two.assumed)

    def change(aspect: str, *, known: bool = True) -> Change:
        return Change(
            "changed", "column", name, key, part, aspect, describe_column(one), describe_column(two), certain or known
        )

    if one.type != two.type:
        if one.type is not None and two.type is not None:
            yield change("type")
        else:
            unsure = describe_column(one), describe_column(two)
            yield Change("changed", "column", name, key, part, "type", *unsure, certain=False)
    if one.not_null_conflict != two.not_null_conflict and one.nullable == two.nullable:
        yield change("nullability", known=False)
    if one.nullable != two.nullable:
        yield change("nullability", known=one.nullable is not None and two.nullable is not None)
    if one.generated != two.generated:
        yield change("generated", known=False)
    elif not _same_defaults(one, two, texts, tables) and not (_draws(one, key) and _draws(two, key)):
        found = change("generated" if one.generated else "default", known=one.default is not None)
        yield replace(found, certain=found.certain and not _same_defaults(one, two, texts, tables, lenient=True))
    if one.identity != two.identity:
        yield change("identity", known=False)
    if texts.collation(one.collation) != texts.collation(two.collation):
        yield change("collation", known=False)
    if one.autoincrement != two.autoincrement:
        yield change("autoincrement", known=False)
