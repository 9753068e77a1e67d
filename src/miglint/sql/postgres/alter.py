"""`ALTER TABLE`, also of views, indexes, sequences, foreign tables and composite types.

PostgreSQL does not run the actions in the order written but in passes (`AT_PASS_...` in `tablecmds.c`): it drops first,
changes types, adds columns, and then the rest. `_PASSES` is that order.
"""

from __future__ import annotations

import re

from miglint.sql.operations import (
    EnableTrigger,
    Operation,
)
from miglint.sql.postgres.alter_actions import (
    COLUMN_OPTION_LISTS,
    OPTION_LISTS,
    READERS,
    SWITCHES,
    TRIGGERS,
    Action,
    column_options,
    option,
    options,
)
from miglint.sql.postgres.lexer import clauses, skip_name, skip_space
from miglint.sql.postgres.names import (
    Node,
    constant_text,
    kind_of,
    relation_name,
)
from miglint.sql.postgres.place import Place

_DROP, _ALTER_TYPE, _ADD_COLUMN, _SET_EXPRESSION, _COLUMN_ATTRIBUTES, _ADD_INDEX, _ADD_OTHER, _MISC = range(8)
_PASSES = {
    "AT_DropColumn": _DROP,
    "AT_DropConstraint": _DROP,
    "AT_DropNotNull": _DROP,
    "AT_DropExpression": _DROP,
    "AT_DropIdentity": _DROP,
    "AT_AlterColumnType": _ALTER_TYPE,
    "AT_AddColumn": _ADD_COLUMN,
    "AT_SetExpression": _SET_EXPRESSION,
    "AT_SetNotNull": _COLUMN_ATTRIBUTES,
    "AT_AddIdentity": _ADD_OTHER,
}
_CONSTRAINT_PASSES = {
    "CONSTR_NOTNULL": _COLUMN_ATTRIBUTES,
    "CONSTR_PRIMARY": _ADD_INDEX,
    "CONSTR_UNIQUE": _ADD_INDEX,
    "CONSTR_EXCLUSION": _ADD_INDEX,
}


def alter_table(place: Place, node: Node) -> list[Operation]:
    """Read `ALTER TABLE`: one operation per action, in the order in which PostgreSQL runs them."""
    relation = node["relation"]
    actions = node["cmds"]
    common = {
        "table": relation_name(relation),
        "table_if_exists": node.get("missing_ok", False),
        "only": not relation.get("inh", False) and node.get("objtype") != "OBJECT_TYPE",
        "kind": kind_of(node.get("objtype", "OBJECT_TABLE")),
    }
    found = [
        (_pass(item["AlterTableCmd"]), Action(place, item["AlterTableCmd"], start, end, common, relation["relname"]))
        for item, (start, end) in zip(actions, _bounds(place, relation, len(actions)), strict=True)
    ]
    if len(found) > 1:
        found.sort(key=lambda pair: pair[0])
    operations: list[Operation] = []
    for _, action in found:
        operations += _read(action)
    return operations


def _bounds(place: Place, relation: Node, count: int) -> list[tuple[int, int]]:
    """Return the characters of each action."""
    text = place.text
    if "location" not in relation:
        return [(place.start, place.end)] * count
    at = skip_name(text, place.char(relation["location"]), place.end)
    at = skip_space(text, at, place.end)
    if text[at : at + 1] in {"*", ")"}:
        at = skip_space(text, at + 1, place.end)
    if count == 1:
        return [(at, place.end)]
    bounds = clauses(text, at, place.end)
    return bounds if len(bounds) == count else [(place.start, place.end)] * count


def _pass(node: Node) -> int:
    kind = node["subtype"]
    if kind == "AT_AddConstraint":
        return _CONSTRAINT_PASSES.get(node["def"]["Constraint"]["contype"], _ADD_OTHER)
    if kind == "AT_ColumnDefault":
        return _ADD_OTHER if "def" in node else _DROP
    return _PASSES.get(kind, _MISC)


def _read(action: Action) -> list[Operation]:
    kind = action.node["subtype"]
    span = action.place.span(action.start, action.end)
    reader = READERS.get(kind)
    if reader is not None:
        return [reader(action, span)]
    if kind in TRIGGERS:
        state, name, rule = TRIGGERS[kind]
        return [
            EnableTrigger(span=span, **action.common, trigger=name or action.name, state=state, rule=rule),
        ]
    if kind in OPTION_LISTS:
        return options(action, span, kind)
    if kind in COLUMN_OPTION_LISTS:
        return column_options(action, span, kind)
    if kind in SWITCHES:
        words, value = SWITCHES[kind]
        return [option(action, span, words, value)]
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind[3:]).lower()
    value = action.name or (constant_text(action.node["def"]) if "def" in action.node else None)
    return [option(action, span, words, value)]
