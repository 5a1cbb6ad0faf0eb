"""Servers that run on one's own machines: vLLM, and Ollama's endpoint of OpenAI's protocol.

What they keep and where is the operator's own doing, so nothing is claimed for them.
Sources: documentation of vLLM ("OpenAI-Compatible Server") and of Ollama ("OpenAI compatibility").
"""

from proxy.providers.kind import Kind, bearer
from proxy.providers.openai_compatible import PATHS

VLLM = Kind(name="vllm", base_url="http://127.0.0.1:8000/v1", paths=PATHS, authorise=bearer)
OLLAMA = Kind(name="ollama", base_url="http://127.0.0.1:11434/v1", paths=PATHS, authorise=bearer)
