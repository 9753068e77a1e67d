"""Dispatch of the enabled rules, scope by scope, in the order of their codes.

A history has thousands of steps, each relevant to few rules: `Rule.on` determines which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.msgpack import encode

from miglint.base.errors import MiglintError
from miglint.base.findings import FAMILIES
from miglint.base.model import Dialect, Migration, Script, SourceFile, Span
from miglint.base.structs import Struct
from miglint.linter.proposed_fix import ProposedFix
from miglint.replay.steps import ForwardPass, Passage, Step
from miglint.rules.definition import Context, GatheredPass, Hit, Rule
from miglint.rules.internal import RULE_CRASHED
from miglint.rules.selection import Selection
from miglint.rules.support.scripts import operations_of
from miglint.sql.operations import Operation

if TYPE_CHECKING:
    from miglint.rules.execution.outcomes import Executed


class PlacedHit(Struct, frozen=True):
    """A hit with its rule and its migration; `proposed` is its fix, as long as that of its history is not known."""

    rule: Rule
    hit: Hit
    migration: Migration | None = None
    proposed: ProposedFix | None = None


class BoundRule(NamedTuple):
    """A rule's check as a function of the subject alone: targets and options are bound."""

    rule: Rule
    check: Callable[[Any], Iterable[Hit]]
    context: Context


class RuleDispatcher:
    """The enabled rules, each bound to its targets and options."""

    def __init__(self, chosen: Selection, targets: Mapping[str, tuple[int, ...]]) -> None:
        self.rules = chosen.registry.rules
        self._crash = self.rules[RULE_CRASHED]
        # By scope and dialect; rules independent of dialects are under "".
        self._scopes: dict[tuple[str, str], list[BoundRule]] = defaultdict(list)
        for code in sorted(chosen.enabled):
            rule = self.rules[code]
            context = Context(targets, chosen.options[code])
            bound = BoundRule(rule, rule.call(context), context)
            for dialect in ("", *rule.dialects):
                self._scopes[rule.scope, dialect].append(bound)
        self._steps: dict[str, StepRuleIndex] = {}

    @property
    def about_scripts(self) -> bool:
        """Whether a rule reads the text of scripts."""
        return any(bound for (scope, _), bound in self._scopes.items() if scope == "script")

    def about_histories(self, dialect: Dialect) -> bool:
        """Return whether any rule checks whole histories by their passages."""
        return any(bound.rule.gather is None for bound in self._scopes["history", dialect.value])

    @property
    def about_variants(self) -> bool:
        """Whether a rule compares the variants of a history for two engines."""
        return bool(self._scopes["variants", ""])

    def step(self, step: Step) -> list[PlacedHit]:
        """Call the rules for one step."""
        migration = step.migration
        placed: list[PlacedHit] = []
        dialect = migration.dialect.value
        index = self._steps.get(dialect)
        if index is None:
            index = self._steps[dialect] = StepRuleIndex(self._scopes["step", dialect])
        for bound in index.rules_for(step):
            self._call(placed, bound, step, migration)
        return placed

    def history(self, passages: list[Passage]) -> list[PlacedHit]:
        """Call the rules for a history as a whole."""
        placed: list[PlacedHit] = []
        migration = passages[0].migration
        for bound in self._scopes["history", migration.dialect.value]:
            if bound.rule.gather is None:
                self._call(placed, bound, passages, migration)
        return placed

    def gather(self, passage: ForwardPass, *, first: bool) -> dict[str, bytes]:
        """Return what rules about whole histories need to know of a migration, by their codes, encoded.

        `first` says whether it is the first one of its history.
        """
        found: dict[str, bytes] = {}
        for bound in self._scopes["history", passage.migration.dialect.value]:
            if bound.rule.gather is not None:
                try:
                    facts = bound.rule.gather(passage, bound.context, first)
                    encoded = None if facts is None else encode(facts)
                # Reported when the rule is called: a text is the error.
                except Exception as error:
                    encoded = encode(f"{type(error).__name__}: {error}")
                if encoded is not None:
                    found[bound.rule.code] = encoded
        return found

    def gathered(self, migrations: Sequence[tuple[Migration, Mapping[str, bytes]]]) -> list[PlacedHit]:
        """Call the rules for a history as a whole with what `gather` returned of its migrations."""
        placed: list[PlacedHit] = []
        migration = migrations[0][0]
        for bound in self._scopes["history", migration.dialect.value]:
            if bound.rule.gather is not None:
                code = bound.rule.code
                steps = [GatheredPass(one, encoded[code]) for one, encoded in migrations if code in encoded]
                self._call(placed, bound, steps, migration)
        return placed

    def scripts(self, migration: Migration, report_only: frozenset[str] | None) -> list[PlacedHit]:
        """Call the rules for the text of a migration's scripts, limited to the files in `report_only` (None: all).

        A text rule may take a tenth of a second per script.
        """
        placed: list[PlacedHit] = []
        for bound in self._scopes["script", migration.dialect.value]:
            for script in (migration.forward, migration.rollback):
                if script is not None and (report_only is None or script.path in report_only):
                    self._call(placed, bound, script, migration)
        return placed

    def without_unread(self, placed: Iterable[PlacedHit], report_only: frozenset[str] | None) -> Iterable[PlacedHit]:
        """Return the hits of a migration without those that `scripts` leaves out: an earlier run may have read more."""
        if report_only is None or not self.about_scripts:
            return placed
        codes = {bound.rule.code for (scope, _), rules in self._scopes.items() if scope == "script" for bound in rules}
        crashes = tuple(f"rule {code} " for code in codes)
        return [
            item
            for item in placed
            if item.hit.file.path in report_only
            or not (item.rule.code in codes or (item.rule is self._crash and item.hit.message.startswith(crashes)))
        ]

    def reads_all(self, migration: Migration, report_only: frozenset[str] | None) -> bool:
        """Return whether no text of a migration is left out that a rule would read, as `scripts` leaves it out."""
        if report_only is None or not self.about_scripts:
            return True
        scripts = (migration.forward, migration.rollback)
        return all(script is None or script.path in report_only for script in scripts)

    def outside(self, migration: Migration) -> list[str] | None:
        """Return what rules about the text of a migration's scripts depend on besides it; None if not all is known."""
        found = []
        for bound in self._scopes["script", migration.dialect.value]:
            for script in (migration.forward, migration.rollback):
                if script is not None:
                    text = None if bound.rule.outside is None else bound.rule.outside(script, bound.context)
                    if text is None:
                        return None
                    found.append(text)
        return found

    def executed(self, run: Executed) -> list[PlacedHit]:
        """Call the rules for one migration with dry run results."""
        migration = run.step.migration
        placed: list[PlacedHit] = []
        for bound in self._scopes["executed", migration.dialect.value]:
            self._call(placed, bound, run, migration)
        return placed

    def others(self, scope: str, subject: object) -> list[PlacedHit]:
        """Call the rules of a scope without a migration: `project`, `variants`, `directives`."""
        placed: list[PlacedHit] = []
        for bound in self._scopes[scope, ""]:
            self._call(placed, bound, subject, None)
        return placed

    def _call(self, placed: list[PlacedHit], bound: BoundRule, subject: Any, migration: Migration | None) -> None:
        rule = bound.rule
        try:
            for hit in bound.check(subject):
                placed.append(PlacedHit(rule, hit, migration))
        # An invalid configuration of a library is an input error, as miglint's own is.
        except MiglintError:
            raise
        # All other errors are caught, so that the other rules still run.
        except Exception as error:
            placed.append(PlacedHit(self._crash, _crash(rule, error, migration, subject), migration))


class StepRuleIndex:
    """The rules to call for a step, by `Rule.on`."""

    def __init__(self, rules: list[BoundRule]) -> None:
        self._always = [bound for bound in rules if bound.rule.on is None]
        self._by_type = [(bound, bound.rule.on) for bound in rules if isinstance(bound.rule.on, tuple)]
        # Functions that return the codes of the rules to call in a family, with those rules by code.
        self._finders: dict[Callable[[Step], Collection[str]], dict[str, BoundRule]] = defaultdict(dict)
        for bound in rules:
            if bound.rule.on is not None and not isinstance(bound.rule.on, tuple):
                self._finders[bound.rule.on][bound.rule.code] = bound
        self._known: dict[frozenset[type[Operation]], list[BoundRule]] = {}

    def rules_for(self, step: Step) -> list[BoundRule]:
        """Return the rules to call for a step, in the order of their codes."""
        types = _types(step)
        known = self._known.get(types)
        if known is None:
            fitting = [bound for bound, wanted in self._by_type if not types.isdisjoint(wanted)]
            known = self._known[types] = sorted([*self._always, *fitting], key=_code)
        found: list[BoundRule] = []
        for find, rules in self._finders.items():
            try:
                codes: Collection[str] = find(step)
            # Its rules raise the same error when they are called, where it is reported.
            except Exception:
                codes = rules
            found += [rules[code] for code in codes if code in rules]
        return sorted([*known, *found], key=_code) if found else known


_code = attrgetter("rule.code")


def _types(step: Step) -> frozenset[type[Operation]]:
    """Return the types of all operations of a step: in the scripts, and executed."""
    found = {type(operation) for _, _, operation in operations_of(step)}
    # Effects of a called function are not in the statement itself.
    for run in (step.forward, step.rollback):
        if run is not None:
            found.update(type(moment.operation) for moment in run.moments)
    return frozenset(found)


def _crash(rule: Rule, error: Exception, migration: Migration | None, subject: object) -> Hit:
    first = None if migration is None else migration.forward or migration.rollback
    script = subject if isinstance(subject, Script) else first
    file = SourceFile("", "") if script is None else script.file
    span = Span(0, 0) if script is None else Span(script.span.start, script.span.start)
    detail = " ".join(str(error).split())[:200]
    message = f"rule {rule.code} ({rule.name}) crashed: {type(error).__name__}{': ' if detail else ''}{detail}"
    if rule.needs is not None:
        help = f"Its configuration may have a value that {rule.needs[0]} does not support."
    elif rule.family not in FAMILIES:
        help = "This is an error in one of your own rules."
    else:
        help = "This is a bug in miglint: please report it."
    help += " Its other findings are missing; all other rules were run."
    return Hit(file, span, message, help, script)
