"""The writer: has records sealed on the event loop (composing.py) and made durable, in order.

One process owns a slot, by an exclusive lock. `append` returns only when its record is durable; a
record is on its way to the disk when `append` first waits, so cancelling the caller loses nothing.
A failure, and a disk that doesn't answer in time, fails every record that isn't durable yet; the
next one begins a new segment with a new seed, so no link of a ratchet is ever used twice. While the
disk doesn't answer, nothing more is sealed.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.batches import Batches, Waiting
from audit.composing import Composer
from audit.disk import DiskThread
from audit.erasure import RETENTION, Erasure, read_journal
from audit.errors import AuditError, DiskStalled, FormatError
from audit.files import make_folder
from audit.frame import CORE, MAX_CONTENTS
from audit.manifest import Slot, register
from audit.note import VerifierKey
from audit.recipients import Pair, Recipient, describe, members_of
from audit.record import JSON, Content, Kept, Kind, Receipt, Reference
from audit.recovery import Recovered, recover
from audit.sealer import Named
from audit.slot import check_origin, take_slot
from audit.store import Store

#: How long a record may take to become durable, and a probe to be answered.
TIMEOUT_SECONDS = 10.0
PROBE_SECONDS = 3.0


class AuditLog:
    """One slot's log, open for appending. Every method belongs to one event loop."""

    def __init__(  # noqa: PLR0917 — what `open` has made ready
        self,
        origin: str,
        recipients: Sequence[Recipient | Pair],
        clock: Callable[[], int],
        store: Store,
        lock: int,
        timeout_s: float,
        observe: Callable[[float, float], None],
    ) -> None:
        """Use `open`."""
        self._origin = origin
        self._recipients = tuple(recipients)
        self._clock = clock
        self._composer = Composer(origin, self._recipients, clock, store.size)
        self._store = store
        self._lock = lock
        self._timeout_s = timeout_s
        self._disk = DiskThread()
        self._batches = Batches(
            store,
            self._disk,
            timeout_s=timeout_s,
            failed=self._composer.forget_segment,
            observe=observe,
        )
        self._probing: asyncio.Future[None] | None = None
        self._erasing = asyncio.Lock()
        self._erasures: deque[Erasure] = deque()  # the one that failed last, then the next
        self._closed = False

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        origin: str,
        signing_key: Ed25519PrivateKey,
        recipients: Sequence[Recipient | Pair],
        clock: Callable[[], int],
        accept_damage_by: str | None = None,
        timeout_s: float = TIMEOUT_SECONDS,
        observe: Callable[[float, float], None] = lambda _write_s, _sync_s: None,
    ) -> AuditLog:
        """Take over the slot in `directory`: lock, recover, list it in the site, begin a segment.

        Args:
            directory: the slot's folder; the one above it is the site and holds the manifest.
            origin: the log's name, ``<site>/<slot>``, without spaces or plus signs.
            recipients: who may open records; at least one (two are advised: an offline copy).
            clock: nanoseconds since 1970.
            accept_damage_by: the operator who accepts that damage above the newest checkpoint is
                cut and recorded.
            timeout_s: within which a record has to be durable.
            observe: is told of each batch how many seconds it took to make it durable, and how many
                of them the disk took to sync it.

        Blocks. Raises AuditError when another process holds the slot, or the log can't go on.
        """
        check_origin(origin)
        if not any(isinstance(one, Pair) or one.compartment == CORE for one in recipients):
            raise AuditError(
                "an audit log needs at least one recipient, or nobody can ever read it"
            )
        verifier = VerifierKey(origin, signing_key.public_key())
        try:
            with ExitStack() as undo:
                make_folder(directory)
                lock = take_slot(directory)
                undo.callback(os.close, lock)
                recovered = recover(directory, origin, verifier, accept_damage_by)
                register(directory.parent, Slot(directory.name, verifier), signing_key)
                store = Store(directory, origin, signing_key, recovered.published)
                undo.callback(store.close)
                log = cls(origin, recipients, clock, store, lock, timeout_s, observe)
                log._tell_what_was_found(recovered, list(read_journal(directory)))
                store.checkpoint()
                undo.pop_all()
        except (OSError, sqlite3.Error, FormatError) as error:
            raise AuditError(f"the audit log in {directory} can't be opened: {error}") from error
        return log

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._origin

    @property
    def size(self) -> int:
        """How many records are durable."""
        return self._composer.durable

    @property
    def waiting(self) -> int:
        """How many records are sealed and not durable yet."""
        return self._batches.waiting

    @property
    def lag_s(self) -> float:
        """How long the oldest of those has been waiting, in seconds."""
        since = self._batches.waiting_since
        return 0 if since is None else max(0, self._clock() - since) / 10**9

    @property
    def unprotected(self) -> int:
        """How many durable records no checkpoint covers yet."""
        return self._store.unprotected

    async def probe(self) -> None:
        """Write to the log's disk and sync it, beside the log; raises AuditError.

        It never waits long, and a probe that the disk hasn't answered yet is the next ones' too.
        """
        if self._closed:
            raise AuditError("the audit log is closed")
        self._batches.check()
        if self._probing is None or self._probing.done():
            self._probing = self._disk.begin(self._store.probe)
            self._probing.add_done_callback(_whatever_came)
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await asyncio.shield(self._probing)
        except TimeoutError:
            raise DiskStalled("the audit disk doesn't answer") from None

    async def append(
        self,
        kind: Kind,
        exchange_id: str,
        body: Mapping[str, JSON],
        contents: Sequence[Content | Named] = (),
        kept: Kept | None = None,
        *,
        urgent: bool = True,
    ) -> Receipt:
        """Seal a record and wait until it is durable.

        `body` is sealed, as are contents; kind, time and exchange id stand clear. A content that
        this process stored before in the same scope is referenced, not stored again.
        `kept`: all contents of an earlier record that this one has too, if the log still `holds`
        them. `urgent`: whether anybody waits for it; a record that isn't may wait a little for one
        that is. Raises AuditError when it isn't durable in time: the caller must not go on.
        """
        if self._closed:
            raise AuditError("the audit log is closed")
        self._batches.check()
        try:
            sealer, sealed, remember, kept = self._composer.compose(
                kind, exchange_id, body, contents, kept
            )
        except FormatError as error:
            raise AuditError(f"the record can't be written: {error}") from error
        loop = asyncio.get_running_loop()
        waiting = Waiting(sealer, sealed, remember, loop.create_future(), loop.time(), urgent)
        self._batches.add(waiting)
        await waiting.done
        return Receipt(self._origin, sealed.leaf.sequence, sealed.leaf.time, kept)

    def holds(self, kept: Kept) -> bool:
        """Whether the key rows of these contents are still there, until the caller awaits anything.

        Whether they live as long as the new record's retention is the caller's to know.
        """
        return self._composer.holds(kept)

    async def erase(self, erasure: Erasure) -> Receipt:
        """Delete key rows, then put on record which: their contents are gone for every reader.

        Raises AuditError: it is under way, and the next erasure or start finishes it first.
        """
        if self._closed:
            raise AuditError("the audit log is closed")
        if any(row.sequence >= self.size for row in erasure.rows):
            raise AuditError("the erasure names records that this log doesn't have")
        async with self._erasing:
            self._erasures.append(erasure)
            while True:
                erasure = self._erasures[0]
                self._composer.forget_contents()
                await self._disk.do(partial(self._store.erase, erasure))
                size = self.size
                await asyncio.to_thread(self._store.write_keys_anew)
                await self._disk.do(partial(self._store.take_keys_over, size))
                names = erasure.names()
                receipt = await self.append(Kind.ERASURE, erasure.id, erasure.body(), names)
                await self._disk.do(self._store.erased)
                self._erasures.popleft()
                if not self._erasures:
                    return receipt

    async def expire(self) -> int:
        """Erase what retention has run out for; returns how many key rows that were."""
        rows: list[Reference] = []
        await self._disk.do(lambda: rows.extend(self._store.expired(self._clock(), MAX_CONTENTS)))
        if rows:
            await self.erase(Erasure(RETENTION, RETENTION, (), tuple(rows)))
        return len(rows)

    async def close(self) -> None:
        """Wait for what is under way, write a last checkpoint, give up the slot.

        Raises AuditError when that checkpoint can't be written; the slot is free even so. Raises
        DiskStalled when the disk doesn't answer: what it is at may still be written, so the slot
        is this process's until it ends, or until this is called again.
        """
        self._closed, answers = True, True
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._batches.close()
                await self._disk.do(self._store.checkpoint)
        except TimeoutError:
            answers = False
            raise DiskStalled("the audit disk doesn't answer, so the log stays open") from None
        finally:
            if answers:
                self._disk.close()
                self._store.close()
                os.close(self._lock)

    def _tell_what_was_found(self, recovered: Recovered, interrupted: list[Erasure]) -> None:
        """Append, before anything else, what a restart cut, which outcomes nobody knows, and the
        erasure that a crash interrupted, once its rows are gone.
        """
        sealer, time = self._composer.sealer(), self._clock()
        records = []
        if recovered.recipients not in {None, frozenset(members_of(self._recipients))}:
            body = {"recipients": describe(self._recipients)}
            records.append(sealer.seal(Kind.ROTATION, "", time, body))
        if recovered.cut is not None:
            records.append(sealer.seal(Kind.RECOVERY, "", time, {"cut": recovered.cut}))
        for exchange_id, intent in recovered.open_intents.items():
            ending: dict[str, JSON] = {"status": "unknown", "intent": intent}
            records.append(sealer.seal(Kind.OUTCOME, exchange_id, time, ending))
        for one in interrupted:
            self._store.erase(one)
            self._store.write_keys_anew()
            self._store.take_keys_over(self._store.size)
            records.append(sealer.seal(Kind.ERASURE, one.id, time, one.body(), one.names()))
        if records:
            self._store.write(sealer.header, sealer.first, records)
            self._composer.durable = self._store.size
        if interrupted:
            self._store.erased()


def _whatever_came(probing: asyncio.Future[None]) -> None:
    """A probe's failure is nobody's when all who waited for it have left."""
    if not probing.cancelled():
        probing.exception()
