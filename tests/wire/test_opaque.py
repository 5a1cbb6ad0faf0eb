"""Opaque content and data: URLs: what can be read of them, and what only looks like one."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from proxy.exchange import Author, Inside, Key, Path, Reach
from proxy.wire.json_rewrite import rewrite
from proxy.wire.json_walk import DEFAULT, Leaf, Spec, Walk

JSON, DATA = Inside.JSON, Inside.DATA_URL


def walked(tree: Any, spec: Spec = DEFAULT) -> Walk:
    walk = Walk(Author.USER)
    walk.visit(tree, spec, ())
    return walk


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


@pytest.mark.parametrize(
    ("url", "text", "again"),
    [
        ("data:,Zo%C3%AB%20here", "Zoë here", "data:,new%20%3CP%3E"),
        ("data:text/plain,Zoe", "Zoe", "data:text/plain,new%20%3CP%3E"),
        (
            "DATA:text/markdown;charset=UTF-8;base64," + b64("Zoë"),
            "Zoë",
            "DATA:text/markdown;charset=UTF-8;base64," + b64("new <P>"),
        ),
    ],
)
def test_a_data_url_of_text_is_read_and_rewritten(url: str, text: str, again: str) -> None:
    path: Path = (0, DATA)
    walk = walked([url])
    assert [(part.path, part.text) for part in walk.parts] == [(path, text)]
    assert walk.opaque == []
    assert rewrite([url], {path: "new <P>"}, walk.documents) == [again]


def test_json_in_a_data_url_is_read_leaf_by_leaf() -> None:
    url = "data:application/json;base64," + b64('{"to":"Zoe"}')
    path: Path = (0, DATA, JSON, "to")
    assert [part.path for part in walked([url]).parts if part.text == "Zoe"] == [path]
    (again,) = rewrite([url], {path: "<P>"}, walked([url]).documents)
    assert base64.b64decode(again.partition(",")[2]) == b'{"to":"<P>"}'


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64," + b64(b"\x89PNG\r\n"),
        "data:application/pdf;base64," + b64(b"%PDF-1.7"),
        "data:text/plain;base64," + b64(b"\xff\xfe"),
    ],
    ids=["image", "PDF", "text that isn't UTF-8"],
)
def test_a_data_url_of_anything_else_is_opaque(url: str) -> None:
    walk = walked([url])
    assert [(part.path, part.kind) for part in walk.opaque] == [((0,), "file")]
    assert walk.parts == []


@pytest.mark.parametrize(
    "url",
    [
        "data:text/plain;charset=utf-16le;base64," + b64("Zoe".encode("utf-16le")),
        "data:text/plain;charset=utf-7,+AFo-oe",
        "data:text/plain;name=Zoe.txt,hello",
        "data:image/png;name=Zoe.png;base64," + b64(b"\x89PNG"),
        "data:text/plain;base64,!!!!",
        "data:image/svg+xml,<text>Zoe</text>",
        "data:text/zoe,hello",
    ],
)
def test_what_a_data_url_may_hide_is_opaque_and_what_it_shows_is_inspected(url: str) -> None:
    walk = walked([url])
    assert [part.path for part in walk.opaque] == [(0,)]
    assert [(part.path, part.text) for part in walk.parts] == [((0,), url)]


@pytest.mark.parametrize(
    "text",
    [
        *("Data: I met Zoe, who ...", "data: name, age", "data:name,age", "data:"),
        *("Data; see Zoe, please", "My data:,x"),
    ],
)
def test_a_sentence_that_begins_with_data_is_a_sentence(text: str) -> None:
    walk = walked([text])
    assert [part.text for part in walk.parts] == [text]
    assert walk.opaque == []


IMAGE = Spec(leaf=Leaf.OPAQUE, kind="image")


def test_a_remote_url_is_opaque_and_inspected() -> None:
    url = "https://example.org/zoe@example.org.png"
    walk = walked([url], IMAGE)
    assert [(part.path, part.kind) for part in walk.opaque] == [((0,), "image")]
    assert [(part.text, part.reach) for part in walk.parts] == [(url, Reach.PATTERNS)]


def test_base64_in_an_opaque_place_is_only_opaque() -> None:
    walk = walked([b64(b"\x00\x01" * 50)], IMAGE)
    assert (len(walk.opaque), walk.parts) == (1, [])


@pytest.mark.parametrize("text", ["file-Zoe", "123-45-6789", "Zoe lives here, 12 Main Street"])
def test_what_can_be_read_in_an_opaque_place_is_inspected(text: str) -> None:
    walk = walked([text], IMAGE)
    assert (len(walk.opaque), [part.text for part in walk.parts]) == (1, [text])


def test_an_object_in_an_opaque_place_is_inspected() -> None:
    parts = walked({"x": {"Zoe": "y"}}, Spec(fields={"x": IMAGE})).parts
    assert [(part.path, part.text) for part in parts] == [
        *[(("x", Key("Zoe")), "Zoe"), (("x", "Zoe"), "y")]
    ]


# Files in fields that nobody declared, and bytes that aren't even strings.


@pytest.mark.parametrize(
    "head",
    [
        *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"GIF89a", b"%PDF-1.7"),
        *(b"PK\x03\x04\x14", b"RIFF\x24\x08", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"ID3\x04"),
        *(b"OggS\x00", b"fLaC\x00", b"II*\x00", b"MM\x00*", b"\x1a\x45\xdf\xa3", b"\x1f\x8b\x08"),
    ],
)
def test_a_file_in_a_field_that_nobody_declared_is_opaque(head: bytes) -> None:
    """Inspected as text, it would leave for a model that may see no image."""
    body = b64(head + bytes(60))
    walk = walked({"image": {"data": body}})
    assert [(part.path, part.kind, part.encoded) for part in walk.opaque] == [
        (("image", "data"), "file", body)
    ]
    assert body not in [part.text for part in walk.parts]
    assert len(walked([body[:20] + "\n" + body[20:]]).opaque) == 1


@pytest.mark.parametrize(
    "text", ["a" * 64, "iVBORw0KGgo", "UEsDB is how archives begin, " * 4, "9" * 200]
)
def test_what_is_no_file_is_inspected(text: str) -> None:
    walk = walked({"data": text})
    assert walk.opaque == []
    assert text in [part.text for part in walk.parts]


def test_bytes_as_numbers_are_opaque_where_content_is() -> None:
    media = Spec(fields={"data": Spec(leaf=Leaf.OPAQUE, kind="audio")})
    walk = walked({"data": [74, 97, 110, 101]}, media)
    assert [(part.path, part.kind) for part in walk.opaque] == [(("data",), "audio")]
