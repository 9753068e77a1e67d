"""Which files were touched since a git revision."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from miglint.base.errors import UsageError

_TIMEOUT = 60


def touched_since(reference: str, cwd: str | None = None) -> frozenset[str]:
    """Return the paths, as they are shown, of files changed or new since `reference` branched off.

    What is not committed yet counts as well.
    """
    folder = cwd or str(Path.cwd())
    git = shutil.which("git")
    if git is None:
        raise UsageError("--since needs git, and there is none on PATH")
    if reference.startswith("-"):
        raise UsageError(f"--since: `{reference}` is no git revision")
    top = _git(git, folder, "rev-parse", "--show-toplevel").rstrip("\n")
    verify = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    commit = _git(git, folder, *verify, may_fail=True).strip()
    if not commit:
        raise UsageError(f"--since: git knows no revision `{reference}`")
    # What the other branch did since is not ours; without a common past (a shallow clone) all differences count.
    base = _git(git, folder, "merge-base", commit, "HEAD", may_fail=True).strip() or commit
    listed = _git(git, top, "diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", base, "--")
    new = _git(git, top, "ls-files", "--others", "--exclude-standard", "-z", "--full-name")
    real = os.path.realpath(folder)
    names = (name for name in (listed + new).split("\0") if name)
    return frozenset(_shown(str(Path(top) / name), real) for name in names)


def deleted_files(cwd: str | None = None) -> frozenset[str]:
    """Return the paths, as they are shown, of files that a commit takes away, renamed ones among them.

    It is the commit that is being made; or those that pre-commit was asked about (`--from-ref`, `--to-ref`). Outside of
    a git repository there are none.
    """
    folder = cwd or str(Path.cwd())
    git = shutil.which("git")
    if git is None:
        return frozenset()
    top = _git(git, folder, "rev-parse", "--show-toplevel", may_fail=True).rstrip("\n")
    # Before the first commit nothing can be taken away.
    if not top or not _git(git, folder, "rev-parse", "--verify", "--quiet", "HEAD", may_fail=True):
        return frozenset()
    first, last = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    between = ("--end-of-options", f"{first}...{last}") if first and last else ("--cached", "HEAD")
    options = ("--name-only", "--no-renames", "--no-ext-diff", "--diff-filter=D", "-z")
    listed = _git(git, top, "diff", *options, *between, "--", may_fail=True)
    real = os.path.realpath(folder)
    return frozenset(_shown(str(Path(top) / name), real) for name in listed.split("\0") if name)


def _shown(path: str, folder: str) -> str:
    prefix = folder.rstrip(os.sep) + os.sep
    return Path(path.removeprefix(prefix) if path.startswith(prefix) else path).as_posix()


def _git(git: str, folder: str, *arguments: str, may_fail: bool = False) -> str:
    try:
        done = subprocess.run([git, "-C", folder, *arguments], capture_output=True, timeout=_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(f"--since: git did not answer within {_TIMEOUT} seconds") from None
    if done.returncode and not may_fail:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[0].removeprefix("fatal: ") if said else f"git failed with status {done.returncode}"
        raise UsageError(f"--since: {why}")
    return "" if done.returncode else os.fsdecode(done.stdout)
