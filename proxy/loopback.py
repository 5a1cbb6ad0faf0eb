"""An OpenAI-compatible provider in this process, for the demo and for tests.

It speaks Chat Completions for real over loopback HTTP (plain, streamed, usage, n choices, errors)
with the full set of fields that the real service sends, and it keeps what it saw, so that a
reader can check with their own eyes what left Privet. Answers come from the scripted models.

Invariant: everything but the port is deterministic; ids are digests of the request.

Format: https://platform.openai.com/docs/api-reference/chat, object and streaming pages.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from proxy.assistant import Reply, Request, assist, echo

Json = dict[str, Any]

MODELS: dict[str, Callable[[Request], Reply]] = {"echo": echo, "assistant": assist}

#: Unix seconds of every answer: a fixed moment, so that two runs give the same bytes.
CREATED = 1_767_225_600

#: Streams come in fragments of these many characters in turn, which split every placeholder.
FRAGMENTS = (3, 1, 4, 2)

_MAX_BODY = 64 * 1024 * 1024  # bytes; far over what Privet lets through


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived: target with query, header fields in order, raw body."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Loopback:
    """The provider. `seen` lists every request, oldest first; whoever sends many clears it."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen (port 0: any free one) and return the base URL, ending in ``/v1``.

        Raises:
            OSError: the address is taken or isn't ours.
        """
        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound = self._runner.addresses[0][1]
        return f"http://{host}:{bound}/v1"

    async def stop(self) -> None:
        """Stop listening and drop open connections; harmless when it isn't running."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _see(self, request: web.Request) -> bytes:
        body = await request.read()
        headers = tuple(request.headers.items())
        self.seen.append(Seen(request.method, request.path_qs, headers, body))
        return body

    async def _models(self, request: web.Request) -> web.Response:
        await self._see(request)
        entry = {"object": "model", "created": CREATED, "owned_by": "privet"}
        data = [{"id": name, **entry} for name in MODELS]
        return web.json_response({"object": "list", "data": data})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await self._see(request)
        try:
            asked = _checked(json.loads(body))
            if asked["model"] not in MODELS:
                return _error(404, "The model does not exist.", "model_not_found")
            replies = _choices(asked, MODELS[asked["model"]](asked))
            whole = completion(asked, replies)
            events = [event(chunk) for chunk in chunks(asked, replies)]
        except (ValueError, LookupError, TypeError, AttributeError):
            return _error(400, "The body is not a chat completions request.", None)
        headers = {"x-request-id": f"req_{_digest(body)[:32]}"}
        if not asked.get("stream"):
            return web.json_response(whole, headers=headers)
        response = web.StreamResponse(headers=headers)
        response.content_type = "text/event-stream"
        await response.prepare(request)
        for data in (*events, b"data: [DONE]\n\n"):
            await response.write(data)
        await response.write_eof()
        return response


def completion(request: Request, replies: Sequence[Reply]) -> Json:
    """The `chat.completion` object of `replies`, one choice each."""
    choices = [
        {
            "index": index,
            "message": _message(request, index, reply),
            "logprobs": None,
            "finish_reason": _finish(reply),
        }
        for index, reply in enumerate(replies)
    ]
    return {
        **_frame(request, "chat.completion"),
        "choices": choices,
        "usage": _usage(request, replies),
        "service_tier": "default",
    }


def chunks(
    request: Request, replies: Sequence[Reply], sizes: Sequence[int] = FRAGMENTS
) -> Iterator[Json]:
    """Yield the `chat.completion.chunk` objects of `replies`, their fragments interleaved.

    Texts and tool arguments are cut into fragments of `sizes` characters in turn.
    """
    asks_usage = bool((request.get("stream_options") or {}).get("include_usage"))
    frame = {**_frame(request, "chat.completion.chunk"), "service_tier": "default"}
    if asks_usage:
        frame["usage"] = None
    streams = [_deltas(request, index, reply, sizes) for index, reply in enumerate(replies)]
    for step in itertools.zip_longest(*streams):
        for index, change in enumerate(step):
            if change is not None:
                delta, finish = change
                choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
                yield {**frame, "choices": [choice]}
    if asks_usage:
        yield {**frame, "choices": [], "usage": _usage(request, replies)}


def event(data: Json) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _deltas(
    request: Request, index: int, reply: Reply, sizes: Sequence[int]
) -> Iterator[tuple[Json, str | None]]:
    yield {"role": "assistant", "content": None if reply.tool_calls else "", "refusal": None}, None
    for field, text in (("content", reply.content), ("refusal", reply.refusal)):
        for fragment in _fragments(text or "", sizes):
            yield {field: fragment}, None
    for position, call in enumerate(_calls(request, index, reply)):
        arguments = call["function"].pop("arguments")
        opening = {**call, "function": {**call["function"], "arguments": ""}}
        yield {"tool_calls": [{"index": position, **opening}]}, None
        for fragment in _fragments(arguments, sizes):
            yield (
                {"tool_calls": [{"index": position, "function": {"arguments": fragment}}]},
                None,
            )
    yield {}, _finish(reply)


def _fragments(text: str, sizes: Sequence[int]) -> Iterator[str]:
    start = 0
    for size in itertools.cycle(sizes):
        if start >= len(text):
            return
        yield text[start : start + size]
        start += size


def _message(request: Request, index: int, reply: Reply) -> Json:
    message: Json = {
        "role": "assistant",
        "content": reply.content,
        "refusal": reply.refusal,
        "annotations": [],
    }
    if reply.tool_calls:
        message["tool_calls"] = _calls(request, index, reply)
    return message


def _calls(request: Request, index: int, reply: Reply) -> list[Json]:
    digest = _digest(json.dumps([request["messages"], index]).encode())
    return [
        {
            "id": f"call_{digest[:20]}{position:04d}",
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for position, call in enumerate(reply.tool_calls)
    ]


def _finish(reply: Reply) -> str:
    return reply.finish_reason or ("tool_calls" if reply.tool_calls else "stop")


def _frame(request: Request, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{_digest(json.dumps(request['messages']).encode())[:29]}",
        "object": kind,
        "created": CREATED,
        "model": request["model"],
        "system_fingerprint": "fp_loopback",
    }


def _usage(request: Request, replies: Sequence[Reply]) -> Json:
    """Token counts; a token is four characters here, rounded up."""
    said = [text for reply in replies for text in (reply.content, reply.refusal) if text]
    said += [call.arguments for reply in replies for call in reply.tool_calls]
    prompt = -(-len(json.dumps(request["messages"])) // 4)
    answer = -(-len("".join(said)) // 4)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _checked(body: object) -> Request:
    """The body if it has what the scripted models read, else ValueError."""
    if isinstance(body, dict) and isinstance(body.get("model"), str):
        messages = body.get("messages")
        if isinstance(messages, list) and messages and all(isinstance(m, dict) for m in messages):
            return body
    raise ValueError


def _choices(request: Request, reply: Reply) -> list[Reply]:
    """The n choices asked for; prose is numbered from the second on, so that choices differ."""
    count = request.get("n") or 1
    if not reply.content or request.get("response_format"):
        return [reply] * count
    return [reply] + [replace(reply, content=f"({n}) {reply.content}") for n in range(2, count + 1)]


def _error(status: int, message: str, code: str | None) -> web.Response:
    detail = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return web.json_response({"error": detail}, status=status)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
