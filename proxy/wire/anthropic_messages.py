"""Anthropic Messages: what a request of this dialect holds, and how its errors look.

Declarations over the shared walker; the answers are in anthropic_answer.py.
Source: Anthropic API reference, "Create a Message" (POST /v1/messages), "Count tokens in a
Message", "Errors", "Beta headers"; the type definitions of the official Python SDK.

Invariants: thinking (its text, signature and redacted data) is inspected and never an edit's
target; an unknown beta feature is left out with a note, since its name would be the caller's own
words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from proxy.errors import BadRequest, PrivetError
from proxy.exchange import Author, Exchange, Path, Scope, Signed, TextPart
from proxy.wire import anthropic_citations, anthropic_tools, json_schema, json_walk, strict_json
from proxy.wire.anthropic_blocks import CACHE, CONTENT, MEDIA_BLOCKS, SIGNED_BLOCKS
from proxy.wire.json_walk import DEFAULT, Leaf, Spec, Walk
from proxy.wire.shared import check_kinds, check_object, choice

NAME = "anthropic.messages"
COUNT_TOKENS = "anthropic.count_tokens"

_ROLES = frozenset({"user", "assistant", "system"})
_AUTHORS = {"assistant": Author.ASSISTANT, "system": Author.OPERATOR}
_MESSAGE = Spec(fields={"role": Spec(values=_ROLES), "content": CONTENT})
_FORMAT = Spec(fields={"type": choice("json_schema"), "schema": json_schema.SCHEMA})
_SCHEMA_FIELDS = {
    "tools": Spec(items=anthropic_tools.TOOL),
    "tool_choice": anthropic_tools.TOOL_CHOICE,
    "output_config": Spec(
        fields={"effort": choice("low", "medium", "high", "xhigh", "max"), "format": _FORMAT}
    ),
    "output_format": _FORMAT,
}
_OTHER_FIELDS = {
    "cache_control": CACHE,
    "container": Spec(leaf=Leaf.ID, fields={"id": Spec(leaf=Leaf.ID)}),
    "diagnostics": Spec(fields={"previous_message_id": Spec(leaf=Leaf.ID)}),
    "inference_geo": choice("global", "us"),
    "metadata": Spec(fields={"user_id": Spec(leaf=Leaf.PSEUDONYM)}),
    "service_tier": choice("auto", "standard_only"),
    "speed": choice("standard", "fast"),
    "system": CONTENT,
    "thinking": Spec(
        fields={
            "type": choice("enabled", "disabled", "adaptive", "between_tools"),
            "budget_tokens": DEFAULT,
            "display": choice("summarized", "omitted"),
        }
    ),
    "user_profile_id": Spec(leaf=Leaf.PSEUDONYM),
    **dict.fromkeys(
        ("max_tokens", "stop_sequences", "stream", "temperature", "top_k", "top_p"), DEFAULT
    ),
}
_REQUEST = Spec(fields={**_SCHEMA_FIELDS, **_OTHER_FIELDS})
#: Not fields like any other: they are walked in their own order, or aren't data.
_PLACED = _SCHEMA_FIELDS.keys() | {"messages", "model", "system"}
#: Every top-level field that is declared, for what has to know them all.
FIELDS = frozenset(_REQUEST.fields) | {"model", "messages"}

#: Versions are called after their day; the first is of 2023.
_VERSION = re.compile(r"20(?:2[3-9]|[3-9][0-9])-[01][0-9]-[0-3][0-9]")
#: Features that a client may ask for; finite, as a header is no place for the caller's words.
_BETAS = frozenset(
    {
        *("advisor-tool-2026-03-01", "cache-diagnosis-2026-04-07", "claude-code-20250219"),
        *("code-execution-2025-05-22", "code-execution-2025-08-25", "compact-2026-01-12"),
        *("compact-2026-09-04", "computer-use-2024-10-22", "computer-use-2025-01-24"),
        *("computer-use-2025-11-24", "context-1m-2025-08-07", "context-management-2025-06-27"),
        *("dev-full-thinking-2025-05-14", "effort-2025-11-24", "extended-cache-ttl-2025-04-11"),
        *("fast-mode-2026-02-01", "files-api-2025-04-14"),
        *("fine-grained-tool-streaming-2025-05-14", "inline-tools-2026-09-15"),
        *("interleaved-thinking-2025-05-14", "max-tokens-3-5-sonnet-2024-07-15"),
        *("mcp-client-2025-04-04", "mcp-client-2025-11-20", "mcp-client-2026-09-15"),
        "mid-conversation-output-config-2026-07-01",
        "mid-conversation-system-clear-at-2026-08-21",
        *("mid-conversation-tool-changes-2026-07-01", "model-context-window-exceeded-2025-08-26"),
        *("output-128k-2025-02-19", "output-300k-2026-03-24", "pdfs-2024-09-25"),
        *("prompt-caching-2024-07-31", "prompt-caching-scope-2026-01-05", "skills-2025-10-02"),
        *("structured-outputs-2025-11-13", "task-budgets-2026-03-13"),
        *("thinking-binding-controls-2026-08-01", "thinking-display-updates-2026-08-18"),
        *("thinking-token-count-2026-05-13", "token-counting-2024-11-01"),
        *("token-efficient-tools-2025-02-19", "web-fetch-2025-09-10", "web-search-2025-03-05"),
    }
)

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_KNOWN_KINDS = frozenset({*_KINDS.values(), "api_error"})


def parse(body: bytes, exchange_id: str) -> Exchange:
    """Read a request to create a message.

    Raises:
        BadRequest: not strict JSON, or not of this dialect's shape.
    """
    return _parse(NAME, body, exchange_id)


def parse_count(body: bytes, exchange_id: str) -> Exchange:
    """Read a request to count tokens: the same body, less what only an answer needs."""
    return _parse(COUNT_TOKENS, body, exchange_id)


def _parse(dialect: str, body: bytes, exchange_id: str) -> Exchange:
    tree = check_object(strict_json.parse(body))
    messages = _check_messages(tree)
    walk = Walk(Author.SCHEMA)
    walk.members(tree, _REQUEST, _SCHEMA_FIELDS)
    walk.author = Author.OPERATOR
    walk.members(tree, _REQUEST, ("system",))
    walk.author = Author.FIELD
    walk.members(tree, _REQUEST, sorted(tree.keys() - _PLACED))
    for position, message in enumerate(messages):
        _visit(walk, message, ("messages", position))
    answer = (tree.get("output_config") or {}).get("format") or tree.get("output_format")
    thinking = tree.get("thinking") or {}
    return walk.exchange(
        tree,
        body,
        exchange_id,
        dialect,
        json_answer=bool(answer),
        signed=tuple(_signed(tree, walk.sealed)),
        offsets=tuple(anthropic_citations.offsets(tree)),
        # What a model signed must mean the same when the history was trimmed.
        scope=Scope.PRINCIPAL if thinking.get("type", "disabled") != "disabled" else Scope.REQUEST,
    )


def passed_on(headers: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The header fields that go to the provider, and notes on what was left out.

    Raises:
        BadRequest: a version of the API that isn't one.
    """
    passed = {}
    notes = []
    version = headers.get("anthropic-version")
    if version is not None:
        if not _VERSION.fullmatch(version):
            raise BadRequest("`anthropic-version` has to be a day, like 2023-06-01.")
        passed["anthropic-version"] = version
    asked = [beta.strip() for beta in headers.get("anthropic-beta", "").split(",") if beta.strip()]
    known = [beta for beta in asked if beta in _BETAS]
    if known:
        passed["anthropic-beta"] = ",".join(known)
    if len(known) < len(asked):
        notes.append("beta-dropped")
    return passed, tuple(notes)


def error(failure: PrivetError, request_id: str) -> bytes:
    """The error body that Anthropic's SDKs understand, with the deciding rule and a hint."""
    return strict_json.dumps(error_tree(failure, request_id))


def error_tree(failure: PrivetError, request_id: str) -> dict[str, Any]:
    """What an error body, or an `error` event, says."""
    kind = failure.kind if failure.kind in _KNOWN_KINDS else _KINDS.get(failure.status)
    if kind is None:
        kind = "api_error" if failure.status >= 500 else "invalid_request_error"
    detail = {
        "type": kind,
        "message": failure.message + (f" {failure.hint}" if failure.hint else ""),
        "code": failure.code,
        **({"rule": failure.rule} if failure.rule else {}),
    }
    return {"type": "error", "error": detail, "request_id": request_id}


def _check_messages(tree: dict[str, Any]) -> list[Any]:
    messages = tree.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("`messages` has to be an array with at least one message.")
    for position, message in enumerate(messages):
        place = f"`messages[{position}]`"
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise BadRequest(f"{place} has to be an object with a `role`.")
        content = message.get("content")
        if not isinstance(content, str | list):
            raise BadRequest(f"{place}.content has to be a string or an array.")
        for block in content if isinstance(content, list) else ():
            if not isinstance(block, dict) or not isinstance(block.get("type"), str | None):
                raise BadRequest(f"{place}.content has to hold objects, their `type` a string.")
    if not isinstance(tree.get("system"), str | list | None):
        raise BadRequest("`system` has to be a string or an array.")
    check_kinds(
        tree,
        ("stream", bool, "true or false"),
        ("tools", list, "an array"),
        ("thinking", dict, "an object"),
        ("output_config", dict, "an object"),
        ("output_format", dict, "an object"),
    )
    return messages


def _visit(walk: Walk, message: dict[str, Any], path: Path) -> None:
    """Collect a turn, each block with its own author: a document isn't what the user said."""
    author = _AUTHORS.get(message["role"], Author.USER)
    for name, value in message.items():
        walk.author = author
        if name != "content" or isinstance(value, str):
            walk.member(name, value, _MESSAGE, path, depth=2)
            continue
        for position, block in enumerate(value):
            walk.author = Author.TOOL if block.get("type") in MEDIA_BLOCKS else author
            walk.visit(block, CONTENT.items or DEFAULT, (*path, name, position), depth=4)


def _signed(tree: dict[str, Any], sealed: Mapping[Path, TextPart | None]) -> Iterator[Signed]:
    """Signed content: what has to stay or go together, and whether it may go.

    The thinking of a turn goes together. It may go unless a tool's results are being handed in for
    that turn: the API wants the thinking that led to a call with the call's results. What nobody
    signed (another protocol's) it doesn't take at all.
    """
    messages = tree["messages"]
    closed = _last_question(messages)
    turns: dict[int, list[int]] = {}
    for path, part in sealed.items():
        match path:
            case ("messages", int(turn), "content", int(block), str()) if (
                messages[turn]["content"][block].get("type") in SIGNED_BLOCKS
            ):
                blocks = turns.setdefault(turn, [])
                if block not in blocks:
                    blocks.append(block)
            case _:
                yield json_walk.undroppable(tree, path, part)
    for turn, blocks in turns.items():
        content = messages[turn]["content"]
        paths = tuple(("messages", turn, "content", block) for block in blocks)
        read = (part for path, part in sealed.items() if part and path[:-1] in paths)
        unsigned = all(content[block].get("signature") == "" for block in blocks)
        yield Signed(
            paths,
            tuple(seal(content[block]) for block in blocks),
            tuple(read),
            droppable=(turn < closed or unsigned) and len(blocks) < len(content),
        )


def seal(block: Mapping[str, Any]) -> str:
    """All that its producer signed or encrypted in a block, as one string."""
    strings = (block.get(name) for name in ("thinking", "content", "signature", "data"))
    more = (block.get("encrypted_content"),)
    return "\0".join(text for text in (*strings, *more) if isinstance(text, str))


def _last_question(messages: list[Any]) -> int:
    """Where the last turn is that isn't only tool results; the turns before it are closed."""
    for position in range(len(messages) - 1, -1, -1):
        content = messages[position]["content"]
        results = isinstance(content, list) and any(b.get("type") == "tool_result" for b in content)
        if messages[position]["role"] == "user" and not results:
            return position
    return 0
