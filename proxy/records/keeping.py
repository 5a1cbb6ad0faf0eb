"""What records hold of an exchange's texts, for how long, and what of it an earlier one holds.

Invariant: a record names an earlier one's contents only if they say the same and live as long as
its own would.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from audit.record import NEVER, Content, Kept
from proxy.exchange import Keep, Verdict
from proxy.records.recorded import Request, contents_of, utf8

_DAY = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Filed:
    """The contents of an intent; the next turn's names them, so that it costs what is new in it.

    Attributes:
        parts, keep, tokens: of how many parts, what of them, and which found values.
        day: of retention.
    """

    parts: int
    keep: Keep
    tokens: frozenset[str]
    day: int
    contents: Kept


class Intended(NamedTuple):
    """What an intent holds.

    Attributes:
        named: what it only names: an earlier one's contents.
        filed: gives what the next turn's may name, once the log has said what it kept.
    """

    contents: list[Content]
    named: Kept | None
    filed: Callable[[Kept], Filed]


class Keeping:
    """What is kept of texts.

    Args:
        keep: what of them, where policy doesn't say it (`audit.content`).
        holds: whether the log still has the contents of an earlier record.
        index: whether the values that were found are kept, each by itself, so that people can be
            searched for.
        retention: days that each kind of content is kept (masked, original, received, value);
            without an entry, for good.
        now: nanoseconds since 1970.
    """

    def __init__(
        self,
        keep: Keep,
        holds: Callable[[Kept], bool],
        *,
        index: bool = False,
        retention: Mapping[str, int] | None = None,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self._keep = keep
        self._holds = holds
        self.index = index
        self._retention = retention or {}
        self._now = now

    def of_intent(
        self,
        request: Request,
        verdict: Verdict,
        masked: Sequence[str],
        values: Callable[[], Mapping[str, str]],
        before: Filed | None,
    ) -> Intended:
        """The contents of an intent; arguments as for `Recorder.intent`."""
        parts, keep = request.exchange.parts, verdict.terms.kept(self._keep)
        before = before if before and self._same_again(before, keep) else None
        done = before.parts if before else 0
        new = parts[done:]
        named: list[tuple[str, bytes]] = []
        if keep != "metadata":
            named += contents_of("masked", new, masked[done:])
        if keep == "full":
            named += contents_of("original", new, [part.text for part in new])
        tokens: frozenset[str] = before.tokens if before else frozenset()
        if self.index:
            found = {name: text for name, text in values().items() if name not in tokens}
            named += [(f"value/{token}", utf8(text)) for token, text in found.items()]
            tokens |= found.keys()
        filed = partial(Filed, len(parts), keep, tokens, self._today())
        return Intended(self._contents(named, request), before.contents if before else None, filed)

    def of_answer(
        self, name: str, received: bytes, request: Request, verdict: Verdict
    ) -> list[Content]:
        """What is kept of a piece of an answer: it or nothing."""
        kept = received and verdict.terms.kept(self._keep) != "metadata"
        return self._contents([(name, received)] if kept else [], request)

    def _today(self) -> int:
        return self._now() // _DAY

    def _same_again(self, before: Filed, keep: Keep) -> bool:
        """Whether a record that is made now may name the contents of an earlier one."""
        lives = not self._retention or before.day == self._today()
        return lives and before.keep == keep and self._holds(before.contents)

    def _contents(self, named: Sequence[tuple[str, bytes]], request: Request) -> list[Content]:
        """Contents with their retention, which ends at midnight (UTC): equal ones of a day share a
        key row only if they may be deleted at one time.
        """
        scope, today = request.retain_key, self._today()
        ends = {kind: (today + days + 1) * _DAY for kind, days in self._retention.items()}
        return [
            Content(name, data, scope, ends.get(name.partition("/")[0], NEVER))
            for name, data in named
        ]
