"""Base of all values: immutable classes that are cheap to define, create and copy with changes.

A run defines more than a hundred classes and creates several hundred thousand values. Defining a frozen dataclass takes
half a millisecond, creating one a microsecond; a msgspec struct takes a tenth of either.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from operator import attrgetter
from typing import Any, cast

# msgspec takes from `typing_extensions`, if that is installed, what `typing` has as well from Python 3.11 on.
# Its import takes seven milliseconds. A module that is None cannot be imported.
_absent = cast("dict[str, object]", sys.modules)
_hidden = "typing_extensions" not in _absent and _absent.setdefault("typing_extensions", None) is None
try:
    from msgspec import Struct, field
    from msgspec.structs import replace
finally:
    if _hidden:
        del _absent["typing_extensions"]

__all__ = ["Struct", "compared", "equal_by", "field", "replace"]


def equal_by(*names: str) -> Callable[[Any, object], bool]:
    """Return an `__eq__` that compares only these attributes; the others are for display or derived from them."""
    pick = attrgetter(*names)

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807 - becomes a method
        return other.__class__ is self.__class__ and bool(pick(self) == pick(other))

    __eq__.names = names  # type: ignore[attr-defined]  # read by `compared`
    return __eq__


def compared(value: Struct | type[Struct]) -> tuple[str, ...]:
    """Return the names of the fields that equality compares."""
    kind = value if isinstance(value, type) else type(value)
    names: tuple[str, ...] = getattr(kind.__eq__, "names", kind.__struct_fields__)
    return names
