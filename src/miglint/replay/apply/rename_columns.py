"""`RENAME COLUMN`, carried into everything that mentions the column."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter

from miglint.base.structs import replace
from miglint.replay.apply.columns import altered, column_of, inheritors, is_inherited, no_column
from miglint.replay.apply.constraints import not_null_name
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.remarks import follow_part
from miglint.replay.apply.renamed_texts import RenamedTexts
from miglint.replay.apply.reread import refuse_if_broken, triggers
from miglint.replay.apply.row_contents import rename_content
from miglint.replay.apply.words import swap_column, swap_mentioned, swap_name, swap_word
from miglint.schema.constants import quoted
from miglint.schema.depends import relation_key
from miglint.schema.name_sets import with_name, without_name
from miglint.schema.objects import (
    Composite,
    Index,
    Key,
    Other,
    Part,
    Policy,
    RewriteRule,
    Routine,
    SchemaObject,
    Table,
    Trigger,
    View,
)
from miglint.schema.parts import generated, involving, named_of_kind, with_part, with_renamed
from miglint.sql.operations import (
    ColumnUse,
    Constraint,
    Expression,
    Member,
    Name,
    OpenUse,
    Query,
    RenameColumn,
)

_Swap = Callable[[Expression | None], Expression | None]


class _RenamedWords:
    """The rename of a column of a SQLite relation: its name is replaced wherever it stands in a text."""

    def __init__(self, key: Key, old: str, new: str) -> None:
        self._relation, self._old, self._new = Name(key.schema, key.name), old, new

    def expression(self, value: Expression | None) -> Expression | None:
        """Return an expression about the relation with the new name."""
        return swap_column(value, self._old, self._new, postgres=False)

    def query(self, value: Query) -> Query:
        """Return a query with the new name; itself if it does not use the column."""
        use = ColumnUse(self._relation, self._old)
        named = tuple(map(_folded, value.uses))
        if use not in named:
            return value
        renamed = ColumnUse(self._relation, self._new)
        uses = tuple(renamed if item == use else written for item, written in zip(named, value.uses, strict=True))
        key, text = (swap_name(words, self._old, self._new) for words in (value.key, value.text))
        return replace(value, uses=uses, key=key, text=text)


def rename_column(machine: Machine, operation: RenameColumn) -> None:
    """`RENAME COLUMN`, carried into constraints, indexes, views, triggers and foreign keys."""
    if operation.kind == "type":
        _rename_attribute(machine, operation)
        return
    key, found = machine.relation(operation.table)
    if isinstance(found, View):
        _rename_view_column(machine, key, found, operation)
        return
    place = altered(machine, operation)
    if place is None:
        return
    key, table = place
    old, new = machine.column_name(operation.column), machine.column_name(operation.new)
    column = column_of(machine, key, table, operation.column)
    if column is None:
        raise no_column(machine, key, operation.column)
    table = machine.schema.table(key) or table
    if new in table.columns and new != old:
        message = (
            f'column "{operation.new}" of relation "{key.name}" already exists'
            if machine.postgres
            else f"duplicate column name: {operation.new}"
        )
        raise machine.refuse("duplicate_column", message, key, new)
    if not machine.postgres:
        refuse_if_broken(machine)
    elif is_inherited(machine, table, old):
        message = f'cannot rename inherited column "{operation.column}"'
        raise machine.refuse("invalid_table_definition", message, key, old)
    _refuse_in_heirs(machine, operation, key, old, new)
    _everywhere(machine, key, old, new, operation.new)


def _heirs(machine: Machine, key: Key, column: str) -> list[Key]:
    """Return the partitions and inheriting tables that have a column from a table, directly or not, each once."""
    found: dict[Key, None] = {}
    waiting = [key] if machine.postgres else []
    while waiting:
        for child in inheritors(machine, waiting.pop()):
            table = machine.schema.table(child)
            if child not in found and table is not None and column in table.columns:
                found[child] = None
                waiting.append(child)
    return list(found)


def _refuse_in_heirs(machine: Machine, operation: RenameColumn, key: Key, old: str, new: str) -> None:
    heirs = _heirs(machine, key, old)
    if operation.only and heirs:
        message = f'inherited column "{operation.column}" must be renamed in child tables too'
        raise machine.refuse("invalid_table_definition", message, key, old)
    for heir in heirs:
        table = machine.schema.table(heir)
        if table is not None and new in table.columns and new != old:
            message = f'column "{operation.new}" of relation "{heir.name}" already exists'
            raise machine.refuse("duplicate_column", message, heir, new)


def _everywhere(machine: Machine, key: Key, old: str, new: str, written: str) -> None:
    """Rename a column in a table, in those that have it from this one, and in all that mentions it."""
    for place in (key, *_heirs(machine, key, old)):
        table = machine.schema.table(place)
        if table is None:
            continue
        texts = RenamedTexts(machine, place, old, new) if machine.postgres else _RenamedWords(place, old, new)
        # Texts are read in the schema before the rename.
        dependents = _dependents(machine, place, texts, old, new)
        _in_table(machine, place, table, texts.expression, (old, new, written))
        rename_content(machine, place, old, new)
        for user, renamed in dependents:
            machine.put(user, renamed)
        if machine.postgres:
            follow_part(machine, place, Part("column", old), Part("column", new))
        else:
            _in_triggers(machine, place, old, new)


def _in_table(machine: Machine, key: Key, table: Table, swap: _Swap, names: tuple[str, str, str]) -> None:
    """Rename a column in its table; `names` are the old one, the new one, and that as it is written."""
    old, new, written = names
    column = table.columns[old]
    kept = column.not_null_name
    if machine.postgres:
        kept = not_null_name(table.name.name, column) if column.nullable is False else None
    columns = with_renamed(table.columns, old, new, replace(column, name=written, not_null_name=kept))
    for computed in generated(columns):
        swapped = replace(computed, default=swap(computed.default))
        columns = with_part(columns, machine.column_name(computed.name), swapped)
    constraints = table.constraints
    for name in involving(constraints, old):
        constraints = with_part(constraints, name, _constraint(constraints[name], old, new, swap))
    own = relation_key(table.name, machine.dialect)
    for name, value in named_of_kind(constraints, "foreign"):
        if value.table is not None and relation_key(value.table, machine.dialect) == own:
            constraints = with_part(
                constraints, name, replace(value, referenced=_with_new_name(value.referenced, old, new))
            )
    absent = without_name(with_name(table.absent, old), new) if table.assumed else table.absent
    changed = replace(table, columns=columns, constraints=constraints, absent=absent)
    machine.put(key, _with_settings(changed, old, new, swap))
    if machine.postgres:
        owned = (Name(key.schema, key.name), old)
        for user, sequence in machine.schema.sequences_of(key, old):
            if sequence.owned_by == owned:
                machine.put(user, replace(sequence, owned_by=(owned[0], new)))


def _with_settings(table: Table, old: str, new: str, swap: _Swap) -> Table:
    """Return a table whose settings of a column, and whose partition key, have its new name."""
    prefix = f"{old}: "
    if any(option.startswith(prefix) for option in table.options):
        options = {
            f"{new}: {option.removeprefix(prefix)}" if option.startswith(prefix) else option: text
            for option, text in table.options.items()
        }
        table = replace(table, options=options)
    partition_key = tuple(
        replace(
            element,
            column=new if element.column == old else element.column,
            expression=swap(element.expression),
        )
        for element in table.partition_key
    )
    if partition_key == table.partition_key or table.partition_by is None:
        return table
    return replace(table, partition_key=partition_key, partition_by=swap_word(table.partition_by, old, new))


def _with_new_name(names: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in names)


def _constraint(value: Constraint, old: str, new: str, swap: _Swap) -> Constraint:
    action, bracket, listed = value.on_delete.partition(" (")
    return replace(
        value,
        columns=_with_new_name(value.columns, old, new),
        include=_with_new_name(value.include, old, new),
        expression=swap(value.expression),
        elements=None if value.elements is None else swap_word(value.elements, old, new),
        where=swap(value.where),
        on_delete=f"{action}{bracket}{swap_word(listed, old, new)}",
        behind=new if value.behind.lower() == old else value.behind,
    )


def _dependents(
    machine: Machine, key: Key, texts: RenamedTexts | _RenamedWords, old: str, new: str
) -> list[tuple[Key, SchemaObject]]:
    """Return what else mentions a column with the new name."""
    found: list[tuple[Key, SchemaObject]] = []
    for user in machine.schema.on(key):
        value = machine.schema.find(user)
        renamed: SchemaObject | None = None
        if isinstance(value, Index):
            renamed = _index(machine, value, texts.expression, old, new)
        elif isinstance(value, Table):
            renamed = _referencing(machine, value, key, old, new)
        elif isinstance(value, View) and value.query is not None:
            query = texts.query(value.query)
            if query is not value.query:
                # Equal to what it was where it says `*`.
                found.append((user, replace(value, query=query)))
        elif isinstance(texts, RenamedTexts):
            renamed = _mentioning(texts, value, Name(key.schema, key.name), old, new)
        if renamed is not None and renamed != value:
            found.append((user, renamed))
    return found


def _index(machine: Machine, value: Index, swap: _Swap, old: str, new: str) -> Index:
    elements = tuple(
        replace(
            element,
            column=new if machine.column_name(element.column or "") == old else element.column,
            expression=swap(element.expression),
        )
        for element in value.elements
    )
    return replace(value, elements=elements, where=swap(value.where), include=_with_new_name(value.include, old, new))


def _referencing(machine: Machine, value: Table, key: Key, old: str, new: str) -> Table:
    """Return a table whose foreign keys to the table `key` refer to the column by its new name."""
    constraints = {
        label: replace(constraint, referenced=_with_new_name(constraint.referenced, old, new))
        if constraint.table is not None and relation_key(constraint.table, machine.dialect) == key
        else constraint
        for label, constraint in value.constraints.items()
    }
    return value if constraints == value.constraints else replace(value, constraints=constraints)


def _folded(use: ColumnUse) -> ColumnUse:
    relation = use.relation
    folded = None if relation is None else relation._replace(name=relation.name.lower())
    return ColumnUse(folded, use.column.lower())


def _mentioning(
    texts: RenamedTexts, value: SchemaObject | None, relation: Name, old: str, new: str
) -> SchemaObject | None:
    """Return an object whose conditions or queries mention a column with the new name of that; itself if none do."""
    match value:
        case Trigger() | Policy() | RewriteRule():
            return texts.attached(value)
        case Routine():
            return texts.routine(value)
        case Other():
            mentions = swap_mentioned(value.mentions, relation, value.table == relation, old, new)
            return _other(replace(value, mentions=mentions), value, relation, old, new)
        case _:
            return value


def _other(value: Other, before: Other, relation: Name, old: str, new: str) -> Other:
    """Return an object, whose mentions have the new name, with that in all of it; itself before if none has it."""
    members = tuple(_member(member, old, new) if member.table == relation else member for member in value.members)
    if value.mentions == before.mentions and members == value.members:
        return before
    sources = tuple(swap_word(text, old, new) for text in value.sources)
    # The columns of statistics are values of nodes.
    definition = swap_word(value.definition, old, new).replace(f"(name={quoted(old)})", f"(name={quoted(new)})")
    return replace(value, members=members, definition=definition, sources=sources)


def _member(member: Member, old: str, new: str) -> Member:
    columns = None if member.columns is None else tuple(sorted(_with_new_name(member.columns, old, new)))
    return replace(member, columns=columns, where=swap_column(member.where, old, new))


def _in_triggers(machine: Machine, key: Key, old: str, new: str) -> None:
    """Rename a column in all of SQLite's triggers."""

    def swap(uses: tuple[ColumnUse, ...]) -> tuple[ColumnUse, ...]:
        return tuple(ColumnUse(use.relation, new) if is_it(use) else use for use in uses)

    def is_it(use: ColumnUse) -> bool:
        return use.column.lower() == old and use.relation is not None and machine.key(use.relation) == key

    for user, value in triggers(machine):
        own = relation_key(value.table, machine.dialect) == key
        columns = tuple(new if own and name.lower() == old else name for name in value.columns)
        uses, targets = swap(value.uses), swap(value.targets)
        open_ = tuple(OpenUse(use.candidates, new) if _is_of(machine, use, key, old) else use for use in value.open)
        renamed = (uses, targets, open_) != (value.uses, value.targets, value.open)
        mentioned = own or renamed
        definition = swap_name(value.definition, old, new) if mentioned else value.definition
        source = swap_name(value.source, old, new) if mentioned else value.source
        changed = replace(
            value, columns=columns, uses=uses, targets=targets, open=open_, definition=definition, source=source
        )
        if changed != value or renamed:
            machine.put(user, changed)


def _is_of(machine: Machine, use: OpenUse, key: Key, column: str) -> bool:
    """Whether an open name is surely that of a column of a table: no other of its candidates has one of that name."""
    keys = [machine.key(relation) for relation in use.candidates]
    tables = (machine.schema.table(other) for other in keys if other != key)
    return use.column.lower() == column and key in keys and all(t is None or column not in t.columns for t in tables)


def _rename_view_column(machine: Machine, key: Key, view: View, operation: RenameColumn) -> None:
    if view.columns is None:
        return
    old, new = operation.column, operation.new
    if old not in view.columns:
        raise machine.refuse("undefined_column", f'column "{old}" does not exist', key, old)
    if new in view.columns and new != old:
        message = f'column "{new}" of relation "{key.name}" already exists'
        raise machine.refuse("duplicate_column", message, key, new)
    texts = RenamedTexts(machine, key, old, new)
    dependents = _dependents(machine, key, texts, old, new)
    defaults = {new if column == old else column: default for column, default in view.defaults}
    machine.put(
        key,
        replace(
            view,
            columns=_with_new_name(view.columns, old, new),
            defaults=tuple(sorted(defaults.items(), key=itemgetter(0))),
        ),
    )
    for user, renamed in dependents:
        machine.put(user, renamed)
    follow_part(machine, key, Part("column", old), Part("column", new))


def _rename_attribute(machine: Machine, operation: RenameColumn) -> None:
    key = machine.key(operation.table, "type")
    value = machine.schema.find(key)
    if not isinstance(value, Composite) or value.assumed:
        return
    if operation.column not in value.columns:
        raise no_column(machine, key, operation.column)
    columns = {
        (operation.new if name == operation.column else name): replace(column, name=operation.new)
        if name == operation.column
        else column
        for name, column in value.columns.items()
    }
    machine.put(key, replace(value, columns=columns))
