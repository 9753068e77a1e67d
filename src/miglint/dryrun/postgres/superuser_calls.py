"""Emulation of two superuser operations that migrations use for bulk writes, and of `SET TRANSACTION`.

`DISABLE TRIGGER ALL` includes the triggers of foreign keys, which the owner may not change: until they are enabled
again, the session runs in replica mode, which the scripts' role may use. Those that a script leaves disabled are
disabled when it has ended, by the superuser. `UPDATE pg_index SET indisready` suspends
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


def replacements(statement: str, disabled: dict[str, bool]) -> tuple[str, ...] | None:
    """Return the substitute for such a statement, or None for any other statement.

    `disabled` are the tables whose triggers this session has switched, and whether off; it is updated here.
    """
    if _INDEXES.fullmatch(statement) is not None:
        return ("SELECT",)
    found = _TRIGGERS.fullmatch(statement)
    if found is None:
        return None
    alter = f"{found['alter']}{found['action']} TRIGGER USER"
    if found["action"].lower() == "disable":
        disabled[found["table"]] = True
        return alter, "SET session_replication_role = replica"
    disabled[found["table"]] = False
    return (alter,) if any(disabled.values()) else (alter, "SET session_replication_role = origin")


def switch_statement(oid: int, *, off: bool) -> str:
    """Return the statement by which the superuser switches all triggers of a table that the scripts' role owns."""
    action = "DISABLE" if off else "ENABLE"
    return (
        "DO $switch$ DECLARE own text; BEGIN"
        " SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) INTO own FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
        f" WHERE c.oid OPERATOR(pg_catalog.=) {oid}::pg_catalog.oid AND c.relkind IN ('r', 'p')"
        f" AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid;"
        " IF own IS NOT NULL THEN"
        f" EXECUTE pg_catalog.format('ALTER TABLE %s {action} TRIGGER ALL', own); END IF; END $switch$"
    )
