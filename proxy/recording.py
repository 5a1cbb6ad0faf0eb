"""What the audit log is told of an exchange: an intent, perhaps parts, an outcome; or a refusal.
Of stored responses: who asked for them afterwards.

records/ has what they say (recorded.py), and what they hold of the texts (keeping.py).

Invariants: `intent` returns only when its record is durable; a record is sealed and queued before
anything is awaited, so it is written even if the client leaves meanwhile; an outcome that finds the
disk full is written when there is room, or the next start closes its intent as `unknown`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from audit.errors import AuditError, DiskStalled
from audit.log import AuditLog
from audit.record import Content, Kept, Kind, Receipt
from proxy.errors import AuditUnavailable, PrivetError
from proxy.exchange import Verdict
from proxy.ladder import spell
from proxy.logs import describe_exception
from proxy.records.keeping import Filed, Keeping
from proxy.records.recorded import (
    Access,
    Outcome,
    Request,
    agreed,
    ended,
    endpoint_of,
    whom,
)

#: A streamed answer is sealed in pieces of at most this size, so memory stays bounded.
PART_BYTES = 64 * 1024
#: How many outcomes are kept for a disk that has room again, and how often that is tried.
_MOST_OWED = 10_000
_AGAIN_S = 1.0

log = structlog.get_logger(__name__)


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
        keeping: what of the texts is kept.
        lacking: names a required sink that hasn't got the newest checkpoint, if there is one.
    """

    def __init__(
        self,
        audit_log: AuditLog,
        keeping: Keeping,
        lacking: Callable[[], str] = str,
    ) -> None:
        self._log = audit_log
        self._keeping = keeping
        self._lacking = lacking
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
        body = request.body() | {
            "attempt": attempt,
            "endpoint": endpoint_of(verdict),
            "rules": list(verdict.rules),
            "treatment": {entity: spell(action) for entity, action in verdict.treatment.items()},
            "sent": {"bytes": size, "sha256": digest.hex()},
            "indexed": self._keeping.index,
            **agreed(verdict.terms),
        }
        contents, named, filed = self._keeping.of_intent(request, verdict, masked, values, before)
        receipt = await self._append(Kind.INTENT, request.exchange.id, body, contents, named)
        return filed(receipt.kept)

    async def part(
        self, request: Request, verdict: Verdict, attempt: int, number: int, received: bytes
    ) -> None:
        """Seal a piece of a streaming answer; raises AuditUnavailable."""
        contents = self._keeping.of_answer(f"received/{number}", received, request, verdict)
        if contents:
            await self._append(Kind.PART, request.exchange.id, {"attempt": attempt}, contents)

    async def outcome(
        self,
        request: Request,
        verdict: Verdict,
        attempt: int,
        outcome: Outcome,
        received: bytes,
        *,
        urgent: bool,
    ) -> None:
        """Put on record how an attempt ended.

        Args:
            received: what no part holds yet.
            urgent: whether a caller waits for it.

        Raises:
            AuditUnavailable: it can't be made durable.
        """
        body = ended(verdict, attempt, outcome)
        contents = self._keeping.of_answer("received", received, request, verdict)
        await self._append(Kind.OUTCOME, request.exchange.id, body, contents, urgent=urgent)

    def follow(self, recording: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Write an outcome in a task of its own: whatever becomes of its request, it is written.

        Whoever waits for it shields it, or cancelling the request would cancel it too.
        """
        task = asyncio.create_task(recording)
        self._behind.add(task)
        task.add_done_callback(self._followed)
        return task

    async def settled(self) -> None:
        """Wait for the outcomes that are being written."""
        await asyncio.gather(*self._behind, return_exceptions=True)

    def _followed(self, task: asyncio.Task[None]) -> None:
        self._behind.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, AuditUnavailable):
            log.error("outcome not recorded", **describe_exception(error))

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

    async def _append(
        self,
        kind: Kind,
        exchange_id: str,
        body: Mapping[str, Any],
        contents: Sequence[Content],
        kept: Kept | None = None,
        *,
        urgent: bool = True,
    ) -> Receipt:
        try:
            return await self._log.append(kind, exchange_id, body, contents, kept, urgent=urgent)
        except AuditError as error:
            log.error("audit record not written", problem=str(error))
            raise AuditUnavailable(
                "The audit record can't be written, so nothing is forwarded.",
                hint="The operator has to look at the audit disk.",
            ) from None
