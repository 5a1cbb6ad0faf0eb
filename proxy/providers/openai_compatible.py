"""Any provider that speaks OpenAI's protocol: OpenAI, vLLM, Ollama's compatible endpoint, others.

Source: OpenAI API reference, "Authentication".
"""

from proxy.providers.kind import Kind, bearer

#: OpenAI's own routes; servers of its protocol answer 404 on those that they don't have.
PATHS = {
    "openai.chat": "/chat/completions",
    "openai.responses": "/responses",
    "openai.completions": "/completions",
    "openai.embeddings": "/embeddings",
}

KIND = Kind(
    name="openai-compatible",
    paths=PATHS,
    authorise=bearer,
)
