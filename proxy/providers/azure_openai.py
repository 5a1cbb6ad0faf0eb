"""Azure OpenAI, by a resource's key or by a Microsoft Entra ID token (a key command prints one).

Two generations of its API: v1, which is OpenAI's own protocol below ``…/openai/v1``; and, where
privet.yaml gives an `api_version`, deployments below ``…/openai``, whose URL names the model.

Sources: Microsoft Learn, "Azure OpenAI in Azure AI Foundry Models v1 API", "Azure OpenAI REST API
reference" and "Data, privacy, and security for Azure Direct Models".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from proxy.providers.kind import Claims, Kind, bearer
from proxy.providers.openai_compatible import PATHS

_DEPLOYMENTS = {
    "openai.chat": "/deployments/{model}/chat/completions?api-version={version}",
    "openai.responses": "/responses?api-version={version}",
    "openai.completions": "/deployments/{model}/completions?api-version={version}",
    "openai.embeddings": "/deployments/{model}/embeddings?api-version={version}",
}


def _api_key(key: str) -> Mapping[str, str]:
    return {"api-key": key}


BY_KEY = Kind(
    name="azure-openai",
    paths=PATHS,
    versioned=_DEPLOYMENTS,
    authorise=_api_key,
    claims=Claims(
        retention="30d",  # less with modified abuse monitoring, which Microsoft has to approve
        trains=False,
        sources=("https://learn.microsoft.com/legal/cognitive-services/openai/data-privacy",),
        read="2026-11-25",
    ),
)
BY_ENTRA = replace(BY_KEY, name="azure-openai-entra", authorise=bearer)
