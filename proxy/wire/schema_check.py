"""Judging strings by a schema's keywords, and documents by a schema, whoever wrote either.

jsonschema does the judging. It trusts the schemas that it is given, so what could run away is
replaced: expressions run on RE2, which doesn't backtrack; every keyword is paid for by the size of
what it reads; references lead to the schema itself only, and nothing is fetched.

Invariants: every judgement takes bounded time; no error says what was judged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

import re2
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from proxy.wire import strict_json

#: Characters of the longest document, and of the longest schema that one is held against.
MAX_DOCUMENT = 1 << 17
#: What one judgement may cost: about a microsecond each.
BUDGET = 1 << 16
_EXPRESSION = 100  # of compiling one
_REFERENCE = 20  # of following one
_CHARACTERS = 64  # that are read for one step
#: Keywords inside each other. The library recurses, and what it is built on doesn't survive the
#: interpreter's own limit.
_DEEPEST = 60


class Unjudged(Exception):
    """It would take too long, or lead elsewhere, or the schema is none."""


class Judge:
    """Judges strings by keywords, until its budget is spent."""

    def __init__(self, sizes: dict[int, int] | None = None) -> None:
        """`sizes`: characters of every container that is read, by identity."""
        self._left = BUDGET
        self._sizes = {} if sizes is None else sizes
        self._expressions: dict[str, Any] = {}
        self.depth = 0

    def spend(self, steps: int) -> None:
        """Pay for some steps.

        Raises:
            Unjudged: there is no budget left.
        """
        self._left -= steps
        if self._left < 0:
            raise Unjudged

    def cost(self, value: Any) -> int:
        """What it costs to read a value once."""
        size = len(value) if isinstance(value, str) else self._sizes.get(id(value), 0)
        return 1 + size // _CHARACTERS

    def fits(self, text: str, keyword: str, operand: Any) -> bool | None:
        """Whether a string passes a keyword that limits strings; None if nobody can say."""
        try:
            self.spend(self.cost(text))
            if keyword == "pattern":
                return self._expression(operand).search(text) is not None
        except Unjudged:
            return None
        if keyword == "format":
            return _has_format(text, operand)
        if keyword in ("minLength", "maxLength") and isinstance(operand, int):
            return len(text) >= operand if keyword == "minLength" else len(text) <= operand
        return None

    def _expression(self, source: Any) -> Any:
        if not isinstance(source, str):
            raise Unjudged
        if source not in self._expressions:
            self.spend(_EXPRESSION + len(source))
            try:
                self._expressions[source] = re2.compile(source, _OPTIONS)
            except re2.error:
                self._expressions[source] = None
        if self._expressions[source] is None:
            raise Unjudged
        return self._expressions[source]


def fits_schema(document: Any, schema: Any) -> bool:
    """Whether a document, as `json.loads` reads it, passes a schema of our strict parse.

    Raises:
        Unjudged: nobody can say.
    """
    sizes: dict[int, int] = {}
    judge: Any = Judge(sizes)
    try:
        # The library reads plain numbers only, and takes another class where `$schema` names one.
        written = strict_json.dumps(schema)
        if len(written) > MAX_DOCUMENT:
            raise Unjudged
        plain = json.loads(written, object_hook=_without_dialect)
        _measure((document, plain), sizes)
        validator = _Validator(plain, format_checker=judge, registry=Registry())
        fits: bool = validator.is_valid(document)
    except Exception:  # noqa: BLE001 — whatever a caller's schema breaks in there, it is no verdict
        raise Unjudged from None
    return fits


def _has_format(text: str, name: Any) -> bool | None:
    reader = _FORMATS.get(name) if isinstance(name, str) else None
    if reader is None:
        return None
    try:
        return reader(text) is not None
    except ValueError:
        return False


def _mail(text: str) -> str | None:
    return text if "@" in text else None


_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20
_FORMATS: dict[str, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "date-time": datetime.fromisoformat,
    "email": _mail,
    "idn-email": _mail,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
    "uuid": UUID,
}

_Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


def _metered(keyword: _Keyword) -> _Keyword:
    def run(validator: Any, operand: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        judge: Judge = validator.format_checker
        judge.spend(judge.cost(instance) + judge.cost(operand))
        if judge.depth >= _DEEPEST:
            raise Unjudged
        judge.depth += 1
        try:
            yield from keyword(validator, operand, instance, schema) or ()
        finally:
            judge.depth -= 1

    return run


def _limit(name: str) -> _Keyword:
    def run(validator: Any, operand: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        fits = (
            validator.format_checker.fits(instance, name, operand)
            if isinstance(instance, str)
            else True
        )
        if fits is None and name != "format":  # of a format that nobody knows nothing is said
            raise Unjudged
        if fits is False:
            yield ValidationError(name)

    return run


def _own_reference(
    validator: Any, reference: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if reference != "#" and not reference.startswith("#/"):
        raise Unjudged
    validator.format_checker.spend(_REFERENCE)
    yield from Draft202012Validator.VALIDATORS["$ref"](validator, reference, instance, schema)


def _no_verdict(*_: Any) -> Iterator[ValidationError]:
    raise Unjudged


def _closed(validator: Any, operand: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if "patternProperties" in schema:  # these run on Python's own expressions
        raise Unjudged
    yield from Draft202012Validator.VALIDATORS["additionalProperties"](
        validator, operand, instance, schema
    )


_REPLACED: dict[str, _Keyword] = {
    **{name: _limit(name) for name in ("pattern", "format", "minLength", "maxLength")},
    "$ref": _own_reference,
    "additionalProperties": _closed,
    **dict.fromkeys(
        *(
            ("$dynamicRef", "patternProperties", "unevaluatedItems", "unevaluatedProperties"),
            _no_verdict,
        )
    ),
    "uniqueItems": lambda *_: None,  # takes quadratic time, and no restored value breaks it
}
_Validator = extend(
    Draft202012Validator,
    {
        name: _metered(_REPLACED.get(name, keyword))
        for name, keyword in Draft202012Validator.VALIDATORS.items()
    },
)


def _without_dialect(node: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in node.items() if name != "$schema" or isinstance(value, dict)
    }


def _measure(node: Any, sizes: dict[int, int]) -> int:
    """Note the characters of every container below `node`."""
    if isinstance(node, dict):
        size = sum(len(name) + _measure(value, sizes) for name, value in node.items())
    elif isinstance(node, list | tuple):
        size = sum(_measure(value, sizes) for value in node)
    else:
        return len(node) if isinstance(node, str) else 8
    sizes[id(node)] = size
    return size
