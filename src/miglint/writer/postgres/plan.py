"""What has to be dropped, made and altered to come from one schema to another.

Items (objects, columns, defaults, constraints) that are in one schema only are dropped or made. An item that is in both
and differs is altered where the engine can do that, else dropped and made again; and so is, though the same in both,
whatever stands in the way: a view over a column whose type changes, a default that calls a function that is dropped.
"""

from __future__ import annotations

from collections import deque

from miglint.schema.change import Change
from miglint.schema.describe import CONSTRAINT_WORDS
from miglint.schema.diff import object_changes
from miglint.schema.inherited import comes_with_parent
from miglint.schema.journal import differing
from miglint.schema.objects import (
    ABSENT,
    Absent,
    Comment,
    Composite,
    Domain,
    Index,
    Key,
    Part,
    Privileges,
    SchemaObject,
    Sequence,
    Table,
)
from miglint.schema.sameness import same_default
from miglint.schema.value import Schema
from miglint.sql.operations import Column, Constraint, Name
from miglint.writer.postgres.alterable import alters_constraint, can_alter, can_alter_column, related_types
from miglint.writer.postgres.considered import (
    computes,
    has_constraint,
    has_part,
    is_attached,
    is_free,
    is_of_constraint,
    is_wanted,
    keeps_cast,
)
from miglint.writer.postgres.graph import Item, User, automatic_needs, needs_of, users_of

_CONSTRAINTS = frozenset(CONSTRAINT_WORDS.values())
_NO_SPACE = frozenset({"rows", "role"})


class TransitionPlan:
    """Items to drop, to make, and to alter; `swapped` types are replaced under their users.

    `again` are items that are made, and that a second run finds in its way: it drops them first, if they are there.
    `anew` are types to replace although they could be altered. `aspects` are the aspects of the changes of an item that
    both schemas have.
    """

    def __init__(self, old: Schema, new: Schema, anew: frozenset[Key] = frozenset()) -> None:
        self.old, self.new = old, new
        self._anew = anew
        self.gone: set[Item] = set()
        self.fresh: set[Item] = set()
        self.away: set[Item] = set()
        self.altered: set[Item] = set()
        self.swapped: set[Key] = set()
        self.again: set[Item] = set()
        self.aspects: dict[Item, dict[str, Change]] = {}
        self._waiting: deque[Item] = deque()
        self._compare()
        self._follow()

    def drops(self, item: Item) -> bool:
        """Return whether an item of the old schema goes, for good or for a while, by itself or with its object."""
        if item in self.gone or item in self.away:
            return True
        whole = Item(item.key)
        if item.part is not None and (whole in self.gone or whole in self.away):
            return True
        if item.part is not None and item.part.kind in ("default", "identity"):
            return self.drops(Item.column(item.key, item.part.name))
        return False

    def makes(self, item: Item) -> bool:
        """Return whether an item of the new schema is made, by itself or with its object."""
        return (
            item in self.fresh
            or item in self.away
            or (item.part is not None and (Item(item.key) in self.fresh or Item(item.key) in self.away))
        )

    def goes_along(self, item: Item) -> bool:
        """Return whether an item is dropped by the engine together with something else that is dropped."""
        value = self.old.find(item.key)
        if value is None:
            return False
        if item.part is None:
            return any(self.drops(needed) for needed in automatic_needs(item.key, value))
        if self.drops(Item(item.key)):
            return True
        if item.part.kind == "constraint" and isinstance(value, Table):
            constraint = value.constraints.get(item.part.name)
            columns = () if constraint is None else (*constraint.columns, *constraint.include)
            return any(self.drops(Item.column(item.key, column)) for column in columns)
        return item.part.kind in ("default", "identity") and self.drops(Item.column(item.key, item.part.name))

    def _compare(self) -> None:
        for key in differing(self.old, self.new):
            one, two = self.old.get(key), self.new.get(key)
            if self.old.objects.get(key) is None and two is ABSENT:
                continue  # It is nowhere.
            if key.space in _NO_SPACE or key.schema == "pg_temp":
                continue
            if is_attached(one) or is_attached(two):
                continue
            if is_of_constraint(one) or is_of_constraint(two):
                one, two = (ABSENT if is_of_constraint(value) else value for value in (one, two))
                if one is two:
                    continue
            if one is None or one is ABSENT:
                if two is not None and two is not ABSENT and not getattr(two, "assumed", False):
                    self.fresh.add(Item(key))
            elif two is ABSENT:
                self._go(Item(key), self.gone)
            elif two is not None:
                self._compare_both(key, one, two)

    def _compare_both(self, key: Key, one: SchemaObject | Absent, two: SchemaObject | Absent) -> None:
        changes = [change for change in object_changes(key, one, two) if is_wanted(change)]
        if isinstance(one, Table) and isinstance(two, Table):
            self._compare_tables(key, changes, one, two)
        elif changes and not isinstance(one, Absent) and not isinstance(two, Absent):
            self.aspects[Item(key)] = {change.aspect or "definition": change for change in changes}
            self._change(Item(key), "swap" if key in self._anew else can_alter(self.old, key, one, two))

    def _change(self, item: Item, how: str) -> None:
        """Record that an item differs: it is altered in place, swapped, or dropped and created."""
        if how == "alter":
            self.altered.add(item)
        elif how == "swap":
            self._swap(item.key)
        else:
            self._go(item, self.away)

    def _compare_tables(self, key: Key, changes: list[Change], one: Table, two: Table) -> None:
        whole = {change.aspect for change in changes if change.part is None}
        if whole & {"kind", "partitioning", "definition"}:
            self._go(Item(key), self.away)
            return
        parts: dict[Item, set[str]] = {}
        for change in changes:
            if change.part is None:
                self.aspects.setdefault(Item(key), {})[change.aspect or "definition"] = change
                self.altered.add(Item(key))
                continue
            item = Item(key, Part("constraint" if change.what in _CONSTRAINTS else "column", change.part))
            if change.what in _CONSTRAINTS and self._follows_parent(key, change.part, one, two):
                continue
            if change.kind == "missing":
                self._go(item, self.gone)
            elif change.kind == "extra":
                self.fresh.add(item)
            else:
                self.aspects.setdefault(item, {})[change.aspect or "definition"] = change
                parts.setdefault(item, set()).add(change.aspect or "definition")
        for item, aspects in parts.items():
            self._compare_part(item, frozenset(aspects), one, two)

    def _follows_parent(self, key: Key, name: str, one: Table, two: Table) -> bool:
        """Return whether a constraint becomes what it is to be with that of the parent, which passes it on."""
        wanted = two.constraints.get(name) or one.constraints.get(name)
        return wanted is not None and comes_with_parent(self.new, key, wanted)

    def _compare_part(self, item: Item, aspects: frozenset[str], one: Table, two: Table) -> None:
        assert item.part is not None
        name = item.part.name
        if item.part.kind == "constraint":
            alters = alters_constraint(one.constraints[name], two.constraints[name])
            self._change(item, "alter" if alters else "replace")
            return
        before, after = one.columns[name], two.columns[name]
        if not can_alter_column(before, after, aspects):
            self._go(item, self.away)
            return
        retyped = bool(aspects & {"type", "collation"})
        if retyped or aspects & {"nullability", "generated", "autoincrement"}:
            self.altered.add(item)
        if retyped:
            self._waiting.append(item)
        self._compare_defaults(item.key, before, after, retyped=retyped and not related_types(before.type, after.type))
        if "identity" in aspects:
            self._compare_identities(item.key, before, after)

    def _compare_defaults(self, key: Key, before: Column, after: Column, *, retyped: bool) -> None:
        had = before.default if before.generated is None else None
        has = after.default if after.generated is None else None
        item = Item(key, Part("default", before.name))
        if had is None:
            if has is not None:
                self.fresh.add(item)
        elif has is None:
            self._go(item, self.gone)
        elif retyped:
            self._go(item, self.away)
        elif not same_default(had, has, after.type) or keeps_cast(before, after):
            self.altered.add(item)

    def _compare_identities(self, key: Key, before: Column, after: Column) -> None:
        item = Item(key, Part("identity", before.name))
        # The sequence of an identity column cannot leave it, nor can it take one that is there.
        freed = [place for place, _ in self.old.sequences_of(key, before.name) if is_free(self.new, place)]
        taken = [place for place, _ in self.new.sequences_of(key, after.name) if is_free(self.old, place)]
        if before.identity and after.identity:
            if not freed and not taken:
                self.altered.add(item)
                return
            self.fresh.add(item)
        (self.gone if before.identity else self.fresh).add(item)
        # The sequence of the one is not that of the other, though it has its name.
        for place, value in self.old.sequences_of(key, before.name):
            owned = value.owned_by == (Name(key.schema, key.name), before.name)
            if owned and self.new.find(place) is not None:
                self._go(Item(place), self.away)
        for place in taken:
            self._go(Item(place), self.away)

    def _go(self, item: Item, where: set[Item]) -> None:
        if item not in where:
            where.add(item)
            self._waiting.append(item)

    def _swap(self, key: Key) -> None:
        if key not in self.swapped:
            self.swapped.add(key)
            self._waiting.append(Item(key))

    def _follow(self) -> None:
        while self._waiting:
            item = self._waiting.popleft()
            if item in self.again:
                pass
            elif item.key in self.swapped and item.part is None:
                self._follow_swap(item)
            elif item in self.altered and item not in self.away and item.part is not None:
                self._follow_retype(item)
            else:
                for user in list(users_of(self.old, item)):
                    self._stand_aside(user, item)
            if item not in self.gone:
                self._follow_again(item)

    def _follow_again(self, item: Item) -> None:
        """Record what needs an item in the new schema, and prevents a second run."""
        retyped = item in self.altered and item not in self.away and item.part is not None
        swapped = item.part is None and item.key in self.swapped
        for user in list(users_of(self.new, item)):
            own = user.item
            if own in self.again or self.drops(own) or (retyped and not user.reason):
                continue
            value = self.new.find(own.key)
            column = own.part is not None and own.part.kind == "column"
            if isinstance(value, Table) and (own.part is None or (column and not self._is_generated(own))):
                continue
            if isinstance(value, (Comment, Privileges, Sequence)) or own.key.space == "type" or own == item:
                continue
            if self.makes(own) or (own.part is not None and self._is_fresh_column(own)):
                self.again.add(own)
                self._waiting.append(own)
            elif not swapped and self.old.find(own.key) is not None:
                self._stand_aside(user, item)

    def _is_generated(self, item: Item) -> bool:
        table = self.new.table(item.key)
        column = None if table is None or item.part is None else table.columns.get(item.part.name)
        return column is not None and column.generated is not None

    def _is_fresh_column(self, item: Item) -> bool:
        return item.part is not None and self.makes(Item.column(item.key, item.part.name))

    def _stand_aside(self, user: User, item: Item) -> None:
        """Drop what needs a dropped item, unless it is altered so that it does not need it any longer."""
        own = user.item
        if self.drops(own) or (own.key == item.key and own.part is None):
            return
        value, after = self.old.find(own.key), self.new.find(own.key)
        if value is None or after is None:
            return
        if isinstance(value, Table) and value.kind == "foreign table" and own.part is None:
            self._go(own, self.away)  # It has no rows of its own.
            return
        if isinstance(value, Table) and (own.part is None or own.part.kind == "column"):
            self._stand_aside_column(own)
            return
        if own in self.altered and item not in self.away and item not in set(needs_of(self.new, own)):
            return
        if isinstance(value, Sequence) and isinstance(after, Sequence) and value.owned_by != after.owned_by:
            return  # It gets another owner.
        if isinstance(value, (Domain, Composite)) and own.part is None:
            if item.key.space == "type":
                self._swap(own.key)
        elif own.part is None or has_part(after, own.part):
            self._go(own, self.away)

    def _stand_aside_column(self, own: Item) -> None:
        if own.part is None:
            return  # A partition or an heir is detached, or stays without its parent.
        table = self.old.table(own.key)
        column = None if table is None else table.columns.get(own.part.name)
        after = self.new.table(own.key)
        if column is not None and column.generated is not None and after is not None and own.part.name in after.columns:
            self._go(own, self.away)

    def _follow_retype(self, item: Item) -> None:
        """Drop what the engine cannot keep while the type of a column changes."""
        assert item.part is not None
        one, two = self.old.table(item.key), self.new.table(item.key)
        if one is None or two is None:
            return
        before, after = one.columns[item.part.name].type, two.columns[item.part.name].type
        near = related_types(before, after)
        same = near and before is not None and after is not None and before.name == after.name
        for user in list(users_of(self.old, item)):
            if user.reason or (not same and self._is_rebuilt(user.item, near)):
                self._stand_aside(user, item)

    def _is_rebuilt(self, item: Item, near: bool) -> bool:
        """Return whether something over a column is made again for another type: what computes, and foreign keys."""
        value = self.old.find(item.key)
        if isinstance(value, Index):
            return value.constraint is None and computes(value)
        constraint = self._constraint(item)
        if constraint is None:
            return False
        return constraint.kind in ("check", "exclude") or (constraint.kind == "foreign" and not near)

    def _constraint(self, item: Item) -> Constraint | None:
        table = self.old.table(item.key)
        return None if table is None or item.part is None else table.constraints.get(item.part.name)

    def _follow_swap(self, item: Item) -> None:
        """Drop what uses a type that is created anew; the columns of that type are altered."""
        for user in list(users_of(self.old, item)):
            own = user.item
            value, after = self.old.find(own.key), self.new.find(own.key)
            if value is None or after is None or self.drops(own):
                continue
            if isinstance(value, (Domain, Composite)):
                self._swap(own.key)
            elif isinstance(value, Table) and own.part is not None and own.part.kind == "column":
                self._retype_for_swap(own, value, after)
            elif not isinstance(value, Table) or own.part is not None:
                if own.part is not None and own.part.kind == "constraint" and not has_constraint(after, own.part.name):
                    continue
                if own.key.space == "type" and not isinstance(value, (Comment, Privileges)):
                    self._swap(own.key)
                else:
                    self._go(own, self.away)

    def _retype_for_swap(self, own: Item, value: Table, after: SchemaObject) -> None:
        assert own.part is not None
        column = value.columns.get(own.part.name)
        if column is None or not isinstance(after, Table) or own.part.name not in after.columns:
            return
        if column.generated is not None:
            self._go(own, self.away)
            return
        self.aspects.setdefault(own, {}).setdefault(
            "type", Change("changed", "column", str(own.key), own.key, own.part.name, "type")
        )
        self.altered.add(own)
        if column.default is not None and after.columns[own.part.name].default is not None:
            self._go(Item(own.key, Part("default", own.part.name)), self.away)
        for user in list(users_of(self.old, own)):
            if user.reason or self._is_rebuilt(user.item, near=False):
                self._stand_aside(user, own)
