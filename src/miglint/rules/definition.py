"""The structure of a rule: a function, with a decorator that has its metadata.

    @rule("TXN012", "set-session-role", Severity.WARNING, "SET ROLE outlives the script", on=(ops.SetVariable,))
    def set_role(step: Step) -> Iterator[Hit]:
        for applied, setting in effective(step, ops.SetVariable):
            if setting.name == "role":
                yield applied.hit(f"the session keeps the role {setting.values[0]}", "Write `SET LOCAL ROLE ...`.")

The function is called once per subject of its `scope` and returns hits:

| scope | subject | called for |
|---|---|---|
| `step` | `replay.steps.Step` | each migration: both scripts, the schemas around them, the outcome of four runs |
| `history` | `list[ForwardPass]` | each history: the forward scripts, each run once |
| `history`, with `gather` | `list[GatheredPass]` | the same, of each script only what `gather` returned of it |
| `variants` | `replay.variants.VariantPair` | two histories that are one for two engines |
| `project` | `Discovered` | all files that were found |
| `branch` | `BranchComparison` | the changes since a branch parted from its base, with `--since` |
| `script` | `Script` | the text of each script |
| `executed` | `Executed` | each migration that was executed by a dry run |
| `reruns` | `tuple[UnguardedHistory, ...]` | the histories that need a tool which runs each script once |
| `directives` | `Remarks` | the suppression comments of all files |

It declares the parameters that it uses, in any number: the subject (whatever its name), `context` (`Context`: targets
and options), and `cases` (what the function that `on` names found for this rule). They are resolved once, here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.msgpack import decode

from miglint.base.findings import FAMILIES, Fix, Severity
from miglint.base.model import Migration, Script, SourceFile, Span
from miglint.base.structs import Struct, field
from miglint.replay.runner_guarantees import Guarantee

if TYPE_CHECKING:
    from miglint.replay.steps import ForwardPass, Step
    from miglint.sql.operations import Operation

Check = TypeVar("Check", bound=Callable[..., "Iterable[Hit]"])

# Types of operation, one of which a step must hold; or a function that returns the codes of the rules that have
# something to report about a step, usually with the cases of each.
On = tuple["type[Operation]", ...] | Callable[["Step"], Collection[str]]

# What a rule about whole histories needs to know of one migration, as strings, numbers, truth values, None and lists of
# these; None if it is nothing. The last argument says whether it is the first migration of the history.
Gather = Callable[["ForwardPass", "Context", bool], Any]

Outside = Callable[["Script", "Context"], "str | None"]

SUBJECT, CONTEXT, CASES = "subject", "context", "cases"
_SCOPES = frozenset(
    {"step", "history", "variants", "project", "branch", "script", "executed", "directives", "reruns", "internal"}
)


class Alike(Struct, frozen=True):
    """How hits of one rule in one pair are reported as one where they are many.

    `heading` is the message before the list, with `{}` for their number; `name` is what this hit is about; `ending`
    follows the list.
    """

    heading: str
    name: str
    ending: str = ""


class PairDifference(Struct, frozen=True):
    """What a pair leaves different, as values that can be compared with what other pairs of the history leave.

    `subject` names the object and the property; `before` and `after` are its values as text, None where it is not set
    or not there. `by_rollback`: the forward does not touch it.
    """

    subject: tuple[str, ...]
    before: str | None
    after: str | None
    by_rollback: bool


class Hit(Struct, frozen=True):
    """What a rule reports. `file` and `span` say where; `script` is set when it is in a script of a migration.

    `severity` overrides the rule's own (a hazard that is milder here). `evidence` is `static` unless it was executed.
    `summarized`: in a report about all migrations another finding replaces it.
    `guarantee` is what the tools do that may run the script, where a rule is `about_reruns`.
    `alike` is set where one oversight of the author may cause many hits; `difference` where the hit is about one.
    """

    file: SourceFile
    span: Span
    message: str
    help: str = ""
    script: Script | None = None
    severity: Severity | None = None
    fix: Fix | None = None
    evidence: str = "static"
    version: str | None = None
    guarantee: Guarantee | None = None
    summarized: bool = False
    alike: Alike | None = None
    difference: PairDifference | None = None


class GatheredPass(Struct, frozen=True, gc=False):
    """What a rule about whole histories has gathered of one migration: plain values, which a cache may keep.

    They are `encoded` until a rule looks at them: those of all migrations take as much memory as the hits.
    """

    migration: Migration
    encoded: bytes

    @property
    def facts(self) -> Any:
        """The values, decoded. Raises `RuntimeError` if gathering them has failed: the error is kept as a text."""
        facts = decode(self.encoded)
        if isinstance(facts, str):
            raise RuntimeError(facts)
        return facts


class Context(Struct, frozen=True):
    """What a rule may know besides its subject: targets and settings of the run.

    `targets` maps a dialect to its lowest version as a tuple (`{"postgres": (14,), "sqlite": (3, 35)}`).
    `settings` is the rule's own table of the configuration.
    """

    targets: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)


class Rule(Struct, frozen=True):
    """A rule with its metadata.

    `on` limits the steps that it is called for (None: all). `dialects` are those it applies to; `default` whether it is
    enabled when nothing is selected; `aliases` the names of the same hazard elsewhere, as `tool:name`.
    `options` are the keys that `[tool.miglint.rules.CODE]` may hold, with their defaults; a value must have the
    default's type (a tuple stands for a list). `objection` returns what else is wrong with a value, or None.
    `needs` is the library that the rule requires, by the name to import, and the extra of miglint that installs it.
    `once_per_script`: all hits in a script make one finding, at the worst, which names the other lines.
    `milder_in_rollback`: a finding in a rollback has one severity less.
    `about_reruns`: it is about a second run of a script, which some migration tools make impossible.
    `always`: selecting others does not turn it off, since what was not read was not checked by them; ignoring it does.
    `takes` are the parameters of `check`. `gather` is set for a rule about whole histories that needs little of each
    migration: it is then given that instead of the schemas and statements, and may be run on cached values.
    `outside` is set for a rule about the text of a script whose hits may be kept: it returns what they depend on
    besides the script, None if not all of that is known.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    check: Callable[..., Iterable[Hit]]
    on: On | None = None
    scope: str = "step"
    dialects: tuple[str, ...] = ("postgres", "sqlite")
    default: bool = True
    fixable: bool = False
    aliases: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    objection: Callable[[object], str | None] | None = None
    needs: tuple[str, str] | None = None
    once_per_script: bool = False
    milder_in_rollback: bool = False
    about_reruns: bool = False
    always: bool = False
    takes: tuple[str, ...] = (SUBJECT, CONTEXT)
    gather: Gather | None = None
    outside: Outside | None = None

    @property
    def family(self) -> str:
        """The three letters of its family."""
        return self.code[:3]

    @property
    def category(self) -> str:
        """The family's long name; a team's own family has none but its letters."""
        return FAMILIES.get(self.family, self.family.lower())

    def call(self, context: Context) -> Callable[[Any], Iterable[Hit]]:
        """Return the check as a function of its subject alone."""
        check = self.check
        if self.takes == (SUBJECT,):
            return check
        if self.takes == (SUBJECT, CONTEXT):
            return lambda subject: check(subject, context)

        def called(subject: Any) -> Iterable[Hit]:
            values = {SUBJECT: subject, CONTEXT: context}
            if CASES in self.takes:
                values[CASES] = self._cases(subject)
            return check(*(values[name] for name in self.takes))

        return called

    def _cases(self, step: Step) -> object:
        found = self.on(step) if callable(self.on) else {}
        return found.get(self.code, ()) if isinstance(found, Mapping) else ()


# Rules in the order in which their modules were imported. Which of them a check uses is for a `Registry` to say.
_declared: list[Rule] = []


def rule(
    code: str,
    name: str,
    severity: Severity,
    summary: str,
    *,
    on: On | None = None,
    scope: str = "step",
    dialects: tuple[str, ...] = ("postgres", "sqlite"),
    default: bool = True,
    fixable: bool = False,
    aliases: tuple[str, ...] = (),
    options: Mapping[str, object] | None = None,
    objection: Callable[[object], str | None] | None = None,
    needs: tuple[str, str] | None = None,
    once_per_script: bool = False,
    milder_in_rollback: bool = False,
    about_reruns: bool = False,
    always: bool = False,
    gather: Gather | None = None,
    outside: Outside | None = None,
) -> Callable[[Check], Check]:
    """Declare the function below to be a rule; `Rule` says what the arguments mean.

    Raises `ValueError` for an unknown scope and for a parameter that no rule is given.
    """
    if scope not in _SCOPES:
        raise ValueError(f"rule {code} ({name}): there is no scope `{scope}`: use one of {', '.join(sorted(_SCOPES))}")

    def declare(check: Check) -> Check:
        takes = _parameters(check)
        if CASES in takes and not callable(on):
            raise ValueError(f"rule {code} ({name}): the parameter `{CASES}` requires a function as `on`")
        _declared.append(
            Rule(
                code,
                name,
                severity,
                summary,
                check,
                on,
                scope,
                dialects,
                default,
                fixable,
                aliases,
                options or {},
                objection,
                needs,
                once_per_script,
                milder_in_rollback,
                about_reruns,
                always,
                takes,
                gather,
                outside,
            )
        )
        return check

    return declare


def hazard(
    code: str,
    name: str,
    severity: Severity,
    summary: str,
    *,
    on: On | None = None,
    scope: str = "step",
    dialects: tuple[str, ...] = ("postgres", "sqlite"),
    default: bool = True,
    fixable: bool = False,
    aliases: tuple[str, ...] = (),
    options: Mapping[str, object] | None = None,
    objection: Callable[[object], str | None] | None = None,
) -> Callable[[Check], Check]:
    """Declare a rule about what one script does to a live database and the application that uses it.

    It reports a script once, and milder in a rollback, which is run rarely and with people watching.
    """
    return rule(
        code,
        name,
        severity,
        summary,
        on=on,
        scope=scope,
        dialects=dialects,
        default=default,
        fixable=fixable,
        aliases=aliases,
        options=options,
        objection=objection,
        once_per_script=True,
        milder_in_rollback=True,
    )


def _parameters(check: Callable[..., object]) -> tuple[str, ...]:
    """Return what each parameter of a check stands for; inspect.signature would cost 5 ms at start-up."""
    code = getattr(check, "__code__", None)
    if code is None or code.co_flags & 0x04:
        # A callable object, or `*args`: the subject and the context.
        return SUBJECT, CONTEXT
    names = code.co_varnames[: code.co_argcount]
    required = code.co_argcount - len(getattr(check, "__defaults__", None) or ())
    if getattr(check, "__self__", None) is not None:
        names, required = names[1:], required - 1
    takes: list[str] = []
    for number, name in enumerate(names):
        if name in (CONTEXT, CASES):
            takes.append(name)
        elif SUBJECT not in takes:
            takes.append(SUBJECT)
        elif number >= required:
            break
        elif CONTEXT not in takes:
            # The context goes by any name in second place.
            takes.append(CONTEXT)
        else:
            raise ValueError(f"{check}: unknown parameter `{name}`: a rule takes a subject, `{CONTEXT}` and `{CASES}`")
    return tuple(takes)


def declarations() -> Sequence[Rule]:
    """Return all rules that were declared in this process so far, those of other checks among them."""
    return _declared
