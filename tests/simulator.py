"""A provider for tests: real protocols over loopback HTTP, with every fault on demand.

A test writes the provider's side as a transcript, one scene per request, in order:

    simulator.says("Hello <PERSON_1>").byte_by_byte()
    simulator.calls("send_mail", {"to": "<EMAIL_ADDRESS_1>"})
    simulator.fails(429, retry_after=0)
    simulator.says("Good bye").cuts(at=37)

Bytes are written by hand on a plain socket, since no HTTP server library agrees to send what
these faults need. Everything that arrives is in `journal`, bodies as raw bytes.

Invariant: nothing here sleeps; a slow provider waits for an event that the test sets.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Self

from proxy.assistant import Reply, ToolCall
from tests import anthropic_scene
from tests.scene import Heard, Json, Message, Scene, always, answering
from tests.sealing import Sealer

ELSEWHERE = "/elsewhere"  # where redirects lead

_OVER = b'{"error": {"message": "the script is over"}}'


class Simulator:
    """The provider. `async with Simulator() as simulator:` and point a client at `base_url`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.base_url = ""
        self._tls = tls
        self.journal: list[Heard] = []
        self.connections = 0
        self.models = ["gpt-4o-mini"]
        self.signer = anthropic_scene.Signer()
        self.sealer = Sealer()
        self._script: deque[Scene] = deque()
        self._otherwise = Scene(always(Message(500, body=_OVER)))
        self._news = asyncio.Condition()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, limit=2**20, ssl=self._tls
        )
        port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    def says(self, *texts: str, finish: str = "") -> Scene:
        """Answer with these texts, one choice each."""
        return self.replies(*(Reply(text, finish_reason=finish) for text in texts))

    def calls(self, name: str, arguments: Json | str, text: str | None = None) -> Scene:
        """Call a tool; arguments given as text are sent as they stand."""
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments, ensure_ascii=False)
        return self.replies(Reply(text, (ToolCall(name, arguments),)))

    def refuses(self, text: str) -> Scene:
        """Answer with a refusal."""
        return self.replies(Reply(refusal=text))

    def replies(self, *replies: Reply) -> Scene:
        """Answer with these choices."""
        return self._add(
            lambda heard, scene: (
                self._checked(heard, anthropic_scene.saying(heard, scene, replies[0]))
                if _is_anthropics(heard)
                else answering(heard, scene, replies)
            )
        )

    def messages(self, *blocks: Json, **more: Any) -> Scene:
        """Answer as Anthropic does, with these content blocks; `more` are members of the message."""
        return self._add(lambda heard, scene: self._message(heard, scene, blocks, more))

    def messages_otherwise(self, answer: Callable[[Json], Sequence[Json]]) -> Scene:
        """Anthropic's content blocks as a function of the request, whenever the script is over."""
        self._otherwise = Scene(
            lambda heard, scene: self._message(heard, scene, answer(heard.json), {})
        )
        return self._otherwise

    def reasons(self, answer: Callable[[Json], tuple[str, Reply]]) -> Scene:
        """Responses' answers, whenever the script is over, each after a thought that is sealed.

        What was sealed has to come back as it left, or the request fails.
        """
        self._otherwise = Scene(
            lambda heard, scene: self.sealer.answering(heard, scene, *answer(heard.json))
        )
        return self._otherwise

    def overloads(self) -> Scene:
        """Answer as Anthropic does when it is overloaded: status 529."""
        return self._add(always(anthropic_scene.failing(529, "Overloaded")))

    def fails(
        self,
        status: int,
        message: str = "simulated failure",
        *,
        code: str | None = None,
        retry_after: float | None = None,
        html: str = "",
    ) -> Scene:
        """Answer with an error: in the shape of what was asked, or a gateway's HTML page.

        Args:
            code: OpenAI's `code`; of Anthropic's, the `type` of the error.
        """
        error = {"message": message, "type": "server_error", "param": None, "code": code}
        failure = Message(status, body=json.dumps({"error": error}).encode())
        scene = self._add(
            lambda heard, _scene: (
                anthropic_scene.failing(status, message, code) if _is_anthropics(heard) else failure
            )
        )
        if html:
            scene.compose = always(Message(status, "text/html", html.encode()))
        if retry_after is not None:
            scene.with_header("retry-after", str(retry_after))
        return scene

    def sends(
        self, body: bytes, *, status: int = 200, content_type: str = "application/json"
    ) -> Scene:
        """Send these bytes, whatever was asked."""
        return self._add(always(Message(status, content_type, body)))

    def redirects(self, status: int = 307) -> Scene:
        """Send the client to `ELSEWHERE` on this server; `followed` tells whether it went."""
        location = self.base_url.removesuffix("/v1") + ELSEWHERE
        return self.sends(b"", status=status).with_header("location", location)

    def drops(self) -> Scene:
        """Close the connection instead of answering; for after the header, say `cuts(at=0)`."""
        scene = self.says("")
        scene.silent = True
        return scene

    def bombs(self, megabytes: int = 32) -> Scene:
        """Send a small gzip body that unpacks to this much JSON."""
        packed = gzip.compress(b'{"choices": "' + b"a" * (megabytes * 2**20) + b'"}', 6)
        return self.sends(packed).with_header("content-encoding", "gzip")

    def never_ends(self, text: str = "again and ") -> Scene:
        """Repeat the events or the body until the client leaves."""
        scene = self.says(text).framed(done=False)
        scene.endless = True
        return scene

    def otherwise(self, answer: Callable[[Json], Reply]) -> Scene:
        """What is answered, as a function of the request, whenever the script is over."""
        self._otherwise = Scene(lambda heard, scene: answering(heard, scene, [answer(heard.json)]))
        return self._otherwise

    @property
    def followed(self) -> bool:
        """Whether a client went where a redirect sent it."""
        return any(heard.target == ELSEWHERE for heard in self.journal)

    async def heard(self, count: int) -> None:
        """Wait until this many requests have arrived."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.journal) >= count)

    def _message(
        self, heard: Heard, scene: Scene, blocks: Sequence[Json], more: Mapping[str, Any]
    ) -> Message:
        return self._checked(heard, anthropic_scene.messaging(heard, scene, blocks, **more))

    def _checked(self, heard: Heard, answer: Message) -> Message:
        """The answer, unless the request brings back what was signed otherwise than it was."""
        objection = self.signer.objection(heard.json)
        return answer if objection is None else anthropic_scene.failing(400, objection)

    def _add(self, compose: Callable[[Heard, Scene], Message]) -> Scene:
        scene = Scene(compose)
        self._script.append(scene)
        return scene

    def _scene_for(self, heard: Heard) -> Scene:
        if heard.method == "GET" and heard.target == "/v1/models":
            data = [{"id": name, "object": "model", "owned_by": "test"} for name in self.models]
            listing = json.dumps({"object": "list", "data": data}).encode()
            return Scene(always(Message(body=listing)))
        if heard.method != "POST" or heard.target == ELSEWHERE:
            return Scene(always(Message(404)))
        return self._script.popleft() if self._script else self._otherwise

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self._writers.add(writer)
        try:
            keeps_open = True
            while keeps_open:
                heard = await _read(reader, number)
                async with self._news:
                    self.journal.append(heard)
                    self._news.notify_all()
                keeps_open = heard.complete
                if keeps_open:
                    keeps_open = await _play(self._scene_for(heard), heard, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the client left between two requests or during an answer
        finally:
            self._writers.discard(writer)
            writer.close()


def _is_anthropics(heard: Heard) -> bool:
    return heard.target in anthropic_scene.PATHS


async def _read(reader: asyncio.StreamReader, connection: int) -> Heard:
    """One HTTP/1.1 request (RFC 9112), its body by length or in chunks."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = request_line.split(" ")
    fields = (line.partition(":") for line in lines)
    heard = Heard(connection, method, target, tuple((n, v.strip()) for n, _, v in fields), b"")
    body = bytearray()
    try:
        async for piece in _body(heard, reader):
            body += piece
    except asyncio.IncompleteReadError as broken:
        return replace(heard, body=bytes(body) + broken.partial, complete=False)
    return replace(heard, body=bytes(body))


async def _body(heard: Heard, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    if heard.header("transfer-encoding") is None:
        yield await reader.readexactly(int(heard.header("content-length") or 0))
        return
    while size := int(await reader.readuntil(b"\r\n"), 16):
        yield (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")


async def _play(
    scene: Scene, heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Deliver a scene; True if the connection stays open for another request."""
    try:
        return await _deliver(scene, heard, reader, writer)
    except ConnectionError:
        scene.abandoned.set()
        raise


async def _deliver(
    scene: Scene, heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    if -1 in scene.pauses:
        await _pause(scene, scene.pauses[-1], reader)
    if scene.silent:
        return False
    message, body = scene.render(heard)
    claimed = scene.claimed_length
    in_chunks = scene.endless or (bool(message.documents) and claimed is None)
    length = len(body) if claimed is None else claimed
    writer.write(_head(scene, message, None if in_chunks else length))
    while scene.endless:
        await _write(writer, body, in_chunks=True)
    for start, stop in _pieces(scene, len(body)):
        if start in scene.pauses:
            await _pause(scene, scene.pauses[start], reader)
        await _write(writer, body[start:stop], in_chunks=in_chunks)
    if scene.cut is not None or claimed is not None:
        return False
    writer.write(b"0\r\n\r\n" if in_chunks else b"")
    await writer.drain()
    return True


def _head(scene: Scene, message: Message, length: int | None) -> bytes:
    """Status line and header fields; no length means chunks."""
    fields = [("content-type", message.content_type), *scene.headers]
    fields += [("content-encoding", "gzip")] if scene.gzip else []
    if length is None:
        fields.append(("transfer-encoding", "chunked"))
    else:
        fields.append(("content-length", str(length)))
    phrases = {
        status.value: status.phrase for status in HTTPStatus
    }  # 529 is nobody's but Anthropic's
    status = f"HTTP/1.1 {message.status} {phrases.get(message.status, 'Overloaded')}"
    return "\r\n".join([status, *(f"{n}: {v}" for n, v in fields), "", ""]).encode("latin-1")


def _pieces(scene: Scene, length: int) -> Iterator[tuple[int, int]]:
    """The body as (start, stop) writes, parted at every pause and no further than the cut."""
    end = length if scene.cut is None else min(scene.cut, length)
    step = scene.piece or max(end, 1)
    stops = sorted({*range(0, end, step), *(at for at in scene.pauses if 0 <= at < end), end})
    yield from itertools.pairwise(stops)


async def _write(writer: asyncio.StreamWriter, data: bytes, *, in_chunks: bool) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(data), data) if in_chunks else data)
    await writer.drain()
    await asyncio.sleep(0)  # lets a reader in this process see the piece by itself


async def _pause(scene: Scene, until: asyncio.Event, reader: asyncio.StreamReader) -> None:
    """Wait for the event, or for the client to leave."""
    scene.paused.set()
    waiting = asyncio.create_task(until.wait())
    leaving = asyncio.create_task(reader.read(1))
    done, pending = await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    if leaving in done:
        raise ConnectionResetError
