"""Signed content: which of it an endpoint may see, as it can't be masked (DESIGN section 5).

Thinking travels word for word or not at all. Its text is inspected, its signature and encrypted
forms count as what their producer was shown. Where an endpoint must not see what a block holds, the
block is left out if the protocol allows it, and otherwise the endpoint isn't eligible.

What one maker's model signed, another's can't read, so it is left out there as well.

A block that goes back to the provider that produced it tells that provider nothing new. Even so, a
value that anybody but a model wrote elsewhere in the request must not pass in it.

Pure: memory and findings are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from proxy.detect.sweep import Swept, sweep
from proxy.exchange import (
    ActionKind,
    Author,
    Endpoint,
    Exchange,
    Facts,
    Finding,
    OpaquePart,
    Path,
    Signed,
    TextPart,
    Verdict,
)
from proxy.policy.decide import SIGNED_CONTENT
from proxy.spelling import Lexicon, canonical
from proxy.steps.seals import Shown

#: What can't be read of a signed block that nobody here remembers.
_UNKNOWN = frozenset({"reasoning"})
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Held:
    """A signed block, and what it holds.

    Attributes:
        found: entities found in its text.
        repeated: those of them whose values somebody else wrote in the request as well.
        shown: what the producer of each of its blocks was shown; None where that isn't known.
    """

    signed: Signed
    found: frozenset[str]
    repeated: frozenset[str]
    shown: tuple[Shown | None, ...]

    def tells(self, provider: str) -> tuple[frozenset[str], frozenset[str]]:
        """Entities and kinds of unread content that `provider` would learn of."""
        if all(shown is not None and shown.provider == provider for shown in self.shown):
            return self.repeated, _NOTHING
        entities, opaque = self.found, _NOTHING
        for shown in self.shown:
            if shown is None:
                opaque |= _UNKNOWN
            elif shown.provider != provider:
                entities, opaque = entities | shown.entities, opaque | shown.opaque
        return entities, opaque

    def is_strange(self, reads: Callable[[str], bool]) -> bool:
        """Whether another maker's model produced it."""
        return any(shown is not None and not reads(shown.provider) for shown in self.shown)


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found in a request, signed content considered.

    Attributes:
        findings: of each part that may be rewritten.
        planted: whether some of these are of values that only signed text gave away.
        held: the signed blocks.
        produced: values (matching.canonical) that stand in what models wrote and nowhere else.
    """

    findings: Swept
    planted: bool = False
    held: tuple[Held, ...] = ()
    produced: frozenset[str] = frozenset()


def parts(exchange: Exchange) -> tuple[TextPart, ...]:
    """What can be read of a request's signed content."""
    return tuple(part for one in exchange.signed for part in one.parts)


def seals(exchange: Exchange) -> tuple[str, ...]:
    """What identifies a request's signed content."""
    return tuple(seal for one in exchange.signed for seal in one.seals)


def blobs(exchange: Exchange) -> tuple[OpaquePart, ...]:
    """All of it as what can't be read: what claims to be encrypted may be no more than base64."""
    return tuple(OpaquePart((), "signed", seal) for seal in seals(exchange))


def inspect(
    exchange: Exchange,
    findings: Swept,
    found: Sequence[Sequence[Finding]],
    lexicon: Lexicon,
    shown: Callable[[str], Shown | None],
) -> Inspected:
    """Sweep signed content and the rest of the request for each other's values.

    Args:
        findings: the swept ones of the parts that may be rewritten.
        found: what the detectors found in each of `parts`.
        shown: of a seal, what its producer was shown.
    """
    count, signed = len(exchange.parts), parts(exchange)
    swept = sweep((*exchange.parts, *signed), found, lexicon, findings)
    # A hit of a value that only signed text gave away counts as found: nothing else stands for it.
    rewritable = tuple(
        (*known, *(replace(one, recognizer="signed") for one in more[len(known) :]))
        for known, more in zip(findings, swept[:count], strict=True)
    )
    values, told = _values(exchange.parts, rewritable)
    produced = (values | _values(signed, found)[0]) - told
    rest = iter(zip(signed, swept[count:], strict=True))
    held = tuple(
        _held(one, [next(rest) for _ in one.parts], produced, shown) for one in exchange.signed
    )
    return Inspected(rewritable, rewritable != findings, held, frozenset(produced))


def _values(
    read: Sequence[TextPart], findings: Sequence[Sequence[Finding]]
) -> tuple[set[str], set[str]]:
    """The values that were found, and those of them that somebody else than a model wrote."""
    values: set[str] = set()
    told: set[str] = set()
    for part, some in zip(read, findings, strict=True):
        here = {canonical(part.text[one.start : one.end]) for one in some}
        values |= here
        if part.author is not Author.ASSISTANT:
            told |= here
    return values, told


def _held(
    signed: Signed,
    read: Sequence[tuple[TextPart, Sequence[Finding]]],
    produced: set[str],
    shown: Callable[[str], Shown | None],
) -> Held:
    found = {one.entity for _, some in read for one in some}
    # Whatever isn't surely a model's own counts as told; encoded forms do.
    repeated = {
        one.entity
        for part, some in read
        for one in some
        if canonical(part.text[one.start : one.end]) not in produced
    }
    return Held(signed, frozenset(found), frozenset(repeated), tuple(map(shown, signed.seals)))


def decide_with(
    judge: Callable[[Facts], Verdict],
    facts: Facts,
    held: Sequence[Held],
    endpoint: Endpoint,
    reads: Callable[[str], bool],
) -> Verdict:
    """The verdict on one endpoint, signed content considered: what it may see, and what stays out.

    Args:
        judge: what policy says of the endpoint for these facts.
        facts: of what may be rewritten.
        held: the signed blocks of the request.
        reads: whether the endpoint can read what a provider signed.
    """
    verdict = judge(facts)
    kept: frozenset[str] = _NOTHING
    without: tuple[Path, ...] = ()
    for one in held:
        if not verdict.allowed:
            return verdict
        if one.is_strange(reads):
            if not one.signed.droppable:
                return _refused(endpoint, "another maker's model produced")
            without += one.signed.paths
            continue
        entities, opaque = one.tells(endpoint.provider)
        if entities <= kept and opaque <= facts.opaque:
            continue
        more = replace(facts, entities=facts.entities | entities, opaque=facts.opaque | opaque)
        judged = judge(more)
        if judged.allowed and not _hidden(judged) & (kept | entities):
            facts, verdict, kept = more, judged, kept | entities
        elif one.signed.droppable:
            without += one.signed.paths
        else:
            return _refused(endpoint, "holds, or was made from, what this provider must not see")
    return replace(verdict, without=without) if without else verdict


def _hidden(verdict: Verdict) -> frozenset[str]:
    treated = verdict.treatment.items()
    return frozenset(name for name, action in treated if action.kind is not ActionKind.ALLOW)


def _refused(endpoint: Endpoint, why: str) -> Verdict:
    return Verdict(
        endpoint,
        allowed=False,
        rules=(SIGNED_CONTENT,),
        message=(
            f"{endpoint.provider} may not receive this request: it hands back signed reasoning "
            f"that {why} [{SIGNED_CONTENT}]."
        ),
        hint="Ask the question anew without the earlier turns' reasoning, or ask the same model.",
    )


def shown_to(verdict: Verdict, facts: Facts, held: Sequence[Held]) -> Shown:
    """What the endpoint of a verdict is shown of a request.

    An entity that is shown coarser (a year, the last four digits) counts as shown.
    """
    hidden = frozenset(
        name for name, action in verdict.treatment.items() if action.kind >= ActionKind.HASH
    )
    entities, opaque = facts.entities - hidden, facts.opaque
    for one in held:
        if one.signed.paths[0] not in verdict.without:
            entities |= one.found
            for shown in one.shown:
                entities |= shown.entities if shown else _NOTHING
                opaque |= shown.opaque if shown else _UNKNOWN
    return Shown(verdict.endpoint.provider, entities, opaque)
