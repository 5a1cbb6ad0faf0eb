"""The models that a caller may use, as its SDK wants them listed.

Both APIs have GET /v1/models and /v1/models/{id}; who asks in Anthropic's protocol says which
version of it. Sources: OpenAI API reference, "List models", "Retrieve model"; Anthropic API
reference, "List Models", "Get a Model" (its date "may be set to an epoch value" where the day of a
release isn't known; members that may be null aren't known here).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proxy.wire import strict_json


def is_anthropics(headers: Mapping[str, str]) -> bool:
    """Whether a request on a route of both protocols is one of Anthropic's."""
    return "anthropic-version" in headers


def listing(names: Sequence[str], headers: Mapping[str, str]) -> bytes:
    """All of them, on one page."""
    models = [_model(name, headers) for name in names]
    if not is_anthropics(headers):
        return strict_json.dumps({"object": "list", "data": models})
    ends = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None}
    return strict_json.dumps({"data": models, "has_more": False, **ends})


def one(name: str, headers: Mapping[str, str]) -> bytes:
    """One of them."""
    return strict_json.dumps(_model(name, headers))


def _model(name: str, headers: Mapping[str, str]) -> dict[str, Any]:
    if is_anthropics(headers):
        dated = {"created_at": "1970-01-01T00:00:00Z", "lifecycle": "active"}
        return {"type": "model", "id": name, "display_name": name, **dated}
    return {"id": name, "object": "model", "created": 0, "owned_by": "privet"}
