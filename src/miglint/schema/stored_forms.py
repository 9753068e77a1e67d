"""The texts of objects in the form in which PostgreSQL stores them, over the schema that they stand in."""

from __future__ import annotations

from miglint.schema.environment import PlainEnvironment, name_of_type
from miglint.schema.objects import Domain, Index, Key, Policy, SchemaObject, Table, Trigger, View
from miglint.schema.spelled_tokens import read_tokens
from miglint.schema.value import Schema
from miglint.sql.operations import Name
from miglint.sql.postgres.analysis.environment import Relation
from miglint.sql.postgres.analysis.stored.definitions import (
    StoredForm,
    stored_check_of_domain,
    stored_condition,
    stored_expression,
    stored_query,
)


def stored_form(value: SchemaObject, schema: Schema, text: str, written: str) -> StoredForm | None:
    """Return a text of an object as the server stores it: its canonical form, and how it is written.

    None where it cannot be read.
    """
    environment = PlainEnvironment(schema)
    if isinstance(value, Domain):
        return stored_check_of_domain(environment, written, name_of_type(value.base))
    if isinstance(value, View):
        found = stored_query(environment, written)
        relations = () if value.query is None else value.query.relations
        # The names in a text were looked up when the view was made, perhaps in other schemas than now.
        return found and found._replace(form=(frozenset(map(str, relations)), found.form))
    if isinstance(value, Table):
        return stored_expression(environment, written, _own(environment, value.name), "bool")
    if isinstance(value, (Index, Policy)):
        own = None if value.table is None else _own(environment, value.table)
        return stored_expression(environment, written, own, "bool" if isinstance(value, Policy) else "?")
    return _of_trigger(environment, value, text) if isinstance(value, Trigger) else None


def _of_trigger(environment: PlainEnvironment, value: Trigger, text: str) -> StoredForm | None:
    """Return a trigger; None where what is around its condition cannot be told from it."""
    head, _, rest = text.partition(" when ")
    call = rest.rpartition(" execute ")[2]
    found = stored_condition(environment, value.source, _own(environment, value.table))
    if found is None or not rest or text.count(" execute ") != 1 or '"' in head:
        return None
    return found._replace(form=(read_tokens(f"{head} execute {call}")[0], found.form))


def _own(environment: PlainEnvironment, name: Name) -> Relation | None:
    return environment.own(Key("relation", name.schema or "public", name.name))
