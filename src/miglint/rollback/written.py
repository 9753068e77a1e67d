"""The text of a migration's rollback: its statements, and what it does not restore."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from miglint.base.inert import REPLACEMENT
from miglint.base.model import Dialect
from miglint.base.structs import Struct, replace
from miglint.base.template_names import decode_tags, has_tag
from miglint.replay.steps import Step
from miglint.rollback.rows import RowsBack, undo_rows
from miglint.schema.set_aside import is_set_aside
from miglint.schema.value import Schema
from miglint.writer.renames import Renames
from miglint.writer.transition import write_transition
from miglint.writer.words import name
from miglint.writer.written import ColumnValues, Version, Written

if TYPE_CHECKING:
    from miglint.rollback.preserve.pair import PreservingPair

EXACT, PARTIAL, SCHEMA_ONLY, IMPOSSIBLE = "exact", "partial", "schema_only", "impossible"


class RollbackText(Struct, frozen=True):
    """A rollback as written, without its place.

    `restores` is `exact`; `partial`: all but what `missing` names; `schema_only`: the whole schema, but not the rows
    and values that `missing` names; or `impossible`: nothing can be written, for the reasons in `missing`. `missing`
    are sentences. `loses` are the tables and columns that it drops with what was written since the forward, `brings`
    what it brings back of what the forward sets aside, and `keeps` what it sets aside for the next forward.
    """

    restores: str
    statements: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()

    @property
    def remarks(self) -> Iterator[str]:
        """The comments that say in the script what it restores, without the dashes."""
        if self.restores == IMPOSSIBLE:
            yield f"miglint: irreversible ({'; '.join(map(_flat, self.missing))})"
            return
        if self.restores == EXACT:
            yield "Restores: exact." if self.statements else "Restores: exact (there is nothing to undo)."
        else:
            yield "Restores: the schema only." if self.restores == SCHEMA_ONLY else "Restores: partial."
            yield from (f"Missing: {_flat(reason)}." for reason in self.missing)
        if self.brings:
            yield f"Brings back what the forward sets aside: {_flat(', '.join(self.brings))}."
        if self.keeps:
            yield f"Sets aside for the next forward: {_flat(', '.join(self.keeps))}."
        if self.loses:
            yield f"Loses what was written since to: {_flat(', '.join(self.loses))}."


class ForwardAddition(Struct, frozen=True):
    """What a forward needs so that its rollback loses nothing: statements before its own, and after them.

    `remarks` say what they do. `places` are the tables with data set aside, and `clean_up` the statements that drop
    these for good.
    """

    first: tuple[str, ...]
    last: tuple[str, ...]
    remarks: tuple[str, ...]
    places: tuple[str, ...]
    clean_up: tuple[str, ...]


def write_rollback(step: Step, target: Version | None = None, values: ColumnValues | None = None) -> RollbackText:
    """Return the rollback of a replayed migration, for a version of the engine (None: any supported one).

    `values` are those that the forward gave rows of SQLite in another way than by their columns, to be brought back.
    """
    refused = _refusal(step)
    if refused is not None:
        return refused
    way = _way(step, target, values)
    return _text(step, way, tuple(statement.text for statement in way.statements), undo_rows(step))


def write_preserving(step: Step, target: Version | None = None) -> tuple[RollbackText, ForwardAddition | None]:
    """Return the rollback that loses nothing, with what it needs in the forward; None if that needs nothing."""
    refused = _refusal(step)
    if refused is not None:
        return refused, None
    from miglint.rollback.preserve.pair import preserving_pair

    way, rows = _way(step, target), undo_rows(step)
    pair = preserving_pair(step, way, rows.recreated, target)
    if pair is None:
        return _text(step, way, tuple(statement.text for statement in way.statements), rows), None
    rows = rows.without({item.key for item in pair.asides if item.whole})
    text = _text(step, pair.written, pair.after, rows, pair.before)
    text = replace(text, brings=tuple(map(str, pair.asides)), keeps=tuple(map(str, pair.kept)))
    places = tuple(name(item.place) for item in (*pair.asides, *pair.kept))
    return text, ForwardAddition(pair.first, pair.last, tuple(_about(pair, step)), places, pair.clean_up)


def _about(pair: PreservingPair, step: Step) -> Iterator[str]:
    postgres = step.migration.dialect is Dialect.POSTGRES
    lock = ", under SHARE ROW EXCLUSIVE (writes wait, reads go on)" if postgres else ""
    for item in pair.asides:
        yield f"Sets aside {item} in {name(item.place)}{lock}; the time grows with the rows."
    for item in pair.kept:
        yield f"Brings back what the rollback set aside: {item}."


def _refusal(step: Step) -> RollbackText | None:
    """Return the rollback of a forward that cannot be undone, since what it does is not known."""
    failed, forward = step.forward.failed, step.migration.forward
    if forward is not None and REPLACEMENT in forward.text:
        return _impossible("the forward is not UTF-8, so that its names are not known")
    if any(statement.problem is not None for statement in step.forward_statements):
        return _impossible("a statement of the forward cannot be read")
    if failed is not None and failed.failure is not None and not step.doubted:
        return _impossible(f"the forward fails: {failed.failure.message}")
    return None


def _way(step: Step, target: Version | None, values: ColumnValues | None = None) -> Written:
    renames = Renames(step.forward.moments, passing=True)
    return write_transition(without_set_aside(step.after), step.before, renames=renames, target=target, values=values)


def without_set_aside(schema: Schema) -> Schema:
    """Return a schema without the tables in which data is set aside."""
    for key in [key for key, _ in schema.items() if is_set_aside(key)]:
        schema = schema.drop(key)
    return schema


def _text(
    step: Step, way: Written, statements: tuple[str, ...], rows: RowsBack, first: tuple[str, ...] = ()
) -> RollbackText:
    statements = (*first, *rows.statements, *statements)
    if any(map(has_tag, statements)):
        return _impossible("the scripts are templates")
    not_known = tuple(f"what the forward does is not known: {reason}" for reason in step.forward.unknown)
    unwritten = (*way.missing, *not_known)
    missing = tuple(dict.fromkeys(map(decode_tags, (*not_known, *way.does_not_restore, *rows.staying, *rows.lost))))
    if unwritten and not statements:
        return RollbackText(IMPOSSIBLE, (), missing)
    if unwritten or rows.staying or way.with_rows:
        restores = PARTIAL
    elif rows.lost or way.schema_only:
        restores = SCHEMA_ONLY
    else:
        restores = PARTIAL if way.reordered else EXACT
    return RollbackText(restores, statements, missing, tuple(decode_tags(str(item)) for item in way.data_lost))


def _impossible(reason: str) -> RollbackText:
    return RollbackText(IMPOSSIBLE, (), (decode_tags(reason),))


def _flat(text: str) -> str:
    return " ".join(text.split())
