"""The tests of gitleaks' rules: Go source under `cmd/generate/config/rules`, without Go.

A test is a call ``utils.Validate(rule, positives, negatives)``. Of Go that takes strings, their
sums, lists, `append`, `fmt.Sprintf` and the few helpers by which the rules make up their samples
(``cmd/generate/config/utils``); what is made in another way (loops) is left out. A sample that the
source gives as a regular expression is made up from it, the same one in each run.
"""

from __future__ import annotations

import math
import random
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import regex

from tests.detect.public_rules.made_up import made_up
from tests.detect.public_rules.samples import Sample

RULES = Path("cmd", "generate", "config", "rules")
_SHIPPED = Path("config", "gitleaks.toml")
_HELPERS = Path("cmd", "generate", "config", "utils", "generate.go")
_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|(?P<text>`[^`]*`|\"(?:[^\"\\\n]|\\.)*\")|'(?:[^'\\\n]|\\.)*'"
    r"|(?P<other>\w+|:=|\.\.\.|\S)",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
#: Kinds of characters that samples consist of, by the helper that stands for them.
_KINDS = {
    "Numeric": "[0-9]",
    "Hex": "[a-f0-9]",
    "AlphaNumeric": "[a-z0-9]",
    "AlphaNumericExtendedShort": "[a-z0-9_-]",
    "AlphaNumericExtended": "[a-z0-9=_-]",
    "AlphaNumericExtendedLong": "[a-z0-9/=_+-]",
}
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class _Source:
    """A file of rules, read from its first token to its last."""

    def __init__(self, text: str, notations: list[str], rng: random.Random) -> None:
        self._tokens = [
            found.group() for found in _TOKEN.finditer(text) if found["text"] or found["other"]
        ]
        self._at = 0
        self._notations = notations
        self._rng = rng
        self._known: dict[str, Any] = {}

    def tests(self) -> Iterator[tuple[Any, Any]]:
        """Yield the positives and negatives of each rule."""
        while self._at < len(self._tokens):
            name = self._next()
            if self._peek() in (":=", "=") and name.isidentifier():
                self._next()
                value = self.value()
                if value is not None:
                    self._known[name] = value
            elif name in ("Validate", "ValidateWithPaths") and self._peek() == "(":
                _, positives, negatives = self._arguments()
                yield positives, negatives

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def value(self) -> Any:
        """Read one expression: a string, a list of them, or None for what isn't understood."""
        value = self._term()
        while self._peek() == "+":
            self._next()
            other = self._term()
            value = value + other if isinstance(value, str) and isinstance(other, str) else None
        return value

    def _term(self) -> Any:
        token = self._peek()
        if token[:1] in ('"', "`"):
            return _said(self._next())
        if token in ("[", "map"):  # []string{…}, map[string]string{…}, []byte(…)
            while self._peek() not in ("{", "(", ""):
                self._next()
            return self._list() if self._peek() == "{" else self._arguments()[0]
        if not token.isidentifier():
            return None
        name = self._next()
        while self._peek() == ".":
            self._next()
            name = self._next()
        if self._peek() == "(":
            return self._called(name, self._arguments())
        if self._peek() == "{":
            self._list()
            return None
        return self._known.get(name)

    def _arguments(self) -> list[Any]:
        return self._until(")")

    def _list(self) -> list[Any]:
        return self._until("}")

    def _until(self, close: str) -> list[Any]:
        """Return the values in brackets, those of a map without its keys."""
        self._next()
        values: list[Any] = []
        while self._peek() not in (close, ""):
            before = self._at
            value = self.value()
            if self._peek() == ":":
                self._next()
                value = self.value()
            if self._peek() == "...":
                self._next()
                values += value or []
            elif self._at > before:
                values.append(value)
            if self._peek() in ("(", "{", "["):
                self._until({"(": ")", "{": "}", "[": "]"}[self._peek()])
            elif self._peek() != close:
                self._next()
        self._next()
        return values

    def _called(self, name: str, given: list[Any]) -> Any:
        said: Any = None
        match name, given:
            case "append", [listed, *more]:
                said = [*(listed or []), *more]
            case "Hex8_4_4_4_12", []:
                said = _UUID
            case kind, [str(size)] if kind in _KINDS:
                said = f"{_KINDS[kind]}{{{size}}}"
            case "NewSecret" | "newPlausibleSecret", [str(pattern)]:
                said = made_up(pattern, self._rng)
            case "Sprintf", [str(form), *values] if all(isinstance(one, str) for one in values):
                said = form.replace("%v", "%s") % tuple(values)
            case "GenerateSampleSecret", [str(label), str(value)]:
                said = f'{label}_api_token = "{value}"'
            case "GenerateSampleSecrets", [str(label), str(value)]:
                said = [self._noted(one, label, value) for one in self._notations]
        return said

    @staticmethod
    def _noted(notation: str, label: str, value: str) -> str:
        means = {"{i}": label, "{I}": label.upper(), "{s}": value}
        return re.sub(r"\{[iIs]\}", lambda found: means[found.group()], notation)


def _said(literal: str) -> str:
    if literal[0] == "`":
        return literal[1:-1]
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), literal[1:-1])


def samples(checkout: Path) -> Iterator[Sample]:
    """Yield the strings of all rules' tests, each once."""
    helpers = (checkout / _HELPERS).read_text(encoding="utf-8")
    body = helpers[helpers.index("map[string]string{") : helpers.index("replacer")]
    notations = _Source(body, [], random.Random(0)).value()
    seen = set()
    for file in sorted((checkout / RULES).glob("*.go")):
        source = _Source(file.read_text(encoding="utf-8"), notations, random.Random(file.name))
        for positives, negatives in source.tests():
            for texts, secret in ((positives, True), (negatives, False)):
                for number, text in enumerate(texts or ()):
                    if isinstance(text, str) and (text, secret) not in seen:
                        seen.add((text, secret))
                        yield Sample(file.stem, text, secret, number)


def own_rules(checkout: Path) -> Callable[[str], list[str]]:
    """Return what its shipped rules find in a text: `config/gitleaks.toml`, without paths."""
    shipped = tomllib.loads((checkout / _SHIPPED).read_text(encoding="utf-8"))
    everywhere = shipped.get("allowlists") or [shipped.get("allowlist", {})]
    rules = [one for one in shipped["rules"] if "regex" in one]

    def found(text: str) -> list[str]:
        return [secret for rule in rules for secret in _found(rule, everywhere, text)]

    return found


def _found(rule: dict[str, Any], everywhere: list[dict[str, Any]], text: str) -> Iterator[str]:
    keywords = rule.get("keywords", ())
    if keywords and not any(one.lower() in text.lower() for one in keywords):
        return
    for match in _compiled(rule["regex"]).finditer(text):
        secret = match[rule.get("secretGroup", 0)]
        if not rule.get("secretGroup"):
            secret = next((one for one in match.groups() if one), match[0])
        begin, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
        targets = {"match": match[0], "line": text[begin : end if end >= 0 else None]}
        if _bits(secret) > rule.get("entropy", -1) and not any(
            _allows(one, targets.get(one.get("regexTarget", ""), secret), secret)
            for one in (*rule.get("allowlists", ()), *everywhere)
        ):
            yield secret


def _allows(listed: dict[str, Any], target: str, secret: str) -> bool:
    said = [
        any(_compiled(one).search(target) for one in listed.get("regexes", ())),
        any(one.lower() in secret.lower() for one in listed.get("stopwords", ())),
    ]
    if listed.get("condition") == "AND" and "paths" in listed:
        return False  # a text here has no path
    return any(said)


def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern.replace(r"\z", r"\Z"))  # keeps what it has compiled


def _bits(value: str) -> float:
    total = len(value) or 1
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())
