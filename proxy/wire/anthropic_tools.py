"""Anthropic Messages: tools as a request declares them, those that Anthropic runs included.

Source: Anthropic API reference, "Create a Message" (`tools`, `tool_choice`), and the type
definitions of the official Python SDK (`ToolUnionParam`).
"""

from __future__ import annotations

from proxy.wire import json_schema
from proxy.wire.anthropic_blocks import CACHE
from proxy.wire.json_walk import DEFAULT, Leaf, Spec
from proxy.wire.shared import choice

_CALLERS = (
    "direct",
    "code_execution_20250825",
    "code_execution_20260120",
    "code_execution_20260521",
)
_TYPES = (
    *("custom", "bash_20250124", "memory_20250818", "browser_20260801", "computer_20260801"),
    *("code_execution_20250522", "code_execution_20250825"),
    *("code_execution_20260120", "code_execution_20260521"),
    *("text_editor_20250124", "text_editor_20250429", "text_editor_20250728"),
    *("web_search_20250305", "web_search_20260209", "web_search_20260318"),
    *("web_fetch_20250910", "web_fetch_20260209", "web_fetch_20260309", "web_fetch_20260318"),
    *("tool_search_tool_bm25_20251119", "tool_search_tool_regex_20251119"),
)

TOOL = Spec(
    fields={
        "type": choice(*_TYPES),
        "name": Spec(leaf=Leaf.NAME),
        "description": DEFAULT,
        "input_schema": json_schema.SCHEMA,
        "cache_control": CACHE,
        "allowed_callers": Spec(items=choice(*_CALLERS)),
        "citations": Spec(fields={"enabled": DEFAULT}),
        "user_location": Spec(
            fields={
                "type": choice("approximate"),
                **dict.fromkeys(("city", "country", "region", "timezone"), DEFAULT),
            }
        ),
        **dict.fromkeys(
            (
                *("allowed_domains", "blocked_domains", "defer_loading", "eager_input_streaming"),
                *("input_examples", "max_content_tokens", "max_uses", "strict", "max_characters"),
                *("display_height_px", "display_width_px", "display_number"),
            ),
            DEFAULT,
        ),
    }
)
TOOL_CHOICE = Spec(
    fields={
        "type": choice("auto", "any", "tool", "none"),
        "name": Spec(leaf=Leaf.NAME),
        "disable_parallel_tool_use": DEFAULT,
    }
)
