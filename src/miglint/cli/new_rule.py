"""`python -m miglint.cli.new_rule CODE NAME`: a new rule with its page, in a checkout, ready to be changed."""

from __future__ import annotations

import re
from pathlib import Path

import click

from miglint.base.errors import UsageError
from miglint.base.findings import FAMILIES, Severity
from miglint.rules.selection import load_rules

_CODE = re.compile(r"[A-Z]{3}[0-9]{3}\Z")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")

_MODULE = '''\
"""{code}: {summary}."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.registry import Context, Hit, rule
from miglint.rules.support.applied_operations import done, tell
from miglint.sql import operations as ops


@rule("{code}", "{name}", Severity.{severity}, "{summary}", on=(ops.CreateTable,))
def {function}(step: Step, context: Context) -> Iterator[Hit]:
    """Tell of tables that are called `rename_me`."""
    for act, operation in done(step, ops.CreateTable, forward_only=True):
        if operation.name.name == "rename_me":
            yield tell(
                act,
                Severity.{severity},
                f'what will happen, naming "{{operation.name.name}}"',
                "What to write instead, with the names filled in.",
            )
'''

_PAGE = """\
# {code} {name}

{summary}.

| severity | default | dialects | fixable | aliases |
|---|---|---|---|---|
| {level} | on | postgres, sqlite | no | none |

## What it does

A table is called `rename_me`.

## Why it matters

What goes wrong, for whom, and when.

## Bad

```sql title="001_change.up.sql"
CREATE TABLE IF NOT EXISTS rename_me (id integer PRIMARY KEY);
```

```sql title="001_change.down.sql"
DROP TABLE IF EXISTS rename_me;
```

## Good

```sql title="001_change.up.sql"
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


def create(root: Path, code: str, name: str, summary: str, severity: Severity) -> tuple[Path, Path]:
    """Write the module and the page of a new rule; raises `UsageError` rather than overwrite anything."""
    if not _CODE.match(code) or code[:3] not in FAMILIES:
        raise UsageError(f"{code}: a code is one of the families {', '.join(FAMILIES)} and three digits")
    if not _NAME.match(name):
        raise UsageError(f"{name}: a name is lower-case words with hyphens between them")
    if '"' in summary or "\\" in summary or "\n" in summary:
        raise UsageError("a summary is one line, without quotes and backslashes")
    for rule in load_rules().rules.values():
        if code == rule.code or name == rule.name:
            raise UsageError(f"there is a rule {rule.code} ({rule.name}) already")
    package = root / "src" / "miglint" / "rules"
    listing = package / "__init__.py"
    if not listing.is_file() or not (root / "rules").is_dir():
        raise UsageError(f"{root} is no checkout of miglint")
    function = name.replace("-", "_")
    module, page = package / f"{code.lower()}_{function}.py", root / "rules" / f"{code}.md"
    for path in (module, page):
        if path.exists():
            raise UsageError(f"{path} is there already")
    words = {"code": code, "name": name, "function": function, "summary": summary.rstrip(".")}
    _enlist(listing, f"miglint.rules.{module.stem}")
    module.write_text(_MODULE.format(**words, severity=severity.name), encoding="utf-8")
    page.write_text(_PAGE.format(**words, level=severity), encoding="utf-8")
    return module, page


def _enlist(listing: Path, module: str) -> None:
    """Add a line to the tuple of modules that `load()` imports."""
    text = listing.read_text(encoding="utf-8")
    start = text.find("MODULES = (")
    end = text.find("\n)", start)
    if start < 0 or end < 0:
        raise UsageError(f"{listing}: there is no list of modules to add to")
    listing.write_text(f'{text[:end]}\n    "{module}",{text[end:]}', encoding="utf-8")


@click.command("new_rule")
@click.argument("code")
@click.argument("name")
@click.option("--summary", default="Say in one line what is wrong", show_default=True)
@click.option(
    "--severity",
    type=click.Choice([str(severity) for severity in Severity]),
    default=str(Severity.WARNING),
    show_default=True,
)
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="The checkout.")
def command(*, code: str, name: str, summary: str, severity: str, root: Path) -> None:
    """Write the skeleton of rule CODE called NAME, and its page in the rule book."""
    try:
        module, page = create(root, code, name, summary, Severity[severity.upper()])
    except UsageError as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"{module}\n{page}\nNow: python -m pytest tests/rules -k {code}")


if __name__ == "__main__":
    command()
