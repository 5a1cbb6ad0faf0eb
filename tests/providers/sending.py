"""A request to a provider, and what becomes of it."""

from __future__ import annotations

import json

import pytest

from proxy.errors import PrivetError
from proxy.providers import Provider

DIALECT = "openai.chat"
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
STREAMED = json.dumps({**json.loads(BODY), "stream": True}).encode()


async def answer(provider: Provider, body: bytes = BODY) -> bytes:
    reply = await provider.send(DIALECT, body)
    try:
        return await reply.read()
    finally:
        reply.close()


async def failure(provider: Provider, body: bytes = BODY) -> PrivetError:
    with pytest.raises(PrivetError) as caught:
        await answer(provider, body)
    return caught.value
