"""A team's own rules: Python files, modules or entry points that the configuration names.

What they declare stands beside the rules of miglint, in a family of its own. Importing them runs their code, as any
plug-in's does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING

from miglint.base.findings import FAMILIES
from miglint.base.hashes import sha256
from miglint.base.input_files import MAX_RULES
from miglint.base.lazy_regex import pattern
from miglint.base.structs import replace
from miglint.config.toml_table import ConfigError
from miglint.rules.definition import Rule, declarations
from miglint.rules.registry import Registry

if TYPE_CHECKING:
    from miglint.config.settings import Settings

GROUP = "miglint.rules"
_CODE = pattern(r"[A-Z]{3}[0-9]{3}")
# A module is imported once in a process; what it declared then is kept by its name, or a file's path and content.
_known: dict[str, tuple[Rule, ...]] = {}


def with_own_rules(registry: Registry, settings: Settings) -> Registry:
    """Return the registry with the rules that `own-rules` names.

    Raises `ConfigError` for what cannot be imported, and for a rule whose code or name is not free.
    """
    for name in settings.own_rules:
        try:
            own = _from_file(settings, name) if name.endswith(".py") else _from_module(name)
            for rule in own:
                _check_code(rule.code)
            registry = Registry.of([*registry.rules.values(), *own])
        # Whatever a module raises when it is imported, the configuration named the module.
        except Exception as error:
            kind = "" if isinstance(error, ConfigError) else f"{type(error).__name__}: "
            raise ConfigError(f"{settings.place('own-rules')}own rules `{name}`: {kind}{error}") from error
    return registry


def _from_file(settings: Settings, name: str) -> tuple[Rule, ...]:
    path = settings.at(name)
    source = settings.read(name, MAX_RULES)
    digest = sha256(path.encode() + b"\0" + source).hexdigest()
    # The name must not be that of another module; two files may have the same base name.
    return _declared_by(digest, lambda: _import_file(f"miglint_own_{digest[:12]}", path, source))


def _import_file(module_name: str, path: str, source: bytes) -> None:
    spec = spec_from_file_location(module_name, path)
    if spec is None:
        raise ImportError("not a file of Python")
    module = module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        # The loader would run a compiled file beside the source, which no review has seen.
        exec(compile(source, path, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[module_name]
        raise


def _from_module(name: str) -> tuple[Rule, ...]:
    # It takes longer to import than all of the command line.
    from importlib.metadata import entry_points

    found = entry_points(group=GROUP, name=name)
    rules: list[Rule] = []
    for entry in found:
        rules += _declared_by(entry.value, entry.load, entry.module)
    return tuple(rules) if found else _declared_by(name, lambda: import_module(name), name)


def _declared_by(key: str, load: Callable[[], object], module: str | None = None) -> tuple[Rule, ...]:
    """Return the rules that a module declares as it is loaded, or declared when something else imported it."""
    if key not in _known:
        loaded = module in sys.modules
        before = len(declarations())
        load()
        new = declarations()[before:]
        if loaded and module is not None:
            new = [rule for rule in declarations() if f"{rule.check.__module__}.".startswith(f"{module}.")]
        # Only checks with this configuration have these rules.
        _known[key] = tuple(replace(rule, milder_in_rollback=True) for rule in new)
    return _known[key]


def _check_code(code: str) -> None:
    if code[:3] in FAMILIES:
        raise ConfigError(f"code `{code}` is one of miglint's own families")
    if _CODE.fullmatch(code) is None:
        raise ConfigError(f"code `{code}` is not three letters and three digits")
