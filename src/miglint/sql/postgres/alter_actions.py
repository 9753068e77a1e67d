"""The single actions of `ALTER TABLE`, each converted to one operation."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from miglint.base.lazy_regex import pattern
from miglint.base.model import Span
from miglint.base.structs import Struct
from miglint.sql.operations import (
    AddColumn,
    AddConstraint,
    AlterColumnType,
    AlterConstraint,
    AttachPartition,
    DetachPartition,
    DropColumn,
    DropConstraint,
    Name,
    Operation,
    SetColumnOption,
    SetDefault,
    SetGenerated,
    SetIdentity,
    SetInherit,
    SetNullable,
    SetTableOption,
    ValidateConstraint,
)
from miglint.sql.postgres.constraints import column, column_settings, constraint
from miglint.sql.postgres.expressions import default_expression, expression
from miglint.sql.postgres.lexer import find_word, skip_space
from miglint.sql.postgres.names import (
    Node,
    constant_text,
    option_text,
    qualified,
    relation_name,
    role_name,
    type_of,
)
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.tables import partition_bound


class Action(Struct, frozen=True):
    """One action of an `ALTER TABLE`: its node, its position, and the object it applies to."""

    place: Place
    node: Node
    start: int
    end: int
    common: dict[str, Any]
    table: str

    @property
    def body(self) -> Node:
        """The struct in `def`, without its node type."""
        definition = self.node.get("def")
        return next(iter(definition.values())) if definition else {}

    @property
    def name(self) -> str:
        """The name of the object of the action: a column, a constraint, a trigger, ..."""
        return str(self.node.get("name", ""))

    @property
    def cascade(self) -> bool:
        """Whether the action has CASCADE."""
        return self.node.get("behavior") == "DROP_CASCADE"

    @property
    def missing_ok(self) -> bool:
        """Whether the action has IF EXISTS or IF NOT EXISTS."""
        return bool(self.node.get("missing_ok", False))

    def after(self, word: re.Pattern[str]) -> str:
        """Return the text of the clause after a keyword."""
        text = self.place.text
        found = find_word(text, word, self.start, self.end)
        return text[skip_space(text, found.end(), self.end) : self.end] if found else ""


def option(action: Action, span: Span, words: str, value: str | None) -> Operation:
    """Return the value of an option of the table itself."""
    return SetTableOption(span=span, **action.common, option=words, value=value)


def _add_column(action: Action, span: Span) -> Operation:
    found, constraints = column(action.place, action.body, action.table)
    return AddColumn(
        span=span,
        **action.common,
        column=found,
        constraints=tuple(constraints),
        if_not_exists=action.missing_ok,
        settings=tuple(column_settings(action.body)),
    )


def _drop_column(action: Action, span: Span) -> Operation:
    return DropColumn(
        span=span, **action.common, column=action.name, if_exists=action.missing_ok, cascade=action.cascade
    )


_USING = pattern(r"\bUSING\b", re.IGNORECASE)
_SET_DEFAULT = pattern(r"\bDEFAULT\b", re.IGNORECASE)
_EXPRESSION_AS = pattern(r"\bAS\b", re.IGNORECASE)


def _alter_type(action: Action, span: Span) -> Operation:
    body = action.body
    using = body.get("raw_default")
    return AlterColumnType(
        span=span,
        **action.common,
        column=action.name,
        type=type_of(body["typeName"]),
        collation=str(qualified(body["collClause"]["collname"])) if "collClause" in body else None,
        using=expression(using, action.after(_USING), action.table) if using is not None else None,
    )


def _set_default(action: Action, span: Span) -> Operation:
    raw = action.node.get("def")
    default = default_expression(raw, action.after(_SET_DEFAULT), None, action.table) if raw is not None else None
    null = raw is not None and default is None
    return SetDefault(span=span, **action.common, column=action.name, default=default, null=null)


def _set_not_null(action: Action, span: Span) -> Operation:
    return SetNullable(span=span, **action.common, column=action.name, nullable=False)


def _drop_not_null(action: Action, span: Span) -> Operation:
    return SetNullable(span=span, **action.common, column=action.name, nullable=True)


_IDENTITIES = {"a": "always", "d": "by default"}


def _add_identity(action: Action, span: Span) -> Operation:
    identity = _IDENTITIES.get(action.body.get("generated_when", ""))
    return SetIdentity(span=span, **action.common, column=action.name, action="add", identity=identity)


def _set_identity(action: Action, span: Span) -> Operation:
    identity = None
    for node in action.body.get("items", ()):
        element = node["DefElem"]
        if element["defname"] == "generated":
            value = element["arg"].get("Integer", {}).get("ival", 0)
            identity = _IDENTITIES.get(chr(value))
    return SetIdentity(span=span, **action.common, column=action.name, action="set", identity=identity)


def _drop_identity(action: Action, span: Span) -> Operation:
    return SetIdentity(span=span, **action.common, column=action.name, action="drop", if_exists=action.missing_ok)


def _set_expression(action: Action, span: Span) -> Operation:
    raw = action.node["def"]
    found = expression(raw, action.after(_EXPRESSION_AS), action.table)
    return SetGenerated(span=span, **action.common, column=action.name, expression=found)


def _drop_expression(action: Action, span: Span) -> Operation:
    return SetGenerated(span=span, **action.common, column=action.name, expression=None, if_exists=action.missing_ok)


def _column_option(action: Action, span: Span, option: str) -> Operation:
    column_name = action.name or str(action.node.get("num", ""))
    raw = action.node.get("def")
    value = constant_text(raw) if raw is not None else None
    return SetColumnOption(span=span, **action.common, column=column_name, option=option, value=value)


def _statistics(action: Action, span: Span) -> Operation:
    return _column_option(action, span, "statistics")


def _storage(action: Action, span: Span) -> Operation:
    return _column_option(action, span, "storage")


def _compression(action: Action, span: Span) -> Operation:
    return _column_option(action, span, "compression")


def _add_constraint(action: Action, span: Span) -> Operation:
    body = action.body
    bounds = (action.place.char(body["location"]), action.end)
    return AddConstraint(span=span, **action.common, constraint=constraint(action.place, body, action.table, bounds))


def _drop_constraint(action: Action, span: Span) -> Operation:
    return DropConstraint(
        span=span, **action.common, constraint=action.name, if_exists=action.missing_ok, cascade=action.cascade
    )


def _validate(action: Action, span: Span) -> Operation:
    return ValidateConstraint(span=span, **action.common, constraint=action.name)


def _alter_constraint(action: Action, span: Span) -> Operation:
    body = action.body
    return AlterConstraint(
        span=span,
        **action.common,
        constraint=body.get("conname", ""),
        deferrable=body.get("deferrable", False) or body.get("initdeferred", False),
        deferred=body.get("initdeferred", False),
        changes_deferrability=body.get("alterDeferrability", False),
        enforced=body.get("is_enforced", False) if body.get("alterEnforceability") else None,
        no_inherit=body.get("noinherit", False) if body.get("alterInheritability") else None,
    )


def _attach(action: Action, span: Span) -> Operation:
    body = action.body
    bound = partition_bound(body["bound"]) if "bound" in body else None
    return AttachPartition(span=span, **action.common, partition=relation_name(body["name"]), bound=bound)


def _detach(action: Action, span: Span) -> Operation:
    body = action.body
    return DetachPartition(
        span=span,
        **action.common,
        partition=relation_name(body["name"]),
        concurrently=body.get("concurrent", False),
        finalize=action.node.get("subtype") == "AT_DetachPartitionFinalize",
    )


def _inherit(action: Action, span: Span) -> Operation:
    return SetInherit(span=span, **action.common, parent=relation_name(action.body), inherit=True)


def _no_inherit(action: Action, span: Span) -> Operation:
    return SetInherit(span=span, **action.common, parent=relation_name(action.body), inherit=False)


def _owner(action: Action, span: Span) -> Operation:
    return option(action, span, "owner", role_name(action.node["newowner"]))


_IDENTITY_KINDS = {"n": "nothing", "f": "full", "d": "default"}


def _replica_identity(action: Action, span: Span) -> Operation:
    body = action.body
    kind = body.get("identity_type", "d")
    value = f"using index {body.get('name', '')}" if kind == "i" else _IDENTITY_KINDS.get(kind, kind)
    return option(action, span, "replica identity", value)


def _access_method(action: Action, span: Span) -> Operation:
    return option(action, span, "access method", action.name or "default")


def _tablespace(action: Action, span: Span) -> Operation:
    return option(action, span, "tablespace", action.name)


def _cluster(action: Action, span: Span) -> Operation:
    return option(action, span, "cluster", action.name)


def _of(action: Action, span: Span) -> Operation:
    spelled = type_of(action.body)
    return option(action, span, "of", str(Name(spelled.schema, spelled.name)))


OPTION_LISTS = {"AT_SetRelOptions", "AT_ResetRelOptions", "AT_ReplaceRelOptions", "AT_GenericOptions"}


def options(action: Action, span: Span, kind: str) -> list[Operation]:
    """Return one operation for each option in a list of them."""
    operations: list[Operation] = []
    for node in action.body.get("items", ()):
        element = node["DefElem"]
        name, _, value = option_text(element).partition("=")
        reset = kind == "AT_ResetRelOptions" or element.get("defaction") == "DEFELEM_DROP"
        word = "option" if kind == "AT_GenericOptions" else "storage parameter"
        operations.append(option(action, span, f"{word} {name}", None if reset else value or "true"))
    return operations


COLUMN_OPTION_LISTS = {"AT_SetOptions", "AT_ResetOptions", "AT_AlterColumnGenericOptions"}


def column_options(action: Action, span: Span, kind: str) -> list[Operation]:
    """Return one operation for each option in a list of those of a column."""
    operations: list[Operation] = []
    for node in action.body.get("items", ()):
        element = node["DefElem"]
        name, _, value = option_text(element).partition("=")
        reset = kind == "AT_ResetOptions" or element.get("defaction") == "DEFELEM_DROP"
        operations.append(
            SetColumnOption(
                span=span,
                **action.common,
                column=action.name,
                option=f"options {name}",
                value=None if reset else value,
            )
        )
    return operations


READERS: dict[str, Callable[[Action, Span], Operation]] = {
    "AT_AddColumn": _add_column,
    "AT_DropColumn": _drop_column,
    "AT_AlterColumnType": _alter_type,
    "AT_ColumnDefault": _set_default,
    "AT_SetNotNull": _set_not_null,
    "AT_DropNotNull": _drop_not_null,
    "AT_AddIdentity": _add_identity,
    "AT_SetIdentity": _set_identity,
    "AT_DropIdentity": _drop_identity,
    "AT_SetExpression": _set_expression,
    "AT_DropExpression": _drop_expression,
    "AT_SetStatistics": _statistics,
    "AT_SetStorage": _storage,
    "AT_SetCompression": _compression,
    "AT_AddConstraint": _add_constraint,
    "AT_DropConstraint": _drop_constraint,
    "AT_ValidateConstraint": _validate,
    "AT_AlterConstraint": _alter_constraint,
    "AT_AttachPartition": _attach,
    "AT_DetachPartition": _detach,
    "AT_DetachPartitionFinalize": _detach,
    "AT_AddInherit": _inherit,
    "AT_DropInherit": _no_inherit,
    "AT_ChangeOwner": _owner,
    "AT_ReplicaIdentity": _replica_identity,
    "AT_SetAccessMethod": _access_method,
    "AT_SetTableSpace": _tablespace,
    "AT_ClusterOn": _cluster,
    "AT_AddOf": _of,
}
SWITCHES: dict[str, tuple[str, str | None]] = {
    "AT_SetLogged": ("logged", "on"),
    "AT_SetUnLogged": ("logged", "off"),
    "AT_EnableRowSecurity": ("row security", "on"),
    "AT_DisableRowSecurity": ("row security", "off"),
    "AT_ForceRowSecurity": ("force row security", "on"),
    "AT_NoForceRowSecurity": ("force row security", "off"),
    "AT_DropCluster": ("cluster", None),
    "AT_DropOf": ("of", None),
    "AT_DropOids": ("oids", "off"),
}
TRIGGERS = {
    "AT_EnableTrig": ("enable", "", False),
    "AT_EnableAlwaysTrig": ("enable always", "", False),
    "AT_EnableReplicaTrig": ("enable replica", "", False),
    "AT_DisableTrig": ("disable", "", False),
    "AT_EnableTrigAll": ("enable", "*all*", False),
    "AT_DisableTrigAll": ("disable", "*all*", False),
    "AT_EnableTrigUser": ("enable", "*user*", False),
    "AT_DisableTrigUser": ("disable", "*user*", False),
    "AT_EnableRule": ("enable", "", True),
    "AT_EnableAlwaysRule": ("enable always", "", True),
    "AT_EnableReplicaRule": ("enable replica", "", True),
    "AT_DisableRule": ("disable", "", True),
}
