"""Template tags in place of names: `{{.prefix}}users`, `{{ .Schema }}.users`, `${schema}.users`.

A script with no other tags can be parsed with the tags treated as names. One with a control tag (`{{if}}`), or with a
value of any type (`DEFAULT {{.value}}`), cannot be parsed before expansion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from miglint.base.lazy_regex import many, pattern
from miglint.base.template_names import encode_tags, has_tag

_TAG = r"\{\{[^{}\"']*+" + many(r"(?:\"[^\"{}]*\"|'[^'{}]*')[^{}\"']*+") + r"\}\}|\$\{[A-Za-z_][\w.\-]*\}"
_ANY = rf"{_TAG}|\{{\{{.{{0,400}}?\}}\}}|\{{%.{{0,400}}?%\}}"
_ANY_TAG = pattern(_ANY, re.DOTALL)
# Unterminated tokens extend to the end, so that nothing is scanned twice.
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
# Keywords that precede a name.
_BEFORE = pattern(
    r"\b(?:table|exists|into|update|from|join|on|only|references|schema|index|concurrently|view|sequence|function"
    r"|procedure|trigger|type|constraint|column|(?:rename|owner)\s+to|search_path\s*(?:=|\bto))\s*\Z",
    re.IGNORECASE,
)
# Beside these, a tag is a part of a name or its schema.
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
    """Return whether there are tags in the code itself, not just in strings and comments."""
    return ("{{" in text or "${" in text) and next(_outside(text, 0, len(text)), None) is not None


def filled_in(text: str) -> str | None:
    """Return a text of the same length with tags encoded as names, or None if it is not such a template."""
    if ("{{" not in text and "${" not in text) or has_tag(text):
        return None
    tags = list(_outside(text, 0, len(text)))
    if not tags or not all(_REMARK.fullmatch(text[start:end]) or _is_name(text, start, end) for start, end in tags):
        return None
    result = _TOKEN.sub(_replacement, text)
    names = (match[0] for match in _WORD.finditer(result) if has_tag(match[0]))
    return None if any(len(name.encode()) > _LONGEST_NAME for name in names) else result


def _replacement(match: re.Match[str]) -> str:
    """Return a token with encoded tags, padded with spaces to its original length."""
    token = match[0]
    if match["comment"] is not None or "{" not in token:
        return token
    return _ANY_TAG.sub(_name, token).ljust(len(token))


def _name(match: re.Match[str]) -> str:
    tag = match[0]
    if _REMARK.fullmatch(tag):
        return " " * len(tag)
    # Spaces inside the tag are insignificant.
    if tag.startswith("{{"):
        tag = f"{{{{{tag[2:-2].strip()}}}}}"
    return (_VALUE.fullmatch(tag) and encode_tags(tag)) or match[0]


def _outside(text: str, start: int, end: int, depth: int = 0) -> Iterator[tuple[int, int]]:
    """Yield the positions of tags in the code itself or in quoted names."""
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
    # A body may be any text. It is code of this template if there are tags around it, or if it is executed.
    for is_run, body in bodies if depth < _DEEPEST else ():
        if found or depth or is_run:
            yield from _outside(text, *body, depth + 1)


def _is_name(text: str, start: int, end: int) -> bool:
    """Whether a tag is in the place of a name, or of a part of one."""
    tag = text[start:end]
    if _VALUE.fullmatch(tag) is None or encode_tags(tag) is None:
        return False
    if _AFTER.match(text, end) or _NEXT_TO.search(text, max(0, start - 1), start):
        return True
    return _BEFORE.search(text, max(0, start - _BACK), start) is not None
