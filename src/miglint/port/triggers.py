"""Triggers of PostgreSQL, whose functions are simple, as triggers of SQLite.

A trigger of SQLite has its statements in itself, is for one event, and cannot change the row that is being written: it
changes it afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect
from miglint.port.expressions import TranslationError, translate, translate_statement
from miglint.schema.objects import Routine, Trigger
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.sql.postgres.lexer import find_word, without_comments
from miglint.sql.postgres.splitter import split
from miglint.writer.words import identifier, literal

_DEFINITION = pattern(
    r"(?P<time>before|after|instead of) (?P<events>.+?)(?: for each (?P<each>row|statement))?"
    r"(?: when \((?P<when>.*)\))? execute .*",
    re.DOTALL,
)
_EVENT = pattern(r"(insert|delete|truncate|update)(?: of (.+?))?(?= or (?:insert|delete|truncate|update)\b|\Z)")
_BODY = pattern(r"\s*BEGIN\b(?P<inside>.*)\bEND\s*;?\s*\Z", re.IGNORECASE | re.DOTALL)
_GUARDED = pattern(
    r"\s*IF\b(?P<condition>.*?)\bTHEN\b(?P<inside>.*)\bEND\s+IF\s*;(?P<rest>.*)\Z", re.IGNORECASE | re.DOTALL
)
_ASSIGNMENT = pattern(r'NEW\s*\.\s*("(?:[^"]|"")+"|\w+)\s*:?=(?!=)\s*(.*)\Z', re.IGNORECASE | re.DOTALL)
_RETURN = pattern(r"RETURN\s+(NEW|OLD|NULL)\Z", re.IGNORECASE)
_RAISE = pattern(r"RAISE\s+(?:EXCEPTION\s+)?'((?:[^']|'')*)'(?:\s+USING\b.*)?\Z", re.IGNORECASE | re.DOTALL)
_VARIABLE = pattern(r"\bTG_(?:OP|TABLE_NAME|RELNAME)\b", re.IGNORECASE)
_WHOLE_ROW = pattern(r"\b(?:NEW|OLD)\b(?!\s*\.)", re.IGNORECASE)
_STATEMENT = pattern(r"(?:INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_FLOW = pattern(r"\b(?:IF|ELSE|ELSIF|LOOP|FOR|WHILE|CASE|DECLARE|EXCEPTION|PERFORM|EXECUTE|TG_\w+)\b", re.IGNORECASE)


def _when(texts: Iterable[str]) -> str:
    conditions = [f"({translate(text, Dialect.POSTGRES).text})" for text in texts]
    return f"\nWHEN {' AND '.join(conditions)}" if conditions else ""


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
    own = identifier(trigger.table.name)
    for event, columns in events:
        if event == "truncate":
            raise TranslationError("SQLite has no TRUNCATE")
        guard, inside = _guard(_for_event(body, event, trigger.table))
        when = _when(text for text in (found["when"], guard) if text)
        lines = [f"    {line};" for line in _statements(inside, trigger.table, found["time"], event)]
        if not lines:
            raise TranslationError("it does nothing that is known")
        # What changes the row has to come after it is there.
        time = "after" if any(line.startswith(f"    UPDATE {own} SET") for line in lines) else found["time"]
        name = trigger.name if len(events) == 1 else f"{trigger.name}_{event}"
        of = f" OF {columns}" if columns else ""
        head = f"CREATE TRIGGER {identifier(name)} {time.upper()} {event.upper()}{of} ON {own}"
        text = f"{head}\nFOR EACH ROW{when}\nBEGIN\n" + "\n".join(lines) + "\nEND;"
        yield SqliteTrigger(text, name, event)


def names_of(trigger: Trigger) -> tuple[str, ...]:
    """Return the names that the triggers of SQLite may have."""
    return (trigger.name, *(f"{trigger.name}_{event}" for event in ("insert", "update", "delete")))


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


def _guard(body: str) -> tuple[str | None, str]:
    """Return the condition under which a body does anything, and the rest of it."""
    found = _GUARDED.match(body)
    if found is None:
        return None, body
    rest = [part for part in _split(found["rest"]) if not _RETURN.match(part)]
    inside = found["inside"]
    if rest or re.search(r"\b(?:ELSE|ELSIF|END\s+IF)\b", inside, re.IGNORECASE) or "TG_" in found["condition"].upper():
        raise TranslationError("its function has several branches")
    return found["condition"].strip(), inside


def _statements(body: str, table: Name, time: str, event: str) -> Iterator[str]:
    changes = []
    for text in _split(body):
        assigned = _ASSIGNMENT.match(text)
        raised = _RAISE.match(text)
        returned = _RETURN.match(text)
        if assigned is not None and event != "delete":
            value = translate(assigned[2], Dialect.POSTGRES).text
            changes.append(f"{assigned[1]} = {value}")
        elif raised is not None:
            yield f"SELECT RAISE(ABORT, {literal(raised[1].replace(chr(39) * 2, chr(39)))})"
        elif returned is not None:
            if returned[1].upper() == "NULL" and time == "before":
                raise TranslationError("its function suppresses the row")
        elif _STATEMENT.match(text):
            row = find_word(text, _WHOLE_ROW, 0, len(text), nested=True)
            if row is not None:
                raise TranslationError(
                    f"its function reads {row[0].upper()} as a whole, which SQLite has by column only"
                )
            yield translate_statement(text, Dialect.POSTGRES)
        else:
            found = _FLOW.search(text)
            word = f"{found[0].upper()} in " if found is not None else ""
            raise TranslationError(f"{word}its function has no equivalent")
    if changes:
        yield f"UPDATE {identifier(table.name)} SET {', '.join(changes)} WHERE rowid = NEW.rowid"


def _split(body: str) -> list[str]:
    return [body[part.start : part.end] for part in split(body)]
