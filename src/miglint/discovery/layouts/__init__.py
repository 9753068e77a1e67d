"""The layouts, in order of precedence.

Each layout takes the files of a home that it recognizes and leaves the rest to the next ones. Layouts identified by
content or by a tool's metadata come first, plain numbers last. To add one, write its `recognize` and `collect`, and add
it here.
"""

from __future__ import annotations

from miglint.discovery.file_parts import Layout
from miglint.discovery.layouts.flyway import FLYWAY
from miglint.discovery.layouts.folders import FOLDERS, PRISMA, RUSQLITE
from miglint.discovery.layouts.forward_only import ATLAS, DRIZZLE, SUPABASE
from miglint.discovery.layouts.liquibase import LIQUIBASE
from miglint.discovery.layouts.markers import DBMATE, GOOSE, SQL_MIGRATE
from miglint.discovery.layouts.plain import PLAIN
from miglint.discovery.layouts.suffix import SUFFIX

LAYOUTS: tuple[Layout, ...] = (
    LIQUIBASE,
    DBMATE,
    GOOSE,
    SQL_MIGRATE,
    FLYWAY,
    PRISMA,
    FOLDERS,
    RUSQLITE,
    DRIZZLE,
    SUPABASE,
    ATLAS,
    SUFFIX,
    PLAIN,
)


def layout_names() -> tuple[str, ...]:
    """Return all names of layouts."""
    return tuple(name for layout in LAYOUTS for name in (layout.name, *layout.aliases))


def layout_named(name: str) -> Layout | None:
    """Return the layout with a name."""
    for layout in LAYOUTS:
        if name == layout.name or name in layout.aliases:
            return layout
    return None
