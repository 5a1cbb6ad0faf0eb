"""A customer's regular expression, made safe to run on anybody's text.

Python's `re` says what it means; `regex` runs it, because it can stop. Invariants: a match has a
length that chunks can hold, so text in pieces yields what the whole would; an expression that took
too long on the texts that it should hate isn't accepted; one that takes too long all the same
raises, so the request is refused and the detector goes on.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from re import _constants as tree  # type: ignore[attr-defined]  # no public name since 3.11
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import regex  # type: ignore[import-untyped]

from proxy.detect.knowledge.form import LONGEST

#: Seconds that one expression may take for one chunk; a sound one takes a few milliseconds.
DEADLINE_S = 1.0
#: Characters of each text that an expression is tried on before it is accepted.
_PROBE = 2_000
#: What is tried besides the characters of the expression and of its examples.
_ALWAYS = ("a", "0", " ", "-", "a0", "0 ", "a ", "a.", "0-")
_INLINE_FLAGS = re.compile(r"\(\?[aiLmsux]+\)")


class UnsafeRegexError(Exception):
    """An expression that isn't accepted; its text says why, for the operator."""


class PatternTooSlowError(Exception):
    """A customer's expression didn't end in time on some text."""


class Bounded:
    """A compiled expression that raises instead of running on.

    Attributes:
        pattern: the regular expression, as in `re.Pattern`.
        flags: its flags.
    """

    __slots__ = ("_compiled", "flags", "pattern")

    def __init__(self, expression: str, *, ignore_case: bool) -> None:
        """Compile; what isn't in a group `value` is the value as a whole."""
        flags = regex.IGNORECASE if ignore_case else 0
        if "value" not in regex.compile(expression, flags).groupindex:
            expression = f"(?P<value>{expression})"
        self._compiled = regex.compile(expression, flags)
        self.pattern = expression
        self.flags = re.IGNORECASE if ignore_case else 0

    def finditer(self, text: str) -> Iterator[Any]:
        """Yield the matches in a text.

        Raises:
            PatternTooSlowError: it took too long.
        """
        try:
            yield from self._compiled.finditer(text, timeout=DEADLINE_S)
        except TimeoutError:
            raise PatternTooSlowError from None


def accepted(expression: str, *, ignore_case: bool, examples: Iterable[str]) -> Bounded:
    """Return an expression that may run on anybody's text.

    Args:
        expression: in the syntax of `re`.
        ignore_case: whether case is passed over.
        examples: texts that it is meant for; what it is tried on is made of them.

    Raises:
        UnsafeRegexError: it isn't one, or may take too long.
    """
    if _INLINE_FLAGS.search(expression):
        raise UnsafeRegexError("flags inside the expression aren't accepted; use ignore_case")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `re` warns of sets that `regex` may read otherwise
            parsed = parser.parse(expression)
            re.compile(expression)
    except (re.error, FutureWarning, DeprecationWarning, OverflowError, RecursionError) as error:
        raise UnsafeRegexError(f"not a regular expression of Python's re: {error}") from None
    least, _ = parsed.getwidth()
    if least == 0:
        raise UnsafeRegexError("it matches nothing at all, which is everywhere")
    _check(parsed)
    try:
        compiled = Bounded(expression, ignore_case=ignore_case)
    except regex.error as error:
        raise UnsafeRegexError(f"not a regular expression: {error}") from None
    for text in _probes(expression, examples):
        try:
            for _ in compiled.finditer(text):
                pass
        except PatternTooSlowError:
            raise UnsafeRegexError(
                "it takes too long on some texts: don't repeat what is itself repeated"
            ) from None
    return compiled


def _check(parsed: Any) -> None:
    """Refuse what could match more than a chunk can hold, or refers to itself."""
    if parsed.getwidth()[1] > LONGEST:
        raise UnsafeRegexError(
            f"a match may have {LONGEST} characters at most: bound repetitions, as in \\d{{1,9}}"
        )
    for operation, argument in parsed:
        if operation in (tree.GROUPREF, tree.GROUPREF_EXISTS):
            raise UnsafeRegexError("references to groups aren't accepted")
        for inner in _inside(operation, argument):
            _check(inner)


def _inside(operation: Any, argument: Any) -> Iterable[Any]:
    if operation is tree.SUBPATTERN:
        return (argument[3],)
    if operation is tree.BRANCH:
        return tuple(argument[1])
    if operation is tree.ATOMIC_GROUP:
        return (argument,)
    if operation in (tree.ASSERT, tree.ASSERT_NOT):
        return (argument[1],)
    if operation in (tree.MAX_REPEAT, tree.MIN_REPEAT, tree.POSSESSIVE_REPEAT):
        return (argument[2],)
    return ()


def _probes(expression: str, examples: Iterable[str]) -> Iterator[str]:
    """Yield texts that make an expression start, or go on, without ever ending."""
    letters = sorted({*expression, *(one for text in examples for one in text)})
    # `regex` doesn't start where a letter that it needs is missing, so all are there, far off.
    needed = "\0".join(letters)
    units = dict.fromkeys((*_ALWAYS, *letters[:100]))
    for text in examples:
        units[text] = units[text[:-1] + "\0"] = units[text[:-1]] = None
    for unit in units:
        if unit:
            yield (unit * _PROBE)[:_PROBE]
            yield f"{(unit * _PROBE)[:_PROBE]}\0{needed}"
