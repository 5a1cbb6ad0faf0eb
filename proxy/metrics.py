"""What one process counts while it serves: numbers by name and labels, durations in buckets.

The hot path adds to plain dictionaries and no more; admin.py reads them when somebody asks.
Invariants: a label is a word of configuration, policy, protocol or this program, never a caller's
(a model that isn't in the catalogue is `other`, a user is a keyed pseudonym); counting neither
waits nor fails.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from proxy.errors import PrivetError, ProviderRefused
from proxy.exchange import Principal, Verdict
from proxy.records.recorded import Outcome, Request

#: Name, then labels; exposition.py says which.
Counts = Counter[tuple[str, ...]]

#: Upper bounds of the buckets that durations are counted in, in seconds.
BOUNDS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 120.0),
)
_OTHER = "other"


def _empty() -> list[float]:
    return [0.0] * (len(BOUNDS) + 2)


class Times:
    """Durations by name and label: a count for each bucket, one for what is longer, and the sum."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], list[float]] = defaultdict(_empty)

    def took(self, name: str, label: str, seconds: float) -> None:
        """One more took this long."""
        row = self.rows[name, label]
        row[bisect_left(BOUNDS, seconds)] += 1
        row[-1] += seconds


class Clock:
    """Runs along one request and tells its steps apart; what it took is added up at the end."""

    __slots__ = ("_began", "_laps", "_times")

    def __init__(self, times: Times | None = None) -> None:
        self._times = times or Times()
        self._laps: list[tuple[str, float]] = []
        self._began = time.perf_counter()

    def lap(self, step: str) -> None:
        """A step ends here, and the next one begins."""
        self._laps.append((step, time.perf_counter()))

    def stop(self, dialect: str | None) -> None:
        """The request has ended."""
        took, since = self._times.took, self._began
        for step, until in self._laps:
            took("step", step, until - since)
            since = until
        took("request", dialect or _OTHER, time.perf_counter() - self._began)


def count_request(counts: Counts, dialect: str | None, status: str, code: str) -> None:
    """A request ended: with this HTTP status, or because its client left."""
    counts["requests", dialect or _OTHER, status, code] += 1


def code_of(failure: PrivetError) -> str:
    """The machine code of a failure; a provider's own is a word that nobody here chose."""
    return "provider_refused" if isinstance(failure, ProviderRefused) else failure.code


def count_refusal(counts: Counts, request: Request, refused: PrivetError) -> None:
    """An understood request wasn't forwarded."""
    counts["refusals", refused.rule or "", code_of(refused)] += 1
    for entity, number in (request.found or {}).items():
        counts["entities", entity, "refused"] += number


def count_attempt(  # noqa: PLR0917 — what one endpoint made of one request
    counts: Counts,
    request: Request,
    verdict: Verdict,
    outcome: Outcome,
    usage: Mapping[str, int],
    models: Collection[str],
    secret: bytes,
) -> None:
    """One endpoint's turn ended.

    Args:
        usage: tokens, as the provider reported them: input and output.
        models: the catalogue's; any other name is the caller's word.
        secret: key of users' pseudonyms.
    """
    provider, treatment = verdict.endpoint.provider, verdict.treatment
    model = verdict.endpoint.model if request.exchange.model in models else _OTHER
    counts["attempts", provider, model, outcome.status, str(outcome.http_status)] += 1
    shown = request.shown or {}
    for entity, number in (request.found or {}).items():
        allowed = shown.get(entity, 0)
        action = treatment.get(entity)
        kind = action.kind.name.lower() if action else "allow"
        counts["entities", entity, kind] += number - allowed
        if allowed:
            counts["entities", entity, "allow_listed"] += allowed
    if usage:
        who = request.principal
        owner = (who.tenant, who.team, who.app, pseudonym(who, secret))
        for kind, tokens in usage.items():
            counts["tokens", provider, model, *owner, kind] += tokens


def pseudonym(who: Principal, secret: bytes) -> str:
    """The same for the same user, and nothing more; empty for a key that is nobody's own."""
    if not who.user:
        return ""
    message = f"metrics\x1f{who.tenant}\x1f{who.user}".encode()
    return "user-" + hmac.digest(secret, message, hashlib.sha256)[:8].hex()
