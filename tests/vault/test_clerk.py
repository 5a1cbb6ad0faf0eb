"""The thread that asks a store: a store that hangs holds up nobody for longer than the limit."""

from __future__ import annotations

import asyncio
import threading

import pytest

from proxy.vault import Clerk, MemoryStore, Store


class Hanging(MemoryStore):
    """A store whose `get` comes back when it is told to; what was put in is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = threading.Event()
        self.puts = 0

    def get(self, tag: bytes, now: int) -> bytes | None:
        self.answers.wait()
        return super().get(tag, now)

    def put(self, tag: bytes, sealed: bytes, expires: int, now: int) -> None:
        self.puts += 1
        super().put(tag, sealed, expires, now)


def reading(store: Store) -> bytes | None:
    return store.get(b"tag", 0)


def writing(store: Store) -> None:
    store.put(b"tag", b"sealed", 1, 0)


async def test_a_store_that_hangs_is_waited_for_until_the_limit_and_then_by_nobody() -> None:
    store = Hanging()
    clerk = Clerk(store, limit_s=0.05)
    with pytest.raises(TimeoutError, match="the vault doesn't answer"):
        await clerk.ask(reading)
    async with asyncio.timeout(30):
        while not clerk.overdue:  # the thread may have begun a little after its caller
            await asyncio.sleep(0)
    refused_at_once = clerk.ask(writing)
    with pytest.raises(TimeoutError, match="the vault doesn't answer"):
        refused_at_once.send(None)  # it comes to no wait
    store.answers.set()
    async with asyncio.timeout(30):
        while clerk.overdue:
            await asyncio.sleep(0)
    assert store.puts == 0
    await clerk.ask(writing)
    assert await clerk.ask(reading) == b"sealed"
    await clerk.close()


async def test_what_nobody_waits_for_any_more_isnt_done() -> None:
    store = Hanging()
    clerk = Clerk(store)
    held = asyncio.create_task(clerk.ask(reading))
    left = asyncio.create_task(clerk.ask(writing))
    stays = asyncio.create_task(clerk.ask(writing))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    store.answers.set()
    await asyncio.gather(held, stays)
    assert store.puts == 1
    await clerk.close()


async def test_what_a_store_raises_is_raised() -> None:
    clerk = Clerk(MemoryStore())

    def fails(_store: Store) -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        await clerk.ask(fails)
    await clerk.close()


async def test_closing_ends_the_thread_and_waits_for_no_disk() -> None:
    store = Hanging()
    clerk = Clerk(store, limit_s=0.05)
    with pytest.raises(TimeoutError):
        await clerk.ask(reading)
    await clerk.close()  # refused, and said in the log
    assert clerk.thread.daemon, "the process ends all the same"
    store.answers.set()
    await asyncio.to_thread(clerk.thread.join)
