"""Generate the parts of pages and comparison that come from the registry: `python -m miglint.cli.rule_book`.

Writes the head of each page in `rules/`, what `miglint fix` changes in its bad examples, the rule list on each family's
page, and, in `docs/comparison.md`, the columns of links and of other tools' names for the rules that a row lists. Moves
the page of a rule whose name or family changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import click

from miglint.base.errors import UsageError
from miglint.cli.page_fixes import with_fixes
from miglint.rules.definition import Rule
from miglint.rules.pages import FAMILY_PAGE, family_page, place, with_head
from miglint.rules.registry import built_in

# Order of the tools in a row.
_TOOLS = (
    "squawk",
    "pgls",
    "eugene",
    "atlas",
    "strong_migrations",
    "django-migration-linter",
    "pg-migration-lint",
    "pgfence",
    "pgsafe",
    "diesel-guard",
)
_ROW = re.compile(r"(\| S?\d+ \| [^|]+ \| )([^|]+) \| ([^|]+) \|")
_CODE = re.compile(r"\[?\b([A-Z]{3}\d{3})\b\]?")


def renewed(root: Path) -> dict[Path, str]:
    """Return the files of a checkout that differ from the registry, with their new text.

    Raises `UsageError` for a rule without a page and for a row of the comparison that lists no known rule.
    """
    texts: dict[Path, str] = {}
    book = root / "rules"
    pages = {path.name.partition("-")[0]: path for path in book.glob("*/*-*.md")}
    for rule in built_in().rules.values():
        if rule.code not in pages:
            raise UsageError(f"{rule.code} ({rule.name}) has no page: create {book / place(rule)}")
        text = pages[rule.code].read_text(encoding="utf-8")
        new = with_head(rule, text)
        if new != text or pages[rule.code] != book / place(rule):
            texts[book / place(rule)] = new
    for family in built_in().families.values():
        path = book / family / FAMILY_PAGE
        if not path.is_file():
            raise UsageError(f"family {family} has no page: create {path}")
        text = path.read_text(encoding="utf-8")
        new = family_page(text, [rule for rule in built_in().rules.values() if rule.category == family])
        if new != text:
            texts[path] = new
    comparison = root / "docs" / "comparison.md"
    text = comparison.read_text(encoding="utf-8")
    new = "\n".join(map(_row, text.split("\n")))
    return texts if new == text else {**texts, comparison: new}


def with_shown_fixes(root: Path, texts: Mapping[Path, str]) -> dict[Path, str]:
    """Return the files that differ, with those pages whose fixes do. `texts` are the new texts of other parts."""
    found = dict(texts)
    for rule in built_in().rules.values():
        path = root / "rules" / place(rule)
        if rule.fixable and (path in texts or path.is_file()):
            text = texts.get(path) or path.read_text(encoding="utf-8")
            new = with_fixes(rule.code, text)
            if new != text:
                found[path] = new
    return found


def _row(line: str) -> str:
    """Return a line of the comparison; in table rows, links and aliases of the listed rules are regenerated."""
    match = _ROW.fullmatch(line)
    if match is None:
        return line
    known = built_in().rules
    codes = list(dict.fromkeys(_CODE.findall(re.sub(r"\([^)]*\)", "", match[2]))))
    unknown = [code for code in codes if code not in known]
    if unknown or not codes:
        raise UsageError(
            f"docs/comparison.md: row `{match[1]}` lists an unknown rule: {', '.join(unknown) or match[2]}"
        )
    rules = [known[code] for code in codes]
    return f"{match[1]}{', '.join(map(_link, rules))} | {_aliases(rules)} |"


def _link(rule: Rule) -> str:
    return f"[{rule.code}](../rules/{place(rule)})" + ("" if rule.default else "°")


def _aliases(rules: list[Rule]) -> str:
    names = {alias for rule in rules for alias in rule.aliases}
    order = {tool: number for number, tool in enumerate(_TOOLS)}
    listed = sorted(names, key=lambda alias: (order.get(alias.partition(":")[0], len(order)), alias))
    return ", ".join(f"`{alias}`" for alias in listed) or "-"


@click.command("rule_book")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file is stale.")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Checkout to write to.")
def command(*, check: bool, root: Path) -> None:
    """Write registry data about rules to their pages and the comparison."""
    try:
        texts = with_shown_fixes(root, renewed(root))
    except UsageError as error:
        raise click.UsageError(str(error)) from None
    for path, text in texts.items():
        click.echo(f"{path} is stale" if check else str(path))
        if not check:
            for former in path.parent.parent.glob(f"*/{path.name[:6]}-*.md"):
                former.unlink()
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and texts:
        raise SystemExit(1)


if __name__ == "__main__":
    command()
