"""Which function or operator is meant: the rules of `func_get_detail`, `oper` and `select_common_type`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from miglint.sql.operations import Name
from miglint.sql.postgres.analysis import catalogs
from miglint.sql.postgres.analysis.catalogs import Function
from miglint.sql.postgres.analysis.environment import LITERAL, UNKNOWN, Invalid
from miglint.sql.postgres.analysis.extended_operators import may_be_extended
from miglint.sql.postgres.analysis.kinds import IMPLICIT, TypeKinds, element, is_array, is_polymorphic, spelled, worst

_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">=", "~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*"})

# Which operators and functions were meant before, for types that are built in and casts that are: nothing else that
# scripts make changes that.
_chosen: dict[tuple[str, ...], tuple[str, str]] = {}
_meant: dict[tuple[str, ...], Function] = {}


def _are_built_in(given: Iterable[str]) -> bool:
    return all(kind == LITERAL or catalogs.type_info(kind.removesuffix("[]")) is not None for kind in given)


def widened(function: Function, count: int) -> tuple[str, ...] | None:
    """Return the argument types of a function for a number of arguments, None where it does not take that many."""
    given = len(function.arguments)
    if function.variadic and count >= given:
        last = function.arguments[-1]
        one = element(last) if is_array(last) else "any" if last == "any" else last.replace("array", "")
        one = {"any": "any", "anycompatible": "anycompatible"}.get(one, one or "anyelement")
        return (*function.arguments[:-1], *((one,) * (count - given + 1)))
    if given - function.defaults <= count <= given:
        return function.arguments[:count]
    return None


class Candidate:
    """A function with the argument types that it has for a call."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: Function, arguments: tuple[str, ...]) -> None:
        self.function = function
        self.arguments = arguments


class Overloads:
    """Choosing among what has one name."""

    __slots__ = ("kinds",)

    def __init__(self, kinds: TypeKinds) -> None:
        self.kinds = kinds

    # --- functions

    def function(self, name: Name, given: Sequence[str], *, star: bool = False) -> Function | None:
        """Return the function that a call means, None where that is not known. Raises `Invalid` when there is none."""
        environment = self.kinds.environment
        own = environment.functions(name)
        built_in = catalogs.functions(name.name) if name.schema is None else ()
        if not own and not built_in:
            return None
        if not own and not star:
            return self._built_in(name, built_in, given)
        if star:
            return next((item for item in built_in if not item.arguments or item.arguments == ("any",)), None)
        return self._choose(name, self._candidates(name, built_in, own, given), given)

    def _choose(self, name: Name, fitting: list[Candidate], given: Sequence[str]) -> Function | None:
        environment = self.kinds.environment
        exact = next((item for item in fitting if item.arguments == tuple(given)), None)
        if exact is not None:
            return exact.function
        found = [item for item in fitting if self._takes(item, given)]
        if not found:
            if environment.overloaded(name) or not all(map(self.kinds.known, given)):
                return None
            listed = ", ".join(map(spelled, given))
            raise Invalid("undefined_function", f"function {name}({listed}) does not exist")
        if any(kind == UNKNOWN for kind in given):
            return _agreed([item.function for item in found])
        chosen = self._select(found, given)
        if chosen is None:
            if environment.overloaded(name):
                return None
            listed = ", ".join(map(spelled, given))
            raise Invalid("ambiguous_function", f"function {name}({listed}) is not unique")
        return chosen.function

    def _built_in(self, name: Name, functions: tuple[Function, ...], given: Sequence[str]) -> Function | None:
        plain = _are_built_in(given) and not self.kinds.casts_made()
        key = (name.name, *given)
        if plain and key in _meant:
            return _meant[key]
        found = self._choose(name, self._candidates(name, functions, (), given), given)
        if plain and found is not None:
            _meant[key] = found
        return found

    def _candidates(
        self, name: Name, built_in: Iterable[Function], own: Iterable[Function], given: Sequence[str]
    ) -> list[Candidate]:
        found: dict[tuple[str, ...], Candidate] = {}
        doubled: set[tuple[str, ...]] = set()
        for is_own, function in (*((False, item) for item in built_in), *((True, item) for item in own)):
            arguments = widened(function, len(given))
            if arguments is None:
                continue
            # Of two that take the same, one without VARIADIC and defaults is meant, and one of the system.
            known = found.get(arguments)
            plain = not (function.variadic or (known is not None and known.function.variadic))
            # The system's own functions never do: the catalogs hold those of several versions, of which each has one.
            if is_own and known is not None and plain and known.function.arguments != function.arguments:
                # With the defaults, both fit this call, and which one is meant is not known.
                doubled.add(arguments)
            if known is None or (known.function.variadic and not function.variadic):
                found[arguments] = Candidate(function, arguments)
        if tuple(given) in doubled:
            listed = ", ".join(map(spelled, given))
            raise Invalid("ambiguous_function", f"function {name}({listed}) is not unique")
        return list(found.values())

    def _takes(self, candidate: Candidate, given: Sequence[str]) -> bool:
        pairs = list(zip(given, candidate.arguments, strict=True))
        return all(self.kinds.coerces(one, two) for one, two in pairs) and self._consistent(pairs)

    def _consistent(self, pairs: Sequence[tuple[str, str]]) -> bool:
        """Whether the polymorphic arguments all stand for one type."""
        one: str | None = None
        for given, declared in pairs:
            if not is_polymorphic(declared) or declared.startswith("anycompatible"):
                continue
            kind = self._element_of(given, declared)
            if kind in (UNKNOWN, LITERAL):
                continue
            if one is not None and one != kind:
                return False
            one = kind
        return True

    def _element_of(self, given: str, declared: str) -> str:
        """Return what `anyelement` is where an argument of a polymorphic type is of another."""
        base = self.kinds.base(given)
        if declared in ("anyarray", "anycompatiblearray"):
            return LITERAL if base == LITERAL else element(base)
        if declared in ("anyrange", "anycompatiblerange"):
            return catalogs.subtype(base) or UNKNOWN
        if declared in ("anymultirange", "anycompatiblemultirange"):
            return UNKNOWN
        return base if declared == "anyenum" or base == LITERAL else given

    def result(self, function: Function, given: Sequence[str]) -> str:
        """Return the type of what a function gives for arguments."""
        declared = function.result
        if not is_polymorphic(declared):
            return declared
        arguments = widened(function, len(given)) or ()
        stands = [self._element_of(one, two) for one, two in zip(given, arguments, strict=False) if is_polymorphic(two)]
        typed = [kind for kind in stands if kind != LITERAL]
        if not typed:
            kind = "text" if stands and declared.startswith("anycompatible") else UNKNOWN
        elif declared.startswith("anycompatible"):
            kind = self.common(typed, "function")
        else:
            kind = typed[0]
        if kind == UNKNOWN:
            return UNKNOWN
        if declared.endswith("array"):
            return f"{kind}[]"
        return UNKNOWN if "range" in declared else kind

    def arguments(self, function: Function, given: Sequence[str]) -> tuple[str, ...]:
        """Return the types that arguments become, `?` where that is not known."""
        declared = widened(function, len(given)) or ()
        families: dict[bool, str] = {}
        for compatible in (False, True):
            own = [(one, two) for one, two in zip(given, declared, strict=False) if _is_of_family(two, compatible)]
            stands = [kind for kind in (self._element_of(one, two) for one, two in own) if kind != LITERAL]
            if stands:
                families[compatible] = self.common(stands, "function") if compatible else stands[0]
            elif own:
                families[compatible] = "text" if compatible else UNKNOWN
        ranges = {two: one for one, two in zip(given, declared, strict=False) if "range" in two and one != LITERAL}
        return tuple(_standing(two, one, families, ranges) for one, two in zip(given, declared, strict=False))

    # --- operators

    def meant_operator(self, name: str, given: Sequence[str]) -> tuple[Function, tuple[str, ...]] | None:
        """Return the operator that is meant and the types that its operands become; None where it is not known."""
        candidates = _operators(name, len(given))
        if UNKNOWN in given or not candidates or not all(map(self.kinds.known, given)):
            return None
        bases = [self.kinds.base(kind) for kind in given]
        chosen = self._exact(candidates, bases)
        if chosen is None:
            fitting = [item for item in candidates if self._takes(item, bases)]
            chosen = self._select(fitting, bases) if fitting else None
        return None if chosen is None else (chosen.function, self.arguments(chosen.function, bases))

    def operator(self, name: str, given: Sequence[str], schema: str | None = None) -> tuple[str, str]:
        """Return the type and the volatility of an operator. Raises `Invalid` when there is none that fits."""
        if schema is not None:
            return UNKNOWN, "?"
        if self.kinds.casts_made():
            return self._operator(name, given)
        key = (name, *given)
        found = _chosen.get(key)
        if found is None:
            if not _are_built_in(given):
                return self._of_own_types(name, given)
            found = _chosen[key] = self._operator(name, given)
        return found

    def _of_own_types(self, name: str, given: Sequence[str]) -> tuple[str, str]:
        """Return what `operator` does where not all types are built in; one enum is taken as any other."""
        enums = [kind for kind in given if not _are_built_in((kind,))]
        if any(not self.kinds.is_kind(kind, "enum") for kind in enums):
            return self._operator(name, given)
        key = (name, *(f"enum {enums.index(kind)}" if kind in enums else kind for kind in given))
        found = _chosen.get(key)
        if found is None:
            found = self._operator(name, given)
            if found[0] not in enums:
                _chosen[key] = found
        return found

    def _operator(self, name: str, given: Sequence[str]) -> tuple[str, str]:
        not_known = ("bool" if name in _COMPARISONS else UNKNOWN), "?"
        candidates = _operators(name, len(given))
        if UNKNOWN in given or not candidates or not all(map(self.kinds.known, given)):
            return not_known
        bases = [self.kinds.base(kind) for kind in given]
        chosen, fitting = self._exact(candidates, bases), []
        if chosen is None:
            fitting = [item for item in candidates if self._takes(item, bases)]
            chosen = self._select(fitting, bases) if fitting else None
        if chosen is not None:
            return self.result(chosen.function, bases), self._volatility(chosen.function, bases)
        if may_be_extended(name, given) or self.kinds.casts_made():
            return not_known
        raise _unresolved(name, given, ambiguous=bool(fitting))

    def _volatility(self, operator: Function, given: Sequence[str]) -> str:
        """Return the volatility of an operator; `||` with a text is SQL that the server puts in its place: a cast."""
        if "anynonarray" not in operator.arguments:
            return operator.volatility
        return worst(*(self.kinds.cast_volatility(kind, "text") for kind in given))

    def _exact(self, candidates: list[Candidate], given: list[str]) -> Candidate | None:
        wanted = list(given)
        if len(wanted) > 1 and LITERAL in wanted:
            # A constant takes the type of the other side.
            other = wanted[0] if wanted[1] == LITERAL else wanted[1]
            wanted = [other if kind == LITERAL else kind for kind in wanted]
        return next((item for item in candidates if item.arguments == tuple(wanted)), None)

    # --- choosing

    def _select(self, candidates: list[Candidate], given: Sequence[str]) -> Candidate | None:
        """Choose as `func_select_candidate` does, None where several are as good."""
        bases = [self.kinds.base(kind) for kind in given]
        known = [place for place, kind in enumerate(bases) if kind != LITERAL]
        left = _best(candidates, lambda item: sum(item.arguments[place] == bases[place] for place in known))
        if len(left) > 1:
            left = _best(left, lambda item: sum(self._good(item, bases, place) for place in known))
        if len(left) > 1 and len(known) < len(bases):
            left = self._for_constants(left, bases)
        return left[0] if len(left) == 1 else None

    def _for_constants(self, candidates: list[Candidate], bases: list[str]) -> list[Candidate]:
        """Select by the constants among the operands: by category, then by assuming the one type of the others."""
        narrowed = self._by_category(candidates, [place for place, kind in enumerate(bases) if kind == LITERAL])
        if narrowed is not None and len(narrowed) == 1:
            return narrowed
        kinds = {kind for kind in bases if kind != LITERAL}
        if len(kinds) != 1:
            return []
        same = [*kinds] * len(bases)
        return [item for item in narrowed or candidates if self._takes(item, same)]

    def _good(self, candidate: Candidate, bases: list[str], place: int) -> bool:
        declared = candidate.arguments[place]
        if declared == bases[place]:
            return True
        return self.kinds.preferred(declared) and self.kinds.category(declared) == self.kinds.category(bases[place])

    def _by_category(self, candidates: list[Candidate], unknown: list[int]) -> list[Candidate] | None:
        """Select by the categories of the parameters for the constants: strings where there is a choice."""
        slots: dict[int, tuple[str, bool]] = {}
        for place in unknown:
            categories = [self.kinds.category(item.arguments[place]) for item in candidates]
            if "S" in categories:
                category = "S"
            elif len(set(categories)) == 1:
                category = categories[0]
            else:
                return None
            preferred = any(
                self.kinds.preferred(item.arguments[place])
                for item, found in zip(candidates, categories, strict=True)
                if found == category
            )
            slots[place] = (category, preferred)
        kept = [
            item
            for item in candidates
            if all(
                self.kinds.category(item.arguments[place]) == category
                and (not preferred or self.kinds.preferred(item.arguments[place]))
                for place, (category, preferred) in slots.items()
            )
        ]
        return kept or candidates

    def common(self, given: Sequence[str], context: str) -> str:
        """Return the type that several become where one is wanted (`UNION`, `CASE`, ...). Raises when there is none."""
        if UNKNOWN in given or not all(map(self.kinds.known, given)):
            return UNKNOWN
        typed = [kind for kind in given if kind != LITERAL]
        if len(set(typed)) <= 1:
            # A domain only where all are of it: not even a constant may be among them.
            return "text" if not typed else typed[0] if len(typed) == len(given) else self.kinds.base(typed[0])
        bases = [self.kinds.base(kind) for kind in typed]
        chosen, category = bases[0], self.kinds.category(bases[0])
        for kind in bases[1:]:
            if kind == chosen:
                continue
            if self.kinds.category(kind) != category:
                if self.kinds.casts_made():
                    return UNKNOWN
                message = f"{context} types {spelled(chosen)} and {spelled(kind)} cannot be matched"
                raise Invalid("datatype_mismatch", message)
            if self._is_wider(kind, chosen):
                chosen = kind
        for kind in bases:
            if not self.kinds.coerces(kind, chosen, IMPLICIT):
                message = f"{context} could not convert type {spelled(kind)} to {spelled(chosen)}"
                raise Invalid("cannot_coerce", message)
        return chosen

    def _is_wider(self, kind: str, chosen: str) -> bool:
        if self.kinds.preferred(chosen):
            return False
        return self.kinds.coerces(chosen, kind) and not self.kinds.coerces(kind, chosen)


def _is_of_family(declared: str, compatible: bool) -> bool:
    return is_polymorphic(declared) and declared.startswith("anycompatible") is compatible


def _standing(declared: str, given: str, families: Mapping[bool, str], ranges: Mapping[str, str]) -> str:
    """Return what a declared type stands for; `families` are the elements of `any...` and of `anycompatible...`."""
    if not is_polymorphic(declared):
        return declared
    if "range" in declared:
        return given if given != LITERAL else ranges.get(declared, UNKNOWN)
    kind = families[declared.startswith("anycompatible")]
    return kind if kind == UNKNOWN or not declared.endswith("array") or declared.endswith("nonarray") else f"{kind}[]"


def _best(candidates: list[Candidate], score: Callable[[Candidate], int]) -> list[Candidate]:
    scores = [score(item) for item in candidates]
    best = max(scores)
    return [item for item, points in zip(candidates, scores, strict=True) if points == best]


def _agreed(functions: list[Function]) -> Function:
    """Return what several functions have in common."""
    results = {item.result for item in functions}
    result = results.pop() if len(results) == 1 else UNKNOWN
    volatilities = {item.volatility for item in functions}
    volatility = volatilities.pop() if len(volatilities) == 1 else "?"
    kinds = {item.kind for item in functions}
    kind = kinds.pop() if len(kinds) == 1 else "?"
    return Function(
        functions[0].arguments,
        UNKNOWN if is_polymorphic(result) else result,
        worst(volatility),
        kind,
        functions[0].many,
        functions[0].defaults,
        functions[0].variadic,
    )


def _operators(name: str, count: int) -> list[Candidate]:
    return [Candidate(item, item.arguments) for item in catalogs.operators(name) if len(item.arguments) == count]


def _unresolved(name: str, given: Sequence[str], *, ambiguous: bool) -> Invalid:
    listed = f" {name} ".join(map(spelled, given)) if len(given) > 1 else f"{name} {spelled(given[0])}"
    if ambiguous:
        return Invalid("ambiguous_function", f"operator is not unique: {listed}")
    return Invalid("undefined_function", f"operator does not exist: {listed}")
