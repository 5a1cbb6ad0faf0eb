"""Anthropic's own API.

Sources: Anthropic API reference, "Authentication", "API versioning", "Beta headers", "Errors" (529
is an overload, and is sent again), "API and data retention" and "Data residency" (inference may run
anywhere unless a request or a workspace says `us`).
"""

from collections.abc import Mapping

from proxy.providers.kind import Claims, Kind


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
    claims=Claims(
        retention="30d",  # two years of what is flagged as abuse
        trains=False,
        sources=(
            "https://platform.claude.com/docs/en/manage-claude/api-and-data-retention",
            "https://privacy.claude.com/en/articles/7996866-how-long-do-you-store-my-organization-s-data",
        ),
        read="2026-11-26",
    ),
)
