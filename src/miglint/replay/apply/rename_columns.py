"""`RENAME COLUMN`, carried into everything that mentions the column."""

from __future__ import annotations

from operator import itemgetter

from miglint.base.structs import replace
from miglint.replay.apply.columns import altered, column_of, is_inherited, no_column
from miglint.replay.apply.constraints import not_null_name
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.remarks import follow_part
from miglint.replay.apply.reread import refuse_if_broken, triggers
from miglint.replay.apply.row_contents import rename_content
from miglint.replay.apply.words import swap_column, swap_in_query, swap_mentioned, swap_name, swap_word
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
    Member,
    Name,
    OpenUse,
    Query,
    RenameColumn,
)


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
    _in_table(machine, key, table, old, new, operation.new)
    rename_content(machine, key, old, new)
    _in_dependents(machine, key, old, new)
    if machine.postgres:
        follow_part(machine, key, Part("column", old), Part("column", new))


def _in_table(machine: Machine, key: Key, table: Table, old: str, new: str, written: str) -> None:
    column = table.columns[old]
    kept = column.not_null_name
    if machine.postgres:
        kept = not_null_name(table.name.name, column) if column.nullable is False else None
    columns = with_renamed(table.columns, old, new, replace(column, name=written, not_null_name=kept))
    for computed in generated(columns):
        swapped = replace(computed, default=swap_column(computed.default, old, new, postgres=machine.postgres))
        columns = with_part(columns, machine.column_name(computed.name), swapped)
    constraints = table.constraints
    for name in involving(constraints, old):
        constraints = with_part(constraints, name, _constraint(constraints[name], old, new, postgres=machine.postgres))
    own = relation_key(table.name, machine.dialect)
    for name, value in named_of_kind(constraints, "foreign"):
        if value.table is not None and relation_key(value.table, machine.dialect) == own:
            constraints = with_part(constraints, name, replace(value, referenced=_swap(value.referenced, old, new)))
    absent = without_name(with_name(table.absent, old), new) if table.assumed else table.absent
    changed = replace(table, columns=columns, constraints=constraints, absent=absent)
    machine.put(key, _with_settings(changed, old, new))
    if machine.postgres:
        owned = (Name(key.schema, key.name), old)
        for user, sequence in machine.schema.sequences_of(key, old):
            if sequence.owned_by == owned:
                machine.put(user, replace(sequence, owned_by=(owned[0], new)))


def _with_settings(table: Table, old: str, new: str) -> Table:
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
            expression=swap_column(element.expression, old, new),
        )
        for element in table.partition_key
    )
    if partition_key == table.partition_key or table.partition_by is None:
        return table
    return replace(table, partition_key=partition_key, partition_by=swap_word(table.partition_by, old, new))


def _swap(names: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in names)


def _constraint(value: Constraint, old: str, new: str, *, postgres: bool) -> Constraint:
    if old not in value.columns and old not in value.include:
        return value
    return replace(
        value,
        columns=_swap(value.columns, old, new),
        include=_swap(value.include, old, new),
        expression=swap_column(value.expression, old, new, postgres=postgres),
        elements=None if value.elements is None else swap_word(value.elements, old, new),
        where=swap_column(value.where, old, new),
        behind=new if value.behind.lower() == old else value.behind,
    )


def _in_dependents(machine: Machine, key: Key, old: str, new: str) -> None:
    name = Name(key.schema, key.name)
    for user in machine.schema.on(key):
        value = machine.schema.find(user)
        if isinstance(value, Index):
            renamed: SchemaObject = _index(machine, value, old, new)
        elif isinstance(value, Table):
            renamed = _referencing(machine, value, key, old, new)
        elif isinstance(value, (Trigger, Policy, RewriteRule, Routine, Other)) and machine.postgres:
            renamed = _mentioning(value, name, old, new)
        elif isinstance(value, View) and value.query is not None:
            renamed = replace(value, query=_query(machine, value.query, name, old, new))
        else:
            continue
        if renamed != value:
            machine.put(user, renamed)
    if not machine.postgres:
        _in_triggers(machine, key, old, new)


def _index(machine: Machine, value: Index, old: str, new: str) -> Index:
    elements = tuple(
        replace(
            element,
            column=new if machine.column_name(element.column or "") == old else element.column,
            expression=swap_column(element.expression, old, new, postgres=machine.postgres),
        )
        for element in value.elements
    )
    where = swap_column(value.where, old, new, postgres=machine.postgres)
    include = _swap(value.include, old, new)
    return replace(value, elements=elements, where=where, include=include)


def _referencing(machine: Machine, value: Table, key: Key, old: str, new: str) -> Table:
    """Return a table whose foreign keys to the table `key` refer to the column by its new name."""
    constraints = {
        label: replace(constraint, referenced=_swap(constraint.referenced, old, new))
        if constraint.table is not None and relation_key(constraint.table, machine.dialect) == key
        else constraint
        for label, constraint in value.constraints.items()
    }
    return value if constraints == value.constraints else replace(value, constraints=constraints)


def _query(machine: Machine, query: Query, relation: Name, old: str, new: str) -> Query:
    use = ColumnUse(relation, old)
    named = query.uses if machine.postgres else tuple(map(_folded, query.uses))
    if use not in named:
        return query
    uses = tuple(
        ColumnUse(relation, new) if item == use else written for item, written in zip(named, query.uses, strict=True)
    )
    if machine.postgres:
        key, text = swap_in_query(query.key, relation, old, new), swap_word(query.text, old, new)
    else:
        key, text = swap_name(query.key, old, new), swap_name(query.text, old, new)
    stored = None if query.stored is None else swap_in_query(query.stored, relation, old, new)
    return replace(query, uses=uses, key=key, text=text, stored=stored)


def _folded(use: ColumnUse) -> ColumnUse:
    relation = use.relation
    folded = None if relation is None else relation._replace(name=relation.name.lower())
    return ColumnUse(folded, use.column.lower())


_Mentioning = Trigger | Policy | RewriteRule | Routine | Other


def _mentioning(value: _Mentioning, relation: Name, old: str, new: str) -> _Mentioning:
    """Return an object whose conditions or queries mention a column with the new name of that; itself if none do."""
    own = getattr(value, "table", None) == relation
    mentions = swap_mentioned(value.mentions, relation, own, old, new)
    if isinstance(value, Other):
        return _other(replace(value, mentions=mentions), value, relation, old, new)
    named = isinstance(value, Trigger) and own and old in value.columns
    if mentions == value.mentions and not named:
        return value
    if isinstance(value, Policy):
        return _policy(replace(value, mentions=mentions), old, new)
    if isinstance(value, Routine):
        source, body = swap_word(value.source, old, new), value.body and swap_word(value.body, old, new)
        return replace(value, mentions=mentions, body=body, source=source)
    source, definition = swap_word(value.source, old, new), swap_word(value.definition, old, new)
    changed = replace(value, mentions=mentions, definition=definition, source=source)
    return replace(changed, columns=_swap(changed.columns, old, new)) if isinstance(changed, Trigger) else changed


def _other(value: Other, before: Other, relation: Name, old: str, new: str) -> Other:
    """Return an object, whose mentions have the new name, with that in all of it; itself before if none has it."""
    members = tuple(_member(member, old, new) if member.table == relation else member for member in value.members)
    if value.mentions == before.mentions and members == value.members:
        return before
    sources = tuple(swap_word(text, old, new) for text in value.sources)
    return replace(value, members=members, definition=swap_word(value.definition, old, new), sources=sources)


def _policy(value: Policy, old: str, new: str) -> Policy:
    using, check = (text and swap_word(text, old, new) for text in (value.using, value.check))
    using_text, check_text = (text and swap_word(text, old, new) for text in (value.using_text, value.check_text))
    return replace(value, using=using, check=check, using_text=using_text, check_text=check_text)


def _member(member: Member, old: str, new: str) -> Member:
    columns = None if member.columns is None else tuple(sorted(_swap(member.columns, old, new)))
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
    if operation.column not in view.columns:
        raise machine.refuse("undefined_column", f'column "{operation.column}" does not exist', key, operation.column)
    defaults = {operation.new if column == operation.column else column: default for column, default in view.defaults}
    machine.put(
        key,
        replace(
            view,
            columns=_swap(view.columns, operation.column, operation.new),
            defaults=tuple(sorted(defaults.items(), key=itemgetter(0))),
        ),
    )


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
