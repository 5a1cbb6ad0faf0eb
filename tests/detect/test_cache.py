"""The cache: bounded, without text, and one analysis for concurrent askers."""

import asyncio
from itertools import pairwise

import pytest

from proxy.detect.cache import FindingCache, Findings, chunk_key
from proxy.detect.chunk import Chunk
from proxy.errors import DetectorUnavailable
from proxy.exchange import Finding

FOUND: Findings = (Finding("X", 0, 1, 0.5, "r"),)


class Analysis:
    """Analyses that a test finishes by hand."""

    def __init__(self) -> None:
        self.started: list[asyncio.Future[Findings]] = []

    def __call__(self) -> asyncio.Future[Findings]:
        self.started.append(asyncio.get_running_loop().create_future())
        return self.started[-1]


def test_everything_that_changes_findings_changes_the_key() -> None:
    piece = Chunk("some text", 0, 9, 0)
    keys = [
        chunk_key(b"k", b"d", "tenant", True, piece),
        chunk_key(b"K", b"d", "tenant", True, piece),
        chunk_key(b"k", b"D", "tenant", True, piece),
        chunk_key(b"k", b"d", "tenanT", True, piece),
        chunk_key(b"k", b"d", "tenant", False, piece),
        chunk_key(b"k", b"d", "tenant", True, Chunk("some text", 1, 9, 0)),
        chunk_key(b"k", b"d", "tenant", True, Chunk("same text", 0, 9, 0)),
        chunk_key(b"k", b"d", "tenants", True, Chunk("ome text", 0, 9, 0)),
    ]
    assert len(set(keys)) == len(keys)
    assert all(b"text" not in key for key in keys)
    moved = Chunk("some text", 0, 9, 500)
    assert chunk_key(b"k", b"d", "tenant", True, moved) == keys[0]


async def test_the_least_recently_used_goes_first() -> None:
    cache, analysis = FindingCache(2), Analysis()
    for key in (b"a", b"b", b"c"):
        asking = asyncio.create_task(cache.ask(key, analysis))
        await asyncio.sleep(0)
        analysis.started[-1].set_result(FOUND)
        assert await asking == FOUND
        cache.get(b"a")
    assert [cache.get(key) for key in (b"a", b"b", b"c")] == [FOUND, None, FOUND]
    assert len(cache) == 2


async def test_concurrent_askers_share_one_analysis() -> None:
    cache, analysis = FindingCache(9), Analysis()
    asking = [asyncio.create_task(cache.ask(b"a", analysis)) for _ in range(3)]
    await asyncio.sleep(0)
    assert cache.missing([b"a", b"b", b"b"]) == [1]
    asking[0].cancel()  # one caller leaves, the others still get theirs
    await asyncio.sleep(0)
    (started,) = analysis.started
    started.set_result(FOUND)
    assert await asyncio.gather(*asking[1:]) == [FOUND, FOUND]


async def test_when_all_have_left_the_analysis_ends() -> None:
    cache, analysis = FindingCache(9), Analysis()
    asking = asyncio.create_task(cache.ask(b"a", analysis))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    assert analysis.started[0].cancelled()
    again = asyncio.create_task(cache.ask(b"a", analysis))
    await asyncio.sleep(0)
    analysis.started[1].set_result(FOUND)
    assert await again == FOUND


async def test_a_failure_is_not_remembered() -> None:
    cache, analysis = FindingCache(9), Analysis()
    asking = [asyncio.create_task(cache.ask(b"a", analysis)) for _ in range(2)]
    await asyncio.sleep(0)
    analysis.started[0].set_exception(DetectorUnavailable("down"))
    for one in asking:
        with pytest.raises(DetectorUnavailable):
            await one
    assert cache.get(b"a") is None
    assert cache.missing([b"a"]) == [0]


def test_positions_are_in_order() -> None:
    missing = FindingCache(1).missing([b"c", b"a", b"c", b"b"])
    assert missing == [0, 1, 3]
    assert all(before < after for before, after in pairwise(missing))
