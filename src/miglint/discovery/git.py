"""Git queries: files changed since a revision, files deleted by a commit, and file content at a commit.

A repository may come from an untrusted source, with its `.git` folder or as a disguised bare repository, and its
configuration can name programs: `core.fsmonitor`, filters, hooks, an external diff, a transport for missing objects.
Git is called so that none of them runs, and with only those environment variables that locate the repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from miglint.base.errors import UsageError
from miglint.base.structs import Struct

_TIMEOUT = 60
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


def touched_since(reference: str, cwd: str | None = None) -> frozenset[str]:
    """Return the display paths of files changed or added since `reference` branched off.

    Uncommitted changes are included.
    """
    folder = cwd or str(Path.cwd())
    _require_revision(reference, "--since")
    repository = _repository(folder, "--since")
    commit = _commit(repository, reference, "--since")
    # Changes on the other branch are excluded; without a merge base (a shallow clone), all differences are included.
    base = _ask(repository, "merge-base", commit, "HEAD", may_fail=True).strip() or commit
    listed = _ask(repository, "diff", *_DIFF, base, "--")
    new = _ask(repository, "ls-files", "--others", "--exclude-standard", "-z", "--full-name")
    real = os.path.realpath(folder)
    names = (name for name in (listed + new).split("\0") if name)
    return frozenset(_shown(str(Path(repository.top) / name), real) for name in names)


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
    if not _ask(repository, "rev-parse", "--verify", "--quiet", "HEAD", may_fail=True):
        return frozenset()
    first, last = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    between = ("--end-of-options", f"{first}...{last}") if first and last else ("--cached", "HEAD")
    listed = _ask(repository, "diff", *_DIFF, "--diff-filter=D", *between, "--", may_fail=True)
    real = os.path.realpath(folder)
    return frozenset(_shown(str(Path(repository.top) / name), real) for name in listed.split("\0") if name)


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

    def read(self, path: str, limit: int) -> bytes | None:
        """Return the content of a file, or None if there was none; links in the commit are not followed.

        Raises `UsageError` if it exceeds `limit` bytes.
        """
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))  # noqa: PTH118, PTH119, PTH120
        name = os.path.relpath(real, self.top).replace(os.sep, "/")
        if name.startswith("../"):
            raise UsageError(f"{self._option}: {path} is outside the repository")
        entry = _ask(self._repository, "ls-tree", "-z", "--full-tree", self.commit, "--", f":(literal){name}")
        mode, _, rest = entry.partition("\t")[0].partition(" ")
        if not mode.startswith("100"):
            return None
        blob = rest.rpartition(" ")[2]
        if int(_ask(self._repository, "cat-file", "-s", blob)) > limit:
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


def base_commit(option: str = "--preserve-data", cwd: str | None = None) -> BaseCommit | None:
    """Return the tip of the base branch, which has no files before the first commit; None outside of a repository."""
    try:
        repository = _repository(cwd or str(Path.cwd()), option)
    except UsageError:
        return None
    for reference in _BASES:
        verify = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
        commit = _ask(repository, *verify, may_fail=True, option=option).strip()
        if commit:
            listed = _ask(repository, "ls-tree", "-r", "-z", "--full-tree", "--name-only", commit, option=option)
            top = Path(repository.top)
            name = reference.removeprefix("refs/remotes/").removesuffix("/HEAD")
            return BaseCommit(name, frozenset(str(top / name) for name in listed.split("\0") if name))
    return BaseCommit("the base branch", frozenset())


def _repository(folder: str, option: str) -> Repository:
    # Entries such as `.` or an empty one could resolve to a program in the checkout.
    path = os.pathsep.join(place for place in os.environ.get("PATH", "").split(os.pathsep) if Path(place).is_absolute())
    git = shutil.which("git", path=path)
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
    listed = _ask(repository, "config", "--list", "--name-only", "-z", may_fail=True).split("\0")
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
    commit = _ask(repository, *verify, may_fail=True).strip()
    if not commit:
        raise UsageError(f"{option}: unknown git revision `{reference}`")
    return commit


def _shown(path: str, folder: str) -> str:
    prefix = folder.rstrip(os.sep) + os.sep
    return Path(path.removeprefix(prefix) if path.startswith(prefix) else path).as_posix()


def _ask(repository: Repository, *arguments: str, may_fail: bool = False, option: str = "--since") -> str:
    return os.fsdecode(_run(repository, *arguments, may_fail=may_fail, option=option))


def _run(repository: Repository, *arguments: str, may_fail: bool = False, option: str = "--since") -> bytes:
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    command = [repository.git, "--no-pager", *settings, "-C", repository.top, *arguments]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
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
