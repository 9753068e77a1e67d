"""TYP013, TYP014, TYP022 and TYP023: enums, domains and extensions."""

from __future__ import annotations

from collections.abc import Iterator

from miglint.base.findings import Severity
from miglint.replay.steps import Step
from miglint.rules.definition import Hit, hazard
from miglint.rules.support.applied_operations import effective
from miglint.rules.support.sql_text import qualified
from miglint.sql import operations as ops

INFO = Severity.INFO


@hazard(
    "TYP013",
    "enum-created",
    INFO,
    "An enum is created: values can be added, but not removed or reordered",
    on=(ops.CreateType,),
    dialects=("postgres",),
    default=False,
    aliases=("eugene:W13", "pgls:creatingEnum"),
)
def enum_created(step: Step) -> Iterator[Hit]:
    """Report new enums."""
    for applied, operation in effective(step, ops.CreateType, forward_only=True):
        if operation.kind == "enum":
            yield applied.hit(
                f'values of "{operation.name.name}" cannot be removed later',
                "A table of the values with a foreign key, or text with a CHECK, can be changed.",
            )


@hazard(
    "TYP014",
    "enum-value-without-order",
    INFO,
    "ADD VALUE without BEFORE or AFTER puts the value last in the order",
    on=(ops.AddEnumValue,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:require-enum-value-ordering", "pgfence:alter-enum-no-ordering"),
)
def enum_value_without_order(step: Step) -> Iterator[Hit]:
    """Report values without BEFORE or AFTER."""
    for applied, operation in effective(step, ops.AddEnumValue, forward_only=True):
        if operation.neighbour is None:
            yield applied.hit(
                f"'{operation.value}' sorts after all other values of {operation.name.name}",
                f"State where: `ALTER TYPE {qualified(operation.name)} ADD VALUE '{operation.value}' AFTER '...';`",
            )


@hazard(
    "TYP022",
    "domain-with-constraint",
    INFO,
    "A domain has a constraint: changing it checks every table that uses the domain",
    on=(ops.CreateType,),
    dialects=("postgres",),
    default=False,
    aliases=("squawk:ban-create-domain-with-constraint", "pgfence:ban-create-domain-with-constraint"),
)
def domain_with_constraint(step: Step) -> Iterator[Hit]:
    """Report new domains with a constraint."""
    for applied, operation in effective(step, ops.CreateType, forward_only=True):
        if operation.kind == "domain" and (operation.constraints or not operation.nullable):
            yield applied.hit(
                f'changing the constraint of "{operation.name.name}" later checks every row of every table that '
                "uses it",
                "Put the CHECK on the columns.",
            )


_TRUSTED = frozenset(
    {
        "btree_gin", "btree_gist", "citext", "cube", "dict_int", "fuzzystrmatch", "hstore", "intarray", "isn", "lo",
        "ltree", "pgcrypto", "pg_trgm", "plpgsql", "seg", "tablefunc", "tcn", "tsm_system_rows", "tsm_system_time",
        "unaccent", "uuid-ossp",
    }
)  # fmt: skip


@hazard(
    "TYP023",
    "extension-needs-superuser",
    INFO,
    "CREATE EXTENSION needs a superuser, or the CREATE privilege where the extension is trusted",
    on=(ops.CreateExtension,),
    dialects=("postgres",),
    default=False,
    aliases=("diesel-guard:CreateExtensionCheck",),
)
def extension_needs_superuser(step: Step) -> Iterator[Hit]:
    """Report extensions that the role of the migrations may not be allowed to create."""
    for applied, operation in effective(step, ops.CreateExtension, forward_only=True):
        trusted = operation.name in _TRUSTED
        needs = "the CREATE privilege on the database" if trusted else "a superuser"
        yield applied.hit(
            f'"{operation.name}" needs {needs}',
            "Have it created with the database, outside of the migrations.",
        )
