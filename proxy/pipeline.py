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
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import structlog

from proxy import signed
from proxy.conversations import complete
from proxy.delivery import deliver
from proxy.detect.allowing import same_marks
from proxy.detect.sweep import Swept, sweep
from proxy.errors import (
    GuardHit,
    PolicyRefused,
    PrivetError,
    ProviderCredentials,
    ProviderFailed,
    ProviderRefused,
    ProviderTimeout,
)
from proxy.exchange import Channel, Endpoint, Exchange, Facts, Path, Principal, Scope, Verdict
from proxy.facts import Occasion, accept, gather
from proxy.identity.labels import declared
from proxy.journey import Answer, Attempt, Call, Services, as_failure
from proxy.mask.guard import check, check_opaque
from proxy.mask.keyed import Keyed
from proxy.mask.masking import Masked, Numbering, number
from proxy.mask.restore import Restorer
from proxy.mask.withhold import without
from proxy.memory import Memory, Turn
from proxy.policy.compiled import Policy
from proxy.policy.decide import decide
from proxy.providers import Reply
from proxy.recording import Outcome, Request
from proxy.shadowing import shadowed
from proxy.wire import BY_NAME, DIALECTS, Dialect, translation
from proxy.wire.restoring import Asked
from proxy.wire.strict_json import add_members

T = TypeVar("T")

#: From here on the stages that grow with the text take milliseconds.
LONG_BODY_BYTES = 64 * 1024

log = structlog.get_logger(__name__)


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
        exchange = await complete(exchange, principal, services)
        request = replace(request, exchange=exchange)
        labels = declared(call.headers, policy.labels)
        candidates = services.catalogue.endpoints(exchange.model)
        request = replace(request, candidates=candidates)
        # 4. detect
        parts = exchange.parts
        under = (policy.digest, services.detector.digest, exchange.scope.value)
        turn = services.memory.turn(principal, under, parts)
        known = turn.before.findings
        coverage, done = services.detector.coverage(parts), len(known)
        found = await services.detector.detect(principal.tenant, parts[done:], coverage[done:])
        accepted = accept(policy, coverage[done:], found)
        swept = await _aside(exchange, lambda: sweep(parts, accepted, services.lexicon, known))
        inspected = await _with_signed(exchange, swept, policy, principal.tenant, services)
        findings = services.detector.knowledge.allow.mark(parts, inspected.findings)
        if inspected.planted or not same_marks(known, findings):
            turn = Memory().turn(principal, (), ())  # earlier turns knew nothing of these
        # 5. classify
        now = services.now()
        occasion = Occasion(exchange, principal, labels, now, coverage)
        facts = gather(policy, occasion, findings)
        request = replace(
            request,
            data_class=policy.classify(facts),
            facts=facts,
            found=Counter(one.entity for part in findings for one in part),
            shown=Counter(one.entity for part in findings for one in part if one.shown),
        )
        # 6. decide
        day = now.date()

        def judge(endpoint: Endpoint, facts: Facts) -> Verdict:
            return decide(policy, facts, principal, endpoint, day)

        verdicts = [
            signed.decide_with(partial(judge, endpoint), facts, inspected.held, endpoint)
            for endpoint in candidates
        ]
        if policy.shadowed or policy.shadow or services.candidates:
            request, verdicts = await shadowed(
                request, policy, occasion, findings, verdicts, services
            )
        # 7. route
        ranked = services.health.rank(verdicts, time.monotonic())
        if not ranked:
            raise _refusal(verdicts)
        numbering = await _aside(exchange, lambda: number(parts, findings, turn.before))
        turn.numbered(numbering.numbered)
    for attempt_number, verdict in enumerate(ranked, start=1):
        # 8. mask
        async with _refusal_on_record(lambda: request, services):
            attempt = await _aside(
                exchange,
                partial(
                    _mask,
                    request,
                    verdict,
                    attempt_number,
                    turn,
                    numbering,
                    inspected,
                    call.headers,
                    dialect,
                    services,
                ),
            )
        async with _departure_on_record(attempt, services):
            # 9. record intent
            filed = await services.recorder.settle(
                services.recorder.intent(
                    request,
                    verdict,
                    attempt_number,
                    size=len(attempt.body),
                    digest=attempt.digest,
                    masked=attempt.masked.texts,
                    before=turn.filed(verdict.treatment, attempt.masked.plan),
                    values=numbering.spellings,
                )
            )
            if attempt.masked.settled:
                turn.file(verdict.treatment, filed)
            # 10. forward
            try:
                reply = await _forward(attempt, services)
            except PrivetError as failed:
                if _may_fall_back(failed) and attempt_number < len(ranked):
                    continue
                raise
        # 11. restore, 12. record outcome
        return await deliver(attempt, reply, dialect, services)
    raise AssertionError("the last attempt returns or raises")


async def models(headers: Mapping[str, str], services: Services) -> list[str]:
    """The models that the caller may use when a request holds nothing to hide.

    Raises:
        Unauthenticated: nobody's key.
        ProviderFailed and its like: the provider that takes any name can't be asked.
    """
    principal = services.identify(headers)
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
async def _refusal_on_record(
    request: Callable[[], Request], services: Services
) -> AsyncGenerator[None, None]:
    """Whatever ends a request in here, nothing was forwarded, and the record says so."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 — whatever it is, it is a refusal on record
        refused = as_failure(error)
        await services.recorder.settle(services.recorder.refusal(request(), refused))
        raise refused from None


@asynccontextmanager
async def _departure_on_record(attempt: Attempt, services: Services) -> AsyncGenerator[None, None]:
    """A client that leaves in here leaves an intent behind, which gets its outcome."""
    try:
        yield
    except asyncio.CancelledError:
        await attempt.record(Outcome(), b"", services.recorder)
        raise


async def _with_signed(
    exchange: Exchange, findings: Swept, policy: Policy, tenant: str, services: Services
) -> signed.Inspected:
    """What was found, once signed content is looked at as well; it is never rewritten."""
    parts = signed.parts(exchange)
    coverage = services.detector.coverage(parts)
    found = await services.detector.detect(tenant, parts, coverage) if parts else ()
    accepted = accept(policy, coverage, found)
    shown = partial(services.seals.shown, tenant)
    return await _aside(
        exchange,
        lambda: signed.inspect(exchange, findings, accepted, services.lexicon, shown),
    )


async def _aside(exchange: Exchange, stage: Callable[[], T]) -> T:
    """Run a stage; a long document's in a thread, so that it holds up nobody else's stream."""
    if len(exchange.body) < LONG_BODY_BYTES:
        return stage()
    return await asyncio.to_thread(stage)


def _refusal(verdicts: Sequence[Verdict]) -> PolicyRefused:
    """The refusal that the caller reads: the preferred endpoint's, since that is what was asked."""
    first = verdicts[0]
    return PolicyRefused(first.message, hint=first.hint, rule=first.rules[0])


def _mask(  # noqa: PLR0917 — one value of each step so far
    request: Request,
    verdict: Verdict,
    attempt_number: int,
    turn: Turn,
    numbering: Numbering,
    inspected: signed.Inspected,
    headers: Mapping[str, str],
    dialect: Dialect,
    services: Services,
) -> Attempt:
    """Rewrite the parts for one endpoint, and check that nothing hidden is left."""
    exchange, principal = replace(request.exchange, without=verdict.without), request.principal
    treatment = verdict.treatment
    keyed = _keyed(exchange, principal, services.secret)
    masked = numbering.render(treatment, services.secret, turn.plan(treatment), keyed)
    turn.masked(treatment, masked.plan)
    edits: dict[Path, str] = dict(masked.edits)
    for path in exchange.pseudonyms:
        edits[path] = _pseudonym(exchange, path, principal, services.secret)
    sent = dialect.write(exchange, edits, verdict.endpoint.model, _placeholders(masked))
    passed, notes = dialect.passed_on(headers)
    spoken, body = dialect, sent.body
    translated = translation(dialect, services.providers[verdict.endpoint.provider].speaks)
    if translated is not None:
        spoken = BY_NAME[translated.target]
        body, dropped = translated.put(body)
        notes += dropped
    if verdict.without:
        notes += ("reasoning-dropped",)
    digest = hashlib.sha256(body).digest()
    if not turn.passed(treatment, digest):
        # The guard reads the body that is sent, not what it was meant to be.
        read_back = exchange if body is exchange.body else spoken.parse(body, exchange.id)
        verbatim = [part.text for part in signed.parts(read_back)]
        check_opaque(masked, exchange.opaque, services.lexicon)
        try:
            check(masked, services.lexicon, [part.text for part in read_back.parts])
            check(masked.less(inspected.produced), services.lexicon, verbatim)
        except GuardHit:
            name = verdict.endpoint.provider
            log.critical("egress guard hit", exchange=exchange.id, provider=name)
            raise
        turn.guarded(treatment, digest)
    if preferences := _preferences(verdict, services):
        body = add_members(body, preferences)
        digest = hashlib.sha256(body).digest()
    terms = verdict.terms
    mapping = without(masked.mapping, numbering, terms.withheld)
    restorer = Restorer(mapping, exchange.parts, terms.hosts, terms.tools, masked.moved)
    told: list[dict[str, Any]] = []
    shown = signed.shown_to(verdict, request.facts, inspected.held)
    asked = Asked(
        exchange.json_answer,
        bool(masked.edits),
        sent.relaxed,
        exchange.echo,
        told.append,
        exchange.tree,
        lambda seal: services.seals.remember(principal.tenant, seal, shown),
    )
    return Attempt(
        request,
        verdict,
        attempt_number,
        masked,
        restorer,
        body,
        digest,
        asked,
        told,
        spoken.name,
        passed,
        translated,
        notes,
    )


def _preferences(verdict: Verdict, services: Services) -> dict[str, Any]:
    """What holds a provider that passes requests on to what policy says of it."""
    name = verdict.endpoint.provider
    said = services.policies.current.providers.get(name)
    if said is None:  # it was taken out since: the strictest
        return services.providers[name].preferences("none", trains=False)
    return services.providers[name].preferences(said.retention, trains=said.trains)


def _placeholders(masked: Masked) -> dict[str, str]:
    """Each hidden value with the placeholder that comes back for it, or an empty string."""
    restored = {value: f"<{token}>" for token, value in masked.mapping.tokens.items()}
    return dict.fromkeys(masked.hidden, "") | restored


def _keyed(exchange: Exchange, principal: Principal, secret: bytes) -> Keyed | None:
    """What numbers depend on where they must mean the same in another request; else they count."""
    if exchange.scope is Scope.REQUEST:
        return None
    tenant_wide = exchange.scope is Scope.TENANT
    who = (principal.tenant,) if tenant_wide else principal.identity
    message = "\x1f".join((exchange.scope.value, *who)).encode()
    return Keyed(hmac.digest(secret, message, hashlib.sha256), exact=not tenant_wide)


def _pseudonym(exchange: Exchange, path: Path, principal: Principal, secret: bytes) -> str:
    """An end user's id as providers see it: the same for the same user, and no more than that."""
    value = exchange.tree
    for step in path:
        value = value[step]
    message = f"{principal.tenant}\x1f{value}".encode()
    return "user-" + hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]


async def _forward(attempt: Attempt, services: Services) -> Reply:
    """Send the body; if no answer comes, that is the attempt's outcome on record."""
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
        outcome = Outcome(status="failed", http_status=failed.status, code=failed.code)
        await attempt.record(outcome, b"", services.recorder)
        raise failed from None
    services.health.answered(name)
    return reply


def _may_fall_back(failed: PrivetError) -> bool:
    """Whether another endpoint may be asked: this one didn't answer, rather than say no."""
    if isinstance(failed, ProviderRefused):
        return failed.status == 429 or failed.status >= 500
    return isinstance(failed, ProviderFailed | ProviderTimeout | ProviderCredentials)
