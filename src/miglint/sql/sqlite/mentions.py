"""Names used in expressions and queries: relations, columns, functions and types.

No tree is built. A scan of the tokens that recognizes the start of queries, keywords and names is sufficient, and is
ten times faster than a parser. It recurses into sub-queries only, so nested parentheses use no stack.
"""

from __future__ import annotations

from miglint.sql.operations import ColumnUse, Name, OpenUse
from miglint.sql.sqlite.query_parts import clauses_of, condition_end, is_alias, source_alias, split_list
from miglint.sql.sqlite.scope import Scope
from miglint.sql.sqlite.tokens import QUOTED, STRING, Tokens
from miglint.sql.sqlite.words import CLOCK, COMPOUND, JOIN, QUERY_STARTS, SYNTAX, WINDOW, Unreadable

Outputs = tuple[tuple[str | None, ...], tuple[Name, ...]]


class MentionCollector:
    """What a walk has met so far, in the order of the text, repetitions included.

    `targets` are the columns that are assigned, `open` the columns in `uses` that belong to one of several relations.
    `quoted` are the unqualified names in `uses` in double quotes, which SQLite interprets as strings if there is no
    such column; `bare` are the others.
    """

    __slots__ = ("bare", "functions", "open", "quoted", "relations", "targets", "types", "uses")

    def __init__(self) -> None:
        self.relations: list[Name] = []
        self.uses: list[ColumnUse] = []
        self.targets: list[ColumnUse] = []
        self.open: list[OpenUse] = []
        self.quoted: set[str] = set()
        self.bare: set[str] = set()
        self.functions: list[Name] = []
        self.types: list[Name] = []

    def walk(self, tokens: Tokens, start: int, end: int, scope: Scope) -> None:
        """Read the expressions between two tokens (a list of them is as good as one)."""
        words, at, over = tokens.words, start, -1
        casts: list[int] = []
        while at < end:
            word = words[at]
            if word == "(":
                if at + 1 < end and words[at + 1] in QUERY_STARTS:
                    close = min(tokens.closing(at), end)
                    self.query(tokens, at + 1, close, Scope(scope))
                    at = close
                at += 1
            elif word in SYNTAX:
                if word == "OVER" and tokens.words[at + 1 : at + 2] == ["("] and at + 1 < end:
                    over = tokens.closing(at + 1)
                at = self._syntax(tokens, at, end, casts, scope)
            elif not tokens.is_name(at) or (at < over and word in WINDOW):
                at += 1
            else:
                at = self._name(tokens, at, end, scope)

    def _syntax(self, tokens: Tokens, at: int, end: int, casts: list[int], scope: Scope) -> int:
        """Read a keyword and its operands; `casts` are the ends of the open CASTs."""
        words = tokens.words
        word = words[at]
        following = words[at + 1] if at + 1 < end else ""
        if word == "COLLATE" or (word == "OVER" and following != "("):
            return at + 2
        if word == "NULLS" and following in ("FIRST", "LAST"):
            return at + 2
        if word == "RAISE" and following == "(":
            return at + 3
        if word == "CAST" and following == "(":
            casts.append(tokens.closing(at + 1))
        elif word == "AS" and casts:
            close = min(casts.pop(), end)
            name = tokens.slice(at + 1, close)
            self.types.append(Name(None, " ".join(name.upper().split())))
            return close
        elif word == "IN" and at + 1 < end and tokens.is_name(at + 1):
            return self._relation(tokens, at + 1, scope)[0]
        elif word in CLOCK:
            self.functions.append(Name(None, word.lower()))
        return at + 1

    def _name(self, tokens: Tokens, at: int, end: int, scope: Scope) -> int:
        words = tokens.words
        following = words[at + 1] if at + 1 < end else ""
        first = tokens.name(at)
        if following == "(":
            self.functions.append(Name(None, first.lower()))
            return at + 1
        if following == "." and at + 2 < end:
            second = tokens.name(at + 2)
            if at + 4 < end and words[at + 3] == ".":
                self.uses.append(ColumnUse(Name(first, second), tokens.name(at + 4)))
                self.bare.add(tokens.name(at + 4))
                return at + 5
            known, relation = scope.find(first)
            if not known:
                relation = Name(None, first)
            if relation is not None and words[at + 2] != "*":
                self.uses.append(ColumnUse(relation, second))
                self.bare.add(second)
            return at + 3
        if not scope.is_alias(first.lower()) and not scope.derived_only():
            only = scope.only()
            self.uses.append(ColumnUse(only, first))
            if only is None and (candidates := scope.candidates()):
                self.open.append(OpenUse(candidates, first))
            (self.quoted if tokens.raw(at)[0] == QUOTED else self.bare).add(first)
        return at + 1

    def strings(self) -> frozenset[str]:
        """Return the names in `uses` that may be strings at every occurrence."""
        return frozenset(self.quoted - self.bare)

    def query(self, tokens: Tokens, start: int, end: int, scope: Scope) -> Outputs:
        """Read a query; return the names of its result columns, and the relations of its stars."""
        words, at = tokens.words, start
        if at < end and words[at] == "WITH":
            at = self.with_(tokens, at + 1, end, scope)
        outputs: Outputs | None = None
        first = at
        while at <= end:
            if at == end or words[at] in COMPOUND:
                found = self._core(tokens, first, at, scope)
                outputs = outputs or found
                first = at + 2 if at + 1 < end and words[at + 1] == "ALL" else at + 1
                at = first
            else:
                at = min(tokens.closing(at), end - 1) + 1 if words[at] == "(" else at + 1
        return outputs or ((), ())

    def with_(self, tokens: Tokens, at: int, end: int, scope: Scope) -> int:
        """Read common table expressions; return the start of the query itself."""
        words = tokens.words
        if words[at : at + 1] == ["RECURSIVE"]:
            at += 1
        bodies: list[tuple[int, int]] = []
        while at < end and tokens.is_name(at):
            scope.ctes |= {tokens.name(at).lower()}
            at += 1
            if at < end and words[at] == "(":
                at = tokens.closing(at) + 1
            while at < end and words[at] in {"AS", "NOT", "MATERIALIZED"}:
                at += 1
            if at >= end or words[at] != "(":
                raise Unreadable("a common table expression has no query in parentheses")
            close = min(tokens.closing(at), end)
            bodies.append((at + 1, close))
            at = close + 1
            if at >= end or words[at] != ",":
                break
            at += 1
        for first, last in bodies:
            # Siblings see each other, but no names of the outer query.
            self.query(tokens, first, last, Scope(scope))
        return at

    def _core(self, tokens: Tokens, start: int, end: int, parent: Scope) -> Outputs:
        """Read one `SELECT ...` or `VALUES ...` of a compound query."""
        words = tokens.words
        scope = Scope(parent)
        if start < end and words[start] == "VALUES":
            self.walk(tokens, start + 1, end, scope)
            row = (
                split_list(tokens, start + 2, tokens.closing(start + 1))
                if words[start + 1 : start + 2] == ["("]
                else []
            )
            return tuple(f"column{number}" for number in range(1, len(row) + 1)), ()
        if start >= end or words[start] != "SELECT":
            raise Unreadable("a query does not start with SELECT or VALUES")
        first = start + 2 if words[start + 1 : start + 2] in (["DISTINCT"], ["ALL"]) else start + 1
        clauses = clauses_of(tokens, first, end)
        last = clauses[0][1] if clauses else end
        stops = [*(at for _, at in clauses), end][1:]
        for (word, at), stop in zip(clauses, stops, strict=True):
            if word == "FROM":
                for on in self.sources(tokens, at + 1, stop, scope):
                    self.walk(tokens, *on, scope)
        outputs, stars = self._results(tokens, first, last, scope)
        for (word, at), stop in zip(clauses, stops, strict=True):
            if word != "FROM":
                self.walk(tokens, at + 1, stop, scope)
        return outputs, stars

    def _results(self, tokens: Tokens, start: int, end: int, scope: Scope) -> Outputs:
        words = tokens.words
        outputs: list[str | None] = []
        stars: list[Name] = []
        aliases: set[str] = set()
        for first, last in split_list(tokens, start, end):
            if words[last - 1] == "*" and (last - first == 1 or words[last - 2] == "."):
                outputs.append("*")
                stars += _behind_star(tokens, first, last, scope)
                continue
            stop = _before_alias(tokens, first, last)
            if stop < last:
                alias = tokens.name(last - 1)
                outputs.append(alias)
                aliases.add(alias.lower())
            else:
                plain = tokens.is_name(last - 1) and (last - first == 1 or words[last - 2] == ".")
                outputs.append(tokens.name(last - 1) if plain else None)
            self.walk(tokens, first, stop, scope)
        scope.aliases |= aliases
        return tuple(outputs), tuple(stars)

    def sources(self, tokens: Tokens, at: int, end: int, scope: Scope) -> list[tuple[int, int]]:
        """Read the sources of a `FROM`; return the `ON` expressions, to be read once all sources are known."""
        words = tokens.words
        conditions: list[tuple[int, int]] = []
        while at < end:
            word = words[at]
            if word == "(":
                close = min(tokens.closing(at), end)
                if words[at + 1] in QUERY_STARTS:
                    inner = Scope(scope.parent)
                    inner.ctes = scope.ctes
                    self.query(tokens, at + 1, close, inner)
                    at, alias = source_alias(tokens, close + 1, end)
                    scope.sources[(alias or f"({close}").lower()] = None
                else:
                    conditions += self.sources(tokens, at + 1, close, scope)
                    at, alias = source_alias(tokens, close + 1, end)
            elif word == "ON":
                first, at = at + 1, condition_end(tokens, at + 1, end)
                conditions.append((first, at))
            elif word == "USING":
                at = tokens.closing(at + 1) + 1
            elif word == "," or word in JOIN:
                at += 1
            elif tokens.is_name(at) or word == STRING:
                at = self._source(tokens, at, end, scope, conditions)
            else:
                raise Unreadable(f"a FROM clause cannot be read at {tokens.raw(at)!r}")
        return conditions

    def _source(self, tokens: Tokens, at: int, end: int, scope: Scope, conditions: list[tuple[int, int]]) -> int:
        """Read a table, a common table expression or a table-valued function with its alias."""
        at, name, known = self._relation(tokens, at, scope)
        if at < end and tokens.words[at] == "(":
            # A table-valued function, which `_relation` read as a table.
            if known:
                self.relations.pop()
            self.functions.append(Name(None, name.name.lower()))
            conditions.append((at + 1, tokens.closing(at)))
            known, at = False, tokens.closing(at) + 1
        at, alias = source_alias(tokens, at, end)
        scope.sources[(alias or name.name).lower()] = name if known else None
        return at

    def _relation(self, tokens: Tokens, at: int, scope: Scope) -> tuple[int, Name, bool]:
        """Read the name of a relation; return whether it is one (and not a common table expression)."""
        name = Name(None, tokens.name(at))
        at += 1
        if at + 1 < len(tokens) and tokens.words[at] == ".":
            name = Name(name.name, tokens.name(at + 1))
            at += 2
        known = name.schema is not None or name.name.lower() not in scope.ctes
        if known:
            self.relations.append(name)
        return at, name, known


def _behind_star(tokens: Tokens, first: int, last: int, scope: Scope) -> list[Name]:
    """Return the relations whose columns `*` or `relation.*` stands for."""
    if last - first == 1:
        return [name for name in scope.sources.values() if name is not None]
    known, relation = scope.find(tokens.name(last - 3))
    return [relation or Name(None, tokens.name(last - 3))] if relation is not None or not known else []


def _before_alias(tokens: Tokens, first: int, last: int) -> int:
    """Return where a result's expression ends: before its alias, or at `last` where it has none."""
    if last - first >= 3 and tokens.words[last - 2] == "AS":
        return last - 2
    return last - 1 if last - first >= 2 and is_alias(tokens, last - 1) else last
