"""The statements that make what is not there, or was dropped to be made again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.schema.depends import DEFAULT_PRIVILEGES, relation_key
from miglint.schema.objects import (
    Composite,
    Domain,
    Enum,
    Index,
    Key,
    Other,
    OtherType,
    Part,
    Policy,
    Privileges,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.sql.operations import Constraint
from miglint.writer import inheritance, printer, tables
from miglint.writer.drops import drop
from miglint.writer.postgres import guards
from miglint.writer.postgres.actions import OWNER
from miglint.writer.postgres.constraining import added_constraint, has_value
from miglint.writer.postgres.drafting import Drafting, Text, alter_table, follows_parent, label, own_name, sequences_of
from miglint.writer.postgres.graph import Item
from miglint.writer.remarks import role_name
from miglint.writer.routines import signature
from miglint.writer.row_sentences import stays_nullable
from miglint.writer.sequences import create_sequence, owned_by
from miglint.writer.words import UnprintableError, identifier

_KINDS = (
    "schema", "extension", "type", "relation", "routine", "other", "rule", "trigger", "policy", "comment", "privilege",
)  # fmt: skip
_PLACES = {space: 50 + 3 * place for place, space in enumerate(_KINDS)}


def make_all(draft: Drafting) -> None:
    """Add the actions that make items."""
    plan = draft.plan
    for item in sorted(plan.fresh | plan.away, key=lambda item: (item.key, str(item.part or ""))):
        if draft.new.find(item.key) is None:
            continue
        if item.part is None:
            _make_object(draft, item.key)
        elif Item(item.key) not in plan.away:
            make_part(draft, item)


def _place(key: Key, value: SchemaObject) -> int:
    if key.space == "relation" and isinstance(value, View):
        return _PLACES["routine"] + 1
    if key.space == "relation" and isinstance(value, Index):
        return _PLACES["routine"] + 2
    if key.space == "relation" and isinstance(value, Sequence):
        return _PLACES["type"] + 1
    return _PLACES.get(key.space, _PLACES["other"])


def _make_object(draft: Drafting, key: Key) -> None:
    value = draft.new.find(key)
    if value is None:
        return
    if isinstance(value, Table):
        _make_table(draft, key, value)
        return
    if isinstance(value, Sequence):
        _make_sequence(draft, key, value)
        return
    does = f"create {label(draft.new, key)}"
    draft.act(_place(key, value), does, key, partial(_created, draft, key, value), makes=[Item(key)])


def _created(draft: Drafting, key: Key, value: SchemaObject) -> list[Text]:
    """Return the statements that create an object, and can run again."""
    return [*_guarded(draft, key, value), *_denied(draft, key, value)]


def _denied(draft: Drafting, key: Key, value: SchemaObject) -> list[Text]:
    """Return the statements that take away what default privileges may give to a new object, and it is not to have."""
    kinds: dict[type, tuple[str, str]] = {Table: ("table", "TABLE"), View: ("table", "TABLE")}
    kinds |= {Sequence: ("sequence", "SEQUENCE"), Routine: ("function", "FUNCTION")}
    if type(value) not in kinds:
        return []
    kind, word = kinds[type(value)]
    texts: list[Text] = []
    has = {other.role for _, other in draft.new.users(key, Privileges) if other.part is None}
    for place in draft.new.on(DEFAULT_PRIVILEGES):
        default = draft.new.find(place)
        if not isinstance(default, Privileges) or default.defaults != kind or place.schema not in ("", key.schema):
            continue
        if default.granted and default.role not in has:
            own = signature(value) if isinstance(value, Routine) else own_name(key, value)
            texts.append(f"REVOKE ALL ON {word} {own} FROM {role_name(default.role)};")
    return texts


def _guarded(draft: Drafting, key: Key, value: SchemaObject) -> list[Text]:
    if value.assumed:
        raise UnprintableError("the files use it without creating it")
    texts = printer.create(draft.new, key, value)
    match value:
        case Enum() | Domain() | Composite() | OtherType():
            return [guards.block(guards.no_type(key), text) for text in texts]
        case Trigger() | Policy():
            return [drop(draft.new, key), *texts]
        case View(materialized=False):
            return [printer.create_view(draft.new, value, replacing=True), *printer.finish(draft.new, key, value)]
        case Routine(kind="aggregate"):
            return [text.replace("CREATE AGGREGATE", "CREATE OR REPLACE AGGREGATE", 1) for text in texts]
        case Other():
            return _created_other(value, texts)
        case _:
            return [guards.if_not_exists(text) for text in texts]


_EXISTS = "duplicate_object OR duplicate_function OR duplicate_table OR unique_violation"


def _created_other(value: Other, texts: list[str]) -> list[Text]:
    """Return the statements of the files; what cannot be guarded in the grammar is in a block."""
    if value.kind == "role" or not texts:
        return []
    first = guards.if_not_exists(texts[0])
    if "IF NOT EXISTS" in first or first.upper().startswith("CREATE OR REPLACE"):
        return [first, *texts[1:]]
    return [guards.passing(texts[0], _EXISTS), *texts[1:]]


def _make_sequence(draft: Drafting, key: Key, value: Sequence) -> None:
    """Add the actions for a sequence, unless it is created with its column."""
    if value.owned_by is not None:
        table_key = Key("relation", value.owned_by[0].schema or "public", value.owned_by[0].name)
        table = draft.new.table(table_key)
        column = None if table is None else table.columns.get(value.owned_by[1])
        if column is not None and column.identity is not None:
            return
        comes = draft.plan.makes(Item.column(table_key, value.owned_by[1]))
        if comes and tables.is_implied(draft.new, value):
            return
    does = f"create {label(draft.new, key)}"
    draft.act(_place(key, value), does, key, lambda: [create_sequence(value, guarded=True)], makes=[Item(key)])
    if value.owned_by is not None:
        own_sequence(draft, key, value)


def own_sequence(draft: Drafting, key: Key, value: Sequence) -> None:
    """Add the action that sets the owner of a sequence, and its value to the largest one in the column."""
    makes = [Item(key, OWNER)]
    draft.act(95, f"set the owner of {label(draft.new, key)}", key, partial(_owned, draft, key, value), makes=makes)


def _owned(draft: Drafting, key: Key, value: Sequence) -> Iterator[str]:
    yield owned_by(value)
    if value.owned_by is None or Item(key) not in draft.plan.fresh | draft.plan.away:
        return
    table, column = value.owned_by
    table_key = Key("relation", table.schema or "public", table.name)
    if not draft.plan.makes(Item.column(table_key, column)):
        yield continued(key, table_key, draft.new.table(table_key), column)


def continued(sequence: Key, table_key: Key, table: Table | None, column: str) -> str:
    """Return the statement that sets a sequence to the largest value of a column."""
    own = identifier(column)
    return (
        f"SELECT setval({guards.relation(sequence)}, max({own})) FROM {own_name(table_key, table)}"
        f" HAVING max({own}) IS NOT NULL;"
    )


def _note_shared_indexes(draft: Drafting, table: Table) -> None:
    """Note constraints whose index may stand for one of the partitioned table: a new partition gets another one."""
    parent = relation_key(table.partition_of or table.name, Dialect.POSTGRES)
    shared = {
        tuple(element.column for element in index.elements)
        for _, index in draft.old.users(parent, Index)
        if index.unique and index.constraint is None and index.where is None
    }
    for label_, constraint in table.constraints.items():
        if constraint.kind in ("primary", "unique") and constraint.columns in shared:
            what = f"constraint {label_} of {table.name.name}"
            draft.missing.append(f"{what} may have the index that stands for one of {parent.name}; here it has its own")


def _make_table(draft: Drafting, key: Key, table: Table) -> None:
    if table.partition_of is not None:
        _note_shared_indexes(draft, table)
    later = _later_parts(draft, key, table)
    columns = {
        label_: replace(column, default=None, serial=False) if Item(key, Part("default", label_)) in later else column
        for label_, column in table.columns.items()
    }
    constraints = {
        label_: item for label_, item in table.constraints.items() if Item(key, Part("constraint", label_)) not in later
    }
    reduced = table if not later else replace(table, columns=columns, constraints=constraints)
    makes = [Item(key)]
    makes += [Item.column(key, label_) for label_ in table.columns]
    makes += [
        Item(key, Part("default", label_)) for label_ in columns if Item(key, Part("default", label_)) not in later
    ]
    inside = [item.name for item in tables.constraints_of(reduced)]
    makes += [Item(key, Part("constraint", label_)) for label_ in inside if label_ is not None]
    makes += [Item(place) for place, value in draft.new.users(key, Sequence) if tables.is_implied(draft.new, value)]
    does = f"create {label(draft.new, key)}"

    def write() -> list[Text]:
        if table.assumed:
            raise UnprintableError("the files use it without creating it")
        return [guards.if_not_exists(tables.create_table(draft.new, key, reduced)), *_denied(draft, key, table)]

    if draft.act(_place(key, table), does, key, write, makes=makes) is None:
        return
    for label_, item in table.constraints.items():
        if label_ not in inside and item.kind != "not_null" and _is_separate(draft, table, item, later, key):
            make_part(draft, Item(key, Part("constraint", label_)))
    for item_ in later:
        if item_.part is not None and item_.part.kind == "default":
            make_part(draft, item_)
    settings = list(tables.settings_of(table))
    if settings:
        makes = [Item(key, Part("settings", ""))]
        draft.act(97, f"set options of {label(draft.new, key)}", key, lambda: settings, makes=makes)


def _is_separate(draft: Drafting, table: Table, item: Constraint, later: set[Item], key: Key) -> bool:
    if item.name is not None and Item(key, Part("constraint", item.name)) in later:
        return True
    return tables.is_separate(table, item) and not inheritance.is_inherited(draft.new, table, item)


def _later_parts(draft: Drafting, key: Key, table: Table) -> set[Item]:
    """Return the defaults and constraints of a new table that need what needs the table."""
    parts = [
        Item(key, Part("default", label_)) for label_, column in table.columns.items() if column.default is not None
    ]
    parts += [
        Item(key, Part("constraint", label_)) for label_, item in table.constraints.items() if item.kind == "check"
    ]
    again = draft.plan.again
    return {part for part in parts if part in again or draft.is_circular(part, made=True)}


def make_part(draft: Drafting, item: Item) -> None:
    """Add the action that makes a part of an object."""
    part = item.part
    assert part is not None
    value = draft.new.find(item.key)
    does = f"add {part.kind} {part.name} to {label(draft.new, item.key)}"
    makes = [item]
    if part.kind == "member":
        return  # The list of tables is set as a whole.
    if isinstance(value, Domain):
        draft.act(60, does, item.key, lambda: _domain_part(item, value), makes=makes)
        return
    if not isinstance(value, Table) or follows_parent(draft.new, item, draft.plan.makes):
        return
    if part.kind == "column":
        makes += [Item(item.key, Part("default", part.name)), Item(item.key, Part("identity", part.name))]
        makes += [
            Item(place)
            for place, sequence in draft.new.sequences_of(item.key, part.name)
            if tables.is_implied(draft.new, sequence)
        ]
        default = Item(item.key, Part("default", part.name))
        if default in draft.plan.again:
            makes.remove(default)
            make_part(draft, default)
        draft.act(61, does, item.key, partial(_added_column, draft, item, value), makes=makes)
    elif part.kind == "constraint":
        if part.name in value.constraints and value.constraints[part.name].kind != "not_null":
            rank = 80 if value.constraints[part.name].kind == "foreign" else 70
            draft.act(rank, does, item.key, partial(added_constraint, draft, item, value), makes=makes)
    elif part.name not in value.columns:
        return  # The column goes, and this with it.
    elif part.kind == "default":
        draft.act(62, does, item.key, lambda: [set_default(item.key, value, part.name)], makes=makes)
    elif part.kind == "identity":
        makes += [Item(place) for place in sequences_of(draft.new, item.key, part.name)]
        draft.act(63, does, item.key, partial(_added_identity, draft, item, value), makes=makes)


def set_default(key: Key, table: Table, column: str) -> str:
    """Return the statement that sets the default of a column."""
    text = tables.default(table.columns[column], Dialect.POSTGRES)
    return f"{alter_table(key, table)} ALTER COLUMN {identifier(column)} SET DEFAULT {text};"


def _domain_part(item: Item, value: Domain) -> list[Text]:
    assert item.part is not None
    own = own_name(item.key, value)
    if item.part.kind == "default":
        return [] if value.default is None else [f"ALTER DOMAIN {own} SET DEFAULT {value.default.text};"]
    return [add_domain_constraint(item.key, value, item.part.name)]


def add_domain_constraint(key: Key, value: Domain, label_: str) -> Text:
    """Return the statement that adds a constraint to a domain, unless it is there."""
    text = f"ALTER DOMAIN {own_name(key, value)} ADD {tables.constraint(value.constraints[label_])};"
    return guards.block(guards.no_domain_constraint(key, label_), text)


def _added_column(draft: Drafting, item: Item, table: Table) -> list[Text]:
    assert item.part is not None
    column = table.columns[item.part.name]
    head = alter_table(item.key, table)
    needs_value = column.nullable is False and not has_value(column) and draft.old.table(item.key) is not None
    written = replace(column, nullable=True) if needs_value else column
    if Item(item.key, Part("default", column.name)) in draft.plan.again:
        written = replace(written, default=None, serial=False)
    text = tables.column(draft.new, item.key, table, written)
    texts: list[Text] = [f"{head} ADD COLUMN IF NOT EXISTS {text};"]
    if needs_value:
        own = identifier(column.name)
        body = f"{head} ALTER COLUMN {own} SET NOT NULL;"
        empty = f"NOT EXISTS (SELECT FROM {own_name(item.key, table)} WHERE {own} IS NULL)"
        texts.append(guards.block(empty, body))
        draft.with_rows.append(stays_nullable(own_name(item.key, table), own))
    return texts


def _added_identity(draft: Drafting, item: Item, table: Table) -> list[Text]:
    assert item.part is not None
    column = table.columns[item.part.name]
    own = identifier(column.name)
    options = tables.identity_options(draft.new, item.key, column)
    kind = (column.identity or "by default").upper()
    body = f"{alter_table(item.key, table)} ALTER COLUMN {own} ADD GENERATED {kind} AS IDENTITY{options};"
    texts: list[Text] = [guards.block(guards.is_no_identity(item.key, column.name), body)]
    for place in sequences_of(draft.new, item.key, column.name):
        texts.append(continued(place, item.key, table, column.name))
    return texts
