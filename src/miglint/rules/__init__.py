"""The rules, a few modules for each family. `load()` makes them all known to the registry."""

from __future__ import annotations

from importlib import import_module

# One line per module; a module registers its rules when it is imported.
MODULES = (
    "miglint.rules.syntax",
    "miglint.rules.pairing",
    "miglint.rules.idempotency_create",
    "miglint.rules.idempotency_drop",
    "miglint.rules.idempotency_change",
    "miglint.rules.idempotency_guard",
    "miglint.rules.idempotency_rows",
    "miglint.rules.idempotency_session",
    "miglint.rules.symmetry",
    "miglint.rules.symmetry_remarks",
    "miglint.rules.data",
    "miglint.rules.data_copy",
    "miglint.rules.names",
    "miglint.rules.names_across",
    "miglint.rules.names_convention",
    "miglint.rules.references",
    "miglint.rules.taken_indexes",
    "miglint.rules.extensions",
    "miglint.rules.foreign_keys",
    "miglint.rules.transactions",
    "miglint.rules.untransacted",
    "miglint.rules.enum_values",
    "miglint.rules.header",
    "miglint.rules.header_tracking",
    "miglint.rules.parity",
    "miglint.rules.lite",
    "miglint.rules.lite_rebuild",
    "miglint.rules.lite_rebuild_keys",
    "miglint.rules.locks_indexes",
    "miglint.rules.locks_maintenance",
    "miglint.rules.locks_constraints",
    "miglint.rules.locks_nulls",
    "miglint.rules.locks_columns",
    "miglint.rules.locks_session",
    "miglint.rules.locks_timeouts",
    "miglint.rules.locks_habits",
    "miglint.rules.locks_waits",
    "miglint.rules.locks_sqlite",
    "miglint.rules.compatibility_drops",
    "miglint.rules.compatibility_renames",
    "miglint.rules.compatibility_changes",
    "miglint.rules.compatibility_access",
    "miglint.rules.loss",
    "miglint.rules.loss_keys",
    "miglint.rules.loss_rows",
    "miglint.rules.loss_habits",
    "miglint.rules.defaults",
    "miglint.rules.types_columns",
    "miglint.rules.types_design",
    "miglint.rules.types_kinds",
    "miglint.rules.types_policy",
    "miglint.rules.types_habits",
    "miglint.rules.style",
    "miglint.rules.directives",
    "miglint.rules.execution",
    "miglint.rules.execution_locks",
    "miglint.rules.internal",
)


def load() -> None:
    """Import every module of rules. Rules are registered once, however often this is called."""
    for module in MODULES:
        import_module(module)
