"""Detection as the pipeline sees it: parts in, findings out, on the event loop.

Each part is cut into chunks; a chunk that was seen before costs a hash; the rest goes to the pool.
Invariants: an answer is complete or there is none (`DetectorUnavailable`); what is found in a part
depends on that part and the settings only; no text outlives the call.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from proxy.detect.cache import KEY_BYTES, FindingCache, chunk_key
from proxy.detect.chunk import Chunk, chunk
from proxy.detect.knowledge.read import Knowledge
from proxy.detect.languages import Languages, coverage
from proxy.detect.processes.nursery import Nursery
from proxy.detect.processes.pool import Pool
from proxy.detect.settings import DetectSettings
from proxy.detect.shared import SharedFindings
from proxy.detect.spans import merge
from proxy.errors import DetectorUnavailable
from proxy.exchange import Coverage, Finding, Reach, TextPart


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
        counts: what was done so far.
    """

    def __init__(
        self,
        settings: DetectSettings,
        key: bytes,
        knowledge: Knowledge | None = None,
        nursery: Nursery | None = None,
        shared: SharedFindings | None = None,
    ) -> None:
        """Set up; `start` does the work.

        Args:
            settings: how to detect.
            key: secret for the cache's keyed hash, 16 to 64 random bytes; that of `shared`, or for
                this process only.
            knowledge: what a customer knows; `learn` replaces it.
            nursery: where detector processes come from, if somebody else has started it.
            shared: what other processes with the same settings have found.
        """
        self._own: frozenset[str] = frozenset()
        self._knowledge = knowledge or Knowledge()
        self._lessons = itertools.count()
        self.counts = DetectCounts()
        self._settings = settings
        self._key = key
        self._shared = shared
        self._cache = FindingCache(settings.cache_entries)
        self._pool = Pool(settings, nursery)
        self._languages = Languages(settings.language)
        self.learn(self._knowledge)

    @property
    def produced(self) -> frozenset[str]:
        """Entities that the enabled recognizers can yield; the customer's only before `start`."""
        return self.would_produce(self._knowledge)

    def would_produce(self, knowledge: Knowledge) -> frozenset[str]:
        """Entities that could be found with other knowledge."""
        return self._own | knowledge.entities

    @property
    def knowledge(self) -> Knowledge:
        """What a customer knows, as it is in force."""
        return self._knowledge

    def learn(self, knowledge: Knowledge) -> None:
        """From now on, know this instead; each process learns it before its next batch.

        What was found before is forgotten: the count keeps a chunk that was queued under earlier
        knowledge, and analysed under this, from being taken for an answer should that come back.
        """
        self._knowledge = knowledge
        self._digest = self._settings.digest + knowledge.digest
        self._lesson = next(self._lessons).to_bytes(8, "big")
        self._pool.teach(knowledge.taught)

    @property
    def digest(self) -> str:
        """Stands for how it detects: what it found under another one says nothing."""
        return (self._digest + self._lesson).hex()

    @property
    def ready(self) -> bool:
        """Whether at least one detector process can take work."""
        return self._pool.processes > 0

    @property
    def waiting(self) -> int:
        """How many chunks wait for a detector process."""
        return self._pool.waiting

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the detector processes, for operators."""
        return self._pool.pids

    async def start(self) -> None:
        """Start the detector processes and wait until their models are loaded.

        Raises:
            DetectorUnavailable: a process didn't start; the hint says why.
        """
        self._own = await self._pool.start()

    async def stop(self) -> None:
        """End the detector processes; calls that wait fail."""
        await self._pool.stop()

    def coverage(self, parts: Sequence[TextPart], said: str = "") -> tuple[Coverage, ...]:
        """Return each part's language, and what is looked for in it.

        Args:
            parts: those of a whole request: a part that doesn't say takes the language before it.
            said: the language that they are said to be in, for those that don't say it themselves.
        """
        told: dict[tuple[Reach, str], Coverage] = {}
        covered = []
        for part, language in zip(parts, self._languages.of(parts, said), strict=True):
            alike = part.reach, language
            if alike not in told:
                told[alike] = coverage(part, language, self._settings)
            covered.append(told[alike])
        return tuple(covered)

    async def detect(
        self, tenant: str, parts: Sequence[TextPart], covered: Sequence[Coverage] | None = None
    ) -> tuple[tuple[Finding, ...], ...]:
        """Return the findings of each part, parallel to `parts`, ordered by position.

        Args:
            tenant: whose texts they are.
            parts: the texts.
            covered: the coverage of each; by default as `coverage` tells it of these alone.

        Raises:
            DetectorUnavailable: not running, overloaded, past the deadline, or a process died.
        """
        pieces = [
            self._pieces(tenant, part, one.language)
            for part, one in zip(parts, covered or self.coverage(parts), strict=True)
        ]
        found = iter(await self._findings([piece for of_part in pieces for piece in of_part]))
        return tuple(
            _in_part(part, [(piece.chunk, next(found)) for piece in of_part])
            for part, of_part in zip(parts, pieces, strict=True)
        )

    def _pieces(self, tenant: str, part: TextPart, language: str) -> list[_Piece]:
        if part.reach is Reach.SWEEP:
            return []
        models = part.reach is Reach.FULL
        return [
            _Piece(
                piece,
                models,
                chunk_key(self._key, self._digest, tenant, models, piece) + self._lesson,
            )
            for piece in chunk(
                part.text,
                self._settings.chunk_chars,
                part.context,
                language if models else self._settings.language,
            )
        ]

    async def _findings(self, pieces: list[_Piece]) -> list[tuple[Finding, ...]]:
        """Return the findings of each piece, from memory where it is known."""
        known = [self._known(piece.key) for piece in pieces]
        self.counts = replace(self.counts, chunks=self.counts.chunks + len(pieces))
        unknown = [position for position, findings in enumerate(known) if findings is None]
        if not unknown:
            return [findings for findings in known if findings is not None]
        missing = self._cache.missing([piece.key for piece in pieces])
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

    def _known(self, key: bytes) -> tuple[Finding, ...] | None:
        """What this process remembers, or another has found under the same knowledge."""
        found = self._cache.get(key)
        if found is None and self._shared is not None:
            found = self._shared.get(key[:KEY_BYTES])
            if found is not None:
                self._cache.remember(key, found)
        return found

    def _share(self, key: bytes, analysed: asyncio.Future[tuple[Finding, ...]]) -> None:
        """Let others have what was found, unless it was learnt meanwhile what they don't know."""
        failed = analysed.cancelled() or analysed.exception()
        if self._shared is not None and not failed and key.endswith(self._lesson):
            self._shared.put(key[:KEY_BYTES], analysed.result())

    def _ask(self, piece: _Piece, place: int) -> Coroutine[Any, Any, tuple[Finding, ...]]:
        """Have a piece analysed, unless another call already does."""

        def submit() -> asyncio.Future[tuple[Finding, ...]]:
            self.counts = replace(
                self.counts,
                analysed=self.counts.analysed + 1,
                characters=self.counts.characters + len(piece.chunk.text),
            )
            analysed = self._pool.submit(piece.chunk, piece.models, place)
            analysed.add_done_callback(partial(self._share, piece.key))
            return analysed

        return self._cache.ask(piece.key, submit)


def _in_part(
    part: TextPart, chunks: list[tuple[Chunk, tuple[Finding, ...]]]
) -> tuple[Finding, ...]:
    """Join the findings of a part's chunks, with offsets into the part.

    What a model saw in the label before the text, or twice at a boundary, goes.
    """
    if len(chunks) == 1 and chunks[0][0].origin == 0:
        return chunks[0][1]  # the common case, and the warm path: the window is the part
    placed = []
    for piece, findings in chunks:
        for found in findings:
            start = max(0, found.start + piece.origin)
            end = found.end + piece.origin
            if start < end:
                placed.append(Finding(found.entity, start, end, found.score, found.recognizer))
    return merge(placed)
