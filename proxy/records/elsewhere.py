"""Checkpoints kept elsewhere: sinks get the newest ones while Privet serves, and after its end.

Runs beside the requests. A sink that fails is logged, counted and tried again. Invariant: while a
required one hasn't got what it was offered last, `lacking` names it, and the recorder records no
intent: nothing is forwarded whose record only this machine could vouch for.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from audit.errors import AuditError, FormatError
from audit.layout import newest_note
from audit.sinks import Sink

#: When a sink that failed is tried again, in seconds.
AGAIN_S = 5.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Place:
    """One sink.

    Attributes:
        name: its address, which logs and metrics say.
        every_s: how often it is offered what is new, in seconds.
        has_newest: whether it took what it was offered last, and is still offered more.
        failing: whether the last offer failed.
        tried: set once it was offered anything.
        told: what it has, by the log's folder.
    """

    name: str
    sink: Sink
    required: bool
    every_s: float
    has_newest: bool = False
    failing: bool = False
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    told: dict[Path, str] = field(default_factory=dict)


class Elsewhere:
    """The sinks of one process, which get the checkpoints of `logs`, the folders of logs."""

    def __init__(
        self, logs: Sequence[Path], places: Sequence[Place], counts: Counter[tuple[str, ...]]
    ) -> None:
        self._logs = logs
        self._places = places
        self._counts = counts

    @property
    def up(self) -> Mapping[str, bool]:
        """Of each sink, whether it has what it was offered last."""
        return {place.name: place.has_newest for place in self._places}

    def lacking(self) -> str:
        """The name of a required sink that hasn't, or empty."""
        names = (one.name for one in self._places if one.required and not one.has_newest)
        return next(names, "")

    async def deliver(self) -> None:
        """Offer checkpoints until cancelled."""
        async with asyncio.TaskGroup() as group:
            for place in self._places:
                group.create_task(self._keep_offering(place))

    async def begun(self) -> None:
        """Wait until every required sink was offered the first ones."""
        for place in self._places:
            if place.required:
                await place.tried.wait()

    async def last(self) -> None:
        """Offer what the log's end left, once."""
        await asyncio.gather(*(self._offer(place) for place in self._places))

    async def _keep_offering(self, place: Place) -> None:
        try:
            while True:
                await self._offer(place)
                await asyncio.sleep(place.every_s if place.has_newest else AGAIN_S)
        finally:  # whatever ended it, nobody tells this sink any more
            place.has_newest = False
            place.tried.set()

    async def _offer(self, place: Place) -> None:
        failed_before = place.failing
        try:
            number = await asyncio.to_thread(self._tell, place)
        except (AuditError, FormatError, OSError) as error:
            place.failing = True
            self._counts["sinks", place.name, "failed"] += 1
            if not failed_before:
                log.error("checkpoint not delivered", sink=place.name, problem=str(error))
        else:
            place.failing = False
            self._counts["sinks", place.name, "delivered"] += number
            if failed_before:
                log.info("checkpoints are delivered again", sink=place.name)
        place.has_newest = not place.failing
        place.tried.set()

    def _tell(self, place: Place) -> int:
        """Tell a sink what it hasn't got; returns how many checkpoints that were."""
        number = 0
        for folder in self._logs:
            note, _ = newest_note(folder)
            if note != place.told.get(folder):
                place.sink.take(note, time.time_ns())
                place.told[folder] = note
                number += 1
        return number
