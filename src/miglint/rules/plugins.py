"""A team's own rules: Python files, modules or entry points that the configuration names.

What they register stands beside the rules of miglint, in a family of its own. Importing them runs their code, as any
plug-in's does.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from miglint.base.findings import FAMILIES
from miglint.base.lazy_regex import pattern
from miglint.config.toml_table import ConfigError
from miglint.rules.registry import rules

if TYPE_CHECKING:
    from miglint.config.settings import Settings

GROUP = "miglint.rules"
_CODE = pattern(r"[A-Z]{3}[0-9]{3}")
BUILT_IN = frozenset(FAMILIES)
_loaded: set[str] = set()


def load_own(settings: Settings) -> None:
    """Import what `own-rules` names; raises `ConfigError` for what cannot be imported, or registers what it may not."""
    for name in settings.own_rules:
        key = settings.at(name) if name.endswith(".py") else name
        if key in _loaded:
            continue
        before = set(rules())
        try:
            _import_file(key) if name.endswith(".py") else _import_named(name)
        # Whatever somebody's module raises when it is imported, it is the configuration that named it.
        except Exception as error:
            place = settings.place("own-rules")
            raise ConfigError(f"{place}own rules `{name}`: {type(error).__name__}: {error}") from error
        _loaded.add(key)
        for code in sorted(set(rules()) - before):
            _admit(code, name, settings)


def _import_file(path: str) -> None:
    # The name must not be that of another module; two files may have the same base name.
    module_name = f"miglint_own_{sha256(path.encode()).hexdigest()[:12]}"
    spec = spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None or not Path(path).is_file():
        raise FileNotFoundError("no such file")
    module = module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise


def _import_named(name: str) -> None:
    # It takes longer to import than all of the command line.
    from importlib.metadata import entry_points

    found = entry_points(group=GROUP, name=name)
    if found:
        for entry in found:
            entry.load()
    else:
        import_module(name)


def _admit(code: str, name: str, settings: Settings) -> None:
    family = code[:3]
    if _CODE.fullmatch(code) is None or family in BUILT_IN:
        why = "is one of miglint's own families" if family in BUILT_IN else "is not three letters and three digits"
        raise ConfigError(f"{settings.place('own-rules')}own rules `{name}`: code `{code}` {why}")
    FAMILIES.setdefault(family, family.lower())
