"""OpenRouter, which passes a request on to a provider of its own choosing.

So what policy says of it has to be told to it with every request: `provider` preferences restrict
it to endpoints that keep nothing and don't train. Its keep-alive comments and errors in the middle
of a stream are the wire adapters' business.

Sources: OpenRouter's documentation, "Provider Routing" and "Zero Data Retention".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proxy.providers.kind import Claims, Kind, bearer
from proxy.providers.openai_compatible import PATHS


def _preferences(retention: str, *, trains: bool, only: Sequence[str]) -> dict[str, Any]:
    preferences: dict[str, Any] = {}
    if retention == "none":
        preferences["zdr"] = True
    if not trains:
        preferences["data_collection"] = "deny"
    if only:
        preferences["only"] = list(only)
    return {"provider": preferences} if preferences else {}


KIND = Kind(
    name="openrouter",
    base_url="https://openrouter.ai/api/v1",
    paths=PATHS,
    authorise=bearer,
    preferences=_preferences,
    claims=Claims(sources=("https://openrouter.ai/docs/guides/privacy/zdr",), read="2026-11-26"),
)
