"""The rules that are on, asked scope by scope; what they say comes with the rule and the migration it is about.

A history has thousands of steps, and each holds something for few of the rules. Those that say so beforehand
(`Rule.on`) are asked about no other steps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from miglint.base.errors import MiglintError
from miglint.base.model import Dialect, Migration, Script, SourceFile, Span
from miglint.base.structs import Struct
from miglint.replay.steps import Passage, Step
from miglint.rules.internal import RULE_CRASHED
from miglint.rules.registry import Context, Hit, Rule
from miglint.rules.selection import Selection
from miglint.rules.support.clauses import operations_of
from miglint.sql.operations import Operation

if TYPE_CHECKING:
    from miglint.rules.execution.outcomes import Executed


class Placed(Struct, frozen=True):
    """A hit with the rule that made it and the migration that it came from."""

    rule: Rule
    hit: Hit
    migration: Migration | None = None


class Turn(NamedTuple):
    """A rule with what it may know: rules are asked in the order of their codes."""

    rule: Rule
    context: Context


class Asked:
    """The rules that are on, each with its context, asked scope by scope."""

    def __init__(self, chosen: Selection, targets: Mapping[str, tuple[int, ...]]) -> None:
        self.rules = chosen.names.rules
        self._crash = self.rules[RULE_CRASHED]
        # By scope and dialect; what is about no dialect is under "".
        self._scopes: dict[tuple[str, str], list[Turn]] = defaultdict(list)
        for code in sorted(chosen.enabled):
            rule = self.rules[code]
            for dialect in ("", *rule.dialects):
                self._scopes[rule.scope, dialect].append(Turn(rule, Context(targets, chosen.options[code])))
        self._steps: dict[str, _Agenda] = {}

    @property
    def about_scripts(self) -> bool:
        """Whether a rule looks at the text of scripts."""
        return any(turns for (scope, _), turns in self._scopes.items() if scope == "script")

    def about_histories(self, dialect: Dialect) -> bool:
        """Tell whether a rule looks at histories as a whole."""
        return bool(self._scopes["history", dialect.value])

    @property
    def about_variants(self) -> bool:
        """Whether a rule looks at the variants of a history for two engines."""
        return bool(self._scopes["variants", ""])

    def step(self, step: Step) -> list[Placed]:
        """Ask the rules about one step."""
        migration = step.migration
        placed: list[Placed] = []
        dialect = migration.dialect.value
        agenda = self._steps.get(dialect)
        if agenda is None:
            agenda = self._steps[dialect] = _Agenda(self._scopes["step", dialect])
        for turn in agenda.of(step):
            self._ask(placed, turn, step, migration)
        return placed

    def history(self, passages: list[Passage]) -> list[Placed]:
        """Ask the rules about a history as a whole."""
        placed: list[Placed] = []
        migration = passages[0].migration
        for turn in self._scopes["history", migration.dialect.value]:
            self._ask(placed, turn, passages, migration)
        return placed

    def scripts(self, migration: Migration, told: frozenset[str] | None) -> list[Placed]:
        """Ask about the text of a migration's scripts, of those alone in the files that will be `told` of (None: all).

        What is asked about text may take a tenth of a second for each.
        """
        placed: list[Placed] = []
        for turn in self._scopes["script", migration.dialect.value]:
            for script in (migration.forward, migration.rollback):
                if script is not None and (told is None or script.path in told):
                    self._ask(placed, turn, script, migration)
        return placed

    def executed(self, run: Executed) -> list[Placed]:
        """Ask the rules about one migration that was executed."""
        migration = run.step.migration
        placed: list[Placed] = []
        for turn in self._scopes["executed", migration.dialect.value]:
            self._ask(placed, turn, run, migration)
        return placed

    def others(self, scope: str, subject: object) -> list[Placed]:
        """Ask the rules of a scope that is about no migration: `project`, `variants`, `directives`."""
        placed: list[Placed] = []
        for turn in self._scopes[scope, ""]:
            self._ask(placed, turn, subject, None)
        return placed

    def _ask(self, placed: list[Placed], turn: Turn, subject: Any, migration: Migration | None) -> None:
        try:
            for hit in turn.rule.check(subject, turn.context):
                placed.append(Placed(turn.rule, hit, migration))
        # A library's configuration that cannot be used is for people to mend, as ours is.
        except MiglintError:
            raise
        # Everything is caught: a rule that breaks down must not take the other answers with it.
        except Exception as error:
            placed.append(Placed(self._crash, _crash(turn.rule, error, migration, subject), migration))


class _Agenda:
    """Which rules to ask about a step, by what the step holds."""

    def __init__(self, turns: list[Turn]) -> None:
        self._always = [turn for turn in turns if turn.rule.on is None]
        self._by_type = [(turn, turn.rule.on) for turn in turns if isinstance(turn.rule.on, tuple)]
        # What finds out for a family which of its rules have something to say, with those rules by code.
        self._finders: dict[Callable[[Step], Collection[str]], dict[str, Turn]] = defaultdict(dict)
        for turn in turns:
            if turn.rule.on is not None and not isinstance(turn.rule.on, tuple):
                self._finders[turn.rule.on][turn.rule.code] = turn
        self._known: dict[frozenset[type[Operation]], list[Turn]] = {}

    def of(self, step: Step) -> list[Turn]:
        """Return the rules to ask about a step, in order."""
        types = _types(step)
        known = self._known.get(types)
        if known is None:
            fitting = [turn for turn, wanted in self._by_type if not types.isdisjoint(wanted)]
            known = self._known[types] = sorted([*self._always, *fitting], key=_code)
        found: list[Turn] = []
        for find, turns in self._finders.items():
            try:
                codes: Collection[str] = find(step)
            # Its rules will meet the same error, and then it is told.
            except Exception:
                codes = turns
            found += [turns[code] for code in codes if code in turns]
        return sorted([*known, *found], key=_code) if found else known


_code = attrgetter("rule.code")


def _types(step: Step) -> frozenset[type[Operation]]:
    """Return the types of all operations of a step: those that were written, and those that ran."""
    found = {type(operation) for _, _, operation in operations_of(step)}
    # What a function that is called does is not written in the statement.
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
    message = f"rule {rule.code} ({rule.name}) broke down here: {type(error).__name__}{': ' if detail else ''}{detail}"
    help = "This is a bug of miglint, please report it. The rule said nothing here."
    if rule.needs is not None:
        help = f"Its configuration may hold what {rule.needs[0]} cannot use. The rule may have more to say here."
    return Hit(file, span, message, help, script)
