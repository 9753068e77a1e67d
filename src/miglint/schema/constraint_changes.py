"""The differences of the constraints of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from miglint.base.structs import replace
from miglint.schema.change import Change
from miglint.schema.depends import relation_key
from miglint.schema.describe import CONSTRAINT_WORDS, describe_constraint
from miglint.schema.objects import Key, Table
from miglint.schema.parts import differing, named_of_kind, restored
from miglint.schema.restated import is_restated
from miglint.schema.sameness import Spell, essence
from miglint.schema.texts import Texts
from miglint.schema.value import Schema
from miglint.sql.operations import Constraint, Name


class _Sides(NamedTuple):
    """How the constraints before and after are distinguished, and the schemas that they stand in."""

    spells: tuple[Spell, Spell]
    schemas: tuple[Schema | None, Schema | None]

    def essence(self, value: Constraint, side: int) -> Constraint:
        """Return what distinguishes a constraint; a foreign key without columns refers to the primary key."""
        found = essence(value, self.spells[side])
        schema = self.schemas[side]
        if value.kind != "foreign" or value.referenced or value.table is None or schema is None:
            return found
        return replace(found, referenced=_primary_key(value.table, schema))


def _primary_key(name: Name, schema: Schema) -> tuple[str, ...]:
    """Return the columns of the primary key of a table, none where they are not known."""
    table = schema.find(relation_key(name, schema.dialect))
    if not isinstance(table, Table) or table.assumed:
        return ()
    return next((value.columns for _, value in named_of_kind(table.constraints, "primary")), ())


def constraint_changes(key: Key, table: str, one: Table, two: Table, texts: Texts) -> Iterator[Change]:
    """Yield the differences of the constraints of two tables."""
    gone, new = dict(differing(one.constraints, two.constraints)), dict(differing(two.constraints, one.constraints))
    spells, lenient = (
        _Sides(texts.spells(one, two, lenient=lenient), texts.schemas) for lenient in (False, texts.are_written)
    )
    for name in [name for name in gone if name in new and not name.startswith("#")]:
        yield from _constraint(key, table, name, (gone.pop(name), new.pop(name)), spells, lenient)
    for name, value, again in restored(one.constraints, two.constraints) if texts.are_written else ():
        if is_restated(value, again):
            yield from _constraint(key, table, name, (value, again), spells, lenient)
    _remove_equal(gone, new, spells)
    for name, value in gone.items():
        known = value.kind != "unknown" and not (two.assumed and name not in two.absent)
        yield Change(
            "missing", CONSTRAINT_WORDS[value.kind], _label(table, name, value), key, name,
            before=describe_constraint(value), certain=known or name in two.absent,
        )  # fmt: skip
    for name, value in new.items():
        if value.kind == "unknown":
            continue
        certain = not one.assumed or name in one.absent or value.generated
        yield Change(
            "extra", CONSTRAINT_WORDS[value.kind], _label(table, name, value), key, name,
            after=describe_constraint(value), certain=certain,
        )  # fmt: skip


def _constraint(
    key: Key, table: str, name: str, values: tuple[Constraint, Constraint], sides: _Sides, lenient: _Sides
) -> Iterator[Change]:
    """Compare two constraints of one name; `lenient` finds only what is sure to be another text."""
    before, after = values
    known = "unknown" not in (before.kind, after.kind)
    old, new = sides.essence(before, 0), sides.essence(after, 1)
    if before.kind != "unknown" and old == new:
        return
    if before.kind == after.kind == "foreign" and not (old.referenced and new.referenced):
        # It refers to the primary key of a table that no script created, which may be what the other one names.
        old, new = replace(old, referenced=()), replace(new, referenced=())
        known = old != new
    if known and before.expression and after.expression:
        known = lenient.essence(before, 0) != lenient.essence(after, 1)
    aspect = "definition"
    if replace(old, validated=after.validated) == new:
        aspect = "validated"
    elif replace(old, disabled=after.disabled) == new:
        aspect = "triggers"
    elif before.kind == after.kind == "foreign":
        same_action = (before.on_delete, before.on_update) == (after.on_delete, after.on_update)
        aspect = "definition" if same_action else "referential action"
    yield Change(
        "changed", CONSTRAINT_WORDS[before.kind], _label(table, name, before), key, name, aspect,
        describe_constraint(before), describe_constraint(after), known,
    )  # fmt: skip


def _remove_equal(gone: dict[str, Constraint], new: dict[str, Constraint], sides: _Sides) -> None:
    """Remove the constraints without names, or with generated ones, whose definitions are in both."""
    mine = {name: sides.essence(value, 0) for name, value in gone.items() if _is_unnamed(value)}
    others = {name: sides.essence(value, 1) for name, value in new.items() if _is_unnamed(value)} if mine else {}
    for name, value in mine.items():
        other = next((other for other, candidate in others.items() if value == candidate), None)
        if other is not None:
            del gone[name], new[other], others[other]


def _is_unnamed(constraint: Constraint) -> bool:
    return constraint.generated or constraint.name is None


def _label(table: str, name: str, constraint: Constraint) -> str:
    return f"{table} {describe_constraint(constraint)}" if name.startswith("#") else f"{name} on {table}"
