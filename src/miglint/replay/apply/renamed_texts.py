"""Texts that mention a column, with its new name: what PostgreSQL reads is resolved, and not replaced word by word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.words import swap_column, swap_in_query, swap_mentioned, swap_word
from miglint.schema.objects import Key, Policy, RewriteRule, Routine, Trigger
from miglint.sql.operations import ColumnUse, Expression, Name, Query

if TYPE_CHECKING:
    from miglint.replay.apply.environment import SchemaEnvironment
    from miglint.sql.postgres.analysis.environment import Relation
    from miglint.sql.postgres.analysis.renamed import ColumnRename

_Attached = Policy | RewriteRule | Trigger


class RenamedTexts:
    """The rename of a column of a PostgreSQL relation, in the schema that a machine has before it.

    What cannot be read keeps its words, with the name replaced.
    """

    def __init__(self, machine: Machine, key: Key, old: str, new: str) -> None:
        self._machine, self._key, self._old, self._new = machine, key, old, new
        self._relation = Name(key.schema, key.name)
        self._readers: tuple[SchemaEnvironment, ColumnRename] | None = None

    def _loaded(self) -> tuple[SchemaEnvironment, ColumnRename]:
        """Return the schema as an analysis reads it, and what reads; both load with the first text."""
        if self._readers is None:
            from miglint.replay.apply.environment import SchemaEnvironment
            from miglint.replay.apply.memo import Lookups
            from miglint.sql.postgres.analysis.renamed import ColumnRename

            environment = SchemaEnvironment(self._machine, Lookups(self._machine))
            self._readers = environment, ColumnRename(environment, self._relation, self._old, self._new)
        return self._readers

    def _own(self, table: Name) -> Relation | None:
        """Return the relation that an object belongs to, as its expressions read it."""
        return self._loaded()[0].own(Key("relation", table.schema or "public", table.name))

    def _word(self, text: str) -> str:
        return swap_word(text, self._old, self._new)

    def query(self, value: Query) -> Query:
        """Return a query with the new name; itself if it does not use the column."""
        use, renamed = ColumnUse(self._relation, self._old), ColumnUse(self._relation, self._new)
        if use not in value.uses:
            return value
        uses = tuple(renamed if item == use else item for item in value.uses)
        again = self._loaded()[1].query(value.text) if value.text else None
        if again is None:
            key = swap_in_query(value.key, self._relation, self._old, self._new)
            stored = value.stored and swap_in_query(value.stored, self._relation, self._old, self._new)
            return replace(value, uses=uses, key=key, text=self._word(value.text), stored=stored)
        if value.stored is None:
            return replace(value, uses=uses, key=again.key, text=again.text)
        # The key is that of a query with `*`.
        key = swap_in_query(value.key, self._relation, self._old, self._new)
        return replace(value, uses=uses, key=key, text=again.text, stored=again.key)

    def expression(self, value: Expression | None) -> Expression | None:
        """Return an expression about the relation with the new name; itself if it does not use the column."""
        if value is None or self._old not in value.columns:
            return value
        again = self._expression(value.text, self._relation)
        if again is None:
            return swap_column(value, self._old, self._new)
        columns = tuple(self._new if name == self._old else name for name in value.columns)
        return replace(value, key=again.key, text=again.text, columns=columns)

    def _expression(self, text: str | None, table: Name) -> Expression | None:
        own = self._own(table) if text else None
        return None if not text or own is None else self._loaded()[1].expression(text, own)

    def attached(self, value: _Attached) -> _Attached:
        """Return what is attached to a table with the new name; itself if it does not mention the column."""
        own = value.table == self._relation
        mentions = swap_mentioned(value.mentions, self._relation, own, self._old, self._new)
        named = isinstance(value, Trigger) and own and self._old in value.columns
        if mentions == value.mentions and not named:
            return value
        if isinstance(value, Policy):
            return replace(self._policy(value), mentions=mentions)
        source, definition = self._restated(value) or (self._word(value.source), self._word(value.definition))
        changed = replace(value, mentions=mentions, source=source, definition=definition)
        if not isinstance(changed, Trigger) or not own:
            return changed
        return replace(changed, columns=tuple(self._new if name == self._old else name for name in changed.columns))

    def _restated(self, value: Trigger | RewriteRule) -> tuple[str, str] | None:
        own = self._own(value.table) if value.source else None
        if own is None:
            return None
        if isinstance(value, RewriteRule):
            return self._loaded()[1].rule(value.source, own)
        found = self._loaded()[1].trigger(value.source, own)
        # The function is called as it was found, and not as it is written.
        head, _, rest = value.definition.rpartition(" execute ")
        if found is None or not head:
            return None
        return found.source, f"{found.canonical.rpartition(' execute ')[0]} execute {rest}"

    def _policy(self, value: Policy) -> Policy:
        using, using_text = self._condition(value, value.using, value.using_text)
        check, check_text = self._condition(value, value.check, value.check_text)
        return replace(value, using=using, check=check, using_text=using_text, check_text=check_text)

    def _condition(self, value: Policy, key: str | None, text: str | None) -> tuple[str | None, str | None]:
        again = self._expression(text, value.table)
        if again is None:
            return key and self._word(key), text and self._word(text)
        return again.key, again.text

    def routine(self, value: Routine) -> Routine:
        """Return a routine whose body the server has read with the new name; itself if the column is not in it."""
        mentions = swap_mentioned(value.mentions, self._relation, False, self._old, self._new)
        if mentions == value.mentions:
            return value
        names = tuple(filter(None, value.input_names))
        found = self._loaded()[1].body(value.source, value.name.name, names) if value.source else None
        if found is None:
            body = value.body and self._word(value.body)
            return replace(value, mentions=mentions, body=body, source=self._word(value.source))
        return replace(value, mentions=mentions, body=found.canonical, source=found.source)
