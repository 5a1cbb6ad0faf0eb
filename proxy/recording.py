"""What the audit log is told of an exchange: an intent, perhaps parts, an outcome; or a refusal.
Of stored responses: who asked for them afterwards.

recorded.py has what they say.

Invariants: `intent` returns only when its record is durable; a record is sealed and queued before
anything is awaited, so it is written even if the client leaves meanwhile; an outcome that finds the
disk full is written when there is room, or the next start closes its intent as `unknown`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from audit.errors import AuditError, DiskStalled
from audit.log import AuditLog
from audit.record import NEVER, Content, Kept, Kind, Receipt
from proxy.errors import AuditUnavailable, PrivetError
from proxy.exchange import (
    Keep,
    Verdict,
)
from proxy.ladder import spell
from proxy.recorded import (
    Access,
    Outcome,
    Request,
    agreed,
    contents_of,
    ended,
    endpoint_of,
    utf8,
    whom,
)

#: A streamed answer is sealed in pieces of at most this size, so memory stays bounded.
PART_BYTES = 64 * 1024
_DAY = 86_400 * 10**9
#: How many outcomes are kept for a disk that has room again, and how often that is tried.
_MOST_OWED = 10_000
_AGAIN_S = 1.0

log = structlog.get_logger(__name__)


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


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the audit log hasn't made safe yet.

    Attributes:
        waiting: records that aren't durable.
        lag_s: how long the oldest of them waits, in seconds.
        unprotected: durable records that no checkpoint covers.
    """

    waiting: int
    lag_s: float
    unprotected: int


class Recorder:
    """Writes the records of one process's exchanges.

    Args:
        keep: what of the texts is kept where policy doesn't say it (`audit.content`).
        index: whether the values that were found are kept, each by itself, so that people can be
            searched for.
        retention: days that each kind of content is kept (masked, original, received, value);
            without an entry, for good.
        lacking: names a required sink that hasn't got the newest checkpoint, if there is one.
        now: nanoseconds since 1970.
    """

    def __init__(
        self,
        audit_log: AuditLog,
        keep: Keep,
        *,
        index: bool = False,
        retention: Mapping[str, int] | None = None,
        lacking: Callable[[], str] = str,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self._log = audit_log
        self._keep = keep
        self._index = index
        self._retention = retention or {}
        self._lacking = lacking
        self._now = now
        self._owed: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=_MOST_OWED)
        self._behind: set[asyncio.Task[None]] = set()

    async def intent(
        self,
        request: Request,
        verdict: Verdict,
        attempt: int,
        *,
        size: int,
        digest: bytes,
        masked: Sequence[str],
        values: Callable[[], Mapping[str, str]],
        before: Filed | None = None,
    ) -> Filed:
        """Put on record what is about to be sent where. Returns when it is durable.

        Args:
            size, digest: bytes and SHA-256 of the body as the provider will get it.
            masked: the text of each part as the provider will see it.
            values: gives the values that were found, by token.
            before: what an earlier intent keeps of the first parts, if they say the same there.

        Returns:
            What this one keeps of all parts.

        Raises:
            AuditUnavailable: it can't be made durable, or a required sink lacks checkpoints, so
                nothing may be sent.
        """
        try:
            self._see_that_it_is_kept()
        except AuditUnavailable as refused:
            await self.refusal(request, refused)
            raise
        parts = request.exchange.parts
        body = request.body() | {
            "attempt": attempt,
            "endpoint": endpoint_of(verdict),
            "rules": list(verdict.rules),
            "treatment": {entity: spell(action) for entity, action in verdict.treatment.items()},
            "sent": {"bytes": size, "sha256": digest.hex()},
            "indexed": self._index,
            **agreed(verdict.terms),
        }
        keep = self._kept(verdict)
        before = before if before and self._same_again(before, keep) else None
        done = before.parts if before else 0
        new = parts[done:]
        named: list[tuple[str, bytes]] = []
        if keep != "metadata":
            named += contents_of("masked", new, masked[done:])
        if keep == "full":
            named += contents_of("original", new, [part.text for part in new])
        tokens: frozenset[str] = before.tokens if before else frozenset()
        if self._index:
            found = {name: text for name, text in values().items() if name not in tokens}
            named += [(f"value/{token}", utf8(text)) for token, text in found.items()]
            tokens |= found.keys()
        contents = self._contents(named, request)
        kept = before.contents if before else None
        receipt = await self._append(Kind.INTENT, request.exchange.id, body, contents, kept)
        return Filed(len(parts), keep, tokens, self._today(), receipt.kept)

    async def part(
        self, request: Request, verdict: Verdict, attempt: int, number: int, received: bytes
    ) -> None:
        """Seal a piece of a streaming answer; raises AuditUnavailable."""
        if self._kept(verdict) == "metadata":
            return
        contents = self._contents([(f"received/{number}", received)], request)
        await self._append(Kind.PART, request.exchange.id, {"attempt": attempt}, contents)

    async def outcome(
        self, request: Request, verdict: Verdict, attempt: int, outcome: Outcome, received: bytes
    ) -> None:
        """Put on record how an attempt ended; `received` is what no part holds yet.

        Raises:
            AuditUnavailable: it can't be made durable.
        """
        body = ended(verdict, attempt, outcome)
        kept = received and self._kept(verdict) != "metadata"
        contents = self._contents([("received", received)] if kept else [], request)
        await self._append(Kind.OUTCOME, request.exchange.id, body, contents)

    def follow(self, recording: Coroutine[Any, Any, None]) -> None:
        """Let an answer go ahead of its record."""
        task = asyncio.create_task(recording)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def settled(self) -> None:
        """Wait for the records of answers that went ahead."""
        await asyncio.gather(*self._behind)

    def owe(self, request: Request, verdict: Verdict, attempt: int, outcome: Outcome) -> None:
        """Keep an outcome that couldn't be written for `catch_up`, without what was received."""
        body = ended(verdict, attempt, outcome) | {"late": True}
        self._owed.append((request.exchange.id, body))

    async def catch_up(self) -> None:
        """Write what is owed as soon as the disk takes it, for as long as this runs."""
        while True:
            await asyncio.sleep(_AGAIN_S)
            await self._pay()

    async def _pay(self) -> None:
        while self._owed:
            exchange_id, body = self._owed.popleft()
            try:
                await self._append(Kind.OUTCOME, exchange_id, body, ())
            except AuditUnavailable:
                self._owed.appendleft((exchange_id, body))
                return
            log.info("outcome recorded late", exchange=exchange_id)

    async def refusal(self, request: Request, refused: PrivetError) -> None:
        """Put on record that an understood request wasn't forwarded, and which rule said so.

        A refusal stands even if it can't be recorded: nothing left either way.
        """
        body = request.body() | {
            "status": refused.status,
            "code": refused.code,
            "rule": refused.rule or "",
            "candidates": [{"provider": e.provider, "model": e.model} for e in request.candidates],
        }
        try:
            await self._append(Kind.REFUSAL, request.exchange.id, body, ())
        except AuditUnavailable:
            log.error("refusal not recorded", exchange=request.exchange.id, code=refused.code)

    async def knowledge_changed(
        self, digest: bytes, entities: Collection[str], *, accepted: bool
    ) -> None:
        """Put on record what the customer's knowledge is from now on, or that a change was refused.

        Raises:
            AuditUnavailable: it can't be made durable.
        """
        knowledge = {"digest": digest.hex(), "entities": sorted(entities)}
        body = {"knowledge": knowledge, "accepted": accepted}
        await self._append(Kind.POLICY_CHANGE, "", body, ())

    async def access(self, access: Access, refused: PrivetError | None = None) -> None:
        """Put on record what a caller does with what it has stored, or why it may not.

        Raises:
            AuditUnavailable: it can't be made durable, so it isn't done. A refusal stands even so.
        """
        body = {
            **whom(access.principal),
            "action": access.action,
            "stored": access.entry_id,
            "status": "refused" if refused else "asked",
            "code": refused.code if refused else "",
        }
        try:
            await self._append(Kind.ACCESS, access.id, body, ())
        except AuditUnavailable:
            if refused is None:
                raise
            log.error("refusal not recorded", exchange=access.id, code=refused.code)

    async def policy_changed(
        self, name: str, digest: str, *, accepted: bool, waivers: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Put on record that a policy was loaded, or refused and the last good one kept.

        `waivers` says which exceptions the policy in force has, and who approved them.
        """
        body = {
            "policy": {"name": name, "digest": digest},
            "accepted": accepted,
            "waivers": [dict(waiver) for waiver in waivers],
        }
        await self._append(Kind.POLICY_CHANGE, "", body, ())

    async def worker_replaced(self, ended: str) -> None:
        """Put on record that the process which wrote this log before ended by itself, and how."""
        await self._append(Kind.RECOVERY, "", {"worker": {"ended": ended}}, ())

    @property
    def backlog(self) -> Backlog:
        """What isn't safe yet."""
        return Backlog(self._log.waiting, self._log.lag_s, self._log.unprotected)

    async def probe(self) -> None:
        """See that the disk takes what a record needs, and that required sinks have checkpoints.

        Raises AuditUnavailable.
        """
        self._see_that_it_is_kept()
        try:
            await self._log.probe()
        except DiskStalled:
            raise AuditUnavailable("The audit disk doesn't answer.") from None
        except AuditError:
            raise AuditUnavailable("The audit disk takes no records.") from None

    async def close(self) -> None:
        """Wait for what is under way, then close the log with a final checkpoint."""
        await self.settled()
        await self._pay()
        await self._log.close()

    def _see_that_it_is_kept(self) -> None:
        if self._lacking():
            raise AuditUnavailable(
                "The audit log's checkpoints aren't kept elsewhere just now.",
                hint="The operator has to look at the sinks of the audit log.",
            )

    def _kept(self, verdict: Verdict) -> Keep:
        """What is kept of the texts of one attempt."""
        return verdict.terms.kept(self._keep)

    def _today(self) -> int:
        return self._now() // _DAY

    def _same_again(self, before: Filed, keep: Keep) -> bool:
        """Whether a record that is made now may name the contents of an earlier one."""
        lives = not self._retention or before.day == self._today()
        return lives and before.keep == keep and self._log.holds(before.contents)

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

    async def _append(
        self,
        kind: Kind,
        exchange_id: str,
        body: Mapping[str, Any],
        contents: Sequence[Content],
        kept: Kept | None = None,
    ) -> Receipt:
        try:
            return await self._log.append(kind, exchange_id, body, contents, kept)
        except AuditError as error:
            log.error("audit record not written", problem=str(error))
            raise AuditUnavailable(
                "The audit record can't be written, so nothing is forwarded.",
                hint="The operator has to look at the audit disk.",
            ) from None
