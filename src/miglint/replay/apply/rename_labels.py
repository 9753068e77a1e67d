"""`ALTER TYPE ... RENAME VALUE`, carried into everything that has a constant of the enum.

PostgreSQL stores a constant of an enum by its number, so that defaults, conditions, indexes, views and bounds of
partitions have the new label from then on. Bodies of functions are texts, and keep the old one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeVar

from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.replay.apply.expressed import constants, constants_of_statement
from miglint.replay.apply.known_rows import rename_key_values
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.row_contents import rename_values
from miglint.replay.apply.words import swap_constants
from miglint.schema.bounds import values_of
from miglint.schema.enum_labels import with_renamed_label
from miglint.schema.environment import name_of_type
from miglint.schema.objects import (
    Composite,
    Domain,
    Enum,
    Index,
    Key,
    Other,
    OtherType,
    Policy,
    RewriteRule,
    Routine,
    SchemaObject,
    Table,
    Trigger,
    View,
)
from miglint.schema.parts import with_part
from miglint.sql.operations import Constraint, Expression, Name, Query, Type
from miglint.sql.postgres.analysis.constants import Constants

_ARRAY_ELEMENT = pattern(r'"(?:[^"\\]|\\.)*"|[^{},"\\\s](?:[^{},"\\]*[^{},"\\\s])?')
_Redefined = TypeVar("_Redefined", Trigger, RewriteRule, Trigger | RewriteRule, Routine)


class _Renaming(NamedTuple):
    """A label that gets another name; `type` is the name of its enum, as analyses give it."""

    machine: Machine
    type: str
    old: str
    new: str

    def mapping(self, found: Constants) -> dict[str, str]:
        """Return the texts of constants that change; one that is also read as another type does not."""
        changed = {text: self.new for text, kinds in found.items() if text == self.old and kinds == {self.type}}
        arrays = (text for text, kinds in found.items() if kinds == {f"{self.type}[]"})
        return changed | {text: self.in_array(text) for text in arrays}

    def in_array(self, text: str) -> str:
        """Return the text of an array with the new label."""
        written = {self.old, f'"{self.old}"'}
        return _ARRAY_ELEMENT.sub(lambda found: self._element(found[0]) if found[0] in written else found[0], text)

    def _element(self, written: str) -> str:
        # Quotes that the old label did not need are the habit of whoever wrote them.
        bare = _is_bare(self.new) and not (written.startswith('"') and _is_bare(self.old))
        return self.new if bare else '"' + re.sub(r'(["\\])', r"\\\1", self.new) + '"'

    def expression(self, value: Expression | None, about: Key | None, target: Type | None = None) -> Expression | None:
        """Return an expression about a relation, which becomes a value of the type `target`, with the new label."""
        if value is None or not self.is_in(value.text, value.key):
            return value
        kind = name_of_type(target)
        if kind == self.type and value.literal == self.old and value.text.startswith("'"):
            swap = {self.old: self.new}
        else:
            swap = self.mapping(constants(self.machine, about, value.text, kind))
        if not swap:
            return value
        literal = None if value.literal is None else swap.get(value.literal, value.literal)
        key, text = swap_constants(value.key, swap), swap_constants(value.text, swap)
        return replace(value, key=key, text=text, literal=literal)

    def query(self, value: Query) -> Query:
        """Return a query with the new label."""
        stored = value.stored
        if not self.is_in(value.text, value.key):
            return value
        swap = self.of_statement(value.text, None)
        return replace(
            value,
            key=swap_constants(value.key, swap),
            text=swap_constants(value.text, swap),
            stored=None if stored is None else swap_constants(stored, swap),
        )

    def of_statement(self, text: str, about: Key | None) -> dict[str, str]:
        """Return the constants that change in a statement; `about` is the relation that it belongs to."""
        if not self.is_in(text):
            return {}
        return self.mapping(constants_of_statement(self.machine, about, text))

    def is_in(self, *texts: str) -> bool:
        """Whether a text may have the label."""
        return any(self.old.replace("'", "''") in text for text in texts)


def _is_bare(label: str) -> bool:
    """Whether a label needs no quotes in the text of an array."""
    return re.fullmatch(r"\w+", label) is not None and label.lower() != "null"


def rename_label(machine: Machine, key: Key, enum: Enum, old: str, new: str) -> None:
    """Give a label of an enum another name, wherever it is stored."""
    kind = name_of_type(Type(key.name, schema=key.schema))
    renaming = _Renaming(machine, kind, old, new)
    # What a constant is read as is known while the label has its old name.
    changes = [(user, _relabelled(renaming, user, value)) for user, value in _users(machine, key)]
    machine.put(key, replace(enum, labels=with_renamed_label(enum.labels, old, new)))
    for user, value in changes:
        if value is not machine.schema.find(user):
            machine.put(user, value)
        if isinstance(value, Table):
            _rename_in_rows(renaming, user, value)


def _rename_in_rows(renaming: _Renaming, key: Key, table: Table) -> None:
    machine = renaming.machine
    columns = {name for name, column in table.columns.items() if _base(machine, column.type) == renaming.type}
    if columns:
        rename_values(machine, key, columns, renaming.old, renaming.new)
        rename_key_values(machine, key, columns, renaming.old, renaming.new)


def _base(machine: Machine, kind: Type | None) -> str:
    """Return the name of a type; for a domain, that of the type under it."""
    found = None if kind is None or kind.schema is None else machine.schema.find(Key("type", kind.schema, kind.name))
    return _base(machine, found.base) if isinstance(found, Domain) else name_of_type(kind)


def _users(machine: Machine, key: Key) -> Iterator[tuple[Key, SchemaObject]]:
    """Yield what may have constants of a type: its users, their indexes, conditions and views, and so on."""
    seen = {key}
    reached = [(user, True) for user in machine.schema.on(key)]
    while reached:
        user, has_type = reached.pop()
        value = None if user in seen else machine.schema.find(user)
        # A table that only refers to another one has no column of the type.
        if value is None or (isinstance(value, Table) and not has_type):
            continue
        seen.add(user)
        yield user, value
        if isinstance(value, (Table, View, Domain, Composite, OtherType, Routine)):
            passes_on = isinstance(value, (Domain, Composite, OtherType, Routine))
            reached += [(other, passes_on) for other in machine.schema.on(user)]


def _relabelled(renaming: _Renaming, key: Key, value: SchemaObject) -> SchemaObject:
    match value:
        case Table():
            return _table(renaming, key, value)
        case View():
            return _view(renaming, value)
        case Index():
            return _index(renaming, value)
        case Domain():
            default = renaming.expression(value.default, None, value.base)
            constraints = _checks(renaming, value.constraints, key)
            if default is value.default and constraints is value.constraints:
                return value
            return replace(value, default=default, constraints=constraints)
        case Policy():
            return _policy(renaming, value)
        case Trigger() | RewriteRule():
            swap = renaming.of_statement(value.source, _relation(value.table))
            return _redefined(value, swap)
        case Routine():
            swap = renaming.of_statement(value.source, None)
            changed = _redefined(value, swap)
            # A body of statements is stored like a view, one that is a string is not.
            is_stored = value.body is not None and " sql body " in value.definition
            return replace(changed, body=swap_constants(value.body or "", swap)) if is_stored and swap else changed
        case Other():
            about = None if value.table is None else _relation(value.table)
            swap = {}
            for text in value.sources:
                swap |= renaming.of_statement(text, about)
            if not swap:
                return value
            sources = tuple(swap_constants(text, swap) for text in value.sources)
            return replace(value, definition=swap_constants(value.definition, swap), sources=sources)
    return value


def _relation(name: Name) -> Key:
    return Key("relation", name.schema or "", name.name)


def _redefined(value: _Redefined, swap: Mapping[str, str]) -> _Redefined:
    if not swap:
        return value
    definition, source = swap_constants(value.definition, swap), swap_constants(value.source, swap)
    return replace(value, definition=definition, source=source)


def _table(renaming: _Renaming, key: Key, table: Table) -> Table:
    columns = table.columns
    for name, column in table.columns.items():
        default = renaming.expression(column.default, key if column.generated is not None else None, column.type)
        if default is not column.default:
            columns = with_part(columns, name, replace(column, default=default))
    constraints = _checks(renaming, table.constraints, key)
    bound = _bound(renaming, table)
    if columns is table.columns and constraints is table.constraints and bound == table.partition_bound:
        return table
    return replace(table, columns=columns, constraints=constraints, partition_bound=bound)


def _checks(renaming: _Renaming, constraints: Mapping[str, Constraint], key: Key) -> Mapping[str, Constraint]:
    for name, constraint in constraints.items():
        expression = renaming.expression(constraint.expression, key)
        where = renaming.expression(constraint.where, key)
        if expression is not constraint.expression or where is not constraint.where:
            changed = replace(constraint, expression=expression, where=where)
            constraints = with_part(constraints, name, changed)
    return constraints


def _bound(renaming: _Renaming, table: Table) -> str | None:
    """Return the bound of a partition with the new label, in the places of the columns of the enum."""
    bound = table.partition_bound
    parent = None if table.partition_of is None else renaming.machine.schema.table(_relation(table.partition_of))
    if bound is None or parent is None or not renaming.is_in(bound):
        return bound
    columns = [parent.columns.get(element.column or "") for element in parent.partition_key]
    has_label = [column is not None and name_of_type(column.type) == renaming.type for column in columns]
    swap = {renaming.old: renaming.new}
    if bound.startswith("in ("):
        return swap_constants(bound, swap) if has_label[:1] == [True] else bound

    def ends(found: re.Match[str]) -> str:
        values = values_of(found[1])
        if len(values) != len(has_label):
            return found[0]
        changed = (swap_constants(v, swap) if is_it else v for v, is_it in zip(values, has_label, strict=True))
        return f"({', '.join(changed)})"

    return re.sub(r"\(((?:[^()']|'(?:[^']|'')*')*)\)", ends, bound)


def _view(renaming: _Renaming, view: View) -> View:
    query = None if view.query is None else renaming.query(view.query)
    types = dict(zip(view.columns or (), view.types or (), strict=False))
    defaults = tuple(
        (column, renaming.expression(default, None, _type(types.get(column))) or default)
        for column, default in view.defaults
    )
    return view if query is view.query and defaults == view.defaults else replace(view, query=query, defaults=defaults)


def _type(name: str | None) -> Type | None:
    schema, _, bare = (name or "").rpartition(".")
    return Type(bare, schema=schema or None) if bare else None


def _index(renaming: _Renaming, index: Index) -> Index:
    if index.table is None:
        return index
    about = _relation(index.table)
    elements = tuple(
        element
        if element.expression is None
        else replace(element, expression=renaming.expression(element.expression, about))
        for element in index.elements
    )
    where = renaming.expression(index.where, about)
    return (
        index if (elements, where) == (index.elements, index.where) else replace(index, elements=elements, where=where)
    )


def _policy(renaming: _Renaming, policy: Policy) -> Policy:
    about = _relation(policy.table)
    changed = policy
    using = _condition(renaming, policy.using, policy.using_text, about)
    check = _condition(renaming, policy.check, policy.check_text, about)
    if using is not None:
        changed = replace(changed, using=using.key, using_text=using.text)
    if check is not None:
        changed = replace(changed, check=check.key, check_text=check.text)
    return changed


def _condition(renaming: _Renaming, key: str | None, text: str | None, about: Key) -> Expression | None:
    return None if key is None or text is None else renaming.expression(Expression(key, text), about)
