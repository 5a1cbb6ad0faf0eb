"""The blind writer (P5): nothing that the process holds opens what it wrote before."""

from __future__ import annotations

import asyncio
import gc
import types
from pathlib import Path
from typing import Any

import pytest

import audit.seal
from audit.errors import FormatError
from audit.frame import Frame, decode
from audit.log import AuditLog
from audit.record import Content, Kind
from audit.rows import find_row, reading
from audit.seal import Ratchet, decrypt, place_data, unwrap
from audit.segment import read_batches, read_header
from tests.audit.sites import Site, converse

RECORDS = 10_000


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def reachable(start: object) -> list[object]:
    """Everything that the garbage collector can reach from an object, code and modules left out."""
    seen: dict[int, object] = {}
    stack = [start]
    while stack:
        one = stack.pop()
        if id(one) in seen or isinstance(one, type | types.ModuleType | types.FunctionType):
            continue
        seen[id(one)] = one
        stack.extend(gc.get_referents(one))
    return list(seen.values())


def secrets_in(log: AuditLog) -> set[bytes]:
    """Every 32-byte window that the writer's state holds, whatever it may be."""
    windows = set()
    for one in reachable(log):
        if isinstance(one, bytes | bytearray) and len(one) < 4096:
            windows |= {bytes(one[at : at + 32]) for at in range(max(0, len(one) - 31))}
    return windows


def opens(secret: bytes, digest: bytes, frame: Frame, wrapped: bytes) -> bool:
    """Whether a secret opens the record: as its key, its row key, its link, seed or content key."""
    ratchet = Ratchet(secret, digest)
    from_link = Ratchet.__new__(Ratchet)
    from_link._link = secret
    bound = place_data(digest, frame.sequence, 0)
    attempts: list[Any] = [
        lambda: decrypt(secret, frame.sections[0].ciphertext, frame.clear),
        lambda: decrypt(ratchet.step().section, frame.sections[0].ciphertext, frame.clear),
        lambda: decrypt(from_link.step().section, frame.sections[0].ciphertext, frame.clear),
        lambda: unwrap(secret, 0, wrapped, bound),
        lambda: decrypt(secret, frame.ciphertexts[0], bound),
    ]
    for attempt in attempts:
        try:
            attempt()
        except FormatError:
            continue
        return True
    return False


def first_record(site: Site) -> tuple[bytes, Frame, bytes]:
    with site.segments()[0].open("rb") as file:
        _, digest = read_header(file)
        frame = decode(next(read_batches(file)).frames[0])
    with reading(site.folder) as connection:
        row = find_row(connection, 0, 0)
    assert row is not None
    return digest, frame, row.wrapped


async def test_the_writers_state_does_not_open_its_first_record(site: Site) -> None:
    log = site.open()
    await log.append(Kind.INTENT, "first", {}, [Content("m", b"secret words", "acme/jane")])
    turns = iter(range(RECORDS // 2))

    async def some() -> None:
        for turn in turns:
            text = Content("m", b"%d" % turn, "acme/jane")
            await log.append(Kind.INTENT, f"e-{turn}", {}, [text])
            await log.append(Kind.OUTCOME, f"e-{turn}", {})

    await asyncio.gather(*(some() for _ in range(64)))
    record = first_record(site)
    secrets = secrets_in(log)
    assert log._composer._sealer is not None
    assert log._composer._sealer._ratchet._link in secrets, "the walk reaches what it has to reach"
    assert not any(opens(secret, *record) for secret in secrets)
    assert not any(
        b"secret words" in bytes(one) for one in reachable(log) if isinstance(one, bytes)
    )
    await log.close()


async def test_red_switch_a_ratchet_that_stands_still_is_found_out(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same walk with stepping replaced by a no-op: then the state opens the first record."""
    step = audit.seal.Ratchet.step

    def standing_still(self: Ratchet) -> audit.seal.RecordKeys:
        link = self._link
        keys = step(self)
        self._link = link
        return keys

    monkeypatch.setattr(audit.seal.Ratchet, "step", standing_still)
    log = site.open()
    await log.append(Kind.INTENT, "first", {}, [Content("m", b"secret words", "acme/jane")])
    await converse(log, 3)
    record = first_record(site)
    assert any(opens(secret, *record) for secret in secrets_in(log))
    await log.close()
