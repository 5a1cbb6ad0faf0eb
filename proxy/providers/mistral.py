"""Mistral's platform.

Source: Mistral API reference; its privacy policy and help centre on API inputs and outputs.
"""

from proxy.providers.provider import Claims, Kind, bearer

KIND = Kind(
    name="mistral",
    base_url="https://api.mistral.ai/v1",
    paths={"openai.chat": "/chat/completions", "openai.embeddings": "/embeddings"},
    authorise=bearer,
    claims=Claims(
        region="eu",
        retention="30d",
        trains=False,  # on paid plans
        source="https://help.mistral.ai/en/collections/701684-trust",
        read="2026-11-25",
    ),
)
