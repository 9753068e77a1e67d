"""What the parts of a draft share: the plan, the actions so far, and what cannot be written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from miglint.base.structs import replace
from miglint.schema.diff import display, words
from miglint.schema.inherited import inherited_from
from miglint.schema.objects import Key, SchemaObject, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.writer import inheritance
from miglint.writer.postgres.actions import PlannedAction
from miglint.writer.postgres.circles import Circles
from miglint.writer.postgres.graph import Item, all_needs_of, needs_of
from miglint.writer.postgres.guards import Guarded
from miglint.writer.postgres.plan import TransitionPlan
from miglint.writer.words import UnprintableError, name

# A statement, or one with a guard.
Text = str | Guarded


class Drafting:
    """A draft in the making.

    `using` are the expressions by which a forward made other values of those of columns, `rewritten` the tables in
    which it wrote rows: they may not be as they were.
    """

    def __init__(
        self,
        plan: TransitionPlan,
        target: tuple[int, ...] | None,
        using: Mapping[tuple[Key, str], str],
        rewritten: frozenset[Key],
    ) -> None:
        self.plan = plan
        self.target = target
        self.using = using
        self.rewritten = rewritten
        self.actions: list[PlannedAction] = []
        self.missing: list[str] = []
        self.with_rows: list[str] = []
        self.may_fail: list[str] = []
        self._circles: dict[bool, Circles] = {}

    @property
    def old(self) -> Schema:
        """The schema that the statements meet."""
        return self.plan.old

    @property
    def new(self) -> Schema:
        """The schema that the statements are to make."""
        return self.plan.new

    def reaches(self, schema: Schema, item: Item, key: Key, among: Callable[[Item], bool]) -> bool:
        """Return whether an item needs, by way of others, the object at a key; `among` says which others count."""
        seen: set[Key] = set()
        waiting = [needed.key for needed in needs_of(schema, item) if needed.key != key]
        while waiting:
            other = waiting.pop()
            if other == key:
                return True
            if other in seen or not among(Item(other)):
                continue
            seen.add(other)
            waiting += [needed.key for needed in all_needs_of(schema, other)]
        return False

    def is_circular(self, item: Item, *, made: bool) -> bool:
        """Return whether a part of an object that is made, or dropped, needs others that need the object."""
        key = item.key
        schema, among = (self.new, self.plan.makes) if made else (self.old, self.plan.drops)
        if not among(Item(key)):
            return self.reaches(schema, item, key, among)
        if made not in self._circles:
            self._circles[made] = Circles(
                lambda one: (needed.key for needed in all_needs_of(schema, one)), lambda one: among(Item(one))
            )
        circles = self._circles[made]
        return any(
            needed.key != key and among(Item(needed.key)) and circles.are_together(needed.key, key)
            for needed in needs_of(schema, item)
        )

    def act(
        self,
        rank: int,
        does: str,
        key: Key,
        write: Callable[[], Iterable[Text]],
        *,
        drops: Iterable[Item] = (),
        makes: Iterable[Item] = (),
        after: Iterable[Item] = (),
    ) -> PlannedAction | None:
        """Add an action; what cannot be written is noted as missing."""
        action = PlannedAction(rank, drops, makes, after)
        try:
            for text in write():
                action.add(text, does, key)
        except UnprintableError as problem:
            self.missing.append(f"cannot {does}: {problem}")
            return None
        self.actions.append(action)
        return action


def label(schema: Schema, key: Key) -> str:
    """Return the words and the name of an object, for people."""
    value: SchemaObject | None = schema.find(key)
    return str(key) if value is None else f"{words(value)} {display(key, value)}"


def own_name(key: Key, value: SchemaObject | None) -> str:
    """Return the name of a relation or a type as SQL."""
    own = getattr(value, "name", None)
    return name(Name(key.schema, own.name if isinstance(own, Name) else key.name))


def sequences_of(schema: Schema, key: Key, column: str) -> list[Key]:
    """Return the keys of the sequences that belong to a column."""
    own = Name(key.schema, key.name)
    return [place for place, value in schema.sequences_of(key, column) if value.owned_by == (own, column)]


def alter_table(key: Key, table: Table | None) -> str:
    """Return `ALTER TABLE name`."""
    word = "FOREIGN TABLE" if table is not None and table.kind == "foreign table" else "TABLE"
    return f"ALTER {word} {own_name(key, table)}"


def follows_parent(schema: Schema, item: Item, done: Callable[[Item], bool]) -> bool:
    """Return whether what is `done` to a part of a parent is done to that of a partition or heir with it."""
    table = schema.table(item.key)
    if table is None or item.part is None:
        return False
    for parent in inheritance.parents_of(schema, table):
        key = Key("relation", parent.name.schema or "public", parent.name.name)
        if item.part.kind == "constraint":
            own = table.constraints.get(item.part.name)
            name_ = None if own is None else inherited_from(parent, table, own)
        else:
            name_ = item.part.name if item.part.name in parent.columns else None
        if name_ is not None and done(Item(key, replace(item.part, name=name_))):
            return True
    return False
