"""Publications: the tables that they publish."""

from __future__ import annotations

from miglint.base.structs import replace
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.queries import need_relations
from miglint.schema.objects import Key, Other
from miglint.sql.operations import AlterOther, Member


def members_of(machine: Machine, written: tuple[Member, ...]) -> tuple[Member, ...]:
    """Return the tables of a publication with their full names, by name. Raises `Refused` for one that is not there."""
    need_relations(machine, (member.table for member in written))
    members = (
        replace(member, table=machine.full(member.table), where=machine.expression(member.where)) for member in written
    )
    return tuple(sorted(members, key=lambda member: str(member.table)))


def alter_members(machine: Machine, key: Key, found: Other, operation: AlterOther) -> None:
    """`ALTER PUBLICATION ... ADD`, `SET` and `DROP TABLE`."""
    named = members_of(machine, operation.members)
    old = {member.table: member for member in found.members}
    if operation.action == "set":
        members = named
    elif operation.action == "add":
        for member in named:
            if member.table in old:
                message = f'relation "{member.table.name}" is already member of publication "{key.name}"'
                raise machine.refuse("duplicate_object", message, key)
        members = (*found.members, *named)
    else:
        for member in named:
            if member.table not in old and not found.assumed:
                message = f'relation "{member.table.name}" is not part of the publication'
                raise machine.refuse("undefined_object", message, key)
            old.pop(member.table, None)
        members = tuple(old.values())
    machine.put(key, replace(found, members=tuple(sorted(members, key=lambda member: str(member.table)))))
