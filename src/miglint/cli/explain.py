"""`miglint explain`."""

from __future__ import annotations

import sys
from typing import Any

import click

from miglint.cli.completion import complete_rules
from miglint.cli.output import wants_color, write
from miglint.cli.trust import load_trusted
from miglint.cli.trust_options import trust_options
from miglint.rules.definition import Rule
from miglint.rules.pages import family_overview, head, page
from miglint.rules.selection import load_rules

_BOLD, _DIM, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"


@click.command("explain")
@click.argument("rule", shell_complete=complete_rules)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@trust_options
def command(*, rule: str, color: str, **given: Any) -> None:
    """Print the documentation page of RULE: a code, a name, a family, or another tool's name as tool:name."""
    registry = load_rules()
    if registry.resolve(rule) is None:
        # The rule may be one of the team's own rules.
        registry = load_rules(load_trusted(**given))
    colored = wants_color(color, sys.stdout)
    codes = sorted(registry.require(rule, ""))
    family = next(
        (name for short, name in registry.families.items() if rule.strip().lower() in (short.lower(), name)), ""
    )
    # A family of one rule needs no overview.
    overview = family_overview(family) if family and len(codes) > 1 else None
    pages = [_page(registry.rules[code]) for code in codes] if overview is None else [overview]
    following = _following(list(registry.rules), codes[-1]) if overview is None and len(codes) == 1 else None
    if following is not None:
        pages.append(f"Next: `miglint explain {following}` ({registry.rules[following].name})\n")
    write("\n".join(_painted(text) if colored else text for text in pages), None)


def _following(codes: list[str], code: str) -> str | None:
    """Return the code after the given one, in the order of `miglint rules`."""
    number = codes.index(code) + 1
    return codes[number] if number < len(codes) else None


def _page(rule: Rule) -> str:
    return page(rule) or head(rule)


def _painted(text: str) -> str:
    lines = []
    fenced = False
    for line in text.split("\n"):
        if line.startswith("```"):
            fenced = not fenced
            lines.append(f"{_DIM}{line}{_RESET}")
        elif line.startswith("#") and not fenced:
            lines.append(f"{_BOLD}{line}{_RESET}")
        else:
            lines.append(line)
    return "\n".join(lines)
