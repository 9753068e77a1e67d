"""NAM: naming conventions: patterns, spelling, and explicit names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from miglint.base.findings import Severity
from miglint.base.model import Dialect
from miglint.base.template_names import has_tag
from miglint.replay.steps import Step
from miglint.rules.definition import Context, Hit, rule
from miglint.rules.names.declared import KINDS, WORDS, declared
from miglint.rules.names.fixes import convention_fix, schema_fix
from miglint.rules.support.given_names import naming_fix
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import scripts_of
from miglint.rules.support.sql_text import ident
from miglint.sql import operations as ops
from miglint.sql.operations import Name, Operation, flat

# Reserved in PostgreSQL 18, SQLite or SQL:2023, and used as names.
_RESERVED = frozenset(
    """
    abort action add after all alter always analyse analyze and any array as asc asymmetric attach authorization
    autoincrement before begin between binary both by cascade case cast check collate collation column commit
    concurrently conflict constraint create cross current_catalog current_date current_role current_schema
    current_time current_timestamp current_user database default deferrable deferred delete desc detach distinct do
    drop each else end escape except exclude exclusive exists explain fail false fetch filter first following for
    foreign freeze from full generated glob grant group groups having if ignore ilike immediate in index indexed
    initially inner insert instead intersect into is isnull join key last lateral leading left like limit localtime
    localtimestamp match natural no not nothing notnull null nulls of offset on only or order others outer over
    overlaps partition placing plan pragma preceding primary query raise range recursive references regexp reindex
    release rename replace restrict returning right rollback row rows savepoint select session_user set similar some
    symmetric system_user table tablesample temp temporary then ties to trailing transaction trigger true unbounded
    union unique update user using vacuum values variadic verbose view virtual when where window with without
    """.split()  # noqa: SIM905 - readable as a text
)
# Of these, the words that an engine rejects as an unquoted name of a table or column.
_POSTGRES = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema
    current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for
    foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral
    leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps
    placing primary references returning right select session_user similar some symmetric system_user table
    tablesample then to trailing true union unique user using variadic verbose when where window with
    """.split()  # noqa: SIM905 - readable as a text
)
_SQLITE = frozenset(
    """
    add all alter and as autoincrement between case check collate commit constraint create default deferrable delete
    distinct drop else escape except exists foreign from group having if in index insert intersect into is isnull
    join limit not nothing notnull null on or order primary references returning select set table then to transaction
    union unique update using values when where
    """.split()  # noqa: SIM905 - readable as a text
)


_compiled = lru_cache(maxsize=64)(re.compile)


def _no_pattern(value: object) -> str | None:
    try:
        re.compile(str(value).replace("{table}", "x"))
    except re.error as error:
        return f"it is not a regular expression: {error}"
    return None


@rule(
    "NAM020",
    "naming-convention",
    Severity.WARNING,
    "A name does not match the pattern that is configured for its kind",
    aliases=(
        "atlas:NM101",
        "atlas:NM102",
        "atlas:NM103",
        "atlas:NM104",
        "atlas:NM105",
        "atlas:NM106",
        "pgsafe:naming-convention",
    ),
    fixable=True,
    options=dict.fromkeys(KINDS, ""),
    objection=_no_pattern,
)
def naming_convention(step: Step, context: Context) -> Iterator[Hit]:
    """Report names that the pattern of their kind does not match as a whole; an empty pattern matches all.

    In a pattern `{table}` stands for the name of the table that the object is on.
    """
    patterns = {kind: str(text) for kind, text in context.settings.items() if text}
    if not patterns or step.migration.forward is None:
        return
    for item in declared(step):
        text = patterns.get(item.kind)
        if text is None or item.script is not step.migration.forward:
            continue
        text = text.replace("{table}", re.escape(item.owner or ""))
        if _compiled(text).fullmatch(item.name) is None:
            yield hit_in(
                item.script,
                item.span,
                f"the name of {item.words} {ident(item.name)} does not match {text}",
                f"The pattern is configured as `{item.kind}` of this rule.",
                fix=convention_fix(step, item, _compiled(text)),
            )


def _bare(name: str) -> bool:
    return name.isascii() and name.replace("_", "a").isalnum() and name.islower() and not name[0].isdecimal()


@rule(
    "NAM021",
    "name-needs-quotes",
    Severity.WARNING,
    "A name has upper-case letters or special characters, and must be quoted everywhere",
    default=False,
    dialects=("postgres",),
    aliases=("pg-migration-lint:PGM509",),
)
def name_needs_quotes(step: Step) -> Iterator[Hit]:
    """Report names that PostgreSQL finds only in double quotes."""
    for item in declared(step):
        if item.script is step.migration.forward and item.name and not _bare(item.name):
            yield hit_in(
                item.script,
                item.span,
                f"the name of {item.words} {ident(item.name)} must be quoted wherever it is used",
                "Use lower-case letters, digits and underscores: PostgreSQL folds unquoted names to lower case.",
            )


@rule(
    "NAM022",
    "reserved-word-as-name",
    Severity.WARNING,
    "A name is a reserved word",
    default=False,
    aliases=("pg-migration-lint:PGM509",),
)
def reserved_word_as_name(step: Step) -> Iterator[Hit]:
    """Report tables, columns and other objects named by a keyword."""
    for item in declared(step):
        word = item.name.lower()
        if item.script is not step.migration.forward or word not in _RESERVED:
            continue
        own = _POSTGRES if item.script.dialect is Dialect.POSTGRES else _SQLITE
        where = "here" if word in own else "in standard SQL or another engine"
        yield hit_in(
            item.script,
            item.span,
            f"the name of {item.words} {item.name} is a reserved word {where}",
            "It must be quoted; unquoted it is a syntax error, or means something else: "
            "SELECT user returns the name of the database user.",
        )


@rule(
    "NAM023",
    "unnamed-constraint",
    Severity.WARNING,
    "A constraint has no name",
    default=False,
    fixable=True,
    aliases=("diesel-guard:UnnamedConstraintCheck",),
)
def unnamed_constraint(step: Step) -> Iterator[Hit]:
    """Report unnamed constraints, except column constraints and primary keys."""
    forward = step.migration.forward
    if forward is None:
        return
    for statement in step.forward_statements:
        for operation in flat(statement.operations):
            match operation:
                case ops.CreateTable() | ops.AddColumn():
                    constraints = operation.constraints
                case ops.AddConstraint():
                    constraints = (operation.constraint,)
                case _:
                    continue
            for constraint in constraints:
                if constraint.name is None and constraint.kind in ("unique", "check", "foreign", "exclude"):
                    yield hit_in(
                        forward,
                        constraint.span or operation.span,
                        f"this {WORDS[constraint.kind]} has no name",
                        "Write CONSTRAINT and a name before it: a later migration needs the name to drop it.",
                        fix=naming_fix(step, forward, operation, constraint),
                    )


_PLACED = ("table", "foreign table", "view", "materialized view", "sequence", "index")


def _made(operation: Operation) -> tuple[str, Name] | None:
    match operation:
        case ops.CreateTable() if not operation.temporary:
            return "table", operation.name
        case ops.TableOperation() if operation.kind in ("table", "foreign table"):
            return "table", operation.table
        case ops.CreateView() if not operation.temporary:
            return "view", operation.name
        case ops.CreateIndex() | ops.CreateTrigger():
            return "table", operation.table
        case ops.CreateSequence() if not operation.temporary:
            return "sequence", operation.name
        case ops.Drop() | ops.Rename() | ops.SetSchema() if operation.kind in _PLACED:
            return operation.kind, operation.name
        case ops.Insert() | ops.Update() | ops.Delete() | ops.Truncate():
            return "table", operation.table
        case _:
            return None


@rule(
    "NAM024",
    "name-without-schema",
    Severity.WARNING,
    "A table name has no schema",
    default=False,
    dialects=("postgres",),
    fixable=True,
    aliases=("squawk:require-table-schema", "pgsafe:require-schema-qualified"),
)
def name_without_schema(step: Step) -> Iterator[Hit]:
    """Report tables and views whose schema depends on the search path."""
    for script, statements in scripts_of(step):
        for statement in statements:
            reported: set[str] = set()
            for operation in flat(statement.operations):
                made = _made(operation)
                # What a template puts before a name may be its schema.
                if made is None or made[1].schema is not None or made[1].name in reported or has_tag(made[1].name):
                    continue
                reported.add(made[1].name)
                yield hit_in(
                    script,
                    operation.span,
                    f"{made[0]} {made[1].name} is created without a schema name",
                    "With another search_path the script changes another table. "
                    f"Write {ident(step.after.path[0])}.{ident(made[1].name)}.",
                    fix=schema_fix(script, operation.span, made[1], step.after.path[0]),
                )
