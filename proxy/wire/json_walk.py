"""One walker over JSON: what is data, and what is protocol.

Inspect by default: every string leaf, object key and long digit run in a number (and a short one
that stands under a key of the caller's own) becomes a `TextPart` unless its path is declared in the
adapter's `Spec` *and* its value fits what is declared there. A field that an API adds next year has
no declaration, so it is inspected.

Invariant: the tree is never changed in place (json_rewrite.py puts changed strings back).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from proxy.errors import BadRequest
from proxy.exchange import (
    Alphabet,
    Author,
    Exchange,
    Inside,
    Key,
    OpaquePart,
    Path,
    Reach,
    Signed,
    TextPart,
)
from proxy.wire import data_url, strict_json
from proxy.wire.strict_json import MAX_DEPTH, Number


class Leaf(enum.Enum):
    """How a string at a declared path is read."""

    TEXT = "text"  # inspected by everything
    JSON = "json"  # a JSON document in a string: in answers its placeholders are escaped
    NAME = "name"  # restricted alphabet: function names, property keys, metadata, file names
    ID = "id"  # the closed grammar below skips the models; anything else is a NAME
    PSEUDONYM = "pseudonym"  # who the end user is: leaves as a keyed hash, or not at all
    OPAQUE = "opaque"  # content that Privet can't read
    SIGNED = "signed"  # text that travels verbatim or not at all: inspected, never rewritten
    TAGGED = "tagged"  # a signature or blob that travels so too: its producer is remembered
    SEALED = "sealed"  # what only its producer can read: opaque, and verbatim both ways


@dataclass(frozen=True, slots=True)
class Spec:
    """What an adapter declares about one place: a node of the protocol's own grammar.

    Attributes:
        fields: declared members of an object. Their keys are protocol, not data.
        items: what an array's items, or the members of an object with free keys, are.
        leaf: how a string here is read.
        variants: what an object here is, by its `type`; any other is what this spec says.
        values: the finite set of a safe path; a value in it is exempt from everything.
        kind: for opaque content, what it is (image, audio, file).
        constrains: a schema's keyword that limits strings; the walk notes where it stands.
    """

    fields: Mapping[str, Spec] = field(default_factory=dict)
    items: Spec | None = None
    variants: Mapping[str, Spec] = field(default_factory=dict)
    leaf: Leaf = Leaf.TEXT
    values: frozenset[str] = frozenset()
    kind: str = ""
    constrains: bool = False


DEFAULT = Spec()

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
# A plain identifier carries no sentence for a model to read: snake_case, camelCase, kebab-case.
_IDENTIFIER = re.compile(
    r"[a-z_$][A-Za-z0-9_$.:-]*|[A-Z0-9_]{2,}|[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+"
)
# Shorter runs are no evidence by themselves, but may repeat what was found elsewhere.
_DIGIT_RUN = re.compile(r"\d{7}")
_SWEPT_RUN = re.compile(r"\d{5}")
# Under a key of the caller's own, which may say what it is, a number may be as short as a CVV.
_UNDER_KEY = re.compile(r"\d{3,6}")
_DOCUMENT = re.compile(r"[ \t\r\n]*[{\[]")
# What a document or a data: URL begins with.
_NOT_JUST_TEXT = frozenset(" \t\r\n{[dD")


@dataclass(slots=True)
class Walk:
    """Collects what one document holds, in document order.

    `sealed` is what travels verbatim or not at all, with what of it can be read.
    """

    author: Author
    parts: list[TextPart] = field(default_factory=list)
    opaque: list[OpaquePart] = field(default_factory=list)
    pseudonyms: list[Path] = field(default_factory=list)
    constraints: list[Path] = field(default_factory=list)
    sealed: dict[Path, TextPart | None] = field(default_factory=dict)
    documents: dict[Path, Any] = field(default_factory=dict)

    def visit(self, node: Any, spec: Spec, path: Path, context: str = "", depth: int = 0) -> None:
        """Collect every part below `node`.

        Args:
            context: the nearest free object key above, which tells detectors what stands here.
            depth: levels above, those outside the string that holds this document included.

        Raises:
            BadRequest: nested deeper than `strict_json.MAX_DEPTH`.
        """
        if isinstance(node, str):
            if node and node not in spec.values:
                self._string(node, spec, path, context, depth)
        elif isinstance(node, dict):
            _check_depth(depth)
            spec = variant(spec, node)
            for name, value in node.items():
                self.member(name, value, spec, path, depth)
        elif isinstance(node, list):
            _check_depth(depth)
            if spec.leaf is Leaf.OPAQUE and any(isinstance(value, int) for value in node):
                # Its bytes, one by one.
                self.opaque.append(OpaquePart(path, spec.kind))
            inner = spec.items or (spec if spec.leaf is not Leaf.TEXT else DEFAULT)
            for index, value in enumerate(node):
                self.visit(value, inner, (*path, index), context, depth + 1)
        elif isinstance(node, Number) or (isinstance(node, int) and not isinstance(node, bool)):
            self._number(node.spoken if isinstance(node, Number) else str(node), path, context)

    def exchange(
        self, tree: dict[str, Any], body: bytes, exchange_id: str, dialect: str, **more: Any
    ) -> Exchange:
        """The request that was walked; `more`: what its dialect knows of it besides."""
        return Exchange(
            id=exchange_id,
            dialect=dialect,
            model=tree["model"],
            stream=bool(tree.get("stream")),
            body=body,
            tree=tree,
            documents=self.documents,
            parts=tuple(self.parts),
            opaque=tuple(self.opaque),
            pseudonyms=tuple(self.pseudonyms),
            constraints=tuple(self.constraints),
            **more,
        )

    def member(self, name: str, value: Any, spec: Spec, path: Path, depth: int = 0) -> None:
        """Collect one member of the object at `path`: its key, unless declared, and its value."""
        declared = spec.fields.get(name)
        if declared is None and name:
            self._add((*path, Key(name)), name, _reach_of_name(name), Alphabet.NAME, "")
        elif declared is not None and declared.constrains:
            self.constraints.append((*path, name))
        # The protocol's own words ("content") say nothing about what stands under them.
        label = "" if declared else name
        inner = declared or spec.items or DEFAULT
        if type(value) is not str:
            self.visit(value, inner, (*path, name), label, depth + 1)
        elif value and value not in inner.values:  # most members: one call less for each
            self._string(value, inner, (*path, name), label, depth + 1)

    def members(self, tree: dict[str, Any], spec: Spec, names: Iterable[str]) -> None:
        """Collect these members of the body, those that it has, in this order."""
        for name in names:
            if name in tree:
                self.member(name, tree[name], spec, ())

    def _string(self, text: str, spec: Spec, path: Path, context: str, depth: int) -> None:
        if spec.leaf is Leaf.TEXT and text[0] not in _NOT_JUST_TEXT and not data_url.is_file(text):
            part = TextPart(path, text, self.author, Reach.FULL, Alphabet.TEXT, context)
            self.parts.append(part)
        elif spec.leaf is Leaf.PSEUDONYM:
            self.pseudonyms.append(path)
        elif spec.leaf is Leaf.OPAQUE:
            self._opaque(text, spec.kind, path, context, depth)
        elif spec.leaf is Leaf.SEALED:
            self.opaque.append(OpaquePart(path, spec.kind))
        elif spec.leaf in (Leaf.SIGNED, Leaf.TAGGED):
            self._verbatim(text, path, spec, context)
        elif spec.leaf is Leaf.ID and _ID.fullmatch(text):
            self._add(path, text, Reach.PATTERNS, Alphabet.NAME, context)
        elif spec.leaf in (Leaf.ID, Leaf.NAME):
            self._add(path, text, _reach_of_name(text), Alphabet.NAME, context)
        elif data_url.is_data_url(text) or data_url.is_file(text):
            self._opaque(text, "file", path, context, depth)
        elif (document := _document(text)) is not None:
            inside = (*path, Inside.JSON)
            self.documents[inside] = document
            self.visit(document, DEFAULT, inside, context, depth + 1)
        else:
            self._add(path, text, Reach.FULL, Alphabet.TEXT, context)

    def _opaque(self, text: str, kind: str, path: Path, context: str, depth: int) -> None:
        """A data: URL of text is decoded and read; everything else can't be."""
        read = data_url.read(text)
        if read is not None:
            _check_depth(depth)
            self.visit(read, DEFAULT, (*path, Inside.DATA_URL), context, depth + 1)
            return
        encoded = data_url.is_encoded(text)
        self.opaque.append(OpaquePart(path, kind, text if encoded else ""))
        if not encoded:
            # What a URL or an id points to can't be read, but what stands in it can.
            reach = Reach.FULL if " " in text else Reach.PATTERNS
            self._add(path, text, reach, Alphabet.TEXT, context)

    def _verbatim(self, text: str, path: Path, spec: Spec, context: str) -> None:
        """Signed text is read; so is a blob that may be read because it isn't one."""
        unread = spec.leaf is Leaf.TAGGED and data_url.is_encoded(text)
        self.sealed[path] = None if unread else TextPart(path, text, self.author, context=context)

    def _number(self, source: str, path: Path, context: str) -> None:
        named = bool(context) and _UNDER_KEY.fullmatch(source) is not None
        if named or _SWEPT_RUN.search(source):
            reach = Reach.PATTERNS if named or _DIGIT_RUN.search(source) else Reach.SWEEP
            self._add(path, source, reach, Alphabet.DIGITS, context)

    def _add(self, path: Path, text: str, reach: Reach, alphabet: Alphabet, context: str) -> None:
        self.parts.append(TextPart(path, text, self.author, reach, alphabet, context))


def value_at(tree: Any, path: Path) -> Any:
    """What stands at a path of members and items; raises LookupError, TypeError."""
    for step in path:
        tree = tree[step]
    return tree


def undroppable(tree: Any, path: Path, part: TextPart | None) -> Signed:
    """Content that has to travel verbatim and can't be left out, as the walk found it."""
    return Signed((path,), (str(value_at(tree, path)),), (part,) if part else (), droppable=False)


def describe(path: Path) -> str:
    """A path as people write it, with free keys left out: they can be user text."""
    words: list[str] = []
    for step in path:
        if isinstance(step, int):
            words.append(f"[{step}]")
        elif isinstance(step, Key):
            words.append(".(a key)")
        elif isinstance(step, Inside):
            words.append(f".({step.value} inside)")
        else:
            words.append(f".{step}" if _IDENTIFIER.fullmatch(step) and len(words) < 3 else ".*")
    return "".join(words).lstrip(".") or "the body"


def _document(text: str) -> Any | None:
    """The JSON object or array that a string holds, or None: then it is raw text.

    Raises:
        Ambiguous: it is one that readers don't agree about.
    """
    if _DOCUMENT.match(text) is None:
        return None
    try:
        return strict_json.parse(text)
    except strict_json.Ambiguous:
        if strict_json.is_json(text):
            raise
        return None
    except BadRequest:
        return None


def variant(spec: Spec, node: dict[str, Any]) -> Spec:
    """What an object is: one of the variants, if its `type` says so."""
    kind = node.get("type") if spec.variants else None
    return spec.variants.get(kind, spec) if isinstance(kind, str) else spec


def _reach_of_name(text: str) -> Reach:
    return Reach.PATTERNS if _IDENTIFIER.fullmatch(text) else Reach.FULL


def _check_depth(depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise strict_json.too_deep()
