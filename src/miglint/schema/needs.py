"""Which part of an object needs which part of another, and what becomes of it when that goes: `pg_depend`, computed.

`depends` finds the objects that may need something; here is what exactly they need. An `AUTO` dependent goes with what
it needs without a word (an index with its column); a `NORMAL` one stands in the way of it, or goes with `CASCADE`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.schema.depends import extension_key, key_of_collation, key_of_function, key_of_type, relation_key
from miglint.schema.extension_parts import CLASSES, TYPES
from miglint.schema.objects import (
    Comment,
    Composite,
    Domain,
    Index,
    Key,
    Other,
    OtherType,
    Part,
    Policy,
    Privileges,
    RewriteRule,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.schema.parts import referring, using, using_column
from miglint.sql.operations import Column, Constraint, Expression, Mentions, Name, Type

AUTO, NORMAL = "auto", "normal"


class Edge(Struct, frozen=True):
    """`part` of an object (None: all of it) needs `needed` of the object at `target` (None: just that it is there).

    `reason` says how it uses that, where a change of a column's type depends on it: `view`, `rule`, `trigger`,
    `policy`, `publication`, `routine`, `generated`, else an empty text.
    """

    part: Part | None
    target: Key
    needed: Part | None
    kind: str
    reason: str = ""


def edges(key: Key, value: SchemaObject, dialect: Dialect) -> Iterable[Edge]:
    """Return what the parts of an object need, of others and of each other."""
    if isinstance(value, Table):
        return _of_table(key, value, dialect)
    known = _KNOWN.get(id(value))
    if known is not None and known[0] is value and known[1] is dialect:
        return known[2]
    collect = _EDGES.get(type(value))
    found = () if collect is None else tuple(collect(value, dialect))
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN[id(value)] = value, dialect, found
    return found


# By identity; the object is kept with its edges, so that no other object gets its address. The edges of tables are not
# kept: most changes make another value of a table, and a table may have many columns.
_KNOWN: dict[int, tuple[SchemaObject, Dialect, tuple[Edge, ...]]] = {}
_MOST_KNOWN = 2_000


def edges_to(
    targets: tuple[Key, ...], part: Part | None, key: Key, value: SchemaObject, dialect: Dialect
) -> list[Edge]:
    """Return those edges of an object that lead to one of the targets: to a part, or with None to anything of it."""
    if isinstance(value, Table):
        found: Iterable[Edge] = _of_table_to(targets, part, key, value, dialect)
    elif part is not None and isinstance(value, Index) and not _is_about(value, part):
        return []
    else:
        found = edges(key, value, dialect)
    if part is None:
        return [edge for edge in found if edge.target in targets]
    return [edge for edge in found if edge.target in targets and _reaches(part, edge.needed)]


def _is_about(index: Index, part: Part) -> bool:
    """Whether an index may need a part of its table: most are about other columns."""
    if part.kind != "column":
        return index.constraint == part.name
    if index.where is not None or index.include:
        return True
    return any(
        element.expression is not None or (element.column is not None and element.column.lower() == part.name.lower())
        for element in index.elements
    )


def _reaches(part: Part, needed: Part | None) -> bool:
    return needed == part or (needed == ALL_COLUMNS and part.kind == "column")


def _of_table_to(
    targets: tuple[Key, ...], part: Part | None, key: Key, value: Table, dialect: Dialect
) -> Iterator[Edge]:
    """Yield the edges of a table of which some may lead to the targets; of a table of many parts, few others."""
    if part is not None and part.kind != "column":
        # Parts of a table need no part of it, or of another one, but columns.
        return
    if part is not None and key not in targets:
        for name, constraint in referring(value.constraints, part.name):
            if part.name in constraint.referenced:
                yield from _of_constraint(key, Part("constraint", name), constraint, dialect)
        return
    if part is not None:
        columns = using_column(value.columns, part.name)
        constraints = using_column(value.constraints, part.name)
    else:
        names = [target.name for target in targets]
        columns, constraints = using(value.columns, names), using(value.constraints, names)
    if any(target.space != "relation" for target in targets):
        yield from _of_table_to_others(value, columns, constraints)
    yield from _of_table_to_relations(key, value, columns, constraints, dialect)


def _column(name: str) -> Part:
    return Part("column", name)


def _type(part: Part | None, kind: Type | None) -> Iterator[Edge]:
    target = None if kind is None else key_of_type(kind.schema, kind.name)
    if target is not None:
        yield Edge(part, target, None, NORMAL)


def _outside(part: Part | None, functions: Iterable[Name], types: Iterable[Name]) -> Iterator[Edge]:
    """Yield what an expression needs that is no column: functions and types."""
    for function in functions:
        if (target := key_of_function(function)) is not None:
            yield Edge(part, target, None, NORMAL)
    for used in types:
        if (target := key_of_type(used.schema, used.name)) is not None:
            yield Edge(part, target, None, NORMAL)


def _expression(
    part: Part | None, expression: Expression | None, own: Key | None, kind: str, reason: str = ""
) -> Iterator[Edge]:
    """Yield what an expression needs; `kind` is how it depends on the columns of its `own` table."""
    if expression is None:
        return
    yield from _outside(part, expression.functions, expression.types)
    if expression.sequence is not None and expression.sequence.schema is not None:
        yield Edge(part, Key("relation", expression.sequence.schema, expression.sequence.name), None, NORMAL)
    if own is not None:
        yield from (Edge(part, own, _column(name), kind, reason) for name in expression.columns)


def _mentions(mentions: Mentions, own: Key | None, dialect: Dialect, reason: str) -> Iterator[Edge]:
    """Yield what conditions and queries of an object need, the columns of its `own` table among it."""
    yield from _outside(None, mentions.functions, mentions.types)
    if own is not None:
        yield from (Edge(None, own, _column(name), NORMAL, reason) for name in mentions.columns)
    for relation in mentions.relations:
        if (target := relation_key(relation, dialect)) != own:
            yield Edge(None, target, None, NORMAL, reason)
    for use in mentions.uses:
        if use.relation is not None:
            yield Edge(None, relation_key(use.relation, dialect), _column(use.column), NORMAL, reason)
    for relation in mentions.stars:
        yield Edge(None, relation_key(relation, dialect), ALL_COLUMNS, NORMAL, reason)


ALL_COLUMNS = Part("column", "*")


def _of_table(key: Key, value: Table, dialect: Dialect) -> Iterator[Edge]:
    yield from _of_table_to_others(value, value.columns, value.constraints)
    yield from _of_table_to_relations(key, value, value.columns, value.constraints, dialect)


def _of_column_to_others(name: str, column: Column) -> Iterator[Edge]:
    kind, default = column.type, column.default
    if kind is not None and (kind.schema is not None or kind.name in TYPES):
        yield from _type(_column(name), kind)
    if kind is not None and column.collation is not None:
        yield Edge(_column(name), key_of_collation(column.collation), None, NORMAL)
    if default is not None and (default.functions or default.types):
        owner = _column(name) if column.generated is not None else Part("default", name)
        yield from _outside(owner, default.functions, default.types)


def _of_table_to_others(value: Table, columns: Iterable[str], constraints: Iterable[str]) -> Iterator[Edge]:
    """Yield what some parts of a table need that is no relation: types and functions."""
    for name in columns:
        if name in value.columns:
            yield from _of_column_to_others(name, value.columns[name])
    for name in constraints:
        constraint = value.constraints.get(name)
        for expression in () if constraint is None else (constraint.expression, constraint.where):
            if expression is not None and (expression.functions or expression.types):
                yield from _outside(Part("constraint", name), expression.functions, expression.types)
    for element in value.partition_key:
        if element.expression is not None:
            yield from _outside(None, element.expression.functions, element.expression.types)


def _of_table_to_relations(
    key: Key, value: Table, columns: Iterable[str], constraints: Iterable[str], dialect: Dialect
) -> Iterator[Edge]:
    """Yield what some parts of a table need of it and of other relations."""
    for name in columns:
        column = value.columns.get(name)
        default = None if column is None else column.default
        if column is None or default is None:
            continue
        if column.generated is not None:
            yield from (Edge(_column(name), key, _column(item), NORMAL, "generated") for item in default.columns)
            continue
        part = Part("default", name)
        yield Edge(part, key, _column(name), AUTO)
        if default.sequence is not None and default.sequence.schema is not None:
            yield Edge(part, Key("relation", default.sequence.schema, default.sequence.name), None, NORMAL)
    for name in constraints:
        if (constraint := value.constraints.get(name)) is not None:
            yield from _of_constraint(key, Part("constraint", name), constraint, dialect)
    for parent in value.inherits:
        yield Edge(None, relation_key(parent, dialect), None, NORMAL)
    if value.partition_of is not None:
        yield Edge(None, relation_key(value.partition_of, dialect), None, AUTO)


def _of_constraint(key: Key, part: Part, constraint: Constraint, dialect: Dialect) -> Iterator[Edge]:
    columns = dict.fromkeys((*constraint.columns, *constraint.include))
    for expression in (constraint.expression, constraint.where):
        columns.update(dict.fromkeys(() if expression is None else expression.columns))
    yield from (Edge(part, key, _column(item), AUTO) for item in columns)
    if constraint.table is not None:
        target = relation_key(constraint.table, dialect)
        if target != key:
            yield Edge(part, target, None, NORMAL)
        yield from (Edge(part, target, _column(item), NORMAL) for item in constraint.referenced)


def _of_view(value: View, dialect: Dialect) -> Iterator[Edge]:
    for column, default in value.defaults:
        yield from _outside(_column(column), default.functions, default.types)
    query = value.query
    if query is None:
        return
    yield from _outside(None, query.functions, query.types)
    yield from (Edge(None, relation_key(name, dialect), None, NORMAL, "view") for name in query.relations)
    for use in query.uses:
        if use.relation is not None:
            yield Edge(None, relation_key(use.relation, dialect), _column(use.column), NORMAL, "view")
    yield from (Edge(None, relation_key(name, dialect), ALL_COLUMNS, NORMAL, "view") for name in query.stars)
    for use in query.keys:
        if use.relation is not None:
            yield Edge(None, relation_key(use.relation, dialect), Part("constraint", use.column), NORMAL)


def _of_index(value: Index, dialect: Dialect) -> Iterator[Edge]:
    if value.table is None:
        return
    table = relation_key(value.table, dialect)
    if value.constraint is not None:
        yield Edge(None, table, Part("constraint", value.constraint), AUTO)
    yield Edge(None, table, None, AUTO)
    for element in value.elements:
        if element.column is not None:
            column = element.column if dialect is Dialect.POSTGRES else element.column.lower()
            yield Edge(None, table, _column(column), AUTO)
        yield from _expression(None, element.expression, table, AUTO)
        if element.opclass is not None and element.opclass in CLASSES:
            yield Edge(None, extension_key(CLASSES[element.opclass]), None, NORMAL)
    yield from (Edge(None, table, _column(name), AUTO) for name in value.include)
    yield from _expression(None, value.where, table, AUTO)
    if value.parent is not None:
        yield Edge(None, relation_key(value.parent, dialect), None, AUTO)


def _of_sequence(value: Sequence, dialect: Dialect) -> Iterator[Edge]:
    if value.owned_by is not None:
        table, column = value.owned_by
        yield Edge(None, relation_key(table, dialect), _column(column), AUTO)


def _of_trigger(value: Trigger, dialect: Dialect) -> Iterator[Edge]:
    table = relation_key(value.table, dialect)
    yield Edge(None, table, None, AUTO)
    yield from (Edge(None, table, _column(name), NORMAL, "trigger") for name in value.columns)
    yield from _outside(None, () if value.function is None else (value.function,), ())
    yield from _mentions(value.mentions, table, dialect, "trigger")


def _of_policy(value: Policy, dialect: Dialect) -> Iterator[Edge]:
    table = relation_key(value.table, dialect)
    yield Edge(None, table, None, AUTO)
    yield from _mentions(value.mentions, table, dialect, "policy")


def _of_rule(value: RewriteRule, dialect: Dialect) -> Iterator[Edge]:
    table = relation_key(value.table, dialect)
    yield Edge(None, table, None, AUTO)
    yield from _mentions(value.mentions, table, dialect, "rule")


def _of_other(value: Other, dialect: Dialect) -> Iterator[Edge]:
    for member in value.members:
        table, part = relation_key(member.table, dialect), Part("member", str(member.table))
        yield Edge(part, table, None, AUTO)
        yield from (Edge(part, table, _column(name), NORMAL, "publication") for name in member.columns or ())
        yield from _expression(part, member.where, table, NORMAL, "publication")
    if value.table is None:
        yield from _mentions(value.mentions, None, dialect, "")
        return
    # Statistics and other attachments of a table are dropped with it, and with its columns.
    table = relation_key(value.table, dialect)
    yield Edge(None, table, None, AUTO)
    yield from (Edge(None, table, _column(name), AUTO) for name in value.mentions.columns)
    yield from _outside(None, value.mentions.functions, value.mentions.types)


def _of_other_type(value: OtherType, dialect: Dialect) -> Iterator[Edge]:
    yield from _mentions(value.mentions, None, dialect, "")


def _of_domain(value: Domain, dialect: Dialect) -> Iterator[Edge]:
    yield from _type(None, value.base)
    yield from _expression(Part("default", ""), value.default, None, NORMAL)
    for name, constraint in value.constraints.items():
        yield from _expression(Part("constraint", name), constraint.expression, None, NORMAL)


def _of_composite(value: Composite, dialect: Dialect) -> Iterator[Edge]:
    for name, column in value.columns.items():
        yield from _type(_column(name), column.type)


def _of_routine(value: Routine, dialect: Dialect) -> Iterator[Edge]:
    for argument in (*(value.arguments or ()), value.returns):
        yield from _type(None, argument)
    yield from _outside(None, (), value.types)
    for name in value.functions:
        if name.schema is not None:
            yield Edge(None, Key("routine part", name.schema, name.name), None, NORMAL)
    yield from _mentions(value.mentions, None, dialect, "routine")


def _of_remark(value: Comment | Privileges, dialect: Dialect) -> Iterator[Edge]:
    if value.about is not None:
        yield Edge(None, value.about, value.part, AUTO)


_EDGES: dict[type, Callable[[Any, Dialect], Iterator[Edge]]] = {
    View: _of_view,
    Index: _of_index,
    Sequence: _of_sequence,
    Trigger: _of_trigger,
    Policy: _of_policy,
    RewriteRule: _of_rule,
    Other: _of_other,
    OtherType: _of_other_type,
    Domain: _of_domain,
    Composite: _of_composite,
    Routine: _of_routine,
    Comment: _of_remark,
    Privileges: _of_remark,
}
