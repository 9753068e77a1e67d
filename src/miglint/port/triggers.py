"""Triggers of PostgreSQL, whose functions are simple, as triggers of SQLite.

A trigger of SQLite has its statements in itself, is for one event, and cannot change the row that is being written: it
changes it afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.port.expressions import TranslationError, translate, translate_statement
from miglint.port.trigger_bodies import body_parts
from miglint.port.value_kinds import kinds_of, tables_named
from miglint.schema.objects import Routine, Table, Trigger
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.sql.postgres.lexer import find_word, without_comments
from miglint.writer.words import identifier, literal

_DEFINITION = pattern(
    r"(?P<time>before|after|instead of) (?P<events>.+?)(?: for each (?P<each>row|statement))?"
    r"(?: when \((?P<when>.*)\))? execute .*",
    re.DOTALL,
)
_EVENT = pattern(r"(insert|delete|truncate|update)(?: of (.+?))?(?= or (?:insert|delete|truncate|update)\b|\Z)")
_BODY = pattern(r"\s*BEGIN\b(?P<inside>.*)\bEND\s*;?\s*\Z", re.IGNORECASE | re.DOTALL)
_ASSIGNMENT = pattern(r'NEW\s*\.\s*("(?:[^"]|"")+"|\w+)\s*:?=(?!=)\s*(.*)\Z', re.IGNORECASE | re.DOTALL)
_RETURN = pattern(r"RETURN\s+(NEW|OLD|NULL)\Z", re.IGNORECASE)
_RAISE = pattern(r"RAISE\s+(?:EXCEPTION\s+)?'((?:[^']|'')*)'\s*(?:,.*|USING\b.*)?\Z", re.IGNORECASE | re.DOTALL)
_MESSAGE = pattern(r"RAISE\s+(?:DEBUG|LOG|INFO|NOTICE|WARNING)\b", re.IGNORECASE)
# Whether a row is another one, as triggers ask it.
_CHANGED = pattern(
    r"\b(?:ROW\s*\(\s*)?(?:OLD|NEW)(?:\s*\.\s*\*)?\s*\)?\s*IS\s+DISTINCT\s+FROM\s+"
    r"(?:ROW\s*\(\s*)?(?:OLD|NEW)\b(?:\s*\.\s*\*)?(?!\s*\.)\s*\)?",
    re.IGNORECASE,
)
_NEW_COLUMN = pattern(r'\bNEW\s*\.\s*("(?:[^"]|"")+"|\w+)', re.IGNORECASE)
_NAME = pattern(r"(?:_(?:insert|update|delete))?(?:_\d+)?")
_VARIABLE = pattern(r"\bTG_(?:OP|TABLE_NAME|RELNAME)\b", re.IGNORECASE)
_WHOLE_ROW = pattern(r"\b(?:NEW|OLD)\b(?!\s*\.)", re.IGNORECASE)
_STATEMENT = pattern(r"(?:INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_FLOW = pattern(r"\b(?:IF|ELSE|ELSIF|LOOP|FOR|WHILE|CASE|DECLARE|EXCEPTION|PERFORM|EXECUTE|TG_\w+)\b", re.IGNORECASE)


class SqliteTrigger(NamedTuple):
    """A trigger of SQLite: its text, its name, and its event (`insert`, `update` or `delete`)."""

    text: str
    name: str
    event: str


def sqlite_triggers(trigger: Trigger, schema: Schema) -> Iterator[SqliteTrigger]:
    """Yield the triggers of SQLite that do what one of PostgreSQL does. Raises `TranslationError`."""
    found = _DEFINITION.fullmatch(trigger.definition)
    if found is None or found["each"] == "statement":
        raise TranslationError("SQLite has triggers for each row only")
    body = _body(trigger, schema)
    events = [(event[1], event[2]) for event in _EVENT.finditer(found["events"])]
    table = next(tables_named(schema, [trigger.table]), None) or Table(trigger.table)
    own = identifier(trigger.table.name)
    for event, columns in events:
        if event == "truncate":
            raise TranslationError("SQLite has no TRUNCATE")
        writer = _Body(table, schema, found["time"], event)
        groups = writer.groups(_for_event(body, event, trigger.table))
        if writer.changes_row and event == "insert" and "update" in dict(events) and writer.does_more:
            raise TranslationError("it changes its row and others: on SQLite it would run again for the change")
        name = trigger.name if len(events) == 1 else f"{trigger.name}_{event}"
        of = f" OF {columns}" if columns else ""
        for number, (guard, lines) in enumerate(groups, 1):
            conditions = [writer.condition(text) for text in (found["when"], guard) if text]
            when = f"\nWHEN {' AND '.join(conditions)}" if conditions else ""
            # What changes the row has to come after it is there.
            is_change = any(line.startswith(f"UPDATE {own} SET") for line in lines)
            time = "after" if is_change else found["time"]
            numbered = name if number == 1 else f"{name}_{number}"
            head = f"CREATE TRIGGER {identifier(numbered)} {time.upper()} {event.upper()}{of} ON {own}"
            inside = "".join(f"    {line};\n" for line in lines)
            yield SqliteTrigger(f"{head}\nFOR EACH ROW{when}\nBEGIN\n{inside}END;", numbered, event)


def is_named_after(name: str, trigger: Trigger) -> bool:
    """Return whether a trigger of SQLite has a name that one of PostgreSQL gives it."""
    own = trigger.name.lower()
    return name.lower().startswith(own) and _NAME.fullmatch(name.lower()[len(own) :]) is not None


def _body(trigger: Trigger, schema: Schema) -> str:
    function = trigger.function
    if function is None:
        raise TranslationError("its function is not known")
    for key in schema.overloads(function.schema or "public", function.name):
        routine = schema.find(key)
        if isinstance(routine, Routine) and not routine.assumed and routine.body is not None:
            if routine.language != "plpgsql":
                raise TranslationError(f"its function is in {routine.language}")
            found = _BODY.match(without_comments(routine.body))
            if found is None:
                raise TranslationError("its function has variables, or is not read")
            return found["inside"]
    raise TranslationError(f"its function {function.name} is not known")


def _for_event(body: str, event: str, table: Name) -> str:
    """Return a body with the values of the variables that say why it runs."""
    values = {"tg_op": event.upper(), "tg_table_name": table.name, "tg_relname": table.name}
    parts, at = [], 0
    while (found := find_word(body, _VARIABLE, at, len(body), nested=True)) is not None:
        parts += [body[at : found.start()], literal(values[found[0].lower()])]
        at = found.end()
    return "".join((*parts, body[at:]))


class _Body:
    """The statements of a trigger function, for one event of a trigger of a table."""

    def __init__(self, table: Table, schema: Schema, time: str, event: str) -> None:
        self._table, self._schema, self._time, self._event = table, schema, time, event
        self._kinds = kinds_of(schema, [table])
        # What the function has given the columns of the new row so far.
        self._given: dict[str, str] = {}
        self.changes_row = self.does_more = False

    def groups(self, body: str) -> list[tuple[str | None, list[str]]]:
        """Return the statements of SQLite, in groups that run under one condition. Raises `TranslationError`."""
        found: list[tuple[str | None, list[str]]] = []
        changes: dict[str | None, dict[str, str]] = {}
        for part in body_parts(body):
            text = self._with_given(part.text)
            guard = None if part.guard is None else self._with_given(part.guard)
            assigned = _ASSIGNMENT.match(part.text)
            if assigned is not None and self._event != "delete":
                self._assign(assigned[1], self._with_given(assigned[2]), guard, changes.setdefault(guard, {}))
                if not any(one == guard for one, _ in found):
                    found.append((guard, []))
                continue
            lines = [*self._lines(text)]
            if lines and found and found[-1][0] == guard:
                found[-1][1].extend(lines)
            elif lines:
                found.append((guard, lines))
            self.does_more = self.does_more or bool(lines)
        own = identifier(self._table.name.name)
        for guard, values in changes.items():
            self.changes_row = True
            listed = ", ".join(f"{column} = {value}" for column, value in values.items())
            next(lines for one, lines in found if one == guard).append(
                f"UPDATE {own} SET {listed} WHERE rowid = NEW.rowid"
            )
        if not found:
            raise TranslationError("it does nothing that is known")
        return found

    def condition(self, text: str) -> str:
        """Return a condition in SQLite's words, in brackets."""
        return f"({self._translated(text)})"

    def _translated(self, text: str) -> str:
        return translate(self._compared(text), Dialect.POSTGRES, kinds=self._kinds).text

    def _compared(self, text: str) -> str:
        """Return a condition in which rows are compared column by column."""
        names = [identifier(item.name) for item in self._table.columns.values()]
        if not names or self._event != "update":
            return text
        each = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in names)
        return _CHANGED.sub(f"({each})", text)

    def _assign(self, name: str, text: str, guard: str | None, values: dict[str, str]) -> None:
        folded = name.strip('"') if name.startswith('"') else name.lower()
        column = self._table.columns.get(folded)
        if (
            self._event == "insert"
            and column is not None
            and column.nullable is False
            and not (column.default or column.serial or column.identity)
        ):
            raise TranslationError(
                f"it fills {folded}, which is NOT NULL, and SQLite would do so when the row is there"
            )
        values[name] = self._translated(text)
        if guard is not None:
            text = f"CASE WHEN {guard} THEN {text} ELSE NEW.{name} END"
        self._given[folded] = text

    def _with_given(self, text: str) -> str:
        """Return a text in which the columns of the new row are what the function has given them."""
        if not self._given:
            return text
        parts, at = [], 0
        place = 0
        while (found := find_word(text, _NEW_COLUMN, place, len(text), nested=True)) is not None:
            place = found.end()
            name = found[1]
            given = self._given.get(name.strip('"') if name.startswith('"') else name.lower())
            if given is not None:
                parts += [text[at : found.start()], f"({given})"]
                at = place
        return "".join((*parts, text[at:]))

    def _lines(self, text: str) -> Iterator[str]:
        raised, returned = _RAISE.match(text), _RETURN.match(text)
        if raised is not None:
            yield f"SELECT RAISE(ABORT, {literal(raised[1].replace(chr(39) * 2, chr(39)))})"
        elif returned is not None:
            if returned[1].upper() == "NULL" and self._time == "before":
                raise TranslationError("its function suppresses the row")
        elif _STATEMENT.match(text):
            row = find_word(text, _WHOLE_ROW, 0, len(text), nested=True)
            if row is not None:
                raise TranslationError(
                    f"its function reads {row[0].upper()} as a whole, which SQLite has by column only"
                )
            yield translate_statement(text, Dialect.POSTGRES, kinds=self._kinds)
        elif not _MESSAGE.match(text):
            found = _FLOW.search(text)
            word = f"{found[0].upper()} in " if found is not None else ""
            raise TranslationError(f"{word}its function has no equivalent")
