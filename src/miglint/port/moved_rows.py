"""The statements of a SQLite script that take the rows of a table from one copy to another.

SQLite scripts create a table again where PostgreSQL alters it, so that these statements have no equivalent there. One
that omits rows or changes values is not among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import NamedTuple

from miglint.base.model import Dialect
from miglint.port.expressions import parsed
from miglint.port.trees import Node, TranslationError
from miglint.replay.steps import Step
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, Table
from miglint.schema.outcome import OperationTrace
from miglint.schema.value import Schema
from miglint.sql import operations as op
from miglint.sql.operations import Name, Query, Statement
from miglint.writer.words import identifier

# Clauses that leave rows out, or make others of them. WHERE is judged by what it asks.
_OTHER_ROWS = ("with_", "joins", "group", "having", "distinct", "limit", "offset", "laterals", "windows")


class _CopyStatement(NamedTuple):
    """Rows that a statement takes from `source`, which has those of `origin`, to the table with a number."""

    statement: Statement
    query: Query
    listed: tuple[str, ...]
    source: Table
    origin: Key
    number: int
    insert: op.Insert | None


class MovedRows(NamedTuple):
    """What statements that copy rows do to a table: `changes` are statements of SQLite that do the same in place."""

    table: Key
    changes: tuple[str, ...]


def moved_rows(step: Step, moved: Mapping[Key, Key], renamed: Mapping[Key, Mapping[str, str]]) -> dict[int, MovedRows]:
    """Return the forward's statements that move the rows of a table between copies of it, by their identities.

    `moved` says under which key a table was before that has another one now; `renamed` gives the old names of columns
    by the new ones, for the tables as they are after.
    """
    places = _RowPlaces()
    for moment in step.forward.moments:
        if not moment.failed:
            places.follow(moment)
    before, after = step.forward.before, step.forward.schema
    now_at = {old: new for new, old in moved.items()}
    found: dict[int, MovedRows] = {}
    for copy in places.copies:
        was, end = before.table(copy.origin), places.key_of(copy.number)
        now = None if end is None else after.table(end)
        if was is None or (end is not None and moved.get(end, end) != copy.origin):
            continue
        key = now_at.get(copy.origin, copy.origin)
        names = renamed.get(key, {})
        if not _keeps_rows(copy, was, now):
            last = after.table(key)
            made: tuple[str, ...] = ()
            if now is not None and last is not None and not names and not _is_referred(after, last):
                made = _made_anew(copy, last)
            if made:
                found[id(copy.statement)] = MovedRows(key, made)
            continue
        changed = [pair for pair in _pairs(copy) if not _keeps_value(copy, pair, was, now, names)]
        last = after.table(key)
        if last is not None and not changed and now is None:
            found[id(copy.statement)] = MovedRows(key, ())
        elif last is not None:
            values = {column.lower(): node.unalias().copy() for column, node in changed}
            assigned = [*_assigned(values, last, names)]
            if now is not None:
                assigned += _left_out(copy, was, now, names)
            text = f"UPDATE {identifier(last.name.name)} SET {', '.join(assigned)}"
            found[id(copy.statement)] = MovedRows(key, (text,) if assigned else ())
    return found


def _is_referred(schema: Schema, table: Table) -> bool:
    """Return whether another table refers to one, whose rows cannot be replaced then."""
    return any(
        item.table is not None and item.table.name.lower() == table.name.name.lower()
        for _, other in schema.items()
        if isinstance(other, Table)
        for item in other.constraints.values()
    )


def _made_anew(copy: _CopyStatement, last: Table) -> tuple[str, ...]:
    """Return the statements that replace the rows of a table by those of a query over them; () if unknown."""
    from sqlglot import exp

    tree = _query(copy)
    conflict = None if copy.insert is None else copy.insert.conflict
    if tree is None or conflict is not None or (copy.insert is not None and copy.insert.anti_join):
        return ()
    tree = tree.copy()
    for node in [*tree.find_all(exp.Table)]:
        if node.name.lower() == copy.source.name.name.lower():
            new = exp.Table(this=exp.to_identifier(last.name.name))
            same = node.name.lower() == last.name.name.lower() and not node.alias
            node.replace(new if same else exp.alias_(new, node.alias or node.name, table=True))
    names = [
        exp.alias_(node, name, quoted=identifier(name) != name)
        if not isinstance(node, (exp.Alias, exp.Column))
        else node
        for node, name in zip(tree.expressions, copy.listed, strict=False)
    ]
    if len(names) == len(tree.expressions) and not tree.is_star:
        tree.set("expressions", names)
    own, aside = identifier(last.name.name), identifier(f"miglint_{last.name.name}")
    listed = ", ".join(identifier(name) for name in copy.listed)
    return (
        f"CREATE TEMPORARY TABLE {aside} AS {tree.sql(dialect='sqlite')}",
        f"DELETE FROM {own}",
        f"INSERT INTO {own} ({listed}) SELECT * FROM {aside}",
        f"DROP TABLE {aside}",
    )


def _assigned(values: Mapping[str, Node], last: Table, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what sets columns to the values that a copy gives them; columns have the names of after."""
    from sqlglot import exp

    new_names = {old: new for new, old in names.items()}
    for folded, node in values.items():
        if folded not in last.columns:
            continue
        holder = exp.Paren(this=node)
        for column in [*holder.find_all(exp.Column)]:
            new = new_names.get(column.name.lower())
            place = last.columns.get(new) if new is not None else None
            name = exp.to_identifier(column.name if place is None else place.name, quoted=column.this.quoted)
            column.replace(exp.Column(this=name))
        yield f"{identifier(last.columns[folded].name)} = {holder.this.sql(dialect='sqlite')}"


def _left_out(copy: _CopyStatement, was: Table, now: Table, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what gives the default to columns whose values are not copied."""
    listed = {name.lower() for name in copy.listed}
    for folded, column in now.columns.items():
        if folded in listed or column.generated or names.get(folded, folded) not in was.columns:
            continue
        default = column.default
        yield f"{identifier(column.name)} = {'NULL' if default is None else default.text}"


def _keeps_rows(copy: _CopyStatement, was: Table, now: Table | None) -> bool:
    """Return whether every row is copied."""
    tree = _query(copy)
    if tree is None or any(tree.args.get(clause) for clause in _OTHER_ROWS):
        return False
    conflict = None if copy.insert is None else copy.insert.conflict
    if tree.args.get("where") is not None and not (copy.insert is not None and copy.insert.anti_join):
        return False
    if conflict not in ("ignore", "replace"):
        return conflict is None
    return now is not None and _keys(now) <= _keys(was) and _required(now) <= _required(was)


def _keys(table: Table) -> set[frozenset[str]]:
    return {
        frozenset(map(str.lower, item.columns))
        for item in table.constraints.values()
        if item.kind in ("primary", "unique")
    }


def _required(table: Table) -> set[str]:
    return {folded for folded, item in table.columns.items() if item.nullable is False}


def _keeps_value(
    copy: _CopyStatement, pair: tuple[str, Node], was: Table, now: Table | None, names: Mapping[str, str]
) -> bool:
    """Return whether a column gets what it has on PostgreSQL, too: its own values, or the default of a new one."""
    from sqlglot import exp

    column, node = pair[0].lower(), pair[1].unalias()
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Column) and now is not None and column in now.columns:
        # The type of the column changes, and its values with it.
        same = was.columns.get(column)
        if same is not None and same.type != now.columns[column].type:
            node = node.this
    if isinstance(node, exp.Column):
        own, old = node.name.lower(), names.get(column, column)
        return own in (column, old) and own in copy.source.columns and old in was.columns
    if now is None or column in was.columns or column not in now.columns:
        return False
    default = now.columns[column].default
    return bool(node.sql(dialect="sqlite") == ("NULL" if default is None else default.text.strip("()")))


def _pairs(copy: _CopyStatement) -> Iterator[tuple[str, Node]]:
    """Yield the columns that are filled, each with what it gets. Lists of different lengths end at the shorter one."""
    from sqlglot import exp

    tree = _query(copy)
    values: list[Node] = []
    for node in () if tree is None else tree.expressions:
        whole = isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))
        values += [exp.column(item.name) for item in copy.source.columns.values()] if whole else [node]
    yield from zip(copy.listed, values, strict=False)


def _query(copy: _CopyStatement) -> Node | None:
    """Return the tree of the query of a copy; None if it is not a plain SELECT."""
    from sqlglot import exp

    try:
        tree = parsed(copy.query.text, Dialect.SQLITE)
    except TranslationError:
        return None
    return tree if isinstance(tree, exp.Select) else None


class _RowPlaces:
    """Which table has the rows of which table from before the script, statement by statement.

    Each table has a number, which it keeps when it is renamed.
    """

    def __init__(self) -> None:
        self.copies: list[_CopyStatement] = []
        self._numbers: dict[Key, int] = {}
        self._origins: dict[int, Key] = {}
        self._next = count()

    def key_of(self, number: int) -> Key | None:
        """Return the key under which a table is now; None if it is gone."""
        return next((key for key, own in self._numbers.items() if own == number), None)

    def follow(self, moment: OperationTrace) -> None:
        """Take note of what an operation did."""
        operation, before = moment.operation, moment.before
        match operation:
            case op.CreateTable():
                key = _key(moment.after, operation.name)
                if before.find(key) is None and moment.after.find(key) is not None:
                    self._numbers[key] = next(self._next)
                    if operation.query is not None:
                        self._copied(moment, key, operation.query, None)
            case op.Insert(query=Query() as query):
                self._copied(moment, _key(before, operation.table), query, operation)
            case op.Rename(kind="table"):
                old = _key(before, operation.name)
                number = self._number(old)
                del self._numbers[old]
                self._numbers[old._replace(name=operation.new.lower())] = number
            case op.Drop(kind="table"):
                self._numbers.pop(_key(before, operation.name), None)

    def _number(self, key: Key) -> int:
        """Return the number of a table; one that has none yet was there before, with its own rows."""
        if key not in self._numbers:
            self._numbers[key] = next(self._next)
            self._origins[self._numbers[key]] = key
        return self._numbers[key]

    def _copied(self, moment: OperationTrace, target: Key, query: Query, insert: op.Insert | None) -> None:
        source = _key(moment.before, query.relations[0]) if query.relations else None
        table = None if source is None else moment.before.table(source)
        copy = moment.after.table(target)
        if source is None or table is None or copy is None or source == target:
            return
        origin = self._origins.get(self._number(source))
        number = self._number(target)
        if origin is None:
            return
        columns = tuple(item.name for item in copy.columns.values() if not item.generated)
        listed = columns if insert is None else insert.columns or columns
        self.copies.append(_CopyStatement(moment.statement, query, listed, table, origin, number, insert))
        self._origins.setdefault(number, origin)


def _key(schema: Schema, name: Name) -> Key:
    """Return the key of a table by its name as written: a temporary one, or one of the database."""
    temporary = relation_key(Name("temp", name.name), Dialect.SQLITE)
    return temporary if name.schema is None and temporary in schema else relation_key(name, Dialect.SQLITE)
