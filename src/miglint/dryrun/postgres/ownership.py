"""Giving objects to stand-in roles: an owner needs CREATE on the schema of its object, which stand-ins do not have.

A superuser, who runs many migrations in production, gives objects to any role. The privilege is therefore granted for
the statement and revoked after it.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from miglint.base.lazy_regex import pattern
from miglint.dryrun.postgres.connection import literal

_OWNER = pattern(r"\bowner\s+to\s+(\"[^\"]+\"|[A-Za-z_][\w$]*)\s*;?\s*\Z", re.IGNORECASE)
_SCHEMAS = """DO $miglint$ DECLARE s name; BEGIN FOR s IN SELECT n.nspname FROM pg_catalog.pg_namespace n
  WHERE pg_catalog.pg_has_role(n.nspowner, 'USAGE')
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  LOOP EXECUTE pg_catalog.format('{command}', s, {role}); END LOOP; END $miglint$"""


def given_away(text: str, roles: Collection[str]) -> tuple[str, ...] | None:
    """Return the statements to run for one that gives an object to one of the roles; None for all others."""
    found = _OWNER.search(text) if roles else None
    if found is None:
        return None
    role = found[1][1:-1] if found[1].startswith('"') else found[1].lower()
    if role not in roles:
        return None
    name = literal(role)
    return (
        _SCHEMAS.format(command="GRANT CREATE ON SCHEMA %I TO %I", role=name),
        text,
        _SCHEMAS.format(command="REVOKE CREATE ON SCHEMA %I FROM %I", role=name),
    )
