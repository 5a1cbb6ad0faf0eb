"""Detection as the pipeline sees it: parts in, findings out, on the event loop.

Each part is cut into chunks; a chunk that was seen before costs a hash; the rest goes to the pool.
Invariants: an answer is complete or there is none (`DetectorUnavailable`); what is found in a part
depends on that part and the settings only; no text outlives the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from proxy.detect.cache import FindingCache, chunk_key
from proxy.detect.chunk import Chunk, chunk
from proxy.detect.pool import Pool
from proxy.detect.settings import DetectSettings
from proxy.detect.spans import merge
from proxy.errors import DetectorUnavailable
from proxy.exchange import Finding, Reach, TextPart


@dataclass(frozen=True, slots=True)
class DetectCounts:
    """What detection has done since it started.

    Attributes:
        chunks: chunks asked for.
        analysed: chunks that a process had to look at.
        characters: characters of those, windows included.
    """

    chunks: int = 0
    analysed: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    """A chunk of one part, and what it is remembered under."""

    chunk: Chunk
    models: bool
    key: bytes


class Detector:
    """Finds personal and secret data in texts.

    Attributes:
        produced: entities that the enabled recognizers can yield; empty before `start`.
        counts: what was done so far.
    """

    def __init__(self, settings: DetectSettings, key: bytes) -> None:
        """Set up; `start` does the work.

        Args:
            settings: how to detect.
            key: secret for the cache's keyed hash, 16 to 64 random bytes, for this process only.
        """
        self.produced: frozenset[str] = frozenset()
        self.counts = DetectCounts()
        self._settings = settings
        self._key = key
        self._digest = settings.digest
        self._cache = FindingCache(settings.cache_entries)
        self._pool = Pool(settings)

    @property
    def ready(self) -> bool:
        """Whether at least one detector process can take work."""
        return self._pool.processes > 0

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the detector processes, for operators."""
        return self._pool.pids

    async def start(self) -> None:
        """Start the detector processes and wait until their models are loaded.

        Raises:
            DetectorUnavailable: a process didn't start; the hint says why.
        """
        self.produced = await self._pool.start()

    async def stop(self) -> None:
        """End the detector processes; calls that wait fail."""
        await self._pool.stop()

    async def detect(
        self, tenant: str, parts: Sequence[TextPart]
    ) -> tuple[tuple[Finding, ...], ...]:
        """Return the findings of each part, parallel to `parts`, ordered by position.

        Raises:
            DetectorUnavailable: not running, overloaded, past the deadline, or a process died.
        """
        pieces = [self._pieces(tenant, part) for part in parts]
        found = iter(await self._findings([piece for of_part in pieces for piece in of_part]))
        findings = []
        for part, of_part in zip(parts, pieces, strict=True):
            placed = [_in_part(part, piece.chunk, next(found)) for piece in of_part]
            findings.append(merge(finding for of_chunk in placed for finding in of_chunk))
        return tuple(findings)

    def _pieces(self, tenant: str, part: TextPart) -> list[_Piece]:
        models = part.reach is Reach.FULL
        return [
            _Piece(piece, models, chunk_key(self._key, self._digest, tenant, models, piece))
            for piece in chunk(part.text, self._settings.chunk_chars, part.context)
        ]

    async def _findings(self, pieces: list[_Piece]) -> list[tuple[Finding, ...]]:
        """Return the findings of each piece, from memory where it is known."""
        missing = self._cache.missing([piece.key for piece in pieces])
        self._count(pieces, missing)
        known = [self._cache.get(piece.key) for piece in pieces]
        unknown = [position for position, findings in enumerate(known) if findings is None]
        if not unknown:
            return [findings for findings in known if findings is not None]
        self._pool.room(len(missing))
        place = {position: rank for rank, position in enumerate(missing)}
        asking = [
            asyncio.create_task(self._ask(pieces[position], place.get(position, 0)))
            for position in unknown
        ]
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                answers = dict(zip(unknown, await asyncio.gather(*asking), strict=True))
        except TimeoutError as error:
            raise DetectorUnavailable(
                "Detection did not finish in time.",
                hint="Send less text at once, or raise detect.processes or detect.deadline_s.",
            ) from error
        finally:
            for task in asking:
                task.cancel()  # after a failure nobody waits for the others
        return [
            answers[position] if findings is None else findings
            for position, findings in enumerate(known)
        ]

    async def _ask(self, piece: _Piece, place: int) -> tuple[Finding, ...]:
        """Have a piece analysed, unless another call already does."""
        submit = self._pool.submit
        return await self._cache.share(piece.key, lambda: submit(piece.chunk, piece.models, place))

    def _count(self, pieces: list[_Piece], missing: list[int]) -> None:
        self.counts = replace(
            self.counts,
            chunks=self.counts.chunks + len(pieces),
            analysed=self.counts.analysed + len(missing),
            characters=self.counts.characters + sum(len(pieces[i].chunk.text) for i in missing),
        )


def _in_part(part: TextPart, piece: Chunk, findings: tuple[Finding, ...]) -> list[Finding]:
    """Return a chunk's findings with offsets into the part; what lies in its label is cut off."""
    placed = []
    for found in findings:
        start = max(0, found.start + piece.origin)
        end = min(len(part.text), found.end + piece.origin)
        if start < end:
            placed.append(replace(found, start=start, end=end))
    return placed
