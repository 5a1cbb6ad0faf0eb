"""What pydantic and libyaml find wrong with a file, in words that say what to do next."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from proxy.hints import closest

Said = tuple[str, str]

_LOOKS_BOOLEAN = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
#: What a line begins with that looks like a space and isn't one.
_ODD_INDENT = re.compile(
    r"^[ \t]*(?P<odd>[\xa0\u1680\u2000-\u200b\u202f\u205f\u3000])", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Spelt:
    """Text of one form, for ``Annotated[str, Spelt(pattern, says)]``.

    Attributes:
        pattern: all of the text must match it.
        says: how a text is written, e.g. ``is written in capitals, as EMAIL_ADDRESS``.
    """

    pattern: str
    says: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern}

    def _checked(self, value: Any) -> Any:
        # A regular expression's own `$` would also match before a last line end.
        if not isinstance(value, str) or not re.search(self.pattern, value) or "\n" in value:
            raise ValueError(self.says)
        return value


def invalid(detail: ErrorDetails, keys: Callable[[], Collection[str]]) -> Said:
    """What is wrong with a value, and a hint; `keys` are those that could stand there."""
    kind, value = detail["type"], detail["input"]
    if kind in ("model_type", "dict_type"):
        known = sorted(keys())
        return "should have keys of its own", f"known: {', '.join(known)}" if known else ""
    said = _SAID.get(kind) or (_day if kind.startswith("date_") else _as_it_is)
    return said(value, detail.get("ctx", {}), detail["msg"])


def _list(value: Any, _ctx: Mapping[str, Any], _msg: str) -> Said:
    scalar = isinstance(value, str | int | float)
    return "should be a list", f"write [{value}]" if scalar else ""


def _text(value: Any, _ctx: Mapping[str, Any], _msg: str) -> Said:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "should be text", f'write it in quotes, "{value}"' if number else ""


def _number(value: Any, _ctx: Mapping[str, Any], msg: str) -> Said:
    quoted = isinstance(value, str) and _NUMBER.fullmatch(value)
    kind = "a whole number" if "integer" in msg else "a number"
    return f"should be {kind}", "write it without quotes" if quoted else ""


def _boolean(value: Any, _ctx: Mapping[str, Any], _msg: str) -> Said:
    word = value.lower() if isinstance(value, str) else ""
    if word in ("true", "false"):
        return "should be true or false", "write it without quotes"
    meant = _LOOKS_BOOLEAN.get(word)
    return "should be true or false", f"write {meant}" if meant else ""


def _day(_value: Any, _ctx: Mapping[str, Any], _msg: str) -> Said:
    return "should be a day, written as 2027-01-31", ""


def _one_of(value: Any, ctx: Mapping[str, Any], msg: str) -> Said:
    allowed = re.findall(r"'([^']*)'", ctx["expected"])
    return msg.removeprefix("Input "), closest(str(value), allowed)


def _as_it_is(_value: Any, _ctx: Mapping[str, Any], msg: str) -> Said:
    return msg.removeprefix("Value error, ").removeprefix("Input "), ""


_SAID: dict[str, Callable[[Any, Mapping[str, Any], str], Said]] = {
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), _list),
    **dict.fromkeys(("int_type", "float_type"), _number),
    "string_type": _text,
    "bool_type": _boolean,
    "literal_error": _one_of,
    "too_short": lambda _value, _ctx, _msg: ("needs an entry", "or leave the key out"),
    "string_too_short": lambda _value, _ctx, _msg: ("should not be empty", ""),
    "less_than_equal": lambda _value, ctx, _msg: (f"should be at most {ctx['le']:g}", ""),
    "greater_than_equal": lambda _value, ctx, _msg: (f"should be at least {ctx['ge']:g}", ""),
}


def syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[Any, str, str]:
    """Where YAML ends to be YAML (a mark), what is wrong there, and a hint."""
    problem, began = error.problem or error.context or "not YAML", error.context_mark
    mark = error.problem_mark or began
    if "could not find expected ':'" in problem and began is not None:
        return began, "there is no ': ' behind this key", "a colon and a space"
    if "did not find expected ',' or" in problem and began is not None:
        opening, closing = "{}" if problem.endswith("'}'") else "[]"
        hint = f"is the {opening} at {began.line + 1}:{began.column + 1} closed?"
        return mark, f"a comma or {closing} should stand here", hint
    if "cannot start any token" in problem and mark is not None:
        odd = _character(text, mark)
        if odd == "\t":
            return mark, "a tab can't indent", "indent with spaces"
        return mark, f"no plain text can begin with {odd!r}", "put it in quotes"
    return mark, *_SYNTAX.get(problem, (problem, ""))


#: What libyaml says, what that means, and what to look at.
_SYNTAX = {
    "did not find expected key": (
        "a key should stand here",
        "is it indented like the keys beside it?",
    ),
    "did not find expected node content": (
        "a value should stand here",
        "does the file end too soon?",
    ),
    "did not find expected '-' indicator": (
        "an item ('- ') should stand here",
        "is it indented like the items beside it?",
    ),
    "mapping values are not allowed in this context": (
        "there can't be a ': ' here",
        "text that holds one needs quotes; else, is the line before indented less?",
    ),
    "block sequence entries are not allowed in this context": (
        "there can't be a '- ' here",
        "a list begins on a line of its own",
    ),
}


def _character(text: str, mark: Any) -> str:
    lines = text.splitlines()
    return lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""


def odd_indent(text: str) -> tuple[int, str] | None:
    """Where a line is indented with what only looks like a space, and the character's name."""
    found = _ODD_INDENT.search(text)
    return (found.start("odd"), f"U+{ord(found['odd']):04X}") if found else None
