"""The texts of objects in the form in which PostgreSQL stores them, over the schema that they stand in."""

from __future__ import annotations

from collections.abc import Mapping

from miglint.schema.environment import PlainEnvironment, are_same, name_of_type
from miglint.schema.objects import Domain, Index, Key, Policy, RewriteRule, SchemaObject, Table, Trigger, View
from miglint.schema.spelled_tokens import read_tokens
from miglint.schema.value import Schema
from miglint.sql.operations import Name, Type
from miglint.sql.postgres.analysis.environment import Relation
from miglint.sql.postgres.analysis.stored.definitions import (
    StoredForm,
    stored_check_of_domain,
    stored_condition,
    stored_default,
    stored_expression,
    stored_query,
    stored_rule,
)


def stored_form(
    value: SchemaObject, schema: Schema, text: str, written: str, target: Type | None = None
) -> StoredForm | None:
    """Return a text of an object as the server stores it: its canonical form, and how it is written.

    `target` is the type that the value of a default becomes. None where it cannot be read.
    """
    own = value.name if isinstance(value, Table) else getattr(value, "table", None) or getattr(value, "base", None)
    place = (type(value), str(own), schema.path, schema.rooted or schema.closed)
    question = (*place, text, written, target and str(target))
    lookups, found = _read.get(question, (None, None))
    if lookups is None or not are_same(lookups, schema):
        environment = PlainEnvironment(schema)
        found = _form(environment, value, text, written, target)
        if len(_read) >= _MOST:
            _read.clear()
        _read[question] = environment.lookups, found
    return found


# A migration, its second run and its rollback are compared again and again: the forms hold as long as all that was
# looked up for them is the same.
_MOST = 512
_read: dict[tuple[object, ...], tuple[Mapping[Key, object], StoredForm | None]] = {}


def _form(
    environment: PlainEnvironment, value: SchemaObject, text: str, written: str, target: Type | None
) -> StoredForm | None:
    if target is not None:
        own = _own(environment, value.name) if isinstance(value, Table) else None
        return stored_default(environment, written, own, environment.type_name(target), target.args)
    if isinstance(value, Domain):
        return stored_check_of_domain(environment, written, name_of_type(value.base))
    if isinstance(value, View):
        return stored_query(environment, written)
    if isinstance(value, Table):
        return stored_expression(environment, written, _own(environment, value.name), "bool")
    if isinstance(value, (Index, Policy)):
        own = None if value.table is None else _own(environment, value.table)
        return stored_expression(environment, written, own, "bool" if isinstance(value, Policy) else "?")
    if isinstance(value, RewriteRule):
        return stored_rule(environment, value.source, _own(environment, value.table))
    return _of_trigger(environment, value, text) if isinstance(value, Trigger) else None


def _of_trigger(environment: PlainEnvironment, value: Trigger, text: str) -> StoredForm | None:
    """Return a trigger; None where it is not certain which part of the text is its condition."""
    head, _, rest = text.partition(" when ")
    if not rest or text.count(" execute ") != 1 or '"' in head:
        return None
    call = rest.rpartition(" execute ")[2]
    found = stored_condition(environment, value.source, _own(environment, value.table))
    return found and found._replace(form=(read_tokens(f"{head} execute {call}")[0], found.form))


def _own(environment: PlainEnvironment, name: Name) -> Relation | None:
    return environment.own(Key("relation", name.schema or "public", name.name))
