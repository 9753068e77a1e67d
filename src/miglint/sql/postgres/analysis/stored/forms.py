"""What reads an expression as the server stores it: the types of its parts, and what becomes of what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from miglint.sql.operations import Name, Type
from miglint.sql.postgres.analysis.context import ExpressionAnalysis
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Environment
from miglint.sql.postgres.analysis.kinds import element, is_array
from miglint.sql.postgres.analysis.scope import QueryLevel
from miglint.sql.postgres.analysis.stored.values import is_verbatim, value_of
from miglint.sql.postgres.names import Node

Form = tuple[Any, ...]
"""A definition, or a part of it, as it is stored."""

_TEXTS = frozenset({"text", "varchar"})
_LOCATIONS = frozenset(
    {"location", "stmt_location", "stmt_len", "rexpr_list_start", "rexpr_list_end", "list_start", "list_end"}
)


class TypedForm(NamedTuple):
    """A part of an expression: its form, its type, and the text of a constant that has none yet."""

    form: Form
    type: str
    literal: str | None = None


Readers: TypeAlias = "Mapping[str, Callable[[StoredReader, Node, QueryLevel], TypedForm]]"


class StoredReader:
    """Reads one definition; `readers` are what reads each kind of node.

    `sure` is False once a type, a name or a value was met that is not known. Forms of two definitions that are equal
    mean that the server stores the same; others mean that it stores other ones only where both are sure. `columns` are
    the types of the columns that were read. `qualified` says that the server prints columns with what they are of, as
    in views, whose columns keep their types. `aliases` are the names that the sources of the query being read are
    printed by, `taken` those of the queries around it as well. `merged` says that columns that `USING` has made of two
    are printed as those of the left, `full` that they are printed as columns of neither. `verbatim` keeps the texts of
    constants and each cast, to print the form.
    """

    __slots__ = (
        "_readers",
        "aliases",
        "analysis",
        "columns",
        "full",
        "kinds",
        "merged",
        "overloads",
        "qualified",
        "sure",
        "taken",
        "verbatim",
    )

    def __init__(self, environment: Environment, readers: Readers) -> None:
        self._readers = readers
        self.analysis = ExpressionAnalysis(environment)
        self.kinds = self.analysis.kinds
        self.overloads = self.analysis.overloads
        self.sure = True
        self.columns: dict[Form, str] = {}
        self.qualified = False
        self.merged = True
        self.full = False
        self.aliases: dict[str, str] = {}
        self.taken: frozenset[str] = frozenset()
        self.verbatim = False

    @property
    def environment(self) -> Environment:
        """What is known around the definition."""
        return self.analysis.environment

    def read(self, node: Node, scope: QueryLevel) -> TypedForm:
        """Return an expression. Raises `Invalid` for what the server refuses."""
        ((kind, body),) = node.items()
        reader = self._readers.get(kind)
        if reader is not None:
            return reader(self, body, scope)
        self.sure = False
        return TypedForm((kind, self.plain(body, scope)), UNKNOWN)

    def parts(self, nodes: Iterable[Node], scope: QueryLevel) -> list[TypedForm]:
        """Return expressions."""
        return [self.read(node, scope) for node in nodes]

    def plain(self, value: Any, scope: QueryLevel) -> Any:
        """Return any part of a tree, with the expressions in it as they are stored."""
        if isinstance(value, dict):
            if len(value) == 1 and next(iter(value)) in self._readers:
                return self.as_it_is(self.read(value, scope))
            return tuple(
                (name, self.plain(item, scope)) for name, item in sorted(value.items()) if name not in _LOCATIONS
            )
        return tuple(self.plain(item, scope) for item in value) if isinstance(value, list) else value

    def as_it_is(self, part: TypedForm) -> Form:
        """Return a part where no type is wanted."""
        return part.form

    def truth(self, node: Node, scope: QueryLevel) -> Form:
        """Return a condition: what the top of it is cast to is not printed."""
        part = self.read(node, scope)
        return self.constant(part.literal, "bool") if part.type == LITERAL else part.form

    def result(self, part: TypedForm, kind: str = "text") -> Form:
        """Return a part where any type will do: a constant without one becomes one of a type."""
        return self.constant(part.literal, kind) if part.type == LITERAL else part.form

    # --- what becomes of what

    def constant(self, text: str | None, target: str) -> Form:
        """Return a constant that a type reads; None is NULL."""
        base = self.kinds.base(target)
        if base == UNKNOWN:
            self.sure = False
            return ("constant", target, text)
        if base != target:
            return ("cast", self.constant(text, base), target, ())
        if text is None:
            return ("null", base)
        if self.verbatim or self.kinds.is_kind(base, "enum") or is_verbatim(base):
            return ("constant", base, text)
        value = value_of(self._read_as(base), text)
        return (UNREAD, base, text) if value is None else ("value", base, value)

    def _read_as(self, base: str) -> str:
        """Return the built-in type that reads constants of a type: labels of an enum in an array are texts."""
        if not is_array(base):
            return base
        own = self.kinds.base(element(base))
        return "text[]" if self.kinds.is_kind(own, "enum") else f"{own}[]"

    def coerced(self, part: TypedForm, target: str) -> Form:
        """Return a part that becomes a type."""
        if part.type == LITERAL:
            return part.form if target in (UNKNOWN, LITERAL, "any") else self.constant(part.literal, target)
        if UNKNOWN in (part.type, target):
            self.sure = False
            return part.form
        return part.form if target in (part.type, "any") else cast_form(part.form, target)

    def common(self, parts: Sequence[TypedForm], context: str) -> tuple[list[Form], str]:
        """Return parts as the one type that they have in common, and that type."""
        kind = self.overloads.common([part.type for part in parts], context)
        return [self.coerced(part, kind) for part in parts], kind

    def operator(self, name: Name, given: Sequence[TypedForm]) -> tuple[list[Form], str]:
        """Return the operands of an operator as the types that it takes, and the type of its result."""
        types = [part.type for part in given]
        found = None if name.schema is not None else self.overloads.meant_operator(name.name, types)
        if found is None:
            self.sure = False
            kind = self.overloads.operator(name.name, types, name.schema)[0]
            return [part.form for part in given], kind
        function, arguments = found
        forms = [self.coerced(part, kind) for part, kind in zip(given, arguments, strict=True)]
        return forms, self.overloads.result(function, types)

    def applied(self, name: Name, given: Sequence[TypedForm]) -> TypedForm:
        """Return the result of an operator."""
        forms, kind = self.operator(name, given)
        return TypedForm(("operator", str(name), *self.narrowed(name.name, forms)), kind)

    def narrowed(self, name: str, forms: list[Form]) -> list[Form]:
        """Return the operands of a comparison, columns and constants of whole numbers without casts to a wider type.

        The server adds these casts when the column has had that type in between, which none has that a view reads.
        """
        if self.qualified or self.verbatim or name not in _COMPARISONS or len(forms) != 2 or forms[0][0] != "cast":
            return forms
        _, column, wide, _ = forms[0]
        if self.columns.get(column) not in _WHOLE_NUMBERS.get(wide, ()):
            return forms
        if _is_widened(forms[1], wide):
            return [column, forms[1][1]]
        if forms[1][0] == "array" and all(_is_widened(item, wide) for item in forms[1][2]):
            return [column, ("array", "int4", tuple(item[1] for item in forms[1][2]))]
        return forms

    def type_name(self, written: Type) -> str:
        """Return the name of a type."""
        kind = self.environment.type_name(written)
        if kind == UNKNOWN or written.setof:
            self.sure = False
        return kind


UNREAD = "unread"
"""The kind of a constant whose value is not known: one of another text may have the same."""


def may_be_equal(one: object, two: object) -> bool:
    """Return whether two forms may be equal: they differ in nothing but the texts of constants that are not read."""
    if not (isinstance(one, tuple) and isinstance(two, tuple)):
        return one == two
    kinds = {one[:1], two[:1]}
    if (UNREAD,) in kinds:
        return kinds <= {(UNREAD,), ("value",)} and bool(one[1] == two[1])
    if kinds == {("local",), ("instant",)}:
        # The time zone of the session decides.
        return True
    return len(one) == len(two) and all(map(may_be_equal, one, two))


_RELATION_PARTS = 5


def aliases(form: object) -> list[str]:
    """Return the names that the relations in a form have in its queries, empty ones for their own."""
    if not isinstance(form, tuple):
        return []
    if form[:1] == ("relation",) and len(form) == _RELATION_PARTS:
        return ["" if form[2] in (None, form[1].rpartition(".")[2]) else form[2]]
    return [name for part in form for name in aliases(part)]


_COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">="})
_WHOLE_NUMBERS = {"numeric": ("int2", "int4", "int8"), "int8": ("int2", "int4"), "float8": ("int2", "int4")}


def _is_widened(form: Form, wide: str) -> bool:
    return bool(form[0] == "cast" and form[2] == wide and form[1][:2] == ("value", "int4"))


def cast_form(form: Form, target: str, modifiers: tuple[str, ...] = ()) -> Form:
    """Return the form of a cast.

    The server casts the elements of an array of texts when it reads its own text again, and a constant to the last type
    of several.
    """
    if not modifiers and target in _TEXTS and form[0] == "constant" and form[1] in _TEXTS:
        return ("constant", target, form[2])
    if not modifiers and form[0] == "array" and is_array(target) and element(target) in _TEXTS and form[1] in _TEXTS:
        return ("array", element(target), tuple(cast_form(item, element(target)) for item in form[2]))
    return ("cast", form, target, modifiers)
