"""The vault: whose an entry is, how long it lives, and what a store gets to see."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from proxy.vault import Clerk, MemoryStore, SQLiteStore, Store, Vault

ANN = ("acme", "support", "desk", "ann")
BOB = ("acme", "support", "desk", "bob")
TEXT = b"Jane Hollander owes 12"
SECRET = bytes(range(32))


class Clock:
    """A clock that a test sets."""

    now = 1_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
async def clerk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Clerk]:
    opened = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "vault.db")
    clerk = Clerk(opened)
    yield clerk
    await clerk.close()


async def test_what_is_put_in_comes_out(clerk: Clerk, clock: Clock) -> None:
    vault = Vault(clerk, SECRET, 60, clock)
    await vault.put(ANN, "resp_1", TEXT)
    assert await vault.get(ANN, "resp_1") == TEXT
    await vault.put(ANN, "resp_1", b"again")
    assert await vault.get(ANN, "resp_1") == b"again"


async def test_another_principal_finds_nothing(clerk: Clerk, clock: Clock) -> None:
    vault = Vault(clerk, SECRET, 60, clock)
    await vault.put(ANN, "resp_1", TEXT)
    assert await vault.get(BOB, "resp_1") is None
    assert not await vault.delete(BOB, "resp_1")
    assert await vault.get(("acme\x1fsupport", "desk", "ann", ""), "resp_1") is None
    assert await vault.get(ANN, "resp_1") == TEXT


async def test_shelves_of_one_store_know_nothing_of_each_other(clerk: Clerk, clock: Clock) -> None:
    vault, seals = Vault(clerk, SECRET, 60, clock), Vault(clerk, SECRET, 60, clock, "seals")
    await vault.put(ANN, "resp_1", TEXT)
    assert await seals.get(ANN, "resp_1") is None
    assert not await seals.delete(ANN, "resp_1")
    assert await vault.get(ANN, "resp_1") == TEXT


async def test_an_entry_expires(clerk: Clerk, clock: Clock) -> None:
    vault = Vault(clerk, SECRET, 60, clock)
    await vault.put(ANN, "resp_1", TEXT)
    clock.now += 59
    assert await vault.get(ANN, "resp_1") == TEXT
    clock.now += 1
    assert await vault.get(ANN, "resp_1") is None


async def test_a_deleted_entry_is_gone(clerk: Clerk, clock: Clock) -> None:
    vault = Vault(clerk, SECRET, 60, clock)
    await vault.put(ANN, "resp_1", TEXT)
    assert await vault.delete(ANN, "resp_1")
    assert not await vault.delete(ANN, "resp_1")
    assert await vault.get(ANN, "resp_1") is None


async def test_another_secret_opens_nothing(clerk: Clerk, clock: Clock) -> None:
    await Vault(clerk, SECRET, 60, clock).put(ANN, "resp_1", TEXT)
    assert await Vault(clerk, bytes(32), 60, clock).get(ANN, "resp_1") is None


async def test_the_file_tells_nothing_and_forgets_what_expired(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "vault.db"
    clerk = Clerk(SQLiteStore(path))
    await Vault(clerk, SECRET, 60, clock).put(ANN, "resp_1", TEXT)
    await clerk.close()
    held = path.read_bytes()
    for told in (b"Jane", b"resp_1", b"acme", b"ann"):
        assert told not in held
    assert path.stat().st_mode & 0o077 == 0

    clerk = Clerk(SQLiteStore(path))
    vault = Vault(clerk, SECRET, 60, clock)
    assert await vault.get(ANN, "resp_1") == TEXT, "it outlives a restart"
    clock.now += 60
    await vault.put(BOB, "resp_2", b"x" * 32)
    await clerk.close()
    with closing(sqlite3.connect(path)) as reopened:
        assert reopened.execute("SELECT count(*) FROM entries").fetchone() == (1,)


async def test_a_swapped_entry_is_nobodys(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "vault.db"
    clerk = Clerk(SQLiteStore(path))
    vault = Vault(clerk, SECRET, 60, clock)
    await vault.put(ANN, "resp_1", TEXT)
    await vault.put(BOB, "resp_2", b"hers")
    with closing(sqlite3.connect(path)) as beside, beside:
        (a, sealed_a), (b, sealed_b) = beside.execute("SELECT tag, sealed FROM entries").fetchall()
        beside.execute("UPDATE entries SET sealed = ? WHERE tag = ?", (sealed_b, a))
        beside.execute("UPDATE entries SET sealed = ? WHERE tag = ?", (sealed_a, b))
    assert await vault.get(ANN, "resp_1") is None
    assert await vault.get(BOB, "resp_2") is None
    await clerk.close()


async def test_memory_is_bounded(clock: Clock) -> None:
    clerk = Clerk(MemoryStore(most_bytes=1_000))
    vault = Vault(clerk, SECRET, 60, clock)
    for number in range(100):
        await vault.put(ANN, f"resp_{number}", b"x" * 100)
    left = [n for n in range(100) if await vault.get(ANN, f"resp_{n}")]
    assert left == list(range(100 - len(left), 100))
    assert 0 < len(left) < 10
    await clerk.close()


def test_a_file_that_cant_be_used_is_an_os_error(tmp_path: Path) -> None:
    broken = tmp_path / "vault.db"
    broken.write_bytes(b"not a database, whatever it says" * 100)
    opens: Callable[[Path], Store] = SQLiteStore
    with pytest.raises(OSError, match="vault"):
        opens(broken)
