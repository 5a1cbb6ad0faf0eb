"""Names of software, models, tools and formats, which models take for people, companies and towns.

`products.txt` lists them. Those that are also people's names (Jenkins) or everyday words count only
in text that is about software, assistants (Claude) also in text about assistants. Pure. Invariant:
a name that holds somebody's given name beside a product's is never a product.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from proxy.detect.names.given import is_given_name

_LIST = Path(__file__).with_name("products.txt")
_WORD = re.compile(r"[^\W\d_][\w.+#-]*")
_CAPITAL = re.compile(r"(?<![\w.])[A-Z][\w.+#-]*")
#: What only text about software holds: code in backquotes, identifiers, files, options.
_SOFTWARE = re.compile(
    r"`[^`\n]{1,80}`|\b[a-z]+_[a-z]\w*|\b[a-z]{2,}[A-Z]\w+\b|(?<![\w-])--[a-z]"
    r"|\w\.(?:py|js|ts|tsx|go|rs|rb|java|sh|md|json|ya?ml|toml|lock|txt)\b|\w\(\)|(?<!\w)/[a-z]+\b"
)
#: What stands in every system prompt of an assistant.
_ASSISTANT = re.compile(
    r"\b(?:Anthropic|OpenAI|DeepMind|LLMs?|AI|assistants?|agents?|prompts?|models?"
    r"|the (?:user|person|human))\b"
)
#: So many of those, and of products that are nothing else, make a text one about software; of a
#: long one, one for so many characters.
_LEAST, _FOR_EACH = 4, 250


class Subject(NamedTuple):
    """What a window speaks of throughout.

    Attributes:
        software: code, files, options or products.
        assistants: AI assistants, their users and prompts.
    """

    software: bool
    assistants: bool


def subject_of(text: str) -> Subject:
    """Return what a window speaks of; linear in its length."""
    seen = sum(1 for _ in _SOFTWARE.finditer(text))
    certain = _products().certain
    seen += sum(word.lower().rstrip(".-") in certain for word in _CAPITAL.findall(text))
    return Subject(
        software=seen >= max(_LEAST, len(text) // _FOR_EACH),
        assistants=_ASSISTANT.search(text) is not None,
    )


def is_product(shown: str, subject: Subject) -> bool:
    """Say whether a name is one of products: all of its words, or one that nobody is called.

    Args:
        shown: the name.
        subject: what the window speaks of in which it stands.
    """
    words = [word.rstrip(".-").lower() for word in _WORD.findall(shown)]
    if not words:
        return False
    certain, ambiguous, assistants = _products()
    if " ".join(words) in certain:
        return True
    if any(word in certain for word in words):
        return not any(is_given_name(word.capitalize()) for word in words)
    if subject.assistants and all(word in assistants for word in words):
        return True
    return subject.software and all(word in ambiguous or word in assistants for word in words)


class _Products(NamedTuple):
    """The sections of the list."""

    certain: frozenset[str]
    ambiguous: frozenset[str]
    assistants: frozenset[str]


@cache
def _products() -> _Products:
    sections: list[set[str]] = []
    for line in _LIST.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            sections[-1].update(line.split(";"))
        elif line.endswith(":"):
            sections.append(set())
    return _Products(*map(frozenset, sections))
