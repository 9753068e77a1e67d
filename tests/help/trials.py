"""Try what the findings about a script offer: run the script with the offered statements in their places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from miglint.base.findings import Finding, Severity
from miglint.base.model import Dialect, Direction, Script
from miglint.base.template_names import has_tag
from miglint.dryrun.statements import prepare
from miglint.schema.diff import diff

from .engines import NEEDS_NO_TRANSACTION, Refusal, Scratch
from .offers import Help, Offer, Place, read

_MAKES_ROOM = re.compile(r"DROP\s.*\bIF EXISTS\b", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(r"(?:BEGIN|COMMIT|END|ROLLBACK|ABORT|START\s+TRANSACTION)(?:\s+(?:WORK|TRANSACTION))?", re.I)
# The help of these rules leaves another schema than the statement, so that later statements may fail.
_CHANGES_PLAN = ("BWC", "DAT", "LCK02", "LCK013", "LCK014", "LCK004", "TYP")
_FINALIZED = re.compile(r"DETACH PARTITION (\S+) FINALIZE$")
_BEGINS = re.compile(r"(?:;|\b(?:BEGIN|THEN|ELSE|LOOP)\b)\s*", re.I)
Started = Callable[[bool], AbstractContextManager[Scratch]]


class Problem(NamedTuple):
    """What went wrong with an offered statement."""

    finding: Finding
    statement: str
    what: str

    def __str__(self) -> str:
        where = f"{self.finding.path}:{self.finding.line}"
        return f"{self.finding.code} {where}: {self.what}\n    {self.statement}\n    help: {self.finding.help[:600]}"


class Tally:
    """Counts of help texts and of what became of their statements."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.by_code: Counter[tuple[str, str]] = Counter()
        self.helps: dict[str, list[str]] = {}
        self.problems: list[Problem] = []
        self.contradictions: list[str] = []

    def count(self, finding: Finding, what: str) -> None:
        self.counts[what] += 1
        self.by_code[finding.code, what] += 1


class Piece(NamedTuple):
    """A statement of a script as it is run, with its place in the file."""

    text: str
    start: int
    end: int


class Trials:
    """The findings about one migration, and the scripts they are about.

    `start(plain)` lends a database in the state before the migration; with `plain`, one in which each statement is a
    transaction of its own.
    """

    def __init__(
        self, forward: Script | None, rollback: Script | None, dialect: Dialect, start: Started, tally: Tally
    ) -> None:
        self._scripts = {Direction.FORWARD.value: forward, Direction.ROLLBACK.value: rollback}
        self._dialect, self._start, self._tally = dialect, start, tally
        self._pieces = {name: pieces_of(script) for name, script in self._scripts.items()}
        self._failures: dict[str, tuple[dict[Piece, Refusal], dict[Piece, Refusal]]] = {}

    def run(self, findings: Sequence[Finding], elsewhere: Sequence[Finding] = ()) -> None:
        """Try all of them; those `elsewhere` are about the same scripts, and reported once for both engines."""
        restoring: list[tuple[Finding, Help]] = []
        for finding in findings:
            said = read(finding.help, self._dialect)
            self._tally.count(finding, "help texts")
            self._tally.helps.setdefault(finding.code, []).append(finding.help)
            if said.gaps:
                self._tally.count(finding, "with gaps")
            for unclear in said.unclear:
                self._tally.problems.append(Problem(finding, unclear, "the help does not say where this goes"))
            if not said.alternatives:
                continue
            self._tally.count(finding, "complete")
            if any(offer.text.startswith("REPACK ") for one in said.alternatives for offer in one):
                self._tally.count(finding, "for a server that is not here")
                continue
            if said.alternatives[0][0].place is Place.ROLLBACK:
                restoring.append((finding, said))
                continue
            reason = self._out_of_reach(finding)
            if reason is not None:
                self._tally.count(finding, reason)
                continue
            problems = [problem for one in said.alternatives for problem in self._either(finding, one)]
            self._tally.problems += problems
            self._tally.count(finding, "failed" if problems else "ran")
        if restoring:
            self._restore(restoring, [item for item in (*findings, *elsewhere) if item.code.startswith("SYM")])

    def _out_of_reach(self, finding: Finding) -> str | None:
        """Return why nothing that the help of a finding offers can run: the script itself does not."""
        direction = finding.direction or "forward"
        script = self._scripts[direction]
        assert script is not None, finding
        if script.substituted is not None and has_tag(script.substituted):
            return "in a template"
        forward, own = self._alone(direction)
        if any(error.state not in NEEDS_NO_TRANSACTION for error in forward.values()):
            return "behind a forward that fails"
        at = _place(script, finding)[0]
        for piece, error in own.items():
            if piece.start <= at < piece.end and error.state not in NEEDS_NO_TRANSACTION:
                return "on a statement that fails"
        return None

    def _alone(self, direction: str) -> tuple[dict[Piece, Refusal], dict[Piece, Refusal]]:
        """Return the statements that fail without any help: of the forward before a rollback, and of the script."""
        if direction not in self._failures:
            forward: dict[Piece, Refusal] = {}
            with self._start(False) as scratch:
                if direction == "rollback":
                    forward = self._failing(scratch, "forward")
                    scratch.next_script()
                self._failures[direction] = forward, self._failing(scratch, direction)
        return self._failures[direction]

    def _failing(self, scratch: Scratch, direction: str) -> dict[Piece, Refusal]:
        errors = ((piece, scratch.run(piece.text)) for piece in self._pieces[direction])
        return {piece: error for piece, error in errors if error is not None}

    def _either(self, finding: Finding, offers: Sequence[Offer]) -> list[Problem]:
        """Try in a transaction, and without one where none is possible."""
        found: list[Problem] = []
        for plain in (False, True):
            if self._dialect is Dialect.SQLITE and plain:
                continue
            if not plain and any("CONCURRENTLY" in text for text in self._texts(finding, offers)):
                continue
            with self._start(plain) as scratch:
                error = self._apart(scratch, finding, offers)
            if error is None:
                return []
            found = [Problem(finding, error[0], error[1])]
            if error[1].state not in NEEDS_NO_TRANSACTION:
                break
        return found

    def _texts(self, finding: Finding, offers: Sequence[Offer]) -> Iterator[str]:
        yield from (offer.text for offer in offers)
        for direction in ("forward", "rollback") if finding.direction == "rollback" else ("forward",):
            yield from (piece.text for piece in self._pieces[direction])

    def _apart(self, scratch: Scratch, finding: Finding, offers: Sequence[Offer]) -> tuple[str, Refusal] | None:
        direction = finding.direction or "forward"
        if direction == "rollback":
            for piece in self._pieces["forward"]:
                scratch.run(piece.text)
            scratch.next_script()
        pieces = self._pieces[direction]
        script = self._scripts[direction]
        assert script is not None, finding
        failing = self._alone(direction)[1]
        planned = list(_planned(script, pieces, finding, offers))
        for again in range(2 if finding.code.startswith("IDM") else 1):
            postponed: list[tuple[str, Refusal]] = []
            for text, piece in planned:
                if piece is None and (detached := _FINALIZED.search(text)) is not None:
                    # As a DETACH CONCURRENTLY leaves it that was interrupted.
                    scratch.run("SET allow_system_table_mods = on")
                    scratch.run(
                        f"UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = '{detached[1]}'::regclass"
                    )
                error = scratch.run(text)
                if error is None:
                    continue
                if piece is None:
                    return text, Refusal.of(f"{'second run: ' if again else ''}{error}", error.state)
                if not again and piece not in failing and not finding.code.startswith(_CHANGES_PLAN):
                    postponed.append((text, error))
            for text, before in postponed:
                # What needs what the help does later goes there with it.
                error = scratch.run(text)
                if error is not None:
                    return text, Refusal.of(f"a later statement fails: {before}", before.state)
        return None

    def _restore(self, restoring: Sequence[tuple[Finding, Help]], symmetry: Sequence[Finding]) -> None:
        """Try what the findings about one rollback offer, together; without gaps, it restores the schema."""
        whole = {finding for finding, _ in restoring} >= {
            item for item in symmetry if item.severity >= Severity.WARNING
        }
        found: list[Problem] = []
        for plain in (False, True):
            if self._dialect is Dialect.SQLITE and plain:
                continue
            with self._start(plain) as scratch:
                found = self._restored(scratch, restoring, whole=whole)
            if not any(getattr(problem.what, "state", None) in NEEDS_NO_TRANSACTION for problem in found):
                break
        self._tally.problems += found
        failed = {problem.finding for problem in found}
        for finding, _ in restoring:
            self._tally.count(finding, "failed" if finding in failed else "ran")

    def _restored(self, scratch: Scratch, restoring: Sequence[tuple[Finding, Help]], *, whole: bool) -> list[Problem]:
        before = scratch.schema()
        failed = False
        for direction in ("forward", "rollback"):
            for piece in self._pieces[direction]:
                failed |= scratch.run(piece.text) is not None
            if direction == "forward":
                scratch.next_script()
        offered = dict.fromkeys((offer.text, finding) for finding, said in restoring for offer in said.alternatives[0])
        run: set[str] = set()
        for text, finding in offered:
            # What makes room for what is created behind it belongs to each of them.
            if text in run and _MAKES_ROOM.match(text) is None:
                continue
            run.add(text)
            error = scratch.run(text)
            if error is not None:
                return [Problem(finding, text, error)]
        if not whole or failed:
            return []
        left = [change for change in diff(before, scratch.schema()) if change.counts]
        if not left:
            return []
        what = f"left: {left[0].kind} {left[0].what} {left[0].name} {left[0].aspect}: {left[0].before} {left[0].after}"
        return [Problem(restoring[0][0], "; ".join(run), what)]


def pieces_of(script: Script | None) -> list[Piece]:
    """Return the statements of a script, without those that begin and end transactions."""
    if script is None:
        return []
    return [
        Piece(piece.text, piece.span.start, piece.span.end)
        for piece in prepare(script).pieces
        if not _CONTROL.fullmatch(piece.text.strip())
    ]


def _planned(
    script: Script, pieces: Sequence[Piece], finding: Finding, offers: Iterable[Offer]
) -> Iterable[tuple[str, Piece | None]]:
    """Yield what is run, in order: an offered statement comes without a piece."""
    by_place: dict[Place, list[str]] = {}
    for offer in offers:
        by_place.setdefault(offer.place, []).append(offer.text)

    def offered(place: Place) -> Iterable[tuple[str, None]]:
        return ((text, None) for text in by_place.get(place, ()))

    start, end = _place(script, finding)
    yield from offered(Place.START)
    for piece in pieces:
        if not piece.start <= start < max(piece.end, piece.start + 1):
            yield piece.text, piece
            continue
        yield from offered(Place.BEFORE)
        if Place.INSTEAD not in by_place:
            yield piece.text, piece
        else:
            inner = _without(piece, start, end)
            instead = by_place[Place.INSTEAD]
            if piece.text.lstrip()[:2].upper() == "DO" and not any("CONCURRENTLY" in text for text in instead):
                # The whole statement in the block: an action of ALTER TABLE is only a part of it.
                first = max(found.end() for found in _BEGINS.finditer(piece.text, 0, start - piece.start))
                last = piece.text.find(";", end - piece.start)
                yield f"{piece.text[:first]}{'; '.join(instead)}{piece.text[last:]}", None
            else:
                if inner is not None and not _is_within(piece, instead):
                    yield inner, piece
                yield from offered(Place.INSTEAD)
        yield from offered(Place.AFTER)
    yield from offered(Place.END)
    yield from offered(Place.LATER)


def _is_within(piece: Piece, offered: Iterable[str]) -> bool:
    """Whether what is offered for a part of a statement is all of it, in a block that looks first."""
    whole = " ".join(piece.text.split())
    return any(whole in " ".join(text.split()) for text in offered)


def _place(script: Script, finding: Finding) -> tuple[int, int]:
    file = script.file
    start = file.line_start(finding.line) + finding.column - 1
    return start, file.line_start(finding.end_line) + finding.end_column - 1


def _without(piece: Piece, start: int, end: int) -> str | None:
    """Return a statement of several actions or names without one of them; None if it has no other."""
    first, last = piece.text[: start - piece.start], piece.text[end - piece.start :]
    if last.lstrip().startswith(","):
        return first + last.lstrip()[1:]
    if first.rstrip().endswith(","):
        return first.rstrip()[:-1] + last
    return None
