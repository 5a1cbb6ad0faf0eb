"""Event streams: what the specification allows, what it forbids, and what is too much.

Cutting the bytes anywhere is the subject of tests/properties/test_wire_sse.py.
"""

from __future__ import annotations

import pytest

from proxy.errors import ProviderFailed
from proxy.wire import sse
from proxy.wire.sse import Decoder, Event, encode


def decoded(stream: str | bytes) -> list[Event]:
    return list(Decoder().feed(stream.encode() if isinstance(stream, str) else stream))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_every_line_ending_ends_a_line(end: str) -> None:
    stream = f"data: one{end}{end}event: tick{end}data: two{end}data: three{end}{end}"
    decoder = Decoder()
    assert list(decoder.feed(stream.encode())) == [Event("one"), Event("two\nthree", "tick")]
    assert not decoder.unfinished


def test_line_endings_may_be_mixed() -> None:
    assert decoded("data: a\r\rdata: b\n\r\ndata: c\r\n\ndata: d\n\r") == [
        *(Event("a"), Event("b"), Event("c"), Event("d"))
    ]


def test_the_last_event_needs_no_byte_after_it() -> None:
    assert decoded("data: [DONE]\r\r") == [Event("[DONE]")]


def test_a_cut_cr_lf_is_one_line_end() -> None:
    decoder = Decoder()
    pieces = [b"data: a\r", b"\ndata: b\r", b"", b"\n\r", b"\n"]
    assert [list(decoder.feed(piece)) for piece in pieces] == [[], [], [], [Event("a\nb")], []]


def test_comments_ids_and_retries_say_nothing() -> None:
    stream = ": keep-alive\n\nid: 7\nretry: 10\ndata: x\n: more\nunknown: field\n\n:\n\n"
    assert decoded(stream) == [Event("x")]


def test_one_space_after_the_colon_is_the_fields_not_the_datas() -> None:
    assert decoded("data:x\n\ndata:  y \n\ndata\n\n") == [Event("x"), Event(" y "), Event("")]


def test_a_name_without_data_is_no_event_and_names_none() -> None:
    assert decoded("event: ghost\n\ndata: x\n\n") == [Event("x")]


def test_a_byte_order_mark_is_dropped_at_the_start_only() -> None:
    assert decoded("\ufeffdata: x\n\n\ufeffdata: y\n\ndata: \ufeffz\n\n") == [
        *(Event("x"), Event("\ufeffz"))
    ]


def test_an_unfinished_event_is_held_and_says_so() -> None:
    decoder = Decoder()
    assert list(decoder.feed(b"data: x\n")) == []
    assert decoder.unfinished
    assert list(decoder.feed(b"\nda")) == [Event("x")]
    assert decoder.unfinished


def test_only_utf_8_is_read() -> None:
    with pytest.raises(ProviderFailed, match="UTF-8"):
        decoded(b"data: \xff\n\n")


@pytest.mark.parametrize("line", [b"a" * 50, b"data: " + b"a" * 10 + b"\n", b": comment\n"])
def test_an_event_that_never_ends_is_cut_off(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 200)
    decoder = Decoder()
    with pytest.raises(ProviderFailed, match="too large"):
        for _ in range(50):
            list(decoder.feed(line))


def test_a_long_stream_of_small_events_is_not_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 200)
    decoder = Decoder()
    events = [event for _ in range(100) for event in decoder.feed(b"data: abc\n\n: hi\n\n")]
    assert len(events) == 100


def test_an_error_never_quotes_the_stream() -> None:
    with pytest.raises(ProviderFailed) as caught:
        decoded(b"data: Zarathustra \xff\n\n")
    assert "Zarathustra" not in repr(caught.value)
    assert caught.value.__suppress_context__


def test_encode_writes_a_data_line_for_each_line() -> None:
    assert encode(Event("a\n\n b", "tick")) == b"event: tick\ndata: a\ndata: \ndata:  b\n\n"
