"""Value tags of templates in the place of names: `{{.prefix}}users`, `{{ .Schema }}.users`, `${schema}.users`.

A script that holds no others can be read with the tags taken for names. One that holds a control tag (`{{if}}`), or a
value that may be anything (`DEFAULT {{.value}}`), says nothing before it is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from miglint.base.lazy_regex import many, pattern
from miglint.base.template_names import encode_tags, has_tag

_TAG = r"\{\{[^{}\"']*+" + many(r"(?:\"[^\"{}]*\"|'[^'{}]*')[^{}\"']*+") + r"\}\}|\$\{[A-Za-z_][\w.\-]*\}"
_ANY = rf"{_TAG}|\{{\{{.{{0,400}}?\}}\}}|\{{%.{{0,400}}?%\}}"
_ANY_TAG = pattern(_ANY, re.DOTALL)
# What is not closed goes on to the end, so that nothing is looked at twice.
_STRING = r"'[^'{$]*+" + many(rf"(?:{_TAG}|[{{$])[^'{{$]*+") + "'?"
_QUOTED = r'"[^"{$]*+' + many(rf'(?:{_TAG}|[{{$])[^"{{$]*+') + '"?'
_PARTS = pattern(
    rf"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<tag>{_ANY})
    |(?P<string>{_STRING})
    |(?P<quoted>{_QUOTED})
    |(?P<body>(?P<do>\bdo\s+(?:language\s+\w+\s+)?)?(?P<mark>\$(?:[^\W\d]\w*)?\$)(?P<inside>.*?)(?:(?P=mark)|\Z))""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_CONTROL = r"if|else|end|range|with|block|define|template|include|partial|break|continue|macro|for"
_VALUE = pattern(
    rf"\$\{{[\w.\-]+\}}|\{{\{{\s*(?!(?:{_CONTROL})\b)[.$A-Za-z_(][\w.\s\"'(),:/\-$]*(?<!-)\}}\}}",
)
_REMARK = pattern(r"\{\{/\*.*?\*/\}\}|\{\{!.*?\}\}", re.DOTALL)
# What a name stands behind.
_BEFORE = pattern(
    r"\b(?:table|exists|into|update|from|join|on|only|references|schema|index|concurrently|view|sequence|function"
    r"|procedure|trigger|type|constraint|column|(?:rename|owner)\s+to|search_path\s*(?:=|\bto))\s*\Z",
    re.IGNORECASE,
)
# Next to these a tag is a part of a name, or the schema of one.
_NEXT_TO = pattern(r"[\w.\"`}]\Z")
_AFTER = pattern(r"[\w.\"`{$]")
_TOKEN = pattern(
    rf"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))|{_STRING}|{_QUOTED}|(?:{_ANY}|\w)" + many(rf"{_ANY}|\w++"), re.DOTALL
)
_WORD = pattern(r"\w+")
_LONGEST_NAME = 63
_BACK = 64
_DEEPEST = 3


def is_template(text: str) -> bool:
    """Tell whether tags stand in the code itself, and not just in its strings and comments."""
    return ("{{" in text or "${" in text) and next(_outside(text, 0, len(text)), None) is not None


def filled_in(text: str) -> str | None:
    """Return a text of the same length with its tags as names, or None when it is no template, or not of this kind."""
    if ("{{" not in text and "${" not in text) or has_tag(text):
        return None
    tags = list(_outside(text, 0, len(text)))
    if not tags or not all(_REMARK.fullmatch(text[start:end]) or _is_name(text, start, end) for start, end in tags):
        return None
    result = _TOKEN.sub(_replacement, text)
    names = (match[0] for match in _WORD.finditer(result) if has_tag(match[0]))
    return None if any(len(name.encode()) > _LONGEST_NAME for name in names) else result


def _replacement(match: re.Match[str]) -> str:
    """Return a token with its tags as names, made as long as it was by spaces behind it."""
    token = match[0]
    if match["comment"] is not None or "{" not in token:
        return token
    return _ANY_TAG.sub(_name, token).ljust(len(token))


def _name(match: re.Match[str]) -> str:
    tag = match[0]
    if _REMARK.fullmatch(tag):
        return " " * len(tag)
    # With spaces inside or without, it is the same value.
    if tag.startswith("{{"):
        tag = f"{{{{{tag[2:-2].strip()}}}}}"
    return (_VALUE.fullmatch(tag) and encode_tags(tag)) or match[0]


def _outside(text: str, start: int, end: int, depth: int = 0) -> Iterator[tuple[int, int]]:
    """Yield where the tags are that stand in the code itself, or in a name in quotes."""
    bodies: list[tuple[bool, tuple[int, int]]] = []
    found = False
    for match in _PARTS.finditer(text, start, end):
        if match["tag"] is not None:
            found = True
            yield match.span()
        elif match["quoted"] is not None:
            for tag in _ANY_TAG.finditer(text, *match.span()):
                found = True
                yield tag.span()
        elif match["body"] is not None:
            bodies.append((match["do"] is not None, match.span("inside")))
    # A body may be any text. It is code of this template where there are tags around it, or where it is run.
    for is_run, body in bodies if depth < _DEEPEST else ():
        if found or depth or is_run:
            yield from _outside(text, *body, depth + 1)


def _is_name(text: str, start: int, end: int) -> bool:
    """Whether a tag is a value in the place of a name, or of a part of one."""
    tag = text[start:end]
    if _VALUE.fullmatch(tag) is None or encode_tags(tag) is None:
        return False
    if _AFTER.match(text, end) or _NEXT_TO.search(text, max(0, start - 1), start):
        return True
    return _BEFORE.search(text, max(0, start - _BACK), start) is not None
