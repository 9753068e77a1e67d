"""What a rule of one's own is written with: the same things that the rules of miglint are written with.

`docs/own-rules.md` has a whole example. What stands here stays as it is within a major version.
"""

from miglint.base.findings import Edit, Fix, Severity
from miglint.base.model import Dialect, Direction, Migration, Script, Span
from miglint.locks import Lock, LockEffect, Work
from miglint.replay.steps import Step
from miglint.rules.registry import Context, Hit, Rule, rule
from miglint.rules.support.applied_operations import Act, done, survey, tell, text_of, undoes
from miglint.rules.support.clauses import hit_in, ident, qualified
from miglint.schema.objects import Index, Key, Table, View
from miglint.schema.value import Schema
from miglint.sql import operations as ops

__all__ = [
    "Act",
    "Context",
    "Dialect",
    "Direction",
    "Edit",
    "Fix",
    "Hit",
    "Index",
    "Key",
    "Lock",
    "LockEffect",
    "Migration",
    "Rule",
    "Schema",
    "Script",
    "Severity",
    "Span",
    "Step",
    "Table",
    "View",
    "Work",
    "done",
    "hit_in",
    "ident",
    "ops",
    "qualified",
    "rule",
    "survey",
    "tell",
    "text_of",
    "undoes",
]
