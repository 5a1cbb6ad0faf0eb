"""The journey of a request, in the order of its steps (DESIGN section 2).

`serve` is the story. Everything it calls is a stage: a function from the values of one step to
those of the next. Nothing is forwarded before its intent is durable, and every way out of here is
an answer, a clean end of stream, or a `PrivetError`, with a record of each.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
import structlog

from proxy.detect.detector import Detector
from proxy.detect.sweep import sweep
from proxy.errors import (
    AuditUnavailable,
    GuardHit,
    PolicyRefused,
    PrivetError,
    ProviderCredentials,
    ProviderFailed,
    ProviderRefused,
    ProviderTimeout,
)
from proxy.exchange import Channel, Exchange, Facts, Finding, Path, Principal, Verdict
from proxy.identity import Identify
from proxy.logs import describe_exception
from proxy.mask.guard import check
from proxy.mask.masking import Masked, Numbering, number
from proxy.mask.restore import Restorer
from proxy.matching import Lexicon
from proxy.policy.compiled import Policy
from proxy.policy.decide import decide
from proxy.policy.watch import PolicyStore
from proxy.providers import OpenAICompatible, Reply
from proxy.recording import PART_BYTES, Outcome, Recorder, Request
from proxy.routing import Catalogue, Health
from proxy.wire import Dialect

log = structlog.get_logger(__name__)

Provider = OpenAICompatible


@dataclass(frozen=True, slots=True)
class Services:
    """What the stages need; built once, by services.py.

    Attributes:
        lexicon: the everyday words that the sweep and the guard are careful with.
        secret: key of keyed hashes that leave this process (`hash` actions, end-user ids).
    """

    identify: Identify
    policies: PolicyStore
    detector: Detector
    catalogue: Catalogue
    providers: Mapping[str, Provider]
    health: Health
    recorder: Recorder
    secret: bytes
    lexicon: Lexicon
    today: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Call:
    """Step 1's result: a request as it came in, its size and time within the limits."""

    exchange_id: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets: a whole body, or chunks of a stream that must be closed."""

    headers: Mapping[str, str]
    body: bytes | AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One endpoint's turn: what it was sent, under which verdict, and how to restore its answer."""

    request: Request
    verdict: Verdict
    number: int
    masked: Masked
    restorer: Restorer


async def serve(call: Call, dialect: Dialect, services: Services) -> Answer:
    """One request's journey.

    Raises:
        PrivetError: it was refused or failed; its record is written.
    """
    # 1. receive: server.py took the bytes.
    # 2. identify
    principal = services.identify(call.headers)
    # 3. parse
    exchange = dialect.parse(call.body, call.exchange_id)
    policy = services.policies.current
    request = Request(exchange, principal, policy.name, policy.digest)
    async with _refusal_on_record(lambda: request, services):
        candidates = services.catalogue.endpoints(exchange.model)
        # 4. detect
        found = await services.detector.detect(principal.tenant, exchange.parts)
        accepted = [policy.accept(part) for part in found]
        findings = sweep(exchange.parts, accepted, services.lexicon)
        # 5. classify
        facts = _facts(exchange, findings)
        request = _classified(request, policy, facts, findings)
        # 6. decide
        day = services.today().date()
        verdicts = [decide(policy, facts, principal, endpoint, day) for endpoint in candidates]
        # 7. route
        ranked = services.health.rank(verdicts, time.monotonic())
        if not ranked:
            raise _refusal(verdicts)
        numbering = number(exchange.parts, findings)
    failure: PrivetError | None = None
    for attempt_number, verdict in enumerate(ranked, start=1):
        async with _refusal_on_record(lambda: request, services):
            # 8. mask
            attempt, body = _mask(request, verdict, attempt_number, numbering, dialect, services)
        # 9. record intent
        await services.recorder.intent(request, verdict, attempt_number, body, attempt.masked.texts)
        # 10. forward
        try:
            reply = await _forward(attempt, body, dialect, services)
        except PrivetError as failed:
            failure = failed
            if _may_fall_back(failed):
                continue
            raise
        # 11. restore, 12. record outcome
        return await _deliver(attempt, reply, dialect, services)
    raise failure or PolicyRefused("No provider may receive this request.")


@asynccontextmanager
async def _refusal_on_record(
    request: Callable[[], Request], services: Services
) -> AsyncGenerator[None, None]:
    """Whatever ends a request in here, nothing was forwarded, and the record says so."""
    try:
        yield
    except Exception as error:
        refused = error if isinstance(error, PrivetError) else _defect(error)
        await services.recorder.settle(services.recorder.refusal(request(), refused))
        raise refused from None


def _defect(error: Exception) -> PrivetError:
    """What is said of an exception that nobody foresaw: where it was, and no word of its text."""
    log.error("internal error", **describe_exception(error))
    return PrivetError("Privet failed.", hint="Report this with the request id.")


def models(headers: Mapping[str, str], services: Services) -> Answer:
    """The models that the caller may use when a request holds nothing to hide.

    Source: OpenAI API reference, "List models". Raises Unauthenticated.
    """
    principal = services.identify(headers)
    policy, day = services.policies.current, services.today().date()
    usable = [
        {"id": name, "object": "model", "created": 0, "owned_by": "privet"}
        for name, endpoints in services.catalogue.models.items()
        if any(decide(policy, Facts(), principal, each, day).allowed for each in endpoints)
    ]
    return Answer({}, orjson.dumps({"object": "list", "data": usable}))


def _facts(exchange: Exchange, findings: Sequence[Sequence[Finding]]) -> Facts:
    return Facts(
        entities=frozenset(finding.entity for part in findings for finding in part),
        opaque=frozenset(part.kind for part in exchange.opaque),
    )


def _classified(
    request: Request, policy: Policy, facts: Facts, findings: Sequence[Sequence[Finding]]
) -> Request:
    counts = Counter(finding.entity for part in findings for finding in part)
    return Request(
        request.exchange,
        request.principal,
        policy.name,
        policy.digest,
        policy.classify(facts),
        counts,
    )


def _refusal(verdicts: Sequence[Verdict]) -> PolicyRefused:
    """The refusal that the caller reads: the preferred endpoint's, since that is what was asked."""
    first = verdicts[0]
    return PolicyRefused(
        first.message or "Policy lets no provider of this model receive this request.",
        hint=first.hint,
        rule=first.rules[0] if first.rules else None,
    )


def _mask(
    request: Request,
    verdict: Verdict,
    attempt_number: int,
    numbering: Numbering,
    dialect: Dialect,
    services: Services,
) -> tuple[Attempt, bytes]:
    """Rewrite the parts for one endpoint, and check that nothing hidden is left."""
    exchange = request.exchange
    masked = numbering.render(verdict.treatment, services.secret)
    edits: dict[Path, str] = dict(masked.edits)
    for path in exchange.pseudonyms:
        edits[path] = _pseudonym(exchange, path, request.principal, services.secret)
    body = dialect.write(exchange, edits, verdict.endpoint.model)
    try:
        check(masked, services.lexicon)
    except GuardHit:
        log.critical("egress guard hit", exchange=exchange.id, provider=verdict.endpoint.provider)
        raise
    restorer = Restorer(masked.mapping, exchange.parts)
    return Attempt(request, verdict, attempt_number, masked, restorer), body


def _pseudonym(exchange: Exchange, path: Path, principal: Principal, secret: bytes) -> str:
    """An end user's id as providers see it: the same for the same user, and no more than that."""
    value = exchange.tree
    for step in path:
        value = value[step]
    message = f"{principal.tenant}\x1f{value}".encode()
    return "user-" + hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]


async def _forward(
    attempt: Attempt, body: bytes, dialect: Dialect, services: Services
) -> Reply:
    """Send the body; whatever goes wrong, the attempt's outcome is on record."""
    name = attempt.verdict.endpoint.provider
    outcome = Outcome()
    try:
        reply = await services.providers[name].send(dialect.upstream_path, body)
    except PrivetError as failed:
        outcome.status, outcome.http_status, outcome.code = "failed", failed.status, failed.code
        services.health.failed(name, time.monotonic())
        if isinstance(failed, ProviderRefused):
            failed.message = attempt.restorer.text(failed.message, Channel.TEXT)
        await _record(attempt, outcome, b"", services)
        raise
    except asyncio.CancelledError:
        await _record(attempt, outcome, b"", services)
        raise
    services.health.answered(name)
    return reply


def _may_fall_back(failed: PrivetError) -> bool:
    """Whether another endpoint may be asked: this one didn't answer, rather than say no."""
    if isinstance(failed, ProviderRefused):
        return failed.status == 429 or failed.status >= 500
    return isinstance(failed, ProviderFailed | ProviderTimeout | ProviderCredentials)


async def _deliver(attempt: Attempt, reply: Reply, dialect: Dialect, services: Services) -> Answer:
    """Restore what the provider answers and hand it on."""
    exchange = attempt.request.exchange
    headers = reply.headers | _headers(attempt, dialect)
    if exchange.stream and reply.is_event_stream:
        return Answer(headers, _stream(attempt, reply, dialect, services))
    outcome = Outcome(http_status=reply.status)
    received = b""
    try:
        received = await reply.read()
        outcome.received = len(received)
        restored = dialect.restore(received, attempt.restorer, json_answer=exchange.json_answer)
        outcome.status, outcome.delivered = "delivered", len(restored)
    except Exception as error:
        failed = error if isinstance(error, PrivetError) else _defect(error)
        outcome.status, outcome.code = "failed", failed.code
        raise failed from None
    finally:
        reply.close()
        await _record(attempt, outcome, received, services)
    return Answer(headers, restored)


async def _stream(
    attempt: Attempt, reply: Reply, dialect: Dialect, services: Services
) -> AsyncGenerator[bytes, None]:
    """The restored events as they come; ends cleanly whatever happens, and on record."""
    exchange = attempt.request.exchange
    restoring = dialect.stream(
        attempt.restorer,
        json_answer=exchange.json_answer,
        drop_logprobs=bool(attempt.masked.edits),
    )
    outcome = Outcome(http_status=reply.status)
    unsealed = bytearray()
    parts = 0
    try:
        async for chunk in reply.chunks():
            outcome.received += len(chunk)
            unsealed += chunk
            while len(unsealed) >= PART_BYTES:
                piece = bytes(unsealed[:PART_BYTES])
                await services.recorder.part(attempt.request, attempt.number, parts, piece)
                del unsealed[:PART_BYTES]
                parts += 1
            restored = restoring.feed(chunk)
            if restored:
                yield restored
                outcome.delivered += len(restored)
        tail = restoring.close()
        outcome.status = "failed" if restoring.failed else "delivered"
        if tail:
            yield tail
            outcome.delivered += len(tail)
    except Exception as error:  # noqa: BLE001 — whatever it is, the stream ends cleanly
        failed = error if isinstance(error, PrivetError) else _defect(error)
        outcome.status, outcome.code = "failed", failed.code
        yield restoring.fail(failed, exchange.id)
    finally:
        reply.close()
        try:
            await _record(attempt, outcome, bytes(unsealed), services)
        except AuditUnavailable:
            # What was delivered can't be called back; a restart turns the intent into `unknown`.
            log.error("outcome not recorded", exchange=exchange.id)


async def _record(
    attempt: Attempt, outcome: Outcome, received: bytes, services: Services
) -> None:
    """Write the outcome, shielded from the client's leaving."""
    recorder = services.recorder
    await recorder.settle(
        recorder.outcome(attempt.request, attempt.verdict, attempt.number, outcome, received)
    )


def _headers(attempt: Attempt, dialect: Dialect) -> dict[str, str]:
    """What the caller learns about its request besides the answer."""
    endpoint = attempt.verdict.endpoint
    request = attempt.request
    headers = {
        "x-privet-provider": endpoint.provider,
        "x-privet-model": endpoint.model,
        "x-privet-policy": f"{request.policy_name}@{request.policy_digest[:12]}",
    }
    notes = []
    if attempt.masked.edits and dialect.relaxed(request.exchange):
        notes.append("schema-relaxed")
    if attempt.masked.edits and request.exchange.tree.get("logprobs"):
        notes.append("logprobs-dropped")
    return headers | ({"x-privet-notes": ", ".join(notes)} if notes else {})
