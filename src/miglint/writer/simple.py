"""The way from one schema to another by renaming back, dropping and creating alone: changes in place are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from miglint.schema.change import Change
from miglint.schema.diff import CONSTRAINT_WORDS, diff, display, words
from miglint.schema.objects import Key, Part
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.writer import tables
from miglint.writer.drops import drop, drop_part
from miglint.writer.order import ordered
from miglint.writer.printer import column, create, finish
from miglint.writer.renames import Renames, rename_back, rename_column_back
from miglint.writer.words import UnprintableError, name
from miglint.writer.written import Draft, WrittenStatement

_CONSTRAINTS = frozenset(CONSTRAINT_WORDS.values())


def simple_draft(old: Schema, new: Schema, renames: Renames | None) -> Draft:
    """Return the statements that rename, drop and create what the schemas differ in."""
    draft = _Simple(old, new)
    moved = set()
    for item in () if renames is None else renames.columns():
        text = rename_column_back(old, item, item.old, item.new)
        draft.add(text, f"rename column {item.new} to {item.old}", item.relation)
    for relation in () if renames is None else renames.relations():
        for text in rename_back(old, relation, relation.old.name):
            draft.add(text, f"rename {relation.new.name} to {relation.old.name}", relation.new)
        moved |= {relation.old, relation.new}
    changes = [change for change in diff(new, old) if change.key not in moved]
    draft.drop([change for change in changes if change.kind == "extra"])
    draft.create([change for change in changes if change.kind == "missing"])
    return Draft(tuple(draft.statements), tuple(draft.missing))


class _Simple:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.old, self.new = old, new
        self.statements: list[WrittenStatement] = []
        self.missing: list[str] = []

    def add(self, text: str, does: str, key: Key) -> None:
        self.statements.append(WrittenStatement(text, does, key))

    def drop(self, changes: Iterable[Change]) -> None:
        whole = {change.key for change in changes if change.part is None}
        for key, value in reversed(ordered(self.old, whole)):
            self._add_all(f"drop {words(value)} {display(key, value)}", key, partial(_dropped, self.old, key))
        for change in changes:
            if change.part is not None:
                part = Part("constraint" if change.what in _CONSTRAINTS else "column", change.part)
                write = partial(_dropped, self.old, change.key, part)
                self._add_all(f"drop {change.what} {change.name}", change.key, write)

    def create(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if change.part is not None:
                self._add_all(f"add {change.what} {change.name}", change.key, partial(self._part, change))
        later = []
        for key, value in ordered(self.new, {change.key for change in changes if change.part is None}):
            does = f"create {words(value)} {display(key, value)}"
            if self._add_all(does, key, partial(create, self.new, key, value)):
                later.append((key, value))
        for key, value in later:
            does = f"complete {words(value)} {display(key, value)}"
            self._add_all(does, key, partial(finish, self.new, key, value))

    def _part(self, change: Change) -> list[str]:
        table = self.new.table(change.key)
        if table is None or change.part is None:
            raise UnprintableError("only parts of tables are added")
        head = f"ALTER TABLE {name(Name(change.key.schema, table.name.name))} ADD"
        if change.what in _CONSTRAINTS:
            return [f"{head} {tables.constraint(table.constraints[change.part])};"]
        return [f"{head} COLUMN {column(self.new, change.key, table, table.columns[change.part])};"]

    def _add_all(self, does: str, key: Key, write: Callable[[], list[str]]) -> bool:
        try:
            for text in write():
                self.add(text, does, key)
        except UnprintableError as problem:
            self.missing.append(f"cannot {does}: {problem}")
            return False
        return True


def _dropped(schema: Schema, key: Key, part: Part | None = None) -> list[str]:
    return [drop(schema, key) if part is None else drop_part(schema, key, part)]
