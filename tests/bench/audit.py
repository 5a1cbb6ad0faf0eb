"""The audit log's figures: `python -m tests.bench.audit [--records N]`. Prints; asserts nothing.

Appending beside a bare fdatasync of as many bytes in the same run; sealing, in processor time;
bytes of a long conversation; verifying, indexing and searching a large log.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.index import update
from audit.index_file import open_index
from audit.recipients import Recipient
from audit.record import JSON, Content, Kind
from audit.sealer import Sealer
from audit.search import Query, search
from tests.audit.sites import ORIGIN, Site

T = TypeVar("T")
KEY = bytes(32)
AT_ONCE = (1, 16, 128)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.audit", description=__doc__)
    parser.add_argument("--records", type=int, default=100_000, help="of the large log")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="privet-bench-") as scratch:
        folder = Path(scratch)
        print(f"load before: {os.getloadavg()[0]:.1f}")
        for line in (*sealing(), *appending(folder), *conversation(folder)):
            print(line, flush=True)
        for line in large(folder, wanted.records):
            print(line, flush=True)


def sealing() -> Iterator[str]:
    """A record with 20 values and two texts, for two auditors."""
    site = Site(Path())
    readers = [
        Recipient("a", site.auditor.public_key()),
        Recipient("b", site.recovery.public_key()),
    ]
    sealer = Sealer(ORIGIN, readers, first=0, open_from=0, time=0)
    contents = [Content(f"value/PERSON_{n}", b"Jane Hollander", "s") for n in range(20)]
    contents += [
        Content("masked/messages.0", b"x" * 400, "s"),
        Content("original", b"y" * 400, "s"),
    ]
    spent = _each(lambda: sealer.seal(Kind.INTENT, "e-1", 1, _body(), contents))
    bare = _each(lambda: _bare_ciphers(contents))
    yield (
        f"sealing, full, 20 values, two auditors: {spent * 1e6:.0f} µs of processor time, "
        f"{spent / bare:.1f} times the bare ciphers and hashes of its contents"
    )


def _each(work: Callable[[], object], count: int = 3000) -> float:
    begin = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - begin) / count


def _bare_ciphers(contents: list[Content]) -> None:
    """What the format asks for each content: it sealed, its key wrapped, its row hashed."""
    wrap = AESGCM(KEY).encrypt
    for content in contents:
        wrap(bytes(12), KEY, KEY)
        AESGCM(KEY).encrypt(bytes(12), content.data, KEY)
        sha256(KEY).digest()


def appending(folder: Path) -> Iterator[str]:
    """Records per second and latency, against a bare fdatasync on the same disk."""
    bare = _bare(folder, 300)
    yield f"bare fdatasync of 1 KB: p50 {bare[0] * 1e3:.2f} ms, p99 {bare[1] * 1e3:.2f} ms"
    for at_once in AT_ONCE:
        site = Site(folder / f"append-{at_once}", clock=time.time_ns)  # type: ignore[arg-type]
        rate, p50, p99 = asyncio.run(_append(site, at_once, 300 * min(at_once, 32)))
        yield (
            f"append, {at_once} at once: {rate:.0f} records/s; p50 {p50 / bare[0]:.2f},"
            f" p99 {p99 / bare[1]:.2f} times the bare fdatasync"
        )


def conversation(folder: Path) -> Iterator[str]:
    """What each turn of fifty adds to the segments and the key rows."""
    site = Site(folder / "conversation")

    async def talk() -> list[int]:
        log = site.open()
        sizes, contents = [0], []
        for turn in range(50):
            contents.append(Content(f"masked/messages.{turn}", b"t" * 200 + b"%d" % turn, "s"))
            await log.append(Kind.INTENT, f"e-{turn}", _body(), contents)
            await log.append(Kind.OUTCOME, f"e-{turn}", {}, [Content("received", b"a" * 200, "s")])
            sizes.append(sum(path.stat().st_size for path in site.segments()))
        await log.close()
        return [after - before for before, after in pairwise(sizes)]

    grown = asyncio.run(talk())
    yield f"bytes of a turn: 2nd {grown[1]}, 10th {grown[9]}, 25th {grown[24]}, 50th {grown[49]}"


def large(folder: Path, records: int) -> Iterator[str]:
    """Verify, index and search a log of many records."""
    site = Site(folder / "large")
    writing, _ = _timed(lambda: asyncio.run(_fill(site, records)))
    yield f"written: {records:,} records, {writing[0] / records * 1e6:.0f} µs each"
    before = _memory()
    spent, report = _timed(lambda: site.verify(opening=False))
    million = 1e6 / records
    yield (
        f"verify: {spent[0]:.1f} s of processor time ({spent[0] * million:.0f} s per million), "
        f"{spent[1]:.1f} s by the clock; memory grew by {_memory() - before} MB; "
        f"findings: {len(report.findings)}"
    )
    index = folder / "index.db"
    spent, done = _timed(lambda: update(index, site.root, KEY, site.auditor))
    yield f"index: {done.records:,} records, {spent[0] * million:.0f} s per million"
    with closing(open_index(index)) as database:
        for name, query in (
            ("a person", Query(value="user77@acme.com")),
            ("a person, provider and month", Query(value="user77@acme.com", provider="openai")),
            ("nobody", Query(value="nobody@acme.com")),
        ):
            spent, hits = _timed(lambda query=query: list(search(database, KEY, query)))  # type: ignore[misc]
            yield f"search, {name}: {len(hits)} found in {spent[1] * 1e3:.1f} ms"


def _body() -> dict[str, JSON]:
    return {
        "principal": {"tenant": "t", "team": "support", "app": "desk", "user": ""},
        "endpoint": {"provider": "openai", "model": "gpt-4o"},
        "rules": ["general-use"],
        "class": "confidential",
        "found": {"EMAIL_ADDRESS": 1},
        "indexed": True,
    }


def _bare(folder: Path, count: int) -> tuple[float, float]:
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT)
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        os.write(descriptor, bytes(1024))
        os.fdatasync(descriptor)
        times.append(time.perf_counter() - begin)
    os.close(descriptor)
    return _percentiles(times)


async def _append(site: Site, at_once: int, count: int) -> tuple[float, float, float]:
    log = site.open()
    times: list[float] = []
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            begin = time.perf_counter()
            content = Content("masked/messages.0", b"%d" % number + bytes(300), "s")
            await log.append(Kind.INTENT, f"e-{number}", _body(), [content])
            times.append(time.perf_counter() - begin)

    begin = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(at_once)))
    rate = count / (time.perf_counter() - begin)
    await log.close()
    return rate, *_percentiles(times)


async def _fill(site: Site, records: int) -> None:
    log = site.open()
    numbers = iter(range(records // 2))

    async def some() -> None:
        for number in numbers:
            text = Content("masked/messages.0", b"hello %d" % number, "s")
            value = Content("value/EMAIL_ADDRESS_1", b"user%d@acme.com" % (number % 50_000), "s")
            await log.append(Kind.INTENT, f"e-{number}", _body(), [text, value])
            await log.append(Kind.OUTCOME, f"e-{number}", {"status": "delivered"})

    await asyncio.gather(*(some() for _ in range(128)))
    await log.close()


def _timed(work: Callable[[], T]) -> tuple[tuple[float, float], T]:
    """Processor and clock seconds of some work, and its result."""
    processor, clock = time.process_time(), time.perf_counter()
    result = work()
    return (time.process_time() - processor, time.perf_counter() - clock), result


def _memory() -> int:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _percentiles(times: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(times, n=100)
    return cuts[49], cuts[98]


if __name__ == "__main__":
    main()
