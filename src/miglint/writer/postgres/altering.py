"""The statements that change in place what is there before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from miglint.base.model import Dialect
from miglint.base.structs import replace
from miglint.schema.objects import (
    Comment,
    Composite,
    Domain,
    Enum,
    Extension,
    Index,
    Key,
    Other,
    Part,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.schema.parts import named_of_kind
from miglint.schema.sameness import same_default
from miglint.schema.sequences import limits
from miglint.sql.operations import Column, Constraint, Name
from miglint.writer import inheritance, printer, remarks, tables
from miglint.writer.postgres import guards
from miglint.writer.postgres.alterable import added_labels
from miglint.writer.postgres.conversions import conversion, labels_of, set_aside
from miglint.writer.postgres.drafting import Drafting, Text, alter_table, follows_parent, label, own_name
from miglint.writer.postgres.graph import Item
from miglint.writer.postgres.making import add_domain_constraint, own_sequence, set_default
from miglint.writer.postgres.settings import change_table
from miglint.writer.routines import create_routine
from miglint.writer.row_sentences import stays_nullable
from miglint.writer.sequences import changed_options
from miglint.writer.words import UnprintableError, identifier, identifiers, literal, name, type_name


def alter_all(draft: Drafting) -> None:
    """Add the actions that alter items."""
    plan = draft.plan
    for item in sorted(plan.altered, key=lambda item: (item.key, str(item.part or ""))):
        if plan.drops(item) or (item.key in plan.swapped and item.part is None):
            continue
        one, two = draft.old.find(item.key), draft.new.find(item.key)
        if isinstance(one, Table) and isinstance(two, Table):
            if item.part is None:
                change_table(draft, item.key, one, two)
            else:
                _alter_part(draft, item, one, two)
        elif one is not None and two is not None:
            _alter_object(draft, item, one, two)
    _set_members(draft)


def _alter_object(draft: Drafting, item: Item, one: Any, two: Any) -> None:
    if isinstance(two, Sequence):
        _alter_sequence(draft, item.key, one, two)
        return
    write = _ALTER.get(type(two))
    if write is None:
        draft.missing.append(f"{label(draft.new, item.key)} differs")
        return
    rank = 90 if isinstance(two, (Comment, Privileges)) else 45
    does = f"alter {label(draft.new, item.key)}"
    draft.act(rank, does, item.key, partial(write, draft, item.key, one, two), makes=[item])


def _view(draft: Drafting, key: Key, one: View, two: View) -> Iterator[str]:
    owners = [next((o[6:] for o in item.options if o.startswith("owner=")), None) for item in (one, two)]
    if owners[1] is not None and owners[0] != owners[1]:
        word = "MATERIALIZED VIEW" if two.materialized else "VIEW"
        yield f"ALTER {word} {own_name(key, two)} OWNER TO {identifier(owners[1])};"
    if replace(one, options=_without_owner(one)) == replace(two, options=_without_owner(two)):
        return
    if not two.materialized:
        yield printer.create_view(draft.new, two, replacing=True)
        given = {option.partition("=")[0] for option in two.options}
        for word in (option.partition("=")[0] for option in one.options):
            if word not in given:
                yield f"ALTER VIEW {own_name(key, two)} RESET ({word.removeprefix('storage parameter ')});"
        was, wanted = dict(one.defaults), dict(two.defaults)
        for column in sorted({*was} | {*wanted}):
            if was.get(column) != wanted.get(column):
                yield printer.view_default(two.name, column, wanted.get(column))
        return
    yield from _options(f"ALTER MATERIALIZED VIEW {own_name(key, two)}", one.options, two.options)


def _without_owner(view: View) -> tuple[str, ...]:
    return tuple(option for option in view.options if not option.startswith("owner="))


def _options(head: str, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[str]:
    had, has = (
        {item.removeprefix("storage parameter ") for item in options if not item.startswith(("owner=", "cluster="))}
        for options in (before, after)
    )
    words = sorted(has - had)
    if words:
        yield f"{head} SET ({', '.join(words)});"
    gone = sorted({item.partition("=")[0] for item in had} - {item.partition("=")[0] for item in has})
    if gone:
        yield f"{head} RESET ({', '.join(gone)});"


def _index(draft: Drafting, key: Key, one: Index, two: Index) -> Iterator[str]:
    yield from _options(f"ALTER INDEX {own_name(key, two)}", one.options, two.options)


def _routine(draft: Drafting, key: Key, one: Routine, two: Routine) -> Iterator[str]:
    yield from create_routine(two, replacing=True)


def _trigger(draft: Drafting, key: Key, one: Trigger, two: Trigger) -> Iterator[str]:
    yield printer.trigger_state(two)


def _policy(draft: Drafting, key: Key, one: Policy, two: Policy) -> Iterator[str]:
    text = f"ALTER POLICY {identifier(two.name)} ON {name(two.table)}"
    roles = f" TO {printer.policy_roles(two)}" if one.roles != two.roles else ""
    yield f"{text}{roles}{printer.policy_conditions(two)};"


def _rule(draft: Drafting, key: Key, one: RewriteRule, two: RewriteRule) -> Iterator[str]:
    if one.definition != two.definition:
        yield from printer.create_rule(two)
    if one.state != two.state:
        yield printer.trigger_state(two)


def _enum(draft: Drafting, key: Key, one: Enum, two: Enum) -> Iterator[str]:
    for value, behind in added_labels(one, two) or ():
        where = f" BEFORE {literal(behind)}" if behind is not None else ""
        yield f"ALTER TYPE {own_name(key, two)} ADD VALUE IF NOT EXISTS {literal(value)}{where};"


def _domain(draft: Drafting, key: Key, one: Domain, two: Domain) -> Iterator[Text]:
    head = f"ALTER DOMAIN {own_name(key, two)}"
    for name_, constraint in one.constraints.items():
        if two.constraints.get(name_) != constraint:
            yield f"{head} DROP CONSTRAINT IF EXISTS {identifier(name_)};"
    if not same_default(one.default, two.default, two.base):
        yield f"{head} DROP DEFAULT;" if two.default is None else f"{head} SET DEFAULT {two.default.text};"
    if one.nullable != two.nullable:
        yield f"{head} {'DROP' if two.nullable else 'SET'} NOT NULL;"
    for name_, constraint in two.constraints.items():
        if one.constraints.get(name_) != constraint:
            yield add_domain_constraint(key, two, name_)


def _composite(draft: Drafting, key: Key, one: Composite, two: Composite) -> Iterator[Text]:
    head = f"ALTER TYPE {own_name(key, two)}"
    for label_ in one.columns:
        if label_ not in two.columns:
            yield f"{head} DROP ATTRIBUTE IF EXISTS {identifier(label_)};"
    for label_, column in two.columns.items():
        before = one.columns.get(label_)
        if column.type is None:
            raise UnprintableError(f'the type of attribute "{label_}" is not known')
        text = type_name(column.type, Dialect.POSTGRES)
        text += f" COLLATE {tables.collation(column.collation)}" if column.collation else ""
        if before is None:
            condition = guards.has_column(key, label_)
            yield guards.block(f"NOT {condition}", f"{head} ADD ATTRIBUTE {identifier(label_)} {text};")
        elif before != column:
            known = literal(type_name(column.type, Dialect.POSTGRES))
            condition = guards.has_column(key, label_, f"atttypid <> to_regtype({known})")
            other = before.type is not None and (before.type.name, before.type.schema) != (
                column.type.name,
                column.type.schema,
            )
            text = f"{head} ALTER ATTRIBUTE {identifier(label_)} TYPE {text};"
            yield guards.block(condition, text) if other else text


def _extension(draft: Drafting, key: Key, one: Extension, two: Extension) -> Iterator[str]:
    own = identifier(two.name)
    if one.schema != two.schema:
        yield f"ALTER EXTENSION {own} SET SCHEMA {identifier(two.schema or 'public')};"
    if one.version != two.version:
        to = "" if two.version is None else f" TO {literal(two.version)}"
        yield f"ALTER EXTENSION {own} UPDATE{to};"


def _comment(draft: Drafting, key: Key, one: Comment, two: Comment) -> Iterator[str]:
    yield remarks.comment_on(draft.new, two, two.text)


def _privileges(draft: Drafting, key: Key, one: Privileges, two: Privileges) -> Iterator[Text]:
    for text in remarks.privileges(draft.new, key, one, two):
        yield guards.unless_owner(two.about, two.role, text)


def _other(draft: Drafting, key: Key, one: Other, two: Other) -> Iterator[str]:
    yield from ()


_ALTER: dict[type, Callable[[Drafting, Key, Any, Any], Iterator[Text]]] = {
    View: _view,
    Index: _index,
    Routine: _routine,
    Trigger: _trigger,
    Policy: _policy,
    RewriteRule: _rule,
    Enum: _enum,
    Domain: _domain,
    Composite: _composite,
    Extension: _extension,
    Comment: _comment,
    Privileges: _privileges,
    Other: _other,
}


def _alter_sequence(draft: Drafting, key: Key, one: Sequence, two: Sequence) -> None:
    if changed_options(one, two):
        does = f"alter {label(draft.new, key)}"
        draft.act(39, does, key, partial(_sequence, key, one, two), makes=[Item(key)])
    if one.owned_by != two.owned_by:
        own_sequence(draft, key, two)


_BOUNDS = frozenset({"minvalue", "maxvalue", "as", "increment"})


def _sequence(key: Key, one: Sequence, two: Sequence) -> Iterator[str]:
    own = own_name(key, two)
    words = changed_options(one, two)
    changed = {option.partition("=")[0] for option in {*one.options} ^ {*two.options}}
    if changed & _BOUNDS:
        low, high, start = limits(two.options)
        before, above, _ = limits(one.options)
        if not any(word.startswith("START") for word in words):
            words.append(f"START WITH {start}")
        if low > before or high < above:
            kind = next((option for option in one.options if option.startswith("as=")), "as=int8")
            if (low > above or high < before) and max(high, above) <= limits((kind,))[1]:
                # Its value has to be within both bounds for a moment.
                yield f"ALTER SEQUENCE {own} MINVALUE {min(low, before)} MAXVALUE {max(high, above)};"
            now = f"GREATEST({low}, LEAST({high}, last_value))"
            yield f"SELECT setval({guards.relation(key)}, {now}, is_called) FROM {own} WHERE last_value <> {now};"
    yield f"ALTER SEQUENCE {own} {' '.join(words)};"


def _set_members(draft: Drafting) -> None:
    """Add the actions that set the tables of publications."""
    plan = draft.plan
    keys = {item.key for item in plan.away | plan.altered if item.key.space == "other publication"}
    for key in sorted(keys):
        value = draft.new.find(key)
        if not isinstance(value, Other) or plan.makes(Item(key)) or not value.members:
            continue
        members = []
        for member in value.members:
            text = name(member.table) + (f" ({identifiers(member.columns)})" if member.columns is not None else "")
            members.append(
                text + (f" WHERE ({member.where.text or member.where.key})" if member.where is not None else "")
            )
        sql = f"ALTER PUBLICATION {identifier(key.name)} SET TABLE {', '.join(members)};"
        makes = [Item(key), *(Item(key, Part("member", str(member.table))) for member in value.members)]
        draft.act(92, f"set the tables of {label(draft.new, key)}", key, partial(_one, sql), makes=makes)


def _one(text: str) -> list[str]:
    return [text]


def _alter_part(draft: Drafting, item: Item, one: Table, two: Table) -> None:
    part = item.part
    assert part is not None
    does = f"alter {part.kind} {part.name} of {label(draft.new, item.key)}"
    if _follows(draft, item, two):
        return
    if part.kind == "constraint":
        draft.act(71, does, item.key, partial(_constraint, item, one, two), makes=[item])
    elif part.kind == "default":
        draft.act(62, does, item.key, lambda: [set_default(item.key, two, part.name)], makes=[item])
    elif part.kind == "identity":
        draft.act(63, does, item.key, partial(_identity, draft, item, two), makes=[item])
    else:
        draft.act(40, does, item.key, partial(_column, draft, item, one, two), makes=[item])


def _follows(draft: Drafting, item: Item, two: Table) -> bool:
    """Return whether altering the parent alters a part of its partition or child as well."""
    assert item.part is not None
    if not follows_parent(draft.new, item, draft.plan.altered.__contains__):
        return False
    parent = _parent_column(draft, item, two)
    column = two.columns.get(item.part.name)
    if item.part.kind == "constraint" or parent is None or column is None:
        return True
    return (parent.nullable, parent.default) == (column.nullable, column.default)


def _parent_column(draft: Drafting, item: Item, table: Table) -> Column | None:
    assert item.part is not None
    for parent in inheritance.parents_of(draft.new, table):
        if item.part.name in parent.columns:
            return parent.columns[item.part.name]
    return None


def _constraint(item: Item, one: Table, two: Table) -> Iterator[str]:
    assert item.part is not None
    before, after = one.constraints[item.part.name], two.constraints[item.part.name]
    head = f"{alter_table(item.key, two)}"
    own = identifier(item.part.name)
    if (before.deferrable, before.deferred) != (after.deferrable, after.deferred):
        words = "DEFERRABLE" if after.deferrable else "NOT DEFERRABLE"
        words += " INITIALLY DEFERRED" if after.deferred else " INITIALLY IMMEDIATE" if after.deferrable else ""
        yield f"{head} ALTER CONSTRAINT {own} {words};"
    if after.validated and not before.validated:
        yield f"{head} VALIDATE CONSTRAINT {own};"
    if before.disabled != after.disabled:
        # One statement switches all keys of a table.
        keys = [(one.constraints.get(label), key) for label, key in named_of_kind(two.constraints, "foreign")]
        switched = [(was, key) for was, key in keys if was is not None and was.disabled != key.disabled]
        if switched[0][1] is after:
            yield from dict.fromkeys(text for was, key in switched for text in _switches(two.name, was, key))


def _switches(own: Name, before: Constraint, after: Constraint) -> Iterator[str]:
    """Yield the statements that switch the triggers of a foreign key."""
    for side, table in (("own", own), ("referenced", after.table)):
        was, is_now = (constraint.disabled in (side, "both") for constraint in (before, after))
        if was != is_now and table is not None:
            yield f"ALTER TABLE {name(table)} {'DISABLE' if is_now else 'ENABLE'} TRIGGER ALL;"


def _identity(draft: Drafting, item: Item, two: Table) -> Iterator[str]:
    assert item.part is not None
    column = two.columns[item.part.name]
    own = identifier(item.part.name)
    yield f"{alter_table(item.key, two)} ALTER COLUMN {own} SET GENERATED {(column.identity or '').upper()};"


def _column(draft: Drafting, item: Item, one: Table, two: Table) -> Iterator[Text]:
    assert item.part is not None
    before, after = one.columns[item.part.name], two.columns[item.part.name]
    own = identifier(item.part.name)
    head = alter_table(item.key, two)
    if before.generated and not after.generated:
        yield f"{head} ALTER COLUMN {own} DROP EXPRESSION IF EXISTS;"
    aspects = draft.plan.aspects.get(item, {})
    inherited = _parent_column(draft, item, two)
    if inherited is not None and inherited.type == after.type and item.part.name in one.columns:
        aspects = {}
    if "type" in aspects or "collation" in aspects:
        if two.partition_by is not None and any(element.column == item.part.name for element in two.partition_key):
            raise UnprintableError("a column of a partition key cannot change its type")
        text = f"{head} ALTER COLUMN {own} TYPE {conversion(draft, item.key, before, after)};"
        one_type, two_type = before.type, after.type
        had = labels_of(draft, before, after)
        if one_type is not None and two_type is not None and bool(one_type.dimensions) != bool(two_type.dimensions):
            # What makes an array of a value would make another one of an array.
            sign = "=" if one_type.dimensions else "<>"
            kind = f"(SELECT typcategory FROM pg_type WHERE pg_type.oid = atttypid) {sign} 'A'"
            condition = guards.has_column(item.key, item.part.name, kind)
            yield guards.block(condition, text)
        elif had is not None:
            # Other values have no labels, and would become the default. A type that is swapped has another name here.
            named = had, replace(had, name=set_aside(had.name))
            known = ", ".join(f"to_regtype({literal(type_name(one_name, Dialect.POSTGRES))})" for one_name in named)
            kind = f"atttypid IN ({known})"
            yield guards.block(guards.has_column(item.key, item.part.name, kind), text)
        else:
            yield text
    if before.nullable is not after.nullable and after.nullable is not None:
        if after.nullable:
            yield f"{head} ALTER COLUMN {own} DROP NOT NULL;"
        else:
            text = f"{head} ALTER COLUMN {own} SET NOT NULL;"
            if item.key in draft.rewritten:
                relation = own_name(item.key, two)
                draft.with_rows.append(stays_nullable(relation, own))
                yield guards.attempt(guards.has_column(item.key, item.part.name), text, "not_null_violation")
            else:
                yield text
            draft.may_fail.append(f"rows with no value in {own_name(item.key, two)}.{own}")
