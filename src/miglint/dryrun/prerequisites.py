"""Objects that exist before the first migration: the migration tool's table, and extensions that no script creates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, Direction, History, Script, SourceFile, Span
from miglint.base.template_names import has_tag
from miglint.dryrun.postgres.extensions import created_extension
from miglint.sql.postgres.lexer import without_comments

_BOOKKEEPING = {
    "diesel": "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL,"
    " run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
    "golang-migrate": "CREATE TABLE schema_migrations (version BIGINT NOT NULL PRIMARY KEY, dirty BOOLEAN NOT NULL)",
    "dbmate": "CREATE TABLE schema_migrations (version VARCHAR(128) PRIMARY KEY)",
    "pop": "CREATE TABLE schema_migration (version VARCHAR(48) NOT NULL)",
}
# Tokens that occur only with an extension.
_WORDS = {
    "pg_trgm": pattern(r"\b(?:gin|gist)_trgm_ops\b|\bsimilarity\s*\(", re.IGNORECASE),
    "uuid-ossp": pattern(r"\buuid_generate_v[1345]\w*\s*\(", re.IGNORECASE),
    "citext": pattern(r"\bcitext\b(?!\s*\.)", re.IGNORECASE),
    "hstore": pattern(r"\s(?:public\.)?hstore\b(?!\s*;)", re.IGNORECASE),
    "ltree": pattern(r"\s(?:public\.)?ltree\b(?!\s*;)", re.IGNORECASE),
    "pgcrypto": pattern(r"\b(?:gen_random_bytes|pgp_sym_encrypt|gen_salt)\s*\(", re.IGNORECASE),
    "btree_gin": pattern(r"\bgin\s*\([^)]{0,400}\b(?:int[248]|uuid|text)_ops\b", re.IGNORECASE),
    "unaccent": pattern(r"\bunaccent\s*\(", re.IGNORECASE),
}
_QUALIFIER = pattern(r"(?<!\w)(\w++)\"? *+\.")
_SCHEMA = pattern(r"\bcreate\s+schema\s+(?:if\s+not\s+exists\s+)?\"?(\w+)", re.IGNORECASE)
_CREATION = pattern(r"create\s+extension[^;]*", re.IGNORECASE)


def bookkeeping(history: History) -> Script | None:
    """Return a script that creates the tracking table of the history's tool, if known."""
    text = _BOOKKEEPING.get(history.layout)
    return None if text is None else script_of(text, history.dialect)


def script_of(text: str, dialect: Dialect) -> Script:
    """Return an internal text as a script."""
    return Script(SourceFile("(surroundings)", text), Span(0, len(text)), Direction.FORWARD, dialect)


def missing_schemas(history: History) -> Script | None:
    """Return a script that creates the schemas named by templates and created by no script."""
    if history.dialect is not Dialect.POSTGRES:
        return None
    texts = [
        script.substituted
        for migration in history.migrations
        for script in (migration.forward, migration.rollback)
        if script is not None and script.substituted is not None and has_tag(script.substituted)
    ]
    used = dict.fromkeys(name for text in texts for name in _QUALIFIER.findall(text) if has_tag(name))
    created = {name for text in texts for name in _SCHEMA.findall(text)}
    statements = [f'CREATE SCHEMA "{name}"' for name in used if name not in created]
    return script_of(";\n".join(statements), history.dialect) if statements else None


def missing_extensions(history: History, start: Script | None = None) -> tuple[str, ...]:
    """Return the extensions that a PostgreSQL history uses although none of its scripts creates them.

    With a baseline schema, `start`, these are the ones that it needs: nothing else is there before it.
    """
    if history.dialect is not Dialect.POSTGRES:
        return ()
    scripts = (script for item in history.migrations for script in (item.forward, item.rollback))
    texts = [without_comments(script.text) for script in (scripts if start is None else (start,)) if script is not None]
    created = {created_extension(found) for text in texts for found in _CREATION.findall(text)}
    return tuple(
        name for name, words in _WORDS.items() if name not in created and any(words.search(text) for text in texts)
    )


_LIST = r"((?:\"[^\"]+\"|[A-Za-z_][\w$]*)(?:\s*,\s*(?:\"[^\"]+\"|[A-Za-z_][\w$]*))*)"
_TO = pattern(rf"\b(?:to|from)\s+{_LIST}", re.IGNORECASE)
# Whom statements name by themselves: owners, and roles whose default privileges change or that the script becomes.
_NAMED = pattern(
    rf"\b(?:owner\s+to|authorization|privileges\s+for\s+(?:role|user)|set\s+(?:local\s+|session\s+)?role)\s+{_LIST}",
    re.IGNORECASE,
)
_MADE = pattern(r"\bcreate\s+(?:role|user|group)\s+(?:if\s+not\s+exists\s+)?(\"[^\"]+\"|[\w$]+)", re.IGNORECASE)
_ROLE_NAME = pattern(r"\"[^\"]+\"|[A-Za-z_][\w$]*")
_NO_ROLES = frozenset(("public", "current_user", "current_role", "session_user", "group", "default", "none"))


def missing_roles(history: History) -> tuple[str, ...]:
    """Return the roles that scripts give privileges or objects to, although none creates them."""
    if history.dialect is not Dialect.POSTGRES:
        return ()
    texts = [
        without_comments(script.text, strings=False)
        for migration in history.migrations
        for script in (migration.forward, migration.rollback)
        if script is not None
    ]
    made = {_role(name) for text in texts for name in _MADE.findall(text)}
    given = (_role(name) for text in texts for statement in text.split(";") for name in _receivers(statement))
    return tuple(name for name in dict.fromkeys(given) if name not in made and not _is_predefined(name))


def _receivers(statement: str) -> Iterator[str]:
    """Yield the names of roles in a statement, as written."""
    words = frozenset(statement.lower().split())
    lists = _NAMED.findall(statement)
    if ("on" in words and ("grant" in words or "revoke" in words)) or "policy" in words:
        lists += _TO.findall(statement)
    for listed in lists:
        yield from _ROLE_NAME.findall(listed)


def _role(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.lower()


def _is_predefined(name: str) -> bool:
    return name in _NO_ROLES or name.startswith("pg_")
