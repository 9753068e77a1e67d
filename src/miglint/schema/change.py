"""One difference between two schemas."""

from __future__ import annotations

from miglint.base.structs import Struct
from miglint.schema.objects import Key


class Change(Struct, frozen=True, gc=False):
    """One difference, seen from the first schema.

    `kind` is `missing` (not in the second), `extra` (only in the second), `changed` or `renamed`. `what` is the kind of
    object for messages (`table`, `column`, `index`, `foreign key`, `check constraint`, `function`, ...), `name` its
    full name; `aspect` the changed property (`type`, `default`, `nullability`, `definition`, `labels`, `validated`,
    `column order`, ...). `before` and `after` are both definitions as text. `certain` is False if one side is not
    sufficiently known. `counts` is False for informational differences: column order, comments, privileges, owners, the
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
