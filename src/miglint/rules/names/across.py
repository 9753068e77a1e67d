"""NAM: names that collide with names given elsewhere in the history: by the engine, or those of other tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from miglint.base.findings import Severity
from miglint.base.model import Script
from miglint.replay.apply.naming import column_part, join
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, rule
from miglint.rules.names.declared import declared
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import operations_of
from miglint.rules.support.sql_text import ident
from miglint.schema.lookup import visible_key
from miglint.schema.objects import Key, Table
from miglint.sql import operations as ops
from miglint.sql.operations import Constraint, Name, Operation

_LABELS = {"primary": "pkey", "unique": "key", "check": "check", "foreign": "fkey", "exclude": "excl"}
_INDEXED = frozenset({"primary", "unique", "exclude"})


# --- generated names -------------------------------------------------------------------------------------------------


def _unnamed(operation: Operation) -> tuple[Name, tuple[Constraint, ...]] | None:
    match operation:
        case ops.CreateTable():
            return operation.name, operation.constraints
        case ops.AddColumn():
            return operation.table, operation.constraints
        case ops.AddConstraint():
            return operation.table, (operation.constraint,)
        case _:
            return None


@rule(
    "NAM008",
    "generated-name-displaced",
    Severity.WARNING,
    "The name that PostgreSQL would generate is already in use",
    on=(ops.CreateTable, ops.AddColumn, ops.AddConstraint),
    dialects=("postgres",),
)
def generated_name_displaced(step: Step) -> Iterator[Hit]:
    """Report unnamed constraints whose generated name gets a number, because the plain one is in use."""
    numbered: dict[Key, dict[_Group, list[str]]] = {}
    for script, _, operation in operations_of(step):
        found = _unnamed(operation) if script is step.migration.forward else None
        if found is None or all(constraint.name is not None for constraint in found[1]):
            continue
        key = visible_key(step.after, found[0])
        table = step.after.table(key)
        if table is None:
            continue
        if key not in numbered:
            numbered[key] = _numbered(table)
        for constraint in found[1] if numbered[key] else ():
            yield from _displaced(step, script, operation, key, table, constraint, numbered[key])


_Group: TypeAlias = tuple[str, tuple[str, ...]]


def _numbered(table: Table) -> dict[_Group, list[str]]:
    """Return the names with a number that the engine chose, by the kinds and columns of their constraints."""
    found: dict[_Group, list[str]] = {}
    for name, constraint in table.constraints.items():
        if constraint.generated and name[-1:].isdecimal():
            found.setdefault((constraint.kind, constraint.columns), []).append(name)
    return found


def _displaced(
    step: Step,
    script: Script,
    operation: Operation,
    key: Key,
    table: Table,
    written: Constraint,
    numbered: dict[_Group, list[str]],
) -> Iterator[Hit]:
    wanted = _generated_name(key.name, written)
    if wanted is None or not _in_use(step, key, table, wanted, indexed=written.kind in _INDEXED):
        return
    for name in numbered.get((written.kind, written.columns), ()):
        number = name.removeprefix(wanted)
        if number != name and number.isdecimal():
            yield hit_in(
                script,
                written.span or operation.span,
                f"the unnamed constraint is named {name}, because {wanted} is in use",
                f"Name it: a rollback that drops {wanted} drops the other constraint.",
            )


def _generated_name(table: str, constraint: Constraint) -> str | None:
    """Return the name that PostgreSQL gives an unnamed constraint where it is free; None for one that has a name."""
    label = _LABELS.get(constraint.kind)
    if constraint.name is not None or label is None:
        return None
    part = None if constraint.kind == "primary" else column_part(constraint.columns) or None
    if constraint.kind == "check" and len(set(constraint.columns)) != 1:
        part = None
    return join(table, part, label)


def _in_use(step: Step, key: Key, table: Table, name: str, *, indexed: bool) -> bool:
    """Return whether a constraint of the table, or an index, was given this name by a script."""
    holder = table.constraints.get(name)
    if holder is not None:
        return not holder.generated
    index = step.after.find(Key("relation", key.schema, name)) if indexed else None
    return index is not None and not getattr(index, "generated", False)


@rule(
    "NAM009",
    "rollback-names-generated-constraint",
    Severity.INFO,
    "The rollback uses the name that PostgreSQL generated for an unnamed constraint",
    on=(ops.DropConstraint,),
    dialects=("postgres",),
)
def rollback_names_generated(step: Step) -> Iterator[Hit]:
    """Report constraints that the forward adds unnamed and the rollback drops by their generated name."""
    for script, _, operation in operations_of(step):
        if not isinstance(operation, ops.DropConstraint) or operation.kind == "domain":
            continue
        if script is not step.migration.rollback:
            continue
        key = visible_key(step.after, operation.table)
        after, before = step.after.table(key), step.before.table(key)
        constraint = None if after is None else after.constraints.get(operation.constraint)
        new = before is None or operation.constraint not in before.constraints
        if constraint is not None and constraint.generated and new:
            yield hit_in(
                script,
                operation.span,
                f"{operation.constraint} is a generated name: the forward leaves the constraint unnamed",
                f"Name it in the forward, `CONSTRAINT {ident(operation.constraint)} ...`: "
                "generated names depend on what exists at that moment.",
            )


# --- names of other tables -------------------------------------------------------------------------------------------


def _stem(word: str) -> str:
    return word.lower().removesuffix("s").removesuffix("e")


@rule(
    "NAM010",
    "index-named-after-another-table",
    Severity.INFO,
    "An index is named after another table",
    on=(ops.CreateIndex,),
)
def index_named_after_another_table(step: Step) -> Iterator[Hit]:
    """Report indexes whose name contains another table's name, and nothing of their own table's."""
    for item in declared(step):
        operation = item.operation
        if item.script is not step.migration.forward or not isinstance(operation, ops.CreateIndex) or not item.owner:
            continue
        words = [word for word in item.name.split("_") if word]
        own = _stems(item.owner) | {_stem(item.owner), _stem(item.owner.replace("_", ""))}
        if own & set(map(_stem, words)) or item.owner.lower() in item.name.lower():
            continue
        spoken = _stems("_".join(element.column or "" for element in operation.elements))
        other = _table_among(step, operation, words)
        if other is not None and not _stems(other) <= spoken:
            yield hit_in(
                item.script,
                item.span,
                f"index {item.name} is on {item.owner}, but named after {other}",
                "Name the index after its table, or create it on the table that it is named after.",
            )


def _stems(name: str) -> set[str]:
    return {_stem(word) for word in name.split("_")}


def _table_among(step: Step, operation: ops.CreateIndex, words: list[str]) -> str | None:
    """Return the longest run of words that is the name of another table."""
    schema = visible_key(step.after, operation.table).schema
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            name = "_".join(words[start : start + length])
            found = step.after.get(Key("relation", schema, name))
            if isinstance(found, Table) and name != operation.table.name:
                return name
    return None
