"""The operating system account for a throwaway server: PostgreSQL refuses to run as root."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from miglint.base.structs import Struct
from miglint.dryrun.interfaces import EngineMissingError

# `nobody` and `daemon` come first: `postgres` may own the databases of a production server.
_CANDIDATES = ("nobody", "daemon", "postgres")
# Capabilities that root needs to start a process as another account: changing file owner, group and user.
_CAPABILITIES = {0: "CAP_CHOWN", 6: "CAP_SETGID", 7: "CAP_SETUID"}
_TRY_SECONDS = 20


class Account(Struct, frozen=True):
    """An ordinary account; `name` None is the current one."""

    name: str | None = None
    uid: int = -1
    gid: int = -1

    def own(self, folder: Path) -> None:
        """Change the owner of a folder and its content to the account, which cannot open the folder before."""
        if self.name is None or sys.platform == "win32":
            return
        for _, folders, files, here in os.fwalk(folder):
            for name in (*folders, *files):
                os.chown(name, self.uid, self.gid, dir_fd=here, follow_symlinks=False)
        os.chown(folder, self.uid, self.gid, follow_symlinks=False)

    def run(self, command: list[str]) -> str | None:
        """Run a program as the account, discarding its output; return the reason if it fails, else None."""
        other = {} if self.name is None else {"user": self.uid, "group": self.gid, "extra_groups": []}
        try:
            done = subprocess.run(  # type: ignore[call-overload]  # `other` are options
                command, capture_output=True, text=True, timeout=_TRY_SECONDS, cwd="/", check=False, **other
            )
        except (OSError, subprocess.SubprocessError) as error:
            return getattr(error, "strerror", None) or str(error)
        if done.returncode == 0:
            return None
        lines = (done.stderr or done.stdout).strip().splitlines()
        return lines[0][:300] if lines else f"it exited with status {done.returncode}"


def accounts() -> Iterator[Account]:
    """Return the accounts that root may run a server as."""
    if sys.platform == "win32":
        return
    import pwd

    for name in _CANDIDATES:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            if entry.pw_uid != 0:
                yield Account(name, entry.pw_uid, entry.pw_gid)


def ordinary_account() -> Account:
    """Return the account for the server: the current one, or an ordinary one if it is root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return Account()
    missing = _missing_capabilities()
    if missing:
        raise EngineMissingError(
            f"PostgreSQL refuses to run as root, and root cannot switch to another account here ({missing} is missing);"
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
        f" {_CANDIDATES[-1]} to run it as; run miglint as an ordinary user, or create one with:"
        " useradd --system postgres"
    )


def _missing_capabilities() -> str:
    """Return the names of the missing capabilities; empty if they cannot be determined."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        effective = int(next(line.split()[1] for line in lines if line.startswith("CapEff:")), 16)
    except (OSError, ValueError, StopIteration):
        return ""
    return ", ".join(name for bit, name in _CAPABILITIES.items() if not effective >> bit & 1)


def _mapped(kind: str, number: int) -> bool:
    """Return whether an account number is mapped in this user namespace."""
    try:
        lines = Path(f"/proc/self/{kind}_map").read_text().splitlines()
    except OSError:
        return True
    ranges = [tuple(map(int, line.split())) for line in lines]
    return not ranges or any(first <= number < first + count for first, _, count in ranges)
