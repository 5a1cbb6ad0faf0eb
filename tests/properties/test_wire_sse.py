"""However a stream of events is written and cut, the same events come out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxy.wire.sse import Decoder, Event, encode

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=8)
events = st.lists(
    st.builds(Event, st.lists(text, min_size=1, max_size=3).map("\n".join), text), max_size=4
)
endings = st.sampled_from(["\n", "\r\n", "\r"])
noise = st.sampled_from(["", ": comment", "id: 5", "retry: 10", "other: field", "id"])


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """Some events, in one of the many ways in which a server may write them."""
    lines = []
    for event in draw(events):
        space = draw(st.sampled_from([" ", ""]))
        fields = [f"event: {event.name}"] if event.name else []
        fields += [
            f"data:{' ' if line.startswith(' ') else space}{line}"
            for line in event.data.split("\n")
        ]
        fields.insert(draw(st.integers(0, len(fields))), draw(noise))
        lines += [*filter(None, fields), ""]
    ended = "".join(line + draw(endings) for line in lines)
    mark = "\ufeff" if draw(st.booleans()) else ""
    return (mark + ended).encode()


def read_at_once(stream: bytes) -> list[Event]:
    """An independent reading of the specification, on the whole text."""
    whole = stream.decode().removeprefix("\ufeff")
    lines = whole.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found, data, name = [], [], ""
    for line in lines[:-1]:
        if not line:
            found += [Event("\n".join(data), name)] if data else []
            data, name = [], ""
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value[1:] if value[:1] == " " else value
            data += [value] if field == "data" else []
            name = value if field == "event" else name
    return found


@given(written())
def test_every_cut_gives_the_same_events(stream: bytes) -> None:
    expected = read_at_once(stream)
    for cut in range(len(stream) + 1):
        decoder = Decoder()
        assert [*decoder.feed(stream[:cut]), *decoder.feed(stream[cut:])] == expected


@given(written())
def test_byte_by_byte_gives_the_same_events(stream: bytes) -> None:
    decoder = Decoder()
    pieces = [stream[at : at + 1] for at in range(len(stream))]
    assert [event for piece in pieces for event in decoder.feed(piece)] == read_at_once(stream)


@given(events)
def test_what_is_encoded_is_what_is_decoded(said: list[Event]) -> None:
    decoder = Decoder()
    assert list(decoder.feed(b"".join(map(encode, said)))) == said
    assert not decoder.unfinished
