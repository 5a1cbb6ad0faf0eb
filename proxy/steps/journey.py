"""What a request's journey is made with: the services that its steps use, and what passes along it.

Above exchange.py, since these hold parts of the stages themselves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog

from proxy.detect.detector import Detector
from proxy.errors import AuditUnavailable, PrivetError, ShuttingDown
from proxy.exchange import Verdict
from proxy.identity import Callers, Identify
from proxy.logs import describe_exception
from proxy.mask.masked import Masked
from proxy.mask.restorer import Restorer
from proxy.metrics import Clock, Counts, Times, count_attempt
from proxy.policy.watch import PolicyStore
from proxy.providers import Provider
from proxy.recording import Recorder
from proxy.records.elsewhere import Elsewhere
from proxy.records.recorded import Outcome, Request
from proxy.routing import Catalogue, Health
from proxy.spelling import Lexicon
from proxy.steps.memory import Memory
from proxy.steps.seals import Seals, Shown
from proxy.vault import Vault
from proxy.wire.restoring import Asked
from proxy.wire.translation import Translation

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What the steps need; built once, by services.py.

    Attributes:
        callers: whom `identify` knows, unless it takes anyone.
        vault: what callers have stored.
        candidates: the store of a candidate policy, decided beside the one in force.
        reload_asked: set by whoever wants the policies looked at now.
        counts, times: how often what happened, and how long it took, for metrics.
        lexicon: the words that the sweep and the guard are careful with.
        memory: what became of conversations, for their next turns.
        secret: key of keyed hashes that leave this process (`hash` actions, end-user ids).
        elsewhere: the sinks that keep checkpoints.
        seals: what the producers of signed content were shown.
        now: the time that waivers count by.
        draining: set when no further requests are taken.
        stopping: set when the grace for those under way is over.
    """

    identify: Identify
    callers: Callers | None
    policies: PolicyStore
    candidates: PolicyStore | None
    reload_asked: asyncio.Event
    counts: Counts
    times: Times
    detector: Detector
    catalogue: Catalogue
    providers: Mapping[str, Provider]
    health: Health
    recorder: Recorder
    elsewhere: Elsewhere
    secret: bytes
    lexicon: Lexicon
    vault: Vault
    memory: Memory
    seals: Seals
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Call:
    """Step 1's result: a request as it came in, its size and time within the limits."""

    exchange_id: str
    headers: Mapping[str, str]
    body: bytes
    certificate: bytes | None = None
    clock: Clock = field(default_factory=Clock)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One endpoint's turn: what it is sent, under which verdict, and how its answer is restored.

    Attributes:
        number: which attempt of its request it is, from 1.
        masked, restorer: the parts as the endpoint sees them, and what puts their values back.
        body: what is sent, written in the dialect `spoken`.
        digest: its SHA-256.
        asked: what the answer has to be.
        headers: what of the caller's header goes along.
        translation: how the answer comes back into the caller's dialect, if it isn't `spoken`.
        notes: what was left out of the request; the caller reads it in a header.
        told: the answers that it told of and that aren't stored yet.
        sealed: the signed content that it told of and that isn't remembered yet.
        shown: what its endpoint is shown.
    """

    request: Request
    verdict: Verdict
    number: int
    masked: Masked
    restorer: Restorer
    body: bytes
    digest: bytes
    asked: Asked
    told: list[dict[str, Any]]
    sealed: list[str]
    shown: Shown
    spoken: str
    headers: Mapping[str, str]
    translation: Translation | None
    notes: tuple[str, ...]

    async def record(self, outcome: Outcome, received: bytes, services: Services) -> None:
        """Put on record how it ended, and wait; who stops waiting doesn't stop the writing.

        Raises:
            AuditUnavailable: it can't be made durable yet.
        """
        writing = self._recorded(outcome, received, services, urgent=True)
        await asyncio.shield(services.recorder.follow(writing))

    def record_behind(self, outcome: Outcome, received: bytes, services: Services) -> None:
        """Put on record how it ended; what was handed on can't be called back without a record."""
        services.recorder.follow(self._recorded(outcome, received, services, urgent=False))

    async def _recorded(
        self, outcome: Outcome, received: bytes, services: Services, *, urgent: bool
    ) -> None:
        request, verdict, usage = self.request, self.verdict, self.asked.usage
        if outcome.status == "client_left" and services.stopping.is_set():
            outcome.status, outcome.code = "failed", ShuttingDown.code
        models, secret = services.catalogue.models, services.secret
        count_attempt(services.counts, request, verdict, outcome, usage, models, secret)
        started, recorder = time.perf_counter(), services.recorder
        try:
            await recorder.outcome(request, verdict, self.number, outcome, received, urgent=urgent)
        except AuditUnavailable:
            recorder.owe(request, verdict, self.number, outcome)
            log.error("outcome not recorded yet", exchange=request.exchange.id)
            raise
        services.times.took("step", "record outcome", time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets: a whole body, or chunks of a stream that must be closed."""

    headers: Mapping[str, str]
    body: bytes | AsyncGenerator[bytes, None]


def ended_by(error: BaseException, services: Services) -> PrivetError:
    """What is said of what ended a request; a client that left is told nothing.

    Raises:
        CancelledError: it left.
    """
    if isinstance(error, Exception):
        return as_failure(error)
    if not services.stopping.is_set():
        raise error
    return ShuttingDown()


def as_failure(error: Exception) -> PrivetError:
    """What is said of an exception: of one that nobody foresaw, no word of its text."""
    if isinstance(error, PrivetError):
        return error
    log.error("internal error", **describe_exception(error))
    return PrivetError("Privet failed.", hint="Report this with the request id.")
