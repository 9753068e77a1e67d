"""Emulation of two superuser operations that migrations use for bulk writes, and of `SET TRANSACTION`.

`DISABLE TRIGGER ALL` includes the triggers of foreign keys, which the owner may not change: until they are enabled
again, the session runs in replica mode, which the scripts' role may use. `UPDATE pg_index SET indisready` suspends
index maintenance; skipping it gives the same rows and the same schema.
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


_ISOLATION = pattern(r"\s*set\s+transaction\s+isolation\s+level\s+[a-z\s]+", re.IGNORECASE)
_OPENS = pattern(r"\s*(?:begin|start\s+transaction)\b[^;]*|SELECT", re.IGNORECASE)


def sets_isolation(statement: str) -> bool:
    """Return whether a statement sets the isolation level of its transaction, and nothing else."""
    return _ISOLATION.fullmatch(statement) is not None


def opens_transaction(statement: str) -> bool:
    """Return whether a statement begins a transaction, or is one that sets its isolation level."""
    return _OPENS.fullmatch(statement) is not None


def replacements(statement: str, disabled: set[str]) -> tuple[str, ...] | None:
    """Return the substitute for such a statement, or None for any other statement.

    `disabled` are the tables whose triggers this session has disabled; it is updated here.
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
