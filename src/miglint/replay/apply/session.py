"""The session of a script: its transactions, and its settings, which end with them or outlive them."""

from __future__ import annotations

from miglint.replay.apply.machine import Machine
from miglint.replay.apply.session_settings import SessionSettings, TransactionStart
from miglint.sql.operations import SetVariable, Transaction

# Schemas in which no object of a script is found by its bare name.
_OF_SYSTEM = frozenset({"pg_catalog", "pg_toast", "information_schema"})


def _settings(machine: Machine) -> SessionSettings:
    return SessionSettings(machine.path, machine.settings)


def _use(machine: Machine, settings: SessionSettings) -> None:
    # In SQLite no transaction brings settings back.
    if machine.postgres:
        machine.path, machine.settings = settings


def transaction(machine: Machine, operation: Transaction) -> None:
    """Apply transaction control: a rollback restores the schema at the start of the transaction."""
    _ACTIONS.get(operation.action, _nothing)(machine, operation.name or "")


def _nothing(machine: Machine, name: str) -> None:
    """`RELEASE`: what was done since the savepoint is kept."""


def _begin(machine: Machine, name: str) -> None:
    machine.snapshots.append(TransactionStart(name, machine.schema, _settings(machine), machine.lasting))


def _commit(machine: Machine, name: str) -> None:
    machine.snapshots.clear()
    machine.committed = machine.schema
    _use(machine, machine.lasting)


def _rollback(machine: Machine, name: str) -> None:
    if machine.snapshots:
        first = machine.snapshots[0]
        machine.schema, machine.lasting = first.schema, first.lasting
    machine.snapshots.clear()
    _use(machine, machine.lasting)
    if machine.schema is not machine.committed:
        # The statements before the BEGIN, or all of them without one, may be in a transaction of the tool.
        machine.lose("a ROLLBACK undoes what the script did before its BEGIN, if the tool has opened a transaction")
        machine.undecided |= machine.touched
    machine.committed = machine.schema


def _rollback_to(machine: Machine, name: str) -> None:
    for snapshot in reversed(machine.snapshots):
        if snapshot.name == name:
            machine.schema, machine.lasting = snapshot.schema, snapshot.lasting
            _use(machine, snapshot.settings)
            break


def _prepare(machine: Machine, name: str) -> None:
    """`PREPARE TRANSACTION`: what the transaction did is not there until `COMMIT PREPARED`."""
    done = machine.schema
    if machine.snapshots:
        machine.schema = machine.snapshots[0].schema
    machine.prepared[name] = (machine.schema.objects, done)
    machine.snapshots.clear()
    _use(machine, machine.lasting)
    machine.lose(
        f"what the transaction did waits for COMMIT PREPARED '{name}'; servers refuse it by default"
        " (max_prepared_transactions = 0)"
    )
    machine.undecided |= machine.touched
    machine.committed = machine.schema


def _commit_prepared(machine: Machine, name: str) -> None:
    objects, done = machine.prepared.pop(name, (None, machine.schema))
    if objects is machine.schema.objects:
        machine.schema = done
    machine.lose(f"COMMIT PREPARED '{name}' does what was prepared, by any session")
    machine.committed = machine.schema


def _rollback_prepared(machine: Machine, name: str) -> None:
    if machine.prepared.pop(name, None) is None:
        machine.doubt(f"whether a transaction '{name}' is prepared is not known")


_ACTIONS = {
    "begin": _begin,
    "savepoint": _begin,
    "commit": _commit,
    "rollback": _rollback,
    "rollback to": _rollback_to,
    "prepare transaction": _prepare,
    "commit prepared": _commit_prepared,
    "rollback prepared": _rollback_prepared,
}


def set_variable(machine: Machine, operation: SetVariable) -> None:
    """`SET`: `search_path` matters to the schema, and whether the bodies of functions are looked at."""
    settings = _settings(machine)
    if operation.name == "all":
        reset_all(machine)
        return
    if operation.name == "check_function_bodies":
        value = (operation.values or ("on",))[0].lower()
        _use(machine, settings.with_value(operation.name, value))
        lasting = machine.lasting.with_value(operation.name, value)
    elif operation.name == "search_path":
        path = ("public",) if operation.values is None else _path(operation.values)
        _use(machine, settings.with_path(path))
        lasting = machine.lasting.with_path(path)
    else:
        return
    if not operation.local:
        machine.lasting = lasting


def _path(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the schemas of a search path; without any, nothing is found by its bare name but what is built in."""
    names = [name.strip().strip('"') for value in values for name in value.split(",")]
    path = tuple(name for name in names if name and name != "$user")
    if path or not any(names):
        return () if _OF_SYSTEM.issuperset(path) else path
    return ("public",)


def reset_all(machine: Machine) -> None:
    """Apply `RESET ALL`, and the same part of `DISCARD ALL`."""
    machine.lasting = SessionSettings(("public",), {})
    _use(machine, machine.lasting)
