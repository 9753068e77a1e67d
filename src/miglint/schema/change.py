"""One difference between two schemas."""

from __future__ import annotations

from miglint.base.structs import Struct
from miglint.schema.objects import Key


class Change(Struct, frozen=True, gc=False):
    """One difference, seen from the first schema.

    `kind` is `missing` (gone in the second), `extra` (new in the second), `changed` or `renamed`. `what` is the kind of
    thing for people (`table`, `column`, `index`, `foreign key`, `check constraint`, `function`, ...), `name` its full
    name; `aspect` what changed (`type`, `default`, `nullability`, `definition`, `labels`, `validated`, `column order`,
    ...). `before` and `after` are both definitions as text. `certain` is False when one side is not known well enough.
    `counts` is False for differences that are only information: column order, comments, privileges, owners, the
    index that a table was ordered by, `NOT VALID`, generated names.
    """

    kind: str
    what: str
    name: str
    key: Key
    part: str | None = None
    aspect: str | None = None
    before: str | None = None
    after: str | None = None
    certain: bool = True
    counts: bool = True
