"""Steps 11 and 12 of the journey: the answer restored and handed on, the outcome on record.

Invariants: every attempt gets its outcome: a whole answer goes ahead of it, so that nobody waits
for a disk once the answer is there; a stream ends cleanly whatever happens on either side, its
upstream is closed at once when the client leaves, and then its outcome is written.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace

from proxy.errors import ProviderFailed
from proxy.providers import Reply
from proxy.providers.http import MAX_ANSWER_BYTES
from proxy.recording import PART_BYTES
from proxy.records.recorded import Outcome
from proxy.steps.conversations import remember
from proxy.steps.inspecting import Inspector, Listening
from proxy.steps.journey import Answer, Attempt, Services, as_failure, ended_by
from proxy.wire import Dialect
from proxy.wire.restoring import Asked, Restored, Restoring, Streaming
from proxy.wire.translation import Translating


async def deliver(attempt: Attempt, reply: Reply, dialect: Dialect, services: Services) -> Answer:
    """Restore what the provider answers.

    Raises:
        PrivetError: it isn't an answer of this dialect, broke off, or can't be recorded.
    """
    headers = reply.headers | _headers(attempt)
    if attempt.request.exchange.stream and reply.is_event_stream and dialect.stream is not None:
        stream = _stream(attempt, reply, _streaming(attempt, dialect.stream, services), services)
        # Run to its first, empty chunk: only a generator that began has an end to clean up.
        await anext(stream)
        return Answer(headers | _noted(*_notes(attempt)), stream)
    restored = await _whole(attempt, reply, dialect, services)
    return Answer(headers | _noted(*_notes(attempt), *restored.notes), restored.body)


async def _whole(attempt: Attempt, reply: Reply, dialect: Dialect, services: Services) -> Restored:
    outcome = Outcome(http_status=reply.status)
    received = bytearray()  # as far as it came, an answer that breaks off is on record too
    try:
        async for chunk in reply.chunks():
            outcome.received += len(chunk)
            if outcome.received > MAX_ANSWER_BYTES:
                received.clear()  # no record could hold it
                raise ProviderFailed("The provider's answer is too large.")
            received += chunk
        answer = bytes(received)
        if attempt.translation is not None:
            answer = attempt.translation.put_back(answer, int(services.now().timestamp()))
        restorer: Restoring = attempt.restorer
        if attempt.verdict.terms.inspects:
            inspector = _inspector(attempt, services)
            outcome.produced = inspector.found
            await inspector.judge_whole(answer, dialect, attempt.asked)
            restorer = inspector.restorer
        started = time.perf_counter()
        restored = dialect.restore(answer, restorer, attempt.asked)
        services.times.took("step", "restore", time.perf_counter() - started)
        await remember(attempt, services)
        outcome.status, outcome.delivered = "delivered", len(restored.body)
    except Exception as error:  # noqa: BLE001 — whatever it is, it is the attempt's outcome
        failed = as_failure(error)
        outcome.status, outcome.code = "failed", failed.code
        raise failed from None
    finally:
        reply.close()
        if outcome.status != "delivered":
            await attempt.record(outcome, bytes(received), services)
    attempt.record_behind(outcome, bytes(received), services)
    return restored


async def _stream(
    attempt: Attempt, reply: Reply, streaming: Streaming, services: Services
) -> AsyncGenerator[bytes, None]:
    """The restored events as they come; what is handed on counts as delivered."""
    exchange = attempt.request.exchange
    outcome = Outcome(http_status=reply.status)
    listening, restorer, asked = _listening(attempt, streaming, services, outcome)
    restoring = streaming(restorer, asked)
    unsealed = bytearray()
    parts, restore_s = 0, 0.0
    try:
        yield b""
        async for chunk in reply.chunks():
            outcome.received += len(chunk)
            unsealed += chunk
            while len(unsealed) >= PART_BYTES:
                piece = bytes(unsealed[:PART_BYTES])
                await services.recorder.part(
                    attempt.request, attempt.verdict, attempt.number, parts, piece
                )
                del unsealed[:PART_BYTES]
                parts += 1
            if listening:
                await listening.feed(chunk)
            started = time.perf_counter()
            restored = restoring.feed(chunk)
            restore_s += time.perf_counter() - started
            await remember(attempt, services)  # before the caller can go on from it
            if restored:
                outcome.delivered += len(restored)
                yield restored
        if listening:
            await listening.close()
        tail = restoring.close()
        outcome.status = "failed" if restoring.failed else "delivered"
        outcome.code = "provider_failed" if restoring.failed else ""
        outcome.delivered += len(tail)
        yield tail
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 — the stream ends cleanly
        failed = ended_by(error, services)
        outcome.status, outcome.code = "failed", failed.code
        last = restoring.fail(failed, exchange.id)
        outcome.delivered += len(last)
        yield last
    finally:
        reply.close()
        services.times.took("step", "restore", restore_s)
        # By itself: a client that leaves now mustn't take along what a hung disk may still refuse.
        attempt.record_behind(outcome, bytes(unsealed), services)


def _streaming(attempt: Attempt, streaming: Streaming, services: Services) -> Streaming:
    """The caller's dialect, read from what the provider speaks."""
    translation, now = attempt.translation, int(services.now().timestamp())
    if translation is None:
        return streaming
    return lambda restorer, asked: Translating(
        translation.stream(attempt.body, now), streaming(restorer, asked)
    )


def _listening(
    attempt: Attempt, streaming: Streaming, services: Services, outcome: Outcome
) -> tuple[Listening | None, Restoring, Asked]:
    """Where policy asks for it, what listens to a stream first; what restores it, and how."""
    if not attempt.verdict.terms.inspects:
        return None, attempt.restorer, attempt.asked
    # Log-probabilities of a stream would spell what is masked later.
    asked = replace(attempt.asked, drop_logprobs=True)
    inspector = _inspector(attempt, services)
    outcome.produced = inspector.found
    return inspector.listen(streaming, asked), inspector.restorer, asked


def _inspector(attempt: Attempt, services: Services) -> Inspector:
    """What judges the answer of an attempt."""
    request = attempt.request
    return Inspector(
        services.detector,
        request.principal,
        attempt.verdict.terms,
        (*(part.text for part in request.exchange.parts), *attempt.masked.mapping.surrogates),
        attempt.restorer,
    )


def _headers(attempt: Attempt) -> dict[str, str]:
    """What the caller learns about its request besides the answer."""
    endpoint = attempt.verdict.endpoint
    request = attempt.request
    return {
        "x-privet-provider": endpoint.provider,
        "x-privet-model": endpoint.model,
        "x-privet-policy": f"{request.policy_name}@{request.policy_digest[:12]}",
        **({} if request.enforced else {"x-privet-shadow": "policy-not-enforced"}),
    }


def _notes(attempt: Attempt) -> Iterator[str]:
    """What was changed in the request or its answer besides the values."""
    yield from attempt.notes
    if attempt.asked.relaxed:
        yield "schema-relaxed"
    if attempt.masked.edits and attempt.request.exchange.tree.get("logprobs"):
        yield "logprobs-dropped"


def _noted(*notes: str) -> dict[str, str]:
    return {"x-privet-notes": ", ".join(notes)} if notes else {}
