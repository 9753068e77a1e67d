"""Giving objects to stand-in roles: an owner needs CREATE on the schema of its object, which stand-ins do not have.

A superuser, who runs many migrations in production, gives objects to any role. The privilege is therefore granted for
the statement and revoked after it, on the schemas on which the role does not have it: what the script itself has
granted stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from miglint.base.lazy_regex import pattern
from miglint.dryrun.postgres.connection import QueryError, Session, literal, quoted

_OWNER = pattern(r"\bowner\s++to\s++(\"[^\"]+\"|[A-Za-z_][\w$]*+)\s*+;?\s*+\Z", re.IGNORECASE)
# Its new owner needs no privilege on it, and would lose the one that is revoked after the statement.
_OF_SCHEMA = pattern(r"alter\s++schema\b", re.IGNORECASE)
_SCHEMAS = """SELECT n.nspname FROM pg_catalog.pg_namespace n
  WHERE pg_catalog.pg_has_role(n.nspowner, 'USAGE'::pg_catalog.text)
  AND NOT pg_catalog.has_schema_privilege({role}::pg_catalog.name, n.oid, 'CREATE'::pg_catalog.text)
  AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_'::pg_catalog.text)
  AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'::pg_catalog.name"""


def given_away(session: Session, text: str, roles: Collection[str]) -> tuple[str, ...] | None:
    """Return the statements to run for one that gives an object to one of the roles; None for all others."""
    found = _OWNER.search(text) if roles else None
    if found is None or _OF_SCHEMA.match(text):
        return None
    role = found[1][1:-1] if found[1].startswith('"') else found[1].lower()
    if role not in roles:
        return None
    try:
        schemas = [row[0] or "" for row in session.query(_SCHEMAS.format(role=literal(role)))[0]]
    except QueryError:
        # The transaction has failed, as the statement will.
        return None
    if not schemas:
        return None
    named = ", ".join(map(quoted, schemas))
    return (
        f"GRANT CREATE ON SCHEMA {named} TO {quoted(role)}",
        text,
        f"REVOKE CREATE ON SCHEMA {named} FROM {quoted(role)}",
    )
