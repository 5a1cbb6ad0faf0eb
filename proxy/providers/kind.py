"""What a kind of provider declares: a value, one file each beside this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


class Preferences(Protocol):
    """What a provider has to be told so that it keeps to what policy says of it."""

    def __call__(self, retention: str, *, trains: bool, only: Sequence[str]) -> dict[str, Any]:
        """Members of the body."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a provider's public page says that it does with data; unknown is the strictest.

    Nobody here vouches for it: policy's own attributes decide, and the customer attests those.

    Attributes:
        region: where it processes, as policies write it; empty where that is the customer's choice
            or isn't said.
        retention: how long it keeps requests by default (`none`, `30d`, `unknown`).
        trains: whether it trains on them by default; None: it isn't said.
        sources: its own pages that say so.
        read: the day on which they were read (ISO 8601).
    """

    region: str = ""
    retention: str = "unknown"
    trains: bool | None = None
    sources: tuple[str, ...] = ()
    read: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of upstream.

    Attributes:
        name: `type:` in privet.yaml.
        paths: dialect -> its route below the base URL. What isn't here isn't spoken.
        authorise: the key to the header fields that carry it.
        headers: header fields that every request carries, names in lower case; what the dialect
            passes on from the caller replaces them.
        passes: names of header fields (lower case) that a dialect may pass on from the caller.
        base_url: where it is, if privet.yaml doesn't say otherwise.
        versioned: as `paths`, for a configured `api_version`; may hold ``{model}`` and
            ``{version}``.
        preferences: what policy says of the provider (retention, trains) and the upstreams that
            privet.yaml allows it, to members of the body that hold it to that.
        claims: what it says that it does with data.
    """

    name: str
    paths: Mapping[str, str]
    authorise: Callable[[str], Mapping[str, str]]
    headers: Mapping[str, str] = field(default_factory=dict)
    passes: frozenset[str] = frozenset()
    base_url: str = ""
    versioned: Mapping[str, str] = field(default_factory=dict)
    preferences: Preferences | None = None
    claims: Claims = Claims()


def bearer(key: str) -> Mapping[str, str]:
    """RFC 6750, section 2.1."""
    return {"Authorization": f"Bearer {key}"}
