"""Clients of each dialect, alike enough that one scenario can be told in every one of them.

A speaker asks with the official SDK and gives back what its user would read: texts, the arguments of
calls, refusals. What a protocol doesn't have is `None` in its place, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import anthropic
import openai

from tests.house import House

Json = dict[str, Any]

MODEL = "gpt-4o-mini"
PARAMETERS: Json = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "body": {"type": "string"}},
    "additionalProperties": False,
}


@dataclass(slots=True)
class Told:
    """What a user reads of one answer: of each choice its text, of each call its arguments."""

    texts: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


class Speaker(Protocol):
    """A client of one dialect.

    Attributes:
        lacks: scenario -> why this protocol doesn't have it.
        restores: whether placeholders can come back.
        provider: the kind of provider that speaks it; an OpenAI-compatible one if empty.
        sdk: the official SDK, for what it raises.
        code: an error that this protocol's providers may report.
    """

    lacks: Mapping[str, str]
    restores: bool
    provider: str
    sdk: Any
    code: str

    async def ask(self, privet: House, said: str, **asked: Any) -> Told:
        """Ask, perhaps with what came before; `asked` says how."""


class Chat:
    """Chat Completions."""

    lacks: Mapping[str, str] = {}
    restores = True
    provider = ""
    sdk: Any = openai
    code = "no_such_person"

    async def ask(self, privet: House, said: str, **asked: Any) -> Told:
        """One question, or one with the turns before it."""
        tool = {"name": "send_mail", "description": said, "parameters": PARAMETERS}
        fields: Json = {"model": MODEL, "extra_body": asked.get("extra")}
        if asked.get("tools"):
            fields["tools"] = [{"type": "function", "function": tool}]
        if asked.get("schema"):
            schema = {"name": "answer", "schema": PARAMETERS}
            fields["response_format"] = {"type": "json_schema", "json_schema": schema}
        if asked.get("n"):
            fields["n"] = asked["n"]
        turns: list[Json] = [{"role": "user", "content": said}]
        if asked.get("called"):
            function = {"name": "send_mail", "arguments": asked["called"]}
            call = {"id": "call_1", "type": "function", "function": function}
            turns.append({"role": "assistant", "content": said, "tool_calls": [call]})
            turns.append({"role": "tool", "tool_call_id": "call_1", "content": asked["result"]})
        create: Any = privet.client.chat.completions.create
        if not asked.get("stream"):
            answer = await create(messages=turns, **fields)
            told = _chat_told([choice.message for choice in answer.choices])
            finish = answer.choices[0].finish_reason
        else:
            grown: dict[tuple[str, int], str] = {}
            async for chunk in await create(messages=turns, stream=True, **fields):
                for choice in chunk.choices:
                    _grow(grown, ("text", choice.index), choice.delta.content)
                    _grow(grown, ("refusal", choice.index), choice.delta.refusal)
                    for call in choice.delta.tool_calls or ():
                        _grow(grown, ("call", call.index), call.function.arguments)
                    finish = choice.finish_reason
            told = _grown(grown)
        return Told(refusals=told.texts) if finish == "content_filter" else told


class Responses:
    """Responses."""

    lacks: Mapping[str, str] = {"n choices": "one answer a request"}
    restores = True
    provider = ""
    sdk: Any = openai
    code = "no_such_person"

    async def ask(self, privet: House, said: str, **asked: Any) -> Told:
        """One question, or one with the turns before it."""
        fields: Json = {"model": MODEL, "extra_body": asked.get("extra"), "instructions": said}
        if asked.get("tools"):
            tool = {"type": "function", "name": "send_mail", "description": said}
            fields["tools"] = [{**tool, "parameters": PARAMETERS, "strict": False}]
        if asked.get("schema"):
            schema = {"type": "json_schema", "name": "answer", "schema": PARAMETERS}
            fields["text"] = {"format": schema}
        turns: list[Json] = [{"role": "user", "content": [{"type": "input_text", "text": said}]}]
        if asked.get("called"):
            call = {"type": "function_call", "call_id": "call_1", "name": "send_mail"}
            turns.append({"role": "assistant", "content": said})
            turns.append({**call, "arguments": asked["called"]})
            output = {"type": "function_call_output", "call_id": "call_1"}
            turns.append({**output, "output": asked["result"]})
        if not asked.get("stream"):
            answer: Any = await privet.client.responses.create(input=turns, **fields)  # type: ignore[call-overload]
            return _response_told(answer)
        told: dict[tuple[str, int], str] = {}
        ended: Any = None
        events: Any = await privet.client.responses.create(input=turns, stream=True, **fields)  # type: ignore[call-overload]
        async for event in events:
            if event.type == "response.output_text.delta":
                _grow(told, ("text", event.output_index), event.delta)
            elif event.type == "response.refusal.delta":
                _grow(told, ("refusal", event.output_index), event.delta)
            elif event.type == "response.function_call_arguments.delta":
                _grow(told, ("call", event.output_index), event.delta)
            elif event.type in ("response.completed", "response.incomplete"):
                ended = event.response
        whole, grown = _response_told(ended), _grown(told)
        assert grown.arguments == whole.arguments, "the deltas add up to the whole"
        assert grown.texts + grown.refusals == whole.texts + whole.refusals
        return whole


class Messages:
    """Anthropic's Messages."""

    lacks: Mapping[str, str] = {"n choices": "one answer a request"}
    restores = True
    provider = "anthropic"
    sdk: Any = anthropic
    code = "billing_error"

    async def ask(self, privet: House, said: str, **asked: Any) -> Told:
        """One question, or one with the turns before it."""
        spoken: Json = {"type": "text", "text": said}
        source = {"type": "text", "media_type": "text/plain", "data": said}
        found = {"type": "search_result", "source": said, "title": said, "content": [spoken]}
        read: Json = {"type": "document", "source": source, "title": said}
        blocks = [spoken, read]
        if asked.get("extra"):
            unknown = {"type": "next_year", **asked["extra"]}
            blocks = [spoken, {**read, "context": said}, found, unknown]
        fields: Json = {
            "model": MODEL,
            "max_tokens": 1000,
            "system": [spoken],
            "metadata": {"user_id": said},
            "stop_sequences": [said],
            "extra_body": asked.get("extra"),
        }
        if asked.get("tools"):
            tool = {"name": "send_mail", "description": said, "input_schema": PARAMETERS}
            fields["tools"] = [tool]
        if asked.get("schema"):
            fields["output_config"] = {"format": {"type": "json_schema", "schema": PARAMETERS}}
        turns: list[Json] = [{"role": "user", "content": blocks}]
        if asked.get("called"):
            call = {"type": "tool_use", "id": "toolu_1", "name": "send_mail"}
            call["input"] = json.loads(asked["called"])
            turns.append({"role": "assistant", "content": [spoken, call]})
            result = {"type": "text", "text": asked["result"]}
            handed: Json = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [result]}
            turns.append({"role": "user", "content": [handed]})
        create: Any = privet.anthropic.messages.create
        if not asked.get("stream"):
            return _message_told(await create(messages=turns, **fields))
        told: dict[tuple[str, int], str] = {}
        async with privet.anthropic.messages.stream(messages=turns, **fields) as events:
            async for event in events:
                if event.type == "content_block_delta":
                    delta = event.delta
                    _grow(told, ("text", event.index), getattr(delta, "text", None))
                    _grow(told, ("call", event.index), getattr(delta, "partial_json", None))
            whole = _message_told(await events.get_final_message())
        texts = [text for (kind, _), text in sorted(told.items()) if kind == "text"]
        calls = [json.loads(said) for (kind, _), said in sorted(told.items()) if kind == "call"]
        assert texts == whole.texts + whole.refusals, "the deltas add up to the whole"
        assert calls == [json.loads(arguments) for arguments in whole.arguments]
        return whole


class CountTokens:
    """Anthropic's count_tokens: everything is asked in one, and what comes back is a number."""

    lacks: Mapping[str, str] = dict.fromkeys(
        (
            *("stream", "tools", "tools stream", "structured output"),
            *("multi-turn with tool results", "n choices", "refusal"),
        ),
        "a number",
    )
    restores = True
    provider = "anthropic"
    sdk: Any = anthropic
    code = "billing_error"

    async def ask(self, privet: House, said: str, **asked: Any) -> Told:
        """Tools, a document and a call with its result, counted."""
        tool = {"name": "send_mail", "description": said, "input_schema": PARAMETERS}
        source = {"type": "text", "media_type": "text/plain", "data": said}
        call = {"type": "tool_use", "id": "toolu_1", "name": "send_mail", "input": {"to": said}}
        turns: Any = [
            {"role": "user", "content": [{"type": "document", "source": source, "title": said}]},
            {"role": "assistant", "content": [{"type": "text", "text": said}, call]},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": said}],
            },
        ]
        counted = await privet.anthropic.messages.count_tokens(
            model=MODEL,
            system=said,
            tools=[tool],  # type: ignore[typeddict-item,list-item]
            messages=turns,
            extra_body=asked.get("extra"),
        )
        assert counted.input_tokens > 0
        return Told()


class Translated:
    """A client whose model is asked in another protocol, with what that can carry."""

    restores = True

    def __init__(self, speaker: Speaker, provider: str, code: str) -> None:
        self._speaker = speaker
        self.lacks = {"n choices": "one answer a request"}
        self.provider = provider
        self.sdk = speaker.sdk
        self.code = code

    async def ask(self, privet: House, said: str, **asked: Any) -> Told:
        """As the client asks, but for fields that nobody knows, which are refused."""
        return await self._speaker.ask(privet, said, **{**asked, "extra": None})


class Completions:
    """Completions."""

    lacks: Mapping[str, str] = {
        **dict.fromkeys(("tools", "tools stream", "multi-turn with tool results"), "no tools"),
        "structured output": "none",
        "refusal": "none",
    }
    restores = True
    provider = ""
    sdk: Any = openai
    code = "no_such_person"

    async def ask(self, privet: House, said: str, **asked: Any) -> Told:
        """One prompt."""
        fields: Json = {"model": MODEL, "extra_body": asked.get("extra"), "suffix": said}
        fields |= {"n": asked["n"]} if asked.get("n") else {}
        create: Any = privet.client.completions.create
        if not asked.get("stream"):
            answer = await create(prompt=said, **fields)
            return Told([choice.text for choice in answer.choices])
        told: dict[tuple[str, int], str] = {}
        async for chunk in await create(prompt=[said], stream=True, **fields):
            for choice in chunk.choices:
                _grow(told, ("text", choice.index), choice.text)
        return _grown(told)


class Embeddings:
    """Embeddings: what comes back are numbers."""

    lacks: Mapping[str, str] = {
        **Completions.lacks,
        **dict.fromkeys(("stream", "n choices"), "one vector an input"),
    }
    restores = False  # a value's token is the tenant's there
    provider = ""
    sdk: Any = openai
    code = "no_such_person"

    async def ask(self, privet: House, said: str, **asked: Any) -> Told:
        """One text to embed; the vector's length is all that can be said of it."""
        answer = await privet.client.embeddings.create(
            model=MODEL, input=[said, said], extra_body=asked.get("extra")
        )
        first, second = answer.data
        assert first.embedding == second.embedding
        return Told()


#: Dialect -> its client.
SPEAKERS: Mapping[str, Speaker] = {
    "Chat Completions": Chat(),
    "Responses": Responses(),
    "Messages": Messages(),
    "Completions": Completions(),
    "Embeddings": Embeddings(),
}
#: Column of the table -> its client: what only counts, and what is translated, as well.
COLUMNS: Mapping[str, Speaker] = {
    **SPEAKERS,
    "count_tokens": CountTokens(),
    "Chat → Messages": Translated(Chat(), "anthropic", Messages.code),
    "Responses → Messages": Translated(Responses(), "anthropic", Messages.code),
    "Messages → Chat": Translated(Messages(), "", Chat.code),
}


def table(scenarios: Sequence[str]) -> str:
    """The scenarios by dialect: what was run, and why the rest wasn't."""
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "---|" * len(COLUMNS)]
    for scenario in scenarios:
        cells = [speaker.lacks.get(scenario, "holds") for speaker in COLUMNS.values()]
        cells = [cell if cell == "holds" else f"– ({cell})" for cell in cells]
        lines.append(f"| {scenario} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def kinds_of(failure: Any) -> set[str]:
    """What kind of error a provider reported, as the SDK tells it: by its code, by its type."""
    if isinstance(failure, anthropic.APIError):
        error: Any = failure.body["error"]  # type: ignore[call-overload,index]
        return {str(error["type"]), str(error.get("code"))}
    return {str(failure.code), str(failure.type)}


def _message_told(message: Any) -> Told:
    texts = [block.text for block in message.content if block.type == "text"]
    calls = [json.dumps(block.input) for block in message.content if block.type == "tool_use"]
    if message.stop_reason == "refusal":
        if message.stop_details is not None:
            assert texts == [message.stop_details.explanation]
        return Told(refusals=texts)
    return Told(texts, calls)


def _chat_told(messages: Sequence[Any]) -> Told:
    calls = [call for message in messages for call in message.tool_calls or ()]
    return Told(
        [message.content for message in messages if message.content],
        [call.function.arguments for call in calls],
        [message.refusal for message in messages if message.refusal],
    )


def _response_told(response: Any) -> Told:
    parts = [part for item in response.output if item.type == "message" for part in item.content]
    told = Told(
        [part.text for part in parts if part.type == "output_text"],
        [item.arguments for item in response.output if item.type == "function_call"],
        [part.refusal for part in parts if part.type == "refusal"],
    )
    ended = response.incomplete_details
    return Told(refusals=told.texts) if ended and ended.reason == "content_filter" else told


def _grow(told: dict[tuple[str, int], str], place: tuple[str, int], piece: str | None) -> None:
    if piece:
        told[place] = told.get(place, "") + piece


def _grown(told: Mapping[tuple[str, int], str]) -> Told:
    kinds: dict[str, list[str]] = {"text": [], "call": [], "refusal": []}
    for (kind, _), text in sorted(told.items()):
        kinds[kind].append(text)
    return Told(kinds["text"], kinds["call"], kinds["refusal"])
