"""Shell completion of rules and layouts."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


def complete_rules(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the families, codes and names of rules that begin with a text; after a comma, of the last one."""
    from miglint.rules.selection import load_rules

    before, comma, word = incomplete.rpartition(",")
    registry = load_rules()
    known = {short: f"all rules about {name}" for short, name in registry.families.items()}
    known |= {code: rule.summary for code, rule in registry.rules.items()}
    known |= {rule.name: rule.summary for rule in registry.rules.values()}
    return [
        CompletionItem(f"{before}{comma}{name}", help=summary)
        for name, summary in known.items()
        if name.lower().startswith(word.lower())
    ]


def complete_layouts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the layouts that begin with a text."""
    from miglint.discovery.layouts import layout_names

    return [CompletionItem(name) for name in layout_names() if name.startswith(incomplete)]
