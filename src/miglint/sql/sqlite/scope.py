"""The relations in scope of a query."""

from __future__ import annotations

from miglint.sql.operations import Name
from miglint.sql.sqlite.words import Unreadable

_MAX_DEPTH = 60
# "at most 64 tables in a join"
_MOST_JOINED = 64


class Scope:
    """The relations in scope of one query; a source that is not a relation (a sub-query) maps to None.

    `rows` are those accessible only with a qualifier: `new` and `old` in a trigger, `excluded`.
    """

    __slots__ = ("aliases", "ctes", "depth", "parent", "rows", "sources")

    def __init__(self, parent: Scope | None = None) -> None:
        self.parent = parent
        self.sources: dict[str, Name | None] = {}
        self.rows: dict[str, Name] = {}
        self.aliases: set[str] = set()
        self.ctes: frozenset[str] = parent.ctes if parent else frozenset()
        self.depth: int = parent.depth + 1 if parent else 0
        if self.depth > _MAX_DEPTH:
            raise Unreadable("queries are nested too deeply to be read")

    def find(self, qualifier: str) -> tuple[bool, Name | None]:
        """Return whether a qualifier is a source in scope, and its relation."""
        key, scope = qualifier.lower(), self
        while True:
            if key in scope.sources:
                return True, scope.sources[key]
            if key in scope.rows:
                return True, scope.rows[key]
            if scope.parent is None:
                return False, None
            scope = scope.parent

    def only(self) -> Name | None:
        """Return the relation of all unqualified columns, if there is only one."""
        scope: Scope | None = self
        found: list[Name | None] = []
        while scope is not None and len(found) + len(scope.sources) <= 1:
            found.extend(scope.sources.values())
            scope = scope.parent
        return found[0] if scope is None and found else None

    def is_alias(self, name: str) -> bool:
        """Return whether a result column in scope has this name (in lower case)."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.aliases:
                return True
            scope = scope.parent
        return False

    def candidates(self) -> tuple[Name, ...]:
        """Return all relations that an unqualified column may belong to.

        Empty if a sub-query is among them, or more relations than SQLite joins.
        """
        found: list[Name] = []
        scope: Scope | None = self
        while scope is not None:
            if len(scope.sources) > _MOST_JOINED:
                return ()
            for source in scope.sources.values():
                if source is None:
                    return ()
                found.append(source)
            scope = scope.parent
        return tuple(dict.fromkeys(found))

    def derived_only(self) -> bool:
        """Return whether all columns come from sub-queries and common table expressions."""
        return bool(self.sources) and not any(self.sources.values()) and self.parent is None
