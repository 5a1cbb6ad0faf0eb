"""Vectors: ours, which another implementation can run, and published ones, which we must pass.

v1.json was made once. A change that breaks it changes the format, and old logs with it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from audit.checkpoint import Checkpoint, open_checkpoint, sign
from audit.errors import FormatError
from audit.frame import Stored, decode, encode, leaf_of, places
from audit.manifest import decode_slot
from audit.merkle import Tree, leaf_hash
from audit.note import VerifierKey, open_note, parse_verifier_key
from audit.opening import SegmentOpener, view_opener
from audit.recipients import key_id_of
from audit.record import decode_leaf
from audit.rows import Row
from audit.seal import Ratchet, index_seed, row_hash
from audit.segment import encode_batch, encode_header, read_batches, read_header
from audit.tiles import decode_bundle, encode_bundle, tile_path

FOLDER = Path(__file__).parents[1] / "vectors" / "audit"
OURS: dict[str, Any] = json.loads((FOLDER / "v1.json").read_text("utf-8"))
PUBLISHED: dict[str, Any] = json.loads((FOLDER / "published.json").read_text("utf-8"))


def raw(value: str) -> bytes:
    return bytes.fromhex(value)


def test_header() -> None:
    data = raw(OURS["header"])
    header, digest = read_header(io.BytesIO(data))
    assert (header.origin, header.first, header.open_from) == (OURS["origin"], 7, 5)
    assert digest == raw(OURS["header_digest"])
    assert encode_header(header) == data
    assert [seed.key_id.hex() for seed in header.seeds] == [
        recipient["key_id"] for recipient in OURS["recipients"]
    ]


def test_ratchet() -> None:
    ratchet = Ratchet(raw(OURS["seed"]), raw(OURS["header_digest"]))
    for expected in OURS["ratchet"]:
        keys = ratchet.step()
        found = {name: getattr(keys, name).hex() for name in ("section", "rows", "commitment")}
        assert found == expected


@pytest.mark.parametrize("recipient", OURS["recipients"], ids=lambda one: one["name"])
def test_every_recipient_opens_every_record(recipient: dict[str, str]) -> None:
    key = X25519PrivateKey.from_private_bytes(raw(recipient["private"]))
    assert key_id_of(key.public_key()).hex() == recipient["key_id"]
    opener = SegmentOpener(*read_header(io.BytesIO(raw(OURS["header"]))), key)
    for record in reversed(OURS["records"]):  # backwards: the ratchet begins anew
        frame = decode(raw(record["frame"]))
        opened = opener.open(frame)
        assert (opened.kind, opened.exchange_id) == (record["kind"], record["exchange_id"])
        assert (opened.time, opened.body) == (int(record["time"]), record["body"])
        rows = {
            row["place"]: Row(
                row["sequence"], row["place"], int(row["expires"]), raw(row["wrapped"])
            )
            for row in record["rows"]
        }
        for place, entry in places(frame.entries):
            if isinstance(entry, Stored):
                text = opener.content(frame, place, opened, rows[place]).decode()
                assert text == record["contents"][place]["text"]


def test_an_indexer_opens_the_index_section_and_its_value() -> None:
    vector = OURS["indexed"]
    assert index_seed(raw(vector["seed"]), raw(vector["segment_id"])).hex() == vector["index_seed"]
    frame = decode(raw(vector["frame"]))
    rows = [
        Row(row["sequence"], row["place"], int(row["expires"]), raw(row["wrapped"]))
        for row in vector["rows"]
    ]
    for private in (vector["indexer"]["private"], OURS["recipients"][0]["private"]):
        key = X25519PrivateKey.from_private_bytes(raw(private))
        viewed = view_opener(*read_header(io.BytesIO(raw(vector["header"]))), key).view(frame)
        assert viewed.view.body == vector["view"]["body"]
        assert [list(one) for one in viewed.view.values.items()] == vector["view"]["values"]
        assert viewed.value(frame, 1, rows[1]).decode() == vector["texts"][1]
        with pytest.raises(FormatError):
            viewed.value(frame, 0, rows[0])
    opener = SegmentOpener(*read_header(io.BytesIO(raw(vector["header"]))), key)
    opened = opener.open(frame)
    texts = [opener.content(frame, row.place, opened, row).decode() for row in rows]
    assert texts == vector["texts"]


def test_the_commitment_is_compared_before_anything_opens() -> None:
    """It stands outside of what AES-GCM authenticates, so only the comparison notices a change."""
    key = X25519PrivateKey.from_private_bytes(raw(OURS["recipients"][0]["private"]))
    opener = SegmentOpener(*read_header(io.BytesIO(raw(OURS["header"]))), key)
    frame = decode(raw(OURS["records"][0]["frame"]))
    section = frame.sections[0]
    other = dataclasses.replace(section, commitment=bytes(32))
    with pytest.raises(FormatError, match="commitment"):
        opener.open(dataclasses.replace(frame, sections=(other,)))


def test_frames_leaves_and_rows() -> None:
    for record in OURS["records"]:
        data = raw(record["frame"])
        frame = decode(data)
        assert encode(frame.clear, frame.sections, frame.ciphertexts) == data
        leaf = leaf_of(frame, data)
        assert leaf.frame_hash.hex() == record["frame_hash"]
        assert leaf.encode().hex() == record["leaf"]
        assert decode_leaf(raw(record["leaf"])) == leaf
        assert leaf_hash(leaf.encode()).hex() == record["leaf_hash"]
        for row in record["rows"]:
            hashed = row_hash(
                row["sequence"], row["place"], int(row["expires"]), raw(row["wrapped"])
            )
            assert hashed.hex() == row["row_hash"]


def test_batch_and_bundle() -> None:
    frames = [raw(record["frame"]) for record in OURS["records"]]
    assert encode_batch(7, frames).hex() == OURS["batch"]
    (batch,) = read_batches(io.BytesIO(raw(OURS["batch"])))
    assert (batch.first, list(batch.frames), batch.intact) == (7, frames, True)
    leaves = [raw(record["leaf"]) for record in OURS["records"]]
    assert encode_bundle(leaves).hex() == OURS["bundle"]
    assert decode_bundle(raw(OURS["bundle"])) == leaves


def test_checkpoint_and_manifest() -> None:
    tree = Tree()
    for record in OURS["records"]:
        tree.add(raw(record["leaf_hash"]))
    key = Ed25519PrivateKey.from_private_bytes(raw(OURS["signing_private"]))
    checkpoint = Checkpoint(OURS["origin"], 3, tree.root())
    assert tree.root().hex() == OURS["tree_of_these_three_leaves"]["root"]
    assert sign(checkpoint, key) == OURS["checkpoint"]
    verifier = parse_verifier_key(OURS["verifier_key"])
    assert str(verifier) == OURS["verifier_key"]
    assert open_checkpoint(OURS["checkpoint"], [verifier]) == checkpoint
    slot = decode_slot(OURS["manifest_entry"].encode())
    assert (slot.folder, str(slot.key)) == ("slot-0", OURS["verifier_key"])


def test_tile_paths() -> None:
    for tile in OURS["tile_paths"]:
        assert tile_path(tile["level"], tile["index"], tile["width"]) == tile["path"]
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067", "the example of C2SP tlog-tiles"


@pytest.mark.parametrize("vector", PUBLISHED["hpke"]["vectors"], ids=lambda one: one["aead"])
def test_hpke_as_published(vector: dict[str, str]) -> None:
    """The library's HPKE opens RFC 9180's messages. (It offers no way to fix the ephemeral key.)"""
    from cryptography.hazmat.bindings._rust import openssl

    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, getattr(AEAD, vector["aead"]))
    plaintext = openssl.hpke._decrypt_with_aad(
        suite,
        raw(vector["enc"]) + raw(vector["ct"]),
        X25519PrivateKey.from_private_bytes(raw(vector["skRm"])),
        info=raw(vector["info"]),
        aad=raw(vector["aad"]),
    )
    assert plaintext.hex() == vector["pt"]


def test_signed_note_as_published() -> None:
    note = PUBLISHED["signed_note"]
    key = parse_verifier_key(note["verifier_key"])
    assert str(VerifierKey(key.name, key.public)) == note["verifier_key"]
    whole = f"{note['text']}\n{note['signature_line']}\n"
    assert open_note(whole, [key], 10_000) == (note["text"], [key])


def test_merkle_roots_as_published() -> None:
    tree = Tree()
    roots = [tree.root().hex()]
    for leaf in PUBLISHED["merkle"]["leaves"]:
        tree.add(leaf_hash(raw(leaf)))
        roots.append(tree.root().hex())
    assert roots == PUBLISHED["merkle"]["roots"]
    assert roots[0] == hashlib.sha256(b"").hexdigest()
