"""A script for PostgreSQL that is being written: its statements so far, and the schema that they lead to."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.base.inert import sql_comment
from miglint.base.model import Dialect
from miglint.port.not_carried import NotCarried
from miglint.replay.apply import run
from miglint.schema.depends import relation_key
from miglint.schema.objects import Key, SchemaObject, Table
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.writer.reading import read


class PostgresScript:
    """Statements and comments (`parts`), what is not carried over (`losses`), and the schema after them (`schema`)."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.parts: list[str] = []
        self.losses: list[NotCarried] = []

    def lose(self, reason: str, statement: str = "", *, harmless: bool = False) -> None:
        """Say in the script, once, that something is not carried over."""
        loss = NotCarried(reason, statement, None, harmless)
        if loss in self.losses:
            return
        self.losses.append(loss)
        lines = [sql_comment(f"{'Not needed' if harmless else 'Not carried over'}: {reason}.")]
        lines += [f"--   {line}".rstrip() for line in statement.splitlines()]
        self.parts.append("\n".join(lines))

    def add(self, text: str) -> None:
        """Write a statement."""
        self.parts.append(text)
        self.schema = run(self.schema, read(text, Dialect.POSTGRES), kept=False).schema

    def problem_with(self, text: str) -> str | None:
        """Return what the replay knows against a statement."""
        done = run(self.schema, read(_guarded(text), Dialect.POSTGRES), kept=False)
        return None if done.failed is None or done.failed.failure is None else done.failed.failure.message

    def create(self, text: str | None, source: str = "") -> None:
        """Write a statement, if there is one and the replay knows nothing against it.

        What is not written is said with `source`, the statement that it is from, or itself.
        """
        if text is None:
            return
        text = _guarded(text)
        done = run(self.schema, read(text, Dialect.POSTGRES), kept=False)
        if done.failed is not None and done.failed.failure is not None:
            self.lose(done.failed.failure.message, source or text)
        else:
            self.parts.append(text)
            self.schema = done.schema

    def relation(self, folded: str) -> SchemaObject | None:
        """Return the relation of a name in small letters, whatever the letters of its own."""
        place = self.schema.path[0]
        found = (value for key, value in self.schema.named(folded) if (key.space, key.schema) == ("relation", place))
        return next(found, None)

    def table(self, key: Key) -> Table | None:
        """Return the table that stands for one of SQLite."""
        found = self.relation(key.name)
        return found if isinstance(found, Table) else None

    def assume(self, name: str) -> Table:
        """Take it for granted that there is a table, which is older than the scripts, and return it."""
        table = Table(Name(self.schema.path[0], name), assumed=True)
        self.schema = self.schema.put(relation_key(table.name, Dialect.POSTGRES), table)
        return table

    def tables(self) -> Mapping[str, Table]:
        """Return all tables by their names in small letters."""
        return {key.name.lower(): value for key, value in self.schema.items() if isinstance(value, Table)}


def _guarded(text: str) -> str:
    """Return a CREATE that does nothing where what it creates is there."""
    for words in ("CREATE TABLE ", "CREATE TEMPORARY TABLE ", "CREATE UNIQUE INDEX ", "CREATE INDEX "):
        if text.startswith(words):
            return f"{words}IF NOT EXISTS {text.removeprefix(words)}"
    return text.replace("CREATE VIEW ", "CREATE OR REPLACE VIEW ", 1) if text.startswith("CREATE VIEW ") else text
