"""The tests of detect-secrets' plugins: the lists that pytest is told to try, in `tests/plugins`.

Of Python that takes strings, their sums and `format`, and lists; the tests don't run. Its plugins
do: what they find in a text is asked of them.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.detect.public_rules.samples import Sample

PLUGINS = Path("tests", "plugins")
#: Tests of other things than secrets: addresses on the internet.
_OTHER = ("ip_public_test",)
#: Files that its rule for keywords reads in different ways.
_ENDINGS = ("conf", "go", "c", "py")
#: How the lists call what they try, and what comes of it.
_TRIED = ("payload", "line", "file_content")


def samples(checkout: Path) -> Iterator[Sample]:
    """Yield the strings of all plugins' tests, each once."""
    seen = set()
    for file in sorted((checkout / PLUGINS).glob("*_test.py")):
        if file.stem in _OTHER:
            continue
        for text, secret in _tests(ast.parse(file.read_text(encoding="utf-8"))):
            if (text, secret) not in seen:
                seen.add((text, secret))
                yield Sample(file.stem.removesuffix("_test"), text, secret)


def _tests(module: ast.Module) -> Iterator[tuple[str, bool]]:
    known: dict[str, Any] = {}
    for statement in module.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            known[name] = _value(statement.value, known)
            if name.endswith("_TEST_CASES"):  # of keywords, one list for each language
                yield from _pairs(known[name])
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("parametrize"):
            names = [name.strip() for name in ast.literal_eval(node.args[0]).split(",")]
            if names[0] in _TRIED:
                listed = _value(node.args[1], known) or ()
                yield from _pairs([(one, True) if len(names) == 1 else one for one in listed])


def _pairs(listed: Any) -> Iterator[tuple[str, bool]]:
    for text, secret in listed:
        if isinstance(text, str):
            yield text, bool(secret)


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    """What an expression stands for, or None for what isn't understood."""
    said: Any = None
    match node:
        case ast.Constant():
            said = node.value
        case ast.Name():
            said = known.get(node.id)
        case ast.List() | ast.Tuple():
            said = tuple(_value(one, known) for one in node.elts)
        case ast.Subscript(slice=ast.Slice(lower=low, upper=high)):
            ends = [_value(end, known) if end else None for end in (low, high)]
            of = _value(node.value, known)
            said = of[slice(*ends)] if isinstance(of, str) else None
        case ast.BinOp(op=ast.Add()):
            left, right = _value(node.left, known), _value(node.right, known)
            said = left + right if isinstance(left, str) and isinstance(right, str) else None
        case ast.Call(func=ast.Attribute(attr="format", value=template)):
            of = _value(template, known)
            given = [_value(one, known) for one in node.args]
            named = {one.arg: _value(one.value, known) for one in node.keywords if one.arg}
            if isinstance(of, str) and None not in (*given, *named.values()):
                said = of.format(*given, **named)
    return said


def own_rules(checkout: Path) -> Callable[[str], list[str]]:
    """Return what its plugins find in a text, whatever kind of file that stands in."""
    sys.path.insert(0, str(checkout))
    settings = importlib.import_module("detect_secrets.settings")
    plugins = importlib.import_module("detect_secrets.core.plugins.util")
    with settings.default_settings():
        kinds = plugins.get_mapping_from_secret_type_to_class().values()
        built = [kind() for kind in kinds if "IP" not in kind.__name__]

    def found(text: str) -> list[str]:
        with settings.default_settings():
            return [
                str(one.secret_value)
                for plugin in built
                for ending in _ENDINGS
                for line in text.split("\n")
                for one in plugin.analyze_line(filename=f"file.{ending}", line=line, context=None)
            ]

    return found
