"""Types that are replaced under their users: an enum that loses a label, a domain over another type.

The type is renamed, made anew, the columns go over to it by way of their texts, and the old one is dropped.
"""

from __future__ import annotations

from functools import partial

from miglint.base.model import Dialect
from miglint.schema.objects import Composite, Domain, Enum, Key, OtherType, Part, SchemaObject
from miglint.sql.operations import Name
from miglint.writer import printer
from miglint.writer.postgres import guards
from miglint.writer.postgres.conversions import set_aside
from miglint.writer.postgres.drafting import Drafting, Text, alter_table, label
from miglint.writer.postgres.graph import Item, all_needs_of
from miglint.writer.words import UnprintableError, identifier, literal, name, type_name


def swap_all(draft: Drafting) -> None:
    """Add the actions that replace types."""
    for key in sorted(draft.plan.swapped):
        one, two = draft.old.find(key), draft.new.find(key)
        if one is not None and two is not None and not draft.plan.drops(Item(key)):
            _swap(draft, key, one, two)


def _if_differing(key: Key, value: SchemaObject, text: str) -> Text:
    condition = _differs(key, value)
    return text if condition is None else guards.block(condition, text)


def _swap(draft: Drafting, key: Key, one: SchemaObject, two: SchemaObject) -> None:
    columns = [item for item in draft.plan.altered if _has_type(draft, item, key)]
    does, first = f"make {label(draft.new, key)} anew", f"put aside {label(draft.old, key)}"
    make = partial(_created, draft, key)
    if isinstance(one, OtherType):
        # Functions of the name of a range type keep it: its columns are texts for a while.
        texts = [_as_text(draft, item) for item in sorted(columns, key=str)]
        texts.append(f"DROP TYPE IF EXISTS {name(Name(key.schema, key.name))};")
        draft.act(20, first, key, partial(list, texts), drops=[Item(key)])
        draft.act(21, does, key, make, makes=[Item(key)])
        return
    word = "DOMAIN" if isinstance(one, Domain) else "TYPE"
    aside = set_aside(key.name)
    rename = f"ALTER {word} {name(Name(key.schema, key.name))} RENAME TO {identifier(aside)};"
    if isinstance(one, Domain) and not one.nullable:
        # The name of the constraint is taken as long as it is there.
        rename = f"ALTER DOMAIN {name(Name(key.schema, key.name))} DROP NOT NULL;\n        {rename}"
    guarded = [_if_differing(key, two, rename)]
    # Whether it is what it is to be can be asked when the types that it needs are.
    swapped = [other for other in draft.plan.swapped if other != key]
    needed = [Item(other) for other in swapped if _needs(draft, key, other)]
    draft.act(20, first, key, partial(list, guarded), drops=[Item(key)], after=needed)
    draft.act(21, does, key, make, makes=[Item(key)])
    others = [other for other in swapped if _needs(draft, other, key)]
    last = f"DROP {word} IF EXISTS {name(Name(key.schema, aside))};"
    after = [Item(key), *columns, *(Item(other, _ASIDE) for other in others)]
    drops = f"drop the old {label(draft.old, key)}"
    draft.act(91, drops, key, partial(list, [last]), makes=[Item(key, _ASIDE)], after=after)


_ASIDE = Part("aside", "")


def _needs(draft: Drafting, other: Key, key: Key) -> bool:
    return any(needed.key == key for needed in all_needs_of(draft.old, other))


def _has_type(draft: Drafting, item: Item, key: Key) -> bool:
    """Return whether an altered column is of a type."""
    table = draft.old.table(item.key)
    if table is None or item.part is None or item.part.kind != "column" or item.part.name not in table.columns:
        return False
    kind = table.columns[item.part.name].type
    return kind is not None and kind.schema is not None and (kind.schema, kind.name) == (key.schema, key.name)


def _as_text(draft: Drafting, item: Item) -> str:
    assert item.part is not None
    own = identifier(item.part.name)
    return f"{alter_table(item.key, draft.old.table(item.key))} ALTER COLUMN {own} TYPE text USING {own}::text;"


def _created(draft: Drafting, key: Key) -> list[Text]:
    value = draft.new.find(key)
    if value is None or value.assumed:
        raise UnprintableError("the files use it without creating it")
    return [guards.block(guards.no_type(key), text) for text in printer.create(draft.new, key, value)]


def _differs(key: Key, value: object) -> str | None:
    """Return the condition that a type differs from the wanted one; None if there is no simple condition."""
    own = guards.relation(key)
    if isinstance(value, Enum):
        return _other_labels(key, value)
    if isinstance(value, Domain) and value.base is not None:
        base = literal(type_name(value.base, Dialect.POSTGRES))
        return f"EXISTS (SELECT FROM pg_type WHERE oid = to_regtype({own}) AND typbasetype <> to_regtype({base}))"
    if isinstance(value, Composite):
        parts = [
            f"{literal(column.name + ' ')} || to_regtype({literal(type_name(column.type, Dialect.POSTGRES))})"
            for column in value.columns.values()
            if column.type is not None
        ]
        return (
            f"ARRAY(SELECT attname || ' ' || atttypid::regtype FROM pg_attribute WHERE attrelid = to_regclass({own})"
            f" AND NOT attisdropped ORDER BY attnum) <> ARRAY[{', '.join(parts)}]::text[]"
        )
    return None


def _other_labels(key: Key, value: Enum) -> str:
    """Return the condition that an enum has other labels than it is to have."""
    labels = ", ".join(map(literal, value.labels))
    return (
        f"ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = to_regtype({guards.relation(key)})"
        f" ORDER BY enumsortorder) <> ARRAY[{labels}]::text[]"
    )
