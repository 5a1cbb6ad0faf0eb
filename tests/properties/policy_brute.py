"""Requests drawn blindly over all that some policies name, and what an invariant says of one.

Nothing here looks at how proxy.policy divides requests: each value that a policy names, and one that
it doesn't, is as likely as the next, along every axis by itself.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from proxy.exchange import Endpoint, Finding, Principal, Verdict
from tests.properties.policy_reference import in_scope
from tests.properties.policy_space import DAYS, ENTITIES, PROVIDERS, UNLISTED, Data, Request
from tests.properties.policy_whole import LABELS, RECOGNIZER

_CLOCK = [None, time(0), time(6), time(12), time(18), time(23, 59)]
_KINDS = ["image", "audio", "file"]
_SCORES = [0.2, 0.5, 0.8, 1.0, 1.0, 1.0]
#: Teams that no policy names; a rollout draws some of them.
_TEAMS = ["red", "blue", "green", *(f"team-{n}" for n in range(6))]


class Drawing:
    """Draws requests for some policies, at one provider; the same ones for the same seed."""

    def __init__(self, seed: int, *policies: Data) -> None:
        self._random = random.Random(seed)
        text = json.dumps(policies)
        # What no policy tells apart needn't be varied: so more of what matters is tried.
        self._timed = '"time"' in text or '"to"' in text
        self._sourced = '"recognizers"' in text or '"languages"' in text
        self._scored = '"min_score"' in text
        self._counted = '"at_least"' in text
        self._opaque = '"opaque"' in text

    def request(self, provider: str) -> Request:
        """One more request to `provider`."""
        pick = self._random.choice
        names = [name for name in (*ENTITIES, UNLISTED) if self._random.random() < 0.4]
        return Request(
            findings=tuple(self._finding(name) for name in names),
            opaque=frozenset(kind for kind in _KINDS if self._random.random() < 0.15),
            labels={name: value for name, value in self._labels() if value is not None},
            principal=Principal(
                tenant=pick(["t", "u"]),
                team=pick(_TEAMS),
                app=pick(["a", "b"]),
                user=pick(["u1", ""]),
                key_id=pick(["k1", "k2", ""]),
            ),
            endpoint=Endpoint(provider, pick(["m1", "m2"])),
            on=pick(DAYS) + timedelta(days=pick([0, 1, 7] if self._timed else [0, 1])),
            attested=frozenset(name for name in LABELS if pick([True, False])),
            counts=tuple((name, pick([1, 2, 3, 4, 5])) for name in names if self._counted),
            language=pick(["en", "de"]) if self._sourced else "en",
            dialect=pick(["d1", "d2"]),
            at=pick(_CLOCK) if self._timed else time(12),
        )

    def _finding(self, name: str) -> Finding:
        pick = self._random.choice
        recognizer = pick(["generated", RECOGNIZER]) if self._sourced else "generated"
        return Finding(name, 0, 1, pick(_SCORES) if self._scored else 1.0, recognizer)

    def _labels(self) -> Iterator[tuple[str, str | None]]:
        pick = self._random.choice
        for name, values in LABELS.items():
            yield name, pick([None, *values, "unheard-of"])
        yield "class", pick([None] * 6 + ["public", "confidential", "restricted", "unheard-of"])

    def about(self, claim: Data, provider: str) -> Request | None:
        """A request that `claim` is about, if this draw gives one."""
        request = self.request(provider)
        pick = self._random.choice
        counts = dict(request.counts) | {
            name: least + pick([0, 0, 1]) for name, least in claim.get("at_least", {}).items()
        }
        needed = {*claim.get("with", ()), *claim.get("at_least", ())}
        needed.add(pick(subjects(claim) or [""]))
        found = {f.entity: f for f in request.findings}
        for name in needed - {""}:
            found[name] = replace(found.get(name, self._finding(name)), score=1.0)
        request = replace(
            request,
            findings=tuple(found.values()),
            counts=tuple(counts.items()),
            labels={**request.labels, **claim.get("labels", {})},
        )
        return request if is_about(claim, request) else None


def subjects(claim: Data) -> list[str]:
    """The entities that an invariant is about."""
    names = claim.get("entities", [])
    return [*ENTITIES, UNLISTED] if names == ["any"] else names


def is_about(claim: Data, request: Request) -> bool:
    """Whether an invariant is about such requests, contents aside."""
    # A time that isn't known is within what a claim is about, and not within what it spares.
    if "for" in claim and not in_scope({"scope": claim["for"]}, request):
        return False
    if "not_for" in claim and in_scope({"scope": claim["not_for"], "permit": {}}, request):
        return False
    day = request.on.isoformat()
    return claim.get("from", DAYS[0].isoformat()) <= day <= claim.get("through", "9999")


def breaks(claim: Data, request: Request, found: set[str], verdict: Verdict) -> bool:
    """Whether a verdict is what an invariant says never happens; `found` is what counted."""
    if not verdict.allowed:
        return False
    about = [name for name in subjects(claim) if name in found]
    kinds = claim.get("opaque", [])
    unread = request.opaque if kinds is True else request.opaque & set(kinds)
    return bool(unread) or any(
        claim["never"] == "sent" or n not in verdict.treatment for n in about
    )


def like(provider: Data, name: str, claim: Data) -> bool:
    """Whether a provider is one that an invariant is about."""
    to: dict[str, Any] = claim.get("to", {})
    return (
        name in to.get("names", PROVIDERS)
        and provider["on_prem"] == to.get("on_prem", provider["on_prem"])
        and provider["region"] in to.get("region", ["eu", "us"])
    )
