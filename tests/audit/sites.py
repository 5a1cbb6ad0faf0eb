"""A site with one slot, for tests: keys, a clock that only moves when told, and a written log."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from audit.log import TIMEOUT_SECONDS, AuditLog
from audit.note import VerifierKey
from audit.recipients import Recipient
from audit.record import Content, Kind
from audit.report import Report
from audit.verify import verify

ORIGIN = "privet.example/slot-0"
SECOND = 10**9


@dataclass
class Clock:
    """Nanoseconds since 1970; each reading is a millisecond later."""

    now: int = 1_790_000_000 * SECOND

    def __call__(self) -> int:
        self.now += 10**6
        return self.now


@dataclass
class Site:
    """Keys and folders; `folder` is the slot's."""

    root: Path
    origin: str = ORIGIN
    signing: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    auditor: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    recovery: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    clock: Clock = field(default_factory=Clock)
    slot: str = "slot-0"

    @property
    def folder(self) -> Path:
        return self.root / self.slot

    @property
    def key(self) -> VerifierKey:
        return VerifierKey(self.origin, self.signing.public_key())

    def open(
        self, accept_damage_by: str | None = None, timeout_s: float = TIMEOUT_SECONDS
    ) -> AuditLog:
        recipients = [
            Recipient("auditor", self.auditor.public_key()),
            Recipient("recovery", self.recovery.public_key()),
        ]
        return AuditLog.open(
            self.folder,
            origin=self.origin,
            signing_key=self.signing,
            recipients=recipients,
            clock=self.clock,
            accept_damage_by=accept_damage_by,
            timeout_s=timeout_s,
        )

    def verify(self, *, since: str | None = None, opening: bool = True) -> Report:
        recipient = self.auditor if opening else None
        held = [] if since is None else [since]
        return verify(self.folder, [self.key], recipient=recipient, since=held)

    def codes(self, *, since: str | None = None) -> set[str]:
        return {finding.code for finding in self.verify(since=since).findings}

    def copy(self, to: Path) -> Site:
        shutil.copytree(self.root, to)
        return Site(to, self.origin, self.signing, self.auditor, self.recovery, self.clock)

    def segments(self) -> list[Path]:
        return sorted((self.folder / "segments").iterdir())


async def converse(log: AuditLog, turns: int, name: str = "e") -> None:
    """One conversation: each turn records an intent with all turns so far, and its outcome."""
    texts = [f"Turn {turn} of {name}: my name is Jane Roe." for turn in range(turns)]
    for turn in range(turns):
        contents = [
            Content(f"masked/messages.{i}", text.encode(), "acme/jane")
            for i, text in enumerate(texts[: turn + 1])
        ]
        await log.append(Kind.INTENT, f"{name}-{turn}", {"endpoint": "openai-us"}, contents)
        answer = Content("answer", f"Answer {turn} to {name}".encode(), "acme/jane")
        await log.append(Kind.OUTCOME, f"{name}-{turn}", {"status": "delivered"}, [answer])
