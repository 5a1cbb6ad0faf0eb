"""Every tamper is found, each by its own code, by someone who has the public key only.

Each attack gets a copy of a closed log of 600 records in four segments, changes files as somebody
with access to the disk (and knowledge of the format) would, and names the findings that must come
of it. An attacker who also mends every derived file still can't sign a checkpoint.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint, sign
from audit.erasure import Erasure, write_journal
from audit.frame import decode, leaf_of
from audit.layout import newest_note
from audit.merkle import leaf_hash
from audit.reading import Reader
from audit.record import Content, Kind, Reference
from audit.sealer import Named, Sealer
from audit.segment import encode_batch, read_batches, read_header
from audit.tiles import TileSet, decode_bundle, encode_bundle, write_tiles
from audit.verify import verify
from audit.verify_site import verify_site
from tests.audit.sites import ORIGIN, SECOND, Site, converse

RECORDS = 600


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, str]:
    """A closed log, and the checkpoint that an auditor took home after 400 records."""
    site = Site(tmp_path_factory.mktemp("log") / "site")

    async def write() -> str:
        for part in range(3):
            log = site.open()
            await asyncio.gather(*(converse(log, 5, f"p{part}-{n}") for n in range(20)))
            await log.close()
            if part == 1:
                held = (site.folder / "checkpoint").read_text()
        return held

    held = asyncio.run(write())
    assert site.verify(since=held).findings == []
    assert site.verify().records == RECORDS
    return site, held


@pytest.fixture
def site(written: tuple[Site, str], tmp_path: Path) -> Site:
    return written[0].copy(tmp_path / "copy")


@pytest.fixture
def held(written: tuple[Site, str]) -> str:
    return written[1]


def frames_of(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        read_header(file)
        return [frame for batch in read_batches(file) for frame in batch.frames]


def rewrite(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change a segment's frames and mend all digests: one batch per frame."""
    with path.open("rb") as file:
        header, _ = read_header(file)
        head = path.read_bytes()[: file.tell()]
    frames = change(frames_of(path))
    batches = [encode_batch(header.first + n, [frame]) for n, frame in enumerate(frames)]
    path.write_bytes(head + b"".join(batches))


def flip(path: Path, offset: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1 << bit
    path.write_bytes(bytes(data))


def edited(frames: list[bytes], number: int = 5) -> list[bytes]:
    frame = bytearray(frames[number])
    frame[-1] ^= 1
    return [*frames[:number], bytes(frame), *frames[number + 1 :]]


def test_a_byte_of_a_frame(site: Site) -> None:
    flip(site.segments()[1], -200)
    assert site.codes() == {"bad-batch", "edited-frame"}


def test_a_frame_edited_with_mended_digests(site: Site) -> None:
    rewrite(site.segments()[1], edited)
    assert site.codes() == {"edited-frame"}


def test_a_frame_and_its_entry_edited(site: Site) -> None:
    """The level-0 tile still holds the hash, so the frame and its entry don't stand together."""
    path = site.segments()[0]
    rewrite(path, edited)
    data = frames_of(path)[5]
    bundle = site.folder / "tile/entries/000"
    entries = decode_bundle(bundle.read_bytes())
    entries[5] = leaf_of(decode(data), data).encode()
    bundle.write_bytes(encode_bundle(entries))
    assert "checkpoint-mismatch" in site.codes()


def test_a_frame_edited_and_every_tile_mended(site: Site) -> None:
    """Only the signatures are left, and they are enough."""
    rewrite(site.segments()[0], edited)
    tiles = TileSet()
    for path in site.segments():
        for data in frames_of(path):
            tiles.add(leaf_of(decode(data), data).encode())
    shutil.rmtree(site.folder / "tile")
    write_tiles(site.folder, tiles.full() + tiles.partial())
    assert site.codes() == {"checkpoint-mismatch", "does-not-open"}


def test_everything_rewritten_and_signed_by_another_key(site: Site) -> None:
    stranger = Ed25519PrivateKey.generate()
    note = sign(Checkpoint(ORIGIN, RECORDS, bytes(32)), stranger)
    (site.folder / "checkpoint").write_text(note)
    (site.folder / "checkpoints").write_text(note + "\n")
    assert "forged-checkpoint" in site.codes()


def test_a_checkpoint_of_another_log_of_the_same_key(site: Site) -> None:
    note = sign(Checkpoint("privet.example/slot-1", RECORDS, bytes(32)), site.signing)
    (site.folder / "checkpoint").write_text(note)
    assert "forged-checkpoint" in site.codes()


def test_a_root_changed_under_its_signature(site: Site) -> None:
    path = site.folder / "checkpoint"
    lines = path.read_text().split("\n")
    lines[2] = ("A" if lines[2][0] != "A" else "B") + lines[2][1:]
    path.write_text("\n".join(lines))
    assert site.codes() == {"forged-checkpoint"}


def test_a_checkpoint_taken_out_of_the_history(site: Site) -> None:
    path = site.folder / "checkpoints"
    paragraphs = path.read_text().split("\n\n")
    path.write_text("\n\n".join([*paragraphs[:-3], ""]))
    assert "checkpoint-order" in site.codes()


def test_the_history_in_another_order(site: Site) -> None:
    path = site.folder / "checkpoints"
    paragraphs = path.read_text().split("\n\n")
    path.write_text("\n\n".join(paragraphs[2:4] + paragraphs[:2] + paragraphs[4:]))
    assert site.codes() == {"checkpoint-order"}


def test_a_signed_checkpoint_that_splits_the_log(site: Site) -> None:
    """Someone who stole the signing key tells two stories: the records fit only one."""
    note = sign(Checkpoint(ORIGIN, 400, bytes(32)), site.signing)
    assert site.codes(since=note) == {"checkpoint-mismatch"}


def test_the_newest_checkpoint_alone_tells_another_story(site: Site) -> None:
    """Of the history's last size, with another root, under the right key."""
    note = sign(Checkpoint(ORIGIN, RECORDS, bytes(32)), site.signing)
    (site.folder / "checkpoint").write_text(note)
    assert site.codes() == {"checkpoint-mismatch"}


def test_of_two_checkpoints_that_were_held_the_older_one_shows_the_fork(
    site: Site, held: str
) -> None:
    """A log collector has them all: also of what was rewritten and signed again since."""
    newest = (site.folder / "checkpoint").read_text()
    other = sign(Checkpoint(ORIGIN, 400, bytes(32)), site.signing)
    both = verify(site.folder, [site.key], since=[held, newest])
    assert (both.findings, both.held) == ([], RECORDS)
    (finding,) = verify(site.folder, [site.key], since=[newest, other, held]).findings
    assert (finding.code, finding.where) == ("checkpoint-mismatch", "the held checkpoint, size 400")


def test_a_log_that_the_manifest_forgot_but_somebody_holds_a_checkpoint_of(site: Site) -> None:
    origin = "privet.example/slot-3"
    note = sign(Checkpoint(origin, 5, bytes(32)), site.signing)
    report, _ = verify_site(site.root, [site.key], since=[note])
    (finding,) = report.findings
    assert (finding.code, finding.detail) == ("missing-origin", f"a checkpoint of {origin} is held")
    elsewhere = sign(Checkpoint("other.example/slot-3", 5, bytes(32)), site.signing)
    report, slot = verify_site(site.root, [site.key], since=[elsewhere])
    assert [one.code for one in report.findings] == ["forged-checkpoint"], "nothing here was held"
    report, slot = verify_site(
        site.root, [site.key], since=[elsewhere, newest_note(site.folder)[0]]
    )
    assert (report.findings, slot.findings, slot.held) == ([], [], RECORDS)


def test_a_frame_taken_out(site: Site) -> None:
    rewrite(site.segments()[1], lambda frames: frames[:7] + frames[8:])
    assert site.codes() == {"missing-frame"}


def test_a_segment_taken_out(site: Site) -> None:
    site.segments()[1].unlink()
    assert site.codes() == {"missing-segment"}


def test_the_last_segment_taken_out(site: Site) -> None:
    site.segments()[-1].unlink()
    assert "truncated" in site.codes()


def test_two_frames_exchanged(site: Site) -> None:
    rewrite(site.segments()[1], lambda f: [*f[:7], f[8], f[7], *f[9:]])
    assert site.codes() == {"reordered"}


def test_two_far_frames_exchanged(site: Site) -> None:
    rewrite(site.segments()[1], lambda f: [*f[:7], f[50], *f[8:50], f[7], *f[51:]])
    assert "reordered" in site.codes()


def test_a_frame_twice(site: Site) -> None:
    rewrite(site.segments()[1], lambda frames: [*frames[:8], *frames[7:]])
    assert site.codes() == {"duplicate"}


def test_truncated_after_the_newest_checkpoint_was_removed_too(site: Site, held: str) -> None:
    """Rolled back to an old state that is whole in itself: only a held checkpoint shows it."""
    for path in site.segments()[1:]:
        path.unlink()
    history = site.folder / "checkpoints"
    paragraphs = history.read_text().split("\n\n")
    pairs = list(zip(paragraphs[::2], paragraphs[1::2], strict=False))
    kept = [pair for pair in pairs if int(pair[0].split("\n")[1]) <= RECORDS // 3]
    history.write_text("".join(f"{body}\n\n{lines}\n\n" for body, lines in kept))
    (site.folder / "checkpoint").write_text("{}\n\n{}\n".format(*kept[-1]))
    with sqlite3.connect(site.folder / "keys.db") as database:
        database.execute("DELETE FROM rows WHERE sequence >= ?", (RECORDS // 3,))
    database.close()
    tiles = TileSet()
    for data in frames_of(site.segments()[0]):
        tiles.add(leaf_of(decode(data), data).encode())
    shutil.rmtree(site.folder / "tile")
    write_tiles(site.folder, tiles.full() + tiles.partial())
    assert site.codes() == set()
    assert site.codes(since=held) == {"truncated"}


def test_a_file_that_ends_inside_a_batch(site: Site) -> None:
    path = site.segments()[-1]
    path.write_bytes(path.read_bytes()[:-10])
    assert site.codes() >= {"incomplete-batch", "truncated"}


def test_a_batch_that_miscounts_its_frames(site: Site) -> None:
    """The head says three where there are two, and the digest was mended."""
    path = site.segments()[-1]
    with path.open("rb") as file:
        header, _ = read_header(file)
        head = path.read_bytes()[: file.tell()]
    frames = frames_of(path)
    batch = encode_batch(header.first, frames)
    payload = batch[52:]
    lying = batch[:8] + struct.pack(">I", len(frames) + 1) + batch[12:20]
    path.write_bytes(head + lying + hashlib.sha256(lying + payload).digest() + payload)
    assert "bad-batch" in site.codes()


def test_records_of_another_log_spliced_in(site: Site, tmp_path: Path) -> None:
    other = Site(tmp_path / "other", signing=site.signing)

    async def write() -> None:
        log = other.open()
        await converse(log, 5)
        await log.close()

    asyncio.run(write())
    foreign = frames_of(other.segments()[0])
    rewrite(site.segments()[0], lambda frames: [*frames[:3], foreign[3], *frames[4:]])
    assert site.codes() == {"edited-frame"}


def test_a_segment_of_another_log_put_in_place(site: Site, tmp_path: Path) -> None:
    other = Site(tmp_path / "other", origin="privet.example/slot-9", signing=site.signing)

    async def write() -> None:
        log = other.open()
        await converse(log, 5)
        await log.close()

    asyncio.run(write())
    shutil.copy(other.segments()[0], site.segments()[0])
    assert {"bad-segment", "missing-segment"} <= site.codes()


def test_records_added_after_the_end_without_the_writer(site: Site) -> None:
    """Anyone can seal to public keys; unsigned records are counted as unprotected, not believed."""
    with site.segments()[-1].open("rb") as file:
        header, _ = read_header(file)
    sealer = Sealer(ORIGIN, [], first=RECORDS, open_from=RECORDS, time=header.time)
    forged = sealer.seal(Kind.REFUSAL, "forged", site.clock(), {})
    path = site.folder / "segments" / f"{RECORDS:020d}.seg"
    path.write_bytes(sealer.header + encode_batch(RECORDS, [forged.frame]))
    report = site.verify(opening=False)
    assert (report.records, report.unprotected_records) == (RECORDS + 1, 1)
    assert "does-not-open" in site.codes()


def test_a_seed_replaced_in_a_header(site: Site) -> None:
    flip(site.segments()[1], 150)
    assert site.codes() == {"changed-header", "does-not-open"}
    assert {finding.code for finding in site.verify(opening=False).findings} == {"changed-header"}


@pytest.mark.parametrize("name", ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2"])
def test_a_hash_tile_changed(site: Site, name: str) -> None:
    flip(site.folder / name, 40)
    assert site.codes() == {"tile-mismatch"}


def test_an_entry_bundle_changed(site: Site) -> None:
    flip(site.folder / "tile/entries/001", 40)
    assert site.codes() == {"tile-mismatch"}


def test_tiles_of_two_places_exchanged(site: Site) -> None:
    first, second = site.folder / "tile/0/000", site.folder / "tile/0/001"
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    assert site.codes() == {"tile-mismatch"}


def test_a_tile_taken_out(site: Site) -> None:
    (site.folder / "tile/0/000").unlink()
    assert site.codes() == {"tile-mismatch"}


def keys_db(site: Site, statement: str) -> None:
    connection = sqlite3.connect(site.folder / "keys.db")
    with connection:
        assert connection.execute(statement).rowcount > 0
    connection.close()


def test_a_key_row_deleted(site: Site) -> None:
    keys_db(site, "DELETE FROM rows WHERE sequence = 0 AND place = 0")
    assert site.codes() == {"missing-row"}


def test_a_key_row_replaced(site: Site) -> None:
    keys_db(site, "UPDATE rows SET wrapped = zeroblob(48) WHERE sequence = 0")
    assert site.codes() == {"changed-row"}


def test_a_key_rows_retention_changed(site: Site) -> None:
    keys_db(site, "UPDATE rows SET expires = 1 WHERE sequence = 0")
    assert site.codes() == {"changed-row"}


def test_a_key_row_added(site: Site) -> None:
    keys_db(site, "INSERT INTO rows VALUES (3, 99, 1, zeroblob(48))")
    assert site.codes() == {"unknown-row"}


def test_key_rows_exchanged(site: Site) -> None:
    keys_db(
        site,
        "UPDATE rows SET wrapped = (SELECT other.wrapped FROM rows AS other"
        " WHERE other.sequence = 1 - rows.sequence AND other.place = 0)"
        " WHERE sequence IN (0, 1) AND place = 0",
    )
    assert site.codes() == {"changed-row"}


def test_keys_db_taken_out(site: Site) -> None:
    (site.folder / "keys.db").unlink()
    assert site.codes() == {"damaged-keys"}


def test_keys_db_overwritten(site: Site) -> None:
    (site.folder / "keys.db").write_bytes(b"nothing of the kind" * 300)
    assert site.codes() == {"damaged-keys"}


def test_an_erasure_explains_its_rows_and_no_others(site: Site) -> None:
    async def erase() -> None:
        log = site.open()
        await log.erase(Erasure("erase-1", "gdpr-17", ("a", "b"), (Reference(0, 0),)))
        await log.close()

    asyncio.run(erase())
    assert site.codes() == set()
    keys_db(site, "DELETE FROM rows WHERE sequence = 1 AND place = 0")
    findings = site.verify().findings
    assert [(one.code, one.where) for one in findings] == [("missing-row", "record 1, content 0")]


def test_an_erasure_that_nobody_signed_explains_nothing(site: Site) -> None:
    """Who can write to the disk deletes a row and seals a record that says it was ordered."""
    keys_db(site, "DELETE FROM rows WHERE sequence = 0 AND place = 0")
    append_by_hand(site, Kind.ERASURE, [(0, 0)])
    findings = site.verify(opening=False).findings
    assert [one.code for one in findings] == ["unsigned-erasure"]


def test_a_backup_of_the_keys_put_back_after_an_erasure(site: Site) -> None:
    backup = (site.folder / "keys.db").read_bytes()

    async def erase() -> None:
        log = site.open()
        await log.erase(Erasure("erase-1", "gdpr-17", ("a", "b"), (Reference(0, 0),)))
        await log.close()

    asyncio.run(erase())
    (site.folder / "keys.db").write_bytes(backup)
    assert site.codes() == {"restored-row"}


def test_the_journal_of_an_erasure_forged_while_the_writer_is_down(site: Site) -> None:
    """The start carries it out, on record under an order that nobody can show: never unseen."""
    write_journal(site.folder, Erasure("erase-2", "none", (), (Reference(0, 0),)))

    async def start() -> None:
        log = site.open()
        await log.close()

    asyncio.run(start())
    with Reader(site.folder, site.auditor) as reader:
        *_, last = reader.records("erase-2")
    assert last.opened.body == {"basis": "none", "approved_by": [], "rows": 1}


def test_a_damaged_frame_cut_out_that_has_good_ones_after_it(site: Site) -> None:
    """As somebody might "repair" a log; all digests are mended."""
    path = site.segments()[1]
    rewrite(path, lambda frames: [*frames[:7], *frames[8:]])
    findings = site.verify().findings
    assert [(one.code, one.where) for one in findings] == [("missing-frame", "record 207")]


def append_by_hand(site: Site, kind: Kind, references: list[tuple[int, int]]) -> None:
    """A record after the end of the log, in a segment of its own."""
    sealer = Sealer(ORIGIN, [], first=RECORDS, open_from=RECORDS, time=site.clock())
    contents = [Named("erased", Reference(sequence, place)) for sequence, place in references]
    sealed = sealer.seal(kind, "", site.clock(), {}, contents)
    path = site.folder / "segments" / f"{RECORDS:020d}.seg"
    path.write_bytes(sealer.header + encode_batch(RECORDS, [sealed.frame]))


def test_a_reference_forward(site: Site) -> None:
    append_by_hand(site, Kind.REFUSAL, [(RECORDS + 5, 0)])
    assert "bad-reference" in site.codes()


def test_the_clock_set_back(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")

    async def write() -> None:
        log = site.open()
        await converse(log, 1)
        site.clock.now -= 60 * SECOND
        await converse(log, 1, "later")
        await log.close()

    asyncio.run(write())
    report = site.verify()
    assert [finding.code for finding in report.findings] == ["clock-backwards"]
    assert report.exit_code == 1


def test_an_intent_whose_outcome_nobody_wrote(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")

    async def write() -> None:
        log = site.open()
        await log.append(Kind.INTENT, "e-1", {})
        await log.append(Kind.INTENT, "e-2", {}, [Content("m", b"text", "acme")])
        await log.append(Kind.OUTCOME, "e-1", {})
        await log.close()

    asyncio.run(write())
    (finding,) = site.verify().findings
    assert (finding.code, finding.where) == ("intent-without-outcome", "record 1, exchange e-2")


def test_a_whole_log_taken_out_of_its_site(site: Site) -> None:
    shutil.rmtree(site.folder)
    (report,) = verify_site(site.root, [site.key])
    assert [finding.code for finding in report.findings] == ["missing-origin"]


def test_a_log_that_nobody_listed(site: Site) -> None:
    shutil.copytree(site.folder, site.root / "slot-7")
    report, slot = verify_site(site.root, [site.key], recipient=site.auditor)
    assert [finding.code for finding in report.findings] == ["unlisted-origin"]
    assert slot.findings == []


def test_an_entry_of_the_manifest_changed(site: Site) -> None:
    flip(site.root / "manifest/tile/entries/000.p/1", 20)
    report, *_ = verify_site(site.root, [site.key])
    assert report.exit_code == 2


def test_a_site_without_its_manifest(site: Site) -> None:
    shutil.rmtree(site.root / "manifest")
    report, *_ = verify_site(site.root, [site.key])
    assert "bad-manifest" in {finding.code for finding in report.findings}


def test_the_attacks_really_mend_what_they_claim_to(site: Site) -> None:
    """`rewrite` with no change leaves a log that verifies: digests and places are mended."""
    for path in site.segments():
        rewrite(path, lambda frames: frames)
    assert site.codes() == set()
    data = frames_of(site.segments()[0])[0]
    entry = leaf_of(decode(data), data).encode()
    assert (site.folder / "tile/0/000").read_bytes()[:32] == leaf_hash(entry)
    assert hashlib.sha256(b"\x00" + entry).digest() == leaf_hash(entry)
    assert struct.unpack(">H", (site.folder / "tile/entries/000").read_bytes()[:2])[0] == len(entry)
