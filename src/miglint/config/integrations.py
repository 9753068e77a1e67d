"""Texts that make other tools call miglint: a hook in `.pre-commit-config.yaml`, and a workflow of GitHub Actions."""

from __future__ import annotations

from miglint.base.edits import line_break_of
from miglint.base.errors import UsageError
from miglint.base.lazy_regex import pattern

PRE_COMMIT = ".pre-commit-config.yaml"
WORKFLOW = ".github/workflows/miglint.yml"

_HOOK = """\
- repo: local
  hooks:
    - id: miglint
      name: miglint
      entry: miglint check --hook
      language: system
      types: [sql]
      always_run: true
      require_serial: true
"""
_WORKFLOW = """\
name: miglint

on: [pull_request]

permissions:
  contents: read

jobs:
  miglint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
{comment}      - run: pip install {requirement}
      - run: miglint check --format github --since origin/${{{{ github.base_ref }}}}
"""
_REPOS = pattern(r"(?m)^repos[ \t]*:[ \t]*(\S[^\r\n]*)?\r?$")
_PRESENT = pattern(r"(?m)^[ \t-]*(?:id|\"id\"|'id')[ \t]*:[ \t]*[\"']?miglint\b")
_ITEM = pattern(r"([ \t]*)-[ \t]")


def workflow(requirement: str, comment: str = "") -> str:
    """Return a workflow that checks pull requests; `requirement` is what pip installs, with a comment above it."""
    above = f"      # {comment}\n" if comment else ""
    return _WORKFLOW.format(requirement=requirement, comment=above)


def with_hook(text: str | None) -> str:
    """Return the text of a `.pre-commit-config.yaml` with the hook added to its `repos`; all else stays as it is.

    None is a file that does not exist. Raises `UsageError` if `repos` is no list with one item per line.
    """
    if text is None or not text.strip():
        return (text or "") + "repos:\n" + _indented("  ", "\n")
    if _PRESENT.search(text) is not None:
        return text
    repos = _REPOS.search(text)
    if repos is None:
        raise UsageError(f"{PRE_COMMIT}:1: has no `repos` at the start of a line, so that no hook can be added to it")
    if repos[1] is not None and not repos[1].startswith("#"):
        line = text.count("\n", 0, repos.start()) + 1
        raise UsageError(f"{PRE_COMMIT}:{line}: `repos` is not a list with one item per line: no hook can be added")
    newline = line_break_of(text)
    place, indent = _end_of_list(text, repos.end())
    hook = _indented(indent, newline)
    if place > 0 and text[place - 1] != "\n":
        # The last line has no line end, and keeps it that way.
        hook = newline + hook.removesuffix(newline)
    return text[:place] + hook + text[place:]


def _end_of_list(text: str, start: int) -> tuple[int, str]:
    """Return the end of the last line of a list of YAML, and the indentation of its items."""
    indent: str | None = None
    place = position = min(len(text), text.find("\n", start) + 1 or len(text))
    for line in text[position:].splitlines(keepends=True):
        position += len(line)
        content = line.strip()
        if content and not content.startswith("#"):
            item = _ITEM.match(line)
            if item is None and not line[0].isspace():
                break
            indent = item[1] if indent is None and item is not None else indent
            place = position
    return place, "  " if indent is None else indent


def _indented(indent: str, newline: str) -> str:
    return "".join(f"{indent}{line}{newline}" for line in _HOOK.splitlines())
