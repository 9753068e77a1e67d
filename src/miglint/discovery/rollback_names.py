"""Names of rollbacks beside plain numbered files: as the other rollbacks of the history are named."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from miglint.base.lazy_regex import pattern
from miglint.discovery.layouts.plain import version_and_name

_WORDS = ("rollback", "down", "undo", "revert")
_VERB = pattern(r"(?:add|create|make|new|introduce)_")
_UP = pattern(r"(?:^|(?<=[_\-. ]))up(?=$|[_\-. ])")
# Where forwards have a folder of their own, rollbacks have the one beside it.
_FOLDER_BESIDE = {
    "up": "down",
    "forward": "rollback",
    "forwards": "rollbacks",
    "deploy": "revert",
    "do": "undo",
}
_SUFFIX = ".sql"


class NameParts(NamedTuple):
    """The stem of a numbered file: everything up to the rest of the name (`005_`), and that rest."""

    head: str
    rest: str


# Names as templates: `head` and `rest` are the parts of the forward's, `number` is the first without separators, and
# `rollback`, `down`, ... are the rest with that word in place of `up`.
_DEFAULT_FORM = "{head}rollback_{rest}"
_TEMPLATES = (
    "{head}WORD_{rest}",
    "{head}{rest}.WORD",
    "{head}{rest}_WORD",
    "{head}{rest}-WORD",
    "{number}.WORD",
    "{number}_WORD",
    "WORD_{head}{rest}",
    "WORD-{head}{rest}",
    "{head}{WORD}",
)
_FORMS = ("{head}{rest}", *(template.replace("WORD", word) for word in _WORDS for template in _TEMPLATES))
# What a name loses: `005_add_name` becomes `005_rollback_name`, `006_create_name_table` too.
_SHORTENED: dict[str, Callable[[str], str]] = {
    "whole": lambda rest: rest,
    "without verb and table": lambda rest: (
        _VERB.sub("", rest, count=1).removesuffix("_table") if _VERB.match(rest) else rest
    ),
    "without verb": lambda rest: _VERB.sub("", rest, count=1) if _VERB.match(rest) else rest,
}


def name_parts(file_name: str) -> NameParts:
    """Split the name of a numbered file, which ends with `.sql`."""
    stem = file_name[: -len(_SUFFIX)]
    _, rest = version_and_name(file_name)
    rest = rest.removesuffix(_SUFFIX)
    return NameParts(stem.removesuffix(rest), rest) if rest else NameParts(stem, "")


@lru_cache(maxsize=8)
def _usual_way(pairs: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """Return the way by which most forwards' names lead to their rollbacks', given the pairs of paths."""
    counted: Counter[tuple[str, str]] = Counter()
    for one, other in pairs:
        counted.update(_ways(name_parts(posixpath.basename(one)), posixpath.basename(other)[: -len(_SUFFIX)]))
    return max(counted, key=lambda way: counted[way]) if counted else (_DEFAULT_FORM, "whole")


def name_like(forward: str, pairs: tuple[tuple[str, str], ...]) -> str:
    """Return the file name of a rollback, given that of its forward and the existing pairs of paths."""
    parts = name_parts(forward)
    form, shortened = _usual_way(pairs)
    if not parts.rest and form == _DEFAULT_FORM:
        form = "{number}_rollback"
    return _filled(form, parts._replace(rest=_SHORTENED[shortened](parts.rest))) + _SUFFIX


def _filled(form: str, parts: NameParts) -> str:
    turned = {word: _UP.sub(word, parts.rest) for word in _WORDS}
    return form.format(head=parts.head, rest=parts.rest, number=parts.head.rstrip("_-. "), **turned)


def _ways(parts: NameParts, stem: str) -> list[tuple[str, str]]:
    """Return all ways by which a forward's name leads to its rollback's."""
    return [
        (form, short)
        for short, shorten in _SHORTENED.items()
        for form in _FORMS
        if _filled(form, parts._replace(rest=shorten(parts.rest))) == stem
    ]


@lru_cache(maxsize=8)
def _usual_folder(pairs: tuple[tuple[str, str], ...]) -> str | None:
    """Return where most rollbacks are, relative to the folder of their forward."""
    counted = Counter(
        posixpath.relpath(posixpath.dirname(other) or ".", posixpath.dirname(one) or ".") for one, other in pairs
    )
    return counted.most_common(1)[0][0] if counted else None


def folder_like(forward: str, pairs: tuple[tuple[str, str], ...], default: str) -> str:
    """Return the folder of a rollback, given the path of its forward and the existing pairs of paths.

    `default` is relative to the folder of the forward.
    """
    here = posixpath.dirname(forward)
    away = _usual_folder(pairs) or default
    return posixpath.normpath(posixpath.join(here, away)) if away != "." else here


def default_folder(forward: str) -> str:
    """Return where rollbacks of plain files are if there are none yet, relative to the folder of the forward."""
    base = posixpath.basename(posixpath.dirname(forward)).lower()
    beside = _FOLDER_BESIDE.get(base)
    return f"../{beside}" if beside is not None else "rollback"
