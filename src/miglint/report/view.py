"""How people want to see a report."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.base.model import SourceFile
from miglint.base.structs import Struct, field


class View(Struct, frozen=True):
    """What a format may know besides the report: the files' texts, and how people want to see it.

    `prefix` leads from the root of the checkout to the working directory, for services that want paths from there.
    """

    sources: Mapping[str, SourceFile] = field(default_factory=dict)
    color: bool = False
    verbose: bool = False
    quiet: bool = False
    width: int = 120
    prefix: str = ""
