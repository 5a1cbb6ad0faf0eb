"""OpenAI Responses: the items that inputs and outputs are made of, and the tools.

Requests and answers share them: what a model put out in one turn is the input of the next.
Sources: OpenAI API reference, "Responses", and the types of the official Python SDK
(`openai.types.responses`: ResponseInputItem, ResponseOutputItem, Tool).
"""

from __future__ import annotations

from typing import Any

from proxy.exchange import Author
from proxy.wire import json_schema
from proxy.wire.json_walk import DEFAULT, Leaf, Spec
from proxy.wire.openai_shared import BREAKPOINT
from proxy.wire.shared import choice, media, unread

ID_LEAF = Spec(leaf=Leaf.ID)
NAME_LEAF = Spec(leaf=Leaf.NAME)
TAGGED_LEAF = Spec(leaf=Leaf.TAGGED, kind="encrypted")

#: Item type -> who wrote it. A message is its role's; what isn't listed is the caller's.
AUTHORS = {
    **dict.fromkeys(
        (
            *("function_call", "custom_tool_call", "mcp_call", "mcp_approval_request", "reasoning"),
            *("file_search_call", "web_search_call", "computer_call", "code_interpreter_call"),
            *("image_generation_call", "local_shell_call", "shell_call", "apply_patch_call"),
            *("tool_search_call", "program", "compaction"),
        ),
        Author.ASSISTANT,
    ),
    **dict.fromkeys(
        (
            *("function_call_output", "custom_tool_call_output", "computer_call_output"),
            *("local_shell_call_output", "shell_call_output", "apply_patch_call_output"),
            *("tool_search_output", "mcp_list_tools", "program_output"),
        ),
        Author.TOOL,
    ),
}
ROLES = {
    "system": Author.OPERATOR,
    "developer": Author.OPERATOR,
    "user": Author.USER,
    "assistant": Author.ASSISTANT,
}
_STATUS = choice(
    *("in_progress", "completed", "incomplete", "searching", "interpreting", "generating"),
    *("calling", "failed", "queued", "cancelled"),
)

_ANNOTATION = Spec(
    fields={
        "type": choice("file_citation", "url_citation", "container_file_citation", "file_path"),
        "file_id": ID_LEAF,
        "container_id": ID_LEAF,
        "filename": NAME_LEAF,
        **dict.fromkeys(("index", "start_index", "end_index", "title", "url"), DEFAULT),
    }
)
CONTENT = Spec(
    fields={
        "type": choice(
            *("input_text", "input_image", "input_file", "input_audio", "output_text", "refusal"),
            *("reasoning_text", "summary_text", "text", "computer_screenshot", "logs", "image"),
        ),
        **dict.fromkeys(("text", "refusal", "logprobs", "logs", "stdout", "stderr"), DEFAULT),
        "annotations": Spec(items=_ANNOTATION),
        "image_url": unread("image"),
        "url": DEFAULT,
        "file_id": unread("file"),
        "file_data": unread("file"),
        "file_url": unread("file"),
        "filename": NAME_LEAF,
        "detail": choice("auto", "low", "high", "original"),
        "input_audio": media("audio", data=unread("audio"), format=choice("wav", "mp3")),
        "prompt_cache_breakpoint": BREAKPOINT,
        # One command's output of a shell.
        "outcome": Spec(fields={"type": choice("exit", "timeout"), "exit_code": DEFAULT}),
        "created_by": ID_LEAF,
    }
)

_tool: dict[str, Spec] = {}
#: A tool. A namespace holds tools, so its fields are filled in below.
TOOL = Spec(fields=_tool)
_CALLERS = Spec(items=choice("direct", "programmatic"))
_NAMES = Spec(items=NAME_LEAF)
_TOOL_FILTER = {"read_only": DEFAULT, "tool_names": _NAMES}
_tool |= {
    "type": choice(
        *("function", "custom", "namespace", "tool_search", "programmatic_tool_calling"),
        *("file_search", "web_search", "web_search_2025_08_26", "web_search_preview"),
        *("web_search_preview_2025_03_11", "computer", "computer_use", "computer_use_preview"),
        *("mcp", "code_interpreter", "image_generation", "local_shell", "shell", "apply_patch"),
        "allowed_tools",
    ),
    "name": NAME_LEAF,
    "description": DEFAULT,
    "parameters": json_schema.SCHEMA,
    "output_schema": DEFAULT,
    "input_schema": json_schema.SCHEMA,
    "format": Spec(
        fields={
            "type": choice("text", "grammar"),
            "syntax": choice("lark", "regex"),
            "definition": DEFAULT,
        }
    ),
    "mode": choice("auto", "required"),
    "tools": Spec(items=TOOL),
    "allowed_callers": _CALLERS,
    # Hosted tools read documents that Privet never sees.
    "vector_store_ids": Spec(items=unread("file")),
    "ranking_options": Spec(fields={"ranker": choice("auto", "default-2024-11-15")}),
    "search_context_size": choice("low", "medium", "high"),
    "search_content_types": Spec(items=choice("text", "image")),
    "user_location": Spec(
        fields={
            "type": choice("approximate"),
            **dict.fromkeys(("city", "country", "region", "timezone"), DEFAULT),
        }
    ),
    "filters": DEFAULT,
    "environment": Spec(
        fields={
            "type": choice("local", "container_auto", "container_reference"),
            "container_id": ID_LEAF,
            "file_ids": Spec(items=unread("file")),
            "memory_limit": choice("1g", "4g", "16g", "64g"),
        },
        values=frozenset({"windows", "mac", "linux", "ubuntu", "browser"}),
    ),
    "container": Spec(
        fields={
            "type": choice("auto"),
            "file_ids": Spec(items=unread("file")),
            "memory_limit": choice("1g", "4g", "16g", "64g"),
        },
        leaf=Leaf.ID,
    ),
    "server_label": NAME_LEAF,
    "server_description": DEFAULT,
    "server_url": DEFAULT,
    "connector_id": ID_LEAF,
    "tunnel_id": ID_LEAF,
    "authorization": DEFAULT,
    "headers": DEFAULT,
    "allowed_tools": Spec(fields=_TOOL_FILTER, items=NAME_LEAF),
    "require_approval": Spec(
        fields={"always": Spec(fields=_TOOL_FILTER), "never": Spec(fields=_TOOL_FILTER)},
        values=frozenset({"always", "never"}),
    ),
    "execution": choice("server", "client"),
    "model": ID_LEAF,
    "action": choice("generate", "edit", "auto"),
    "background": choice("transparent", "opaque", "auto"),
    "complexity": choice("low", "medium", "high"),
    "input_fidelity": choice("high", "low"),
    "input_image_mask": Spec(fields={"file_id": unread("image"), "image_url": unread("image")}),
    "moderation": choice("auto", "low"),
    "output_format": choice("png", "webp", "jpeg", "gif", "svg"),
    "quality": choice("low", "medium", "high", "xhigh", "max", "auto"),
    "size": choice("1024x1024", "1024x1536", "1536x1024", "auto"),
    **dict.fromkeys(
        (
            *("strict", "async", "defer_loading", "max_num_results", "external_web_access"),
            *("display_width", "display_height", "frame_count", "frame_duration_ms"),
            *("output_compression", "partial_images"),
        ),
        DEFAULT,
    ),
}

_ACTION = Spec(
    fields={
        "type": choice(
            *("exec", "search", "open_page", "find_in_page", "click", "double_click", "drag"),
            *("keypress", "move", "screenshot", "scroll", "type", "wait"),
        ),
        "button": choice("left", "right", "wheel", "back", "forward"),
        "sources": Spec(items=Spec(fields={"type": choice("url"), "url": DEFAULT})),
        "path": DEFAULT,
        **dict.fromkeys(
            (
                *("command", "commands", "env", "timeout_ms", "max_output_length", "user"),
                *("working_directory", "query", "queries", "url", "pattern", "text", "keys"),
                *("x", "y", "scroll_x", "scroll_y"),
            ),
            DEFAULT,
        ),
    },
    values=frozenset({"generate", "edit", "auto"}),
)
ITEM = Spec(
    fields={
        "type": choice(
            *("message", "item_reference", "additional_tools", "configuration_update"),
            *("compaction_trigger", "mcp_approval_response"),
            *AUTHORS,
        ),
        "role": Spec(values=frozenset(ROLES)),
        "status": _STATUS,
        "phase": choice("commentary", "final_answer"),
        "id": ID_LEAF,
        "call_id": ID_LEAF,
        "container_id": ID_LEAF,
        "approval_request_id": ID_LEAF,
        "created_by": ID_LEAF,
        "content": Spec(items=CONTENT),
        "summary": Spec(items=CONTENT),
        # What only its producer can read, and must get back as it was.
        "encrypted_content": TAGGED_LEAF,
        "fingerprint": TAGGED_LEAF,
        "name": NAME_LEAF,
        "namespace": NAME_LEAF,
        "server_label": NAME_LEAF,
        "arguments": Spec(leaf=Leaf.JSON),
        "input": DEFAULT,
        "output": Spec(fields=CONTENT.fields, items=CONTENT),
        "outputs": Spec(items=CONTENT),
        "result": unread("image"),
        "results": Spec(
            items=Spec(
                fields={
                    "file_id": ID_LEAF,
                    "filename": NAME_LEAF,
                    "score": DEFAULT,
                    "text": DEFAULT,
                    "attributes": DEFAULT,
                }
            )
        ),
        "tools": Spec(items=TOOL),
        "action": _ACTION,
        "actions": Spec(items=_ACTION),
        "operation": Spec(
            fields={
                "type": choice("create_file", "update_file", "delete_file"),
                "path": DEFAULT,
                "diff": DEFAULT,
            }
        ),
        "caller": Spec(fields={"type": choice("direct", "program"), "caller_id": ID_LEAF}),
        "environment": _tool["environment"],
        "execution": choice("server", "client"),
        "acknowledged_safety_checks": Spec(items=Spec(fields={"id": ID_LEAF, "code": ID_LEAF})),
        "pending_safety_checks": Spec(items=Spec(fields={"id": ID_LEAF, "code": ID_LEAF})),
        "output_format": _tool["output_format"],
        "quality": _tool["quality"],
        "size": _tool["size"],
        "background": _tool["background"],
        **dict.fromkeys(
            (
                *("code", "queries", "error", "approve", "reason", "max_output_length", "async"),
                "revised_prompt",
            ),
            DEFAULT,
        ),
    }
)


def author_of(item: dict[str, Any]) -> Author:
    """Who wrote an item."""
    kind = item.get("type") or "message"
    if kind == "message":
        return ROLES.get(item.get("role") or "user", Author.USER)
    return AUTHORS.get(kind, Author.USER)
