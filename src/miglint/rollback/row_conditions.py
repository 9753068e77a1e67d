"""On which rows a rollback fails, and what it leaves out where rows do not allow it.

Both are about rows that were written since the forward: the schema before it was stricter than the one after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from miglint.base.model import Dialect
from miglint.base.structs import Struct
from miglint.rollback.tracking import key_of
from miglint.schema.objects import Enum, Index, Key, Part, Table
from miglint.schema.outcome import Run
from miglint.schema.type_conversion import conversion
from miglint.schema.value import Schema
from miglint.sql import operations as ops
from miglint.sql.operations import Column, Condition, Constraint, Name, Operation, Statement
from miglint.writer.base_types import base_type
from miglint.writer.renames import Renames
from miglint.writer.row_sentences import not_added, not_validated, stays_nullable
from miglint.writer.words import identifier, literal, name

_SHOWN = 3


class RowConditions(Struct, frozen=True):
    """`fails_on` are the rows that make a rollback fail, as noun phrases; `left_out` sentences about what it omits."""

    fails_on: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def row_conditions(statements: Sequence[Statement], run: Run) -> RowConditions:
    """Return the conditions on rows of a rollback that was run over the schema after its forward."""
    careful = _Careful(statements)
    found = _Stricter(run, careful)
    return RowConditions(tuple(dict.fromkeys(found.phrases())), tuple(dict.fromkeys(careful.sentences(run))))


class _Careful:
    """What a script does only where rows allow it: in a block that catches the error, or behind a look at the rows."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._nullable: list[ops.SetNullable] = []
        self._constraints: list[tuple[ops.AddConstraint, bool]] = []
        self.filled: set[tuple[str, str]] = set()
        for statement in statements:
            for operation in statement.operations:
                self._look(operation, careful=False, validated=True)

    def _look(self, operation: Operation, *, careful: bool, validated: bool) -> None:
        match operation:
            case ops.If():
                careful = careful or _is_about_rows(operation.condition)
                for inner in (*operation.then, *operation.otherwise):
                    self._look(inner, careful=careful, validated=validated)
            case ops.Try():
                again = any(isinstance(item, ops.AddConstraint) for item in operation.handler)
                for inner in operation.body:
                    self._look(inner, careful=True, validated=not again)
            case ops.SetNullable(nullable=False) if careful:
                self._nullable.append(operation)
            case ops.AddConstraint() if careful:
                self._constraints.append((operation, validated))
            case ops.Update():
                self.filled |= {(operation.table.name.lower(), column.lower()) for column, _ in operation.assignments}

    def sentences(self, run: Run) -> Iterator[str]:
        """Yield what may be left out in tables that are there before the rollback."""
        for operation in self._nullable:
            if _is_there(run.before, operation.table):
                yield stays_nullable(name(operation.table), identifier(operation.column))
        for added, validated in self._constraints:
            constraint = added.constraint
            if not _is_there(run.before, added.table):
                continue
            say = not_added if validated else not_validated
            yield say(constraint.kind, identifier(constraint.name or "?"), name(added.table))

    def has(self, key: Key, part: Part) -> bool:
        """Return whether a column gets its NOT NULL, or a table its constraint, only where rows allow it."""
        if part.kind == "column":
            return any(item.table.name == key.name and item.column == part.name for item in self._nullable)
        return any(item.table.name == key.name and item.constraint.name == part.name for item, _ in self._constraints)


def _is_there(schema: Schema, table: Name) -> bool:
    return schema.table(key_of(schema, table)) is not None


def _is_about_rows(condition: Condition) -> bool:
    match condition:
        case ops.Exists():
            return condition.kind == "row"
        case ops.Not():
            return _is_about_rows(condition.condition)
        case ops.And() | ops.Or():
            return any(map(_is_about_rows, condition.conditions))
    return False


class _Stricter:
    """Where the schema that a rollback leaves is stricter than the one that it finds."""

    def __init__(self, run: Run, careful: _Careful) -> None:
        self._before, self._after, self._careful = run.before, run.schema, careful
        self._changed = sorted(key for key in run.touched if run.before.find(key) is not run.schema.find(key))
        renames = Renames(run.moments)
        self._was = {moved.new: moved.old for moved in renames.objects()}
        self._columns = {(moved.relation, moved.new): moved.old for moved in renames.columns()}
        self._renamed_labels = [
            (moment.operation, moment.before)
            for moment in run.moments
            if isinstance(moment.operation, ops.RenameEnumValue) and not moment.failed
        ]

    def phrases(self) -> Iterator[str]:
        """Yield the rows that are not accepted any longer."""
        for key in self._changed:
            now, was = self._after.find(key), self._before.find(self._was.get(key, key))
            if not isinstance(now, Table) or not isinstance(was, Table) or now is was or now.assumed or was.assumed:
                continue
            own = name(now.name)
            for label, column in now.columns.items():
                yield from self._of_column(key, own, was, label, column)
            if now.constraints is not was.constraints:
                yield from self._of_constraints(key, own, was, now)
        yield from self._of_indexes()
        yield from self._of_labels()

    def _of_column(self, key: Key, own: str, was: Table, label: str, column: Column) -> Iterator[str]:
        before = was.columns.get(self._columns.get((key, label), label))
        if before is column or column.generated is not None:
            return
        filled = (key.name.lower(), label.lower()) in self._careful.filled
        careful = self._careful.has(key, Part("column", label)) or filled
        if before is None:
            empty = column.default is None and not column.serial and column.identity is None
            if column.nullable is False and empty and not careful:
                yield f"any row of {own}: {identifier(label)} has no value and no default"
            return
        if column.nullable is False and before.nullable is not False and not careful:
            yield f"rows of {own} whose {identifier(label)} is NULL"
        one, two = before.type, column.type
        if self._after.dialect is Dialect.SQLITE or one is None or two is None or one == two:
            return
        labels = two.schema is not None and isinstance(self._after.find(Key("type", two.schema, two.name)), Enum)
        same = one.schema is not None and (one.schema, one.name) == self._type_was(two.schema, two.name)
        rejects = conversion(base_type(self._before, one), base_type(self._after, two), labels=labels).rejects
        if rejects is not None and not same and not filled:
            yield f"values of {own}.{identifier(label)} {rejects}"

    def _type_was(self, schema: str | None, label: str) -> tuple[str, str]:
        key = Key("type", schema or "", label)
        was = self._was.get(key, key)
        return was.schema, was.name

    def _of_constraints(self, key: Key, own: str, was: Table, now: Table) -> Iterator[str]:
        known = {self._sense(key, item, old=True) for item in was.constraints.values()}
        known |= {("unique", item[1], None, None, ()) for item in known if item[0] == "primary"}
        for label, item in now.constraints.items():
            if self._sense(key, item) in known or not item.validated or not item.enforced or item.kind == "not_null":
                continue
            if self._careful.has(key, Part("constraint", label)):
                continue
            if all(self._columns.get((key, column), column) in was.columns for column in item.columns):
                # A column that is added has no value, which no such constraint refuses, or its default.
                yield _violation(own, item)

    def _sense(self, key: Key, item: Constraint, *, old: bool = False) -> tuple[object, ...]:
        expression = item.elements if item.expression is None else item.expression.key
        target = None if item.table is None else Key("relation", item.table.schema or key.schema, item.table.name)
        columns, referenced = item.columns, item.referenced
        if not old:
            columns = tuple(self._columns.get((key, one), one) for one in columns)
            referenced = tuple(one if target is None else self._columns.get((target, one), one) for one in referenced)
            target = None if target is None else self._was.get(target, target)
        return item.kind, columns, expression, target, referenced

    def _of_indexes(self) -> Iterator[str]:
        for key in self._changed:
            now = self._after.find(key)
            if not isinstance(now, Index) or not now.unique or now.constraint is not None or now.table is None:
                continue
            if self._before.find(self._was.get(key, key)) is not None:
                continue
            place = key_of(self._after, now.table)
            was = self._before.find(self._was.get(place, place))
            if not isinstance(was, Table):
                continue
            columns = [element.column for element in now.elements]
            if any(column and self._columns.get((place, column), column) not in was.columns for column in columns):
                continue
            yield f"rows of {name(now.table)} that have the same key in unique index {identifier(key.name)}"

    def _of_labels(self) -> Iterator[str]:
        """Yield the rows that use a label which an enum has no longer."""
        for key in self._changed:
            was_key = self._was.get(key, key)
            now, was = self._after.find(key), self._before.find(was_key)
            if not isinstance(now, Enum) or not isinstance(was, Enum) or now.labels == was.labels:
                continue
            gone = [label for label in was.labels if self._now_called((was_key, key), label) not in now.labels]
            if gone:
                yield from self._users_of_labels(was_key, gone)

    def _now_called(self, kinds: tuple[Key, Key], label: str) -> str:
        """Return the name that a label of a type has in the end; the type may be created again after that."""
        for operation, before in self._renamed_labels:
            if operation.value == label and key_of(before, operation.name)._replace(space="type") in kinds:
                label = operation.new
        return label

    def _users_of_labels(self, kind: Key, gone: Sequence[str]) -> Iterator[str]:
        shown = " or ".join(map(literal, gone[:_SHOWN])) + (" or another one that goes" if len(gone) > _SHOWN else "")
        for key, table in self._before.users(kind, Table):
            now = next((moved for moved, was in self._was.items() if was == key), key)
            left = self._after.find(now)
            if not isinstance(left, Table):
                continue
            for label, column in table.columns.items():
                if column.type is None or (column.type.schema, column.type.name) != (kind.schema, kind.name):
                    continue
                names = (new for (place, new), old in self._columns.items() if place == now and old == label)
                back = next(names, label)
                if back in left.columns and (key.name.lower(), label.lower()) not in self._careful.filled:
                    verb = "contains" if column.type.dimensions else "is"
                    yield f"rows of {name(left.name)} whose {identifier(back)} {verb} {shown}"


def _violation(own: str, item: Constraint) -> str:
    """Return which rows violate a constraint."""
    columns = " and ".join(map(identifier, item.columns))
    label = f" ({item.name})" if item.name and not item.generated else ""
    if item.kind in ("primary", "unique"):
        nulls = f", or none in {columns}" if item.kind == "primary" else ""
        return f"rows of {own} that have the same {columns}{nulls}{label}"
    if item.kind == "foreign" and item.table is not None:
        return f"rows of {own} whose {columns} is not in {name(item.table)}{label}"
    if item.kind == "check" and item.expression is not None and not label:
        return f"rows of {own} that violate CHECK ({item.expression.text})"
    return f"rows of {own} that violate {identifier(item.name or 'a constraint')}"
