"""A table of SQLite as it has to be after a change of the same table of PostgreSQL.

The table is taken as it stands in the project's SQLite schema; what the change is about is changed in it, and nothing
else: what somebody wrote by hand stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from miglint.base.model import Dialect
from miglint.base.structs import Struct, replace
from miglint.port.sqlite_objects import SqliteObjects
from miglint.replay.apply import run
from miglint.schema.affinity import affinity
from miglint.schema.common import fits, shape
from miglint.schema.depends import relation_key
from miglint.schema.objects import Domain, Enum, Key, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Name, Type
from miglint.writer.reading import read
from miglint.writer.words import identifier


class ChangedTable(Struct, frozen=True):
    """A table after a change.

    `added` are the texts of columns that are new in it, by name, with what they refer to; `dropped` are the columns
    that are gone. `unique` are unique keys to add, and `freed` those to drop, as sets of columns: indexes of SQLite
    make them, where the table itself does not. `otherwise` says that more than these is different.
    """

    table: Table
    added: Mapping[str, str]
    dropped: tuple[str, ...]
    unique: tuple[Constraint, ...]
    freed: tuple[Constraint, ...]
    otherwise: bool


def _missing(constraints: dict[str, Constraint], come: Iterable[Constraint]) -> list[Constraint]:
    """Return the new constraints that the variant does not have already."""
    return [item for item in come if item.kind == "check" or _found(constraints, item) is None]


def _without(
    constraints: dict[str, Constraint], gone: Iterable[Constraint]
) -> tuple[dict[str, Constraint], tuple[Constraint, ...]]:
    """Return constraints without some, and the unique ones of these that are not among them: they are indexes."""
    remaining, freed = dict(constraints), []
    for one in gone:
        label = _found(remaining, one)
        if label is not None:
            del remaining[label]
        elif one.kind == "unique":
            freed.append(one)
    return remaining, tuple(freed)


def changed_table(here: Table, before: Table, after: Table, objects: SqliteObjects, old: Schema) -> ChangedTable:
    """Return the table `here` with what leads from `before` to `after`, two states of the table of PostgreSQL.

    `objects` writes what is in the schema after the change; `old` is the one before.
    """
    columns = dict(here.columns)
    constraints = dict(here.constraints)
    dropped = _without_dropped(columns, before, after)
    gone, come = _constraints(before, after)
    kept = {label: item for label, item in constraints.items() if not _about(item, dropped)}
    constraints, freed = _without(kept, gone)
    otherwise = len(constraints) < len(kept)
    come = _missing(constraints, come)
    new_columns = {name: item for name, item in after.columns.items() if name not in before.columns}
    numbered = objects.numbered(after)
    if numbered in new_columns:
        # Its definition says that it is the key.
        come = [item for item in come if item.kind != "primary"]
    added = {
        name: " ".join((objects.column(after, item, numbered=name == numbered), *_inline(after, item, come, objects)))
        for name, item in new_columns.items()
    }
    referring = {one for name in added for one in _single(come, name)}
    unique = tuple(item for item in come if item.kind == "unique")
    # A generated column is read beside those that it is made from.
    new = _fragment([*_names(columns), *added.values()]) if added else _fragment([])
    columns.update({folded: item for folded, item in new.columns.items() if folded not in columns})
    constraints.update(_renumbered(new, constraints))
    for one in come:
        texts = [*objects.constraint(after, one)] if one.kind != "unique" and one.name not in referring else []
        otherwise = otherwise or bool(texts)
        constraints.update(_numbered(_fragment([*_names(columns), *texts]).constraints if texts else {}, constraints))
    altered = replace(here, columns=columns, constraints=constraints)
    table = _altered(altered, before, after, objects, old)
    return ChangedTable(table, added, dropped, unique, freed, otherwise or table is not altered)


def _altered(here: Table, before: Table, after: Table, objects: SqliteObjects, old: Schema) -> Table:
    """Return the table `here` with what is different in the columns that stay; itself if nothing is."""
    columns, constraints = dict(here.columns), here.constraints
    changed = False
    for name, item in after.columns.items():
        folded = name.lower()
        if name not in before.columns or folded not in columns:
            continue
        was = before.columns[name]
        same = _column(columns[folded], was, item, objects, after, strict=here.strict)
        changed = changed or same is not columns[folded]
        columns[folded] = same
        if _is_another_type(was, item, old, objects.schema):
            columns[folded], checks = _of_type(same, dict(constraints), (was, item), objects, (old, after))
            changed = changed or checks != constraints or columns[folded] is not same
            constraints = checks
    return replace(here, columns=columns, constraints=constraints) if changed else here


def _without_dropped(columns: dict[str, Column], before: Table, after: Table) -> tuple[str, ...]:
    """Remove the columns that are gone, and return their names in lower case."""
    dropped = tuple(item.lower() for item in before.columns if item not in after.columns and item.lower() in columns)
    for folded in dropped:
        del columns[folded]
    return dropped


def _column(
    here: Column, before: Column, after: Column, objects: SqliteObjects, table: Table, *, strict: bool
) -> Column:
    """Return a column as it stands, with what is different after the change."""
    if before == after:
        return here
    if here.autoincrement and objects.numbered(table) != after.name:
        objects.lost(f"SQLite numbers {table.name.name}.{after.name} all the same")
    new = next(iter(_fragment([objects.column(table, after, numbered=here.autoincrement)]).columns.values()), None)
    if new is None:
        return here
    changes: dict[str, object] = {}
    if before.type != after.type and not _holds(here, new, objects.schema, table, after, strict=strict):
        changes |= {"type": new.type, "declared": new.declared}
    if before.default != after.default or before.generated != after.generated:
        changes |= {"default": new.default, "generated": new.generated}
    if before.nullable != after.nullable and not here.autoincrement:
        changes |= {"nullable": new.nullable, "not_null_name": None}
    changes = {name: value for name, value in changes.items() if getattr(here, name) != value}
    return replace(here, **changes, clauses=()) if changes else here


def _holds(here: Column, new: Column, schema: Schema, table: Table, column: Column, *, strict: bool) -> bool:
    """Return whether a column holds the values of a new type as it is: SQLite keeps no lengths."""
    if here.type is None or new.type is None or strict:
        return here.type == new.type
    if affinity(here.type) != affinity(new.type):
        return False
    key = Key("relation", table.name.schema or "public", table.name.name)
    found = shape(schema, key)
    kind = None if found is None else found.columns.get(column.name.lower())
    return kind is None or fits(kind.kind, _class_of(here))


def _class_of(column: Column) -> str | None:
    schema = _schema_of([f"x {column.declared or column.type}"])
    found = shape(schema, relation_key(Name(None, "fragment"), Dialect.SQLITE))
    return None if found is None else found.columns["x"].kind


def _is_another_type(before: Column, after: Column, old: Schema, new: Schema) -> bool:
    """Return whether the enum or domain of a column is another one, or says something else."""
    return [*_user_types(before, old)] != [*_user_types(after, new)]


def _user_types(column: Column, schema: Schema) -> Iterator[object]:
    """Yield what enums and domains say of a column, but for their names."""
    kind, seen = column.type, 0
    while kind is not None and seen < 32:
        found, seen = schema.find(_type_key(kind)), seen + 1
        if isinstance(found, Enum):
            yield found.labels
        if not isinstance(found, Domain):
            return
        yield replace(found, name=Name(None, ""))
        kind = found.base


def _of_type(
    here: Column,
    constraints: Mapping[str, Constraint],
    change: tuple[Column, Column],
    objects: SqliteObjects,
    place: tuple[Schema, Table],
) -> tuple[Column, dict[str, Constraint]]:
    """Return a column and constraints with what the type of the column gives them now, instead of before."""
    (before, after), (old, table) = change, place
    former = replace(objects, schema=old, lost=lambda _: None)
    was, now = (_fragment([part.column(table, item)]) for part, item in ((former, before), (objects, after)))
    folded = here.name.lower()
    gone = {item.expression.key for item in was.constraints.values() if item.expression is not None}
    own = [label for label, item in constraints.items() if item.expression is not None and item.expression.key in gone]
    if not own and before.type is not None and isinstance(old.find(_type_key(before.type)), Enum):
        # Labels that somebody wrote in another form.
        own = [label for label, item in constraints.items() if item.kind == "check" and _folded(item) == {folded}]
    new = [item for item in now.constraints.values() if item.kind == "check"]
    here = _with_default_of_type(here, *(next(iter(part.columns.values()), None) for part in (was, now)))
    if gone and not own:
        # The column accepts anything: that is what somebody wanted.
        return here, dict(constraints)
    if len(own) == len(new) == 1:
        # It stays where it is, under its name.
        return here, {**constraints, own[0]: replace(constraints[own[0]], expression=new[0].expression)}
    kept = {label: item for label, item in constraints.items() if label not in own}
    return here, {**kept, **_renumbered(replace(now, constraints=dict(_labeled(new))), kept)}


def _with_default_of_type(here: Column, first: Column | None, last: Column | None) -> Column:
    """Return a column with the default and `NOT NULL` that its type gives it now, where it gave it others."""
    if first is None or last is None:
        return here
    named = {"default": last.default, "nullable": last.nullable}
    different = {name: value for name, value in named.items() if getattr(first, name) != value}
    return replace(here, **different, not_null_name=None, clauses=()) if different else here


def _labeled(constraints: list[Constraint]) -> Iterator[tuple[str, Constraint]]:
    """Yield unnamed constraints with labels."""
    return ((f"#{number}", item) for number, item in enumerate(constraints, 1))


def _type_key(kind: Type) -> Key:
    return Key("type", kind.schema or "public", kind.name)


def _constraints(before: Table, after: Table) -> tuple[list[Constraint], list[Constraint]]:
    """Return the constraints that are gone and those that are new; `NOT NULL` is one of the column here."""
    ones = [item for item in before.constraints.values() if item.kind != "not_null"]
    others = [item for item in after.constraints.values() if item.kind != "not_null"]
    gone = [item for item in ones if not any(_same(item, other) for other in others)]
    return gone, [item for item in others if not any(_same(item, other) for other in ones)]


def _same(one: Constraint, other: Constraint) -> bool:
    # Names, and whether rows are checked yet, make no difference on SQLite.
    return replace(one, name=None, validated=True) == replace(other, name=None, validated=True)


def _found(constraints: Mapping[str, Constraint], wanted: Constraint) -> str | None:
    """Return the label of the constraint that stands for one of PostgreSQL."""
    for label, item in constraints.items():
        if item.kind != wanted.kind or _folded(item) != _folded(wanted):
            continue
        if wanted.kind == "foreign" and (item.table and item.table.name.lower()) != (
            wanted.table and wanted.table.name.lower()
        ):
            continue
        return label
    return None


def _folded(item: Constraint) -> set[str]:
    return {name.lower() for name in item.columns}


def _about(item: Constraint, dropped: tuple[str, ...]) -> bool:
    return any(name.lower() in dropped for name in item.columns)


def _single(constraints: list[Constraint], name: str) -> Iterator[str | None]:
    """Yield the names of the constraints that can stand behind a new column."""
    for item in constraints:
        if item.kind in ("foreign", "check") and item.columns == (name,):
            yield item.name


def _inline(table: Table, column: Column, come: list[Constraint], objects: SqliteObjects) -> Iterator[str]:
    """Yield what stands behind a new column: what it refers to, and its conditions."""
    for item in come:
        if item.columns == (column.name,) and item.kind in ("foreign", "check"):
            for text in objects.constraint(table, item):
                _, found, rest = text.partition("REFERENCES ")
                yield f"REFERENCES {rest}" if item.kind == "foreign" and found else text


def _names(columns: Mapping[str, Column]) -> Iterator[str]:
    return (identifier(item.name) for item in columns.values())


def _fragment(lines: list[str]) -> Table:
    """Return the table that some definitions make."""
    if not lines:
        return Table(Name(None, "fragment"))
    found = _schema_of(lines).table(relation_key(Name(None, "fragment"), Dialect.SQLITE))
    return found if found is not None else Table(Name(None, "fragment"))


def _schema_of(lines: list[str]) -> Schema:
    text = f"CREATE TABLE fragment ({', '.join(lines)});"
    return run(Schema(Dialect.SQLITE, True, ("main",)), read(text, Dialect.SQLITE), kept=False).schema


def _renumbered(table: Table, there: Mapping[str, Constraint]) -> dict[str, Constraint]:
    return _numbered(table.constraints, there)


def _numbered(new: Mapping[str, Constraint], there: Mapping[str, Constraint]) -> dict[str, Constraint]:
    """Return new constraints under labels that are not taken."""
    found: dict[str, Constraint] = {}
    number = len(there)
    for label, item in new.items():
        if item.kind == "unknown":
            continue
        free = label
        while free.startswith("#") and (free in there or free in found):
            number += 1
            free = f"#{number}"
        found[free] = replace(item, span=None)
    return found
