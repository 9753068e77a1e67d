"""Create a new rule and its page in a checkout: `python -m miglint.cli.new_rule FAMILY NAME`."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from miglint.base.errors import UsageError
from miglint.base.findings import FAMILIES, Severity
from miglint.base.structs import Struct
from miglint.rules.definition import Rule
from miglint.rules.pages import head, place
from miglint.rules.registry import Registry, built_in

_CODE = re.compile(r"[A-Z]{3}[0-9]{3}\Z")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")
_SUMMARY = re.compile(r"[^\"\\\n|]*\Z")
_MODULE_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")

_MODULE = '''\
"""{summary}."""

from __future__ import annotations
'''

_IMPORTS = {
    "collections.abc": ("Iterator",),
    "miglint.base.findings": ("Severity",),
    "miglint.replay.steps": ("Step",),
    "miglint.rules.support.applied_operations": ("effective",),
    "miglint.sql": ("operations",),
}

_FUNCTION = '''

@{decorator}(
    "{code}",
    "{name}",
    Severity.{severity},
    "{summary}",
    on=(ops.CreateTable,),
{options})
def {function}(step: Step) -> Iterator[Hit]:
    """Report tables that are called `rename_me`."""
    for created, operation in effective(step, ops.CreateTable, forward_only=True):
        if operation.name.name == "rename_me":
            yield created.hit(
                f'what will happen, naming "{{operation.name.name}}"',
                "What to write instead, with the names filled in.",
            )
'''

_PAGE = """\
{head}
## What it does

A table is called `rename_me`.

## Why it matters

What goes wrong, for whom, and when.

## Bad

{configuration}```sql title="001_change.up.sql"
CREATE TABLE IF NOT EXISTS rename_me (id integer PRIMARY KEY);
```

```sql title="001_change.down.sql"
DROP TABLE IF EXISTS rename_me;
```

## Good

{configuration}```sql title="001_change.up.sql"
CREATE TABLE IF NOT EXISTS users (id integer PRIMARY KEY);
```

```sql title="001_change.down.sql"
DROP TABLE IF EXISTS users;
```

## How to fix

What to do, step by step.

## Engines

- PostgreSQL: the bad forward succeeds.
"""

_CONFIGURATION = """\
```toml title="miglint.toml"
extend-select = ["{code}"]
```

"""


class Plan(Struct, frozen=True):
    """A rule to be created, and the module of its family that it is added to."""

    rule: Rule
    module: Path
    module_name: str
    hazard: bool


def plan(root: Path, family: str, name: str, summary: str, severity: Severity, module: str | None, on: bool) -> Plan:
    """Return the files to write. Raises `UsageError` for an invalid code, name or location."""
    registry = built_in()
    code = _free_code(registry, family)
    if not _CODE.match(code) or code[:3] not in FAMILIES:
        raise UsageError(f"{family}: expected one of the families {', '.join(FAMILIES)}, or a family with three digits")
    _refuse_names(registry, code, name, summary)
    if not (root / "src" / "miglint" / "rules" / "__init__.py").is_file() or not (root / "rules").is_dir():
        raise UsageError(f"{root} is not a checkout of miglint")
    peers = [rule for rule in registry.rules.values() if rule.family == code[:3]]
    package = peers[0].check.__module__.split(".")[:3]
    hazard = sum(rule.milder_in_rollback for rule in peers) * 2 > len(peers)
    module = module or name.replace("-", "_")
    if not _MODULE_NAME.match(module):
        raise UsageError(f"{module}: expected a module name of lower-case words separated by underscores")
    parts = package
    if (root / "src" / Path(*package)).is_dir():
        parts = [*package, module]
    new = Rule(code, name, severity, summary.rstrip("."), list, default=on)
    return Plan(new, root / "src" / Path(*parts).with_suffix(".py"), ".".join(parts), hazard)


def _refuse_names(registry: Registry, code: str, name: str, summary: str) -> None:
    """Raise `UsageError` for an invalid name or summary, and for a code or name in use."""
    if not _NAME.match(name):
        raise UsageError(f"{name}: expected lower-case words separated by hyphens")
    if not _SUMMARY.match(summary):
        raise UsageError("the summary must be one line without quotes, vertical bars and backslashes")
    for rule in registry.rules.values():
        if code == rule.code or name == rule.name:
            raise UsageError(f"rule {rule.code} ({rule.name}) already exists")


def _free_code(registry: Registry, family: str) -> str:
    """Return the given code, or the next free one of the given family."""
    if len(family) != len("ABC"):
        return family
    numbers = [int(code[3:]) for code in registry.rules if code.startswith(family)]
    return f"{family}{max(numbers, default=0) + 1:03}"


def create(root: Path, planned: Plan) -> list[Path]:
    """Write a rule, its page and its row in the comparison; raises `UsageError` instead of overwriting a file."""
    rule, module = planned.rule, planned.module
    page = root / "rules" / place(rule)
    # The checkout may differ from the running code.
    for pattern in (f"*/{rule.code}-*.md", f"*/*[0-9]-{rule.name}.md"):
        for other in (root / "rules").glob(pattern):
            raise UsageError(f"{other} already exists")
    written = [module, page]
    words = {
        "code": rule.code,
        "name": rule.name,
        "function": rule.name.replace("-", "_"),
        "summary": rule.summary,
        "severity": rule.severity.name,
        "decorator": "hazard" if planned.hazard else "rule",
        "options": "" if rule.default else "    default=False,\n",
    }
    if module.exists():
        text = module.read_text(encoding="utf-8")
        if re.search(rf"^def {words['function']}\(", text, re.MULTILINE):
            raise UsageError(f"{module} already has a function {words['function']}")
    else:
        text = _MODULE.format(**words)
        _enlist(root / "src" / "miglint" / "rules" / "__init__.py", planned.module_name)
    module.write_text(_with_imports(text, words["decorator"]) + _FUNCTION.format(**words), encoding="utf-8")
    configuration = "" if rule.default else _CONFIGURATION.format(code=rule.code)
    page.write_text(_PAGE.format(head=head(rule), configuration=configuration), encoding="utf-8")
    comparison = root / "docs" / "comparison.md"
    if planned.hazard and comparison.is_file():
        _add_row(comparison, rule)
        written.append(comparison)
    return written


def _with_imports(text: str, decorator: str) -> str:
    """Return the module's text with the function's imports added after the existing ones."""
    imports = {**_IMPORTS, "miglint.rules.definition": ("Hit", decorator)}
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    have = {(node.module, alias.name) for node in nodes for alias in node.names}
    missing = {module: [name for name in names if (module, name) not in have] for module, names in imports.items()}
    lines = text.splitlines()
    behind = max(node.end_lineno or 0 for node in nodes)
    added = [
        f"from {module} import {', '.join(names).replace('operations', 'operations as ops')}"
        for module, names in missing.items()
        if names
    ]
    return "\n".join([*lines[:behind], "", *added, *lines[behind:], ""])


def _sort_imports(module: Path) -> None:
    """Sort the imports of a module if ruff is installed; otherwise `make format` does."""
    if find_spec("ruff") is not None:
        run = [sys.executable, "-m", "ruff"]
        subprocess.run([*run, "check", "--quiet", "--fix", "--select", "I", str(module)], check=False)
        subprocess.run([*run, "format", "--quiet", str(module)], check=False)


def _enlist(listing: Path, module: str) -> None:
    """Add a line to the tuple of modules that declare rules."""
    text = listing.read_text(encoding="utf-8")
    start = text.find("MODULES = (")
    end = text.find("\n)", start)
    if start < 0 or end < 0:
        raise UsageError(f"{listing}: found no tuple of modules to add to")
    listing.write_text(f'{text[:end]}\n    "{module}",{text[end:]}', encoding="utf-8")


def _add_row(comparison: Path, rule: Rule) -> None:
    """Add a row to the last hazard table: every rule about a live database has a row in one."""
    lines = comparison.read_text(encoding="utf-8").split("\n")
    rows = [(number, match) for number, line in enumerate(lines) if (match := re.match(r"\| S(\d+) \| ", line))]
    if not rows:
        raise UsageError(f"{comparison}: found no table with rows S1, S2, ... to add to")
    last = rows[-1][0]
    number = max(int(match[1]) for _, match in rows) + 1
    degree = "" if rule.default else "°"
    link = f"[{rule.code}](../rules/{place(rule)}){degree}"
    lines.insert(last + 1, f"| S{number} | {rule.summary[0].lower()}{rule.summary[1:]} | {link} | - |")
    comparison.write_text("\n".join(lines), encoding="utf-8")


@click.command("new_rule")
@click.argument("family")
@click.argument("name")
@click.option("--summary", default="Describe the problem in one line", show_default=True)
@click.option(
    "--severity",
    type=click.Choice([str(severity) for severity in Severity]),
    default=str(Severity.WARNING),
    show_default=True,
)
@click.option("--opt-in", is_flag=True, help="Disable by default; the examples on its page select it.")
@click.option("--module", help="Module of the family to add it to. [default: a new one named after the rule]")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Checkout to write to.")
def command(
    *, family: str, name: str, summary: str, severity: str, opt_in: bool, module: str | None, root: Path
) -> None:
    """Create the skeleton of a rule called NAME and its documentation page.

    FAMILY is the three letters of a family, for its next free code, or a full code.
    """
    try:
        planned = plan(root, family, name, summary, Severity[severity.upper()], module, not opt_in)
        written = create(root, planned)
        _sort_imports(planned.module)
    except UsageError as error:
        raise click.UsageError(str(error)) from None
    code = planned.rule.code
    click.echo(f"{code} {name}:\n  " + "\n  ".join(map(str, written)))
    click.echo(f"Next, run: python -m pytest tests/rules -k {code}")


if __name__ == "__main__":
    command()
