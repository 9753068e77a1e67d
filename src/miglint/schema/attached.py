"""Objects that belong to another one: triggers, policies and rules of a table; comments and privileges."""

from __future__ import annotations

from miglint.base.structs import Struct, equal_by
from miglint.schema.keys import Key, Part
from miglint.sql.operations import NO_MENTIONS, ColumnUse, Mentions, Name, OpenUse


class Trigger(Struct, frozen=True, gc=False, array_like=True):
    """A trigger on a table; `state` is `enabled`, `disabled`, `replica` or `always`.

    `mentions` is what PostgreSQL's `WHEN` reads. The rest is known in SQLite only: `relations` are the tables that its
    body mentions; `event` is `insert`, `update` or `delete`; `uses` are the columns that its condition and its body
    read, `open` those of them that are of one of several tables, `targets` those that the body sets.
    """

    name: str
    table: Name
    function: Name | None = None
    definition: str = ""
    state: str = "enabled"
    columns: tuple[str, ...] = ()
    assumed: bool = False
    relations: tuple[Name, ...] = ()
    event: str = ""
    uses: tuple[ColumnUse, ...] = ()
    targets: tuple[ColumnUse, ...] = ()
    open: tuple[OpenUse, ...] = ()
    mentions: Mentions = NO_MENTIONS
    source: str = ""

    __eq__ = equal_by("name", "table", "function", "definition", "state", "columns", "assumed")


class Policy(Struct, frozen=True, gc=False, array_like=True):
    """A row-level security policy: `head` is its kind and command, the rest are canonical texts (None for none)."""

    name: str
    table: Name
    head: str = ""
    roles: str = ""
    using: str | None = None
    check: str | None = None
    assumed: bool = False
    mentions: Mentions = NO_MENTIONS
    using_text: str | None = None
    check_text: str | None = None

    __eq__ = equal_by("name", "table", "head", "roles", "using", "check", "assumed")

    @property
    def definition(self) -> str:
        """All of it but the name and the table, as one text."""
        using = "" if self.using is None else f" using {self.using}"
        return f"{self.head} to {self.roles}{using}" + ("" if self.check is None else f" with check {self.check}")


class RewriteRule(Struct, frozen=True, gc=False, array_like=True):
    """A rewrite rule."""

    name: str
    table: Name
    definition: str = ""
    state: str = "enabled"
    assumed: bool = False
    mentions: Mentions = NO_MENTIONS
    source: str = ""

    __eq__ = equal_by("name", "table", "definition", "state", "assumed")


class Comment(Struct, frozen=True, gc=False, array_like=True):
    """The comment on an object, or on a part of it: it goes with that."""

    text: str
    about: Key | None = None
    part: Part | None = None
    assumed: bool = False

    __eq__ = equal_by("text", "assumed")


class Privileges(Struct, frozen=True, gc=False, array_like=True):
    """What a role may do with an object, or a column of it, beyond what it may anyway, and what it may not.

    `granted` and `revoked` are sorted words (`select`, `execute with grant option`). `defaults` are the words for what
    objects they are for from now on, where they are default privileges (`tables`).
    """

    role: str
    granted: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    about: Key | None = None
    part: Part | None = None
    defaults: str | None = None
    assumed: bool = False

    __eq__ = equal_by("role", "granted", "revoked", "defaults", "assumed")
