"""TXN: enum values that are used in the transaction that adds them."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.base.model import Script
from miglint.replay.runners import TransactionOwner
from miglint.replay.steps import Step
from miglint.replay.transaction_owner import placed_operations, transaction_owner
from miglint.rules.definition import Context, Hit, rule
from miglint.rules.support.reporting import hit_in
from miglint.rules.support.scripts import scripts_of
from miglint.rules.support.sql_text import literal
from miglint.schema.objects import Key, Table
from miglint.sql import operations as ops
from miglint.sql.operations import Column, Expression, Name, Operation, Statement, flat

# Since this version a value of a type that the same transaction created can be used at once.
_NEW_TYPES = (17,)
_IN_TRANSACTION = (12,)


def _adds(statements: tuple[Statement, ...]) -> bool:
    return any(isinstance(operation, ops.AddEnumValue) for item in statements for operation in item.operations)


class _Uses:
    """Whether an operation uses a value of a type; `types` are the known types of columns."""

    def __init__(self, step: Step, name: Name, value: str) -> None:
        self._step, self._name, self._value = step, name, value

    def _typed(self, kind: ops.Type | Name | None) -> bool:
        return kind is not None and kind.name == self._name.name

    def _column(self, table: Name, column: str) -> bool:
        key = Key("relation", table.schema or "public", table.name)
        for schema in (self._step.after, self._step.before):
            found = schema.find(key)
            if isinstance(found, Table) and column in found.columns:
                return self._typed(found.columns[column].type)
        return False

    def _columns(self, table: Name) -> tuple[str, ...] | None:
        """Return the columns of a table in order, or None where no file created it."""
        key = Key("relation", table.schema or "public", table.name)
        found = self._step.after.find(key)
        return tuple(found.columns) if isinstance(found, Table) and not found.assumed else None

    def _contains_value(self, expression: Expression | None) -> bool:
        """Return whether an expression holds the value, cast to the type."""
        return (
            expression is not None
            and any(map(self._typed, expression.types))
            and (expression.literal == self._value or literal(self._value) in expression.text)
        )

    def _default(self, column: Column) -> bool:
        default = column.default
        if default is None:
            return False
        return self._contains_value(default) or (self._typed(column.type) and default.literal == self._value)

    def _is_value(self, expression: Expression | None) -> bool:
        return expression is not None and expression.literal == self._value

    def _assigned(self, table: Name, column: str, value: Expression | None) -> bool:
        """Return whether a column is given the value."""
        return self._contains_value(value) or (self._is_value(value) and self._column(table, column))

    def _inserted(self, insert: ops.Insert) -> bool:
        if insert.rows is None:
            query = insert.query
            return query is not None and any(map(self._typed, query.types)) and literal(self._value) in query.text
        columns = insert.columns or self._columns(insert.table)
        if columns is None:
            # The table is not known: the text alone is taken for the value.
            return any(self._is_value(cell) for row in insert.rows for cell in row)
        return any(
            self._is_value(cell) and self._column(insert.table, column)
            for row in insert.rows
            for column, cell in zip(columns, row, strict=False)
        ) or any(self._contains_value(cell) for row in insert.rows for cell in row)

    def _compared(self, table: Name, expression: Expression | None) -> bool:
        """Return whether a condition over a table compares a column of the type with the value."""
        if expression is None or literal(self._value) not in expression.text:
            return False
        if expression.types:
            # A column that is cast to text is compared with a text.
            return self._contains_value(expression)
        return any(self._column(table, column) for column in expression.columns)

    def _queried(self, query: ops.Query) -> bool:
        if literal(self._value) not in query.text:
            return False
        if query.types:
            return any(map(self._typed, query.types))
        columns = ((use.relation, use.column) for use in query.uses)
        return any(relation is not None and self._column(relation, column) for relation, column in columns)

    def by(self, operation: Operation) -> bool:
        """Return whether an operation needs the value when it runs."""
        match operation:
            case ops.CreateTable():
                return any(map(self._default, operation.columns))
            case ops.AddColumn():
                return self._default(operation.column)
            case ops.SetDefault():
                return self._assigned(operation.table, operation.column, operation.default)
            case ops.Insert():
                return self._inserted(operation)
            case ops.Update():
                table = operation.table
                changed = any(self._assigned(table, column, value) for column, value in operation.assignments)
                return changed or self._compared(table, operation.where)
            case ops.Delete() | ops.CreateIndex():
                return self._compared(operation.table, operation.where)
            case ops.AddConstraint():
                return self._compared(operation.table, operation.constraint.expression)
            case ops.AlterColumnType():
                return self._contains_value(operation.using)
            case ops.CreateView():
                return self._queried(operation.query)
            case _:
                return False


@rule(
    "TXN006",
    "enum-value-used-too-early",
    Severity.ERROR,
    "A new enum value is used in the transaction that adds it",
    on=(ops.AddEnumValue,),
    dialects=("postgres",),
    aliases=("pgsafe:enum-value-used-in-transaction",),
)
def enum_value_used_too_early(step: Step, context: Context) -> Iterator[Hit]:
    """Report uses of a value before it is committed, which PostgreSQL refuses as unsafe."""
    for script, statements in scripts_of(step):
        if not _adds(statements):
            continue
        outer = transaction_owner(step, script)
        waiting: list[tuple[_Uses, ops.AddEnumValue]] = []
        created = _created(statements)
        for statement, operation, begun in placed_operations(statements):
            if isinstance(operation, ops.Transaction):
                if statement.kind != "do" and operation.action in ("commit", "rollback"):
                    waiting = []
            elif isinstance(operation, ops.AddEnumValue):
                inside = begun is not None or outer is not TransactionOwner.NOTHING
                if inside and not _made_here(created, operation, context):
                    waiting.append((_Uses(step, operation.name, operation.value), operation))
            else:
                unsure = begun is None and outer is TransactionOwner.UNKNOWN
                yield from _early_uses(script, operation, waiting, Severity.WARNING if unsure else None)


def _early_uses(
    script: Script,
    operation: Operation,
    waiting: list[tuple[_Uses, ops.AddEnumValue]],
    severity: Severity | None,
) -> Iterator[Hit]:
    """Yield the values waiting for a commit that an operation uses."""
    for uses, added in waiting:
        used = next((inner for inner in flat((operation,)) if uses.by(inner)), None)
        if used is not None:
            yield hit_in(
                script,
                used.span,
                f"{literal(added.value)} is used in the transaction that adds it to {added.name}: "
                "PostgreSQL refuses it before the commit",
                "Add the value in a migration of its own, before this one.",
                severity=severity,
            )


def _made_here(created: frozenset[Name], added: ops.AddEnumValue, context: Context) -> bool:
    """Return whether the script itself creates the type, and all target versions allow its new values to be used."""
    target = context.targets.get("postgres") or ()
    if target and target < _NEW_TYPES:
        return False
    return added.name in created


def _created(statements: tuple[Statement, ...]) -> frozenset[Name]:
    """Return the names of the types that a script makes."""
    return frozenset(
        operation.name
        for statement in statements
        for operation in statement.operations
        if isinstance(operation, ops.CreateType)
    )


@rule(
    "TXN007",
    "enum-value-in-old-transaction",
    Severity.ERROR,
    "PostgreSQL before 12 cannot add an enum value in a transaction",
    on=(ops.AddEnumValue,),
    dialects=("postgres",),
)
def enum_value_in_old_transaction(step: Step, context: Context) -> Iterator[Hit]:
    """Report `ADD VALUE` in a transaction, where a target is older than PostgreSQL 12."""
    target = context.targets.get("postgres") or ()
    if not target or target >= _IN_TRANSACTION:
        return
    for script, statements in scripts_of(step):
        if not _adds(statements):
            continue
        outer = transaction_owner(step, script)
        created = _created(statements)
        whole = outer is TransactionOwner.TOOL or (outer is TransactionOwner.QUERY and len(statements) > 1)
        for _, operation, begun in placed_operations(statements):
            if not isinstance(operation, ops.AddEnumValue) or operation.name in created:
                continue
            if whole or begun is not None:
                yield _old(script, operation, target)


def _old(script: Script, operation: ops.AddEnumValue, target: tuple[int, ...]) -> Hit:
    version = ".".join(map(str, target))
    return hit_in(
        script,
        operation.span,
        f"PostgreSQL {version} cannot run ALTER TYPE ... ADD VALUE inside a transaction; PostgreSQL 12 can",
        "Put it in a migration of its own, outside of any transaction.",
    )
