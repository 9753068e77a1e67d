"""The statements that drop an object, or a part of one."""

from __future__ import annotations

from miglint.base.model import Dialect
from miglint.schema.objects import Comment, Key, Other, Part, Policy, Privileges, RewriteRule, Routine, Trigger
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.writer import remarks
from miglint.writer.routines import signature
from miglint.writer.words import UnprintableError, identifier, name

_GONE = "what it is called is not known"


def drop(schema: Schema, key: Key) -> str:
    """Return the statement that drops an object of a schema, if it is there. Raises `UnprintableError`."""
    value = schema.find(key)
    sqlite = schema.dialect is Dialect.SQLITE
    match value:
        case None:
            raise UnprintableError(_GONE)
        case Comment():
            return remarks.comment_on(schema, value, None)
        case Privileges():
            return " ".join(remarks.privileges(schema, key, value, None))
        case Trigger() | Policy() | RewriteRule():
            on = "" if sqlite else f" ON {name(value.table)}"
            return f"DROP {key.space.upper()} IF EXISTS {identifier(value.name)}{on};"
        case Routine():
            return f"DROP {value.kind.upper()} IF EXISTS {signature(value)};"
        case Other():
            words, text = remarks.other_words(key, value)
            return f"DROP {words} IF EXISTS {text};"
    if key.space == "relation":
        own = getattr(value, "name", None)
        text = name(own if isinstance(own, Name) else Name(key.schema, key.name))
        return f"DROP {remarks.relation_word(value)} IF EXISTS {text};"
    words, _, text = remarks.subject(schema, key).partition(" ")
    return f"DROP {words} IF EXISTS {text};"


def drop_part(schema: Schema, key: Key, part: Part) -> str:
    """Return the statement that drops a column, a constraint or an attribute. Raises `UnprintableError`."""
    value = schema.find(key)
    if value is None or part.kind not in ("column", "constraint"):
        raise UnprintableError(_GONE)
    if part.name.startswith("#"):
        raise UnprintableError("SQLite cannot drop a constraint without a name")
    guard = "" if schema.dialect is Dialect.SQLITE else "IF EXISTS "
    own = getattr(value, "name", None)
    text = name(own if isinstance(own, Name) else Name(key.schema, key.name))
    if key.space == "type":
        word = "ATTRIBUTE" if part.kind == "column" else "CONSTRAINT"
        kind = "TYPE" if part.kind == "column" else "DOMAIN"
        return f"ALTER {kind} {text} DROP {word} {guard}{identifier(part.name)};"
    return f"ALTER TABLE {text} DROP {part.kind.upper()} {guard}{identifier(part.name)};"
