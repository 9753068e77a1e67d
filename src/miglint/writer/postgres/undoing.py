"""The statements that undo renames and moves, in blocks that look whether they are there to be undone."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.model import Dialect
from miglint.replay.apply import run
from miglint.schema.needs import NORMAL
from miglint.schema.objects import (
    Composite,
    Domain,
    Index,
    Key,
    Part,
    Policy,
    RewriteRule,
    Routine,
    Sequence,
    Table,
    Trigger,
    View,
)
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.writer.drops import drop, drop_part
from miglint.writer.order import ordered
from miglint.writer.postgres import catalog_conditions as conditions
from miglint.writer.postgres import guards
from miglint.writer.postgres.graph import Item, users_of
from miglint.writer.postgres.guards import Guarded
from miglint.writer.reading import read
from miglint.writer.remarks import relation_word, subject
from miglint.writer.renames import Renamed, RenamedPart, Renames
from miglint.writer.routines import signature
from miglint.writer.words import UnprintableError, identifier, literal, name
from miglint.writer.written import WrittenStatement


def undo(old: Schema, renames: Renames) -> tuple[list[WrittenStatement], Schema]:
    """Return the statements that undo renames, and the schema after them."""
    undoing = _Undoing(old, renames)
    undoing.objects()
    undoing.parts()
    return undoing.statements, undoing.state


class _Undoing:
    def __init__(self, old: Schema, renames: Renames) -> None:
        self.state = old
        self.statements: list[WrittenStatement] = []
        self._renames = renames
        # Where the objects are now that are still to be moved, and where they were.
        self._open: dict[Key, Key] = {moved.new: moved.old for moved in renames.objects()}
        self._moved: dict[Key, Key] = {}

    def objects(self) -> None:
        """Undo what objects were renamed and moved, schemas first."""
        for moved in sorted(self._renames.objects(), key=lambda moved: (self._rank(moved.new), moved.new)):
            if moved.new in self._open:
                self._undo_object(moved.new, set())

    def _rank(self, key: Key) -> int:
        """Return where an object comes: what others move with comes first."""
        if key.space == "schema":
            return 0
        value = self.state.find(key)
        if isinstance(value, (Index, Sequence)):
            return 3
        return 1 if isinstance(value, (Table, View)) else 2 if key.space in ("type", "routine") else 4

    def _step(self, here: Key, there: Key, cleared: list[str]) -> None:
        """Add the statement that renames or moves an object."""
        does = (
            f"rename {here.name} to {there.name}" if here.name != there.name else f"move {here.name} to {there.schema}"
        )
        try:
            texts = list(_object(self.state, Renamed(there, here)))
        except UnprintableError:
            return
        body = "\n        ".join((*cleared, *texts))
        condition = _is_there(self.state, here)
        self._add(body if condition is None else guards.block(condition, body), does, here)

    def parts(self) -> None:
        """Undo what columns, constraints and labels were renamed."""
        waiting = list(self._renames.parts())
        while waiting:
            chain = [waiting.pop(0)]
            while found := [item for item in waiting if self._takes_name(item, chain[-1])]:
                waiting.remove(found[0])
                chain.append(found[0])
            if len(chain) == 2 and self._takes_name(chain[0], chain[1]) and chain[0].kind == "column":
                self._swap_columns(chain[0])
                continue
            for part in reversed(chain):
                self._undo_part(part)

    def _swap_columns(self, part: RenamedPart) -> None:
        """Undo that two columns have taken each other's names; their places show which is which."""
        key = self._moved.get(part.key, part.key)
        table = self.state.table(key)
        if table is None or part.new not in table.columns or part.old not in table.columns:
            return
        own, between = name(Name(key.schema, key.name)), f"{part.new[:50]}__swap"
        names = list(table.columns)
        sign = "<" if names.index(part.new) < names.index(part.old) else ">"
        condition = f"{guards.place_of(key, part.new)} {sign} {guards.place_of(key, part.old)}"
        steps = ((part.new, between), (part.old, part.new), (between, part.old))
        texts = (f"ALTER TABLE {own} RENAME COLUMN {identifier(one)} TO {identifier(two)};" for one, two in steps)
        does = f"swap the names of {part.new} and {part.old}"
        self._add(guards.block(condition, "\n        ".join(texts)), does, key)

    @staticmethod
    def _takes_name(other: RenamedPart, part: RenamedPart) -> bool:
        """Return whether another part has the name that a part is to have back."""
        return (other.key, other.kind, other.new) == (part.key, part.kind, part.old)

    def _undo_part(self, part: RenamedPart) -> None:
        key = self._moved.get(part.key, part.key)
        found = self._part(part._replace(key=key))
        if found is not None:
            self._add(found, f"rename {part.kind} {part.new} to {part.old}", key)

    def _undo_object(self, now: Key, waiting: set[Key]) -> None:
        was = self._open.pop(now)
        here = self._moved.get(now, now)
        self._moved[now] = was
        if self.state.find(here) is None:
            here = here._replace(schema=was.schema, owner=was.owner)  # It has moved with its table.
        if here == was or self.state.find(here) is None:
            return
        taken = self.state.find(was) is not None
        if taken and was in self._open:
            self._undo_object(was, waiting | {now})
            taken = self.state.find(was) is not None
        cleared = self._cleared(was) if taken else []
        between = here._replace(name=was.name)
        if here.schema != was.schema and here.name != was.name and self.state.find(between) is not None:
            between = here._replace(schema=was.schema)
        for one, two in ((here, between), (between, was)):
            if one != two:
                self._step(one, two, cleared if two == was else [])
        if here.space == "schema":
            self._move_content(here.name, was.name)

    def _move_content(self, now: str, was: str) -> None:
        """Record that the objects in a schema have moved with it."""
        self._moved |= {key: key._replace(schema=was) for key in self._open if key.schema == now}

    def _part(self, part: RenamedPart) -> Guarded | None:
        """Return the statement that gives a part its old name back, which another one may have now."""
        table = self.state.table(part.key)
        if table is None or part.kind == "label":
            return _rename_part(self.state, part, [])
        if part.kind == "column" and any(other.old == part.new for other in self._renames.parts()):
            # Another column has the name that this one is to lose: a second run must not take that.
            return _rename_part(self.state, part, [], chained=True)
        own = Item(part.key, Part(part.kind, part.old))
        taken = part.old in (table.columns if part.kind == "column" else table.constraints)
        if not taken or self._is_renamed(part):
            return _rename_part(self.state, part, [])
        cleared = [*self._dropped_users(own), drop_part(self.state, part.key, own.part or Part("column", ""))]
        return _rename_part(self.state, part, cleared)

    def _is_renamed(self, part: RenamedPart) -> bool:
        """Return whether what has the old name of a part is to have another name itself."""
        return any(
            (self._moved.get(other.key, other.key), other.kind, other.new) == (part.key, part.kind, part.old)
            for other in self._renames.parts()
        )

    def _cleared(self, key: Key) -> list[str]:
        """Return the statements that drop what has the name that something else is to have back."""
        return [*self._dropped_users(Item(key)), drop(self.state, key)]

    def _dropped_users(self, root: Item) -> list[str]:
        """Return the statements that drop what needs an item, and does not go with it."""
        items = [root]
        for item in items:
            for user in users_of(self.state, item):
                inside = root.part is None and user.item.key == root.key
                if user.item not in items and not inside and (user.kind == NORMAL or user.item.part is None):
                    items.append(user.item)
        items.remove(root)
        whole = {item.key for item in items if item.part is None}
        texts = []
        for item in items:
            if item.part is not None and item.part.kind in ("column", "constraint") and item.key not in whole:
                texts.append(drop_part(self.state, item.key, item.part))
            elif item.part is not None and item.part.kind == "default" and item.key not in whole:
                own = name(Name(item.key.schema, item.key.name))
                texts.append(f"ALTER TABLE {own} ALTER COLUMN {identifier(item.part.name)} DROP DEFAULT;")
        for place, value in reversed(ordered(self.state, whole)):
            attached = isinstance(value, (Index, Trigger, Policy, RewriteRule))
            if not attached and place.space in ("relation", "routine", "type"):
                texts.append(drop(self.state, place))
        return texts

    def _add(self, written: str | Guarded, does: str, key: Key) -> None:
        if isinstance(written, Guarded):
            statement = WrittenStatement(written.text, does, key, written.plain)
        else:
            statement = WrittenStatement(written, does, key)
        self.statements.append(statement)
        self.state = run(self.state, read(statement.first_run, Dialect.POSTGRES), kept=False).schema


def _object(schema: Schema, renamed: Renamed) -> Iterator[str]:
    """Yield the statements that give an object its old schema and name back."""
    old, new = renamed
    value = schema.find(new)
    if isinstance(value, Routine):
        head, own = f"ALTER {value.kind.upper()}", signature(value)
        target = old.name.partition("(")[0]
        if old.schema != new.schema:
            yield f"{head} {own} SET SCHEMA {identifier(old.schema)};"
            own = signature(value).replace(name(value.name), name(Name(old.schema, value.name.name)), 1)
        if target != value.name.name:
            yield f"{head} {own} RENAME TO {identifier(target)};"
        return
    if new.space in ("trigger", "policy", "rule"):
        if old.name != new.name:
            table = name(Name(new.schema, new.owner))
            yield f"ALTER {new.space.upper()} {identifier(new.name)} ON {table} RENAME TO {identifier(old.name)};"
        return
    if isinstance(value, Index) and old.schema != new.schema:
        raise UnprintableError("an index moves with its table")
    if new.space == "relation":
        head, own = f"ALTER {relation_word(value)}", name(Name(new.schema, new.name))
    else:
        head, _, own = f"ALTER {subject(schema, new)}".rpartition(" ")
    if old.schema != new.schema:
        yield f"{head} {own} SET SCHEMA {identifier(old.schema)};"
        own = name(Name(old.schema, new.name))
    if old.name != new.name:
        yield f"{head} {own} RENAME TO {identifier(old.name)};"


def _is_there(schema: Schema, key: Key) -> str | None:
    """Return the condition that an object exists under its new name; None if there is none."""
    value = schema.find(key)
    if key.space == "relation":
        return conditions.relation_exists(guards.written(key))
    if key.space == "type":
        return conditions.type_exists(guards.written(key))
    if key.space == "schema":
        return conditions.schema_exists(identifier(key.name))
    if isinstance(value, Routine):
        return conditions.routine_exists(signature(value))
    if key.space in ("trigger", "policy", "rule"):
        table = guards.written(Key("relation", key.schema, key.owner))
        return conditions.attached_exists(key.space, table, key.name)
    return None


def _rename_part(schema: Schema, part: RenamedPart, cleared: list[str], *, chained: bool = False) -> Guarded | None:
    """Return the statement that gives a part of an object its old name back; None if it is not there."""
    value = schema.find(part.key)
    if value is None:
        return None
    own = name(Name(part.key.schema, part.key.name))
    old, new = identifier(part.old), identifier(part.new)
    if part.kind == "label":
        condition = conditions.enum_value_exists(guards.written(part.key), part.new)
        return guards.block(condition, f"ALTER TYPE {own} RENAME VALUE {literal(part.new)} TO {literal(part.old)};")
    if part.kind == "constraint":
        if isinstance(value, Domain):
            condition = guards.has_domain_constraint(part.key, part.new)
            return guards.block(condition, f"ALTER DOMAIN {own} RENAME CONSTRAINT {new} TO {old};")
        if not isinstance(value, Table) or part.new not in value.constraints:
            return None
        text = f"ALTER TABLE {own} RENAME CONSTRAINT {new} TO {old};"
        return guards.block(guards.has_constraint(part.key, part.new), text)
    condition = guards.has_column(part.key, part.new)
    if chained:
        condition += f" AND NOT {guards.has_column(part.key, part.old)}"
    if isinstance(value, Composite):
        text = f"ALTER TYPE {own} RENAME ATTRIBUTE {new} TO {old};"
    else:
        text = f"ALTER {relation_word(value)} {own} RENAME COLUMN {new} TO {old};"
    return guards.block(condition, "\n        ".join((*cleared, text)))
