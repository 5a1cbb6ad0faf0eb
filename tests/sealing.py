"""OpenAI's encrypted reasoning, as a provider that stores nothing gives it out and takes it back.

Only the provider can read it. What comes back has to be what left, to the byte, before the item that
it led to; and a call that was thought of can't come without its thought.

Sources: OpenAI API docs, "Reasoning models" (keeping reasoning items in context, encrypted reasoning
items); API reference, "Responses".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from itertools import count, pairwise
from typing import Any

from proxy.assistant import Reply
from tests import speaking
from tests.scene import Heard, Json, Message, Scene

ENCRYPTED = "reasoning.encrypted_content"


class Sealer:
    """Seals thoughts, and refuses a request in which a byte of one has changed."""

    def __init__(self) -> None:
        self._key = b"a provider's own"
        self._serial = count(1)
        self._thought_of: dict[str, str] = {}

    def answering(self, heard: Heard, scene: Scene, thought: str, reply: Reply) -> Message:
        """The thought and what it led to; the objection to what came back, if there is any."""
        asked = heard.json
        objection = self.objection(asked)
        if objection is not None:
            error = {"message": objection, "type": "invalid_request_error", "code": "invalid"}
            return Message(400, body=json.dumps({"error": error}).encode())
        whole = speaking.response(asked, reply)
        item = self.item(thought, encrypted=ENCRYPTED in asked.get("include", ()))
        self._thought_of |= {led_to["id"]: item["id"] for led_to in whole["output"]}
        whole["output"].insert(0, item)
        if not asked.get("stream"):
            return Message(body=json.dumps(whole).encode())
        events = map(json.dumps, speaking.events_of(whole, scene.fragments))
        return Message(content_type="text/event-stream", documents=tuple(events), typed=True)

    def item(self, thought: str, *, encrypted: bool = True) -> Json:
        """A reasoning item; its summary tells all of it."""
        number = f"rs_{next(self._serial):032x}"
        summary = [{"type": "summary_text", "text": thought}]
        item: Json = {"type": "reasoning", "id": number, "summary": summary}
        return {**item, "encrypted_content": self._seal(number, thought)} if encrypted else item

    def objection(self, asked: Json) -> str | None:
        """What the provider would say of a request whose reasoning isn't what it sent."""
        items: Sequence[Any] = asked["input"] if isinstance(asked["input"], list) else ()
        for item, following in pairwise([*items, {}]):
            if item.get("type") != "reasoning":
                continue
            if not item.get("encrypted_content"):
                return "Item not found. Items are not persisted when `store` is set to false."
            if not self._opens(item):
                return "The encrypted content could not be verified."
            if following.get("type", "message") == "reasoning" or not following:
                return "'reasoning' was provided without its required following item."
        known = {item.get("id") for item in items if item.get("type") == "reasoning"}
        for item in items:
            if self._thought_of.get(str(item.get("id")), None) not in (None, *known):
                return "An item was provided without its required 'reasoning' item."
        return None

    def _opens(self, item: Json) -> bool:
        """Whether this was sealed here, for this item. (The summary is for people to read.)"""
        thought = b64decode(item["encrypted_content"], validate=True)[64:].decode()
        return bool(item["encrypted_content"] == self._seal(item["id"], thought))

    def _seal(self, number: str, thought: str) -> str:
        told = f"{number}\0{thought}".encode()
        signature = hmac.digest(self._key, told, hashlib.sha512)
        return b64encode(signature + thought.encode()).decode()
