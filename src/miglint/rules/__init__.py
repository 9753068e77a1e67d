"""The rules, a few modules for each family. `load()` makes them all known to the registry."""

from __future__ import annotations

from importlib import import_module

# One line per module; a module registers its rules when it is imported.
MODULES = (
    "miglint.rules.syntax",
    "miglint.rules.pairing",
    "miglint.rules.idempotency.create",
    "miglint.rules.idempotency.drop",
    "miglint.rules.idempotency.alter",
    "miglint.rules.idempotency.guards",
    "miglint.rules.idempotency.rows",
    "miglint.rules.idempotency.session",
    "miglint.rules.symmetry.differences",
    "miglint.rules.symmetry.info",
    "miglint.rules.data.pairs",
    "miglint.rules.data.copies",
    "miglint.rules.names.names",
    "miglint.rules.names.across",
    "miglint.rules.names.convention",
    "miglint.rules.references.missing",
    "miglint.rules.references.using_index",
    "miglint.rules.references.extensions",
    "miglint.rules.references.foreign_keys",
    "miglint.rules.transactions.control",
    "miglint.rules.transactions.non_transactional",
    "miglint.rules.transactions.enum_values",
    "miglint.rules.header.fields",
    "miglint.rules.header.tracking",
    "miglint.rules.parity",
    "miglint.rules.sqlite.unsupported",
    "miglint.rules.sqlite.rebuild",
    "miglint.rules.sqlite.rebuild_keys",
    "miglint.rules.locks.indexes",
    "miglint.rules.locks.maintenance",
    "miglint.rules.locks.constraints",
    "miglint.rules.locks.nulls",
    "miglint.rules.locks.columns",
    "miglint.rules.locks.session",
    "miglint.rules.locks.timeouts",
    "miglint.rules.locks.habits",
    "miglint.rules.locks.waits",
    "miglint.rules.locks.sqlite",
    "miglint.rules.backward_compatibility.drops",
    "miglint.rules.backward_compatibility.renames",
    "miglint.rules.backward_compatibility.changes",
    "miglint.rules.backward_compatibility.access",
    "miglint.rules.data.drops",
    "miglint.rules.data.keys",
    "miglint.rules.data.rows",
    "miglint.rules.data.habits",
    "miglint.rules.data.defaults",
    "miglint.rules.types.columns",
    "miglint.rules.types.design",
    "miglint.rules.types.kinds",
    "miglint.rules.types.policy",
    "miglint.rules.types.habits",
    "miglint.rules.style.style",
    "miglint.rules.directives",
    "miglint.rules.execution.outcomes",
    "miglint.rules.execution.locks",
    "miglint.rules.internal",
)


def load() -> None:
    """Import every module of rules. Rules are registered once, however often this is called."""
    for module in MODULES:
        import_module(module)
