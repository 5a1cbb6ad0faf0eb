"""The frozen values that pass between the stages of a request, and nothing else.

Stages are functions from one of these to the next (see pipeline.py). No stage changes a value
that it was given. One long flat list on purpose: whoever looks for a value looks here.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Literal, NamedTuple, get_args


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling, as identity established it. Vault and cache keys include tenant and user.

    `asserts` are the labels that this caller may attest; what others say only tightens.
    """

    tenant: str
    team: str
    app: str
    user: str = ""
    roles: frozenset[str] = frozenset()
    key_id: str = ""
    asserts: frozenset[str] = frozenset()

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What two calls of the same caller share, whichever key they came with."""
        return self.tenant, self.team, self.app, self.user


class Inside(enum.Enum):
    """A path step from a string to what it encodes."""

    JSON = "json"  # a JSON document
    DATA_URL = "data-url"  # text, in a data: URL (RFC 2397)


@dataclass(frozen=True, slots=True)
class Key:
    """A path step to an object key itself, instead of the value under it."""

    name: str


#: One step into a JSON document: an object member, an array item, what a string encodes, a key.
Step = str | int | Inside | Key
Path = tuple[Step, ...]


class Reach(enum.StrEnum):
    """Which detectors look at a part; the sweep and the egress guard look at every part."""

    FULL = "full"  # models and patterns
    PATTERNS = "patterns"  # ids, plain identifiers and digit runs: models only invent names there
    SWEEP = "sweep"  # no detector: numbers too short to be evidence of anything by themselves


class Alphabet(enum.StrEnum):
    """What may be written at a path: where `<` can't stand, placeholders take another form."""

    TEXT = "text"  # <PERSON_1>
    NAME = "name"  # PERSON_1: function names, property keys, message names
    DIGITS = "digits"  # a same-length digit surrogate: JSON numbers


class Author(enum.Enum):
    """Who wrote a part. Only hosts that OPERATOR or USER mention make a URL known."""

    SCHEMA = "schema"  # tools and response format
    OPERATOR = "operator"  # system and developer messages
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"  # tool results and documents
    FIELD = "field"  # any other field of the request


class Channel(enum.Enum):
    """How restored values stand in one string of an answer."""

    TEXT = "text"  # as they are
    JSON = "json"  # the text of a JSON document: escaped at their depth
    NAME = "name"  # an identifier: bare placeholders count as exact


class Scope(enum.Enum):
    """Where one value has one placeholder (DESIGN section 7)."""

    REQUEST = "request"  # numbers count; nothing links two requests
    PRINCIPAL = "principal"  # keyed: signed content of an earlier turn still means the same
    TENANT = "tenant"  # keyed, however spelled: what is embedded today is found tomorrow


class TextPart(NamedTuple):
    """One string of the request that can carry data. A tuple, since every request has many.

    `context` is a short neighbouring label (the object key that a value stands under) which helps
    detectors; it is never rewritten through this part.
    """

    path: Path
    text: str
    author: Author = Author.USER
    reach: Reach = Reach.FULL
    alphabet: Alphabet = Alphabet.TEXT
    context: str = ""


#: The kinds of content that Privet can't read, as policies name them; `uncovered` is text in a
#: language in which it can't find names.
OPAQUE_KINDS = ("image", "audio", "video", "file", "encrypted", "tokens", "url", "uncovered")


@dataclass(frozen=True, slots=True)
class OpaquePart:
    """Content that Privet can't read (an image, audio, a file): policy's `unclassified`.

    A kind that isn't one of OPAQUE_KINDS has no class of its own in any policy. `encoded` is its
    base64, where it came as that and is no `TextPart` besides.
    """

    path: Path
    kind: str
    encoded: str = ""


@dataclass(frozen=True, slots=True)
class Offset:
    """A number in the request that counts characters of one of its strings.

    Attributes:
        path: where the number stands.
        at: the number.
        counted: the string's path.
        end: whether the character before it is the last one meant, rather than it the first.
    """

    path: Path
    at: int
    counted: Path
    end: bool


#: Characters ``[start, end)`` of the caller's text, and where they stand after masking.
Moved = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Signed:
    """Content that its producer signed or encrypted: it travels verbatim or not at all.

    Attributes:
        paths: what goes if they go: the block itself first, others, members of others.
        seals: what identifies each, word for word: signed text with its signature, or a blob.
        parts: what of it can be read; it is inspected, and never rewritten.
        droppable: whether the protocol allows that they are left out.
    """

    paths: tuple[Path, ...]
    seals: tuple[str, ...]
    parts: tuple[TextPart, ...]
    droppable: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """One parsed request: its tree, and every place in it that can carry data.

    Attributes:
        id: the exchange id that its audit records share.
        dialect: name of the wire adapter that read it.
        model: the model that the caller asked for.
        stream: whether the caller asked for a stream of events.
        body: the bytes as they came; forwarded only when nothing in them had to change.
        tree: what `wire.strict_json.parse` returned; never changed in place.
        documents: parsed JSON documents that stand inside strings of the tree, by path.
        parts: in the adapter's order (tools, response format, system, other fields, turns).
        pseudonyms: paths of end-user ids, which leave as keyed hashes.
        json_answer: the caller asked for an answer that is one JSON document.
        constraints: where keywords stand in its schemas that limit strings, schema by schema.
        scope: where one value has one placeholder.
        previous: the id of the stored response that this one goes on from.
        references: ids of stored items that it names in place of them.
        earlier: how many of its items came from the vault.
        stores: the caller wants to go on from the answer by its id.
        echo: members that the answer repeats as the caller sent them, however they were sent on.
        signed: content that travels verbatim or not at all.
        without: signed blocks that the endpoint at hand may not see: its body leaves them out.
        offsets: numbers that move with a text that is rewritten (citations of earlier answers).
    """

    id: str
    dialect: str
    model: str
    stream: bool
    body: bytes
    tree: Any
    documents: Mapping[Path, Any]
    parts: tuple[TextPart, ...]
    opaque: tuple[OpaquePart, ...]
    pseudonyms: tuple[Path, ...]
    json_answer: bool
    constraints: tuple[Path, ...] = ()
    scope: Scope = Scope.REQUEST
    previous: str = ""
    references: tuple[str, ...] = ()
    earlier: int = 0
    stores: bool = False
    echo: Mapping[str, Any] = field(default_factory=dict)
    signed: tuple[Signed, ...] = ()
    without: tuple[Path, ...] = ()
    offsets: tuple[Offset, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A value found in one part: characters ``[start, end)`` of its text; score in 0..1.

    `shown`: an allow list says so. It keeps its number, and neither hides nor weighs anything.
    """

    entity: str
    start: int
    end: int
    score: float
    recognizer: str
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked for in a part.

    Attributes:
        language: ISO 639-1 code of the language that it was taken to be in.
        missing: entities that weren't looked for, because nothing here finds them in this language.
    """

    language: str
    missing: frozenset[str] = frozenset()

    @property
    def names(self) -> bool:
        """Whether people's names were looked for; if not, policy sees the part as `uncovered`."""
        return "PERSON" not in self.missing

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"language": self.language, "missing": sorted(self.missing)}

    def sentence(self) -> str:
        """Say it in words."""
        missing = ", ".join(sorted(self.missing)) or "nothing"
        return f"language {self.language}; not looked for: {missing}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What decisions are made from: what was found, what couldn't be read, what the caller says.

    Unknown is the strictest: without a time every window of a restriction holds and none of a
    permit, and a label counts for a permit only if it is attested.

    Attributes:
        entities: those that were found.
        opaque: kinds of content that couldn't be read.
        labels: what the caller declares.
        attested: the names of those labels that the caller had the right to assert.
        counts: how many different values of an entity, where that is more than one.
        sources: (entity, the recognizer or language that a finding of it came from).
        dialect: name of the wire protocol.
        at: time of day, UTC.
    """

    entities: frozenset[str] = frozenset()
    opaque: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)
    attested: frozenset[str] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    sources: frozenset[tuple[str, str]] = frozenset()
    dialect: str = ""
    at: time | None = None

    def count(self, entity: str) -> int:
        """How many different values of an entity were found."""
        return self.counts.get(entity, 1) if entity in self.entities else 0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A provider and the model as that provider calls it."""

    provider: str
    model: str


class ActionKind(enum.IntEnum):
    """What is done with a hidden value, from weakest to strongest (DESIGN section 7)."""

    ALLOW = 0
    GENERALISE = 1
    MASK = 2
    HASH = 3
    PSEUDONYMISE = 4
    PLACEHOLDER = 5
    REDACT = 6
    BLOCK = 7

    __hash__ = int.__hash__  # Enum's own runs in Python, for every look-up on the hot path


@dataclass(frozen=True, slots=True)
class Action:
    """An action and its parameter: `to` of generalise (year, decade, band, /24), `keep_last`."""

    kind: ActionKind
    to: str = ""
    keep_last: int = 0


#: entity -> what is done with it at one endpoint. An entity that isn't here is shown.
Treatment = Mapping[str, Action]


#: What is done with values that the model itself produced, from weakest to strongest.
OutputAction = Literal["leave", "mask", "block"]
#: What the audit log keeps of the texts, from least to most.
Keep = Literal["metadata", "masked", "full"]
#: Whether a tool's arguments get real values: also inside URLs of foreign hosts, not there, never.
ToolRestore = Literal["always", "known_hosts", "never"]
#: In place of an entity's or tool's name: every other.
ANY = "any"


@dataclass(frozen=True, slots=True)
class Terms:
    """What policy says about one answer and its record.

    Attributes:
        outputs: rule -> entity or ANY -> what is done with values of it that the model produced.
        min_scores: entity -> the score below which a value that the model produced doesn't count.
        withheld: entities, or ANY, whose placeholders stay in the answer.
        keep: the most that rules let the audit log keep of the texts; None where none does.
        audit: what it keeps of them otherwise; None where privet.yaml says it.
        hosts: those whose URLs may hold real values besides those that the caller mentioned.
        tools: tool or ANY -> whether its arguments get real values.
        rules: ids of the rules that matched.
    """

    outputs: Mapping[str, Mapping[str, OutputAction]] = field(default_factory=dict)
    min_scores: Mapping[str, float] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    keep: Keep | None = None
    audit: Keep | None = None
    hosts: frozenset[str] = frozenset()
    tools: Mapping[str, ToolRestore] = field(default_factory=dict)
    rules: tuple[str, ...] = ()

    @property
    def inspects(self) -> bool:
        """Whether anything that the model produces matters."""
        return any(action != "leave" for said in self.outputs.values() for action in said.values())

    def output(self, entity: str) -> OutputAction:
        """What is done with a value of this entity that the model produced: the strictest said."""
        said = self._said(entity).values()
        return max(said, key=get_args(OutputAction).index, default="leave")

    def kept(self, configured: Keep) -> Keep:
        """What the audit log keeps of the texts where privet.yaml says `configured`."""
        return min(self.audit or configured, self.keep or "full", key=get_args(Keep).index)

    def tool(self, name: str) -> ToolRestore:
        """Whether the arguments of a tool get real values."""
        return self.tools.get(name, self.tools.get(ANY, "known_hosts"))

    def output_rule(self, entity: str) -> str:
        """The first rule that says so."""
        strictest = self.output(entity)
        return next((rule for rule, said in self._said(entity).items() if said == strictest), "")

    def _said(self, entity: str) -> dict[str, OutputAction]:
        return {
            rule: actions.get(entity, actions.get(ANY, "leave"))
            for rule, actions in self.outputs.items()
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What policy says about one endpoint.

    `rules` are the ids that decided: for a refusal the rules (or built-in reasons such as
    ``clearance`` and ``default-deny``) that refuse; else the permits, treats and waivers. `terms`
    are about the answer of an endpoint that is allowed. `without` are the signed blocks that the
    endpoint may only be asked without.
    """

    endpoint: Endpoint
    allowed: bool
    rules: tuple[str, ...]
    treatment: Treatment = field(default_factory=dict)
    message: str = ""
    hint: str = ""
    terms: Terms = Terms()
    without: tuple[Path, ...] = ()
