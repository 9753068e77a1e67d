"""The rule book as data: pages, their examples, and what they claim about engines."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

BOOK = Path(__file__).parents[2] / "rules"

_INFO = re.compile(r'([\w-]+)="([^"]*)"|([\w-]+)=(\S+)')
_CLAIM = re.compile(
    r"- (?P<engine>PostgreSQL|SQLite): (?P<again>the second run of )?the (?P<side>bad|good) "
    r"(?P<script>forward|rollback) (?P<says>.+)\."
)


@dataclass(frozen=True)
class File:
    """One fenced block: its file name, its bytes, and what the info string says besides."""

    name: str
    data: bytes
    options: dict[str, str]


@dataclass(frozen=True)
class Example:
    """Files that make one history: those of one heading."""

    code: str
    side: str
    number: int
    files: tuple[File, ...]

    def __str__(self) -> str:
        return f"{self.code}-{self.side}-{self.number}"

    @property
    def engine(self) -> str:
        return "SQLite" if any(file.name.startswith("sqlite/") for file in self.files) else "PostgreSQL"

    @property
    def also(self) -> frozenset[str]:
        """Codes that the example fires besides its own."""
        listed = ",".join(file.options.get("also", "") for file in self.files)
        return frozenset(code for code in listed.split(",") if code)

    @property
    def runs(self) -> bool:
        """Whether it is a plain pair that an engine can run: some pages are about files, not about SQL."""
        return (
            not self.branches
            and self.text("up") is not None
            and all(file.options.get("engine") != "no" for file in self.files)
        )

    def text(self, part: str) -> str | None:
        """Return the SQL of `up`, `down` or `baseline`."""
        found = [file for file in self.files if file.name.endswith((f".{part}.sql", f"{part}.sql"))]
        return found[0].data.decode(errors="replace") if len(found) == 1 else None

    @property
    def branches(self) -> bool:
        """Whether there are two branches: blocks with `branch="start"` are on both, `branch="main"` on their base."""
        return any("branch" in file.options for file in self.files)

    def write(self, folder: Path) -> None:
        """Write the files; those of other branches are committed, and git is left on the branch `topic`."""
        if not self.branches:
            self._write(folder, "")
            return
        _git(folder, "init", "-q", "-b", "main")
        for branch in ("start", "main"):
            self._write(folder, branch)
            _git(folder, "add", ".")
            _git(folder, "commit", "-q", "--allow-empty", "-m", branch)
            _git(folder, *(("branch", "topic") if branch == "start" else ("checkout", "-q", "topic")))
        self._write(folder, "")

    def _write(self, folder: Path, branch: str) -> None:
        for file in self.files:
            if file.options.get("branch", "") != branch:
                continue
            path = folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            if "link" in file.options:
                path.symlink_to(file.options["link"])
            else:
                # Long files are shown short: a block that repeats as a whole, or one whose `...` stands for many.
                data = file.data.replace(b" + 1 ...", b" + 1" * int(file.options.get("stretch", "1")))
                path.write_bytes(data * int(file.options.get("repeat", "1")))
                if "mode" in file.options:
                    path.chmod(int(file.options["mode"], 8))


@dataclass(frozen=True)
class Claim:
    """A sentence about an engine that the tests put to the proof."""

    code: str
    engine: str
    second: bool
    side: str
    script: str
    says: str

    def __str__(self) -> str:
        return f"{self.code}-{self.engine}-{'second-' if self.second else ''}{self.side}-{self.script}"


@dataclass(frozen=True)
class Page:
    """One page of the book."""

    code: str
    name: str
    summary: str
    metadata: dict[str, str]
    examples: tuple[Example, ...]
    claims: tuple[Claim, ...]
    sections: tuple[str, ...]
    text: str


def _git(folder: Path, *arguments: str) -> None:
    # Nobody's own settings, hooks or keys shall matter.
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], capture_output=True, env=env, check=True)


def pages() -> list[Page]:
    return [read(path) for path in sorted(BOOK.glob("*/*-*.md"))]


def read(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    title = lines[0].removeprefix("# ").split(" ", 1)
    rows = [_cells(line) for line in lines if line.startswith("|")][:3]
    sections = _sections(lines)
    code = title[0]
    examples = [
        Example(code, side, number, files)
        for side in ("Bad", "Good")
        for number, files in enumerate(_groups(sections.get(side, ())))
    ]
    claims = [
        Claim(code, found["engine"], bool(found["again"]), found["side"], found["script"], found["says"])
        for line in sections.get("Engines", ())
        if (found := _CLAIM.fullmatch(line))
    ]
    unread = [line for line in sections.get("Engines", ()) if line.startswith("- ") and not _CLAIM.fullmatch(line)]
    assert not unread, f"{path.name}: no test understands {unread}"
    metadata = dict(zip(*rows[::2], strict=True)) if rows else {}
    return Page(
        code, title[1], lines[2].rstrip("."), metadata, tuple(examples), tuple(claims),
        tuple(sections), text,
    )  # fmt: skip


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _sections(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    name, fenced = "", False
    for line in lines:
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            name = line[3:]
            found[name] = []
        elif name:
            found[name].append(line)
    return found


def _groups(lines: list[str] | tuple[()]) -> list[tuple[File, ...]]:
    groups: list[list[File]] = [[]]
    block: list[str] | None = None
    options: dict[str, str] = {}
    for line in lines:
        if block is not None:
            if line.startswith("```"):
                encoding = options.get("encoding", "utf-8")
                groups[-1].append(
                    File(
                        options.get("title", "001_example.up.sql"), ("\n".join(block) + "\n").encode(encoding), options
                    )
                )
                block = None
            else:
                block.append(line)
        elif line.startswith("```"):
            block = []
            options = {key or plain: text or word for key, text, plain, word in _INFO.findall(line)}
        elif line.startswith("### ") and groups[-1]:
            groups.append([])
    return [tuple(group) for group in groups if group]
