"""The index compartment: an indexer's key makes the whole index, and opens nothing besides."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import audit.index
import audit.reading
import audit.sealer
from audit.erasure import Erasure
from audit.errors import AuditError, FormatError
from audit.frame import CORE, INDEX, Frame, decode
from audit.index import update
from audit.index_section import View, view_of
from audit.log import AuditLog
from audit.opening import IndexOpener, SegmentOpener, seed_of, view_opener
from audit.readers import reseal
from audit.reading import Reader
from audit.recipients import Pair, PrivateKeys, Recipient
from audit.record import JSON, Content, Kind, Reference
from audit.rows import each_row, reading
from audit.seal import Ratchet, decrypt, place_data, unwrap
from audit.segment import Header, read_batches, read_header
from audit.verify import verify
from tests.audit.sites import ORIGIN, Site

INDEX_KEY = bytes(32)
INTENT: Mapping[str, JSON] = {
    "principal": {"tenant": "acme", "team": "support", "app": "desk", "user": "u-17"},
    "endpoint": {"provider": "openai", "model": "gpt-4o"},
    "class": "confidential",
    "rules": ["general-use"],
    "found": {"EMAIL_ADDRESS": 1},
    "sent": {"bytes": 90, "sha256": "00"},
    "indexed": True,
}
WAIVER = {"id": "w-1", "lifts": "no-us", "until": "2026-12-31", "approved_by": ["a", "b"]}


class Indexed(Site):
    """A site with an auditor and somebody who makes the index."""

    indexer = X25519PrivateKey.generate()

    def start(self, *readers: Recipient | Pair) -> AuditLog:
        return AuditLog.open(
            self.folder,
            origin=ORIGIN,
            signing_key=self.signing,
            recipients=readers or (self.of_auditor, self.of_indexer),
            clock=self.clock,
        )

    @property
    def of_auditor(self) -> Recipient:
        return Recipient("auditor", self.auditor.public_key())

    @property
    def of_indexer(self) -> Recipient:
        return Recipient("indexer", self.indexer.public_key(), INDEX)


@pytest.fixture
def site(tmp_path: Path) -> Indexed:
    return Indexed(tmp_path / "site")


async def talk(log: AuditLog, *, erase: bool = False) -> None:
    """Two turns about two people, a refusal, a policy; perhaps one person's value is erased."""
    jane = Content("value/EMAIL_ADDRESS_1", b"jane@acme.com", "s")
    joe = Content("value/EMAIL_ADDRESS_2", b"joe@acme.com", "s")
    text = Content("masked/messages.0", b"<EMAIL_ADDRESS_1> and a secret", "s")
    first = await log.append(Kind.INTENT, "e-1", INTENT, [text, jane])
    await log.append(Kind.OUTCOME, "e-1", {"status": "delivered", "received_bytes": 7})
    await log.append(Kind.INTENT, "e-2", INTENT, [joe], first.kept)
    await log.append(Kind.OUTCOME, "e-2", {"status": "client_left"})
    await log.append(Kind.REFUSAL, "e-3", {"code": "policy", "rule": "no-us", "text": "no"})
    await log.append(Kind.POLICY_CHANGE, "", {"accepted": True, "waivers": [WAIVER]})
    if erase:
        gone = Reference(first.sequence, 1)
        await log.erase(Erasure("erase-1", "gdpr-17", ("a", "b"), (gone,)))
    await log.close()


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as index:
        names = ("records", "rules", "found", "stored", "uses", "waivers")
        return {name: index.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608


def indexed(site: Site, path: Path, keys: PrivateKeys) -> dict[str, list[tuple[Any, ...]]]:
    update(path, site.root, INDEX_KEY, keys)
    return tables(path)


def frames(site: Site) -> tuple[Header, bytes, list[Frame]]:
    with site.segments()[0].open("rb") as file:
        header, digest = read_header(file)
        found = [decode(data) for batch in read_batches(file) for data in batch.frames]
    return header, digest, found


@pytest.mark.parametrize("erase", [False, True], ids=["whole", "erased"])
async def test_an_indexers_index_is_an_auditors(site: Indexed, tmp_path: Path, erase: bool) -> None:
    await talk(site.start(), erase=erase)
    ours = indexed(site, tmp_path / "indexer.db", site.indexer)
    assert ours == indexed(site, tmp_path / "auditor.db", site.auditor)
    assert len(ours["records"]) == (7 if erase else 6)
    assert len(ours["stored"]) == (1 if erase else 2)
    assert [waiver[0] for waiver in ours["waivers"]] == ["w-1"]


async def test_a_segment_that_an_indexer_is_told_nothing_of(site: Indexed, tmp_path: Path) -> None:
    """It was written before there was one: the index of all needs an auditor, and has all."""
    await talk(site.start(site.of_auditor))
    await talk(site.start())
    assert len(indexed(site, tmp_path / "auditor.db", site.auditor)["stored"]) == 4
    with pytest.raises(FormatError, match="recipients"):
        update(tmp_path / "indexer.db", site.root, INDEX_KEY, site.indexer)


async def test_without_an_indexer_nothing_is_written_for_one(site: Indexed) -> None:
    await talk(site.start(site.of_auditor))
    header, _, found = frames(site)
    assert {seed.compartment for seed in header.seeds} == {CORE}
    assert {len(frame.sections) for frame in found} == {1}
    assert site.verify().findings == []


async def test_an_indexers_key_opens_no_text_and_no_body(site: Indexed) -> None:
    await talk(site.start())
    with pytest.raises(FormatError, match="recipients"), Reader(site.folder, site.indexer) as mine:
        list(mine.records())
    header, digest, (intent, *_) = frames(site)
    seed = seed_of(header, site.indexer, INDEX)
    opener = view_opener(header, digest, site.indexer)
    assert isinstance(opener, IndexOpener)
    viewed = opener.view(intent)
    assert viewed.view.values == {1: "value/EMAIL_ADDRESS_1"}
    assert set(viewed.view.body) == {
        *("principal", "endpoint", "class", "rules", "found", "indexed"),
    }
    assert viewed.view.body["principal"] == {"team": "support", "app": "desk"}
    with reading(site.folder) as database:
        text, value, *_ = each_row(database)
    assert viewed.value(intent, 1, value) == b"jane@acme.com"
    keys = Ratchet(seed, digest).step()
    bound = place_data(digest, 0, 0)
    with pytest.raises(FormatError):
        unwrap(keys.rows, 0, text.wrapped, bound)
    for key in (seed, keys.section, keys.rows, viewed.rows):
        with pytest.raises(FormatError):
            decrypt(key, intent.sections[0].ciphertext, intent.clear)
    with pytest.raises(FormatError, match="recipients"):
        SegmentOpener(header, digest, site.indexer)


async def test_the_writer_cant_go_back_to_what_an_indexer_reads(site: Indexed) -> None:
    log = site.start()
    await log.append(Kind.INTENT, "e-1", INTENT, [Content("value/PERSON_1", b"Jane", "s")])
    assert log._composer._sealer is not None
    assert log._composer._sealer._index is not None
    link = log._composer._sealer._index._link
    await log.close()
    _, digest, (intent,) = frames(site)
    later = Ratchet(bytes(32), digest)
    later._link = link
    for key in [link, *(later.step().section for _ in range(100))]:
        with pytest.raises(FormatError):
            decrypt(key, intent.sections[1].ciphertext, intent.clear)


async def test_what_is_written_for_two_people_together_an_indexer_indexes_alone(
    site: Indexed, tmp_path: Path
) -> None:
    pair = Pair((site.of_auditor, Recipient("council", site.recovery.public_key())))
    await talk(site.start(pair, site.of_indexer))
    both = indexed(site, tmp_path / "both.db", [site.auditor, site.recovery])
    assert indexed(site, tmp_path / "one.db", site.indexer) == both
    report = verify(site.folder, [site.key], recipient=[site.auditor, site.recovery])
    assert (report.findings, report.opened) == ([], 6)


async def test_a_later_indexer_gets_the_index_sections_and_no_more(
    site: Indexed, tmp_path: Path
) -> None:
    await talk(site.start(site.of_auditor))
    await talk(site.start())
    later = X25519PrivateKey.generate()
    added = reseal(site.folder, site.auditor, Recipient("later", later.public_key(), INDEX))
    assert added == 1, "the first segment has nothing for an indexer"
    with pytest.raises(FormatError, match="recipients"), Reader(site.folder, later) as reader:
        list(reader.records())
    site.segments()[0].unlink()
    with pytest.raises(FormatError, match="missing"):  # it did open: the segment isn't the first
        update(tmp_path / "later.db", site.root, INDEX_KEY, later)


@pytest.mark.parametrize("lie", ["another team", "a value left out"])
async def test_an_index_section_that_disagrees_is_a_finding(
    site: Indexed, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    def lying(body: Mapping[str, JSON], stored: Mapping[int, str]) -> View:
        view = view_of(body, stored)
        if lie == "another team":
            return replace(view, body={**view.body, "principal": {"team": "sales"}})
        return replace(view, values={})

    monkeypatch.setattr(audit.sealer, "view_of", lying)
    await talk(site.start())
    assert site.codes() == {"does-not-open"}


async def test_an_indexer_alone_is_nobody_who_could_read_the_log(site: Indexed) -> None:
    with pytest.raises(AuditError, match="recipient"):
        site.start(site.of_indexer)


async def test_a_change_of_indexers_is_on_record(site: Indexed) -> None:
    await talk(site.start(site.of_auditor))
    await talk(site.start())
    with Reader(site.folder, site.auditor) as reader:
        (change,) = (one for one in reader.records() if one.opened.kind is Kind.ROTATION)
    named = change.opened.body["recipients"]
    assert [[one.get("compartment") for one in each] for each in named] == [[None], ["index"]]  # type: ignore[union-attr]


async def test_a_log_is_read_and_indexed_while_it_is_written(
    site: Indexed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that comes once keys.db is open is left for the next time, not taken for erased."""
    log = site.start()
    loop, names = asyncio.get_running_loop(), iter(range(10))

    async def append() -> None:
        value = Content("value/PERSON_1", b"Jane %d" % next(names), "s")
        await log.append(Kind.INTENT, "e", INTENT, [value])

    @contextmanager
    def written_meanwhile(folder: Path) -> Iterator[sqlite3.Connection]:
        with reading(folder) as rows:
            asyncio.run_coroutine_threadsafe(append(), loop).result()
            yield rows

    def contents() -> list[bytes | None]:
        with Reader(site.folder, site.auditor) as reader:
            return [data for record in reader.records() for _, data in record.contents]

    await append()
    monkeypatch.setattr(audit.index, "reading", written_meanwhile)
    monkeypatch.setattr(audit.reading, "reading", written_meanwhile)
    index = tmp_path / "index.db"
    for known in (1, 2):
        await asyncio.to_thread(update, index, site.root, INDEX_KEY, site.indexer)
        assert len(tables(index)["stored"]) == known
    assert await asyncio.to_thread(contents) == [b"Jane 0", b"Jane 1", b"Jane 2"]
    await log.close()
