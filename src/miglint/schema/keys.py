"""How objects of a schema, and parts of them, are named."""

from __future__ import annotations

from typing import Any

from miglint.base.model import Dialect
from miglint.base.structs import Struct, replace


class Key(Struct, frozen=True, order=True, array_like=True, gc=False):
    """The key of an object in a schema.

    `space` is the namespace that its name must be unique in: `relation` (tables, views, indexes, sequences share
    it), `type`, `routine` (name with its argument types), `trigger`, `policy`, `rule` (unique per `owner`, the table),
    `extension`, `schema`, `role`, `comment`, `privilege`, or `other KIND`. `schema` is empty where the space has none.
    SQLite names are lower case here.
    """

    space: str
    schema: str
    name: str
    owner: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in (self.schema, self.owner, self.name) if part)

    def _replace(self, **changes: Any) -> Key:
        """Return the key with other parts: own rules may use what it had as a named tuple."""
        return replace(self, **changes)


class Part(Struct, frozen=True, order=True, array_like=True, gc=False):
    """A part of an object: a `column` or an attribute, the `default` of one, a `constraint`, a `member`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def is_temporary(key: Key, dialect: Dialect) -> bool:
    """Return whether an object ends with its session. PostgreSQL's `temp` is a schema like any other."""
    return key.schema == "pg_temp" or (key.schema == "temp" and dialect is Dialect.SQLITE)
