"""Anthropic's own API.

Sources: Anthropic API reference, "Authentication", "API versioning", "Beta headers", "Errors" (529
is an overload, and is sent again).
"""

from collections.abc import Mapping

from proxy.providers.provider import Kind


def _authorise(key: str) -> Mapping[str, str]:
    return {"x-api-key": key}


KIND = Kind(
    name="anthropic",
    base_url="https://api.anthropic.com/v1",
    paths={
        "anthropic.messages": "/messages",
        "anthropic.count_tokens": "/messages/count_tokens",
    },
    authorise=_authorise,
    headers={"anthropic-version": "2023-06-01"},
    passes=frozenset({"anthropic-version", "anthropic-beta"}),
)
