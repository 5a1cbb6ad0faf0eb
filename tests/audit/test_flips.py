"""Properties: frames round trip, and a random bit flipped anywhere in a closed log is found."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.errors import FormatError
from audit.frame import CORE, Section, Stored, decode, encode, encode_clear
from audit.record import Kind, Leaf, Reference, Run, decode_body, decode_leaf, encode_body
from audit.rows import each_row, reading
from tests.audit.sites import Site, converse

u64 = st.integers(0, 2**64 - 1)
u16 = st.integers(0, 2**16 - 1)
hashes = st.binary(min_size=32, max_size=32)
exchange_ids = st.from_regex(r"[A-Za-z0-9._:-]{0,64}", fullmatch=True)
kinds = st.sampled_from(Kind)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.builds(Leaf, kinds, u64, u64, exchange_ids, hashes),
    st.lists(st.binary(max_size=40), max_size=4),
    st.lists(st.builds(Reference, u64, u16) | st.builds(Run, u64, u16, u16), max_size=3),
)
def test_frames_round_trip(
    head: Leaf, stored: list[bytes], referred: list[Reference | Run]
) -> None:
    entries = [*(Stored(bytes(32), len(data)) for data in stored), *referred]
    segment = head.frame_hash
    clear = encode_clear(
        head.kind,
        head.exchange_id,
        entries,
        sequence=head.sequence,
        time=head.time,
        segment=segment,
    )
    section = Section(CORE, bytes(32), b"sealed")
    data = encode(clear, [section], stored)
    frame = decode(data)
    found = Leaf(frame.kind, frame.sequence, frame.time, frame.exchange_id, frame.segment)
    assert found == head
    assert (list(frame.entries), frame.sections) == (entries, (section,))
    assert (list(frame.ciphertexts), frame.clear) == (stored, clear)
    for wrong in (data[:-1], data + b"\0", data[:10]):
        with pytest.raises(FormatError):
            decode(wrong)


@given(kinds, exchange_ids, u64, u64, hashes)
def test_leaves_round_trip(
    kind: Kind, exchange_id: str, sequence: int, time: int, frame_hash: bytes
) -> None:
    leaf = Leaf(kind, sequence, time, exchange_id, frame_hash)
    data = leaf.encode()
    assert decode_leaf(data) == leaf
    assert len(data) <= 51 + 64
    with pytest.raises(FormatError):
        decode_leaf(data + b"\0")
    with pytest.raises(FormatError):
        decode_leaf(data[:-1])


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values, max_size=4))
def test_bodies_round_trip(body: dict[str, object]) -> None:
    names = ["masked/messages.0"]
    assert decode_body(encode_body(body, names)) == (body, names)  # type: ignore[arg-type]


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_decoder(data: bytes) -> None:
    for wrong in (data, b"PVF1" + data, b"PVF1\x01" + bytes(16) + data):
        try:
            decode(wrong)
        except FormatError:
            continue


#: What FORMAT.md lists as not protected: bytes that mean nothing to any reader.
UNPROTECTED = {"lock"}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("flips") / "site")

    async def write() -> None:
        for part in range(2):
            log = site.open()
            await converse(log, 4, f"part-{part}")
            await log.close()

    asyncio.run(write())
    return site


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**32))
def test_a_flipped_bit_is_found(closed: Site, seed: int) -> None:
    """In segments, tiles and checkpoints: any bit. In keys.db: any bit of a row."""
    chance = random.Random(seed)
    files = sorted(path for path in closed.folder.rglob("*") if path.is_file())
    files = [path for path in files if path.name not in UNPROTECTED | {"keys.db"}]
    _flip_and_verify(closed, chance.choice(files), chance)


def test_a_flipped_bit_of_a_key_row_is_found(closed: Site) -> None:
    """SQLite's own bookkeeping isn't protected; what the rows say is."""
    path = closed.folder / "keys.db"
    before = _rows(closed)
    chance = random.Random(7)
    changed = 0
    for _ in range(150):
        data = path.read_bytes()
        found = _flip(closed, path, chance)
        if found["rows"] != before:
            changed += 1
            assert found["codes"], "a row reads differently, and nobody noticed"
        assert path.read_bytes() == data
    assert changed > 5, "the flips must have hit rows at all"


def _flip_and_verify(site: Site, path: Path, chance: random.Random) -> None:
    found = _flip(site, path, chance)
    assert found["codes"], f"{path.name}: {found['where']}"


def _flip(site: Site, path: Path, chance: random.Random) -> dict[str, object]:
    """Flip one bit, say what verify and the database make of it, and flip it back."""
    original = path.read_bytes()
    data = bytearray(original)
    at, bit = chance.randrange(len(data)), chance.randrange(8)
    data[at] ^= 1 << bit
    path.write_bytes(bytes(data))
    try:
        return {"codes": site.codes(), "rows": _rows(site), "where": f"byte {at}, bit {bit}"}
    finally:
        path.write_bytes(original)


def _rows(site: Site) -> object:
    try:
        with reading(site.folder) as connection:
            return list(each_row(connection))
    except sqlite3.Error as error:
        return str(error)
