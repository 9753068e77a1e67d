"""Entry points of discovery."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from miglint.base.errors import UsageError
from miglint.base.input_files import OpenFolder
from miglint.base.model import Dialect, Discovered, History, Problem, SourceFile
from miglint.base.structs import replace
from miglint.discovery.assemble import Assembled, assemble, folder_mark, foreign_files
from miglint.discovery.context import DiscoveryScope, discovery_scope, has_variant
from miglint.discovery.file_parts import Home, Layout, LayoutOptions
from miglint.discovery.layouts import LAYOUTS, layout_named, layout_names
from miglint.discovery.options import DiscoveryOptions
from miglint.discovery.reading import ReadResult, from_bytes, from_text, read_file
from miglint.discovery.roots import gather
from miglint.discovery.tools import Beside, tools_beside
from miglint.discovery.version_place import numbers_below
from miglint.discovery.walk import is_script, scripts_below

_UNREAD = ("unreadable", "symlink-loop", "too-large")
_ROLLBACKS = ("required", "optional", "none")


def discover(
    paths: Sequence[str | os.PathLike[str]],
    *,
    options: DiscoveryOptions | None = None,
    texts: Mapping[str, str] | None = None,
) -> Discovered:
    """Find the migrations in folders, and those that files belong to.

    `texts` are the texts of files, new ones too, by the path that they are displayed by, in place of what is stored.
    Raises `UsageError` for a path that does not exist or an invalid option; defects of files are reported as problems.
    """
    options = options or DiscoveryOptions()
    forced = _check(options)
    given = {path: from_text(text, path) for path, text in (texts or {}).items() if is_script(path)}
    new = [path for path in given if not os.path.exists(os.path.join(options.cwd or "", path))]
    scope = discovery_scope([os.fspath(path) for path in paths], options, given=new)
    for path in (texts or {}).keys() - given.keys():
        _place_metadata(scope, path, (texts or {})[path])
    return _discover(scope, given, options, forced)


def _place_metadata(scope: DiscoveryScope, path: str, text: str) -> None:
    """Place a new file of the tool's own, which is no script, in its folder."""
    shown, _, name = path.rpartition("/")
    folder = scope.tree.folders.get(shown)
    if folder is not None:
        folder.others.add(name)
        folder.given[name] = text.encode()


def discover_text(
    name: str | os.PathLike[str], content: str | bytes, *, options: DiscoveryOptions | None = None
) -> Discovered:
    """Discover `content` as the file `name`, which need not exist, within the surrounding history, if any."""
    options = options or DiscoveryOptions()
    forced = _check(options)
    wanted = discovery_scope([os.fspath(name)], options, may_be_missing=True)
    path = next(iter(wanted.files))
    read = from_bytes(content, path) if isinstance(content, bytes) else from_text(content, path)
    return _discover(wanted, {path: read}, options, forced)


def discover_texts(
    contents: Mapping[str, str | bytes],
    paths: Sequence[str | os.PathLike[str]] = (),
    *,
    options: DiscoveryOptions | None = None,
) -> Discovered:
    """Find the migrations in `paths`, and treat each content as the file of that name, which need not exist.

    The names are those that discovery displays, or lead to the same files.
    """
    options = options or DiscoveryOptions()
    forced = _check(options)
    wanted = discovery_scope([os.fspath(path) for path in paths], options, given=contents)
    given = {}
    for name, content in contents.items():
        path = wanted.tree.displayed(name)
        given[path] = from_bytes(content, path) if isinstance(content, bytes) else from_text(content, path)
    return _discover(wanted, given, options, forced)


def _check(options: DiscoveryOptions) -> Layout | None:
    if options.rollbacks is not None and options.rollbacks not in _ROLLBACKS:
        raise UsageError(f"rollbacks: `{options.rollbacks}` is not one of {', '.join(_ROLLBACKS)}")
    if options.layout is None:
        return None
    layout = layout_named(options.layout)
    if layout is None:
        from difflib import get_close_matches

        near = get_close_matches(options.layout.lower(), layout_names(), 1, cutoff=0.75)
        hint = f" (did you mean `{near[0]}`?)" if near else f": known layouts are {', '.join(layout_names())}"
        raise UsageError(f"{options.layout_place}unknown layout `{options.layout}`{hint}")
    return layout


def _discover(
    wanted: DiscoveryScope, given: dict[str, ReadResult], options: DiscoveryOptions, forced: Layout | None
) -> Discovered:
    tree = wanted.tree
    failed: dict[str, Problem] = {}

    def read(real: str, path: str, folder: OpenFolder | None) -> SourceFile:
        result = given.get(path) or read_file(real, path, options.max_file_bytes, tree.may_read, folder)
        if result.problem is not None:
            failed[path] = result.problem
        return result.file

    histories: list[History] = []
    problems = list(tree.problems)
    unmatched: list[tuple[str, str]] = []
    foreign: set[str] = set()
    homes = gather(tree, read)
    for home in homes:
        results, left = _assemble_home(home, options, forced, tree.cwd)
        for result in results:
            histories += result.histories
            problems += result.problems
            foreign |= result.foreign
            unmatched += result.unmatched
        engine = folder_mark(home.folder, tree.cwd).foreign if left else None
        if engine is None:
            unmatched += [(path, _why(forced)) for path in left]
            continue
        foreign.update(left)
        if not _names_engine(results):
            problems.append(foreign_files(home, engine, len(left)))
    folders = (*tree.folders.values(), *(home.folder for home in homes))
    problems += {path: item for folder in folders for path, item in folder.unread.items()}.values()
    # Files for unsupported engines are not examined further.
    problems += [problem for path, problem in failed.items() if path not in foreign]
    beside = [tools_beside(history, tree.cwd) for history in histories]
    histories = [replace(history, tools=one.tools) for history, one in zip(histories, beside, strict=True)]
    return _result(histories, problems, unmatched, foreign, wanted, beside)


def _names_engine(results: Iterable[Assembled]) -> bool:
    """Return whether a note already names the unsupported engine of a home."""
    return any(problem.kind == "other-dialect" for result in results for problem in result.problems)


def _assemble_home(
    home: Home, options: DiscoveryOptions, forced: Layout | None, cwd: str
) -> tuple[list[Assembled], list[str]]:
    """Offer the files of a home to each layout in turn; return the results, and the paths that no layout accepts."""
    results: list[Assembled] = []
    dialect = options.dialect_of(home.folder.real)
    settings = LayoutOptions(options.placeholders, forced is not None, dialect)
    remaining = home.files
    for layout in LAYOUTS if forced is None else (forced,):
        taken = layout.recognize(home, remaining, settings)
        if not taken:
            continue
        collected = layout.collect(home, taken, settings)
        if options.on_base:
            collected = collected._replace(elsewhere=numbers_below(home.folder.shown, options.on_base))
        results.append(assemble(home, layout, collected, dialect, options.rollbacks, cwd))
        picked = {id(found.file) for found in taken}
        remaining = [found for found in remaining if id(found.file) not in picked]
        if not remaining:
            break
    return results, [found.file.path for found in remaining]


def _why(forced: Layout | None) -> str:
    if forced is not None:
        return f"this file does not match layout {forced.name} and is not checked"
    return "this file matches no known migration layout and is not checked"


def _result(
    histories: list[History],
    problems: list[Problem],
    unmatched: list[tuple[str, str]],
    foreign: set[str],
    wanted: DiscoveryScope,
    beside: list[Beside],
) -> Discovered:
    files = _files_of(histories)
    if wanted.partial:
        unmatched = [item for item in unmatched if item[0] in wanted.files]
        foreign = foreign & wanted.files
    without_layout = sorted(path for path, _ in unmatched)
    below, passed_over = scripts_below(wanted.excluded[1])
    left_out = (
        ("excluded by the configuration", len(wanted.excluded[0]) + below),
        ("no known migration layout", len(set(without_layout))),
        ("for an unsupported engine", len(foreign)),
        ("not readable", len(_unread(problems).difference(files, foreign, without_layout))),
    )
    problems = problems + [Problem("unmatched", path, message) for path, message in unmatched]
    problems.sort(key=lambda problem: (problem.path, problem.offset))
    return Discovered(
        tuple(sorted(histories, key=lambda history: (history.root, history.layout, history.dialect))),
        tuple(files[path] for path in sorted(files)),
        tuple(problems),
        tuple(without_layout),
        frozenset(wanted.files) if wanted.partial else None,
        tuple(sorted(folder.real for folder in wanted.tree.folders.values())),
        _roots_with_variant(histories),
        tuple((reason, number) for reason, number in left_out if number),
        tuple(passed_over),
        tuple(sorted({path for one in beside for path in one.consulted})),
    )


def _unread(problems: Iterable[Problem]) -> set[str]:
    return {item.path for item in problems if item.kind in _UNREAD and is_script(item.path)}


def _files_of(histories: list[History]) -> dict[str, SourceFile]:
    """Return the files of the histories' scripts by path."""
    return {
        script.file.path: script.file
        for history in histories
        for migration in history.migrations
        for script in (migration.forward, migration.rollback)
        if script is not None
    }


def _roots_with_variant(histories: list[History]) -> frozenset[str]:
    """Return the roots of histories for PostgreSQL with a variant for SQLite that is not among them."""
    if any(history.dialect is Dialect.SQLITE for history in histories):
        return frozenset()
    roots = {history.root for history in histories if history.dialect is Dialect.POSTGRES}
    return frozenset(root for root in roots if has_variant(root, Dialect.SQLITE))
