"""The server's programs in a place where its account can run them: in place, or as a copy.

A copy keeps the layout, since programs locate libraries and files relative to themselves. It is created in a folder of
miglint's own, whose files are writable only by the calling user.
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

# Locations that wheel repair tools use for libraries: beside the package and inside it.
_LIBRARIES = ("{package}.libs", "{package}/.dylibs", "{package}/.libs")
# Larger than any build of PostgreSQL: a prefix that contains other software is not copied.
_MOST_BYTES = 400 << 20


def reachable_programs(folder: Path, account: Account, workspace: Workspace) -> Path:
    """Return a folder of programs (`bin`) that the account can run: `folder` itself, or one in a copy.

    Raises `EngineMissingError` with the places tried and the reasons.
    """
    if account.name is None:
        return folder
    trees = dict(_trees(folder))
    if _open(folder, trees) and _runs(folder, account) is None:
        return folder
    here = f"account {account.name}, which must run the server, has no access to {folder}"
    size = _size(trees)
    if size > _MOST_BYTES:
        raise EngineMissingError(f"{here}; install PostgreSQL in a place that every account can access")
    reasons = []
    for place in dict.fromkeys((workspace.path.parent, *roots(shared=True))):
        if _noexec(place):
            reasons.append(f"{place} is mounted noexec")
            continue
        if shutil.disk_usage(place).free < 2 * size:
            reasons.append(f"{place} has not enough space")
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
        f"{here}, and a copy cannot be run ({'; '.join(reasons)}); run miglint as an ordinary user, install it in a"
        " place that every account can access, or set TMPDIR to a folder that allows execution"
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
    # If single files are links, the libraries are beside the link targets.
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
    """Return the size of the folders in bytes, or a number above the limit for copies."""
    size = 0
    for tree in trees:
        for path in tree.rglob("*"):
            size += path.stat().st_size if path.is_file() else 0
            if size > _MOST_BYTES:
                return size
    return size


def _copy(source: Path, into: Path, name: str) -> None:
    """Copy a folder to `into/name`, following links, with read access for everyone."""
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
    """Return whether every account can read the required files of a package; other layouts are tried out."""
    if not _packaged(folder):
        return open_to_all(folder)
    return all(open_to_all(tree) and all(map(_is_open, _modes(tree))) for tree in trees)


def _is_open(mode: int) -> bool:
    """Return whether a file or folder with that mode can be read by everyone."""
    wanted = 0o005 if stat.S_ISDIR(mode) else 0o004
    return mode & wanted == wanted


def _modes(tree: Path) -> Iterator[int]:
    """Yield the modes of a folder and of all in it, of links those of their targets."""
    yield tree.stat().st_mode
    pending = [str(tree)]
    while pending:
        # Thousands of files are looked at on each start of a server: a `Path` for each takes longer than that.
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                yield entry.stat().st_mode
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)


def _runs(folder: Path, account: Account) -> str | None:
    """Run the programs as the account; return the reason if one fails, else None."""
    for name in ("initdb", "postgres"):
        why = account.run([str(folder / name), "--version"])
        if why is not None:
            return f"{name}: {why}"
    return None


def _noexec(place: Path) -> bool:
    """Return whether a file system is mounted noexec, if the system reports it."""
    if not hasattr(os, "ST_NOEXEC"):
        return False
    return bool(os.statvfs(place).f_flag & os.ST_NOEXEC)
