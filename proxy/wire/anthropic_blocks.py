"""Anthropic Messages: the content blocks of requests and answers, told apart by their `type`.

Source: Anthropic API reference, "Messages", and the type definitions of the official Python SDK
(`ContentBlockParam`, `ContentBlock`). A block type that isn't here is inspected whole.
"""

from __future__ import annotations

from proxy.wire.json_walk import DEFAULT, Leaf, Spec
from proxy.wire.shared import choice, unread

#: Blocks that may only travel verbatim, with all of their turn's others.
SIGNED_BLOCKS = frozenset({"thinking", "redacted_thinking", "compaction"})
#: Blocks that somebody else than the turn's author wrote.
MEDIA_BLOCKS = frozenset({"tool_result", "document", "search_result", "mcp_tool_result"})

_ID = Spec(leaf=Leaf.ID)
_NAME = Spec(leaf=Leaf.NAME)
_SIGNED = Spec(leaf=Leaf.SIGNED)
_SEALED = Spec(leaf=Leaf.TAGGED, kind="sealed")

CACHE = Spec(fields={"type": choice("ephemeral"), "ttl": choice("5m", "1h")})
_CALLERS = ("code_execution_20250825", "code_execution_20260120", "code_execution_20260521")
_CALLER = Spec(fields={"type": choice("direct", *_CALLERS), "tool_id": _ID})
_SWITCH = Spec(fields={"enabled": DEFAULT})
#: Where a cited text stands.
CITATION = Spec(
    fields={
        "type": choice(
            *("char_location", "page_location", "content_block_location"),
            *("search_result_location", "web_search_result_location"),
        ),
        "encrypted_index": _SEALED,
        "file_id": _ID,
        **dict.fromkeys(
            (
                *("cited_text", "document_title", "source", "title", "url"),
                *("document_index", "search_result_index", "start_block_index", "end_block_index"),
                *("start_char_index", "end_char_index", "start_page_number", "end_page_number"),
            ),
            DEFAULT,
        ),
    }
)
_MEDIA_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")

_variants: dict[str, Spec] = {}
#: A content block. Blocks hold blocks, so the variants are filled in below.
BLOCK = Spec(variants=_variants)
#: What a turn says: text, or an array of blocks.
CONTENT = Spec(items=BLOCK)


def _source(kind: str, media: Spec) -> Spec:
    """Where an image or a document comes from; text and blocks are read, the rest can't be."""
    return Spec(
        variants={
            "base64": Spec(
                fields={"type": choice("base64"), "media_type": media, "data": unread(kind)}
            ),
            "url": Spec(fields={"type": choice("url"), "url": unread(kind)}),
            "file": Spec(fields={"type": choice("file"), "file_id": unread("file")}),
            "text": Spec(
                fields={
                    "type": choice("text"),
                    "media_type": choice("text/plain"),
                    "data": DEFAULT,
                }
            ),
            "content": Spec(fields={"type": choice("content"), "content": CONTENT}),
        }
    )


_RESULT = Spec(
    variants={
        "web_search_result": Spec(
            fields={
                "type": choice("web_search_result"),
                "encrypted_content": _SEALED,
                **dict.fromkeys(("page_age", "title", "url"), DEFAULT),
            }
        ),
        "web_fetch_result": Spec(
            fields={
                "type": choice("web_fetch_result"),
                "content": BLOCK,
                **dict.fromkeys(("retrieved_at", "url"), DEFAULT),
            }
        ),
        **{
            kind: Spec(
                fields={
                    "type": choice(kind),
                    "encrypted_stdout": _SEALED,
                    **dict.fromkeys(("stdout", "stderr", "return_code"), DEFAULT),
                    "content": Spec(
                        items=Spec(
                            fields={
                                "type": choice("code_execution_output", f"{kind[:-7]}_output"),
                                "file_id": unread("file"),
                            }
                        )
                    ),
                }
            )
            for kind in (
                *("code_execution_result", "bash_code_execution_result"),
                "encrypted_code_execution_result",
            )
        },
    }
)


def _block(kind: str, **fields: Spec) -> Spec:
    return Spec(fields={"type": choice(kind), "cache_control": CACHE, **fields})


def _result(kind: str) -> Spec:
    content = Spec(items=_RESULT, variants=_RESULT.variants)
    return _block(kind, tool_use_id=_ID, caller=_CALLER, content=content)


def _use(kind: str, **fields: Spec) -> Spec:
    called = Spec(leaf=Leaf.JSON)
    return _block(kind, id=_ID, name=_NAME, input=called, caller=_CALLER, **fields)


_variants |= {
    "text": _block("text", text=DEFAULT, citations=Spec(items=CITATION)),
    "image": _block(
        "image",
        source=_source("image", choice(*_MEDIA_TYPES)),
        transformations=Spec(fields={"oversized_image": choice("downsize", "error")}),
    ),
    "document": _block(
        "document",
        source=_source("file", choice("application/pdf")),
        title=DEFAULT,
        context=DEFAULT,
        citations=_SWITCH,
    ),
    "search_result": _block(
        "search_result", content=CONTENT, source=DEFAULT, title=DEFAULT, citations=_SWITCH
    ),
    "thinking": _block("thinking", thinking=_SIGNED, signature=_SEALED),
    "redacted_thinking": _block("redacted_thinking", data=_SEALED),
    "compaction": _block(
        "compaction", content=_SIGNED, signature=_SEALED, encrypted_content=_SEALED
    ),
    "tool_use": _use("tool_use", toolset_name=_NAME),
    "server_tool_use": _use("server_tool_use"),
    "mcp_tool_use": _use("mcp_tool_use", server_name=_NAME),
    "tool_result": _block(
        "tool_result", tool_use_id=_ID, content=CONTENT, is_error=DEFAULT, toolset_name=_NAME
    ),
    "mcp_tool_result": _block(
        "mcp_tool_result", tool_use_id=_ID, content=CONTENT, is_error=DEFAULT
    ),
    "tool_reference": _block("tool_reference", tool_name=_NAME),
    "container_upload": _block("container_upload", file_id=unread("file")),
    **{
        kind: _result(kind)
        for kind in (
            *("web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result"),
            *("bash_code_execution_tool_result", "text_editor_code_execution_tool_result"),
            "tool_search_tool_result",
        )
    },
}
