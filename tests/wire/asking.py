"""Chat Completions requests for tests: the smallest one with other fields, and a tool."""

from __future__ import annotations

import json
from typing import Any

from proxy.exchange import Exchange
from proxy.wire import openai_chat

HELLO = [{"role": "user", "content": "Hello"}]

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tell the weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "home city": {"type": ["string", "null"], "enum": ["Ulm"], "description": "Where"},
                "day": {"$ref": "#/$defs/day"},
            },
            "$defs": {"day": {"type": "string", "format": "date", "maxLength": 10}},
            "required": ["home city"],
            "additionalProperties": False,
        },
    },
}


def parsed(**fields: Any) -> Exchange:
    """A request that says hello, with these fields besides or instead."""
    body = json.dumps({"model": "m", "messages": HELLO, **fields}).encode()
    return openai_chat.parse(body, "x-1")
