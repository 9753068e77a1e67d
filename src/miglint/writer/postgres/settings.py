"""The statements that change what holds for a table as a whole: its options, parents and partitions."""

from __future__ import annotations

from functools import partial

from miglint.schema.objects import Key, Part, Table
from miglint.sql.operations import Name
from miglint.writer import tables
from miglint.writer.postgres import catalog_conditions, guards
from miglint.writer.postgres.drafting import Drafting, Text, alter_table, label
from miglint.writer.postgres.graph import Item
from miglint.writer.words import identifier, literal, name

_LINKS = frozenset({"parent", "partition bound", "inheritance"})


def change_table(draft: Drafting, key: Key, one: Table, two: Table) -> None:
    """Add the actions that change a table as a whole."""
    aspects = draft.plan.aspects.get(Item(key), {})
    if aspects.keys() & {"parent", "partition bound"}:
        _change_partition(draft, key, one, two)
    if "inheritance" in aspects:
        _change_parents(draft, key, one, two)
    for aspect in sorted(aspects):
        if aspect in _LINKS:
            continue
        action = _action(aspect, one, two)
        if action is None:
            draft.missing.append(f"{aspect} of {label(draft.new, key)} differs")
            continue
        does = f"set {aspect} of {label(draft.new, key)}"
        makes = [Item(key, Part("setting", aspect))]
        draft.act(97, does, key, partial(_one, f"{alter_table(key, two)} {action};"), makes=makes)


def _one(text: Text) -> list[Text]:
    return [text]


def _action(aspect: str, one: Table, table: Table) -> str | None:
    """Return the action of `ALTER TABLE` that gives an option its value; None for one that cannot be changed."""
    value = table.options.get(aspect)
    if aspect == "persistence":
        return {"permanent": "SET LOGGED", "unlogged": "SET UNLOGGED"}.get(table.persistence)
    if aspect.startswith("storage parameter "):
        own = aspect.removeprefix("storage parameter ")
        return f"RESET ({own})" if value is None else f"SET ({own} = {tables.setting_value(value)})"
    if aspect == "owner":
        return None if value is None else f"OWNER TO {identifier(value)}"
    if aspect == "tablespace":
        return f"SET TABLESPACE {identifier(value or 'pg_default')}"
    if aspect == "access method":
        return f"SET ACCESS METHOD {identifier(value or 'heap')}"
    if aspect.startswith("option "):
        return _foreign_option(aspect.removeprefix("option "), one.options.get(aspect), value)
    column, _, option = aspect.partition(": options ")
    if option and table.kind == "foreign table":
        return f"ALTER COLUMN {identifier(column)} {_foreign_option(option, one.options.get(aspect), value)}"
    if option:
        given = f"RESET ({option})" if value is None else f"SET ({option} = {value})"
        return f"ALTER COLUMN {identifier(column)} {given}"
    return tables.setting(aspect, value, table)


def _foreign_option(label: str, before: str | None, after: str | None) -> str:
    if after is None:
        return f"OPTIONS (DROP {identifier(label)})"
    return f"OPTIONS ({'ADD' if before is None else 'SET'} {identifier(label)} {literal(after)})"


def is_partition(child: Key, parent: Name) -> str:
    """Return the condition that a table is a partition or an heir of another one."""
    whole = Key("relation", parent.schema or "public", parent.name)
    return catalog_conditions.inherits(guards.written(child), guards.written(whole))


def _change_partition(draft: Drafting, key: Key, one: Table, two: Table) -> None:
    own = name(Name(key.schema, two.name.name))
    if one.partition_of is not None:
        parent = one.partition_of
        text = f"ALTER TABLE {name(parent)} DETACH PARTITION {own};"
        does = f"detach {label(draft.old, key)} from {name(parent)}"
        write = partial(_one, guards.block(is_partition(key, parent), text))
        draft.act(5, does, key, write, drops=[Item(key, Part("link", ""))])
    if two.partition_of is not None:
        parent = two.partition_of
        text = f"ALTER TABLE {name(parent)} ATTACH PARTITION {own} {tables.partition_bound(two.partition_bound)};"
        does = f"attach {label(draft.new, key)} to {name(parent)}"
        write = partial(_one, guards.block(f"NOT {is_partition(key, parent)}", text))
        draft.act(75, does, key, write, makes=[Item(key, Part("link", ""))])


def _change_parents(draft: Drafting, key: Key, one: Table, two: Table) -> None:
    for verb, parents, others, rank, guard in (
        ("NO INHERIT", one.inherits, two.inherits, 5, ""),
        ("INHERIT", two.inherits, one.inherits, 75, "NOT "),
    ):
        for parent in parents:
            if parent in others:
                continue
            text = f"{alter_table(key, two)} {verb} {name(parent)};"
            item = Item(key, Part("link", str(parent)))
            does = f"let {label(draft.new, key)} {verb.lower()} {name(parent)}"
            write = partial(_one, guards.block(f"{guard}{is_partition(key, parent)}", text))
            if rank == 5:
                draft.act(rank, does, key, write, drops=[item])
            else:
                draft.act(rank, does, key, write, makes=[item])
