"""The two things that migrations do as superuser and that are harmless here, to write many rows quickly.

`DISABLE TRIGGER ALL` includes the triggers behind foreign keys, which the owner of a table may not touch, and
`UPDATE pg_index SET indisready` stops the upkeep of indexes. Functions do both for the owner of the table, so that the
scripts themselves never run as superuser.
"""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern
from miglint.dryrun.postgres.connection import literal

_TRIGGERS = pattern(
    r"""alter\s+table\s+(?:if\s+exists\s+)?(?P<only>only\s+)?
    (?P<table>(?:"(?:[^"]|"")+"|[a-z_][\w$]*)(?:\s*\.\s*(?:"(?:[^"]|"")+"|[a-z_][\w$]*))?)
    \s+(?P<action>disable|enable)\s+trigger\s+all\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_INDEXES = pattern(
    r"""update\s+(?:pg_catalog\.)?pg_index\s+set\s+indisready\s*=\s*(?P<ready>true|false)\s+where\s+indrelid\s*=\s*
    \(\s*select\s+oid\s+from\s+(?:pg_catalog\.)?pg_class\s+where\s+relname\s*=\s*'(?P<table>[^']+)'\s*\)\s*""",
    re.IGNORECASE | re.VERBOSE,
)

INSTALL = """
CREATE SCHEMA miglint;
GRANT USAGE ON SCHEMA miglint TO PUBLIC;
CREATE FUNCTION miglint.set_triggers(wanted regclass, enable boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $miglint$
BEGIN
  IF NOT (SELECT pg_has_role(session_user, c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = wanted) THEN
    RAISE EXCEPTION USING ERRCODE = '42501', MESSAGE = format('must be owner of table %s', wanted);
  END IF;
  EXECUTE format('ALTER TABLE %s %s TRIGGER ALL', wanted, CASE WHEN enable THEN 'ENABLE' ELSE 'DISABLE' END);
END $miglint$;
CREATE FUNCTION miglint.set_ready(wanted text, ready boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $miglint$
  UPDATE pg_index SET indisready = ready
  WHERE indrelid IN (SELECT c.oid FROM pg_class c WHERE c.relname = wanted AND c.oid >= 16384
    AND pg_has_role(session_user, c.relowner, 'USAGE'))
$miglint$"""


def rewritten(statement: str) -> str | None:
    """Return the call that does what one of these statements does, or None when the statement is another."""
    found = _INDEXES.fullmatch(statement)
    if found is not None:
        return f"SELECT miglint.set_ready({literal(found['table'])}, {found['ready']})"
    found = _TRIGGERS.fullmatch(statement)
    if found is None:
        return None
    enable = str(found["action"].lower() == "enable").lower()
    return f"SELECT miglint.set_triggers({literal(found['table'])}::pg_catalog.regclass, {enable})"
