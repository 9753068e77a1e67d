"""Which rules are enabled, with their severities and options: names of all kinds become rules here.

A rule is named by its code (`IDM003`), its name, its family (`IDM`, `idempotency`), an alias (`squawk:ban-drop-table`)
or `ALL`. The more exact name wins: `ignore = ["IDM"]` and `extend-select = ["IDM003"]` leave IDM003 on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from re import Pattern

from miglint.base.errors import UsageError
from miglint.base.findings import Finding, Severity
from miglint.base.path_pattern import path_pattern
from miglint.base.structs import Struct, field, replace
from miglint.config.settings import Settings
from miglint.config.toml_table import ConfigError, kind_of, nearest
from miglint.rules.definition import Rule
from miglint.rules.registry import ALL, Registry, built_in

_STYLE = "STY001"
_MILDER = {Severity.ERROR: Severity.WARNING, Severity.WARNING: Severity.INFO, Severity.INFO: Severity.INFO}


def load_rules(settings: Settings | None = None) -> Registry:
    """Return the rules of miglint, and those that the settings name. Raises `ConfigError` for what cannot be loaded."""
    registry = built_in()
    if settings is None or not settings.own_rules:
        return registry
    if not settings.own_code:
        # The settings may use names of rules that are left out.
        return replace(registry, lenient=True)
    # Few projects have any.
    from miglint.rules.plugins import with_own_rules

    return with_own_rules(registry, settings)


class Override(Struct, frozen=True):
    """What the settings say about the files that match a pattern."""

    pattern: Pattern[str]
    ignored: frozenset[str]
    severity: Mapping[str, Severity]


class Selection(Struct, frozen=True):
    """The rules that are on, the severities they have, and their options.

    `left_out` are those that `ALL` would turn on and that need a library that is not installed. `silenced` are those
    that are on by default, or are selected, and that the settings turn off; rules that need a library are none of them.
    """

    registry: Registry
    enabled: frozenset[str]
    severity: Mapping[str, Severity] = field(default_factory=dict)
    rollback_severity: Severity | None = None
    overrides: tuple[Override, ...] = ()
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    left_out: tuple[Rule, ...] = ()
    silenced: frozenset[str] = frozenset()

    @property
    def reads_other_files(self) -> bool:
        """Return whether a rule's findings depend on a library and its own configuration, wherever that is."""
        return bool(self.left_out) or any(self.registry.rules[code].needs is not None for code in self.enabled)

    def runs_on(self, code: str, path: str) -> bool:
        """Return whether a rule is enabled for a file; `path` is relative to the folder of the settings."""
        if code not in self.enabled:
            return False
        return not any(item.pattern.match(path) and code in item.ignored for item in self.overrides)

    def severity_of(self, finding: Finding, path: str) -> Severity | None:
        """Return the severity that the settings give a finding, or None when they leave it out.

        `path` is the finding's path relative to the folder of the settings.
        """
        severity = self.severity.get(finding.code, finding.severity)
        if finding.direction == "rollback":
            if self.rollback_severity is not None:
                severity = min(severity, self.rollback_severity)
            elif finding.code not in self.severity and self.registry.rules[finding.code].milder_in_rollback:
                severity = _MILDER[severity]
        for override in self.overrides:
            if override.pattern.match(path) is not None:
                if finding.code in override.ignored:
                    return None
                severity = override.severity.get(finding.code, severity)
        return severity


def select(settings: Settings, registry: Registry) -> Selection:
    """Resolve all names of rules in the settings; stop the run at one that nothing is called."""
    known = registry.rules
    chosen = _chosen(settings, registry)
    ignored = _ranks(registry, settings.ignore, settings, "ignore")
    enabled = {code: rank for code, rank in chosen.items() if rank > ignored.get(code, -1)}
    without = [known[code] for code in sorted(enabled) if not _has_its_library(known[code])]
    # Findings of a library, which may be slow, are counted only if its rule is selected.
    wanted = {code for code, rule in known.items() if (rule.default or code in chosen) and rule.needs is None}
    for rule in without:
        if enabled.pop(rule.code) > registry.rank(ALL):
            raise UsageError(missing(rule))
    return Selection(
        registry,
        frozenset(enabled),
        _severities(registry, settings.severity, settings, "severity"),
        settings.rollback_severity,
        tuple(_overrides(registry, settings)),
        _options(registry, settings),
        tuple(without),
        frozenset(wanted - set(enabled)),
    )


def _chosen(settings: Settings, registry: Registry) -> dict[str, int]:
    """Return the codes that are selected, each with the rank of the most exact name; 0 for those by default."""
    chosen = {code: 0 for code, rule in registry.rules.items() if rule.always or (rule.default and not settings.select)}
    for key, listed in (("select", settings.select), ("extend-select", settings.extend_select)):
        for code, rank in _ranks(registry, listed, settings, key).items():
            chosen[code] = max(rank, chosen.get(code, rank))
    return chosen


def _ranks(registry: Registry, names: Iterable[str], settings: Settings, key: str) -> dict[str, int]:
    """Return the codes that the names stand for, each with the rank of the most exact name."""
    ranks: dict[str, int] = {}
    for name in names:
        rank = registry.rank(name)
        for code in registry.require(name, settings.place_of_value(key, name)):
            ranks[code] = max(rank, ranks.get(code, rank))
    return ranks


def _overrides(registry: Registry, settings: Settings) -> Iterator[Override]:
    for number, item in enumerate(settings.per_path):
        place = settings.place("per-path", number, "ignore")
        left_out = frozenset(code for name in item.ignore for code in registry.require(name, place))
        severity = _severities(registry, item.severity, settings, "per-path", number, "severity")
        for glob in item.paths:
            yield Override(path_pattern(glob), left_out, severity)


def _has_its_library(rule: Rule) -> bool:
    if rule.needs is None:
        return True
    from importlib.util import find_spec  # hardly a rule needs one

    return find_spec(rule.needs[0]) is not None


def missing(rule: Rule) -> str:
    """Return what a rule lacks, and how to install it."""
    library, extra = rule.needs or ("", "")
    return f"{rule.code} ({rule.name}) needs {library}, which is not installed: pip install 'miglint[{extra}]'"


def _severities(
    registry: Registry, given: Mapping[str, Severity], settings: Settings, *keys: str | int
) -> dict[str, Severity]:
    """Return severities by code; what names a rule more exactly is applied last."""
    found: dict[str, Severity] = {}
    for name in sorted(given, key=registry.rank):
        for code in registry.require(name, settings.place(*keys, name)):
            found[code] = given[name]
    return found


def _options(registry: Registry, settings: Settings) -> dict[str, Mapping[str, object]]:
    """Return every rule's options: its defaults, and what the settings say of the right type."""
    options: dict[str, Mapping[str, object]] = {code: rule.options for code, rule in registry.rules.items()}
    for name, given in settings.rules.items():
        for code in registry.require(name, settings.place("rules", name)):
            options[code] = {**options[code], **_checked(registry.rules[code], name, given, settings)}
    # Files of sqlfluff's can name Python of the checkout, and its comments hide what it says.
    if not settings.own_code or settings.as_of is not None:
        options[_STYLE] = {**options[_STYLE], "configuration": False}
    if not settings.suppressions:
        options[_STYLE] = {**options[_STYLE], "noqa": False}
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
