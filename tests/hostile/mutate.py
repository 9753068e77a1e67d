"""Real scripts made wrong: bytes flipped, ends cut off, words swapped, encodings broken; the same for the same seed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
# A file of a folder above this is data, and is as good as its beginning.
MOST_BYTES = 64 * 1024
_BLOCK = re.compile(r"^```sql[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SQL = re.compile(r"\b(?:create|alter|drop|insert|update|delete)\b", re.IGNORECASE)
_WORDS = re.compile(rb"\w+|\s+|[^\w\s]+")
_OPENERS = (
    b"'", b'"', b"`", b"$$", b"$a$", b"/*", b"*/", b"--", b"(", b")", b"[", b"]", b"{{", b"}}", b"{%", b"${",
    b";", b"\\", b"E'", b"U&\"", b"x'", b"BEGIN", b"END", b"CASE", b"DO $$", b"COPY t FROM stdin;", b"\\.",
)  # fmt: skip


class Base(NamedTuple):
    """A script, with the one that undoes it where there is one."""

    name: str
    forward: bytes
    rollback: bytes | None


def from_folders(folders: list[Path]) -> list[Base]:
    """Return all scripts below some folders, in the order of their names."""
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*.sql")):
            if path.is_symlink() or not path.is_file() or path.name.endswith("down.sql"):
                continue
            other = path.with_name(path.name[: -len("up.sql")] + "down.sql") if path.name.endswith("up.sql") else None
            rollback = other.read_bytes()[:MOST_BYTES] if other is not None and other.is_file() else None
            found.append(Base(str(path), path.read_bytes()[:MOST_BYTES], rollback))
    return found


def from_the_project() -> list[Base]:
    """Return the SQL of the rule book, of the examples and of the tests."""
    found = from_folders([PROJECT / "migrations", PROJECT / "tests"])
    for path in sorted((PROJECT / "rules").rglob("*.md")):
        for number, text in enumerate(_BLOCK.findall(path.read_text(encoding="utf-8")), 1):
            found.append(Base(f"{path.relative_to(PROJECT)}#{number}", text.encode(), None))
    for path in sorted((PROJECT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value):
                text = node.value.encode("utf-8", "surrogatepass")[:MOST_BYTES]
                found.append(Base(f"{path.relative_to(PROJECT)}:{node.lineno}", text, None))
    return found


def _at(data: bytes, random: Random) -> int:
    return random.randrange(len(data) + 1)


def _flip(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8, 64)) if data else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _truncate(data: bytes, random: Random) -> bytes:
    at = _at(data, random)
    return data[:at] if random.random() < 0.8 else data[at:]


def _swap(data: bytes, random: Random) -> bytes:
    words = _WORDS.findall(data)
    for _ in range(random.choice((1, 2, 5)) if words else 0):
        one, two = random.randrange(len(words)), random.randrange(len(words))
        words[one], words[two] = words[two], words[one]
    return b"".join(words)


def _double(data: bytes, random: Random) -> bytes:
    parts = data.split(b";")
    at = random.randrange(len(parts))
    times = random.choice((2, 2, 3, 50))
    return b";".join(parts[:at] + parts[at : at + 1] * times + parts[at + 1 :])


def _delete(data: bytes, random: Random) -> bytes:
    at = _at(data, random)
    return data[:at] + data[at + random.choice((1, 2, 10, 100)) :]


def _insert(data: bytes, random: Random) -> bytes:
    for _ in range(random.choice((1, 1, 2, 3))):
        at = _at(data, random)
        data = data[:at] + random.choice(_OPENERS) * random.choice((1, 1, 1, 2, 200)) + data[at:]
    return data


def _zero(data: bytes, random: Random) -> bytes:
    at = _at(data, random)
    return data[:at] + b"\0" * random.choice((1, 2, 1000)) + data[at:]


def _invalid(data: bytes, random: Random) -> bytes:
    at = _at(data, random)
    return data[:at] + random.choice((b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80" * 50)) + data[at:]


def _encode(data: bytes, random: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    kind = random.choice(("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"))
    return b"\xef\xbb\xbf" * 2 + data if random.random() < 0.1 else text.encode(kind, "replace")


def _lines(data: bytes, random: Random) -> bytes:
    return data.replace(
        b"\n", random.choice((b"\r\n", b"\r", b"\n\r", b"\x0b", b"\x0c", b" ", b"\xc2\x85", b"\xe2\x80\xa8"))
    )


def _long(data: bytes, random: Random) -> bytes:
    at = _at(data, random)
    piece = data[at : at + random.choice((1, 3, 20, 200))] or b"a"
    return data[:at] + piece.replace(b"\n", b" ") * (random.choice((1_000, 100_000)) // len(piece)) + data[at:]


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip, _truncate, _swap, _double, _delete, _insert, _zero, _invalid, _encode, _lines, _long,
)  # fmt: skip
# The first five and the insertion leave a text that is close to SQL, where there is most to go wrong.
_WEIGHTS = (3, 3, 4, 3, 3, 4, 1, 1, 1, 1, 1)


class Mutant(NamedTuple):
    """A script that was made wrong: what was done to which, and what came of it."""

    base: str
    changes: str
    forward: bytes
    rollback: bytes | None
    dialect: str


def mutant(bases: list[Base], seed: int, number: int) -> Mutant:
    """Return the mutant of a number."""
    random = Random(f"{seed} {number}")
    base = random.choice(bases)
    changes = random.choices(MUTATIONS, _WEIGHTS, k=random.choice((1, 1, 2, 3)))
    of_rollback = base.rollback is not None and random.random() < 0.3
    data = (base.rollback or b"") if of_rollback else base.forward
    for change in changes:
        data = change(data, random)
    names = " ".join(change.__name__.lstrip("_") for change in changes)
    lite = "lite" in base.name.lower() if random.random() < 0.8 else random.random() < 0.5
    forward, rollback = (base.forward, data) if of_rollback else (data, base.rollback)
    return Mutant(
        base.name, f"{names}{' of the rollback' * of_rollback}", forward, rollback, "sqlite" if lite else "postgres"
    )
