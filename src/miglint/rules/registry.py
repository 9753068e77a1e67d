"""The rules: their metadata, and the registry that the commands read.

A rule is a function with its metadata beside it:

    @rule("IDM001", "create-table-unguarded", Severity.ERROR, "CREATE TABLE fails when it is run again")
    def create_table_unguarded(step: Step, context: Context) -> Iterator[Hit]:
        ...

It is called once per step of a history and yields hits. A rule that looks at a history as a whole takes
`scope="history"` and is called once per history with its passages (`miglint.replay.steps.Passage`: the forwards, each
run once); `scope="project"` rules see what discovery saw, `scope="variants"` rules two histories that are one for two
engines (`miglint.replay.variants.Both`), and `scope="script"` rules each script that was asked for, as it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from miglint.base.findings import Fix, Severity
from miglint.base.model import Script, SourceFile, Span
from miglint.base.structs import Struct, field

if TYPE_CHECKING:
    from miglint.replay.steps import Step
    from miglint.sql.operations import Operation

# When a rule has something to say: types of operation, one of which the step must hold; or what gives the codes of the
# rules that have something to say about a step, where a family finds that out for all of its rules at once.
On = tuple["type[Operation]", ...] | Callable[["Step"], Collection[str]]


class Hit(Struct, frozen=True):
    """What a rule found. `file` and `span` say where; `script` is set when it is in a script of a migration.

    `severity` overrides the rule's own (a hazard that is milder here). `evidence` is `static` unless it was executed.
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


class Rule(Struct, frozen=True):
    """A rule and what people can say about it.

    `on` says about which steps it has to be asked (None: about all). `dialects` are those it speaks about; `default`
    whether it is on when nothing is selected; `aliases` the names of the same hazard elsewhere, as `tool:name`. `scope`
    is `step`, `script`, `history`, `project`, `variants`, `executed`, `directives` or `internal`.
    `options` are the keys that `[tool.miglint.rules.CODE]` may hold, with their defaults; what is given there must have
    the default's type (a tuple stands for a list). `objection` says what else is wrong with a value, or None.
    `needs` is the library that it cannot do without, by the name to import, and the extra of miglint that brings it.
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

    @property
    def family(self) -> str:
        """The three letters of its family."""
        return self.code[:3]


class Context(Struct, frozen=True):
    """What a rule may know besides the step: targets and settings of the run.

    `targets` maps a dialect to its lowest version as a tuple (`{"postgres": (14,), "sqlite": (3, 35)}`).
    `settings` is the rule's own table of the configuration.
    """

    targets: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)


_RULES: dict[str, Rule] = {}
_NAMES: set[str] = set()


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
) -> Callable[[Callable[..., Iterable[Hit]]], Callable[..., Iterable[Hit]]]:
    """Register the function below as a rule. A code or name that is taken raises `ValueError` at import."""

    def register(check: Callable[..., Iterable[Hit]]) -> Callable[..., Iterable[Hit]]:
        if code in _RULES or name in _NAMES:
            raise ValueError(f"rule {code} ({name}) is registered twice")
        _NAMES.add(name)
        _RULES[code] = Rule(
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
        )
        return check

    return register


def rules() -> dict[str, Rule]:
    """Return all registered rules by code, in order of code."""
    return dict(sorted(_RULES.items()))
