"""Actions: statements that belong together, with the items that they drop and make, and the order that follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush

from miglint.base.model import Dialect
from miglint.schema.depends import relation_key
from miglint.schema.objects import Extension, Key, OtherType, Part, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.writer.postgres.graph import Item, automatic_needs, needs_of, users_of
from miglint.writer.postgres.guards import Guarded
from miglint.writer.postgres.plan import TransitionPlan
from miglint.writer.written import WrittenStatement

# The part of a sequence that is its owner.
OWNER = Part("owner", "")


class PlannedAction:
    """Statements that run one after another, and what they drop and make. `rank` decides where the needs do not.

    `after` are items that are to be made before.
    """

    __slots__ = ("after", "drops", "makes", "number", "rank", "statements")

    def __init__(
        self, rank: int, drops: Iterable[Item] = (), makes: Iterable[Item] = (), after: Iterable[Item] = ()
    ) -> None:
        self.rank = rank
        self.drops = tuple(drops)
        self.makes = tuple(makes)
        self.after = tuple(after)
        self.statements: list[WrittenStatement] = []
        self.number = 0

    def add(self, written: str | Guarded, does: str, key: Key) -> None:
        """Add a statement."""
        if isinstance(written, Guarded):
            self.statements.append(WrittenStatement(written.text, does, key, written.plain))
        else:
            self.statements.append(WrittenStatement(written, does, key))


class Order:
    """The actions by what they drop and make, and who has to wait for whom."""

    def __init__(self, plan: TransitionPlan, actions: list[PlannedAction]) -> None:
        self._plan = plan
        self._actions = actions
        self._droppers: dict[Item, PlannedAction] = {}
        self._makers: dict[Item, PlannedAction] = {}
        for place, action in enumerate(actions):
            action.number = place
            self._droppers.update(dict.fromkeys(action.drops, action))
            self._makers.update(dict.fromkeys(action.makes, action))
        self._freed: dict[Key, list[PlannedAction]] = {}
        for item, action in self._droppers.items():
            for slot in _slots(item, plan.old):
                self._freed.setdefault(slot, []).append(action)
        for item in plan.gone | plan.away:
            if item not in self._droppers:
                for slot in _slots(item, plan.old):
                    self._freed.setdefault(slot, []).extend(self._dropping(item))

    def statements(self) -> tuple[WrittenStatement, ...]:
        """Return all statements in an order in which they run."""
        return tuple(statement for action in self._sorted() for statement in action.statements)

    def _sorted(self) -> Iterator[PlannedAction]:
        before: dict[int, set[int]] = {action.number: set() for action in self._actions}
        for action in self._actions:
            before[action.number] = {other.number for other in self._needed(action) if other is not action}
        after = _inverted(before)
        ready = [(action.rank, action.number) for action in self._actions if not before[action.number]]
        heapify(ready)
        left = {action.number for action in self._actions}
        while left:
            if not ready:
                # A circle: what waits for the fewest goes first.
                number = min(left, key=lambda item: (len(before[item]), self._actions[item].rank, item))
                heappush(ready, (0, number))
            _, number = heappop(ready)
            if number not in left:
                continue
            left.discard(number)
            yield self._actions[number]
            for other in after.get(number, ()):
                before[other].discard(number)
                if not before[other] and other in left:
                    heappush(ready, (self._actions[other].rank, other))

    def _needed(self, action: PlannedAction) -> Iterator[PlannedAction]:
        """Yield the actions that have to come before one."""
        for item in action.after:
            yield from self._making(item)
            yield from self._dropping(item)
        for item in action.drops:
            yield from self._needed_to_drop(item)
        for item in action.makes:
            yield from self._needed_to_make(item)
            if item.part is None and isinstance(self._plan.new.find(item.key), Table):
                for part in action.makes:
                    if part.key == item.key and part.part is not None:
                        for needed in needs_of(self._plan.new, part):
                            yield from self._making(needed)

    def _needed_to_drop(self, item: Item) -> Iterator[PlannedAction]:
        plan = self._plan
        for user in users_of(plan.old, item):
            if item.key in plan.swapped and item.part is None:
                if user.item.key not in plan.swapped or isinstance(plan.old.find(item.key), OtherType):
                    yield from self._dropping(user.item)
            else:
                yield from self._leaving(user.item)
        if item.part is not None and item.part.kind == "column":
            # What is inherited is dropped with that of the parent.
            for other, action in self._droppers.items():
                if other.key == item.key and other.part is not None and other.part.kind == "link":
                    yield action
        if item in plan.again or item in plan.away:
            yield from self._dropping_new_users(item)
        if item.key.space == "schema":
            yield from self._leaving_schema(item.key.name)

    def _dropping_new_users(self, item: Item) -> Iterator[PlannedAction]:
        """Yield the drops of users in the new schema, which a second run finds."""
        plan = self._plan
        for user in users_of(plan.new, item):
            now = any(other.item == item for other in users_of(plan.old, user.item))
            if not now and (user.item in plan.again or plan.drops(user.item)):
                yield from self._dropping(user.item)

    def _needed_to_make(self, item: Item) -> Iterator[PlannedAction]:
        plan = self._plan
        yield from self._dropping_before(item)
        for user in users_of(plan.old, item):
            yield from self._dropping(user.item)
        if item in plan.altered:
            for user in users_of(plan.new, item):
                if user.item in plan.again:
                    yield from self._dropping(user.item)
        for needed in needs_of(plan.new, item):
            if not (needed in plan.altered and set(plan.aspects.get(needed, ())) == {"nullability"}):
                yield from self._making(needed)
        for slot in _slots(item, plan.new):
            yield from self._freed.get(slot, ())
        table = plan.new.table(item.key) if item.part is None or item.part.kind == "link" else None
        if table is not None and table.partition_of is not None:
            yield from self._dropping_partitions(table.partition_of)

    def _dropping_partitions(self, parent: Name) -> Iterator[PlannedAction]:
        """Yield the drops of partitions of a table, whose rows may be those of a new one."""
        for other, value in self._plan.old.users(relation_key(parent, Dialect.POSTGRES), Table):
            if value.partition_of == parent:
                for candidate in (Item(other), Item(other, Part("link", ""))):
                    if candidate in self._droppers:
                        yield self._droppers[candidate]

    def _leaving(self, user: Item) -> Iterator[PlannedAction]:
        """Yield the action after which an item no longer needs what it needs in the old schema."""
        found = list(self._dropping(user))
        if found:
            yield from found
            return
        for candidate in (user, Item(user.key, OWNER)):
            if candidate in self._makers:
                yield self._makers[candidate]

    def _leaving_schema(self, name: str) -> Iterator[PlannedAction]:
        """Yield the actions after which nothing is in a schema."""
        for item, action in self._droppers.items():
            if item.key.schema == name and item.part is None:
                yield action
        for item, action in self._makers.items():
            value = self._plan.old.find(item.key)
            if isinstance(value, Extension) and value.schema == name:
                yield action

    def _dropping_before(self, item: Item) -> Iterator[PlannedAction]:
        """Yield the actions that drop what an item takes the place of."""
        if self._plan.drops(item) or item in self._plan.again:
            yield from self._dropping(item)
        one, two = self._plan.old.table(item.key), self._plan.new.table(item.key)
        if item.part is None or item.part.kind != "constraint" or one is None or two is None:
            return
        made = two.constraints.get(item.part.name)
        for label, constraint in one.constraints.items():
            other = Item(item.key, Part("constraint", label))
            if constraint.kind == "primary" and made is not None and made.kind == "primary" and self._plan.drops(other):
                yield from self._dropping(other)

    def _dropping(self, item: Item) -> Iterator[PlannedAction]:
        for candidate in (item, Item(item.key)):
            if candidate in self._droppers:
                yield self._droppers[candidate]
                return
        value = self._plan.old.find(item.key)
        if item.part is not None and isinstance(value, Table) and item.part.kind == "constraint":
            constraint = value.constraints.get(item.part.name)
            for column in () if constraint is None else constraint.columns:
                if Item.column(item.key, column) in self._droppers:
                    yield self._droppers[Item.column(item.key, column)]
        if item.part is None and value is not None and self._plan.drops(item):
            for needed in automatic_needs(item.key, value):
                if self._plan.drops(needed):
                    yield from self._dropping(needed)
                    return

    def _making(self, item: Item) -> Iterator[PlannedAction]:
        if item in self._makers:
            yield self._makers[item]
        if item.part is not None and Item(item.key) in self._makers:
            yield self._makers[Item(item.key)]
        if item.part == Part("column", "*"):
            for other, action in self._makers.items():
                if other.key == item.key and other.part is not None and other.part.kind == "column":
                    yield action


def _slots(item: Item, schema: Schema) -> tuple[Key, ...]:
    """Return the names that an item takes, in the namespaces of relations and of types."""
    key, part = item
    if part is not None and part.kind == "constraint":
        table = schema.table(key)
        constraint = None if table is None else table.constraints.get(part.name)
        if constraint is not None and constraint.kind in ("primary", "unique", "exclude"):
            return (Key("relation", key.schema, part.name),)
        return ()
    if part is not None:
        return ()
    if key.space == "relation":
        return (key, Key("type", key.schema, key.name))
    return (key, Key("relation", key.schema, key.name)) if key.space == "type" else (key,)


def _inverted(before: Mapping[int, Iterable[int]]) -> dict[int, list[int]]:
    after: dict[int, list[int]] = {}
    for number, others in before.items():
        for other in others:
            after.setdefault(other, []).append(number)
    return after
