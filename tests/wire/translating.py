"""The same conversations and answers in each protocol, for what puts one into the other."""

from __future__ import annotations

import json
from typing import Any

from proxy.wire.sse import Decoder

CHAT: Any = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
ANTHROPIC: Any = {**CHAT, "max_tokens": 100}

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}}
PNG = "iVBORw0KGgo="

NAMED: Any = {"type": "json_schema", "name": "n", "schema": WEATHER}

#: The same conversation in each protocol.
CHAT_CONVERSATION: Any = {
    "model": "m",
    "max_tokens": 100,
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            ],
        },
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"city":"Ulm"}'},
                },
                {
                    "id": "c2",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"city":"Bonn"}'},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        {"role": "tool", "tool_call_id": "c2", "content": "sun"},
        {"role": "user", "content": "So?"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "f", "parameters": WEATHER, "description": "Tell", "strict": True},
        }
    ],
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "temperature": 0.5,
    "top_p": 0.9,
    "stop": ["END"],
    "user": "user-1",
}
RESPONSES_CONVERSATION: Any = {
    "model": "m",
    "max_output_tokens": 100,
    "instructions": "Be brief.",
    "input": [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"},
            ],
        },
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "I look.", "annotations": []}],
        },
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"city":"Ulm"}'},
        {"type": "function_call", "call_id": "c2", "name": "f", "arguments": '{"city":"Bonn"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "rain"},
        {"type": "function_call_output", "call_id": "c2", "output": "sun"},
        {"role": "user", "content": "So?"},
    ],
    "tools": [
        {
            "type": "function",
            "name": "f",
            "parameters": WEATHER,
            "description": "Tell",
            "strict": True,
        }
    ],
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "temperature": 0.5,
    "top_p": 0.9,
    "user": "user-1",
    "store": False,
}
ANTHROPIC_CONVERSATION: Any = {
    "model": "m",
    "max_tokens": 100,
    "system": [{"type": "text", "text": "Be brief."}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": PNG},
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"city": "Ulm"}},
                {"type": "tool_use", "id": "c2", "name": "f", "input": {"city": "Bonn"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "rain"},
                {"type": "tool_result", "tool_use_id": "c2", "content": "sun"},
                {"type": "text", "text": "So?"},
            ],
        },
    ],
    "tools": [{"name": "f", "description": "Tell", "strict": True, "input_schema": WEATHER}],
    "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
    "temperature": 0.5,
    "top_p": 0.9,
    "stop_sequences": ["END"],
    "metadata": {"user_id": "user-1"},
}

COMPLETION: Any = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 7,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "I look.",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"city":"Ulm"}'},
                    }
                ],
            },
            "finish_reason": "tool_calls",
        }
    ],
    "usage": {
        "prompt_tokens": 30,
        "completion_tokens": 12,
        "total_tokens": 42,
        "prompt_tokens_details": {"cached_tokens": 10},
    },
}
MESSAGE: Any = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"city": "Ulm"}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 20,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 10,
        "output_tokens": 12,
    },
}


def chunk(delta: Any, finish: str | None = None) -> Any:
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 7, "model": "m"}
    return {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call_of(index: int, arguments: str, **more: Any) -> Any:
    return {"tool_calls": [{"index": index, **more, "function": {"arguments": arguments}}]}


CHUNKS: list[Any] = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "Hm."}),
    chunk({"content": "I "}),
    chunk({"content": "look."}),
    chunk(
        {
            "tool_calls": [
                {
                    "index": 0,
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "f", "arguments": ""},
                }
            ]
        }
    ),
    chunk(call_of(0, '{"city":')),
    chunk(call_of(0, '"Ulm"}')),
    chunk(
        {
            "tool_calls": [
                {
                    "index": 1,
                    "id": "c2",
                    "type": "function",
                    "function": {"name": "g", "arguments": "{}"},
                }
            ]
        }
    ),
    chunk({}, "tool_calls"),
    {**chunk({}), "choices": [], "usage": COMPLETION["usage"]},
    "[DONE]",
]


def sse(documents: list[Any], *, named: bool) -> bytes:
    text = ""
    for document in documents:
        data = document if isinstance(document, str) else json.dumps(document)
        text += (f"event: {document['type']}\n" if named else "") + f"data: {data}\n\n"
    return text.encode()


def told(translator: Any, raw: bytes, at: int) -> list[Any]:
    said = b"".join([*translator.feed(raw[:at]), *translator.feed(raw[at:]), *translator.close()])
    return [json.loads(e.data) if e.data != "[DONE]" else e.data for e in Decoder().feed(said)]
