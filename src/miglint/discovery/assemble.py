"""Assembly of histories: assign dialects, pair the directions, order the versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from miglint.base.model import Dialect, Direction, History, Migration, Problem, Script, SourceFile, Span
from miglint.base.structs import Struct, replace
from miglint.base.template_names import has_tag
from miglint.discovery import sections
from miglint.discovery.dialects import UNMARKED, Mark, is_meant, of_folder, of_working_directory
from miglint.discovery.evidence import has_sections, of_files, of_postgres
from miglint.discovery.file_parts import Collected, FilePart, Home, Layout
from miglint.discovery.missing_rollbacks import missing_rollbacks
from miglint.discovery.order import after_programs, order_problems
from miglint.discovery.releases import with_releases
from miglint.discovery.template_tags import filled_in, is_template
from miglint.discovery.versions import SortKey
from miglint.discovery.walk import Folder, printable

_EXPLICIT = "use --dialect or `dialect` to make it explicit"
_SPOKEN = {Dialect.POSTGRES: "PostgreSQL", Dialect.SQLITE: "SQLite"}


class Assembled(Struct, frozen=True):
    """The histories of one home in one layout. `foreign` are the paths of files for unsupported engines."""

    histories: list[History]
    problems: list[Problem]
    foreign: set[str]
    unmatched: list[tuple[str, str]]


class _Marked(NamedTuple):
    """A piece with its dialect, as far as known; `span` is its section of the file."""

    piece: FilePart
    span: Span
    mark: Mark
    irreversible: str | None


class _Metadata(Struct, frozen=True):
    """Metadata in a file's own text: whether it has any, and its dialect."""

    file: SourceFile | None
    anything: bool
    directive: Mark


class _Pair(NamedTuple):
    forward: _Marked | None
    rollback: _Marked | None


def assemble(
    home: Home, layout: Layout, collected: Collected, wanted: Dialect | None, wanted_rollbacks: str | None, cwd: str
) -> Assembled:
    """Pair the pieces of a home and order them, one history per dialect.

    `wanted` is the configured dialect of files that specify none; None: it is detected from their text.
    """
    label = collected.label or layout.name
    if layout.releases:
        collected = with_releases(collected, home)
    rollbacks = wanted_rollbacks or collected.rollbacks or layout.rollbacks
    problems = list(collected.problems)
    versions, named = _by_version(collected, cwd, problems)
    default, assumed = wanted or Dialect.POSTGRES, None
    if wanted is None and not named:
        default, assumed = _detected(home, versions, problems)
    # An unmarked file belongs to all dialects of its folder; if each has its own file already, it belongs to the
    # default dialect.
    if named and default not in named and any(_is_left_over(each, named) for each in versions.values()):
        named.add(default)

    found, served = _paired(versions, named, default, problems, by_name=collected.by_name)
    served.update(problem.path for problem in problems)
    foreign, left = _not_served(versions, served)
    problems += [foreign_files(home, name, len(paths)) for name, paths in sorted(foreign.items())]

    histories = [
        History(home.root, label, dialect, _ordered(found[dialect], collected), rollbacks, assumed=assumed)
        for dialect in sorted(found, key=list(Dialect).index)
    ]
    problems += _rollback_problems(home, histories, label, rollbacks, wanted_rollbacks)
    problems += order_problems(histories, collected, label)
    foreign_paths = set().union(*foreign.values()) - served
    return Assembled(histories, problems, foreign_paths, [*collected.unmatched, *left])


def _detected(
    home: Home, versions: dict[SortKey, list[_Marked]], problems: list[Problem]
) -> tuple[Dialect, str | None]:
    """Return the dialect of files that specify none, and the note that it is assumed."""
    found_in_text = _read_as(home, versions, problems)
    return found_in_text or Dialect.POSTGRES, None if found_in_text else _assumption(versions)


def _rollback_problems(
    home: Home, histories: list[History], label: str, rollbacks: str, wanted: str | None
) -> Iterator[Problem]:
    for history in histories:
        yield from missing_rollbacks(history, required=wanted == "required")
    if rollbacks == "none" and wanted is None:
        message = f"{label} migrations are forward-only: rollbacks are not expected"
        for history in histories:
            yield Problem("forward-only", home.root, message, dialect=history.dialect)


def foreign_files(home: Home, engine: str, count: int) -> Problem:
    """Return the note about files for an unsupported engine."""
    message = f"{count} {'file' if count == 1 else 'files'} for {engine} left out"
    return Problem("other-dialect", home.root, message)


def _by_version(
    collected: Collected, cwd: str, problems: list[Problem]
) -> tuple[dict[SortKey, list[_Marked]], set[Dialect]]:
    """Return the pieces by version, each with its dialect, and the dialects found in names and folders."""
    named: set[Dialect] = set()
    versions: dict[SortKey, list[_Marked]] = defaultdict(list)
    marks: dict[str, Mark] = {}
    metadata = _Metadata(None, False, UNMARKED)
    for piece in collected.pieces:
        mark = piece.mark if piece.mark is not UNMARKED else collected.mark
        if mark is UNMARKED:
            known = marks.get(piece.folder.shown)
            if known is None:
                known = marks[piece.folder.shown] = folder_mark(piece.folder, cwd)
            mark = known
        named.update(mark.dialects)
        if metadata.file is not piece.file:
            metadata = _metadata_of(piece.file, problems)
        versions[piece.key] += _marked(piece, mark, metadata, problems)
    return versions, named


def _paired(
    versions: dict[SortKey, list[_Marked]],
    named: set[Dialect],
    default: Dialect,
    problems: list[Problem],
    *,
    by_name: bool,
) -> tuple[dict[Dialect, list[tuple[SortKey, Migration]]], set[str]]:
    """Return the migrations of each dialect with their sort keys, and the paths of the files used."""
    found: dict[Dialect, list[tuple[SortKey, Migration]]] = defaultdict(list)
    served: set[str] = set()
    for key, group in versions.items():
        for dialect in _dialects(group, named, default):
            for pair in _pairs(group, dialect, problems, by_name=by_name):
                found[dialect].append((key, _migration(pair, dialect)))
                served.update(each.piece.file.path for each in pair if each is not None)
    return found, served


def _ordered(found: list[tuple[SortKey, Migration]], collected: Collected) -> tuple[Migration, ...]:
    in_order = sorted(found, key=lambda item: (item[0], _path(item[1])))
    return after_programs([migration for _, migration in in_order], collected.taken)


def _not_served(
    versions: dict[SortKey, list[_Marked]], served: set[str]
) -> tuple[dict[str, set[str]], list[tuple[str, str]]]:
    """Return the paths of files for other engines, by engine, and the paths that no dialect uses, with the reason.

    What no dialect uses is for the other engines that have a file of this version, or else of any.
    """
    foreign: dict[str, set[str]] = defaultdict(set)
    left: list[tuple[str, str]] = []
    anywhere = {each.mark.foreign for group in versions.values() for each in group if each.mark.foreign is not None}
    for group in versions.values():
        others = {each.mark.foreign for each in group if each.mark.foreign is not None} or anywhere
        for each in group:
            path = each.piece.file.path
            if each.mark.foreign is not None:
                foreign[each.mark.foreign].add(path)
            elif path not in served and others:
                foreign[min(others)].add(path)  # for unsupported engines only
            elif path not in served:
                left.append((path, "every dialect of this version has its own file, so this one is not used"))
    return foreign, left


def folder_mark(folder: Folder, cwd: str) -> Mark:
    """Return the dialect that a folder's path names, or the name of the working directory that contains it."""
    mark = of_folder(folder.shown)
    if not is_meant(mark, folder.real):
        return UNMARKED
    return mark if mark is not UNMARKED or Path(folder.shown).is_absolute() else of_working_directory(cwd)


def _assumption(versions: dict[SortKey, list[_Marked]]) -> str | None:
    """Return why unmarked files are read as PostgreSQL; None if there are none."""
    files = [each.piece.file for group in versions.values() for each in group if each.mark is UNMARKED]
    if not files:
        return None
    evidence = of_postgres(files)
    why = "no script specifies it" if evidence is None else f"{evidence.path} contains `{evidence.words}`"
    return f"read as {_SPOKEN[Dialect.POSTGRES]}: no name specifies the engine, and {why}; {_EXPLICIT}"


def _read_as(home: Home, versions: dict[SortKey, list[_Marked]], problems: list[Problem]) -> Dialect | None:
    """Detect the dialect of unmarked files from their text; mark those of an unsupported engine."""
    unmarked = {
        id(each.piece.file): each.piece.file for group in versions.values() for each in group if each.mark is UNMARKED
    }
    evidence = of_files(list(unmarked.values()))
    if evidence is None:
        return None
    why = f"no name specifies the engine, and {evidence.path} contains `{evidence.words}`; "
    if evidence.mark.foreign is not None:
        message = f"assumed to be for {evidence.mark.foreign}: {why}use --dialect or `dialect` to override"
        problems.append(Problem("dialect-found", home.root, message))
        for key, group in versions.items():
            versions[key] = [each if each.mark is not UNMARKED else each._replace(mark=evidence.mark) for each in group]
        return None
    (dialect,) = evidence.mark.dialects
    message = f"read as {_SPOKEN[dialect]}: {why}{_EXPLICIT}"
    problems.append(Problem("dialect-found", home.root, message, dialect=dialect))
    return dialect


def _metadata_of(file: SourceFile, problems: list[Problem]) -> _Metadata:
    """Read a file's metadata once: a file may have a hundred thousand changesets."""
    if not has_sections(file):
        return _Metadata(file, False, UNMARKED)
    directive, problem = sections.dialect_directive(file)
    if problem is not None:
        problems.append(problem)
    return _Metadata(file, True, directive)


def _marked(piece: FilePart, mark: Mark, metadata: _Metadata, problems: list[Problem]) -> list[_Marked]:
    reason = piece.irreversible
    if not metadata.anything:
        return [_Marked(piece, piece.span, mark, reason)]
    if reason is None:
        text = piece.file.text
        reason = sections.irreversible(text, piece.scope or Span(0, len(text)))
    if metadata.directive is not UNMARKED:
        return [_Marked(piece, piece.span, metadata.directive, reason)]
    parts, wrong = sections.split(piece.file, piece.span)
    problems += wrong
    if parts:
        return [_Marked(_cut(piece, part.span), part.span, part.mark, reason) for part in parts]
    return [_Marked(piece, piece.span, mark, reason)]


def _cut(piece: FilePart, span: Span) -> FilePart:
    if piece.substituted is None:
        return piece
    first = piece.span.start
    return piece._replace(substituted=piece.substituted[span.start - first : span.end - first])


def _is_left_over(group: list[_Marked], named_set: set[Dialect]) -> bool:
    if any(each.mark.foreign is not None for each in group):
        return False
    for direction in Direction:
        these = [each for each in group if each.piece.direction is direction]
        own = {dialect for each in these for dialect in each.mark.dialects}
        if own >= named_set and any(each.mark is UNMARKED for each in these):
            return True
    return False


def _dialects(group: list[_Marked], named_set: set[Dialect], default: Dialect) -> list[Dialect]:
    """Return the dialects of a version."""
    own = {dialect for each in group for dialect in each.mark.dialects}
    if any(each.mark is UNMARKED for each in group):
        own |= named_set
        if not own:
            own.add(default)
    return sorted(own)


def _pairs(group: list[_Marked], dialect: Dialect, problems: list[Problem], *, by_name: bool) -> list[_Pair]:
    """Pair the pieces of a version in one dialect; report duplicates, unless names distinguish them, and orphans."""
    forwards = _serving(group, dialect, Direction.FORWARD)
    rollbacks = _serving(group, dialect, Direction.ROLLBACK)
    if not forwards:
        orphans = [each for each in rollbacks if each.mark is not UNMARKED or not _has_forward(group)]
        for each in orphans:
            message = "no forward migration has this rollback's version"
            problems.append(_problem("orphan-rollback", each, dialect, message))
        return [_Pair(None, each) for each in orphans]
    pairs = _match(forwards, rollbacks)
    first = forwards[0]
    for each in forwards[1:] if not by_name else ():
        message = f"version {each.piece.version} is used twice"
        problems.append(_problem("duplicate-version", each, dialect, message, first.piece.file.path))
    used = {id(pair.rollback) for pair in pairs if pair.rollback is not None}
    for each in rollbacks:
        if id(each) not in used:
            message = f"version {each.piece.version} already has a rollback"
            problems.append(_problem("duplicate-version", each, dialect, message, _rollback_path(pairs)))
    return pairs


def _serving(group: list[_Marked], dialect: Dialect, direction: Direction) -> list[_Marked]:
    own = [each for each in group if dialect in each.mark.dialects and each.piece.direction is direction]
    if not own:
        own = [each for each in group if each.mark is UNMARKED and each.piece.direction is direction]
    if len(own) > 1:
        own.sort(key=lambda each: each.piece.file.path)
    return own


def _has_forward(group: Iterable[_Marked]) -> bool:
    return any(each.piece.direction is Direction.FORWARD for each in group)


def _match(forwards: list[_Marked], rollbacks: list[_Marked]) -> list[_Pair]:
    """Assign rollbacks to forwards: first those in the same file, then those of the same name, then in order."""
    if len(forwards) == 1 and len(rollbacks) <= 1:
        return [_Pair(forwards[0], rollbacks[0] if rollbacks else None)]
    left = list(rollbacks)
    chosen: dict[int, _Marked] = {}
    for same in (_same_unit, _same_name, _any_file):
        for forward in forwards:
            if id(forward) in chosen:
                continue
            partner = next((each for each in left if same(forward, each)), None)
            if partner is not None:
                chosen[id(forward)] = partner
                left.remove(partner)
    return [_Pair(forward, chosen.get(id(forward))) for forward in forwards]


def _same_unit(forward: _Marked, rollback: _Marked) -> bool:
    return forward.piece.unit is not None and forward.piece.unit == rollback.piece.unit


def _same_name(forward: _Marked, rollback: _Marked) -> bool:
    return rollback.piece.unit is None and forward.piece.name.lower() == rollback.piece.name.lower()


def _any_file(forward: _Marked, rollback: _Marked) -> bool:
    return rollback.piece.unit is None


def _rollback_path(pairs: list[_Pair]) -> str | None:
    return next((pair.rollback.piece.file.path for pair in pairs if pair.rollback is not None), None)


def _migration(pair: _Pair, dialect: Dialect) -> Migration:
    forward, rollback = pair
    head = forward or rollback
    assert head is not None  # a pair has at least one side
    reason = forward.irreversible if forward is not None else None
    if reason is None and rollback is not None:
        reason = rollback.irreversible
    scripts = (_script(forward, dialect), _script(rollback, dialect))
    if any(each is not None and each.substituted is None and is_template(each.text) for each in scripts):
        # If the effect of one is unknown, the other cannot be checked against it.
        scripts = (_with_own_text(scripts[0]), _with_own_text(scripts[1]))
    version, name = printable(head.piece.version), printable(head.piece.name)
    return Migration(version, name, dialect, *scripts, reason, head.piece.repeatable)


def _with_own_text(script: Script | None) -> Script | None:
    if script is None or script.substituted is None or not has_tag(script.substituted):
        return script
    return replace(script, substituted=None)


@lru_cache(maxsize=2)
def _may_have_templates(text: str) -> bool:
    return "{{" in text or "${" in text


def _script(marked: _Marked | None, dialect: Dialect) -> Script | None:
    if marked is None:
        return None
    piece, (start, end) = marked.piece, marked.span
    substituted = piece.substituted
    if substituted is None and _may_have_templates(piece.file.text):
        substituted = filled_in(piece.file.text[start:end])
    transaction = piece.transaction and not sections.runs_bare(piece.file.text)
    return Script(piece.file, marked.span, piece.direction, dialect, transaction, substituted, piece.configured)


def _path(migration: Migration) -> str:
    script = migration.forward or migration.rollback
    return script.path if script is not None else ""


def _problem(kind: str, each: _Marked, dialect: Dialect, message: str, related: str | None = None) -> Problem:
    piece = each.piece
    start = each.span.start
    return Problem(kind, piece.file.path, message, start, piece.direction, piece.version, dialect, related)
