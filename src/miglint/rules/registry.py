"""The registry: the rules of one check as a value, with all the names they go by.

A check with a team's own rules makes a registry of its own; nothing of it is left for the next check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import import_module

from miglint.base.findings import FAMILIES
from miglint.base.lazy_regex import pattern
from miglint.base.structs import Struct
from miglint.config.toml_table import ConfigError, nearest
from miglint.rules import MODULES
from miglint.rules.definition import Rule, declarations

ALL = "ALL"
# A family and a number, which may lack its zeros.
_CODE = pattern(r"([A-Z]{3})[-_ ]?0*([0-9]{1,3})")
_CODE_LENGTH = 7


class Registry(Struct, frozen=True):
    """Rules by code, in order; `families` are the long names of families by their letters.

    `by_name` holds the codes of every name in lower case: codes, rule names, families, aliases, `all`. Where the
    registry is `lenient`, any other name stands for a rule that is left out.
    """

    rules: Mapping[str, Rule]
    families: Mapping[str, str]
    by_name: Mapping[str, frozenset[str]]
    lenient: bool = False

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> Registry:
        """Return a registry of rules. Raises `ValueError` when two of them have one code or name."""
        listed = sorted(rules, key=lambda rule: rule.code)
        known = {rule.code: rule for rule in listed}
        if len(known) < len(listed) or len({rule.name for rule in listed}) < len(listed):
            _refuse_duplicates(listed)
        families = {**FAMILIES, **{rule.family: rule.category for rule in listed if rule.family not in FAMILIES}}
        names: dict[str, set[str]] = {ALL.lower(): set(known)}
        for short, long in families.items():
            names[short.lower()] = names[long] = {code for code in known if code.startswith(short)}
        for code, rule in known.items():
            names[code.lower()] = names[rule.name] = {code}
        for code, rule in known.items():
            for alias in rule.aliases:
                names.setdefault(alias.lower(), set()).add(code)
        return cls(known, families, {name: frozenset(codes) for name, codes in names.items()})

    def resolve(self, name: str) -> frozenset[str] | None:
        """Return the codes that `name` stands for, or None when there is no such name."""
        return self.by_name.get(name.strip().lower())

    def nearest(self, name: str) -> str:
        """Return a hint at the name that was meant, if one resembles it."""
        word = name.strip()
        code = _CODE.fullmatch(word.upper())
        if code is not None and f"{code[1]}{code[2]:0>3}" in self.rules:
            return f" (did you mean `{code[1]}{code[2]:0>3}`?)"
        # What is as short as a code is compared with codes; the rest with names.
        codes = nearest(word.upper(), [*self.rules, *self.families]) if len(word) <= _CODE_LENGTH else ""
        return codes or nearest(word.lower(), [known for known in self.by_name if len(known) > _CODE_LENGTH])

    def rank(self, name: str) -> int:
        """Return how exact a name is: 2 for one rule, 1 for a family, 0 for all."""
        word = name.strip().lower()
        if word == ALL.lower():
            return 0
        return 1 if word.upper() in self.families or word in self.families.values() else 2

    def require(self, name: str, place: str) -> frozenset[str]:
        """Return the codes that `name` stands for. Raises `ConfigError` at `place` when there is no such name."""
        codes = self.resolve(name)
        if codes is None and self.lenient:
            return frozenset()
        if codes is None:
            hint = self.nearest(name) or ": `miglint rules` lists them"
            raise ConfigError(f"{place}unknown rule `{name}`{hint}")
        return codes


def _refuse_duplicates(listed: list[Rule]) -> None:
    codes: set[str] = set()
    names: set[str] = set()
    for rule in listed:
        if rule.code in codes or rule.name in names:
            raise ValueError(f"rule {rule.code} ({rule.name}) is registered twice")
        codes.add(rule.code)
        names.add(rule.name)


@lru_cache(maxsize=1)
def built_in() -> Registry:
    """Return the rules of miglint itself; imports their modules."""
    for module in MODULES:
        import_module(module)
    modules = frozenset(MODULES)
    return Registry.of(rule for rule in declarations() if rule.check.__module__ in modules)
