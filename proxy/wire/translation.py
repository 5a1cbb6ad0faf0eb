"""Putting a request of one dialect to a provider that speaks another, and its answer back.

A translation works on what the provider may see: it stands behind masking and before restoring, so
it needs to know nothing of either. Sans-io.

Invariant: nothing is lost in silence. A field is carried over, or refused, or, where the answer
would be as good without it, dropped with a note that the caller reads in a response header.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from proxy.errors import BadRequest, CannotTranslate, PrivetError, ProviderFailed
from proxy.wire.restoring import AnswerStream
from proxy.wire.strict_json import Number

Json = dict[str, Any]

#: What reading a document raises that isn't what its protocol says.
_MISSHAPEN = (LookupError, TypeError, AttributeError, ValueError)


class Translated(NamedTuple):
    """A request in the provider's dialect; `notes` name the fields that were dropped."""

    body: bytes
    notes: tuple[str, ...] = ()


class StreamTranslator(Protocol):
    """Turns the provider's event stream into the caller's."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The caller's events as far as `chunk` completes them, one by one."""

    def close(self) -> Iterator[bytes]:
        """What was held when the provider's stream ended."""


@dataclass(frozen=True, slots=True)
class Translation:
    """From one dialect to another.

    Attributes:
        source, target: names of the caller's and of the provider's dialect.
        request: a request's body to the provider's; raises CannotTranslate.
        answer: a whole answer to the caller's dialect; `now` is in seconds since 1970, UTC.
        stream: the same for an event stream; the request's body says what was asked of it.
    """

    source: str
    target: str
    request: Callable[[bytes], Translated]
    answer: Callable[[bytes, int], bytes]
    stream: Callable[[bytes, int], StreamTranslator]

    def put(self, body: bytes) -> Translated:
        """`request`, with what isn't of the shape that the API describes refused as well.

        Raises:
            CannotTranslate, BadRequest: see there.
        """
        try:
            return self.request(body)
        except _MISSHAPEN:
            raise BadRequest("The request doesn't have the shape of its protocol.") from None

    def put_back(self, body: bytes, now: int) -> bytes:
        """`answer`, with what isn't of the shape that the API describes as the provider's failure.

        Raises:
            ProviderFailed: see there.
        """
        with _of_shape():
            return self.answer(body, now)


class Translating:
    """A provider's event stream in the caller's dialect, with the caller's values put back."""

    def __init__(self, translator: StreamTranslator, restoring: AnswerStream) -> None:
        self._translator = translator
        self._restoring = restoring
        self._undelivered = b""

    @property
    def failed(self) -> bool:
        """True once the caller was told that the stream broke off."""
        return self._restoring.failed

    def feed(self, chunk: bytes) -> bytes:
        """What can be delivered now; raises ProviderFailed."""
        return self._take(self._translator.feed(chunk))

    def close(self) -> bytes:
        """The last bytes, and an error if the stream broke off."""
        return self._take(self._translator.close()) + self._restoring.close()

    def fail(self, failure: PrivetError, request_id: str) -> bytes:
        """End the stream with what was held back and an error that SDKs raise."""
        return self._take(()) + self._restoring.fail(failure, request_id)

    def _take(self, pieces: Iterable[bytes]) -> bytes:
        """What is ready; what came before an event that can't be read is kept for the end."""
        for piece in _shaped(pieces):
            self._undelivered += self._restoring.feed(piece)
        ready, self._undelivered = self._undelivered, b""
        return ready


def _shaped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces; raises ProviderFailed where an event isn't of the shape of its protocol."""
    with _of_shape():
        yield from pieces


@contextmanager
def _of_shape() -> Iterator[None]:
    try:
        yield
    except _MISSHAPEN:
        raise ProviderFailed(
            "The provider's answer doesn't have the shape of its protocol."
        ) from None


def sort_fields(
    tree: Mapping[str, Any],
    carried: Collection[str],
    dropped: Collection[str],
    refused: Mapping[str, str],
) -> list[str]:
    """The notes for the fields that are dropped; a field that says nothing isn't missed.

    Args:
        refused: name -> what to do instead.

    Raises:
        CannotTranslate: a field that can't be carried over, or that nobody here knows.
    """
    notes = []
    for name, value in tree.items():
        if name in carried or value is None:
            continue
        if name in dropped:
            notes.append(name)
        elif name in refused:
            raise no_counterpart(name, refused[name])
        else:
            raise CannotTranslate(
                "A field of the request has no counterpart in the protocol of this model.",
                hint="Leave out what is no part of the API, or ask for another model.",
            )
    return notes


LEAVE_OUT = "Leave it out, or ask for another model."


def no_counterpart(what: str, hint: str = LEAVE_OUT) -> CannotTranslate:
    """The refusal of something that can't be carried over; `what` is the protocol's own word."""
    return CannotTranslate(
        f"`{what}` can't be carried over to the protocol of this model.", hint=hint
    )


def only(
    place: str,
    node: Mapping[str, Any],
    known: Iterable[str],
    notes: list[str] | None = None,
    dropped: Iterable[str] = (),
) -> None:
    """Refuse an object with members that nobody here would carry over.

    Args:
        notes: get the names of those that are `dropped`, if they say anything.
    """
    said = {name for name, value in node.items() if value is not None} - set(known)
    if said - set(dropped):
        raise no_counterpart(place)
    if notes is not None:
        notes += (f"{place}.{name}" for name in sorted(said) if node[name] not in ([], {}, False))


def number(value: Any) -> float:
    """A JSON number, to compare it."""
    return float(value.source) if isinstance(value, Number) else float(value or 0)


def count(usage: Json, name: str) -> int:
    """How many tokens of a kind an answer reports; none where it says nothing that is a number."""
    reported = usage.get(name)
    return reported if isinstance(reported, int) else 0
