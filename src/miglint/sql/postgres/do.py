"""`DO`: a PL/pgSQL block that runs immediately."""

from __future__ import annotations

from miglint.sql.operations import Opaque, Operation
from miglint.sql.postgres import native
from miglint.sql.postgres.blocks import parse_block
from miglint.sql.postgres.embedded import body_start
from miglint.sql.postgres.messages import brief
from miglint.sql.postgres.names import Node, constant_text
from miglint.sql.postgres.place import Place
from miglint.sql.postgres.plpgsql import Block, ReadStatement
from miglint.sql.postgres.refusals import is_wrong, wrong_options

_UNREAD = "the block cannot be read: "


def refused_block(operations: tuple[Operation, ...]) -> str | None:
    """Return the error that a block raises on every schema, since the server compiles all of it before it runs."""
    reason = operations[0].reason if len(operations) == 1 and isinstance(operations[0], Opaque) else ""
    message = reason.removeprefix(_UNREAD)
    return brief(message) if message != reason and is_wrong(message) else None


def do_block(place: Place, node: Node, read: ReadStatement) -> list[Operation]:
    """Read `DO`."""
    wrong = wrong_options(node)
    if wrong is not None:
        # The server refuses it; libpg_query would end the process for want of a text.
        return [Opaque(span=place.whole(), reason=f"{_UNREAD}{wrong}")]
    body, language, location = "", "plpgsql", -1
    for item in node.get("args", ()):
        element = item["DefElem"]
        if element["defname"] == "as":
            body = constant_text(element["arg"])
            location = element.get("location", -1)
        else:
            language = constant_text(element["arg"]).lower()
    if language != "plpgsql":
        return [Opaque(span=place.whole(), reason=f"a block in the language {language}")]
    tree = parse_block(place.text[place.start : place.end])
    if isinstance(tree, native.NativeError):
        return [Opaque(span=place.whole(), reason=f"{_UNREAD}{tree.message}")]
    if not tree:
        return []
    function = tree[0]["PLpgSQL_function"]
    reader = Block(place, read, body_start(place, location, body), function)
    operations, _ = reader.one(function["action"])
    return operations
