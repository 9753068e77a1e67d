"""Two front ends agree: what sqlglot parses too has the same tables, columns, types and constraints."""

from __future__ import annotations

import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from miglint.sql.operations import AddColumn, Column, Constraint, CreateIndex, CreateTable, Operation
from miglint.sql.sqlite import parse

identifiers = st.sampled_from(["id", "name", "user_id", "Total", "created_at", '"order"', '"two words"'])
types = st.sampled_from(["INTEGER", "TEXT", "BLOB", "REAL", "VARCHAR(255)", "DECIMAL(10, 2)", "BIGINT"])
tails = st.lists(
    st.sampled_from(
        [
            "NOT NULL",
            "DEFAULT 1",
            "DEFAULT 'x'",
            "DEFAULT CURRENT_TIMESTAMP",
            "UNIQUE",
            "REFERENCES other (id) ON DELETE CASCADE",
            "CHECK (1 > 0)",
        ]
    ),
    max_size=3,
    unique_by=lambda tail: tail.split()[0],
)


@st.composite
def columns(draw: st.DrawFn) -> str:
    return f"{draw(identifiers)} {draw(types)} {' '.join(draw(tails))}".strip()


@st.composite
def definitions(draw: st.DrawFn) -> str:
    names = draw(st.lists(identifiers, min_size=1, max_size=5, unique=True))
    parts = [f"{name} {draw(types)} {' '.join(draw(tails))}".strip() for name in names]
    if draw(st.booleans()):
        parts.append(f"PRIMARY KEY ({names[0]})")
    if draw(st.booleans()):
        parts.append(f"CONSTRAINT uq UNIQUE ({', '.join(names[:2])})")
    if draw(st.booleans()):
        parts.append(f"CONSTRAINT fk FOREIGN KEY ({names[-1]}) REFERENCES other (id) ON UPDATE SET NULL")
    guard = draw(st.sampled_from(["", "IF NOT EXISTS "]))
    return f"CREATE TABLE {guard}{draw(identifiers)} ({', '.join(parts)})"


def mine(text: str) -> Operation:
    (statement,) = parse(text)
    assert statement.problem is None
    return statement.operations[0]


def theirs(text: str) -> exp.Expression:
    (tree,) = sqlglot.parse(text, read="sqlite")
    assert tree is not None
    return tree


def column_of(column: Column, constraints: tuple[Constraint, ...]) -> tuple[object, ...]:
    kinds = sorted(each.kind for each in constraints if each.inline and each.columns == (column.name,))
    return (column.name, str(column.type).split("(")[0], column.nullable, column.default is not None, kinds)


def column_def(tree: exp.ColumnDef) -> tuple[object, ...]:
    kinds = []
    nullable, default = True, False
    for constraint in tree.constraints:
        match constraint.kind:
            case exp.NotNullColumnConstraint():
                nullable = False
            case exp.DefaultColumnConstraint():
                default = True
            case exp.UniqueColumnConstraint():
                kinds.append("unique")
            case exp.Reference():
                kinds.append("foreign")
            case exp.CheckColumnConstraint():
                kinds.append("check")
    assert tree.kind is not None
    return (tree.name, tree.kind.sql("sqlite").split("(")[0].upper(), nullable, default, sorted(kinds))


@given(definitions())
@settings(max_examples=150, deadline=None)
def test_create_table(text: str) -> None:
    table, tree = mine(text), theirs(text)
    assert isinstance(table, CreateTable)
    schema = tree.this
    assert table.name.name == schema.this.name
    assert table.if_not_exists is bool(tree.args.get("exists"))
    defined = [column_def(each) for each in schema.expressions if isinstance(each, exp.ColumnDef)]
    # sqlglot says VARCHAR and BIGINT of SQLite in its own words.
    same = {"VARCHAR": "TEXT", "BIGINT": "INTEGER", "DECIMAL": "REAL"}
    found = []
    for column in table.columns:
        name, declared, *rest = column_of(column, table.constraints)
        found.append((name, same.get(str(declared), declared), *rest))
    assert found == [(name, same.get(str(declared), declared), *rest) for name, declared, *rest in defined]
    keys = {
        (each.name, part.name)
        for each in schema.expressions
        if isinstance(each, exp.Constraint)
        for part in each.find_all(exp.Identifier)
        if part.name not in {"uq", "fk", "other", "id"} or part.parent is not each
    }
    for constraint in table.constraints:
        if constraint.name is not None:
            assert {(constraint.name, column) for column in constraint.columns} <= keys


@given(columns())
@settings(max_examples=100, deadline=None)
def test_add_column(text: str) -> None:
    statement = f"ALTER TABLE t ADD COLUMN {text}"
    if "UNIQUE" in text:
        return
    add, tree = mine(statement), theirs(statement)
    assert isinstance(add, AddColumn)
    (definition,) = tree.find_all(exp.ColumnDef)
    assert add.table.name == tree.this.name
    assert column_of(add.column, add.constraints)[2:4] == column_def(definition)[2:4]
    assert add.column.name == definition.name


@given(st.lists(identifiers, min_size=1, max_size=3, unique=True), st.booleans(), st.booleans())
@settings(max_examples=50, deadline=None)
def test_create_index(names: list[str], unique: bool, descending: bool) -> None:
    keys = ", ".join(f"{name} DESC" if descending else name for name in names)
    text = f"CREATE {'UNIQUE ' if unique else ''}INDEX i ON t ({keys})"
    index, tree = mine(text), theirs(text)
    assert isinstance(index, CreateIndex)
    assert (index.unique, index.table.name) == (bool(tree.args.get("unique")), tree.this.args["table"].name)
    assert [element.column for element in index.elements] == [part.name for part in tree.find_all(exp.Column)]
    assert [element.descending for element in index.elements] == [
        bool(part.args.get("desc")) for part in tree.find_all(exp.Ordered)
    ]
