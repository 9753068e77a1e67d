"""SQLite's authorizer: restricts scripts to their in-memory databases."""

from __future__ import annotations

import sqlite3

# Names that VACUUM attaches; with `temp_store = 2`, both are in memory.
_IN_MEMORY = frozenset(("", ":memory:"))

_ALLOWED_PRAGMAS = frozenset(
    """application_id auto_vacuum automatic_index busy_timeout case_sensitive_like cell_size_check checkpoint_fullfsync
    collation_list compile_options data_version database_list defer_foreign_keys encoding foreign_key_check
    foreign_key_list foreign_keys freelist_count fullfsync function_list ignore_check_constraints incremental_vacuum
    index_info index_list index_xinfo integrity_check journal_size_limit legacy_alter_table
    legacy_file_format locking_mode module_list optimize page_count page_size pragma_list query_only quick_check
    read_uncommitted recursive_triggers reverse_unordered_selects schema_version secure_delete synchronous table_info
    table_list table_xinfo user_version wal_autocheckpoint wal_checkpoint""".split()  # noqa: SIM905 - readable as a text
)
# These affect speed and file locations; they have no effect on an in-memory database, but for the journal, without
# which what a failed script has done cannot be undone.
_IGNORED_PRAGMAS = frozenset(
    [
        "analysis_limit",
        "cache_size",
        "cache_spill",
        "journal_mode",
        "mmap_size",
        "shrink_memory",
        "temp_store",
        "threads",
    ]
)
_FORBIDDEN_FUNCTIONS = frozenset(("load_extension", "writefile", "readfile", "edit", "fts3_tokenizer", "sqlite_dbpage"))
# Virtual table modules that open files, or access raw memory or pages.
_FORBIDDEN_MODULES = frozenset(
    ["csv", "zipfile", "fsdir", "unionvtab", "swarmvtab", "sqlite_dbpage", "sqlite_dbdata", "sqlite_dbptr", "carray"]
)
_TEMPORARY = frozenset(
    [
        sqlite3.SQLITE_CREATE_TEMP_INDEX,
        sqlite3.SQLITE_CREATE_TEMP_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_VIEW,
    ]
)


_VIRTUAL = frozenset([sqlite3.SQLITE_CREATE_VTABLE, sqlite3.SQLITE_DROP_VTABLE])
# Stands among the written tables for those of the modules of virtual tables.
VIRTUAL_TABLE = ""
# Actions that write rows of a table, or create or drop it: their first argument is its name.
_WRITING = frozenset(
    [
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_DROP_TABLE,
    ]
)


class Guard:
    """An authorizer. `refused` describes the last refused action, None if there is none.

    `session_changed` means that a script created connection-level state: a temporary object, an attached database, a
    setting. `written` are the tables, in lower case, that a statement may have written: SQLite names those of triggers
    and of the actions of foreign keys as well, but not those that the modules of virtual tables write; `VIRTUAL_TABLE`
    is among them where such a table was created or dropped.
    """

    __slots__ = ("refused", "session_changed", "written")

    def __init__(self) -> None:
        self.refused: str | None = None
        self.session_changed = False
        self.written: set[str] = set()

    def authorize(self, action: int, first: str | None, second: str | None, database: str | None, _: str | None) -> int:
        """Allow, ignore or deny an action; SQLite calls this while it compiles a statement."""
        if action in _WRITING:
            self.written.add((first or "").lower())
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_ALTER_TABLE:
            self.written.add((second or "").lower())
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_ATTACH:
            self.session_changed = True
            # SQLite passes the name only if it is constant: for `'/tmp/' || 'x'` it is None.
            return sqlite3.SQLITE_OK if first in _IN_MEMORY else self._deny("ATTACH of a file")
        if action == sqlite3.SQLITE_PRAGMA:
            return self._pragma((first or "").lower(), second)
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FORBIDDEN_FUNCTIONS:
            return self._deny(f"the function {second}")
        if action in _VIRTUAL:
            self.written.add(VIRTUAL_TABLE)
        if action == sqlite3.SQLITE_CREATE_VTABLE:
            return self._module(second or "", database)
        if action in _TEMPORARY:
            self.session_changed = True
        return sqlite3.SQLITE_OK

    def _module(self, name: str, database: str | None) -> int:
        self.session_changed = self.session_changed or database == "temp"
        return self._deny(f"the module {name}") if name.lower() in _FORBIDDEN_MODULES else sqlite3.SQLITE_OK

    def _pragma(self, name: str, value: str | None) -> int:
        if name in _ALLOWED_PRAGMAS:
            self.session_changed = self.session_changed or value is not None
            return sqlite3.SQLITE_OK
        if name in _IGNORED_PRAGMAS:
            return sqlite3.SQLITE_IGNORE
        return self._deny(f"PRAGMA {name}")

    def _deny(self, what: str) -> int:
        self.refused = f"{what} is not allowed in a dry run"
        return sqlite3.SQLITE_DENY
