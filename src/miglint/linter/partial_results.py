"""Results of ranges of migrations, which one process or several analyze."""

from __future__ import annotations

from miglint.base.structs import Struct, field
from miglint.linter.dispatch import PlacedHit
from miglint.linter.incremental.step_findings import StepFindings


class HistoryPart(Struct):
    """Result of a range of migrations of one history, by its place among all.

    `ends` marks the last range of a history that is replayed; `others` are the hits of rules about whole histories.
    """

    place: int
    steps: list[StepFindings] = field(default_factory=list)
    ends: bool = True
    others: list[PlacedHit] = field(default_factory=list)


class PartialResult(Struct):
    """Result of a range of migrations: parts of histories, in their order."""

    parts: list[HistoryPart] = field(default_factory=list)

    def extend(self, other: PartialResult) -> None:
        """Append the result of the following range."""
        for part in other.parts:
            if self.parts and self.parts[-1].place == part.place:
                last = self.parts[-1]
                last.steps += part.steps
                last.others += part.others
                last.ends = part.ends
            else:
                self.parts.append(part)
