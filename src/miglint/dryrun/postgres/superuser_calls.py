"""Two things that migrations do as superuser to write many rows quickly, done as the owner of the table.

`DISABLE TRIGGER ALL` includes the triggers behind foreign keys, which the owner may not touch: until the tables have
their triggers again, the session runs as a replica does, which the scripts' role may. `UPDATE pg_index SET indisready`
stops the upkeep of indexes for a while; that they are kept up all the same gives the same rows and the same schema.
"""

from __future__ import annotations

import re

from miglint.base.lazy_regex import pattern

_TRIGGERS = pattern(
    r"""(?P<alter>alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?
    (?P<table>(?:"(?:[^"]|"")+"|[a-z_][\w$]*)(?:\s*\.\s*(?:"(?:[^"]|"")+"|[a-z_][\w$]*))?)
    \s+)(?P<action>disable|enable)\s+trigger\s+all\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_INDEXES = pattern(
    r"""update\s+(?:pg_catalog\.)?pg_index\s+set\s+indisready\s*=\s*(?:true|false)\s+where\s+indrelid\s*=\s*
    \(\s*select\s+oid\s+from\s+(?:pg_catalog\.)?pg_class\s+where\s+relname\s*=\s*'[^']+'\s*\)\s*""",
    re.IGNORECASE | re.VERBOSE,
)


def replacements(statement: str, disabled: set[str]) -> tuple[str, ...] | None:
    """Return what to run for one of these statements, or None when it is another one.

    `disabled` are the tables whose triggers this session has switched off, and is kept up here.
    """
    if _INDEXES.fullmatch(statement) is not None:
        return ("SELECT",)
    found = _TRIGGERS.fullmatch(statement)
    if found is None:
        return None
    alter = f"{found['alter']}{found['action']} TRIGGER USER"
    if found["action"].lower() == "disable":
        disabled.add(found["table"])
        return alter, "SET session_replication_role = replica"
    disabled.discard(found["table"])
    return (alter,) if disabled else (alter, "SET session_replication_role = origin")
