"""What the model itself produced: personal data in an answer that was nowhere in the request.

Policy says for each entity whether such a value is left, masked or ends the answer. The adapter
reads every answer twice: first for a *listener*, which only hears its strings, so that detection
can look at them off the event loop; then for the caller, each string as far as it was judged. So
no adapter knows of any of this.

Invariants: no character is handed on before it was judged; what wasn't judged when a stream breaks
off is dropped; a stream holds back at most one sentence or 256 characters (heard.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from proxy.detect.detector import Detector
from proxy.errors import PolicyRefused, PrivetError
from proxy.exchange import Author, Channel, Finding, Principal, Terms, TextPart
from proxy.steps.heard import Heard, Span, cover, looked_at
from proxy.wire import Dialect
from proxy.wire.restoring import AnswerStream, Asked, Restoring, Streaming, TextStream

#: Strings of an answer that are looked at together, so that one answer leaves room for others.
_AT_ONCE = 256


class Inspector:
    """Judges the strings of one answer.

    Attributes:
        found: entity -> how many values of it the model produced.
        strings: those that came whole; `streams`: those that grow, in the order in which they
            began; `unread`: those of them that the caller's reading hasn't begun.
        refused: set once a value is there that ends the answer; nothing behind it is judged.
        restorer: what the adapter puts values back with, for the caller.
    """

    def __init__(
        self,
        detector: Detector,
        principal: Principal,
        terms: Terms,
        known: Iterable[str],
        restorer: Restoring,
    ) -> None:
        """`known`: what the caller said and what stands for it, whose values aren't the model's."""
        self.found: Counter[str] = Counter()
        self.refused: PolicyRefused | None = None
        self.strings: dict[tuple[Channel, str], Heard] = {}
        self.streams: list[Heard] = []
        self.unread: list[Heard] = []
        self.restorer: Restoring = _Judged(self, restorer)
        self._detector = detector
        self._tenant = principal.tenant
        self._terms = terms
        self._known = [text.casefold() for text in known]

    async def judge_whole(self, body: bytes, dialect: Dialect, asked: Asked) -> None:
        """Judge every string of a whole answer.

        Raises:
            PolicyRefused: it holds a value that ends the answer.
            PrivetError: it isn't an answer of this dialect, or can't be looked at.
        """
        dialect.restore(body, _Listener(self), _only_heard(asked))
        await self.judge()
        if self.refused:
            raise self.refused

    def listen(self, streaming: Streaming, asked: Asked) -> Listening:
        """Begin to judge a stream."""
        return Listening(self, streaming(_Listener(self), _only_heard(asked)))

    async def judge(self) -> None:
        """Judge all that is due; raises DetectorUnavailable."""
        heard = (*self.strings.values(), *self.streams)
        due = [(one, end) for one in heard if (end := one.due()) > one.judged]
        for at in range(0, len(due), _AT_ONCE):
            some = due[at : at + _AT_ONCE]
            parts = [TextPart((), looked_at(one, end), Author.ASSISTANT) for one, end in some]
            found = await self._detector.detect(self._tenant, parts)
            for (one, end), findings in zip(some, found, strict=True):
                if self.refused is None:
                    self._judge(one, end, findings)

    def _judge(self, one: Heard, end: int, findings: Iterable[Finding]) -> None:
        base = one.base
        for finding in findings:
            start = max(base + finding.start, one.judged)
            if start >= base + finding.end or not self._counts(one, finding):
                continue
            action = self._terms.output(finding.entity)
            if action == "leave":
                continue
            self.found[finding.entity] += 1
            if action == "block":
                one.judged = start
                self.refused = PolicyRefused(
                    "The answer holds something that policy doesn't let through.",
                    hint="Ask for it in another way, or ask for a change of policy.",
                    rule=self._terms.output_rule(finding.entity),
                )
                return
            one.masked.append(Span(start, base + finding.end))
        one.judged = end

    def _counts(self, one: Heard, finding: Finding) -> bool:
        """Whether a finding is good enough, and not the caller's own."""
        if finding.score < self._terms.min_scores.get(finding.entity, 0.0):
            return False
        value = one.text[finding.start : finding.end].strip().casefold()
        return bool(value) and not any(value in text for text in self._known)


class Listening:
    """The first reading of a stream."""

    def __init__(self, inspector: Inspector, stream: AnswerStream) -> None:
        """Use `Inspector.listen`."""
        self._inspector = inspector
        self._stream = stream

    async def feed(self, chunk: bytes) -> None:
        """Hear a chunk, and judge what is due.

        Raises:
            PolicyRefused: a value is there that ends the answer; the chunk must not be handed on,
                for what follows the value in it would make the answer look complete.
            DetectorUnavailable: it can't be looked at.
        """
        try:
            self._stream.feed(chunk)
        except PrivetError:
            self._end()  # the second reading says so to the caller, after what came before it
        await self._judge()

    async def close(self) -> None:
        """Judge all that there is; raises as `feed`."""
        self._stream.close()
        self._end()
        await self._judge()

    async def _judge(self) -> None:
        await self._inspector.judge()
        if self._inspector.refused:
            raise self._inspector.refused

    def _end(self) -> None:
        for one in self._inspector.streams:
            one.whole = True


class _Listener:
    """A Restoring that hears strings and puts nothing back."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector

    def text(self, text: str, channel: Channel) -> str:
        if channel is not Channel.NAME:
            heard = Heard(channel, text, whole=True)
            self._inspector.strings.setdefault((channel, text), heard)
        return text

    def stream(self, channel: Channel) -> TextStream:
        heard = Heard(channel)
        self._inspector.streams.append(heard)
        self._inspector.unread.append(heard)
        return _ListenerStream(heard)

    def for_tool(self, name: str) -> Restoring:
        return self


class _ListenerStream:
    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def feed(self, text: str) -> str:
        self._heard.text += text
        return ""

    def close(self) -> str:
        self._heard.whole = True
        return ""

    def moved(self, offset: int) -> int:
        return offset


class _Judged:
    """A Restoring that puts values back in what was judged, and hands on nothing else."""

    def __init__(self, inspector: Inspector, inner: Restoring) -> None:
        self._inspector = inspector
        self._inner = inner

    def text(self, text: str, channel: Channel) -> str:
        return self._inner.text(self.masked(text, channel), channel)

    def stream(self, channel: Channel) -> TextStream:
        return _JudgedStream(self, channel, self._inner.stream(channel))

    def for_tool(self, name: str) -> Restoring:
        return _Judged(self._inspector, self._inner.for_tool(name))

    def heard(self, text: str, channel: Channel) -> Heard | None:
        """The stream that begins with `text`: the next one that the listener was given, if any."""
        waiting = self._inspector.unread
        if waiting and waiting[0].channel is channel and waiting[0].text.startswith(text):
            return waiting.pop(0)
        return None

    def masked(self, text: str, channel: Channel) -> str:
        """A string that was heard whole, masked.

        Raises:
            PrivetError: it wasn't.
        """
        if channel is Channel.NAME or not text:
            return text
        known = self._inspector.strings.get((channel, text))
        if known is None:
            raise PrivetError("Privet failed.", hint="Report this with the request id.")
        return cover(text, known.masked, channel)


class _JudgedStream:
    """Hands on a string as far as it was judged; the rest goes with the stream.

    Adapters also read a whole text as a stream, to move offsets into it; masking keeps lengths, so
    those only have to follow what is restored.
    """

    def __init__(self, judged: _Judged, channel: Channel, inner: TextStream) -> None:
        self._judged = judged
        self._channel = channel
        self._inner = inner
        self._heard: Heard | None = None
        self._held = ""
        self._at = 0

    def feed(self, text: str) -> str:
        if self._heard is None:
            self._heard = self._judged.heard(text, self._channel)
        if self._heard is None:
            return self._inner.feed(self._judged.masked(text, self._channel))
        self._held += text
        return self._inner.feed(self._release(self._heard))

    def close(self) -> str:
        rest = self._inner.feed(self._release(self._heard)) if self._heard else ""
        return rest + self._inner.close()

    def moved(self, offset: int) -> int:
        return self._inner.moved(offset)

    def _release(self, heard: Heard) -> str:
        ready = self._held[: heard.judged - self._at]
        self._held = self._held[len(ready) :]
        spans = [Span(s.start - self._at, s.end - self._at) for s in heard.masked]
        self._at += len(ready)
        heard.masked = [span for span in heard.masked if span.end > self._at]
        heard.forget()
        return cover(ready, spans, heard.channel)


def _only_heard(asked: Asked) -> Asked:
    """What is asked of an answer that nobody gets: placeholders fit no schema, nothing is kept."""
    return replace(asked, relaxed=(), tell=lambda _: None)
