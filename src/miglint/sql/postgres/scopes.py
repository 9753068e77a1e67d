"""Names collected in a traversal of a tree, and resolution of columns to relations."""

from __future__ import annotations

from miglint.sql.operations import ColumnUse, Mentions, Name


class VisibleRelations:
    """The relations in scope at one query level: by alias, and all of them (None for a derived one)."""

    __slots__ = ("aliases", "ctes", "items")

    def __init__(self) -> None:
        self.aliases: dict[str, Name | None] = {}
        self.items: list[Name | None] = []
        self.ctes: set[str] = set()


class Walk:
    """What one walk collects. `own` is the table that an expression belongs to: its name adds nothing to a column.

    `rows` are other names for a row of that table (`new` and `old`), where there are such.
    """

    __slots__ = ("columns", "functions", "own", "relations", "rows", "scopes", "stars", "types", "uses")

    def __init__(self, own: str | None = None, rows: tuple[str, ...] = ()) -> None:
        self.own = own
        self.rows = rows
        self.columns: dict[str, None] = {}
        self.functions: dict[Name, None] = {}
        self.types: dict[Name, None] = {}
        self.relations: dict[Name, None] = {}
        self.uses: dict[ColumnUse, None] = {}
        self.stars: dict[Name, None] = {}
        self.scopes: list[VisibleRelations] = []


def use_plain(state: Walk, column: str) -> None:
    """Record an unqualified column: its relation is known if only one relation can have it."""
    candidates = 0
    relation: Name | None = None
    for scope in state.scopes:
        if column in scope.aliases:
            return
        for item in scope.items:
            candidates += 1
            relation = relation or item
    if relation is not None:
        state.uses[ColumnUse(relation if candidates == 1 else None, column)] = None


def is_alone(state: Walk, qualifier: str) -> bool:
    """Return whether a qualifier is that of the only relation of a query, and thus redundant."""
    return sum(len(scope.items) for scope in state.scopes) == 1 and any(
        qualifier in scope.aliases for scope in state.scopes
    )


def use_qualified(state: Walk, qualifier: str, column: str) -> None:
    """Record a column qualified by an alias or a relation's name."""
    for scope in reversed(state.scopes):
        if qualifier in scope.aliases:
            relation = scope.aliases[qualifier]
            if relation is not None:
                state.uses[ColumnUse(relation, column)] = None
            return
    if qualifier == state.own or qualifier in state.rows:
        state.columns[column] = None


def use_all(state: Walk, qualifier: str | None) -> None:
    """Record `*`, or `qualifier.*`: all columns of its relations."""
    for scope in reversed(state.scopes):
        if qualifier is None or qualifier in scope.aliases:
            items = scope.items if qualifier is None else [scope.aliases[qualifier]]
            state.stars.update((item, None) for item in items if item is not None)
            return


def mentions_of(state: Walk) -> Mentions:
    """Return what a walk has collected."""
    return Mentions(
        tuple(state.columns),
        tuple(state.uses),
        tuple(state.stars),
        tuple(state.relations),
        tuple(state.functions),
        tuple(state.types),
    )
