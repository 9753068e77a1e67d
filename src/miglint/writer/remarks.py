"""Comments and privileges as SQL."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.lazy_regex import pattern
from miglint.schema.objects import (
    Comment,
    Domain,
    Index,
    Key,
    Other,
    Part,
    Privileges,
    Routine,
    SchemaObject,
    Sequence,
    Table,
    View,
)
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.writer.routines import signature
from miglint.writer.words import UnprintableError, identifier, literal, name

_KEYWORD_ROLES = frozenset({"public", "current_user", "session_user", "current_role"})
_OPTION = " with grant option"
_ALL_OF_TABLE = frozenset({"delete", "insert", "references", "select", "trigger", "truncate", "update"})


_ARGUMENT = pattern(r"\b(leftarg|rightarg)=([^,]+)")


def subject(schema: Schema, key: Key, part: Part | None = None) -> str:
    """Return the words and the name by which a statement calls an object, or a part of it."""
    value = schema.find(key)
    own = Name(key.schema, key.name)
    if part is not None:
        if part.kind == "column":
            return f"COLUMN {name(own)}.{identifier(part.name)}"
        domain = "DOMAIN " if isinstance(value, Domain) else ""
        return f"CONSTRAINT {identifier(part.name)} ON {domain}{name(own)}"
    if key.space in ("trigger", "policy", "rule"):
        return f"{key.space.upper()} {identifier(key.name)} ON {name(Name(key.schema, key.owner))}"
    if key.space == "routine":
        if not isinstance(value, Routine):
            raise UnprintableError("which routine it is about is not known")
        return f"{value.kind.upper()} {signature(value)}"
    if key.space in ("schema", "extension"):
        return f"{key.space.upper()} {identifier(key.name)}"
    if key.space == "relation":
        return f"{relation_word(value)} {name(own)}"
    if key.space == "type":
        return f"{'DOMAIN' if isinstance(value, Domain) else 'TYPE'} {name(own)}"
    if isinstance(value, Other):
        return " ".join(other_words(key, value))
    return f"{key.space.removeprefix('other ').upper()} {name(Name(key.schema or None, key.name))}"


def other_words(key: Key, value: Other) -> tuple[str, str]:
    """Return the words for the kind of an object that is compared by its text, and what follows them in a statement."""
    own = Name(key.schema or None, value.name.name)
    if value.kind == "cast":
        source, _, target = value.name.name.partition(" as ")
        return "CAST", f"({source} AS {target})"
    if value.kind == "operator":
        arguments = dict(_ARGUMENT.findall(value.definition))
        if not arguments:
            raise UnprintableError("the types of the operator are not known")
        left, right = (arguments.get(side, "NONE").strip() for side in ("leftarg", "rightarg"))
        home = "" if own.schema in (None, "public") else f"{identifier(own.schema or '')}."
        return "OPERATOR", f"{home}{own.name} ({left}, {right})"
    if value.kind in ("operator class", "operator family"):
        label, _, method = own.name.rpartition(" using ")
        return value.kind.upper(), f"{name(own._replace(name=label))} USING {identifier(method)}"
    if value.kind == "transform":
        kind, _, language = own.name.partition(" for ")
        return "TRANSFORM", f"FOR {kind} LANGUAGE {identifier(language)}"
    if value.kind == "user mapping":
        role, _, server = own.name.partition(" server ")
        return "USER MAPPING", f"FOR {role_name(role)} SERVER {identifier(server)}"
    return value.kind.upper(), name(own)


def relation_word(value: SchemaObject | None) -> str:
    """Return the keywords for the kind of a relation."""
    if isinstance(value, View):
        return "MATERIALIZED VIEW" if value.materialized else "VIEW"
    if isinstance(value, Index):
        return "INDEX"
    if isinstance(value, Sequence):
        return "SEQUENCE"
    return "FOREIGN TABLE" if isinstance(value, Table) and value.kind == "foreign table" else "TABLE"


def comment_on(schema: Schema, value: Comment, text: str | None) -> str:
    """Return the statement that sets a comment (None: removes it)."""
    if value.about is None:
        raise UnprintableError("what a comment is about is not known")
    return f"COMMENT ON {subject(schema, value.about, value.part)} IS {'NULL' if text is None else literal(text)};"


def privileges(schema: Schema, key: Key, before: Privileges | None, after: Privileges | None) -> Iterator[str]:
    """Yield the statements that change what a role may do."""
    value = after or before
    if value is None:
        return
    had, lacked = _granted_and_revoked(before)
    has, lacks = _granted_and_revoked(after)
    where, role = _target(schema, key, value), role_name(value.role)
    if value.part is None and had >= _ALL_OF_TABLE and not has >= _ALL_OF_TABLE:
        # MAINTAIN, which PostgreSQL 17 brings, is among ALL.
        yield _statement(where, "REVOKE ALL", f"FROM {role}")
        had = set()
    if value.part is None and has >= _ALL_OF_TABLE and not had >= _ALL_OF_TABLE:
        had = set()
    new, options = _without_options(has - had)
    gone, lost_options = _without_options(had - has)
    for verb, words, behind in (
        ("GRANT", new, f"TO {role}"),
        ("GRANT", lacked - lacks, f"TO {role}"),
        ("GRANT", options, f"TO {role} WITH GRANT OPTION"),
        ("REVOKE", gone, f"FROM {role}"),
        ("REVOKE GRANT OPTION FOR", lost_options - gone, f"FROM {role}"),
        ("REVOKE", lacks - lacked, f"FROM {role}"),
    ):
        if words:
            yield _statement(where, f"{verb} {_words(sorted(words), value.part)}", behind)


def _granted_and_revoked(value: Privileges | None) -> tuple[set[str], set[str]]:
    return (set(), set()) if value is None else (set(value.granted), set(value.revoked))


def _without_options(words: set[str]) -> tuple[set[str], set[str]]:
    """Return privileges, and those that come with the option to grant them."""
    options = {item for item in words if item.endswith(_OPTION)}
    return words - options, {item.removesuffix(_OPTION) for item in options}


def _statement(where: tuple[str, str], verb: str, behind: str) -> str:
    head, on = where
    return f"{head}{verb} ON {on} {behind};"


def _words(words: list[str], part: Part | None) -> str:
    columns = f" ({identifier(part.name)})" if part is not None else ""
    if part is None and set(words) >= _ALL_OF_TABLE:
        return "ALL"
    return ", ".join(f"{word.upper()}{columns}" for word in words)


def role_name(role: str) -> str:
    """Return the name of a role, which may be a keyword."""
    if not role:
        raise UnprintableError("whose privileges they are is not known")
    return role.upper() if role in _KEYWORD_ROLES else identifier(role)


def _target(schema: Schema, key: Key, value: Privileges) -> tuple[str, str]:
    if value.defaults is not None:
        owner = key.owner.removesuffix(value.role).strip()
        head = "ALTER DEFAULT PRIVILEGES "
        head += f"FOR ROLE {owner} " if owner else ""
        head += f"IN SCHEMA {identifier(key.schema)} " if key.schema else ""
        return head, f"{value.defaults.upper()}S"
    if value.about is None:
        raise UnprintableError("what privileges are for is not known")
    if value.part is not None:
        return "", f"TABLE {name(Name(value.about.schema, value.about.name))}"
    words = subject(schema, value.about)
    for kind in ("MATERIALIZED VIEW ", "FOREIGN TABLE ", "VIEW "):
        if words.startswith(kind):
            words = "TABLE " + words.removeprefix(kind)
    if words.startswith("AGGREGATE "):
        words = "FUNCTION " + words.removeprefix("AGGREGATE ")
    return "", words.replace("SERVER ", "FOREIGN SERVER ", 1) if words.startswith("SERVER ") else words
