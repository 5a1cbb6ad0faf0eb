"""Any provider that speaks OpenAI's protocol: OpenAI, vLLM, Ollama's compatible endpoint, others.

Source: OpenAI API reference, "Authentication".
"""

from proxy.providers.provider import Kind, bearer

KIND = Kind(
    name="openai-compatible",
    paths={"openai.chat": "/chat/completions"},
    authorise=bearer,
)
