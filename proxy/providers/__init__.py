"""The providers that Privet can forward to: URL, authentication and quirks, one per file."""

from proxy.providers.http import Reply, Timeouts
from proxy.providers.openai_compatible import OpenAICompatible

__all__ = ["PROVIDERS", "OpenAICompatible", "Reply", "Timeouts"]

#: `type:` in privet.yaml -> the provider that it names.
PROVIDERS = {"openai-compatible": OpenAICompatible}
