"""A request to a provider, and what becomes of it."""

from __future__ import annotations

import json

import pytest

from proxy.errors import PrivetError
from proxy.providers import OpenAICompatible

PATH = "/chat/completions"
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
STREAMED = json.dumps({**json.loads(BODY), "stream": True}).encode()


async def answer(provider: OpenAICompatible, body: bytes = BODY) -> bytes:
    reply = await provider.send(PATH, body)
    try:
        return await reply.read()
    finally:
        reply.close()


async def failure(provider: OpenAICompatible, body: bytes = BODY) -> PrivetError:
    with pytest.raises(PrivetError) as caught:
        await answer(provider, body)
    return caught.value
