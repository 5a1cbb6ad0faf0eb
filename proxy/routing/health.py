"""Which providers failed lately: they are asked last, never left out.

Time is passed in (seconds of a monotonic clock), so that a test can tell the story.
"""

from __future__ import annotations

from collections.abc import Iterable

from proxy.exchange import Verdict

#: A provider that failed is asked after the others for this long.
COOL_DOWN_S = 30.0


class Health:
    """Failures of providers, as this process saw them."""

    def __init__(self) -> None:
        self._failed_at: dict[str, float] = {}

    def failed(self, provider: str, now: float) -> None:
        """An attempt at `provider` got no answer."""
        self._failed_at[provider] = now

    def answered(self, provider: str) -> None:
        """`provider` answered; what was is forgotten."""
        self._failed_at.pop(provider, None)

    def cooling(self, now: float) -> frozenset[str]:
        """Those that failed lately."""
        return frozenset(name for name, at in self._failed_at.items() if now - at < COOL_DOWN_S)

    def rank(self, verdicts: Iterable[Verdict], now: float) -> list[Verdict]:
        """The allowed endpoints in the order to try: as configured, but failed ones last."""
        cooling = self.cooling(now)
        allowed = (verdict for verdict in verdicts if verdict.allowed)
        return sorted(allowed, key=lambda verdict: verdict.endpoint.provider in cooling)
