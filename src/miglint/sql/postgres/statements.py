"""From a statement's node to its operations: the table of all statements of PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from miglint.base.model import Span
from miglint.sql.operations import Opaque, Operation, RoutineBody
from miglint.sql.postgres.names import Node, kind_of
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.set_config import may_set, settings_of

Reader = Callable[[Place, Node], list[Operation]]


def read(place: Place, node: Node) -> list[Operation]:
    """Return the operations of a statement's node."""
    for name, body in node.items():
        reader = _reader(name)
        if reader is not None:
            operations = reader(place, body)
            if name in _RUN_QUERIES and may_set(place):
                operations += settings_of(place, body)
            return operations
        return [Opaque(span=place.whole(), reason=f"miglint does not know {kind_words(node)}")]
    return []


# Statements with queries that they run, or have run later, besides queries themselves.
_RUN_QUERIES = frozenset(
    {
        "CallStmt",
        "CopyStmt",
        "CreateTableAsStmt",
        "DeclareCursorStmt",
        "DeleteStmt",
        "InsertStmt",
        "MergeStmt",
        "PrepareStmt",
        "UpdateStmt",
    }
)


def read_call(body: RoutineBody, arguments: tuple[str | None, ...], span: Span) -> tuple[Operation, ...] | None:
    """Return the effects of calling a routine: a `CallReader`."""
    from miglint.sql.postgres.routine_effects import read_call as effects_of

    return effects_of(read, body, arguments, span)


# The module of each statement's reader, its name, and, where a function returns it, what that is called with. A module
# is imported for the first of its statements: one script has few kinds of them.
READERS: dict[str, tuple[str, ...]] = {
    "AlterCollationStmt": ("others", "alter", "collation", "collname"),
    "AlterDatabaseRefreshCollStmt": ("others", "alter", "database", "dbname"),
    "AlterDatabaseSetStmt": ("others", "alter", "database", "dbname"),
    "AlterDatabaseStmt": ("others", "alter", "database", "dbname"),
    "AlterDefaultPrivilegesStmt": ("changes", "default_privileges"),
    "AlterDomainStmt": ("objects", "alter_domain"),
    "AlterEnumStmt": ("objects", "alter_enum"),
    "AlterEventTrigStmt": ("others", "alter", "event trigger", "trigname"),
    "AlterExtensionContentsStmt": ("others", "extension_contents"),
    "AlterExtensionStmt": ("attached", "alter_extension"),
    "AlterFdwStmt": ("others", "alter", "foreign data wrapper", "fdwname"),
    "AlterForeignServerStmt": ("others", "alter", "server", "servername"),
    "AlterFunctionStmt": ("routines", "alter_routine"),
    "AlterObjectDependsStmt": ("changes", "depends"),
    "AlterObjectSchemaStmt": ("changes", "set_schema"),
    "AlterOpFamilyStmt": ("others", "alter_operator_family"),
    "AlterOperatorStmt": ("others", "alter", "operator", "opername"),
    "AlterOwnerStmt": ("changes", "set_owner"),
    "AlterPolicyStmt": ("attached", "alter_policy"),
    "AlterPublicationStmt": ("publications", "alter"),
    "AlterRoleSetStmt": ("attached", "alter_role_set"),
    "AlterRoleStmt": ("attached", "alter_role"),
    "AlterSeqStmt": ("objects", "alter_sequence"),
    "AlterStatsStmt": ("others", "alter", "statistics", "defnames"),
    "AlterSubscriptionStmt": ("others", "alter", "subscription", "subname"),
    "AlterSystemStmt": ("session", "alter_system"),
    "AlterTSConfigurationStmt": ("others", "alter", "text search configuration", "cfgname"),
    "AlterTSDictionaryStmt": ("others", "alter", "text search dictionary", "dictname"),
    "AlterTableMoveAllStmt": ("others", "move_all"),
    "AlterTableSpaceOptionsStmt": ("others", "alter", "tablespace", "tablespacename"),
    "AlterTableStmt": ("alter", "alter_table"),
    "AlterTypeStmt": ("objects", "alter_type"),
    "AlterUserMappingStmt": ("others", "alter_user_mapping"),
    "CallStmt": ("data", "call"),
    "CheckPointStmt": ("session", "fixed", "checkpoint"),
    "ClosePortalStmt": ("session", "fixed", "close", "portalname"),
    "ClusterStmt": ("session", "cluster"),
    "CommentStmt": ("changes", "set_comment"),
    "CompositeTypeStmt": ("objects", "create_composite"),
    "ConstraintsSetStmt": ("session", "set_constraints"),
    "CopyStmt": ("data", "copy"),
    "CreateAmStmt": ("others", "create", "access method", "amname"),
    "CreateCastStmt": ("others", "create_cast"),
    "CreateConversionStmt": ("others", "create", "conversion", "conversion_name"),
    "CreateDomainStmt": ("objects", "create_domain"),
    "CreateEnumStmt": ("objects", "create_enum"),
    "CreateEventTrigStmt": ("others", "create_event_trigger"),
    "CreateExtensionStmt": ("attached", "create_extension"),
    "CreateFdwStmt": ("others", "create", "foreign data wrapper", "fdwname"),
    "CreateForeignServerStmt": ("others", "create", "server", "servername"),
    "CreateForeignTableStmt": ("tables", "create_foreign_table"),
    "CreateFunctionStmt": ("routines", "create_routine"),
    "CreateOpClassStmt": ("others", "create_operator_class"),
    "CreateOpFamilyStmt": ("others", "create_operator_family"),
    "CreatePLangStmt": ("others", "create", "language", "plname"),
    "CreatePolicyStmt": ("attached", "create_policy"),
    "CreatePublicationStmt": ("publications", "create"),
    "CreateRangeStmt": ("objects", "create_range"),
    "CreateRoleStmt": ("attached", "create_role"),
    "CreateSchemaStmt": ("attached", "create_schema"),
    "CreateSeqStmt": ("objects", "create_sequence"),
    "CreateStatsStmt": ("others", "create_statistics"),
    "CreateStmt": ("tables", "create_table"),
    "CreateSubscriptionStmt": ("others", "create", "subscription", "subname"),
    "CreateTableAsStmt": ("tables", "create_table_as"),
    "CreateTableSpaceStmt": ("others", "create", "tablespace", "tablespacename"),
    "CreateTransformStmt": ("others", "create_transform"),
    "CreateTrigStmt": ("attached", "create_trigger"),
    "CreateUserMappingStmt": ("others", "create_user_mapping"),
    "CreatedbStmt": ("others", "create", "database", "dbname"),
    "DeallocateStmt": ("session", "fixed", "deallocate", "name"),
    "DeclareCursorStmt": ("session", "fixed", "declare", "portalname"),
    "DefineStmt": ("others", "define"),
    "DeleteStmt": ("data", "delete"),
    "DiscardStmt": ("session", "discard"),
    "DoStmt": ("do", "do_block"),
    "DropOwnedStmt": ("session", "owned", "drop owned"),
    "DropRoleStmt": ("changes", "drop_roles"),
    "DropStmt": ("changes", "drop"),
    "DropSubscriptionStmt": ("changes", "drop_simple", "subscription", "subname"),
    "DropTableSpaceStmt": ("changes", "drop_simple", "tablespace", "tablespacename"),
    "DropUserMappingStmt": ("changes", "drop_user_mapping"),
    "DropdbStmt": ("changes", "drop_simple", "database", "dbname"),
    "ExecuteStmt": ("session", "execute"),
    "ExplainStmt": ("session", "explain"),
    "FetchStmt": ("session", "fetch"),
    "GrantRoleStmt": ("changes", "grant_role"),
    "GrantStmt": ("changes", "grant"),
    "ImportForeignSchemaStmt": ("others", "import_schema"),
    "IndexStmt": ("objects", "create_index"),
    "InsertStmt": ("data", "insert"),
    "ListenStmt": ("session", "fixed", "listen", "conditionname"),
    "LoadStmt": ("session", "fixed", "load", "filename"),
    "LockStmt": ("session", "lock"),
    "MergeStmt": ("data", "merge"),
    "NotifyStmt": ("session", "notify"),
    "PrepareStmt": ("session", "fixed", "prepare", "name"),
    "ReassignOwnedStmt": ("session", "owned", "reassign owned"),
    "RefreshMatViewStmt": ("session", "refresh"),
    "ReindexStmt": ("session", "reindex"),
    "RenameStmt": ("changes", "rename"),
    "RuleStmt": ("attached", "create_rule"),
    "SecLabelStmt": ("changes", "security_label"),
    "SelectStmt": ("data", "select"),
    "TransactionStmt": ("session", "transaction"),
    "TruncateStmt": ("data", "truncate"),
    "UnlistenStmt": ("session", "fixed", "unlisten", "conditionname"),
    "UpdateStmt": ("data", "update"),
    "VacuumStmt": ("session", "vacuum"),
    "VariableSetStmt": ("attached", "set_variable"),
    "VariableShowStmt": ("session", "fixed", "show", "name"),
    "ViewStmt": ("tables", "create_view"),
}


@cache
def _reader(name: str) -> Reader | None:
    """Return the reader of a statement, None for what no version has that miglint knows."""
    if name not in READERS:
        return None
    module, function, *arguments = READERS[name]
    found: Callable[..., Any] = getattr(import_module(f"miglint.sql.postgres.{module}"), function)
    if arguments:
        made: Reader = found(*arguments)
        return made
    if name == "ExplainStmt":
        explained: Reader = found(read)
        return explained
    # What is inside of these is read as other statements are.
    others = {"CreateSchemaStmt": read, "DoStmt": read, "CreateFunctionStmt": read_call}.get(name)
    return found if others is None else lambda place, node: found(place, node, others)


_WORDS = {
    "CreateStmt": "create table",
    "IndexStmt": "create index",
    "ViewStmt": "create view",
    "RuleStmt": "create rule",
    "CreateTrigStmt": "create trigger",
    "CreateSeqStmt": "create sequence",
    "AlterSeqStmt": "alter sequence",
    "CompositeTypeStmt": "create type",
    "CreateEnumStmt": "create type",
    "CreateRangeStmt": "create type",
    "AlterEnumStmt": "alter type",
    "CreateAmStmt": "create access method",
    "CreateFdwStmt": "create foreign data wrapper",
    "AlterFdwStmt": "alter foreign data wrapper",
    "CreatePLangStmt": "create language",
    "CreatedbStmt": "create database",
    "DropdbStmt": "drop database",
    "CreateStatsStmt": "create statistics",
    "AlterStatsStmt": "alter statistics",
    "CreateEventTrigStmt": "create event trigger",
    "AlterEventTrigStmt": "alter event trigger",
    "CreateForeignServerStmt": "create server",
    "AlterForeignServerStmt": "alter server",
    "CreateTableSpaceStmt": "create tablespace",
    "DropTableSpaceStmt": "drop tablespace",
    "AlterTableSpaceOptionsStmt": "alter tablespace",
    "AlterTableMoveAllStmt": "alter table",
    "CreateOpClassStmt": "create operator class",
    "CreateOpFamilyStmt": "create operator family",
    "AlterOpFamilyStmt": "alter operator family",
    "AlterTSDictionaryStmt": "alter text search dictionary",
    "AlterTSConfigurationStmt": "alter text search configuration",
    "AlterRoleSetStmt": "alter role",
    "AlterDatabaseSetStmt": "alter database",
    "AlterDatabaseRefreshCollStmt": "alter database",
    "AlterExtensionContentsStmt": "alter extension",
    "CommentStmt": "comment on",
    "SecLabelStmt": "security label",
    "GrantRoleStmt": "grant",
    "RefreshMatViewStmt": "refresh materialized view",
    "ConstraintsSetStmt": "set constraints",
    "ReindexStmt": "reindex",
    "LockStmt": "lock table",
    "DeclareCursorStmt": "declare",
    "ClosePortalStmt": "close",
    "VariableShowStmt": "show",
    "CheckPointStmt": "checkpoint",
}
_OBJECT_FIELDS = {
    "DropStmt": ("drop", "removeType"),
    "AlterTableStmt": ("alter", "objtype"),
    "AlterObjectSchemaStmt": ("alter", "objectType"),
    "AlterObjectDependsStmt": ("alter", "objectType"),
    "AlterOwnerStmt": ("alter", "objectType"),
    "DefineStmt": ("create", "kind"),
    "AlterFunctionStmt": ("alter", "objtype"),
}
_ON_TABLE = frozenset({"OBJECT_COLUMN", "OBJECT_TABCONSTRAINT"})


# Statements whose meaning depends on a flag.
_BY_FLAG = {
    "CreateFunctionStmt": ("is_procedure", "create procedure", "create function"),
    "GrantStmt": ("is_grant", "grant", "revoke"),
    "VacuumStmt": ("is_vacuumcmd", "vacuum", "analyze"),
}


@cache
def _with_kind(verb: str, object_type: str) -> str:
    return f"{verb} {kind_of(object_type)}"


def kind_words(node: Node) -> str:
    """Return a short description: `create table`, `alter table`, `insert`."""
    ((name, body),) = node.items()
    words = _WORDS.get(name)
    if words is not None:
        return words
    if name in _OBJECT_FIELDS:
        verb, key = _OBJECT_FIELDS[name]
        return _with_kind(verb, body.get(key, "OBJECT_TABLE"))
    if name in _BY_FLAG:
        flag, set_, unset = _BY_FLAG[name]
        return set_ if body.get(flag) else unset
    if name == "TransactionStmt":
        from miglint.sql.postgres.session import ACTIONS

        return ACTIONS[body["kind"]]
    if name == "RenameStmt":
        kind = body["renameType"]
        if kind in _ON_TABLE or kind == "OBJECT_ATTRIBUTE":
            kind = body.get("relationType", "OBJECT_TABLE") if kind != "OBJECT_TABCONSTRAINT" else "OBJECT_TABLE"
        return f"alter {kind_of(kind)}"
    if name == "CreateTableAsStmt":
        return "create materialized view" if body.get("objtype") == "OBJECT_MATVIEW" else "create table as"
    if name == "VariableSetStmt":
        return "reset" if body.get("kind", "").startswith("VAR_RESET") else "set"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Stmt")).lower()
