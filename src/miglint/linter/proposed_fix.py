"""Fixes that need another migration: what a step proposes, and the fix that is possible in its history.

A proposal depends on the step alone, so that it can be cached; whether a later migration uses a name, and the name of
the next migration, depend on the rest of the history.
"""

from __future__ import annotations

from miglint.base.findings import Fix
from miglint.base.model import History, Migration
from miglint.base.structs import Struct, replace
from miglint.discovery.next_migration import NextScripts, next_migration, no_transaction_mark
from miglint.linter.incremental.last_uses import last_uses


class ProposedFix(Struct, frozen=True, array_like=True):
    """A fix that lacks what depends on the history.

    No later migration may name `unused`. `scripts` are what the next migration does; with `marked`, the script is to be
    run without a transaction.
    """

    fix: Fix
    unused: str | None = None
    scripts: NextScripts | None = None
    marked: bool = False

    def settled(self, history: History, migration: Migration, ahead: int = 0) -> Fix | None:
        """Return the fix of a migration in its history, or None if there is none.

        `ahead` other fixes of the same finding create a migration each.
        """
        if self.unused is not None and used_later(history, migration, self.unused):
            return None
        fix = self.fix
        if self.marked:
            mark = no_transaction_mark(history, migration)
            if mark is None:
                return None
            title = f"{fix.title}, outside of a transaction" if mark.edits or mark.creates else fix.title
            return replace(fix, title=title, edits=(*mark.edits, *fix.edits), creates=mark.creates)
        if self.scripts is not None:
            created = next_migration(history, self.scripts, ahead)
            return replace(fix, creates=created) if created else None
        return fix


def used_later(history: History, migration: Migration, name: str) -> bool:
    """Return whether a later migration names something, so that it would come before the next one."""
    return last_uses(history).is_later(name.lower(), migration)
