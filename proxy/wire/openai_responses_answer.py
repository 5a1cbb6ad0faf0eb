"""OpenAI Responses: whole answers with the caller's values put back.

Source: OpenAI API reference, "The response object". Streams are in openai_responses_stream.py and
restore whatever comes whole (an item, a content part, the response at the end) through here, so a
text reads the same wherever the protocol repeats it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from proxy.exchange import Channel, Path
from proxy.wire import strict_json
from proxy.wire.answer_strings import CHANNELS, map_strings, objects, verbatim
from proxy.wire.json_walk import DEFAULT, Leaf, Spec
from proxy.wire.openai_responses_items import CONTENT, ID_LEAF, ITEM, NAME_LEAF, TOOL
from proxy.wire.openai_shared import move_offsets, read_again
from proxy.wire.relaxed import notes
from proxy.wire.restoring import Asked, Restored, Restoring
from proxy.wire.shared import choice

Json = dict[str, Any]

#: A response, its output items left out: those depend on their type.
_RESPONSE = Spec(
    fields={
        "id": ID_LEAF,
        "object": choice("response"),
        "model": ID_LEAF,
        "status": ITEM.fields["status"],
        "service_tier": ID_LEAF,
        "previous_response_id": ID_LEAF,
        "conversation": Spec(fields={"id": ID_LEAF}),
        "tools": Spec(items=TOOL),
        "tool_choice": TOOL,
        "text": Spec(
            fields={"format": Spec(fields={**TOOL.fields, "schema": TOOL.fields["parameters"]})}
        ),
        "metadata": Spec(items=NAME_LEAF),
        "error": Spec(fields={"code": ID_LEAF, "message": DEFAULT}),
        "incomplete_details": Spec(fields={"reason": ID_LEAF}),
        "instructions": Spec(items=ITEM),
        "reasoning": Spec(fields={"effort": ID_LEAF, "summary": ID_LEAF}),
        "truncation": ID_LEAF,
        **dict.fromkeys(
            (
                *("created_at", "completed_at", "background", "store", "usage", "temperature"),
                *("top_p", "top_logprobs", "max_output_tokens", "max_tool_calls"),
                *("parallel_tool_calls", "output_text", "user", "safety_identifier"),
                *("prompt_cache_key", "output"),
            ),
            DEFAULT,
        ),
    }
)
#: Codes of failures that aren't the caller's: what a provider says of those stays with us.
_OF_THE_PROVIDER = ("server_error", "rate_limit_exceeded")


def restore(body: bytes, restorer: Restoring, asked: Asked) -> Restored:
    """A whole answer with the caller's values put back; its own bytes where there were none.

    Raises:
        ProviderFailed: the answer isn't a JSON object.
        AnswerOffSchema: it breaks a strict schema of the caller's that was relaxed.
    """
    answer = strict_json.parse_answer(body)
    asked.meter(answer)
    restored = Whole(restorer, asked).response(answer)
    asked.tell(restored)
    notes = tuple(dict.fromkeys(notes_of(restored, asked)))
    return Restored(body if restored == answer else strict_json.dumps(restored), notes)


def notes_of(response: Json, asked: Asked) -> Iterator[str]:
    """What the caller has to know about a restored response's documents (relaxed.notes).

    Raises:
        AnswerOffSchema: one breaks a strict schema that was relaxed.
    """
    for item in objects(response.get("output")):
        if item.get("type") == "function_call":
            yield from notes(asked.relaxed, str(item.get("name")), str(item.get("arguments")))
        for part in objects(item.get("content")):
            if part.get("type") == "output_text":
                yield from notes(asked.relaxed, None, str(part.get("text")))


class Whole:
    """Restores the pieces of an answer that come whole."""

    def __init__(self, restorer: Restoring, asked: Asked) -> None:
        self.restorer = restorer
        self._asked = asked
        self._echo = asked.echo
        self.text_channel = Channel.JSON if asked.json_answer else Channel.TEXT
        self._drop_logprobs = asked.drop_logprobs

    def response(self, response: Json) -> Json:
        """A response object."""
        output = response.get("output")
        blank = {name: [] if name == "output" else value for name, value in response.items()}
        restored: Json = map_strings(blank, _RESPONSE, self.change)
        if isinstance(output, list):
            output = [self.item(item) if isinstance(item, dict) else item for item in output]
        if "output" in response:
            restored["output"] = output
        error = restored.get("error")
        if isinstance(error, dict) and error.get("code") in _OF_THE_PROVIDER:
            restored["error"] = {**error, "message": "The provider failed."}
        return {name: self._echo.get(name, value) for name, value in restored.items()}

    def item(self, item: Json) -> Json:
        """An output item: a message's parts by their type, everything else by its place."""
        restored: Json = map_strings(item, ITEM, self.for_tool(item).change)
        for blob in verbatim(item, ITEM):
            self._asked.keep(blob)
        content = item.get("content")
        if isinstance(content, list):
            restored["content"] = [
                self.part(part) if isinstance(part, dict) else part for part in content
            ]
        return restored

    def for_tool(self, item: Json) -> Whole:
        """What restores the strings of a call, which are for its tool; itself for other items."""
        name = item.get("name")
        if not isinstance(name, str):
            return self
        real = self.restorer.text(name, Channel.NAME)
        return Whole(self.restorer.for_tool(real), self._asked)

    def part(self, part: Json) -> Json:
        """A content part, with what counts its characters moved along."""
        channel = self.text_channel if part.get("type") == "output_text" else Channel.TEXT
        restored: Json = map_strings(part, CONTENT, self._changing_text_as(channel))
        before, after = part.get("text"), restored.get("text")
        annotations = objects(restored.get("annotations"))
        if annotations and isinstance(before, str) and before != after:
            cited = read_again(before, self.restorer, channel)
            for annotation in annotations:
                move_offsets(annotation, cited)
        if self._drop_logprobs or before != after:
            # Token log-probabilities spell out the placeholder; they don't fit the new text.
            without_logprobs(restored)
        return restored

    def change(self, _path: Path, leaf: Leaf, text: str) -> str:
        """One string, by what it is declared to be."""
        return self.restorer.text(text, CHANNELS.get(leaf, Channel.TEXT))

    def _changing_text_as(self, channel: Channel) -> Callable[[Path, Leaf, str], str]:
        def change(path: Path, leaf: Leaf, text: str) -> str:
            if path == ("text",):
                return self.restorer.text(text, channel)
            return self.change(path, leaf, text)

        return change


def without_logprobs(holder: Json) -> None:
    """Empty the log-probabilities of a part or an event, where there are any."""
    if holder.get("logprobs"):
        holder["logprobs"] = []
