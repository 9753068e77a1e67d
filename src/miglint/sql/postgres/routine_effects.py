"""Effects of a function's body when it is called."""

from __future__ import annotations

from collections.abc import Callable

from miglint.base.model import Span
from miglint.sql.operations import Operation, RoutineBody
from miglint.sql.postgres.names import Node
from miglint.sql.postgres.place import Place

ReadStatement = Callable[[Place, Node], list[Operation]]


def read_call(
    read: ReadStatement, body: RoutineBody, arguments: tuple[str | None, ...], span: Span
) -> tuple[Operation, ...] | None:
    """Return the effects of a call with these constants; None if the body cannot be analyzed.

    `read` reads a statement of the body. All operations have the `span` of the call.
    """
    if body.language == "sql":
        return _of_sql(read, body.text, span)
    return _of_plpgsql(read, body, arguments, span) if body.language == "plpgsql" else None


def _of_sql(read: ReadStatement, body: str, span: Span) -> tuple[Operation, ...] | None:
    from miglint.sql.postgres.embedded import byte_map, statements
    from miglint.sql.postgres.place import place_of

    nodes = statements(body)
    if nodes is None:
        return None
    bytes_ = byte_map(body)
    operations: list[Operation] = []
    for node in nodes:
        operations += read(place_of(body, 0, 0, len(body), bytes_, node, fixed=span), node["stmt"])
    return tuple(operations)


def _of_plpgsql(
    read: ReadStatement, body: RoutineBody, arguments: tuple[str | None, ...], span: Span
) -> tuple[Operation, ...] | None:
    from miglint.sql.postgres import native
    from miglint.sql.postgres.blocks import parse_block
    from miglint.sql.postgres.embedded import byte_map
    from miglint.sql.postgres.plpgsql import Block

    try:
        tree = parse_block(_routine_text(body))
    except RecursionError:
        return None
    if isinstance(tree, native.NativeError):
        return None
    if not tree:
        return ()
    function = tree[0]["PLpgSQL_function"]
    place = Place(body.text, 0, 0, len(body.text), byte_map(body.text), fixed=span)
    block = Block(place, read, None, function)
    block.values.given({name: value for name, value in zip(body.inputs, arguments, strict=False) if value is not None})
    operations, _ = block.one(function["action"])
    return tuple(operations)


def _routine_text(body: RoutineBody) -> str:
    from miglint.sql.postgres.blocks import argument_text, result_text, with_head

    outputs = set(body.outputs)
    arguments = [argument_text("INOUT" if name and name in outputs else "", name) for name in body.inputs]
    arguments += [argument_text("OUT", name) for name in body.outputs if not name or name not in body.inputs]
    returns = "" if outputs else "RETURNS void"
    if body.returns is not None:
        returns = result_text(body.returns.name, len(outputs), setof=body.returns.setof)
    return with_head(arguments, returns, body.text)
