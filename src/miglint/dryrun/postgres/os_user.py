"""The operating system's account that a throwaway server runs under: PostgreSQL refuses to run as root."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineMissingError

# First the one that owns nothing: `postgres` may own the databases of a server that is somebody's.
_CANDIDATES = ("nobody", "daemon", "postgres")
# What root needs to start a process under another account: to give it files, and to change group and user.
_CAPABILITIES = {0: "CAP_CHOWN", 6: "CAP_SETGID", 7: "CAP_SETUID"}
_TRY_SECONDS = 20


class Account(Struct, frozen=True):
    """An ordinary account; `name` None is the one that miglint runs under."""

    name: str | None = None
    uid: int = -1
    gid: int = -1

    def own(self, folder: Path) -> None:
        """Give a folder and all in it to the account."""
        if self.name is None:
            return
        os.chown(folder, self.uid, self.gid)
        for root, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(os.path.join(root, name), self.uid, self.gid, follow_symlinks=False)  # noqa: PTH118

    def run(self, command: list[str]) -> str | None:
        """Run a program under the account and throw its output away; return why it does not work, None if it does."""
        other = {} if self.name is None else {"user": self.uid, "group": self.gid, "extra_groups": []}
        try:
            done = subprocess.run(  # type: ignore[call-overload]
                command, capture_output=True, text=True, timeout=_TRY_SECONDS, cwd="/", check=False, **other
            )
        except (OSError, subprocess.SubprocessError) as error:
            return getattr(error, "strerror", None) or str(error)
        if done.returncode == 0:
            return None
        said = (done.stderr or done.stdout).strip().splitlines()
        return said[0][:300] if said else f"it ended with status {done.returncode}"


def accounts() -> Iterator[Account]:
    """Return the accounts that root may run a server under."""
    if sys.platform == "win32":
        return
    import pwd

    for name in _CANDIDATES:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            if entry.pw_uid != 0:
                yield Account(name, entry.pw_uid, entry.pw_gid)


def ordinary_account() -> Account:
    """Return the account to run a server under: this one, or an ordinary one when this is root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return Account()
    missing = _missing_capabilities()
    if missing:
        raise EngineMissingError(
            f"PostgreSQL refuses to run as root, and this root may not become another account ({missing} is missing);"
            " run miglint as an ordinary user"
        )
    known = list(accounts())
    mapped = [account for account in known if _mapped("uid", account.uid) and _mapped("gid", account.gid)]
    if mapped:
        return mapped[0]
    if known:
        raise EngineMissingError(
            f"PostgreSQL refuses to run as root, and the account {known[0].name} is not in this user namespace;"
            " run miglint as an ordinary user"
        )
    raise EngineMissingError(
        f"PostgreSQL refuses to run as root, and there is no account {', '.join(_CANDIDATES[:-1])} or"
        f" {_CANDIDATES[-1]} to run it under; run miglint as an ordinary user, or make one with:"
        " useradd --system postgres"
    )


def _missing_capabilities() -> str:
    """Return the names of what this root may not do, of what it needs; empty where that cannot be asked."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        effective = int(next(line.split()[1] for line in lines if line.startswith("CapEff:")), 16)
    except (OSError, ValueError, StopIteration):
        return ""
    return ", ".join(name for bit, name in _CAPABILITIES.items() if not effective >> bit & 1)


def _mapped(kind: str, number: int) -> bool:
    """Tell whether a number of an account means one in this user namespace."""
    try:
        lines = Path(f"/proc/self/{kind}_map").read_text().splitlines()
    except OSError:
        return True
    ranges = [tuple(map(int, line.split())) for line in lines]
    return not ranges or any(first <= number < first + count for first, _, count in ranges)
