"""What a script's search path makes of the names in its statements: texts that mean the same without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from miglint.sql.operations import CreateRoutine, CreateRule, CreateTrigger, Expression, Name

if TYPE_CHECKING:
    from miglint.replay.apply.machine import Machine
    from miglint.sql.postgres.analysis.qualified import SchemaNames

_Defined = TypeVar("_Defined", CreateRoutine, CreateRule, CreateTrigger)


def schema_names(machine: Machine) -> SchemaNames | None:
    """Return what names without a schema mean here; None if they mean the same without a search path."""
    if not machine.postgres or machine.path[:1] in ((), ("public",)):
        return None
    from miglint.sql.postgres.analysis.qualified import SchemaNames

    def known_relation(name: Name) -> Name:
        key = machine.key(name)
        return name if machine.schema.find(key) is None else Name(key.schema, key.name)

    return SchemaNames(known_relation, machine.function_name, machine.type_name, frozenset({"public"}))


def full_statement(machine: Machine, text: str) -> str:
    """Return the text of a statement with the schemas that a search path of the script stands for."""
    names = schema_names(machine) if text else None
    return text if names is None else names.statement(text)


def full_definition(machine: Machine, operation: _Defined) -> _Defined:
    """Return a statement that defines a trigger, a rule or a routine with those schemas."""
    names = schema_names(machine)
    return operation if names is None else names.definition(operation)


def full_expression(machine: Machine, written: Expression) -> Expression:
    """Return an expression with the schemas of what it mentions."""
    if not (written.functions or written.types or written.sequence or written.relations):
        return written
    names = schema_names(machine)
    written = written if names is None else names.expression(written)
    return Expression(
        written.key,
        written.text,
        written.columns,
        tuple(machine.function_name(name) for name in written.functions),
        tuple(machine.type_name(name) for name in written.types),
        tuple(machine.full(name) for name in written.relations),
        written.literal,
        None if written.sequence is None else machine.full(written.sequence),
    )
