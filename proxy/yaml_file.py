"""A YAML file, read strictly, as a pydantic model whose every problem names its line and column.

Only the part of YAML that two readers can't read differently is accepted: one document of
mappings, sequences and scalars. Duplicate keys, anchors, aliases, tags, directives and missing
values (null) are problems. A plain scalar means what YAML 1.2's core schema says (https://yaml.org/spec/1.2.2/,
section 10.3.2), decimal numbers only, so `no` and `on` are text: where a model wants a boolean
they are an error with a hint, and nowhere do they silently become one.

Invariants: whatever the text, the outcome is a value or a `ConfigError`; nesting, size and work
are bounded; all problems that can be seen at once are reported at once, a hundred at most.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from proxy import complaints
from proxy.hints import did_you_mean, keys_at

M = TypeVar("M", bound=BaseModel)
Loc = tuple[int | str, ...]
Place = tuple[int, int]

MAX_CHARS = 1_000_000
MAX_DEPTH = 32

_PLAIN = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}([eE][-+]?[0-9]{1,2})?")
#: What YAML allows in a file (https://yaml.org/spec/1.2.2/, section 5.1), turned around.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: As many problems are told at once: each costs a search for a hint, and nobody reads more.
MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at one place of a file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    code: str = "invalid"

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"


class ConfigError(Exception):
    """A file that can't be used. An operator's error, so it may quote the file; no caller sees it.

    Attributes:
        problems: at least one, in the order of the file.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column, p.message)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class _Node:
    """A dict or list of nodes, or a scalar, with its place and the place of its key."""

    value: Any
    place: Place
    key: Place


class Document:
    """One parsed file: its plain value, and the place of everything in it."""

    def __init__(self, text: str, file: str) -> None:
        """Parse `text`; `file` is only its name in problems. Raises ConfigError."""
        self.file = file
        self._root = _Reader(text, file).read()

    @property
    def value(self) -> Any:
        """The document as plain dicts, lists, strings, numbers and booleans."""
        return _plain(self._root)

    def at(self, loc: Loc, *, key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of the value at `loc`, or of its key.

        Steps that aren't in the document are passed over, so that a missing key points to the
        mapping that lacks it, and the tags of pydantic's unions do no harm.
        """
        node = self._root
        for step in loc:
            node = _child(node, step) or node
        return node.key if key else node.place

    def problem(
        self, loc: Loc, message: str, hint: str = "", code: str = "invalid", *, key: bool = False
    ) -> Problem:
        """A problem at `loc`."""
        return Problem(self.file, *self.at(loc, key=key), message, hint, code)

    def read(self, model: type[M]) -> M:
        """The document as an instance of `model`. Raises ConfigError with every problem."""
        try:
            # By way of JSON, in which strict mode still lets a date be written as text.
            return model.model_validate_json(json.dumps(self.value), strict=True)
        except ValidationError as error:
            details = error.errors(include_url=False)[:MAX_PROBLEMS]
            wrong = {detail["loc"][:-1] for detail in details}
            # What is empty only because nothing in it is valid isn't told of twice.
            told = [d for d in details if d["type"] != "too_short" or d["loc"] not in wrong]
            problems = [self._invalid(detail, model) for detail in told]
        raise ConfigError(problems)

    def _invalid(self, detail: ErrorDetails, model: type[BaseModel]) -> Problem:
        loc, kind = detail["loc"], detail["type"]
        if kind == "extra_forbidden":
            hint = did_you_mean(str(loc[-1]), keys_at(model, loc[:-1]))
            return self.problem(loc, f"unknown key {loc[-1]!r}", hint, "unknown-key", key=True)
        if kind == "missing":
            return self.problem(loc, f"key {loc[-1]!r} is missing", code="missing-key")
        message, hint = complaints.invalid(detail, lambda: keys_at(model, loc))
        path = self._existing(loc)
        name = next((f"{step}: " for step in reversed(path) if isinstance(step, str)), "")
        return self.problem(path, name + message, hint, key="[key]" in loc)

    def _existing(self, loc: Loc) -> Loc:
        """`loc` without the steps that aren't in the document."""
        node, path = self._root, []
        for step in loc:
            if (child := _child(node, step)) is not None:
                node = child
                path.append(step)
        return tuple(path)


def read_yaml(text: str, file: str, model: type[M]) -> M:
    """Read `text` as an instance of `model`. Raises ConfigError; `file` is its name in problems."""
    return Document(text, file).read(model)


def read_text(path: Path) -> str:
    """The text of a file, UTF-8. Raises ConfigError when there's none to read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason, code = error.strerror or "can't be read", "unreadable"
    except UnicodeDecodeError:
        reason, code = "isn't UTF-8 text", "encoding"
    raise ConfigError([Problem(str(path), 1, 1, f"{path.name}: {reason}", code=code)])


class _Reader:
    """Builds nodes from the parser's events, so that depth is ours to limit."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._problems: list[Problem] = []

    def read(self) -> _Node:
        if len(self._text) > MAX_CHARS:
            self._stop((1, 1), f"longer than {MAX_CHARS} characters", "too-large")
        if unprintable := _UNPRINTABLE.search(self._text):
            place = _place_of(self._text, unprintable.start())
            character = f"U+{ord(unprintable[0]):04X}"
            self._stop(place, f"YAML doesn't allow the character {character}", "yaml")
        try:
            root = self._document()
        except yaml.MarkedYAMLError as error:
            self._look_at_indents()
            mark, message, hint = complaints.syntax(error, self._text)
            # Where a file ends too soon, libyaml points to the line after it.
            place = min(_place(mark), _place_of(self._text.rstrip(), None))
            self._stop(place, message, "yaml", hint)
        if self._problems:
            self._look_at_indents()
            raise ConfigError(self._problems)
        return root

    def _document(self) -> _Node:
        events = yaml.parse(self._text, Loader=yaml.CSafeLoader)
        root: _Node | None = None
        for event in events:
            place = _place(event.start_mark)
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._stop(place, "a second document", "multiple-documents", "one in a file")
                if event.version or event.tags:
                    self._add(place, "YAML directives aren't accepted", "directive")
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, place, depth=0)
        if root is None:
            self._stop((1, 1), "the file is empty", "empty")
        return root

    def _node(self, event: Any, events: Iterator[Any], key: Place, depth: int) -> _Node:
        """The node that `event` begins, its events taken; `key` is the place of its key."""
        place = _place(event.start_mark)
        if depth > MAX_DEPTH:
            self._stop(place, f"nested over {MAX_DEPTH} deep", "too-deep")
        self._check_properties(event, place)
        if isinstance(event, yaml.MappingStartEvent):
            return _Node(self._mapping(events, depth), place, key)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(item := next(events), yaml.SequenceEndEvent):
                items.append(self._node(item, events, _place(item.start_mark), depth + 1))
            return _Node(items, place, key)
        if isinstance(event, yaml.AliasEvent):
            self._add(place, "aliases aren't accepted", "alias", "write the value out")
            return _Node(None, place, key)
        value = event.value if event.style else _scalar(event.value)
        if value is None:
            self._add(place, "there is no value", "null", "leave the key out, or give it one")
        return _Node(value, place, key)

    def _mapping(self, events: Iterator[Any], depth: int) -> dict[str, _Node]:
        members: dict[str, _Node] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            place = _place(event.start_mark)
            name = event.value if isinstance(event, yaml.ScalarEvent) else ""
            if name in members:
                self._add(place, f"duplicate key {name!r}", "duplicate-key", "keep one of them")
            if not name:
                self._add(place, "a key must be a plain word", "key")
            self._node(event, events, place, depth + 1)
            members[name] = self._node(next(events), events, place, depth + 1)
        return members

    def _check_properties(self, event: Any, place: Place) -> None:
        if getattr(event, "tag", None) is not None:
            self._add(place, "tags aren't accepted", "tag", "use quotes to mean text")
        if event.anchor is not None and not isinstance(event, yaml.AliasEvent):
            self._add(place, "anchors aren't accepted", "anchor", "write the value out")

    def _add(self, place: Place, message: str, code: str, hint: str = "") -> None:
        self._problems.append(Problem(self._file, *place, message, hint, code))
        if len(self._problems) == MAX_PROBLEMS:
            raise ConfigError(self._problems)

    def _look_at_indents(self) -> None:
        """Tell of a line that isn't indented as it looks: what is wrong else comes of it."""
        if odd := complaints.odd_indent(self._text):
            place, message = _place_of(self._text, odd[0]), f"{odd[1]} is no space to YAML"
            self._add(place, message, "yaml", "indent with plain spaces")

    def _stop(self, place: Place, message: str, code: str, hint: str = "") -> NoReturn:
        self._add(place, message, code, hint)
        raise ConfigError(self._problems)


def _place(mark: Any) -> Place:
    """Line and column from 1 of a PyYAML mark; the file's start where it gives none."""
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _place_of(text: str, end: int | None) -> Place:
    """Line and column from 1 of the character at `end`; of what follows the last, if None."""
    before = text[:end]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _scalar(text: str) -> bool | int | float | str | None:
    """The value of a plain (unquoted) scalar."""
    if text in _PLAIN:
        return _PLAIN[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _child(node: _Node, step: int | str) -> _Node | None:
    if isinstance(node.value, dict):
        return node.value.get(step)
    if isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
        child: _Node = node.value[step]
        return child
    return None


def _plain(node: _Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(child) for child in node.value]
    return node.value
