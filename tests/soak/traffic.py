"""Callers of a soak, in a process of their own: every kind of request, each answer compared.

Run as ``python -m tests.soak.traffic ROOT KEY SEED SECONDS``. Prints what came of it as JSON: how
often each kind ended how, the exchange ids of all whole answers, and answers that weren't right.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.soak.planted import Person, person

#: Callers that ask at the same time.
_CALLERS = 4
_SECRET = "AKIA" + "IOSFODNN7" + "EXAMPLE"  # in the form of a key, and nobody's


@dataclass(slots=True)
class Seen:
    """What came of all requests.

    Attributes:
        ended: kind of request and how it ended -> how often.
        whole: exchange ids of whole answers with status 2xx.
        wrong: answers that shouldn't have been, or should have said something else.
    """

    ended: Counter[str] = field(default_factory=Counter)
    whole: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def refused(self, kind: str, status: int, code: str) -> None:
        """Told why not, in a body or at a stream's end; `internal` is nothing that may happen."""
        self.ended[f"{kind}: {status} {code}"] += 1
        if status == 500 or code == "internal":
            self.wrong.append(f"{kind} was answered with {status} {code}")

    def misread(self, kind: str, error: Exception) -> None:
        """What came was no answer to such a request."""
        self.ended[f"{kind}: {type(error).__name__}"] += 1
        self.wrong.append(f"{kind}: an answer can't be read: {error!r}"[:300])

    def answered(self, kind: str, exchange: str, said: str, wanted: str) -> None:
        self.ended[f"{kind}: answered"] += 1
        self.whole.append(exchange)
        if said != wanted:
            self.wrong.append(f"{kind} {exchange}: {said[:300]!r}")


class Callers:
    """One process's."""

    def __init__(self, session: aiohttp.ClientSession, seed: int) -> None:
        self._session = session
        self._chance = random.Random(seed)
        self.seen = Seen()
        self.kinds: list[Callable[[], Awaitable[None]]] = [
            self.plain,
            self.streamed,
            self.conversation,
            self.messages,
            self.responses,
            self.leaving,
            self.secret,
            self.broken,
        ]

    async def call_until(self, end: float) -> None:
        while time.monotonic() < end:
            await self.call(self._chance.choice(self.kinds))

    async def call(self, kind: Callable[[], Awaitable[None]]) -> None:
        """One request; whatever comes of it is seen, and the next one follows."""
        try:
            await kind()
        except (aiohttp.ContentTypeError, LookupError, TypeError, ValueError) as error:
            self.seen.misread(kind.__name__, error)
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            self.seen.ended[f"{kind.__name__}: {type(error).__name__}"] += 1
            await asyncio.sleep(0.05)  # its worker was killed; another listens

    async def plain(self) -> None:
        who = person(self._chance)
        await self._whole("plain", "/v1/chat/completions", _chat(who.text), who, _of_chat)

    async def conversation(self) -> None:
        """A tool's result in the middle, and an earlier answer that names the person."""
        who = person(self._chance)
        function = {"name": "look_up", "arguments": json.dumps({"who": who.name})}
        call = {"id": "call_1", "type": "function", "function": function}
        body = {
            "model": "gpt-4o-mini",
            "messages": [
                {"role": "user", "content": f"My name is {who.name}."},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "call_1", "content": f'{{"mail": "{who.mail}"}}'},
                {"role": "user", "content": who.text},
            ],
        }
        await self._whole("conversation", "/v1/chat/completions", body, who, _of_chat)

    async def messages(self) -> None:
        who = person(self._chance)
        body = {**_chat(who.text), "max_tokens": 100}
        await self._whole("messages", "/v1/messages", body, who, lambda a: a["content"][0]["text"])

    async def responses(self) -> None:
        who = person(self._chance)
        body = {"model": "gpt-4o-mini", "input": who.text, "store": False}

        def said(answer: Any) -> str:
            return str(answer["output"][-1]["content"][0]["text"])

        await self._whole("responses", "/v1/responses", body, who, said)

    async def streamed(self) -> None:
        who = person(self._chance)
        async with self._session.post(
            "/v1/chat/completions", json=_chat(who.text, stream=True)
        ) as r:
            if r.status != 200:
                self.seen.refused("streamed", r.status, await _code(r))
                return
            said, ended = "", ""
            async for line in r.content:
                if line.startswith(b"data: [DONE]"):
                    ended = "done"
                elif line.startswith(b"data: "):
                    event = json.loads(line[6:])
                    if "error" in event:
                        ended = event["error"]["code"]
                    for choice in event.get("choices", ()):
                        said += choice["delta"].get("content") or ""
            if ended == "done":
                self.seen.answered("streamed", r.headers["x-privet-request-id"], said, who.text)
            elif ended:
                self.seen.refused("streamed", r.status, ended)
            else:
                self.seen.misread("streamed", EOFError("it ended as if it were whole"))

    async def leaving(self) -> None:
        """Gone after the first bytes."""
        body = _chat(person(self._chance).text, stream=True)
        async with self._session.post("/v1/chat/completions", json=body) as answer:
            await answer.content.readany()
        self.seen.ended["leaving: left"] += 1

    async def secret(self) -> None:
        await self._refused("secret", json.dumps(_chat(f"Use {_SECRET} for the bucket.")))

    async def broken(self) -> None:
        await self._refused("broken", json.dumps(_chat(person(self._chance).text))[:-2])

    async def _refused(self, kind: str, body: str) -> None:
        async with self._session.post(
            "/v1/chat/completions", data=body, headers={"Content-Type": "application/json"}
        ) as answer:
            if answer.status < 400:
                self.seen.ended[f"{kind}: {answer.status}"] += 1
                self.seen.wrong.append(f"{kind} was answered with {answer.status}")
                return
            self.seen.refused(kind, answer.status, await _code(answer))

    async def _whole(
        self, kind: str, path: str, body: Any, who: Person, said: Callable[[Any], str]
    ) -> None:
        async with self._session.post(path, json=body) as answer:
            if answer.status != 200:
                self.seen.refused(kind, answer.status, await _code(answer))
                return
            whole = said(await answer.json())
        self.seen.answered(kind, answer.headers["x-privet-request-id"], whole, who.text)


def _chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **more}


def _of_chat(answer: Any) -> str:
    return str(answer["choices"][0]["message"]["content"])


async def _code(answer: aiohttp.ClientResponse) -> str:
    error = (await answer.json())["error"]
    return str(error.get("code") or error.get("type"))


async def main(root: str, key: str, seed: int, seconds: float) -> None:
    """Call for so long, and print what was seen."""
    headers = {"Authorization": f"Bearer {key}"}
    limit = aiohttp.ClientTimeout(total=120)
    # A connection for each request: the kernel spreads them over the workers.
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(
        root, headers=headers, timeout=limit, connector=connector
    ) as session:
        callers = Callers(session, seed)
        end = time.monotonic() + seconds
        await asyncio.gather(*(callers.call_until(end) for _ in range(_CALLERS)))
    seen = callers.seen
    print(json.dumps({"ended": seen.ended, "whole": seen.whole, "wrong": seen.wrong}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
