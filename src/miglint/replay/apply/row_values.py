"""The constant values of rows that a statement inserts: conditions over them, and what their table refuses.

Conditions are read from their canonical text. What is not plain is not known, and then nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from miglint.base.digits import whole_number
from miglint.base.lazy_regex import pattern
from miglint.replay.apply.machine import Machine
from miglint.schema.objects import Key, Table, Trigger
from miglint.schema.parts import of_kind
from miglint.sql.operations import Column, Constraint, Expression, Insert

RowValues: TypeAlias = Mapping[str, str | None]
"""The values of a row's columns, as text; None is NULL. A column whose value is not known is not in it."""

_TOKEN = pattern(r"'(?:[^']|'')*'|[<>!=~]+|[(),\[\]]|-?\d+(?:\.\d+)?|\w+|\S")
_NUMBER = pattern(r"-?\d+(?:\.\d+)?\Z")
_DEEPEST = 40


class _UnreadError(Exception):
    """A condition holds something that is not read here."""


def satisfies(condition: Expression, values: RowValues) -> bool | None:
    """Return whether a row of constants fulfills a condition; None where that is not known, or NULL."""
    try:
        reader = _ConditionReader(_TOKEN.findall(condition.key), values)
        found = reader.either(0)
    except _UnreadError:
        return None
    return found if reader.at == len(reader.tokens) else None


class _ConditionReader:
    """One pass over the tokens of a condition, which evaluates it."""

    def __init__(self, tokens: list[str], values: RowValues) -> None:
        self.tokens, self.values, self.at = tokens, values, 0

    def _next(self) -> str:
        if self.at >= len(self.tokens):
            raise _UnreadError
        self.at += 1
        return self.tokens[self.at - 1]

    def _peek(self) -> str:
        return self.tokens[self.at].lower() if self.at < len(self.tokens) else ""

    def either(self, depth: int) -> bool | None:
        answers = [self._both(depth)]
        while self._peek() == "or":
            self.at += 1
            answers.append(self._both(depth))
        return True if True in answers else None if None in answers else False

    def _both(self, depth: int) -> bool | None:
        answers = [self._test(depth)]
        while self._peek() == "and":
            self.at += 1
            answers.append(self._test(depth))
        return False if False in answers else None if None in answers else True

    def _test(self, depth: int) -> bool | None:
        if depth > _DEEPEST:
            raise _UnreadError
        if self._peek() == "not":
            self.at += 1
            inner = self._test(depth + 1)
            return None if inner is None else not inner
        if self._peek() == "(":
            self.at += 1
            inner = self.either(depth + 1)
            if self._next() != ")":
                raise _UnreadError
            return inner
        return self._comparison()

    def _comparison(self) -> bool | None:
        left = self._value()
        word = self._peek()
        if word == "is":
            self.at += 1
            opposite = self._peek() == "not"
            self.at += opposite
            wanted = self._next().lower()
            if wanted == "null":
                return (left is None) is not opposite
            if wanted in ("true", "false"):
                return (_truth(left) is (wanted == "true")) is not opposite
            raise _UnreadError
        if word == "in" or (word == "not" and self.tokens[self.at + 1 : self.at + 2] in (["in"], ["IN"])):
            self.at += 1 + (word == "not")
            return self._among(left, opposite=word == "not")
        if word in ("like", "~~"):
            self.at += 1
            return _like(left, self._value())
        if word in ("=", "<>", "!=", "<", ">", "<=", ">="):
            self.at += 1
            if self._peek() in ("any", "all"):
                return self._quantified(left, word)
            return _compared(left, word, self._value())
        return None if left is None else _truth(left)

    def _quantified(self, left: str | None, word: str) -> bool | None:
        if [self._next().lower(), word] not in (["any", "="], ["all", "<>"]) or self._next() != "(":
            raise _UnreadError
        if self._next().lower() != "array" or self._next() != "[":
            raise _UnreadError
        found = self._listed(left, "]", opposite=word == "<>")
        if self._next() != ")":
            raise _UnreadError
        return found

    def _among(self, left: str | None, *, opposite: bool) -> bool | None:
        if self._next() != "(":
            raise _UnreadError
        return self._listed(left, ")", opposite=opposite)

    def _listed(self, left: str | None, end: str, *, opposite: bool) -> bool | None:
        answers = [_compared(left, "=", self._value())]
        while (token := self._next()) == ",":
            answers.append(_compared(left, "=", self._value()))
        if token != end:
            raise _UnreadError
        found = True if True in answers else None if None in answers else False
        return None if found is None else found is not opposite

    def _value(self) -> str | None:
        token = self._next()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if _NUMBER.match(token) is not None or token.lower() in ("true", "false"):
            return token.lower()
        if token.lower() == "null":
            return None
        name = token if token in self.values else token.lower()
        if name not in self.values or self._peek() in ("(", "."):
            raise _UnreadError
        return self.values[name]


def _like(text: str | None, pattern_: str | None) -> bool | None:
    """Compare a text with a pattern of `LIKE` whose only wildcard is the `%` at its end."""
    if text is None or pattern_ is None:
        return None
    start = pattern_.removesuffix("%")
    if "%" in start or "_" in start or "\\" in start:
        raise _UnreadError
    return text.startswith(start) if start != pattern_ else text == pattern_


def _truth(value: str | None) -> bool | None:
    return None if value is None else {"true": True, "t": True, "1": True}.get(value, False)


def _compared(left: str | None, sign: str, right: str | None) -> bool | None:
    if left is None or right is None:
        return None
    if _NUMBER.match(left) is not None and _NUMBER.match(right) is not None:
        one, other = float(left), float(right)
        if sign in ("<", ">", "<=", ">="):
            return one < other if sign == "<" else one > other if sign == ">" else (
                one <= other if sign == "<=" else one >= other
            )  # fmt: skip
        return (one == other) is (sign == "=")
    if sign in ("=", "<>", "!="):
        if {left, right} & {"true", "false"}:
            return (_truth(left) is _truth(right)) is (sign == "=")
        return (left == right) is (sign == "=")
    # How texts are ordered depends on the collation.
    return None


def values_of_row(
    machine: Machine, table: Table, names: list[str], row: tuple[Expression | None, ...]
) -> dict[str, str | None]:
    """Return the constants that a row gives to its columns, with the defaults of those that it leaves out."""
    values: dict[str, str | None] = {}
    for name, value in zip(names, row, strict=False):
        if value is not None and value.key.lower() == "null":
            values[name] = None
        elif value is not None and value.literal is not None:
            values[name] = value.literal
    # `DEFAULT VALUES` has a row without values.
    given = set(names) if row else set()
    for name, column in table.columns.items():
        if name in given or column.generated is not None or column.identity is not None or column.serial:
            continue
        if column.default is not None:
            if column.default.literal is not None:
                values[name] = column.default.literal
        elif _has_no_default(machine, column):
            values[name] = None
    return values


def _has_no_default(machine: Machine, column: Column) -> bool:
    # A domain may have a default of its own.
    return not machine.postgres or (column.type is not None and column.type.schema is None)


def _stores_as_written(machine: Machine, key: Key, table: Table, operation: Insert) -> bool:
    """Return whether the rows of an INSERT are stored, or refused, with the values that it has."""
    if table.assumed or table.kind != "table" or (operation.conflict and not machine.postgres):
        return False
    # A trigger may change the row before it is checked.
    return not any(isinstance(machine.schema.find(user), Trigger) for user in machine.schema.on(key))


def _required(machine: Machine, table: Table) -> list[str]:
    """Return the columns in which a row needs a value."""
    columns = table.columns.items()
    return [name for name, one in columns if one.nullable is False and not _is_rowid(machine, table, name)]


def refuse_values(machine: Machine, key: Key, table: Table, operation: Insert) -> None:
    """Raise the errors for constants that a column or a check of the table refuses."""
    if not operation.rows or not _stores_as_written(machine, key, table, operation):
        return
    names = [machine.column_name(name) for name in operation.columns] or list(table.columns)
    checks = of_kind(table.constraints, "check")
    required = _required(machine, table)
    limits = {name: limit for name, column in table.columns.items() if (limit := _limit(machine, column)) is not None}
    for row in operation.rows:
        values = values_of_row(machine, table, names, row)
        missing = next((name for name in required if name in values and values[name] is None), None)
        if missing is not None:
            raise _null_error(machine, key, table, missing)
        _refuse_long_values(machine, key, table, values, limits)
        failing = next((check for check in checks if _fails(check, values)), None)
        if failing is not None:
            raise _check_error(machine, key, table, failing)


def _fails(check: Constraint, values: Mapping[str, str | None]) -> bool:
    return check.expression is not None and check.enforced and satisfies(check.expression, values) is False


def _refuse_long_values(
    machine: Machine, key: Key, table: Table, values: Mapping[str, str | None], limits: Mapping[str, int]
) -> None:
    for name, limit in limits.items():
        if len((values.get(name) or "").rstrip(" ")) > limit:
            message = f"value too long for type {table.columns[name].type}"
            raise machine.refuse("string_data_right_truncation", message, key, name)


def _null_error(machine: Machine, key: Key, table: Table, name: str) -> Exception:
    column = table.columns[name].name
    if machine.postgres:
        message = f'null value in column "{column}" of relation "{table.name.name}" violates not-null constraint'
    else:
        message = f"NOT NULL constraint failed: {table.name.name}.{column}"
    return machine.refuse("not_null_violation", message, key, name)


def _check_error(machine: Machine, key: Key, table: Table, check: Constraint) -> Exception:
    if machine.postgres:
        message = f'new row for relation "{table.name.name}" violates check constraint "{check.name}"'
    else:
        message = f"CHECK constraint failed: {check.expression.text if check.expression is not None else ''}"
    return machine.refuse("check_violation", message, key)


def _is_rowid(machine: Machine, table: Table, name: str) -> bool:
    """Whether NULL in a column of SQLite stands for the next number."""
    primary = next(iter(of_kind(table.constraints, "primary")), None)
    return not machine.postgres and primary is not None and tuple(primary.columns) == (name,)


def _limit(machine: Machine, column: Column) -> int | None:
    kind = column.type
    if not machine.postgres or kind is None or kind.schema is not None or kind.dimensions:
        return None
    if kind.name not in ("varchar", "bpchar") or not kind.args or not kind.args[0].isdecimal():
        return None
    return whole_number(kind.args[0])
