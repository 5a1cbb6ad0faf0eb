"""Server-sent events, sans-io (WHATWG HTML, section 9.2.6 "Interpreting an event stream").

Bytes go in as they come, cut anywhere; whole events come out. Lines end in LF, CR LF or CR;
comments are dropped; an event that the stream's end cuts off is never delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from proxy.errors import ProviderFailed

#: An upstream that sends more than this without ending an event is broken or hostile.
MAX_EVENT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event: its `event:` name ("" where there was none) and its data lines."""

    data: str
    name: str = ""


def encode(event: Event) -> bytes:
    """The bytes of one event; data that holds line ends becomes several data lines."""
    head = f"event: {event.name}\n" if event.name else ""
    body = "\n".join(f"data: {line}" for line in event.data.split("\n"))
    return f"{head}{body}\n\n".encode()


class Encoder:
    """Turns events into the bytes of one stream, handed out as far as they are ready.

    An event that was put is never lost: where what follows it can't be read, it is in the bytes
    that are taken when the stream is ended.
    """

    def __init__(self) -> None:
        self._ready: list[bytes] = []

    def put(self, events: Iterable[Event]) -> None:
        """Add events, one by one: those before one that raises stay added."""
        for event in events:
            self._ready.append(encode(event))

    def take(self) -> bytes:
        """The bytes of all events that were put since the last call."""
        ready = b"".join(self._ready)
        self._ready.clear()
        return ready


class Decoder:
    """Turns the bytes of one stream into events.

    Raises (from `feed`):
        ProviderFailed: an event over `MAX_EVENT_BYTES`, or one that isn't UTF-8.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._after_cr = False
        self._data: list[str] = []
        self._name = ""
        self._size = 0
        self._at_start = True

    @property
    def unfinished(self) -> bool:
        """True while bytes of an event that hasn't ended are held."""
        return bool(self._tail or self._data)

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yield every event that `chunk` completes."""
        self._size += len(chunk)
        for line in self._lines(chunk):
            if line:
                self._field(line)
            elif self._data:
                yield Event("\n".join(self._data), self._name)
                self._data, self._name = [], ""
                self._size = len(self._tail)
            else:
                self._name = ""
        if self._size > MAX_EVENT_BYTES:
            raise ProviderFailed("The provider sent an event that is too large.")

    def _lines(self, chunk: bytes) -> Iterator[str]:
        if chunk:
            # A CR ended its line already; the LF of a CR LF that was cut in two ends none.
            chunk = chunk.removeprefix(b"\n") if self._after_cr else chunk
            self._after_cr = chunk.endswith(b"\r")
        text = self._tail + chunk
        lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._tail = lines.pop()
        for line in lines:
            try:
                decoded = line.decode("utf-8")
            except UnicodeDecodeError:
                raise ProviderFailed("The provider's stream isn't UTF-8.") from None
            yield decoded.removeprefix("\ufeff") if self._at_start else decoded
            self._at_start = False

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
