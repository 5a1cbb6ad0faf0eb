"""An Anthropic request as a Chat Completions one.

Sources: Anthropic API reference, "Create a Message"; OpenAI API reference, "Create chat
completion". proxy/providers/README.md shows the tables below; a test holds them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from proxy.wire import strict_json
from proxy.wire.translation import Json, Translated, no_counterpart, number, only, sort_fields

CARRIED = frozenset(
    {
        *("max_tokens", "messages", "metadata", "model", "output_config", "output_format"),
        *("stop_sequences", "stream", "system", "temperature", "thinking", "tool_choice"),
        *("tools", "top_p"),
    }
)
DROPPED = frozenset(
    {
        *("cache_control", "context_management", "diagnostics", "service_tier", "speed", "top_k"),
        "user_profile_id",
    }
)
_HERE = "Leave it out, or ask for a model of Anthropic's."
REFUSED = dict.fromkeys(("container", "inference_geo", "mcp_servers"), _HERE)

#: Up to this many tokens of thinking are this much effort; more is `high`.
_BUDGETS = ((4_096, "low"), (16_384, "medium"))
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_HARMLESS_IN_TOOLS = frozenset(
    {"allowed_callers", "cache_control", "defer_loading", "eager_input_streaming", "input_examples"}
)


def request(body: bytes) -> Translated:
    """The same request for a model behind OpenAI's protocol.

    Raises:
        CannotTranslate: something that can't be carried over.
    """
    asked: Json = strict_json.parse(body)
    notes = sort_fields(asked, CARRIED, DROPPED, REFUSED)
    effort = _effort(asked, notes)
    # Models that reason want their limit under the newer name; servers of others know the older.
    limit = "max_completion_tokens" if effort else "max_tokens"
    sent: Json = {
        "model": asked["model"],
        limit: asked.get("max_tokens"),
        "messages": [*_system(asked.get("system"), notes), *_turns(asked["messages"], notes)],
        **_tools(asked, notes),
        **_format(asked),
        **({"reasoning_effort": effort} if effort else {}),
    }
    for name in ("temperature", "top_p"):
        if asked.get(name) is not None:
            sent[name] = asked[name]
    if asked.get("stop_sequences"):
        sent["stop"] = asked["stop_sequences"]
    metadata = asked.get("metadata") or {}
    only("metadata", metadata, ("user_id",))
    if metadata.get("user_id"):
        sent["user"] = metadata["user_id"]
    if asked.get("stream"):
        sent |= {"stream": True, "stream_options": {"include_usage": True}}
    sent = {name: value for name, value in sent.items() if value is not None}
    return Translated(strict_json.dumps(sent), tuple(dict.fromkeys(notes)))


def _system(system: Any, notes: list[str]) -> Iterator[Json]:
    if system:
        yield {"role": "system", "content": _text(system, "system", notes)}


def _text(content: Any, place: str, notes: list[str]) -> str:
    """Text, or blocks that are all text, as one string."""
    if isinstance(content, str):
        return content
    texts = []
    for block in content or ():
        if block.get("type") != "text":
            raise no_counterpart(f"{place}.{block.get('type')}" if _plain(block) else place)
        _only(place, block, ("text",), notes)
        texts.append(block["text"])
    return "\n\n".join(texts)


def _turns(messages: list[Json], notes: list[str]) -> Iterator[Json]:
    for message in messages:
        content = message["content"]
        only("messages", message, ("role", "content"))
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        match message["role"]:
            case "assistant":
                said = _assistant(blocks, notes)
                if said:
                    yield said
            case "system":
                yield {"role": "system", "content": _text(content, "messages", notes)}
            case "user":
                yield from _user(blocks, notes)
            case _:
                raise no_counterpart("messages.role")


def _user(blocks: list[Json], notes: list[str]) -> Iterator[Json]:
    """What tools answered comes first, as it does on the other side; then what the user says.

    Tools answer in text there: what they show besides follows as the user's.
    """
    parts: list[Json] = []
    for block in blocks:
        if block.get("type") == "tool_result":
            known = ("tool_use_id", "content")
            _only("tool_result", block, known, notes, ("is_error", "toolset_name"))
            content = block.get("content") or ()
            shown = [] if isinstance(content, str) else [b for b in content if _is_shown(b)]
            told = [b for b in content if not _is_shown(b)] if shown else content
            notes += (f"tool_result.{one['type']}" for one in shown)
            parts += [_part(one, notes) for one in shown]
            text = _text(told, "tool_result", notes) or ("It follows." if shown else "")
            yield {"role": "tool", "tool_call_id": block["tool_use_id"], "content": text}
        else:
            parts.append(_part(block, notes))
    if len(parts) == 1 and parts[0]["type"] == "text":
        yield {"role": "user", "content": parts[0]["text"]}
    elif parts:
        yield {"role": "user", "content": parts}


def _is_shown(block: Json) -> bool:
    return block.get("type") in ("image", "document")


def _part(block: Json, notes: list[str]) -> Json:
    match block:
        case {"type": "text", "text": text}:
            _only("messages.content", block, ("text",), notes)
            return {"type": "text", "text": text}
        case {"type": "image"}:
            _only("image", block, ("source",), notes, ("transformations",))
            return {"type": "image_url", "image_url": {"url": _url_of(block["source"])}}
        case {"type": "document"}:
            known = ("source", "title", "context")
            _only("document", block, known, notes, ("citations",))
            return _document(block)
    kind = f".{block['type']}" if _plain(block) else ""
    raise no_counterpart(f"messages.content{kind}")


def _document(block: Json) -> Json:
    """Text as text, a file as a file; what cites them wouldn't find them again."""
    source = block["source"]
    if (block.get("citations") or {}).get("enabled"):
        raise no_counterpart("citations")
    if source.get("type") == "text":
        only("source", source, ("type", "media_type", "data"))
        said = [block.get("title"), block.get("context"), source["data"]]
        return {"type": "text", "text": "\n\n".join(text for text in said if text)}
    if source.get("type") != "base64" or block.get("context"):
        raise no_counterpart("document")
    file = {"filename": block.get("title") or "document.pdf", "file_data": _url_of(source)}
    return {"type": "file", "file": file}


def _url_of(source: Json) -> str:
    """Where content is: in the request, or at a URL."""
    match source:
        case {"type": "base64", "media_type": media, "data": data}:
            only("source", source, ("type", "media_type", "data"))
            return f"data:{media};base64,{data}"
        case {"type": "url", "url": url}:
            only("source", source, ("type", "url"))
            return str(url)
    raise no_counterpart("source")


def _assistant(blocks: list[Json], notes: list[str]) -> Json | None:
    texts, calls = [], []
    for block in blocks:
        match block:
            case {"type": "text", "text": text}:
                _only("messages.content", block, ("text",), notes, ("citations",))
                texts.append(text)
            case {"type": "tool_use", "id": call_id, "name": name, "input": arguments}:
                known = ("id", "name", "input")
                _only("tool_use", block, known, notes, ("caller", "toolset_name"))
                text = strict_json.dumps(arguments).decode()
                function = {"name": name, "arguments": text}
                calls.append({"id": call_id, "type": "function", "function": function})
            case {"type": "thinking" | "redacted_thinking"}:
                # Another model's thinking, signed for its own maker only.
                notes.append("thinking")
            case _:
                kind = f".{block['type']}" if _plain(block) else ""
                raise no_counterpart(f"messages.content{kind}")
    if not texts and not calls:
        return None
    said: Json = {"role": "assistant", "content": "".join(texts) or None}
    return said | ({"tool_calls": calls} if calls else {})


def _tools(asked: Json, notes: list[str]) -> Json:
    tools = [_tool(tool, notes) for tool in asked.get("tools") or ()]
    choice = asked.get("tool_choice") or {}
    named = ("name",) if choice.get("type") == "tool" else ()
    only("tool_choice", choice, ("type", "disable_parallel_tool_use", *named))
    sent: Json = {"tools": tools} if tools else {}
    if choice and tools:
        if choice.get("type") == "tool":
            sent["tool_choice"] = {"type": "function", "function": {"name": choice.get("name")}}
        elif choice.get("type") in _CHOICES:
            sent["tool_choice"] = _CHOICES[choice["type"]]
        else:
            raise no_counterpart("tool_choice")
        if choice.get("disable_parallel_tool_use"):
            sent["parallel_tool_calls"] = False
    elif choice:
        notes.append("tool_choice")
    return sent


def _tool(tool: Json, notes: list[str]) -> Json:
    if tool.get("type", "custom") not in ("custom", None):
        raise no_counterpart("tools.type", "Declare the tool with a schema of its own.")
    known = ("type", "name", "description", "input_schema", "strict")
    only("tools", tool, known, notes, _HARMLESS_IN_TOOLS)
    function = {"name": tool["name"], "parameters": tool.get("input_schema")}
    for name in ("description", "strict"):
        if tool.get(name) is not None:
            function[name] = tool[name]
    return {"type": "function", "function": function}


def _effort(asked: Json, notes: list[str]) -> str | None:
    thinking, config = asked.get("thinking") or {}, asked.get("output_config") or {}
    only("thinking", thinking, ("type", "budget_tokens"), notes, ("display",))
    only("output_config", config, ("effort", "format"))
    effort = config.get("effort")
    if thinking.get("type") == "disabled":
        notes += ["thinking.type", *(["output_config.effort"] if effort else [])]
        return None
    if effort:
        return "xhigh" if effort == "max" else str(effort)
    if thinking.get("type") == "enabled":
        budget = number(thinking.get("budget_tokens"))
        return next((name for most, name in _BUDGETS if budget <= most), "high")
    return "medium" if thinking else None


def _format(asked: Json) -> Json:
    wanted = (asked.get("output_config") or {}).get("format") or asked.get("output_format")
    if not wanted:
        return {}
    only("format", wanted, ("type", "schema"))
    schema = {"name": "answer", "schema": wanted["schema"], "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _only(
    place: str, block: Json, known: Iterable[str], notes: list[str], dropped: Iterable[str] = ()
) -> None:
    """`only` of a block, which says too where a prompt cache may end."""
    if block.get("cache_control"):
        notes.append("cache_control")
    only(place, block, ("type", "cache_control", *known), notes, dropped)


def _plain(block: Json) -> bool:
    """Whether a block's type may be quoted: the protocol's words are, anybody else's aren't."""
    return block.get("type") in _NAMED


_NAMED = frozenset(
    {
        *("image", "document", "search_result", "server_tool_use", "tool_result", "mcp_tool_use"),
        *("mcp_tool_result", "web_search_tool_result", "web_fetch_tool_result"),
        *("code_execution_tool_result", "container_upload", "tool_reference", "compaction"),
        *("thinking", "redacted_thinking", "tool_use"),
    }
)
