"""Fixes of scripts that two engines run: what only one of them can parse goes into a variant of the script for it.

`ADD COLUMN IF NOT EXISTS` is PostgreSQL's alone, and the rebuild of a table SQLite's. Where the layout has variants of
a script by the name of the engine, as pop has, SQLite gets its own, with all safe fixes of the script. PostgreSQL gets
one, too, if the folder has scripts for other engines, which may run the shared one; else that one is edited for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from miglint.base.edits import with_edits
from miglint.base.findings import Fix, NewFile
from miglint.base.model import Dialect, History, Problem, Script, SourceFile, Span
from miglint.base.structs import Struct, replace
from miglint.linter.dispatch import PlacedHit
from miglint.linter.merged_fix import overlapping
from miglint.replay.steps import Step
from miglint.rules.definition import Hit
from miglint.sql import parse

_LAYOUTS = frozenset({"pop"})
_ENDS = re.compile(r"(?:\.autocommit)?\.(?:up|down)\.sql$", re.IGNORECASE)
_ENGINES = {Dialect.POSTGRES: ("postgres", "PostgreSQL"), Dialect.SQLITE: ("sqlite", "SQLite")}


class SharedScripts(Struct, frozen=True):
    """The paths of scripts that both engines run, in layouts with variants, and whether other engines may run them."""

    paths: frozenset[str] = frozenset()
    others: bool = False


def shared_scripts(histories: Iterable[History], problems: Iterable[Problem]) -> SharedScripts:
    """Return the scripts that histories of two engines have, in layouts with variants of a script."""
    dialects: dict[str, set[Dialect]] = {}
    several = [history for history in histories if history.layout in _LAYOUTS]
    if len({history.dialect for history in several}) < len(_ENGINES):
        return SharedScripts()
    for history in several:
        for migration in history.migrations:
            for script in (migration.forward, migration.rollback):
                if script is not None:
                    dialects.setdefault(script.path, set()).add(history.dialect)
    paths = frozenset(path for path, found in dialects.items() if len(found) > 1)
    return SharedScripts(paths, any(problem.kind == "other-dialect" for problem in problems))


def with_variant_fixes(placed: list[PlacedHit], step: Step, shared: SharedScripts) -> list[PlacedHit]:
    """Return the hits of a step, those about second runs of shared scripts with the fix that writes a variant."""
    scripts = (step.migration.forward, step.migration.rollback)
    if not any(script is not None and script.path in shared.paths for script in scripts):
        return placed
    if step.migration.dialect is Dialect.POSTGRES and not shared.others:
        return placed
    hits: dict[Script, list[Hit]] = {}
    for item in placed:
        if item.hit.script is not None and _concerns(item, shared.paths):
            hits.setdefault(item.hit.script, []).append(item.hit)
    fixes = {script: fix for script, listed in hits.items() if (fix := _variant(script, listed)) is not None}
    return [
        replace(item, hit=replace(item.hit, fix=fixes[item.hit.script]))
        if item.hit.script in fixes and _concerns(item, shared.paths)
        else item
        for item in placed
    ]


def _concerns(item: PlacedHit, shared: frozenset[str]) -> bool:
    """Return whether a hit has a safe fix about a second run, in a shared script alone."""
    hit = item.hit
    if hit.script is None or hit.script.path not in shared or hit.script.substituted is not None:
        return False
    if hit.fix is None or not hit.fix.safe or hit.fix.creates or not item.rule.code.startswith("IDM"):
        return False
    return all(edit.path in (None, hit.script.path) for edit in hit.fix.edits)


def _variant(script: Script, hits: Sequence[Hit]) -> Fix | None:
    """Return the fix that writes a script's variant, None if the script itself can have the fixes."""
    edits = tuple(dict.fromkeys(replace(edit, path=None) for hit in hits if hit.fix for edit in hit.fix.edits))
    if overlapping(edits):
        return None
    text = with_edits(script.file.text, edits)
    # A rebuild replaces statements. It may be SQL for PostgreSQL as well, but is none of its types and defaults.
    rebuilds = script.dialect is Dialect.SQLITE and any(edit.start < edit.end for edit in edits)
    if not rebuilds and _is_for_both(script, text):
        return None
    name, engine = _ENGINES[script.dialect]
    ends = _ENDS.search(script.path)
    if ends is None:
        return None
    new = NewFile(f"{script.path[: ends.start()]}.{name}{ends[0]}", text)
    return Fix(f"write the variant of the script for {engine}, which can run again", (), None, (new,))


def _is_for_both(script: Script, text: str) -> bool:
    """Return whether the other engine can parse a text."""
    other = Dialect.SQLITE if script.dialect is Dialect.POSTGRES else Dialect.POSTGRES
    read = Script(SourceFile(script.path, text), Span(0, len(text)), script.direction, other)
    return all(statement.problem is None for statement in parse(read))
