"""The text of a migration's rollback: its statements, and what it does not restore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from miglint.base.inert import REPLACEMENT
from miglint.base.model import Dialect
from miglint.base.structs import Struct, replace
from miglint.base.template_names import decode_tags, has_tag
from miglint.replay.apply import run
from miglint.replay.steps import Step
from miglint.rollback.assessment import EXACT, IMPOSSIBLE, PARTIAL, SCHEMA_ONLY, assessed, in_a_word, lost_by_forward
from miglint.rollback.halfway import returning
from miglint.rollback.rows import RowNote, RowsBack, undo_rows
from miglint.schema.value import Schema
from miglint.writer.losses import destroyed_by
from miglint.writer.reading import read
from miglint.writer.renames import Renames
from miglint.writer.transition import write_transition
from miglint.writer.words import name
from miglint.writer.written import ColumnValues, LostData, Version, Written

if TYPE_CHECKING:
    from miglint.rollback.preserve.pair import PreservingPair


_LOSING = {
    PARTIAL: "partial, neither the whole schema nor all rows and values:",
    SCHEMA_ONLY: "the schema only, not all rows and values:",
}
_RESTORING = {
    EXACT: "restores everything that was there before",
    PARTIAL: "restores everything, with these exceptions:",
    SCHEMA_ONLY: "restores the schema, but not all rows and values:",
    IMPOSSIBLE: "declares that it cannot be undone:",
}


class RollbackText(Struct, frozen=True):
    """A rollback as written, without its place; what is known of it is as in `Assessment`.

    `brings` is what it brings back of what the forward sets aside, and `keeps` what it sets aside for the next forward.
    `source` is the script that it is ported from, if it is; with `once` that one cannot run a second time, nor this.
    """

    restores: str
    statements: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    loses: tuple[LostData, ...] = ()
    brings: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    fails_on: tuple[str, ...] = ()
    source: str | None = None
    once: bool = False

    @property
    def remarks(self) -> Iterator[str]:
        """The comments that say in the script what it restores, without the dashes."""
        if self.restores == IMPOSSIBLE:
            yield f"miglint: irreversible ({'; '.join(map(_flat, self.missing))})"
            return
        if self.source is not None:
            yield f"Ported from {_flat(self.source)}{', which cannot run twice either' if self.once else ''}."
        if self.restores == EXACT and self.source is None:
            yield "Restores: exact." if self.statements else "Restores: exact (there is nothing to undo)."
        elif self.restores != EXACT:
            everything = self.restores == PARTIAL and not self.lost
            yield f"Restores: {'partial, with these exceptions:' if everything else _LOSING[self.restores]}"
            yield from (f"- {_flat(reason)}" for reason in self.missing)
        if self.brings:
            yield f"Brings back what the forward sets aside: {_flat(', '.join(self.brings))}."
        if self.keeps:
            yield f"Sets aside for the next forward: {_flat(', '.join(self.keeps))}."
        yield from map(_sentence, what_is_lost(self.loses))
        yield from (f"Fails on {_flat(text)}." for text in self.fails_on)


def what_is_restored(restores: str, *, loses: bool) -> str:
    """Return what a rollback restores, as the end of a sentence; behind a colon follows what it does not.

    `loses` says whether rows or values from before the forward are lost.
    """
    if restores == PARTIAL and loses:
        return "restores a part of the schema, and not all rows and values:"
    return _RESTORING[restores]


def what_is_lost(loses: Iterable[LostData]) -> Iterator[str]:
    """Yield what a rollback destroys: `loses what was written to users, orders.note since the forward`."""
    items = list(loses)
    names = [decode_tags(str(item)) for item in items if item.why == "dropped"]
    if names:
        yield f"loses what was written to {', '.join(names)} since the forward"
    for item in items:
        if item.why != "dropped":
            yield f"leaves values of {decode_tags(str(item))} {item.why}"


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
    rows = undo_rows(step)
    lost = lost_by_forward(step, rows)
    return _text(step, way, tuple(statement.text for statement in way.statements), rows, lost, target)


def what_it_would_restore(step: Step, target: Version | None = None) -> str:
    """Return what `write_rollback` would restore, in less time."""
    if _refusal(step) is not None:
        return IMPOSSIBLE
    way, rows = _way(step, target), undo_rows(step)
    statements = (*rows.statements, *(statement.text for statement in way.statements))
    differs = bool(step.forward.unknown or way.missing or way.with_rows)
    if any(map(has_tag, statements)) or (differs and not statements):
        return IMPOSSIBLE
    lost = bool(lost_by_forward(step, rows))
    return in_a_word(differs=differs, loses=lost, more=bool(rows.staying or way.reordered))


def write_preserving(step: Step, target: Version | None = None) -> tuple[RollbackText, ForwardAddition | None]:
    """Return the rollback that loses nothing, with what it needs in the forward; None if that needs nothing."""
    refused = _refusal(step)
    if refused is not None:
        return refused, None
    from miglint.rollback.preserve.pair import preserving_pair

    way, rows = _way(step, target), undo_rows(step)
    lost = lost_by_forward(step, rows)
    pair = preserving_pair(step, way, rows.recreated, target)
    if pair is None:
        return _text(step, way, tuple(statement.text for statement in way.statements), rows, lost, target), None
    whole = {item.key for item in pair.asides if item.whole}
    values = {(item.key, column) for item in pair.asides for column in item.values}
    left = [
        note
        for note in lost
        if note.table not in whole and (note in rows.lost or (note.table, _label(step.before, note)) not in values)
    ]
    text = _text(step, pair.written, pair.after, rows, left, target, first=pair.before, keeps=True)
    text = replace(text, brings=tuple(map(str, pair.asides)), keeps=tuple(map(str, pair.kept)))
    places = tuple(name(item.place) for item in (*pair.asides, *pair.kept))
    return text, ForwardAddition(pair.first, pair.last, tuple(_about(pair, step)), places, pair.clean_up)


def can_keep_everything(step: Step, target: Version | None = None) -> bool:
    """Return whether `write_preserving` has something to set aside, and then nothing of before the forward is lost.

    What is dropped is looked up where it was, without a rollback being written, which takes a look at the whole schema.
    """
    if _refusal(step) is not None or step.forward.unknown:
        return False
    rows, dropped = undo_rows(step), destroyed_by(step.forward)
    if any(note.table not in rows.recreated or note.column is not None for note in rows.lost):
        return False
    if any(item.why != "dropped" for item in dropped):
        # Whether narrowed values come back depends on the way back.
        text, addition = write_preserving(step, target)
        return addition is not None and bool(text.brings) and not text.lost and text.restores in (EXACT, PARTIAL)
    from miglint.rollback.preserve.tables import set_aside

    lost = [item for item in dropped if item.table not in rows.recreated]
    lost += [LostData(key) for key in rows.recreated]
    asides, left = set_aside(lost, step.before, step.after, step.migration.version)
    return bool(asides) and not left


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
    for key, _ in schema.set_aside():
        schema = schema.drop(key)
    return schema


def _label(schema: Schema, note: RowNote) -> str | None:
    """Return the name of a column as the scripts write it."""
    table = schema.table(note.table)
    found = None if table is None or note.column is None else table.columns.get(note.column)
    return note.column if found is None else found.name


def _text(
    step: Step,
    way: Written,
    statements: tuple[str, ...],
    rows: RowsBack,
    lost: Sequence[RowNote],
    target: Version | None,
    *,
    first: tuple[str, ...] = (),
    keeps: bool = False,
) -> RollbackText:
    again = returning(step, target, statements)
    statements = (*again.first, *first, *rows.statements, *statements, *again.last)
    if any(map(has_tag, statements)):
        return _impossible("the scripts are templates")
    not_known = tuple(f"what the forward does is not known: {reason}" for reason in step.forward.unknown)
    missing = (*not_known, *way.missing)
    if missing and not statements:
        return RollbackText(IMPOSSIBLE, (), tuple(dict.fromkeys(map(decode_tags, missing))))
    parsed = read("\n".join(statements), step.migration.dialect)
    ran = replace(step, rollback_statements=parsed, rollback=run(step.after, parsed, rollback=True))
    found = assessed(ran, missing, way.reordered, lost, rows.staying, left_out=way.with_rows, keeps=keeps)
    assert found.restores is not None  # what it leaves is known
    return RollbackText(
        found.restores, statements, found.missing, found.loses, lost=found.lost, fails_on=found.fails_on
    )


def _impossible(reason: str) -> RollbackText:
    return RollbackText(IMPOSSIBLE, (), (decode_tags(reason),))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _sentence(text: str) -> str:
    flat = _flat(text)
    return f"{flat[:1].upper()}{flat[1:]}."
