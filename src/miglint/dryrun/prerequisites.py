"""Objects that exist before the first migration: the migration tool's table, and extensions that no script creates."""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern
from miglint.base.model import Dialect, Direction, History, Script, SourceFile, Span
from miglint.base.template_names import has_tag
from miglint.dryrun.postgres.extensions import created_extension

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
_COMMENT = pattern(r"--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)


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


def missing_extensions(history: History) -> tuple[str, ...]:
    """Return the extensions that a PostgreSQL history uses although none of its scripts creates them."""
    if history.dialect is not Dialect.POSTGRES:
        return ()
    texts = [
        _COMMENT.sub(" ", script.text)
        for migration in history.migrations
        for script in (migration.forward, migration.rollback)
        if script is not None
    ]
    created = {created_extension(found) for text in texts for found in _CREATION.findall(text)}
    return tuple(
        name for name, words in _WORDS.items() if name not in created and any(words.search(text) for text in texts)
    )


_LIST = r"((?:\"[^\"]+\"|[A-Za-z_][\w$]*)(?:\s*,\s*(?:\"[^\"]+\"|[A-Za-z_][\w$]*))*)"
# Whom scripts give something to: privileges on objects, ownership, policies, default privileges.
_RECEIVERS = (
    pattern(rf"\bgrant\b[^;]{{1,2000}}?\bon\b[^;]{{1,2000}}?\bto\s+{_LIST}", re.IGNORECASE),
    pattern(rf"\brevoke\b[^;]{{1,2000}}?\bon\b[^;]{{1,2000}}?\bfrom\s+{_LIST}", re.IGNORECASE),
    pattern(rf"\bowner\s+to\s+{_LIST}", re.IGNORECASE),
    pattern(rf"\bset\s+(?:local\s+|session\s+)?role\s+{_LIST}", re.IGNORECASE),
    pattern(rf"\bauthorization\s+{_LIST}", re.IGNORECASE),
    pattern(rf"\bpolicy\b[^;]{{1,2000}}?\bto\s+{_LIST}", re.IGNORECASE),
    pattern(rf"\bdefault\s+privileges\s+for\s+(?:role|user)\s+{_LIST}", re.IGNORECASE),
)
_MADE = pattern(r"\bcreate\s+(?:role|user|group)\s+(?:if\s+not\s+exists\s+)?(\"[^\"]+\"|[\w$]+)", re.IGNORECASE)
_ROLE_NAME = pattern(r"\"[^\"]+\"|[A-Za-z_][\w$]*")
_LITERAL = pattern(r"'(?:[^']|'')*+'|\$\w*\$.*?\$\w*\$", re.DOTALL)
_NO_ROLES = frozenset(("public", "current_user", "current_role", "session_user", "group", "default", "none"))


def missing_roles(history: History) -> tuple[str, ...]:
    """Return the roles that scripts give privileges or objects to, although none creates them."""
    if history.dialect is not Dialect.POSTGRES:
        return ()
    texts = [
        _LITERAL.sub(" ", _COMMENT.sub(" ", script.text))
        for migration in history.migrations
        for script in (migration.forward, migration.rollback)
        if script is not None
    ]
    made = {_role(name) for text in texts for name in _MADE.findall(text)}
    given = (
        _role(name)
        for text in texts
        for words in _RECEIVERS
        for listed in words.findall(text)
        for name in _ROLE_NAME.findall(listed)
    )
    return tuple(name for name in dict.fromkeys(given) if name not in made and not _is_predefined(name))


def _role(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.lower()


def _is_predefined(name: str) -> bool:
    return name in _NO_ROLES or name.startswith("pg_")
