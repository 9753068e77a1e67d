"""What two schemas of different engines have in common."""

from __future__ import annotations

from miglint.base.model import Dialect
from miglint.schema.common import tables
from miglint.schema.depends import relation_key
from miglint.schema.objects import Table
from miglint.schema.value import Schema
from miglint.sql.operations import Name


def test_of_tables_whose_names_differ_in_letters_alone_the_same_one_is_compared_in_every_run():
    names = [Name("public", f"{first}{number}") for number in range(20) for first in "Tt"]
    schema = Schema.of(Dialect.POSTGRES, ((relation_key(name, Dialect.POSTGRES), Table(name)) for name in names))
    assert [key.name for key in tables(schema).values()] == [f"t{number}" for number in sorted(range(20), key=str)]
