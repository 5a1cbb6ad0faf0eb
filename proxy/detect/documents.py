"""Documents to look at: text files and JSON Lines, read one at a time.

A JSON Lines document is an object with `text`, and optionally `id`, `lang`, `src` and `spans`
(`{"start", "end", "label"}`: character offsets, end exclusive). Invariant: a line that isn't one is
an error that names its place, never skipped and never quoted.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from proxy.yaml_file import ConfigError, Problem

_SURROGATE = re.compile("[\ud800-\udfff]")
_CODE = re.compile("[a-z]{2}")
#: The name that stands for standard input.
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Gold:
    """What an annotator marked: character offsets, `end` exclusive."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text, and what is known about it.

    Attributes:
        id: its own id, else `file:line`, or the file's name for a plain text file.
        text: the text.
        gold: what annotators marked; empty for a document that nobody annotated.
        lang: ISO 639-1 code, or an empty string.
        src: the corpus that it comes from, or an empty string.
    """

    id: str
    text: str
    gold: tuple[Gold, ...] = ()
    lang: str = ""
    src: str = ""


def read(names: Iterable[str], *, annotated: bool = False) -> Iterator[Document]:
    """Yield every document of files; `-` is standard input.

    A file whose first line is a JSON object with a `text` is JSON Lines; so is any that is called
    `*.jsonl`. Everything else is one plain text, with its line ends as they are.

    Args:
        names: the files.
        annotated: whether every document must say what is in it (`spans`, if only an empty list).

    Raises:
        ConfigError: a line of JSON Lines isn't such a document, or a file isn't UTF-8 text.
        OSError: a file can't be read.
    """
    for name in names:
        # Standard input is opened anew: its own reader may change encoding and line ends.
        source = sys.stdin.fileno() if name == STDIN else name
        try:
            with open(source, encoding="utf-8", newline="", closefd=name != STDIN) as file:
                first = file.readline()
                if annotated or name.endswith(".jsonl") or _is_document(first):
                    for number, line in enumerate(chain([first], file), 1):
                        if line.strip():
                            yield _document(name, number, line, annotated=annotated)
                else:
                    yield Document(name, first + file.read())
        except UnicodeDecodeError:
            raise _problem(name, 1, "isn't UTF-8 text") from None


def _is_document(line: str) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("text"), str)


def _document(name: str, number: int, line: str, *, annotated: bool) -> Document:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise _problem(name, number, "this line isn't JSON") from None
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise _problem(name, number, "this line is no object with a string `text`")
    if annotated and not isinstance(value.get("spans"), list):
        raise _problem(name, number, "this line has no list of `spans`, so nothing to compare with")
    text = value["text"]
    if _SURROGATE.search(text):
        raise _problem(name, number, "the text holds half a character (a lone surrogate)")
    gold = tuple(_gold(name, number, text, span) for span in value.get("spans") or ())
    document_id = value.get("id")
    return Document(
        f"{name}:{number}" if document_id is None else str(document_id),
        text,
        gold,
        _language(value.get("lang")),
        str(value.get("src") or ""),
    )


def _language(said: Any) -> str:
    """What a document says about its language, if that is an ISO 639-1 code."""
    code = str(said or "").lower()
    return code if _CODE.fullmatch(code) else ""


def _gold(name: str, number: int, text: str, span: Any) -> Gold:
    match span:
        case {"start": int(start), "end": int(end), "label": str(label)} if (
            0 <= start < end <= len(text)
        ):
            return Gold(start, end, label)
    raise _problem(name, number, "a span isn't {start, end, label} with offsets inside the text")


def _problem(name: str, line: int, message: str) -> ConfigError:
    return ConfigError([Problem("standard input" if name == STDIN else name, line, 1, message)])
