"""The providers that Privet can forward to: URL, authentication and quirks, one per file."""

from collections.abc import Mapping

from proxy.providers import openai_compatible
from proxy.providers.http import Reply, Timeouts
from proxy.providers.provider import Kind, Provider

__all__ = ["KINDS", "Kind", "Provider", "Reply", "Timeouts"]

#: `type:` in privet.yaml -> the kind of provider that it names.
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (openai_compatible.KIND,)}
