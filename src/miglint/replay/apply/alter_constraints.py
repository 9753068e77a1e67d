"""`ALTER TABLE` and `ALTER DOMAIN` on constraints: adding, dropping, renaming, validating them."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.columns import alter_in_heirs
from miglint.replay.apply.constraints import add_constraint, not_null_column, rename_in_table
from miglint.replay.apply.drop_dependents import drop_constraint_of
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.naming import choose_part
from miglint.replay.apply.row_contents import refuse_unchecked
from miglint.schema.depends import relation_key
from miglint.schema.name_sets import with_name
from miglint.schema.objects import Absent, Domain, Key, Table
from miglint.schema.parts import with_part, with_renamed, without_part
from miglint.sql.operations import (
    AddConstraint,
    AlterConstraint,
    Constraint,
    DropConstraint,
    Name,
    RenameConstraint,
    TableOperation,
    ValidateConstraint,
)


def _altered(machine: Machine, operation: TableOperation) -> tuple[Key, Table] | None:
    key, found = machine.relation(operation.table)
    if operation.table_if_exists and isinstance(found, Absent):
        machine.note("missing", f'table "{operation.table}" does not exist, skipped', key)
        return None
    machine.only_tables(operation.table, "... CONSTRAINT")
    return machine.table(operation.table)


def add_table_constraint(machine: Machine, operation: AddConstraint) -> None:
    """`ALTER TABLE ... ADD CONSTRAINT`, also of a domain."""
    if operation.kind == "domain":
        _add_to_domain(machine, operation)
        return
    found = _altered(machine, operation)
    if found is not None:
        key, table = found
        if not machine.postgres and operation.constraint.name is not None:
            name = operation.constraint.name.lower()
            if name in table.constraints:
                raise machine.refuse(
                    "duplicate_object", f"constraint {operation.constraint.name} already exists", key, name
                )
        add_constraint(machine, key, operation.constraint)
        if machine.postgres and operation.constraint.kind == "primary":
            # The columns become NOT NULL in partitions and heirs, too.
            for name in operation.constraint.columns:
                alter_in_heirs(machine, key, operation, name, {"nullable": False})


def domain_of(machine: Machine, name: Name) -> tuple[Key, Domain | None]:
    """Return a domain to alter, with None when it is not known. Raises `Refused` when it is known not to exist."""
    key = machine.key(name, "type")
    found = machine.schema.get(key)
    if isinstance(found, Absent):
        raise machine.refuse("undefined_object", f'type "{name}" does not exist', key)
    return key, found if isinstance(found, Domain) and not found.assumed else None


def _add_to_domain(machine: Machine, operation: AddConstraint) -> None:
    key, domain = domain_of(machine, operation.table)
    if domain is None:
        return
    name = operation.constraint.name or choose_part(domain.constraints, domain.name.name, None, "check")
    if name in domain.constraints:
        raise machine.refuse(
            "duplicate_object", f'constraint "{name}" for domain {domain.name} already exists', key, name
        )
    constraint = replace(operation.constraint, name=name, generated=operation.constraint.name is None)
    machine.put(key, replace(domain, constraints=with_part(domain.constraints, name, constraint)))


def _drop_from_domain(machine: Machine, operation: DropConstraint) -> None:
    key, domain = domain_of(machine, operation.table)
    if domain is None:
        return
    name = operation.constraint
    if name in domain.constraints:
        machine.put(key, replace(domain, constraints=without_part(domain.constraints, name)))
    elif operation.if_exists:
        machine.note("missing", f'constraint "{name}" does not exist, skipped', key)
    else:
        message = f'constraint "{name}" of domain "{domain.name.name}" does not exist'
        raise machine.refuse("undefined_object", message, key, name)


def drop_constraint(machine: Machine, operation: DropConstraint) -> None:
    """`DROP CONSTRAINT`, with the index behind it; refused while foreign keys need it, unless `CASCADE`."""
    if operation.kind == "domain":
        _drop_from_domain(machine, operation)
        return
    found = _altered(machine, operation)
    if found is None:
        return
    key, table = found
    name = operation.constraint if machine.postgres else operation.constraint.lower()
    constraint = table.constraints.get(name)
    if constraint is None:
        column = not_null_column(table, name)
        if column is not None:
            nullable = replace(table.columns[column], nullable=True, not_null_name=None)
            machine.put(key, replace(table, columns=with_part(table.columns, column, nullable)))
            return
        if table.assumed and name not in table.absent:
            _drop_unknown(machine, key, table, name, guarded=operation.if_exists)
            return
        if operation.if_exists:
            machine.note("missing", f'constraint "{name}" does not exist, skipped', key, name)
            return
        raise machine.refuse(
            "undefined_object", f'constraint "{name}" of relation "{table.name.name}" does not exist', key, name
        )
    if not machine.postgres and constraint.kind in ("primary", "unique"):
        message = f"constraint may not be dropped: {operation.constraint}"
        raise machine.refuse("feature_not_supported", message, key, name)
    if machine.postgres and constraint.kind == "check" and _is_inherited(machine, table, name):
        message = f'cannot drop inherited constraint "{name}" of relation "{table.name.name}"'
        raise machine.refuse("invalid_table_definition", message, key, name)
    drop_constraint_of(machine, key, name, cascade=operation.cascade)


def _is_inherited(machine: Machine, table: Table, name: str) -> bool:
    """Whether a parent of a table has a check of a name that its children have to have, too."""
    parents = table.inherits if table.partition_of is None else (table.partition_of,)
    for parent in parents:
        found = machine.schema.table(relation_key(parent, machine.dialect))
        check = None if found is None else found.constraints.get(name)
        if check is not None and check.kind == "check" and not check.no_inherit:
            return True
    return False


def _drop_unknown(machine: Machine, key: Key, table: Table, name: str, *, guarded: bool) -> None:
    # The constraint of an assumed table: taken to exist, with an unknown definition.
    if not guarded:
        machine.assume_part(key, "constraint", name, Constraint("unknown", name))
        table = machine.schema.table(key) or table
    rest = without_part(table.constraints, name)
    machine.put(key, replace(table, constraints=rest, absent=with_name(table.absent, name)))


def rename_constraint(machine: Machine, operation: RenameConstraint) -> None:
    """`RENAME CONSTRAINT`, which renames the index behind it too."""
    if operation.kind == "domain":
        key, domain = domain_of(machine, operation.table)
        if domain is not None and operation.constraint in domain.constraints:
            if operation.new in domain.constraints:
                message = f'constraint "{operation.new}" for domain {key.name} already exists'
                raise machine.refuse("duplicate_object", message, key, operation.new)
            same = domain.constraints[operation.constraint]
            renamed = with_renamed(domain.constraints, operation.constraint, operation.new, same)
            machine.put(key, replace(domain, constraints=renamed))
        return
    found = _altered(machine, operation)
    if found is None:
        return
    key, table = found
    constraint = table.constraints.get(operation.constraint)
    if constraint is None:
        column = not_null_column(table, operation.constraint)
        if column is not None:
            not_null = replace(table.columns[column], not_null_name=operation.new)
            machine.put(key, replace(table, columns=with_part(table.columns, column, not_null)))
            return
        if table.assumed and operation.constraint not in table.absent:
            machine.put(
                key,
                replace(
                    table,
                    absent=with_name(table.absent, operation.constraint),
                    constraints=with_part(table.constraints, operation.new, Constraint("unknown", operation.new)),
                ),
            )
            return
        raise machine.refuse(
            "undefined_object",
            f'constraint "{operation.constraint}" for table "{table.name.name}" does not exist',
            key,
            operation.constraint,
        )
    if operation.new in table.constraints:
        raise machine.refuse(
            "duplicate_object",
            f'constraint "{operation.new}" for relation "{table.name.name}" already exists',
            key,
            operation.new,
        )
    rename_in_table(machine, key, operation.constraint, operation.new)


def _altered_constraint(
    machine: Machine, operation: ValidateConstraint | AlterConstraint
) -> tuple[Key, Table, Constraint] | None:
    """Return the constraint to alter, with its table; None if it is unknown. Raises `Refused` if it does not exist."""
    found = _altered(machine, operation)
    if found is None:
        return None
    key, table = found
    name = operation.constraint
    if name in table.constraints:
        return key, table, table.constraints[name]
    if table.assumed and name not in table.absent:
        return None
    message = f'constraint "{name}" of relation "{table.name.name}" does not exist'
    raise machine.refuse("undefined_object", message, key, name)


def validate_constraint(machine: Machine, operation: ValidateConstraint) -> None:
    """`VALIDATE CONSTRAINT`."""
    if operation.kind == "domain":
        _validate_in_domain(machine, operation)
        return
    found = _altered_constraint(machine, operation)
    if found is None:
        return
    key, table, constraint = found
    if not constraint.validated:
        if constraint.kind == "check":
            refuse_unchecked(machine, key, constraint)
        changed = replace(constraint, validated=True)
        machine.put(key, replace(table, constraints=with_part(table.constraints, operation.constraint, changed)))


def _validate_in_domain(machine: Machine, operation: ValidateConstraint) -> None:
    key, domain = domain_of(machine, operation.table)
    if domain is None:
        return
    constraint = domain.constraints.get(operation.constraint)
    if constraint is None:
        raise machine.refuse(
            "undefined_object",
            f'constraint "{operation.constraint}" of domain "{domain.name.name}" does not exist',
            key,
            operation.constraint,
        )
    changed = replace(constraint, validated=True)
    machine.put(key, replace(domain, constraints=with_part(domain.constraints, operation.constraint, changed)))


def alter_constraint(machine: Machine, operation: AlterConstraint) -> None:
    """`ALTER CONSTRAINT ... DEFERRABLE`."""
    found = _altered_constraint(machine, operation)
    if found is None:
        return
    key, table, constraint = found
    changed = constraint
    if operation.changes_deferrability:
        changed = replace(changed, deferrable=operation.deferrable, deferred=operation.deferred)
    if operation.enforced is not None:
        changed = replace(changed, enforced=operation.enforced)
    if operation.no_inherit is not None:
        changed = replace(changed, no_inherit=operation.no_inherit)
    machine.put(key, replace(table, constraints=with_part(table.constraints, operation.constraint, changed)))
