"""Meta's Llama API, through its endpoint that speaks OpenAI's protocol.

Nothing is claimed for it: no public page on retention could be read when this was written.
Source: Llama API documentation, "OpenAI compatibility".
"""

from proxy.providers.kind import Kind, bearer

KIND = Kind(
    name="meta-llama",
    base_url="https://api.llama.com/compat/v1",
    paths={"openai.chat": "/chat/completions"},
    authorise=bearer,
)
