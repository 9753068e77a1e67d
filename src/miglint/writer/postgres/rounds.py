"""A draft in rounds: renames first, then what the schemas differ in, then what that leaves."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.schema.journal import differing
from miglint.schema.objects import Enum, Key, Table
from miglint.schema.value import Schema
from miglint.writer.postgres.actions import Order
from miglint.writer.postgres.alterable import added_labels
from miglint.writer.postgres.altering import alter_all
from miglint.writer.postgres.drafting import Drafting
from miglint.writer.postgres.dropping import drop_again, drop_all
from miglint.writer.postgres.leftovers import leftover_columns, leftover_objects
from miglint.writer.postgres.making import make_all
from miglint.writer.postgres.plan import TransitionPlan
from miglint.writer.postgres.swapping import swap_all
from miglint.writer.postgres.undoing import undo
from miglint.writer.reading import run_blind
from miglint.writer.renames import Renames
from miglint.writer.words import literal
from miglint.writer.written import Draft, Version, WrittenStatement

_MOST_ROUNDS = 3


def draft_in_rounds(old: Schema, new: Schema, renames: Renames | None, target: Version | None) -> Draft:
    """Return the statements that make `new` of `old`."""
    statements, state = undo(old, renames) if renames is not None else ([], old)
    if renames is not None:
        new = _closed_about(new, old, state)
        statements = [*leftover_columns(renames.passing), *statements]
    using = {} if renames is None else {place: made.text for place, made in renames.conversions().items()}
    rewritten = frozenset[Key]() if renames is None else renames.written_tables()
    missing: list[str] = []
    with_rows: list[str] = []
    may_fail: list[str] = []
    for number in range(_MOST_ROUNDS):
        drafting, written = _round(state, new, target, using, rewritten)
        written = [item for item in written if item not in statements]
        if number == 0:
            missing, with_rows, may_fail = drafting.missing, drafting.with_rows, drafting.may_fail
        if not written:
            break
        statements += written
        # They must restore the other schema whatever rows there are.
        text = "\n".join(item.first_run for item in written)
        done = run_blind(state, text)
        state = done.schema
        if any(event.failure is not None for event in done.events):
            break  # What is left over is not known then.
    if renames is not None:
        statements += leftover_objects(renames.passing)
    return Draft(tuple(statements), tuple(missing), tuple(may_fail), tuple(with_rows))


def _closed_about(new: Schema, old: Schema, state: Schema) -> Schema:
    """Return the schema to be made without what undoing renames brought to keys of which nothing is known there.

    It was made under another key: a trigger of a table that had another name then.
    """
    for key in sorted(differing(state, old)):
        if new.get(key) is None and old.find(key) is None and state.find(key):
            new = new.drop(key)
    return new


def _round(
    state: Schema,
    new: Schema,
    target: Version | None,
    using: Mapping[tuple[Key, str], str],
    rewritten: frozenset[Key],
) -> tuple[Drafting, list[WrittenStatement]]:
    anew: frozenset[Key] = frozenset()
    while True:
        plan = TransitionPlan(state, new, anew)
        drafting = Drafting(plan, target, using, rewritten)
        drop_again(drafting)
        drop_all(drafting)
        swap_all(drafting)
        alter_all(drafting)
        make_all(drafting)
        written = list(Order(plan, drafting.actions).statements())
        used = _used_at_once(plan, written) - anew
        fixed = {key for key in used if _is_in_partition_key(plan, key)}
        drafting.missing += (
            f"the new labels of {key.name} can be used only after the transaction that adds them"
            for key in sorted(fixed)
        )
        if used == fixed:
            return drafting, written
        anew |= used - fixed


def _is_in_partition_key(plan: TransitionPlan, enum: Key) -> bool:
    """Return whether tables are partitioned by columns of a type, which can have no other one then."""
    for _, table in plan.old.users(enum, Table):
        for element in table.partition_key:
            column = table.columns.get(element.column or "")
            kind = None if column is None else column.type
            if kind is not None and (kind.schema, kind.name) == (enum.schema, enum.name):
                return True
    return False


def _used_at_once(plan: TransitionPlan, written: list[WrittenStatement]) -> frozenset[Key]:
    """Return the enums whose new labels other statements use: not in the transaction that adds them."""
    found = set()
    for item in plan.altered:
        one, two = plan.old.find(item.key), plan.new.find(item.key)
        if not isinstance(one, Enum) or not isinstance(two, Enum):
            continue
        labels = [literal(label) for label, _ in added_labels(one, two) or ()]
        texts = [statement.text for statement in written if statement.key != item.key]
        if any(label in text for label in labels for text in texts):
            found.add(item.key)
    return frozenset(found)
