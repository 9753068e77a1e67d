"""Which rules are on, and what each of them is told: names of all kinds become rules here.

A rule is named by its code (`IDM003`), its name, its family (`IDM`, `idempotency`), an alias (`squawk:ban-drop-table`)
or `ALL`. The more exact name wins: `ignore = ["IDM"]` and `extend-select = ["IDM003"]` leave IDM003 on.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import translate
from re import Pattern
from re import compile as compile_pattern

from miglint.base.errors import UsageError
from miglint.base.findings import FAMILIES, Finding, Severity
from miglint.base.structs import Struct, field
from miglint.config.settings import Settings
from miglint.config.toml_table import ConfigError, kind_of, nearest
from miglint.rules import load
from miglint.rules.plugins import BUILT_IN, load_own
from miglint.rules.registry import Rule, rules

ALL = "ALL"
# A rollback is run rarely, and by hand: what is dangerous in a forward is one step milder there.
_SAFETY = frozenset({"LCK", "BWC", "TYP"})
_FIRST_OF_ONE_SCRIPT = "DAT020"
_MILDER = {Severity.ERROR: Severity.WARNING, Severity.WARNING: Severity.INFO, Severity.INFO: Severity.INFO}
_CODE_LENGTH = 7
_FAMILY_OF = {long: short for short, long in FAMILIES.items()}


def load_rules(settings: Settings | None = None) -> dict[str, Rule]:
    """Import every module of rules, and those that the settings name, and return all rules by code."""
    load()
    if settings is not None and settings.own_rules:
        load_own(settings)
    return rules()


class Names(Struct, frozen=True):
    """All the names that rules go by."""

    rules: Mapping[str, Rule]
    by_name: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, known: Mapping[str, Rule]) -> Names:
        """Collect the names of rules, families and aliases."""
        names: dict[str, set[str]] = {ALL.lower(): set(known)}
        for short, long in FAMILIES.items():
            names[short.lower()] = names[long] = {code for code in known if code.startswith(short)}
        for code, rule in known.items():
            names[code.lower()] = names[rule.name] = {code}
        for code, rule in known.items():
            for alias in rule.aliases:
                names.setdefault(alias.lower(), set()).add(code)
        return cls(known, {name: frozenset(codes) for name, codes in names.items()})

    def resolve(self, name: str) -> frozenset[str] | None:
        """Return the codes that `name` stands for, or None when nothing is called that."""
        return self.by_name.get(name.strip().lower())

    def nearest(self, name: str) -> str:
        """Return a hint at the name that was meant, if one resembles it."""
        word = name.strip()
        # What is as short as a code is a code; the rest resembles names.
        codes = nearest(word.upper(), [*self.rules, *FAMILIES]) if len(word) <= _CODE_LENGTH else ""
        return codes or nearest(word.lower(), [known for known in self.by_name if len(known) > _CODE_LENGTH])

    def rank(self, name: str) -> int:
        """Return how exact a name is: 2 for one rule, 1 for a family, 0 for all."""
        word = name.strip().lower()
        if word == ALL.lower():
            return 0
        return 1 if word.upper() in FAMILIES or word in _FAMILY_OF else 2

    def require(self, name: str, place: str) -> frozenset[str]:
        """Return the codes that `name` stands for; stop the run when nothing is called that."""
        codes = self.resolve(name)
        if codes is None:
            hint = self.nearest(name) or ": `miglint rules` lists them"
            raise ConfigError(f"{place}no rule is called `{name}`{hint}")
        return codes


def _is_about_safety(code: str) -> bool:
    """Return whether a rule is about a script by itself, and not about the pair of scripts."""
    family = code[:3]
    return family in _SAFETY or family not in BUILT_IN or (family == "DAT" and code >= _FIRST_OF_ONE_SCRIPT)


class Override(Struct, frozen=True):
    """What the settings say about the files that match a pattern."""

    pattern: Pattern[str]
    ignored: frozenset[str]
    severity: Mapping[str, Severity]


class Selection(Struct, frozen=True):
    """The rules that are on, the severities they have, and their options.

    `left_out` are those that `ALL` would turn on and that need a library that is not installed.
    """

    names: Names
    enabled: frozenset[str]
    severity: Mapping[str, Severity] = field(default_factory=dict)
    rollback_severity: Severity | None = None
    overrides: tuple[Override, ...] = ()
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    left_out: tuple[Rule, ...] = ()

    def severity_of(self, finding: Finding, path: str) -> Severity | None:
        """Return the severity that the settings give a finding, or None when they leave it out.

        `path` is the finding's path relative to the folder of the settings.
        """
        severity = self.severity.get(finding.code, finding.severity)
        if finding.direction == "rollback":
            if self.rollback_severity is not None:
                severity = min(severity, self.rollback_severity)
            elif finding.code not in self.severity and _is_about_safety(finding.code):
                severity = _MILDER[severity]
        for override in self.overrides:
            if override.pattern.match(path) is not None:
                if finding.code in override.ignored:
                    return None
                severity = override.severity.get(finding.code, severity)
        return severity


def select(settings: Settings, known: Mapping[str, Rule]) -> Selection:
    """Resolve all names of rules in the settings; stop the run at one that nothing is called."""
    names = Names.of(known)
    chosen = {code: 0 for code, rule in known.items() if rule.default} if not settings.select else {}
    for key, listed in (("select", settings.select), ("extend-select", settings.extend_select)):
        for name in listed:
            rank = names.rank(name)
            for code in names.require(name, settings.place(key)):
                chosen[code] = max(rank, chosen.get(code, rank))
    ignored: dict[str, int] = {}
    for name in settings.ignore:
        rank = names.rank(name)
        for code in names.require(name, settings.place("ignore")):
            ignored[code] = max(rank, ignored.get(code, rank))
    enabled = {code: rank for code, rank in chosen.items() if rank > ignored.get(code, -1)}
    without = [known[code] for code in sorted(enabled) if not _has_its_library(known[code])]
    for rule in without:
        if enabled.pop(rule.code) > names.rank(ALL):
            raise UsageError(missing(rule))
    overrides = []
    for number, item in enumerate(settings.per_path):
        place = settings.place("per-path", number, "ignore")
        left_out = frozenset(code for name in item.ignore for code in names.require(name, place))
        severity = _severities(names, item.severity, settings, "per-path", number, "severity")
        overrides += [Override(_pattern(glob), left_out, severity) for glob in item.paths]
    return Selection(
        names,
        frozenset(enabled),
        _severities(names, settings.severity, settings, "severity"),
        settings.rollback_severity,
        tuple(overrides),
        _options(names, settings),
        tuple(without),
    )


def _has_its_library(rule: Rule) -> bool:
    if rule.needs is None:
        return True
    from importlib.util import find_spec  # hardly a rule needs one

    return find_spec(rule.needs[0]) is not None


def missing(rule: Rule) -> str:
    """Say what a rule lacks, and how to get it."""
    library, extra = rule.needs or ("", "")
    return f"{rule.code} ({rule.name}) needs {library}, which is not installed: pip install 'miglint[{extra}]'"


def _severities(
    names: Names, given: Mapping[str, Severity], settings: Settings, *keys: str | int
) -> dict[str, Severity]:
    """Return severities by code; what names a rule more exactly is applied last."""
    found: dict[str, Severity] = {}
    for name in sorted(given, key=names.rank):
        for code in names.require(name, settings.place(*keys, name)):
            found[code] = given[name]
    return found


def _pattern(glob: str) -> Pattern[str]:
    """Compile a pattern for paths; a folder stands for all that is in it, a bare name for that name anywhere."""
    glob = glob.removeprefix("./").rstrip("/")
    source = translate(glob).removesuffix(r"\Z")
    head = "" if "/" in glob else "(?:.*/)?"
    return compile_pattern(rf"{head}{source}(?:/.*)?\Z")


def _options(names: Names, settings: Settings) -> dict[str, Mapping[str, object]]:
    """Return every rule's options: its defaults, and what the settings say of the right type."""
    options: dict[str, Mapping[str, object]] = {code: rule.options for code, rule in names.rules.items()}
    for name, given in settings.rules.items():
        for code in names.require(name, settings.place("rules", name)):
            options[code] = {**options[code], **_checked(names.rules[code], name, given, settings)}
    return options


def _checked(rule: Rule, name: str, given: Mapping[str, object], settings: Settings) -> Mapping[str, object]:
    for key, value in given.items():
        place = settings.place("rules", name, key)
        if key not in rule.options:
            hint = nearest(key, rule.options) or f": it has {', '.join(rule.options) or 'none'}"
            raise ConfigError(f"{place}{rule.code} ({rule.name}) has no option `{key}`{hint}")
        default = rule.options[key]
        if default is not None and type(value) is not (list if isinstance(default, tuple) else type(default)):
            wanted = kind_of(list(default) if isinstance(default, tuple) else default)
            raise ConfigError(f"{place}option `{key}` of {rule.code} must be {wanted}, not {kind_of(value)}")
        if rule.objection is not None and (why := rule.objection(value)) is not None:
            raise ConfigError(f"{place}option `{key}` of {rule.code}: {why}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
