"""What passes between a wire adapter and the pipeline besides the `Exchange`.

On the way out a `Sent` body; on the way back a `Restoring`, which puts values back, what was
`Asked` of the answer, and the `Restored` body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from proxy.errors import PrivetError
from proxy.exchange import Channel
from proxy.wire.places import Places
from proxy.wire.relaxed import Relaxed


class TextStream(Protocol):
    """Restores one string that arrives in pieces."""

    def feed(self, text: str) -> str:
        """What is certain so far; the rest is held until more arrives."""

    def close(self) -> str:
        """What was held when the string ended."""

    def moved(self, offset: int) -> int:
        """Where a character of what was fed stands in what came out, both counted from 0."""


class Restoring(Protocol):
    """Puts one request's values back into its answer."""

    def text(self, text: str, channel: Channel) -> str:
        """A whole string, restored."""

    def stream(self, channel: Channel) -> TextStream:
        """A restorer of its own for one growing string."""

    def for_tool(self, name: str) -> Restoring:
        """What restores the arguments of a tool: policy says whether it gets real values."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The body for one endpoint, the schemas that are looser in it than the caller's own, and what
    the caller has to know of it besides.
    """

    body: bytes
    relaxed: tuple[Relaxed, ...] = ()
    notes: tuple[str, ...] = ()


#: What the protocols call the tokens of prompt and answer.
_TOKENS = {
    "input": ("prompt_tokens", "input_tokens"),
    "output": ("completion_tokens", "output_tokens"),
}


def _nobody(_answer: dict[str, Any]) -> None:
    """Nobody wants to know."""


def _forget(_signed: str) -> None:
    """Nobody remembers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the request says about its answer.

    Attributes:
        json_answer: its text is one JSON document.
        drop_logprobs: token log-probabilities of a stream would spell placeholders.
        relaxed: as in `Sent`; what comes back is held against the caller's own schemas.
        echo: as in `Exchange`.
        tell: is told of the whole answer as the caller reads it, where the dialect stores answers.
        places: the request's texts, for what an answer points to.
        keep: is told of signed content that passed, word for word.
        signs: the provider signs what its model thinks (Anthropic's protocol).
        usage: the tokens that it cost, as far as it says so: `input` and `output`.
    """

    json_answer: bool = False
    drop_logprobs: bool = False
    relaxed: tuple[Relaxed, ...] = ()
    echo: Mapping[str, Any] = field(default_factory=dict)
    tell: Callable[[dict[str, Any]], None] = _nobody
    places: Places | None = None
    keep: Callable[[str], None] = _forget
    signs: bool = True
    usage: dict[str, int] = field(default_factory=dict)

    def meter(self, document: Mapping[str, Any]) -> None:
        """Note the tokens that a document of the answer reports: itself, or what it is about.

        A later report of a stream counts all that the earlier ones did.
        """
        for holder in (document, document.get("response"), document.get("message")):
            used = holder.get("usage") if isinstance(holder, dict) else None
            if isinstance(used, dict):
                for kind, names in _TOKENS.items():
                    for name in names:
                        if type(count := used.get(name)) is int and count >= 0:
                            self.usage[kind] = count


@dataclass(frozen=True, slots=True)
class Restored:
    """A whole answer for the caller; `notes` are for the `x-privet-notes` header."""

    body: bytes
    notes: tuple[str, ...] = ()


class AnswerStream(Protocol):
    """Restores one streamed answer, as bytes that arrive cut anywhere."""

    @property
    def failed(self) -> bool:
        """True once the caller was told that the stream broke off."""

    def feed(self, chunk: bytes) -> bytes:
        """What can be delivered now; raises ProviderFailed on bytes that can't be read."""

    def close(self) -> bytes:
        """What the stream's end brings."""

    def fail(self, failure: PrivetError, request_id: str) -> bytes:
        """End it with what was held back and an error of the dialect."""


#: Begins to restore a streamed answer.
Streaming = Callable[[Restoring, Asked], AnswerStream]
