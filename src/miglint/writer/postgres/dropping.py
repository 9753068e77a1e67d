"""The statements that drop what is removed, and what prevents other changes for a while."""

from __future__ import annotations

from functools import partial

from miglint.base.model import Dialect
from miglint.schema.depends import relation_key
from miglint.schema.objects import (
    Domain,
    Index,
    Key,
    Other,
    Part,
    Policy,
    Privileges,
    RewriteRule,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.sql.operations import Name
from miglint.writer import inheritance
from miglint.writer.drops import drop, drop_part
from miglint.writer.postgres import catalog_conditions, guards
from miglint.writer.postgres.drafting import Drafting, Text, alter_table, follows_parent, label, own_name, sequences_of
from miglint.writer.postgres.graph import Item, automatic_needs
from miglint.writer.postgres.settings import is_partition
from miglint.writer.words import identifier, literal, name

_KINDS = (
    "privilege", "comment", "policy", "rule", "trigger", "other publication", "relation", "routine", "other", "type",
    "extension", "schema",
)  # fmt: skip
_PLACES = {space: place for place, space in enumerate(_KINDS)}


def drop_all(draft: Drafting) -> None:
    """Add the actions that drop items."""
    for item in sorted(draft.plan.gone | draft.plan.away, key=_place):
        if draft.plan.goes_along(item):
            if item.part is None and _is_in_circle(draft, item):
                _drop_object(draft, item)
            elif item in draft.plan.away and _goes_for_good(draft, item):
                # A second run finds it, without the item that it was dropped with.
                (_drop_object if item.part is None else _drop_part)(draft, item)
            elif item.part is None and isinstance(value := draft.old.find(item.key), Table):
                _drop_circular_keys(draft, item.key, value)
            continue
        if item.part is None:
            _drop_object(draft, item)
        else:
            _drop_part(draft, item)


def _goes_for_good(draft: Drafting, item: Item) -> bool:
    """Return whether an item is created again, but not the one that it was dropped with."""
    value = draft.old.find(item.key)
    if item.part is not None:
        constraint = value.constraints.get(item.part.name) if isinstance(value, Table) else None
        columns = () if constraint is None else constraint.columns
        return any(Item.column(item.key, column) in draft.plan.gone for column in columns)
    automatic = isinstance(value, Index) and (value.constraint is not None or value.parent is not None)
    if automatic or not isinstance(value, (Index, Trigger, Policy, RewriteRule)):
        return False
    return any(needed in draft.plan.gone for needed in automatic_needs(item.key, value))


def drop_again(draft: Drafting) -> None:
    """Add the actions that drop what a second run finds in its way."""
    for item in sorted(draft.plan.again, key=_place):
        _drop_again(draft, item)


def _drop_again(draft: Drafting, item: Item) -> None:
    key, part = item
    if part is None:
        does = f"drop {label(draft.new, key)}, if it is there already"
        draft.act(_PLACES.get(key.space, 0), does, key, lambda: [drop(draft.new, key)], drops=[item])
        return
    table = draft.new.table(key)
    if table is None:
        return
    head, own = alter_table(key, table), identifier(part.name)
    does = f"drop {part} of {label(draft.new, key)}, if it is there already"
    text: Text
    if part.kind == "default":
        alter = f"{head} ALTER COLUMN {own} DROP DEFAULT;"
        text = guards.block(guards.is_no_identity(key, part.name), alter)._replace(plain="")
    else:
        text = f"{head.replace('TABLE ', 'TABLE IF EXISTS ', 1)} DROP {part.kind.upper()} IF EXISTS {own};"
    draft.act(2, does, key, lambda: [text], drops=[item])


def _is_in_circle(draft: Drafting, item: Item) -> bool:
    """Return whether what goes with a table has to go before it: a policy that reads a view over the table."""
    value = draft.old.find(item.key)
    if not isinstance(value, (Policy, Trigger, RewriteRule)):
        return False
    return draft.reaches(draft.old, item, relation_key(value.table, Dialect.POSTGRES), draft.plan.drops)


def _place(item: Item) -> tuple[int, int, Key, str]:
    part = "" if item.part is None else str(item.part)
    return (_PLACES.get(item.key.space, _PLACES["other"]), item.part is None, item.key, part)


def _drop_object(draft: Drafting, item: Item) -> None:
    key = item.key
    value = draft.old.find(key)
    if isinstance(value, Sequence) and value.owned_by is not None and _is_of_identity(draft, value):
        return  # It goes with the identity.
    makes_room = item in draft.plan.away
    draft.act(
        _PLACES.get(key.space, _PLACES["other"]),
        f"drop {label(draft.old, key)}",
        key,
        lambda: _guarded(draft, key, drop(draft.old, key), makes_room),
        drops=[item],
    )
    if isinstance(value, Table):
        _drop_circular_keys(draft, key, value)


def _drop_circular_keys(draft: Drafting, key: Key, table: Table) -> None:
    """Drop the foreign keys by which a table needs tables that need it."""
    for label_, constraint in table.constraints.items():
        if constraint.kind != "foreign" or constraint.table is None:
            continue
        target = relation_key(constraint.table, Dialect.POSTGRES)
        item = Item(key, Part("constraint", label_))
        if target == key or not draft.plan.drops(Item(target)) or _is_of_parent(draft, table, label_):
            continue
        # A partition goes with its table, whose own needs are not those of the partition.
        if table.partition_of is not None or draft.is_circular(item, made=False):
            text = f"ALTER TABLE IF EXISTS {own_name(key, table)} DROP CONSTRAINT IF EXISTS {identifier(label_)};"
            does = f"drop constraint {label_} of {label(draft.old, key)}"
            draft.act(2, does, key, partial(list, [text]), drops=[item])


def _is_of_parent(draft: Drafting, table: Table, name_: str) -> bool:
    """Return whether a constraint of a partition is that of its table."""
    return any(name_ in parent.constraints for parent in inheritance.parents_of(draft.old, table))


def _is_of_identity(draft: Drafting, sequence: Sequence) -> bool:
    assert sequence.owned_by is not None
    owner, column = sequence.owned_by
    table = draft.old.table(Key("relation", owner.schema or "public", owner.name))
    found = None if table is None else table.columns.get(column)
    return found is not None and found.identity is not None


def _identity_of(draft: Drafting, sequence: Sequence) -> tuple[Key, str] | None:
    """Return the table and the identity column that own a sequence in the new schema, or None."""
    if sequence.owned_by is None:
        return None
    table, column = sequence.owned_by
    key = Key("relation", table.schema or "public", table.name)
    owner = draft.new.table(key)
    is_identity = owner is not None and column in owner.columns and owner.columns[column].identity
    return (key, column) if is_identity else None


def _guarded(draft: Drafting, key: Key, text: str, makes_room: bool) -> list[Text]:
    """Return a `DROP` that does not drop a new relation of another kind with the same name."""
    one, two = draft.old.find(key), draft.new.find(key)
    if isinstance(one, Privileges):
        return [guards.unless_owner(one.about, one.role, text)]
    if isinstance(one, Table) and one.partition_of is not None and _is_referred(draft, one.partition_of):
        # The foreign keys to a partitioned table hold its partitions.
        own = name(Name(key.schema, one.name.name))
        detached = f"ALTER TABLE {name(one.partition_of)} DETACH PARTITION {own};"
        return [guards.block(is_partition(key, one.partition_of), detached), text]
    if not makes_room or key.space != "relation" or one is None or two is None:
        return [text]
    if isinstance(one, Sequence) and isinstance(two, Sequence) and (identity := _identity_of(draft, two)) is not None:
        return [guards.block(guards.is_no_identity(*identity), text)]
    if _relation_kind(one) == _relation_kind(two):
        return [text]
    texts: list[Text] = [_if_kind(key, one, text)]
    if not isinstance(two, (Table, Sequence)):
        # A second run finds what the first one made.
        texts.append(_if_kind(key, two, drop(draft.new, key))._replace(plain=""))
    return texts


def _is_referred(draft: Drafting, parent: Name) -> bool:
    """Return whether foreign keys refer to a partitioned table."""
    key = relation_key(parent, Dialect.POSTGRES)
    targets = (
        constraint.table
        for _, table in draft.old.referring(key)
        for constraint in table.constraints.values()
        if constraint.table is not None
    )
    return any(relation_key(target, Dialect.POSTGRES) == key for target in targets)


def _if_kind(key: Key, value: object, text: str) -> guards.Guarded:
    kind = f"relkind = '{_relation_kind(value)}'"
    return guards.block(catalog_conditions.relation_is(guards.written(key), kind), text)


def _relation_kind(value: object) -> str:
    """Return the letter by which `pg_class` calls the kind of a relation."""
    if isinstance(value, View):
        return "m" if value.materialized else "v"
    if isinstance(value, Table):
        return "f" if value.kind == "foreign table" else "p" if value.partition_by else "r"
    return "i" if isinstance(value, Index) else "S" if isinstance(value, Sequence) else "c"


def _drop_part(draft: Drafting, item: Item) -> None:
    key, part = item
    assert part is not None
    value = draft.old.find(key)
    table = value if isinstance(value, Table) else None
    does = f"drop {part.kind} {part.name} of {label(draft.old, key)}"
    drops = [item]
    place = 2
    text: Text
    if part.kind == "default":
        text = _without_default(draft, key, part.name)
    elif part.kind == "identity":
        text = f"{alter_table(key, table)} ALTER COLUMN {identifier(part.name)} DROP IDENTITY IF EXISTS;"
        drops += [Item(place_) for place_ in sequences_of(draft.old, key, part.name)]
    elif part.kind == "member":
        text = _without_member(draft, item)
        does = f"take table {part.name} out of {label(draft.old, key)}"
    else:
        if table is not None and part.kind == "constraint":
            constraint = table.constraints.get(part.name)
            if follows_parent(draft.old, item, draft.plan.drops):
                return
            place = 2 if constraint is not None and constraint.kind == "foreign" else 6
        elif follows_parent(draft.old, item, draft.plan.drops):
            return
        draft.act(place, does, key, partial(_drop_named, draft, item), drops=drops)
        return
    draft.act(place, does, key, lambda: [text], drops=drops)


def _without_default(draft: Drafting, key: Key, column: str) -> Text:
    value = draft.old.find(key)
    if isinstance(value, Domain):
        return f"ALTER DOMAIN {own_name(key, value)} DROP DEFAULT;"
    table = value if isinstance(value, Table) else None
    text = f"{alter_table(key, table)} ALTER COLUMN {identifier(column)} DROP DEFAULT;"
    after = draft.new.table(key)
    if after is not None and column in after.columns and after.columns[column].identity:
        return guards.block(guards.is_no_identity(key, column), text)
    return text


def _drop_named(draft: Drafting, item: Item) -> list[Text]:
    key, part = item
    assert part is not None
    text = drop_part(draft.old, key, part)
    one, two = draft.old.table(key), draft.new.table(key)
    if part.kind != "column" or item not in draft.plan.away or one is None or two is None:
        return [text]
    before, after = one.columns[part.name], two.columns[part.name]
    if before.generated == after.generated:
        return [text]
    letter = "" if before.generated is None else before.generated[0]
    condition = guards.has_column(key, part.name, f"attgenerated = '{letter}'")
    return [guards.block(condition, text)]


def _without_member(draft: Drafting, item: Item) -> Text:
    assert item.part is not None
    publication = draft.old.find(item.key)
    members = publication.members if isinstance(publication, Other) else ()
    table = next(
        (member.table for member in members if str(member.table) == item.part.name), Name(None, item.part.name)
    )
    own = identifier(item.key.name)
    condition = (
        f"EXISTS (SELECT FROM pg_publication_rel WHERE prpubid = (SELECT oid FROM pg_publication"
        f" WHERE pubname = {literal(item.key.name)}) AND prrelid = to_regclass("
        f"{guards.relation(Key('relation', table.schema or 'public', table.name))}))"
    )
    return guards.block(condition, f"ALTER PUBLICATION {own} DROP TABLE {name(table)};")
