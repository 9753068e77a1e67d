"""`miglint rules`."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import click

from miglint.base.errors import UsageError
from miglint.base.inert import inert, inert_json
from miglint.cli.completion import complete_rules
from miglint.cli.output import write
from miglint.cli.trust import load_trusted
from miglint.cli.trust_options import trust_options
from miglint.config.toml_table import nearest
from miglint.rules.definition import Rule
from miglint.rules.selection import Selection, load_rules, select


@click.command("rules")
@click.argument("names", nargs=-1, metavar="[RULE]...", shell_complete=complete_rules)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--alias", "tool", metavar="TOOL", help="Map another tool's rule names to miglint's codes.")
@click.option("--config", metavar="FILE", help="Configuration file (default: the nearest one).")
@trust_options
def command(*, names: tuple[str, ...], format_: str, tool: str | None, **given: Any) -> None:
    """List the rules and whether each is enabled.

    RULEs are codes, names, families and other tools' names as tool:name (default: all).
    """
    settings = load_trusted(**given)
    chosen = select(settings, load_rules(settings))
    wanted: Collection[str] = chosen.registry.rules
    if names:
        wanted = frozenset[str]().union(*(chosen.registry.require(name, "") for name in names))
    if tool is not None:
        write(inert(_aliases(chosen, tool, format_)), None)
    elif format_ == "json":
        listed = json.dumps(
            [_rule(rule, chosen) for code, rule in chosen.registry.rules.items() if code in wanted], indent=2
        )
        write(f"{inert_json(listed)}\n", None)
    else:
        write(inert(_listed(chosen, wanted)), None)


def _rule(rule: Rule, chosen: Selection) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "family": rule.category,
        "severity": str(chosen.severity.get(rule.code, rule.severity)),
        "enabled": rule.code in chosen.enabled,
        "dialects": list(rule.dialects),
        "fixable": rule.fixable,
        "aliases": list(rule.aliases),
        "summary": rule.summary,
        "options": {name: _plain(value) for name, value in rule.options.items()},
    }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _listed(chosen: Selection, wanted: Collection[str]) -> str:
    lines: list[str] = []
    known = [rule for code, rule in chosen.registry.rules.items() if code in wanted]
    longest = max((len(rule.name) for rule in known), default=0)
    for short, long in chosen.registry.families.items():
        rules = [rule for rule in known if rule.family == short]
        if rules:
            lines += ["", f"{short}  {long}"] if lines else [f"{short}  {long}"]
        for rule in rules:
            severity = str(chosen.severity.get(rule.code, rule.severity)) if rule.code in chosen.enabled else "off"
            only = f" ({rule.dialects[0]})" if len(rule.dialects) == 1 else ""
            lines.append(f"  {rule.code}  {severity:<7}  {rule.name:<{longest}}  {rule.summary}{only}")
    return "\n".join([*lines, ""])


def _aliases(chosen: Selection, tool: str, format_: str) -> str:
    """Return the mapping from another tool's rule names to codes."""
    tools: dict[str, dict[str, list[str]]] = {}
    for rule in chosen.registry.rules.values():
        for alias in rule.aliases:
            other, _, name = alias.partition(":")
            tools.setdefault(other, {}).setdefault(name, []).append(rule.code)
    if tool not in tools:
        hint = nearest(tool, tools) or f": known tools are {', '.join(sorted(tools))}"
        raise UsageError(f"no rule has an alias for `{tool}`{hint}")
    names = tools[tool]
    if format_ == "json":
        return json.dumps(dict(sorted(names.items())), indent=2) + "\n"
    longest = max(map(len, names))
    return "".join(f"{name:<{longest}}  {', '.join(codes)}\n" for name, codes in sorted(names.items()))
