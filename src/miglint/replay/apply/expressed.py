"""The analysis of expressions and queries over the schema of a machine; it loads with the first that is to be typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from miglint.replay.apply.environment import SchemaEnvironment
from miglint.replay.apply.machine import Machine, Refused
from miglint.replay.apply.memo import Lookups, cached
from miglint.schema.environment import name_of_type
from miglint.schema.objects import Domain, Key
from miglint.sql.operations import AlterColumnType, Column, CreateRoutine, Expression, IndexElement, Name, Type
from miglint.sql.postgres.analysis import entry
from miglint.sql.postgres.analysis.classes import has_default_class, takes_type
from miglint.sql.postgres.analysis.classes import is_default_class as is_default
from miglint.sql.postgres.analysis.constants import Constants, constants_of_expression
from miglint.sql.postgres.analysis.constants import constants_of_statement as of_statement
from miglint.sql.postgres.analysis.context import Rules
from miglint.sql.postgres.analysis.environment import DOMAIN, UNKNOWN, Invalid, Relation
from miglint.sql.postgres.analysis.kinds import spelled

_Answer = TypeVar("_Answer")


@contextmanager
def engine_errors(machine: Machine, key: Key | None) -> Iterator[None]:
    """Convert an error of the analysis to one of the modeled engine."""
    try:
        yield
    except Invalid as invalid:
        about = key if invalid.relation is None else machine.key(invalid.relation)
        raise machine.refuse(invalid.condition, invalid.message, about, invalid.part) from None


def _analyzed(
    machine: Machine, key: Key | None, subject: tuple[object, ...], analyze: Callable[[SchemaEnvironment], _Answer]
) -> _Answer | None:
    """Return the result of an analysis, with its errors as those of the engine; None if it is nested too deep."""

    def run(lookups: Lookups) -> _Answer:
        return analyze(SchemaEnvironment(machine, lookups))

    try:
        with engine_errors(machine, key):
            return cached(machine, subject, run)
    except RecursionError:
        return None


def _expressed(
    environment: SchemaEnvironment, expression: Expression, rules: Rules, key: Key
) -> entry.Expressed | None:
    return entry.expressed(environment, expression.text, rules, environment.own(key))


def check_default(machine: Machine, key: Key, column: Column, default: Expression) -> None:
    """Raise the error for a default that cannot be one, or that the column's type does not take."""
    target = name_of_type(machine.type(column.type))

    def analyze(environment: SchemaEnvironment) -> None:
        found = entry.expressed(environment, default.text, entry.IN_DEFAULT)
        if found is not None:
            entry.refuse_unassignable(environment, found, target, column.name, "default")

    _analyzed(machine, key, ("default", default.text, target, column.name), analyze)


def check_generated(machine: Machine, key: Key, column: Column, expression: Expression) -> None:
    """Raise the error for an expression from which a column cannot be computed."""
    table = machine.schema.table(key)
    target = name_of_type(machine.type(column.type))

    def analyze(environment: SchemaEnvironment) -> None:
        found = _expressed(environment, expression, entry.IN_GENERATED, key)
        if found is None:
            return
        for name in found.columns:
            if table is not None and name in table.columns and table.columns[name].generated is not None:
                message = f'cannot use generated column "{name}" in column generation expression'
                raise Invalid("invalid_object_definition", message, part=column.name)
        entry.refuse_unassignable(environment, found, target, column.name, "generation")
        # How the value becomes one of the column's type is not looked at.
        if found.volatility in "sv":
            raise Invalid("invalid_object_definition", "generation expression is not immutable", part=column.name)

    _analyzed(machine, key, ("generated", key, expression.text, target, column.name), analyze)


def check_policy(machine: Machine, key: Key, text: str) -> None:
    """Raise the error for a condition of a policy that names what is not there, or is no condition."""

    def analyze(environment: SchemaEnvironment) -> None:
        found = entry.expressed(environment, text, entry.IN_POLICY, environment.own(key))
        if found is not None:
            entry.refuse_untrue(environment, found, "POLICY")

    _analyzed(machine, key, ("policy", key, text), analyze)


def check_partition_key(machine: Machine, key: Key, expression: Expression) -> None:
    """Raise the error for an expression that no table can be partitioned by."""

    def analyze(environment: SchemaEnvironment) -> None:
        found = _expressed(environment, expression, entry.IN_PARTITION_KEY, key)
        if found is not None and found.volatility in "sv":
            message = "functions in partition key expression must be marked IMMUTABLE"
            raise Invalid("invalid_object_definition", message)

    _analyzed(machine, key, ("partition key", key, expression.text), analyze)


def check_condition(machine: Machine, key: Key, expression: Expression) -> None:
    """Raise the error for a `CHECK` that cannot be one."""

    def analyze(environment: SchemaEnvironment) -> None:
        found = _expressed(environment, expression, entry.IN_CHECK, key)
        if found is not None:
            entry.refuse_untrue(environment, found, "CHECK")

    _analyzed(machine, key, ("check", key, expression.text), analyze)


def check_domain_condition(machine: Machine, key: Key, base: Type | None, expression: Expression) -> None:
    """Raise the error for a `CHECK` that a domain over a type cannot have."""
    name = name_of_type(base)

    def analyze(environment: SchemaEnvironment) -> None:
        value = Relation(Name(None, DOMAIN), {"value": name})
        found = entry.expressed(environment, expression.text, entry.IN_CHECK, value)
        if found is not None:
            entry.refuse_untrue(environment, found, "CHECK")

    _analyzed(machine, key, ("domain", key.name, name, expression.text), analyze)


def check_element(machine: Machine, key: Key, method: str, element: IndexElement, expression: Expression) -> None:
    """Raise the error for an expression that cannot be indexed."""

    def analyze(environment: SchemaEnvironment) -> None:
        found = _expressed(environment, expression, entry.IN_INDEX, key)
        if found is None:
            return
        if found.volatility in "sv":
            raise Invalid("invalid_object_definition", "functions in index expression must be marked IMMUTABLE")
        if element.opclass is None:
            _refuse_unindexable(environment, method, found.type)

    _analyzed(machine, key, ("element", key, method, element.opclass, expression.text), analyze)


def is_default_class(machine: Machine, key: Key, method: str, element: IndexElement, kind: Type | None) -> bool:
    """Whether the operator class of an index over a column of type `kind`, or an expression, is the server's choice."""
    operator_class = (element.opclass or "").removeprefix("pg_catalog.")

    def analyze(environment: SchemaEnvironment) -> bool:
        name = UNKNOWN
        if kind is not None:
            name = name_of_type(kind)
        elif element.expression is not None:
            found = _expressed(environment, element.expression, entry.IN_INDEX, key)
            name = UNKNOWN if found is None else found.type
        return is_default(environment, method, operator_class, name)

    text = "" if element.expression is None else element.expression.text
    try:
        return bool(_analyzed(machine, key, ("default class", key, method, operator_class, str(kind), text), analyze))
    except Refused:
        return False


def check_predicate(machine: Machine, key: Key, where: Expression) -> None:
    """Raise the error for the condition of an index that cannot be one."""

    def analyze(environment: SchemaEnvironment) -> None:
        found = _expressed(environment, where, entry.IN_PREDICATE, key)
        if found is None:
            return
        entry.refuse_untrue(environment, found, "WHERE")
        if found.volatility in "sv":
            raise Invalid("invalid_object_definition", "functions in index predicate must be marked IMMUTABLE")

    _analyzed(machine, key, ("predicate", key, where.text), analyze)


def refuse_unindexable(machine: Machine, key: Key, method: str, kind: Type) -> None:
    """Raise the error for a type that an access method has no operator class for."""
    if machine.has_outdated_types(key):
        return
    name = name_of_type(kind)

    def analyze(environment: SchemaEnvironment) -> None:
        _refuse_unindexable(environment, method, name)

    _analyzed(machine, key, ("class", method, name), analyze)


def _refuse_unindexable(environment: SchemaEnvironment, method: str, name: str) -> None:
    if name == UNKNOWN or has_default_class(environment, method, name) or environment.classes_made():
        return
    message = f'data type {spelled(name)} has no default operator class for access method "{method}"'
    raise Invalid("undefined_object", message)


def refuse_other_class(machine: Machine, key: Key, method: str, operator_class: str, kind: Type) -> None:
    """Raise the error for a built-in operator class that is for another type."""
    if machine.has_outdated_types(key):
        return
    name = name_of_type(kind)

    def analyze(environment: SchemaEnvironment) -> None:
        if not takes_type(environment, method, operator_class, name) and not environment.classes_made():
            message = f'operator class "{operator_class}" does not accept data type {spelled(name)}'
            raise Invalid("datatype_mismatch", message)

    _analyzed(machine, key, ("class of", method, operator_class, name), analyze)


def check_using(machine: Machine, key: Key, operation: AlterColumnType, using: Expression) -> None:
    """Raise the error for a `USING` that names what is not there, or that the new type does not take."""
    written = machine.type(operation.type)
    target = name_of_type(written)

    def analyze(environment: SchemaEnvironment) -> None:
        found = _expressed(environment, using, entry.IN_TRANSFORM, key)
        if found is not None and not entry.is_assignable(environment, found, target):
            message = (
                f'result of USING clause for column "{operation.column}" cannot be cast automatically to type {written}'
            )
            raise Invalid("datatype_mismatch", message, part=operation.column)

    _analyzed(machine, key, ("using", key, using.text, operation.column, str(written)), analyze)


def described(machine: Machine, key: Key | None, text: str) -> tuple[tuple[str, str], ...] | None:
    """Return the result columns of a statement with the names of their types, None where they are not all known."""
    # In a block a name may be that of a variable.
    variables = machine.statement.kind == "do" or bool(machine.calling)

    def analyze(environment: SchemaEnvironment) -> tuple[tuple[str, str], ...] | None:
        columns = entry.described(environment, text, variables=variables)
        return None if columns is None or any(name == "*" for name, _ in columns) else tuple(columns)

    return _analyzed(machine, key, ("statement", text, variables), analyze)


def described_view(machine: Machine, key: Key | None, text: str) -> entry.DescribedView | None:
    """Return what the query of a view is; its columns are None where they are not all known."""

    def analyze(environment: SchemaEnvironment) -> entry.DescribedView:
        found = entry.described_view(environment, text)
        known = found.columns is not None and all(name != "*" for name, _ in found.columns)
        return found if known else found._replace(columns=None)

    return _analyzed(machine, key, ("view", text), analyze)


def constants(machine: Machine, key: Key | None, text: str, target: str) -> Constants:
    """Return the types of the constants of an expression about a relation or a domain, which becomes a `target`."""

    def analyze(environment: SchemaEnvironment) -> Constants:
        value = machine.schema.find(key) if key is not None else None
        own = None if key is None else environment.own(key)
        if isinstance(value, Domain):
            own = Relation(Name(None, value.name.name), {"value": name_of_type(value.base)})
        return constants_of_expression(environment, text, own, target)

    return _analyzed(machine, key, ("constants", key, text, target), analyze) or {}


def constants_of_statement(machine: Machine, key: Key | None, text: str) -> Constants:
    """Return the types of the constants of a query, or of a definition that belongs to a relation."""

    def analyze(environment: SchemaEnvironment) -> Constants:
        return of_statement(environment, text, None if key is None else environment.own(key))

    return _analyzed(machine, key, ("constants of", key, text), analyze) or {}


def check_body(machine: Machine, key: Key, operation: CreateRoutine, *, stored: bool) -> None:
    """Raise the error for a statement in a body of SQL; its names may be those of the parameters.

    A body that is `stored` is no string, but read and kept by the server.
    """
    body = entry.stored_statements(operation.source) if stored else operation.body or ""
    names = (*operation.input_names, *operation.output_names)
    parameters = tuple(name for name in names if name)
    results, row = _results(machine, operation), _row_type(machine, operation)

    def analyze(environment: SchemaEnvironment) -> None:
        columns = None if row is None else _columns_of_type(environment, row)
        wanted = entry.Results(results, "") if columns is None else entry.Results(columns, row.name if row else "")
        entry.check_body(environment, body, operation.name.name, parameters, wanted)

    _analyzed(machine, key, ("body", body, operation.name, parameters, results, row), analyze)


def _row_type(machine: Machine, operation: CreateRoutine) -> Type | None:
    """Return the type of a function of SQL that files made, and that may have columns."""
    returns = machine.type(operation.returns)
    if returns is None or operation.kind == "procedure" or operation.outputs:
        return None
    return returns if returns.schema is not None and not returns.dimensions else None


def _columns_of_type(environment: SchemaEnvironment, kind: Type) -> tuple[str, ...] | None:
    """Return the types of the columns of a composite type, or of the rows of a relation; None if they are not known."""
    own = environment.own(Key("relation", kind.schema or "", kind.name))
    columns = environment.user_type(f"{kind.schema}.{kind.name}").columns if own is None else own.columns
    return tuple(columns.values()) if columns else None


def _results(machine: Machine, operation: CreateRoutine) -> tuple[str, ...] | None:
    """Return the types of the columns that a function of SQL returns, None where they are not listed."""
    if operation.outputs:
        return tuple(name_of_type(machine.type(kind)) for _, kind in operation.outputs)
    returns = machine.type(operation.returns)
    if returns is None or operation.kind == "procedure" or (returns.schema is not None and not returns.dimensions):
        # A type of its own may have columns.
        return None
    return None if returns.name in ("void", "record", "trigger") else (name_of_type(returns),)
