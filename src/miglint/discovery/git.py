"""Git queries: files changed since a revision, files deleted by a commit, and file content at a commit.

A repository may come from an untrusted source, with its `.git` folder or as a disguised bare repository, and its
configuration can name programs: `core.fsmonitor`, filters, hooks, an external diff, a transport for missing objects.
Git is called so that none of them runs, and with only those environment variables that locate the repository.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from miglint.base.errors import UsageError
from miglint.base.model import BaseBranch
from miglint.base.program_path import program_on_path
from miglint.base.structs import Struct
from miglint.discovery.options import DEFAULT_MAX_FILE_BYTES
from miglint.discovery.reading import from_bytes
from miglint.discovery.unknown_revision import DEEPEN, why_unknown

_TIMEOUT = 60
# More scripts than a branch usually lacks.
_MOST_CONTENTS = 200
# Maximum number of settings taken from the environment.
_MOST = 1000
# Each is disabled, empty or harmless, whatever the repository's, the user's and the system's configuration.
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.sshCommand=false",
    "core.gitProxy=",
    "core.askPass=",
    "core.pager=cat",
    "core.editor=false",
    "credential.helper=",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "safe.bareRepository=explicit",
)
# No external diff or text conversion programs; submodules, which have their own configuration, are ignored.
_DIFF = ("--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "-z")
_FILTER = {"clean": "", "smudge": "", "process": "", "required": "false"}
# Git variables that locate the repository, for use within git hooks, and the user's own configuration.
_KEPT = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_QUARANTINE_PATH",
        "GIT_CEILING_DIRECTORIES",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
    }
)
_FIXED = {
    # Missing objects of a partial clone are not fetched: the transport is a program named in the configuration.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ATTR_NOSYSTEM": "1",
}


class Repository(Struct, frozen=True):
    """A repository: git's executable, the top of the working tree, and git's environment."""

    git: str
    top: str
    environment: Mapping[str, str]


class Since(Struct, frozen=True):
    """The changes since a revision branched off: the paths of all changed files, as displayed, and the base branch.

    `base` is None if the history does not reach back to where the branches parted; `note` then says what to do.
    """

    touched: frozenset[str]
    base: BaseBranch | None = None
    note: str = ""


def touched_since(reference: str, cwd: str | None = None) -> frozenset[str]:
    """Return the display paths of files changed or added since `reference` branched off, uncommitted ones included."""
    return changes_since(reference, cwd).touched


def changes_since(reference: str, cwd: str | None = None) -> Since:
    """Return what was changed since `reference` branched off, and what that branch got since then."""
    folder = cwd or str(Path.cwd())
    _require_revision(reference, "--since")
    repository = _repository(folder, "--since")
    commit = _commit(repository, reference, "--since")
    # Changes on the other branch are excluded; without a merge base (a shallow clone), all differences are included.
    base = _git(repository, "merge-base", commit, "HEAD", may_fail=True).strip()
    real = os.path.realpath(folder)

    def shown(names: Iterable[str]) -> frozenset[str]:
        return frozenset(_shown(str(Path(repository.top) / name), real) for name in names if name)

    changed = _git(repository, "diff", *_DIFF, base or commit, "--").split("\0")
    new = _git(repository, "ls-files", "--others", "--exclude-standard", "-z", "--full-name").split("\0")
    touched = shown(changed) | shown(new)
    if not base:
        return Since(touched, None, _unrelated(repository, reference))
    before = _files(repository, base)
    tip = before if base == commit else _files(repository, commit)
    arrived = sorted(tip.keys() - before.keys())
    near = _folders_of_scripts((*changed, *new))
    wanted = [name for name in arrived if not near.isdisjoint(_folders(name))][:_MOST_CONTENTS]
    texts = _contents(repository, {tip[name] for name in wanted})
    read = [(texts[tip[name]], shown([name])) for name in wanted if tip[name] in texts]
    contents = tuple(from_bytes(text, path).file for text, paths in read for path in paths)
    edited = shown(name for name in changed if name in before)
    files = tuple(sorted(shown(tip)))
    return Since(touched, BaseBranch(reference, edited, touched - shown(before), files, shown(arrived), contents))


def _unrelated(repository: Repository, reference: str) -> str:
    """Return the note that there is no common commit."""
    note = f"--since: no common commit of {reference} and HEAD, so its own changes are included"
    return f"{note}: this clone is shallow, {DEEPEN}" if _is_shallow(repository) else note


def _folders_of_scripts(names: Iterable[str]) -> set[str]:
    return {folder for name in names if name.endswith(".sql") for folder in _folders(name)}


def _folders(name: str) -> tuple[str, str]:
    """Return the folder of a file and the one above, either of which may be that of its history."""
    folder = name.rpartition("/")[0]
    return folder, folder.rpartition("/")[0]


def _contents(repository: Repository, blobs: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of blobs, except for large ones and those that a partial clone lacks."""

    def cat_file(mode: str, names: Iterable[str]) -> bytes:
        return _run(repository, "cat-file", mode, given="".join(f"{name}\n" for name in names).encode())

    if not (names := sorted(blobs)):
        return {}
    described = [line.split() for line in cat_file("--batch-check", names).decode().splitlines()]
    sizes = {line[0]: int(line[2]) for line in described if line[1] == "blob"}
    small = {name: size for name, size in sizes.items() if size <= DEFAULT_MAX_FILE_BYTES}
    output = cat_file("--batch", small) if small else b""
    contents = {}
    at = 0
    for name, size in small.items():
        start = output.index(b"\n", at) + 1
        contents[name] = output[start : start + size]
        at = start + size + 1
    return contents


def _files(repository: Repository, commit: str) -> dict[str, str]:
    """Return the blobs of the SQL files of a commit by path from the root; links and submodules are left out."""
    files: dict[str, str] = {}
    for entry in filter(None, _git(repository, "ls-tree", "-r", "-z", "--full-tree", commit).split("\0")):
        head, _, name = entry.partition("\t")
        mode, _, blob = head.split()
        if mode.startswith("100") and name.lower().endswith(".sql"):
            files[name] = blob
    return files


def _is_shallow(repository: Repository) -> bool:
    return _git(repository, "rev-parse", "--is-shallow-repository", may_fail=True).strip() == "true"


def deleted_files(cwd: str | None = None) -> frozenset[str]:
    """Return the display paths of files that a commit deletes or renames.

    The commit is the one being created, or the range given to pre-commit (`--from-ref`, `--to-ref`). Outside of a git
    repository the result is empty.
    """
    folder = cwd or str(Path.cwd())
    try:
        repository = _repository(folder, "--hook")
    except UsageError:
        return frozenset()
    # Before the first commit, nothing can be deleted.
    if not _git(repository, "rev-parse", "--verify", "--quiet", "HEAD", may_fail=True):
        return frozenset()
    first, last = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    between = ("--end-of-options", f"{first}...{last}") if first and last else ("--cached", "HEAD")
    listed = _git(repository, "diff", *_DIFF, "--diff-filter=D", *between, "--", may_fail=True)
    real = os.path.realpath(folder)
    return frozenset(_shown(str(Path(repository.top) / name), real) for name in listed.split("\0") if name)


def main_branch() -> str | None:
    """Return the branch that others are merged into, by its usual names, or None: there is none, or no repository."""
    try:
        repository = _repository(str(Path.cwd()), "git")
    except UsageError:
        return None
    for name in _MAIN_BRANCHES:
        if _git(repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", may_fail=True).strip():
            return name
    return None


# The branch that a clone follows, if it has one, is the one that the project works on.
_MAIN_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


class Snapshot:
    """The files of a repository at a commit, by their paths in the working tree."""

    def __init__(self, reference: str, option: str, cwd: str | None = None) -> None:
        """Resolve the commit; raises `UsageError`, with a message that starts with `option`, if it does not exist."""
        _require_revision(reference, option)
        self._repository = _repository(cwd or str(Path.cwd()), option)
        self._option = option
        self.commit = _commit(self._repository, reference, option)
        self.reference = reference

    @property
    def top(self) -> str:
        """The root of the repository's working tree, with links resolved."""
        return self._repository.top

    def paths(self, cwd: str | None = None) -> frozenset[str]:
        """Return the paths of all files, as they are displayed in a folder."""
        listed = _git(self._repository, "ls-tree", "-r", "-z", "--name-only", "--full-tree", self.commit)
        real = os.path.realpath(cwd or str(Path.cwd()))
        return frozenset(_shown(str(Path(self.top) / name), real) for name in listed.split("\0") if name)

    def read(self, path: str, limit: int) -> bytes | None:
        """Return the content of a file, or None if there was none; links in the commit are not followed.

        Raises `UsageError` if it exceeds `limit` bytes.
        """
        # The file itself may be a link, which stays one.
        folder, name = os.path.split(path)
        real = os.path.join(os.path.realpath(folder), name)
        name = os.path.relpath(real, self.top).replace(os.sep, "/")
        if name.startswith("../"):
            raise UsageError(f"{self._option}: {path} is outside the repository")
        entry = _git(self._repository, "ls-tree", "-z", "--full-tree", self.commit, "--", f":(literal){name}")
        mode, _, rest = entry.partition("\t")[0].partition(" ")
        if not mode.startswith("100"):
            return None
        blob = rest.rpartition(" ")[2]
        if int(_git(self._repository, "cat-file", "-s", blob)) > limit:
            raise UsageError(f"{self._option}: {name} at {self.reference}: larger than {limit:,} bytes")
        return _run(self._repository, "cat-file", "blob", blob, option=self._option)


# Where the base branch is, the most certain first.
_BASES = ("refs/remotes/origin/HEAD", "origin/main", "origin/master", "main", "master")


class BaseCommit(Struct, frozen=True):
    """The tip of the base branch: its `name`, and the files that it has, as paths with links resolved."""

    name: str
    files: frozenset[str]

    def has(self, path: str) -> bool:
        """Return whether the base branch has a file."""
        return os.path.realpath(path) in self.files


def base_commit() -> BaseCommit | None:
    """Return the tip of the base branch, which has no files before the first commit; None outside of a repository."""
    option = "--preserve-data"
    try:
        repository = _repository(str(Path.cwd()), option)
    except UsageError:
        return None
    for reference in _BASES:
        verify = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
        commit = _git(repository, *verify, may_fail=True, option=option).strip()
        if commit:
            listed = _git(repository, "ls-tree", "-r", "-z", "--full-tree", "--name-only", commit, option=option)
            top = Path(repository.top)
            name = reference.removeprefix("refs/remotes/").removesuffix("/HEAD")
            return BaseCommit(name, frozenset(str(top / name) for name in listed.split("\0") if name))
    return BaseCommit("the base branch", frozenset())


def _repository(folder: str, option: str) -> Repository:
    git = program_on_path("git")
    if git is None:
        raise UsageError(f"{option} requires git, but it is not on PATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    start = Repository(git, folder, {**kept, **_FIXED})
    environment = {**start.environment, **_configured(start)}
    found = _run(Repository(git, folder, environment), "rev-parse", "--show-toplevel", option=option)
    return Repository(git, os.path.realpath(os.fsdecode(found).rstrip("\n")), environment)


def _configured(repository: Repository) -> dict[str, str]:
    """Return the variables that configure git in addition to `_SETTINGS`, for keys with arbitrary names.

    All filters are disabled, since attributes in the tree select them. `safe.directory` entries of the environment are
    kept.
    """
    listed = _git(repository, "config", "--list", "--name-only", "-z", may_fail=True).split("\0")
    filters = {key.split(".", 1)[1].rpartition(".")[0] for key in listed if key.startswith("filter.")}
    keys = [(f"filter.{name}.{key}", value) for name in sorted(filters) for key, value in _FILTER.items()]
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    for number in range(min(int(given), _MOST) if given.isdecimal() else 0):
        if os.environ.get(f"GIT_CONFIG_KEY_{number}", "").lower() == "safe.directory":
            keys.append(("safe.directory", os.environ.get(f"GIT_CONFIG_VALUE_{number}", "")))
    found = {"GIT_CONFIG_COUNT": str(len(keys))}
    for number, (key, value) in enumerate(keys):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found


def _require_revision(reference: str, option: str) -> None:
    if reference.startswith("-") or "\0" in reference:
        raise UsageError(f"{option}: `{reference}` is not a git revision")


def _commit(repository: Repository, reference: str, option: str) -> str:
    verify = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    commit = _git(repository, *verify, may_fail=True).strip()
    if not commit:
        branches = _git(repository, "for-each-ref", "--format=%(refname:short)", may_fail=True).split()
        remotes = _git(repository, "remote", may_fail=True).split()
        why = why_unknown(reference, branches, remotes, shallow=_is_shallow(repository))
        raise UsageError(f"{option}: unknown git revision `{reference}`{why}")
    return commit


def _shown(path: str, folder: str) -> str:
    prefix = folder.rstrip(os.sep) + os.sep
    return Path(path.removeprefix(prefix) if path.startswith(prefix) else path).as_posix()


def _git(repository: Repository, *arguments: str, may_fail: bool = False, option: str = "--since") -> str:
    return os.fsdecode(_run(repository, *arguments, may_fail=may_fail, option=option))


def _run(
    repository: Repository, *arguments: str, may_fail: bool = False, option: str = "--since", given: bytes = b""
) -> bytes:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    command = [repository.git, "--no-pager", *settings, "-C", repository.top, *arguments]
    try:
        done = subprocess.run(
            command,
            input=given,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
            env=dict(repository.environment),
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"{option}: git did not finish within {_TIMEOUT} seconds") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{option}: cannot run git: {error}") from None
    if done.returncode and not may_fail:
        errors = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = errors[0].removeprefix("fatal: ") if errors else f"git exited with status {done.returncode}"
        raise UsageError(f"{option}: {why}")
    return b"" if done.returncode else done.stdout
