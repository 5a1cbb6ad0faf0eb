"""The providers that Privet can forward to: URL, authentication and quirks, one per file."""

from collections.abc import Mapping

from proxy.providers import (
    anthropic,
    azure_openai,
    clouds,
    huggingface,
    meta_llama,
    mistral,
    openai,
    openai_compatible,
    openrouter,
    self_hosted,
)
from proxy.providers.http import Reply, Timeouts, Way
from proxy.providers.keys import ProviderKey
from proxy.providers.kind import Claims, Kind
from proxy.providers.provider import Provider

__all__ = ["KINDS", "Claims", "Kind", "Provider", "ProviderKey", "Reply", "Timeouts", "Way"]

#: `type:` in privet.yaml -> the kind of provider that it names.
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        openai_compatible.KIND,
        anthropic.KIND,
        openai.KIND,
        azure_openai.BY_KEY,
        azure_openai.BY_ENTRA,
        openrouter.KIND,
        huggingface.KIND,
        meta_llama.KIND,
        self_hosted.VLLM,
        self_hosted.OLLAMA,
        mistral.KIND,
        clouds.GROQ,
        clouds.TOGETHER,
        clouds.DEEPSEEK,
        clouds.XAI,
    )
}
