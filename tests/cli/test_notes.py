"""Notes on a terminal and in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

TEXT = (
    "server/svix-server/migrations: read as PostgreSQL: no name specifies the engine; fetch it with "
    "`git fetch --unshallow origin main:refs/remotes/origin/main`, or use --dialect to make it explicit"
)
RUN = [sys.executable, "-c", f"from miglint.cli.notes import note; note({TEXT!r})"]


def test_a_pipe_gets_one_line() -> None:
    done = subprocess.run(RUN, capture_output=True, text=True, check=True)
    assert done.stderr == f"note: {TEXT}\n"


def test_a_terminal_gets_whole_words_and_whole_commands() -> None:
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 72, 0, 0))
    subprocess.run(RUN, stderr=follower, check=True)
    os.close(follower)
    lines = os.read(leader, 1 << 16).decode().splitlines()
    os.close(leader)
    assert len(lines) > 2 and all(len(line) <= 72 for line in lines)
    assert " ".join(line.strip() for line in lines) == f"note: {TEXT}"
    assert any("`git fetch --unshallow origin main:refs/remotes/origin/main`" in line for line in lines)
