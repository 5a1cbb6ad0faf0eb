"""Mistral's platform.

Nothing is claimed for it: whether it trains depends on the plan (inputs of the free one may be
used), this address is its global one (`https://api.eu.mistral.ai/v1` stays in the EU), and no page
of its own on retention could be read when this was written.
Sources: Mistral API reference; its documentation, "Regional Inference"; its help centre, "Do you
use my user data to train your Artificial Intelligence models?"
"""

from proxy.providers.kind import Claims, Kind, bearer

KIND = Kind(
    name="mistral",
    base_url="https://api.mistral.ai/v1",
    paths={"openai.chat": "/chat/completions", "openai.embeddings": "/embeddings"},
    authorise=bearer,
    claims=Claims(
        sources=(
            "https://help.mistral.ai/en/articles/323757-do-you-use-my-user-data-to-train-your-artificial-intelligence-models",
            "https://docs.mistral.ai/studio-api/regional-inference",
        ),
        read="2026-11-26",
    ),
)
