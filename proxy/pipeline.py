"""The journey of a request, in the order of its steps (DESIGN section 2).

`serve` is the story. Everything it calls is a stage: a function from the values of one step to
those of the next. Nothing is forwarded before its intent is durable, and every way out of here is
an answer, a clean end of stream, or a `PrivetError`, with a record of each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import structlog

from proxy.detect.allowing import same_marks
from proxy.detect.sweep import Swept, sweep
from proxy.errors import (
    PolicyRefused,
    PrivetError,
    ProviderCredentials,
    ProviderFailed,
    ProviderRefused,
    ProviderTimeout,
)
from proxy.exchange import Channel, Endpoint, Exchange, Facts, Principal, Verdict
from proxy.identity.labels import declared
from proxy.mask.masking import number
from proxy.metrics import count_refusal
from proxy.policy.compiled import Policy
from proxy.policy.decide import decide
from proxy.providers import Provider, Reply
from proxy.records.recorded import Outcome, Request
from proxy.spelling import Lexicon
from proxy.steps import signed
from proxy.steps.conversations import complete
from proxy.steps.delivery import deliver
from proxy.steps.departure import Prepared, prepare
from proxy.steps.facts import Occasion, accept, gather
from proxy.steps.journey import Answer, Attempt, Call, Services, as_failure, ended_by
from proxy.steps.memory import Memory
from proxy.steps.shadowing import shadowed
from proxy.wire import DIALECTS, Dialect

T = TypeVar("T")

#: From here on the stages that grow with the text take milliseconds.
LONG_BODY_BYTES = 64 * 1024

log = structlog.get_logger(__name__)


async def serve(  # noqa: PLR0915 — the story is told in one piece
    call: Call, dialect: Dialect, services: Services
) -> Answer:
    """One request's journey.

    Raises:
        PrivetError: it was refused or failed; its record is written.
    """
    # 1. receive: server.py took the bytes.
    # 2. identify
    principal = services.identify(call.headers, call.certificate)
    lap = call.clock.lap
    lap("identify")
    # 3. parse
    exchange = dialect.parse(call.body, call.exchange_id)
    policy = services.policies.current
    request = Request(exchange, principal, policy.name, policy.digest)
    async with _refusal_on_record(request, services):
        exchange = await complete(exchange, principal, services)
        request.exchange = exchange
        labels = declared(call.headers, policy.labels)
        request.candidates = candidates = services.catalogue.endpoints(exchange.model)
        lap("parse")
        # 4. detect
        parts = exchange.parts
        under = (policy.digest, services.detector.digest, exchange.scope.value)
        turn = services.memory.turn(principal, under, parts)
        known = turn.before.findings
        coverage, done = services.detector.coverage(parts), len(known)
        found = await services.detector.detect(principal.tenant, parts[done:], coverage[done:])
        accepted = accept(policy, coverage[done:], found)
        lexicon = services.lexicon.for_request()
        swept = await _aside(exchange, lambda: sweep(parts, accepted, lexicon, known))
        inspected = await _with_signed(exchange, swept, policy, principal, lexicon, services)
        findings = services.detector.knowledge.allow.mark(parts, inspected.findings)
        if inspected.planted or not (findings is known or same_marks(known, findings)):
            turn = Memory().turn(principal, (), ())  # earlier turns knew nothing of these
        lap("detect")
        # 5. classify
        now = services.now()
        occasion = Occasion(exchange, principal, labels, now, coverage)
        facts = gather(policy, occasion, findings)
        request.classified(policy.classify(facts), facts, findings)
        lap("classify")

        # 6. decide
        def judge(endpoint: Endpoint, facts: Facts) -> Verdict:
            return decide(policy, facts, principal, endpoint, now.date())

        verdicts = [
            signed.decide_with(
                partial(judge, endpoint),
                facts,
                inspected.held,
                endpoint,
                partial(_reads, services.providers, exchange.dialect, endpoint.provider),
            )
            for endpoint in candidates
        ]
        if policy.shadowed or policy.shadow or services.candidates:
            verdicts = await shadowed(request, policy, occasion, findings, verdicts, services)
        lap("decide")
        # 7. route
        ranked = services.health.rank(verdicts, time.monotonic())
        if not ranked:
            raise _refusal(verdicts)
        lap("route")
        numbering = await _aside(exchange, lambda: number(parts, findings, turn.before, lexicon))
        turn.numbered(numbering.numbered)
        prepared = Prepared(dialect, turn, numbering, inspected, lexicon)
    for attempt_number, verdict in enumerate(ranked, start=1):
        # 8. mask
        async with _refusal_on_record(request, services):
            attempt = await _aside(
                exchange,
                partial(
                    prepare, request, verdict, attempt_number, prepared, call.headers, services
                ),
            )
        lap("mask")
        async with _departure_on_record(attempt, services):
            # 9. record intent
            filed = await services.recorder.intent(
                request,
                verdict,
                attempt_number,
                size=len(attempt.body),
                digest=attempt.digest,
                masked=attempt.masked.texts,
                before=turn.filed(verdict.treatment, attempt.masked.plan),
                values=numbering.spellings,
            )
            if attempt.masked.settled:
                turn.file(verdict.treatment, filed)
            lap("record intent")
            # 10. forward
            try:
                reply = await _forward(attempt, services)
            finally:
                lap("forward")
        if isinstance(reply, PrivetError):
            outcome = Outcome(status="failed", http_status=reply.status, code=reply.code)
            await attempt.record(outcome, b"", services)
            if _may_fall_back(reply) and attempt_number < len(ranked):
                continue
            raise reply
        # 11. restore, 12. record outcome
        return await deliver(attempt, reply, dialect, services)
    raise AssertionError("the last attempt returns or raises")


async def models(principal: Principal, services: Services) -> list[str]:
    """The models that the caller may use when a request holds nothing to hide.

    Raises:
        ProviderFailed and its like: the provider that takes any name can't be asked.
    """
    policy, now = services.policies.current, services.now()
    facts = [Facts(dialect=dialect.name, at=now.time()) for dialect in DIALECTS]
    names = list(services.catalogue.models)
    if services.catalogue.any_model is not None:
        names += await services.providers[services.catalogue.any_model].models()
    return [
        name
        for name in dict.fromkeys(names)
        if any(
            decide(policy, fact, principal, each, now.date()).allowed
            for each in services.catalogue.endpoints(name)
            for fact in facts
        )
    ]


@asynccontextmanager
async def _refusal_on_record(request: Request, services: Services) -> AsyncGenerator[None, None]:
    """Whatever ends a request in here, nothing was forwarded, and the record says so."""
    try:
        yield
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 — a refusal, on record
        refused = ended_by(error, services)
        count_refusal(services.counts, request, refused)
        await services.recorder.refusal(request, refused)
        raise refused from None


@asynccontextmanager
async def _departure_on_record(attempt: Attempt, services: Services) -> AsyncGenerator[None, None]:
    """A client that leaves in here leaves an intent behind, which gets its outcome."""
    try:
        yield
    except asyncio.CancelledError:
        await attempt.record(Outcome(), b"", services)
        raise


async def _with_signed(  # noqa: PLR0917 — what the steps so far have made
    exchange: Exchange,
    findings: Swept,
    policy: Policy,
    principal: Principal,
    lexicon: Lexicon,
    services: Services,
) -> signed.Inspected:
    """What was found, once signed content is looked at as well; it is never rewritten."""
    if not exchange.signed:
        return signed.Inspected(findings)
    parts = signed.parts(exchange)
    coverage = services.detector.coverage(parts)
    found = await services.detector.detect(principal.tenant, parts, coverage)
    accepted = accept(policy, coverage, found)
    shown = await services.seals.recall(principal.tenant, signed.seals(exchange))
    return await _aside(
        exchange, lambda: signed.inspect(exchange, findings, accepted, lexicon, shown.get)
    )


def _reads(providers: Mapping[str, Provider], dialect: str, reader: str, signer: str) -> bool:
    """Whether a provider can read what another one signed: of the same kind, yes.

    Where a request is translated, the translation says what can be carried over.
    """
    here, there = providers[reader], providers.get(signer)
    return there is None or here.kind is there.kind or not here.speaks(dialect)


async def _aside(exchange: Exchange, stage: Callable[[], T]) -> T:
    """Run a stage; a long document's in a thread, so that it holds up nobody else's stream."""
    if len(exchange.body) < LONG_BODY_BYTES:
        return stage()
    return await asyncio.to_thread(stage)


def _refusal(verdicts: Sequence[Verdict]) -> PolicyRefused:
    """The refusal that the caller reads: the preferred endpoint's, since that is what was asked."""
    first = verdicts[0]
    return PolicyRefused(first.message, hint=first.hint, rule=first.rules[0])


async def _forward(attempt: Attempt, services: Services) -> Reply | PrivetError:
    """Send the body; gives the answer, or why none comes."""
    name = attempt.verdict.endpoint.provider
    try:
        provider = services.providers[name]
        model = attempt.verdict.endpoint.model
        reply = await provider.send(attempt.spoken, attempt.body, attempt.headers, model=model)
    except Exception as error:  # noqa: BLE001 — whatever it is, it is the attempt's outcome
        failed = as_failure(error)
        if _may_fall_back(failed):
            services.health.failed(name, time.monotonic())
        if isinstance(failed, ProviderRefused):
            failed.message = attempt.restorer.text(failed.message, Channel.TEXT)
        return failed
    services.health.answered(name)
    return reply


def _may_fall_back(failed: PrivetError) -> bool:
    """Whether another endpoint may be asked: this one didn't answer, rather than say no."""
    if isinstance(failed, ProviderRefused):
        return failed.status == 429 or failed.status >= 500
    return isinstance(failed, ProviderFailed | ProviderTimeout | ProviderCredentials)
