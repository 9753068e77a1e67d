"""What goes when something goes: objects and parts of objects are deleted along the edges of `schema.needs`.

As in the server, everything that can be reached from what a statement drops goes with it. What is reached by an `AUTO`
edge goes without a word; a `NORMAL` one is an error, unless the statement says `CASCADE`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from miglint.base.structs import Struct, replace
from miglint.replay.apply.foreign_keys import resting_on
from miglint.replay.apply.machine import Machine
from miglint.replay.apply.remove import remove_object, remove_part
from miglint.schema.describe import kind_of
from miglint.schema.needs import AUTO, NORMAL, edges_to
from miglint.schema.objects import Index, Key, Part, Routine, SchemaObject, Table, View


class Node(Struct, frozen=True, gc=False):
    """What is deleted: an object, or a part of one."""

    key: Key
    part: Part | None = None

    def named(self, machine: Machine) -> str:
        """Return the words for it: `view v`, `column a of table t`."""
        value = machine.schema.find(self.key)
        what = f"{'object' if value is None else kind_of(value)} {self.key}"
        return what if self.part is None else f"{self.part} of {what}"


def delete(machine: Machine, roots: Iterable[Node], *, of: str, key: Key, cascade: bool) -> None:
    """Delete `roots` with their automatic dependents; raise the error for the first other dependent.

    `of` are the words for what the statement drops, and `key` is the object that the error is about.
    """
    roots = tuple(roots)
    found = _reached(machine, roots)
    blocking = [node for node, kind in found.items() if kind == NORMAL and not _covered(node, found)]
    if blocking and not cascade:
        named = blocking[0].named(machine)
        message = f"cannot drop {of} because other objects depend on it: {named}"
        raise machine.refuse("dependent_objects_still_exist", message, key)
    for node in blocking:
        if node.part is None or node.part.kind != "default":
            named = str(node.key) if node.part is None else f"{node.part} of {node.key}"
            machine.note("cascade", f"{named} goes with {of}", node.key, None if node.part is None else node.part.name)
    _remove(machine, found)


def _reached(machine: Machine, roots: tuple[Node, ...]) -> dict[Node, str]:
    """Return everything that goes, each with the kind of edge that it was reached by: `AUTO` where there is any."""
    found = dict.fromkeys(roots, AUTO)
    # What the same statement drops does not prevent it.
    found.update((Node(key), AUTO) for key in machine.dropping if Node(key) not in found)
    waiting = deque(roots)
    while waiting:
        node = waiting.popleft()
        for user, kind in _dependents(machine, node):
            before = found.get(user)
            if before is None:
                waiting.append(user)
            if before is None or (before == NORMAL and kind == AUTO):
                found[user] = kind
    return {node: kind for node, kind in found.items() if node in roots or node.key not in machine.dropping}


def _covered(node: Node, found: dict[Node, str]) -> bool:
    """Whether something around a part goes anyway: the object, or the column of a default."""
    if node.part is None:
        return False
    if found.get(Node(node.key)) == AUTO:
        return True
    return node.part.kind == "default" and found.get(Node(node.key, Part("column", node.part.name))) == AUTO


def dependents(machine: Machine, node: Node) -> Iterator[tuple[Node, str, str]]:
    """Yield what needs an object, or a part of one: each with the kind of the edge, and how it uses it."""
    targets = _known_as(machine, node)
    if node.part is None:
        users = dict.fromkeys(user for target in targets for user in machine.schema.on(target))
    else:
        users = dict.fromkeys(machine.schema.needing(node.key, node.part))
        users[node.key] = None
    for user in users:
        value = machine.schema.find(user)
        if value is None:
            continue
        for edge in edges_to(targets, node.part, user, value, machine.dialect):
            yield Node(user, edge.part), edge.kind, edge.reason


def _dependents(machine: Machine, node: Node) -> Iterator[tuple[Node, str]]:
    for user, kind, _ in dependents(machine, node):
        # SQLite drops what others need.
        if machine.postgres or kind == AUTO:
            yield user, kind
    value = machine.schema.find(node.key)
    if machine.postgres and node.part is None and isinstance(value, Index):
        yield from ((user, NORMAL) for user in keys_resting_on(machine, node.key, value))


def keys_resting_on(machine: Machine, key: Key, index: Index) -> list[Node]:
    """Return the foreign keys that need a unique index."""
    owner = machine.owner(index)
    if owner is None or not index.unique or index.where is not None:
        return []
    columns = tuple(element.column or "" for element in index.elements)
    if "" in columns:
        return []
    return [Node(user, Part("constraint", name)) for user, name in resting_on(machine, owner, key.name, columns)]


def _known_as(machine: Machine, node: Node) -> tuple[Key, ...]:
    """Return the keys under which others need an object: a table is a type, too, and a function is called by name."""
    key = node.key
    value = machine.schema.find(key)
    if node.part is None and isinstance(value, (Table, View)) and machine.postgres:
        return (key, Key("type", key.schema, key.name))
    if isinstance(value, Routine):
        name = Key("routine name", value.name.schema or "public", value.name.name)
        # With several of one name it is not known which of them a trigger or a default calls.
        alone = machine.schema.count_overloads(name.schema, name.name) == 1
        return (key, name, replace(name, space="routine part")) if alone else (key,)
    return (key,)


def _remove(machine: Machine, found: dict[Node, str]) -> None:
    whole = {node.key for node in found if node.part is None}
    for node in found:
        if node.part is not None and node.key not in whole:
            remove_part(machine, node.key, node.part)
    for node in found:
        if node.part is None:
            remove_object(machine, node.key)


def drop_object(machine: Machine, key: Key, *, cascade: bool) -> None:
    """Drop an object that exists, with what belongs to it. Raises `Refused` while others need it."""
    value = machine.schema.find(key)
    if value is not None:
        delete(machine, (Node(key),), of=f"{_words(value)} {_display(key, value)}", key=key, cascade=cascade)


def _words(value: SchemaObject) -> str:
    return value.kind if isinstance(value, Routine) else kind_of(value)


def _display(key: Key, value: SchemaObject) -> str:
    return value.name.name if isinstance(value, Routine) else key.name


def drop_constraint_of(machine: Machine, key: Key, name: str, *, cascade: bool) -> None:
    """Drop a constraint of a table, with the index behind it."""
    node = Node(key, Part("constraint", name))
    delete(machine, (node,), of=f"constraint {name} on table {key.name}", key=key, cascade=cascade)
