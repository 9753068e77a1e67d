"""The variants to write: of which migrations, where each goes, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from miglint.base.model import Dialect, Discovered, History, Migration
from miglint.base.structs import Struct, field, replace
from miglint.port.choices import TypeChoices, learned
from miglint.port.not_carried import NotCarried
from miglint.port.placement import NoVariantPlace, place_variant
from miglint.port.ported_rollbacks import PortedBack, as_forward, changes_rows
from miglint.port.script import PortedScript
from miglint.port.to_postgres import port_to_postgres
from miglint.port.to_sqlite import port_to_sqlite
from miglint.port.trial import Trials
from miglint.replay.steps import Step, empty_schema
from miglint.replay.variants import Variants
from miglint.rollback.assessment import assess
from miglint.rollback.compose import FileEdit
from miglint.schema.parity import ParityDifference, differences
from miglint.schema.value import Schema
from miglint.writer.written import Version

Wanted = Callable[[Migration], bool]


class PortOptions(Struct, frozen=True):
    """How variants are written: for which engine and version, with which types; `over` replaces existing ones.

    `repeatable` says which scripts have to run a second time, by path.
    """

    target: Dialect
    version: Version | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    over: bool = False
    repeatable: Callable[[str], bool] = bool


class PortedMigration(Struct, frozen=True):
    """A variant that was written.

    `migration` is the one that it is made from, `edit` the file, None if there is nothing to do. `problem` is why it is
    not written; `exists` means that there is one, which is kept. `differing` are sentences about what is not the same
    in both schemas afterwards, as the PAR rules see it. `variant` is the new migration as it is read. `back` makes
    its rollback out of the statements of the one that is there, which with `rows_back` changes rows.
    """

    history: History
    migration: Migration
    script: PortedScript
    edit: FileEdit | None = None
    problem: str | None = None
    differing: tuple[str, ...] = ()
    variant: tuple[History, Migration] | None = None
    exists: bool = False
    back: Callable[[], PortedBack] | None = None
    rows_back: bool = False

    @property
    def losses(self) -> tuple[NotCarried, ...]:
        """What is not carried over, and is missed."""
        return tuple(loss for loss in self.script.losses if not loss.harmless)

    def as_dict(self) -> dict[str, object]:
        """Return it as it is reported to programs."""
        forward = self.migration.forward
        return {
            "version": self.migration.version,
            "source": None if forward is None else forward.path,
            "path": None if self.edit is None else self.edit.path,
            "problem": self.problem,
            "not_carried_over": [loss.as_dict() for loss in self.script.losses],
            "differs": list(self.differing),
        }


def port_history(
    source: tuple[History, Sequence[Step]],
    other: Sequence[Step],
    pairs: Variants | None,
    start: Schema | None,
    wanted: Wanted | None,
    options: PortOptions,
) -> Iterator[PortedMigration]:
    """Write the variants of the migrations of a history that have none, or of those that are wanted.

    `other` are the steps of the variants that are there; `start` is the schema of the other engine before the first.
    """
    history, steps = source
    known = {id(step.migration): step for step in other}
    here = empty_schema(options.target) if start is None else start
    memory = _Memory(options.target)
    try:
        yield from _ported_steps(history, steps, known, pairs, here, wanted, options, memory)
    finally:
        memory.trials.close()


def _ported_steps(
    history: History,
    steps: Sequence[Step],
    known: Mapping[int, Step],
    pairs: Variants | None,
    here: Schema,
    wanted: Wanted | None,
    options: PortOptions,
    memory: _Memory,
) -> Iterator[PortedMigration]:
    for step in steps:
        partner = None if pairs is None else pairs.partners.get(step.migration)
        there = None if partner is None else known.get(id(partner))
        # As long as the other engine has no script of its own, it is given this one, whose types are no choice.
        own = None if there is None or _is_shared(step, there) else there
        if _is_chosen(step, own, pairs, wanted, options):
            ported = _ported(history, step, here if own is None else own.before, own, pairs, options, memory)
            yield ported
            here = ported.script.after
        elif there is not None:
            here = there.after


def _is_shared(step: Step, there: Step) -> bool:
    one, other = step.migration.forward, there.migration.forward
    return one is not None and other is not None and (one.path, one.span) == (other.path, other.span)


def _is_chosen(
    step: Step, there: Step | None, pairs: Variants | None, wanted: Wanted | None, options: PortOptions
) -> bool:
    if step.migration.forward is None:
        return False
    if wanted is not None:
        return wanted(step.migration)
    if there is not None:
        return options.over
    partner = None if pairs is None else pairs.partners.get(step.migration)
    return pairs is None or partner is not None or step.migration not in pairs.served


class _Memory:
    """What one migration leaves to the next: the database of the schema, and in what both schemas differ."""

    def __init__(self, target: Dialect) -> None:
        self.trials = Trials()
        self._target = target
        self._last: tuple[Schema, Schema, tuple[str, ...]] | None = None

    def new_differences(self, step: Step, before: Schema, after: Schema) -> tuple[str, ...]:
        """Return what differs between both schemas after a migration, and did not before, in words."""
        old = set(self._differences(step.before, before))
        return tuple(item for item in self._differences(step.after, after) if item not in old)

    def _differences(self, own: Schema, other: Schema) -> tuple[str, ...]:
        if self._last is None or self._last[0] is not own or self._last[1] is not other:
            one, two = (own, other) if self._target is Dialect.SQLITE else (other, own)
            self._last = own, other, tuple(map(_words, differences(one, two)))
        return self._last[2]


def _ported(
    history: History,
    step: Step,
    before: Schema,
    there: Step | None,
    pairs: Variants | None,
    options: PortOptions,
    memory: _Memory,
) -> PortedMigration:
    script = _script(step, before, options, memory.trials)
    differing = memory.new_differences(step, before, script.after)
    back = None if step.migration.rollback is None else partial(_back, step, script, options)
    item = PortedMigration(
        history, step.migration, script, differing=differing, back=back, rows_back=changes_rows(step)
    )
    if there is not None:
        forward = there.migration.forward
        if not options.over:
            path = "" if forward is None else f", {forward.path}"
            return replace(item, problem=f"it has a variant{path}", exists=True)
        if forward is not None:
            text = f"\n{script.text}" if forward.span.start else script.text
            return replace(item, edit=FileEdit(forward.path, forward.file, forward.span, text))
    place = place_variant(history, step.migration, options.target, pairs, script.parts)
    if isinstance(place, NoVariantPlace):
        return replace(item, problem=place.reason)
    return replace(item, edit=place)


def _back(step: Step, script: PortedScript, options: PortOptions) -> PortedBack:
    """Return the rollback of a migration for the other engine, statement by statement."""
    assert step.migration.rollback is not None
    back = _script(as_forward(step), script.after, replace(options, repeatable=lambda _: True), None)
    once = step.verdict.rollback_idempotent is not True
    own = assess(step)
    return PortedBack(back, step.migration.rollback.path, changes_rows(step), once, own.missing, own.lost)


def _script(step: Step, before: Schema, options: PortOptions, trials: Trials | None) -> PortedScript:
    if options.target is Dialect.SQLITE:
        own = learned(step.before, before, options.target)
        types = TypeChoices(options.target, {**own, **options.types})
        forward = step.migration.forward
        repeatable = forward is not None and options.repeatable(forward.path)
        return port_to_sqlite(step, before, types, options.version, trials, repeatable=repeatable)
    own = learned(before, step.before, options.target)
    return port_to_postgres(step, before, TypeChoices(options.target, {**own, **options.types}))


def _words(item: ParityDifference) -> str:
    own = f"{item.table}({', '.join(item.parts)})" if item.parts else item.table
    postgres, sqlite = item.postgres, item.sqlite
    values = f": {postgres} and {sqlite}" if postgres and postgres != sqlite else ""
    return f"{item.kind} of {own} differs{values}" if values else f"{item.kind} {own} is in one variant only"


def without_followers(ported: Sequence[PortedMigration]) -> list[PortedMigration]:
    """Return the variants; those that come after one that is not written are not written either."""
    broken: dict[int, str] = {}
    found = []
    for item in ported:
        if item.problem is not None and not item.exists:
            broken.setdefault(id(item.history), item.migration.version)
        elif item.edit is not None and id(item.history) in broken:
            problem = f"the variant of {broken[id(item.history)]} comes before it, and is not written"
            found.append(replace(item, edit=None, problem=problem))
            continue
        found.append(item)
    return found


def read_back(
    ported: Sequence[PortedMigration], found: Discovered, pair: Callable[[Sequence[History]], Sequence[Variants]]
) -> list[PortedMigration]:
    """Return the variants as they are read after writing; one that is not read as a variant is not written."""
    partners: dict[tuple[str, str], tuple[History, Migration]] = {}
    for both in pair(found.histories):
        for one, other in both.partners.items():
            if one.forward is not None:
                partners[one.forward.path, one.version] = (both.of(other.dialect), other)
    return without_followers([item if item.edit is None else _read(item, partners) for item in ported])


def _read(item: PortedMigration, partners: Mapping[tuple[str, str], tuple[History, Migration]]) -> PortedMigration:
    forward = item.migration.forward
    assert forward is not None and item.edit is not None
    found = partners.get((forward.path, item.migration.version))
    script = None if found is None else found[1].forward
    if found is None or script is None or script.path != item.edit.path:
        engine = item.migration.dialect.value
        reason = (
            f"{item.edit.path} would not be read as a variant of {item.migration.version}; "
            f'set `dialect = "{engine}"` if no name specifies the engine, or print it with --stdout'
        )
        return replace(item, edit=None, problem=reason)
    return replace(item, variant=found)
