"""Hugging Face's router to inference providers; a model's name may end in one (``…:together``).

Hugging Face itself keeps no bodies; what the provider behind it does is that provider's own policy,
so nothing is claimed for it. Source: "Inference Providers: Security & Compliance".
"""

from proxy.providers.kind import Claims, Kind, bearer

KIND = Kind(
    name="huggingface",
    base_url="https://router.huggingface.co/v1",
    paths={"openai.chat": "/chat/completions", "openai.responses": "/responses"},
    authorise=bearer,
    claims=Claims(
        sources=("https://huggingface.co/docs/inference-providers/security",), read="2026-11-26"
    ),
)
