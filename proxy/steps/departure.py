"""Step 8 of the journey: what one endpoint is sent, made of what was found, and guarded.

Invariant: a body leaves here only if the egress guard has let it pass, with all hidden that this
endpoint's treatment hides; what configuration adds to it afterwards is no caller's text.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from proxy.errors import GuardHit
from proxy.exchange import Exchange, Path, Principal, Scope, Verdict
from proxy.mask.guard import check, check_opaque
from proxy.mask.keyed import Keyed
from proxy.mask.masked import Masked
from proxy.mask.masking import Numbering
from proxy.mask.restorer import Restorer
from proxy.mask.withhold import without
from proxy.records.recorded import Request
from proxy.spelling import Lexicon
from proxy.steps import signed
from proxy.steps.journey import Attempt, Services
from proxy.steps.memory import Turn
from proxy.wire import BY_NAME, Dialect, translation
from proxy.wire.json_walk import value_at
from proxy.wire.places import Places
from proxy.wire.restoring import Asked
from proxy.wire.strict_json import add_members

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the earlier steps leave for every endpoint that the request may go to."""

    dialect: Dialect
    turn: Turn
    numbering: Numbering
    inspected: signed.Inspected
    lexicon: Lexicon


def prepare(  # noqa: PLR0917 — one value of each step so far
    request: Request,
    verdict: Verdict,
    attempt_number: int,
    prepared: Prepared,
    headers: Mapping[str, str],
    services: Services,
) -> Attempt:
    """Rewrite the parts for one endpoint, and check that nothing hidden is left.

    Raises:
        CannotMask: a hidden value stands where nothing can stand for it.
        GuardHit: one would have been sent: a defect of Privet.
    """
    exchange, principal = request.exchange, request.principal
    if verdict.without:
        exchange = replace(exchange, without=verdict.without)
    dialect, turn, numbering = prepared.dialect, prepared.turn, prepared.numbering
    treatment = verdict.treatment
    keyed = _keyed(exchange, principal, services.secret)
    key = _key(services.secret, "values", principal.tenant)
    own_key = _key(services.secret, "pseudonyms", *principal.identity)
    masked = numbering.render(treatment, key, turn.plan(treatment), keyed, own_key)
    turn.masked(treatment, masked.plan)
    edits: dict[Path, str] = dict(masked.edits)
    for path in exchange.pseudonyms:
        edits[path] = _pseudonym(exchange, path, principal, services.secret)
    places = Places(exchange, masked.edits, masked.moved)
    edits |= _moved_offsets(exchange, places, masked)
    sent = dialect.write(exchange, edits, verdict.endpoint.model, _placeholders(masked))
    passed, notes = dialect.passed_on(headers)
    notes += sent.notes
    spoken, body = dialect, sent.body
    translated = translation(dialect, services.providers[verdict.endpoint.provider].speaks)
    if translated is not None:
        spoken = BY_NAME[translated.target]
        body, dropped = translated.put(body)
        notes += dropped
    if verdict.without:
        notes = tuple(dict.fromkeys((*notes, "reasoning-dropped")))
    digest = hashlib.sha256(body).digest()
    if not turn.passed(treatment, digest):
        # The guard reads the body that is sent, not what it was meant to be.
        read_back = exchange if body is exchange.body else spoken.parse(body, exchange.id)
        _guard(exchange, read_back, masked, verdict, prepared, services)
        turn.guarded(treatment, digest)
    if preferences := _preferences(verdict, services):
        body = add_members(body, preferences)
        digest = hashlib.sha256(body).digest()
    terms = verdict.terms
    mapping = without(masked.mapping, numbering, terms.withheld)
    restorer = Restorer(mapping, exchange.parts, terms.hosts, terms.tools)
    told: list[dict[str, Any]] = []
    sealed: list[str] = []
    asked = Asked(
        json_answer=exchange.json_answer,
        drop_logprobs=bool(masked.edits),
        relaxed=sent.relaxed,
        echo=exchange.echo,
        tell=told.append,
        places=places,
        keep=sealed.append,
        signs=translated is None,
    )
    return Attempt(
        request=request,
        verdict=verdict,
        number=attempt_number,
        masked=masked,
        restorer=restorer,
        body=body,
        digest=digest,
        asked=asked,
        told=told,
        sealed=sealed,
        shown=signed.shown_to(verdict, request.facts, prepared.inspected.held),
        spoken=spoken.name,
        headers=passed,
        translation=translated,
        notes=notes,
    )


def _moved_offsets(exchange: Exchange, places: Places, masked: Masked) -> dict[Path, str]:
    """The numbers that count characters of a text which was rewritten, as edits."""
    edits: dict[Path, str] = {}
    for one in exchange.offsets:
        place = places.sent(one.counted, one.at, end=one.end)
        if place not in (None, one.at) and one.path not in masked.edits:
            edits[one.path] = str(place)
    return edits


def _guard(  # noqa: PLR0917 — what is sent, and what must not be in it
    exchange: Exchange,
    read_back: Exchange,
    masked: Masked,
    verdict: Verdict,
    prepared: Prepared,
    services: Services,
) -> None:
    """Let only a body pass in which nothing hidden is left; raises GuardHit, CannotMask."""
    check_opaque(masked, exchange.opaque, prepared.lexicon)
    verbatim = [part.text for part in signed.parts(read_back)]
    not_its_own = masked.less(prepared.inspected.produced)
    check_opaque(not_its_own, signed.blobs(read_back), prepared.lexicon)
    try:
        check(masked, prepared.lexicon, [part.text for part in read_back.parts])
        if verbatim:
            check(not_its_own, prepared.lexicon, verbatim)
    except GuardHit:
        name = verdict.endpoint.provider
        log.critical("egress guard hit", exchange=exchange.id, provider=name)
        raise


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
    pseudonyms = {
        one.text: name for name, one in masked.mapping.surrogates.items() if one.text in one.of
    }
    return dict.fromkeys(masked.hidden, "") | restored | pseudonyms


def _keyed(exchange: Exchange, principal: Principal, secret: bytes) -> Keyed | None:
    """What numbers depend on where they must mean the same in another request; else they count."""
    if exchange.scope is Scope.REQUEST:
        return None
    tenant_wide = exchange.scope is Scope.TENANT
    who = (principal.tenant,) if tenant_wide else principal.identity
    return Keyed(_key(secret, exchange.scope.value, *who), exact=not tenant_wide)


def _key(secret: bytes, purpose: str, *owner: str) -> bytes:
    """For what may mean the same in all requests of its owner, and in nobody else's."""
    return hmac.digest(secret, "\x1f".join((purpose, *owner)).encode(), hashlib.sha256)


def _pseudonym(exchange: Exchange, path: Path, principal: Principal, secret: bytes) -> str:
    """An end user's id as providers see it: the same for the same user, and no more than that."""
    message = f"{principal.tenant}\x1f{value_at(exchange.tree, path)}".encode()
    return "user-" + hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]
