"""What a scene puts into its bytes, without a socket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxy.assistant import Reply
from tests.scene import Heard, Scene, answering


def scene(*replies: Reply) -> Scene:
    return Scene(lambda heard, scene: answering(heard, scene, replies or (Reply("x"),)))


def body(of: Scene, *, stream: bool = True) -> bytes:
    asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    return of.render(Heard(1, "POST", "/", (), json.dumps(asked).encode()))[1]


def events(of: Scene) -> list[dict[str, Any]]:
    parts = body(of).decode().removesuffix("\n\n").split("\n\n")
    assert parts.pop() == "data: [DONE]"
    return [json.loads(part.removeprefix("data: ")) for part in parts]


def test_fragments_take_their_sizes_in_turn() -> None:
    deltas = [
        event["choices"][0]["delta"] for event in events(scene(Reply("abcdef")).in_fragments(1, 4))
    ]
    assert [delta["content"] for delta in deltas if delta.get("content")] == ["a", "bcde", "f"]


def test_framings_differ() -> None:
    changes = {"bom": True, "comment": "ping", "newline": "\r\n", "space": False, "name": "n"}
    assert body(scene().framed(**changes)).startswith(
        b"\xef\xbb\xbf: ping\r\n\r\nevent: n\r\ndata:{"
    )
    lines = body(scene().framed(newline="\r", many_lines=True, done=False))
    assert lines.startswith(b'data: {\rdata: "id": ')
    assert b"[DONE]" not in lines


def test_a_garbled_event_is_the_only_one_broken() -> None:
    parts = body(scene(Reply("hello")).garbles(1)).split(b"\n\n")
    json.loads(parts[0].removeprefix(b"data: "))
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|Expecting"):
        json.loads(parts[1].removeprefix(b"data: "))
    json.loads(parts[2].removeprefix(b"data: "))


def test_unknown_fields_stand_where_they_were_put() -> None:
    whole = json.loads(
        body(
            scene()
            .adds("new", 1)
            .adds("logprobs", {"content": []}, inside="choice")
            .adds("reasoning_content", "r", inside="message"),
            stream=False,
        )
    )
    assert whole["new"] == 1
    assert whole["choices"][0]["logprobs"] == {"content": []}
    assert whole["choices"][0]["message"]["reasoning_content"] == "r"
    first, *_ = events(scene().adds("new", "<PERSON_1>", inside="delta"))
    assert first["choices"][0]["delta"]["new"] == "<PERSON_1>"
    assert "new" not in first
