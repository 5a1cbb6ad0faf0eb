"""Where a policy says better of a provider than the provider's own pages do. Pure."""

from __future__ import annotations

import math

from proxy.policy.compiled import Provider
from proxy.providers.kind import Claims


def better_than_claimed(said: Provider, claims: Claims) -> list[str]:
    """What policy says that the pages don't, in words; nothing where no page was read."""
    if not claims.sources:
        return []
    better = []
    if _days(said.retention) < _days(claims.retention):
        better.append(f"retention is {said.retention}, not {claims.retention}")
    if claims.trains is not False and not said.trains:
        better.append("it doesn't train")
    if claims.region and claims.region != said.region:
        better.append(f"its region is {said.region}, not {claims.region}")
    return better


def _days(retention: str) -> float:
    """How long data is kept (`unknown`, `none` or `30d`), in days; unknown is for ever."""
    if retention == "unknown":
        return math.inf
    return 0 if retention == "none" else int(retention.removesuffix("d"))
