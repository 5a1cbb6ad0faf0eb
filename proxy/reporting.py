"""How one serving process is: whether it can take requests, and what it has counted.

A report is plain data, so that a parent can ask its workers for theirs. Invariants: no user text,
no secret and no machine path in it; making one changes nothing, and waits for the disks of audit
log and vault only, and not for long.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from proxy.errors import AuditUnavailable
from proxy.steps.journey import Services

OK = "ok"


@dataclass(frozen=True, slots=True)
class Report:
    """One process's report.

    Attributes:
        checks: what has to hold -> `ok`, or what is amiss.
        policy: name and digest of the one in force.
        shadow: what to say of a policy that isn't enforced as a whole, or empty.
        counts: numbers by name and labels, as metrics.py counts them.
        times: durations by name and label, as `metrics.Times` holds them.
        gauges: what is so just now, by name and label.
    """

    checks: Mapping[str, str]
    policy: str
    shadow: str
    counts: list[tuple[list[str], float]] = field(default_factory=list)
    times: list[tuple[list[str], list[float]]] = field(default_factory=list)
    gauges: list[tuple[list[str], float]] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Whether requests can be taken."""
        return all(said == OK for said in self.checks.values())

    @classmethod
    def nothing(cls) -> Report:
        """Of a process that never was."""
        return cls({}, "", "")

    def saying(self, problem: str) -> Report:
        """What was counted, of a process that can't take requests."""
        return replace(self, checks={"worker": problem}, policy="", shadow="", gauges=[])

    def after(self, earlier: Report) -> Report:
        """With what an earlier process had counted, so that counts never fall."""
        counts = Counter({tuple(key): number for key, number in earlier.counts})
        counts.update({tuple(key): number for key, number in self.counts})
        times = {tuple(key): row for key, row in earlier.times}
        for key, row in self.times:
            before = times.get(tuple(key), [0.0] * len(row))
            times[tuple(key)] = [a + b for a, b in zip(before, row, strict=True)]
        return replace(
            self,
            counts=[(list(key), number) for key, number in counts.items()],
            times=[(list(key), row) for key, row in times.items()],
        )

    def counting(self, key: tuple[str, ...]) -> Report:
        """With one more of these."""
        return self.after(replace(Report.nothing(), counts=[(list(key), 1)]))

    @classmethod
    def from_dict(cls, said: dict[str, Any]) -> Report:
        """What `as_dict` gave, after JSON."""
        pairs = ("counts", "times", "gauges")
        return cls(**{**said, **{name: [(k, v) for k, v in said[name]] for name in pairs}})

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


async def report(services: Services) -> Report:
    """The report of this process."""
    policy, today = services.policies.current, services.now().date()
    until = policy.shadow.until if policy.shadow else None
    enforced = policy.enforced(today)
    counts: dict[tuple[str, ...], float] = {**services.counts}
    detected = services.detector.counts
    counts["chunks", "memory"] = detected.chunks - detected.analysed
    counts["chunks", "process"] = detected.analysed
    return Report(
        checks={name: said async for name, said in _checks(services)},
        policy=f"{policy.name}@{policy.digest[:12]}",
        shadow="" if enforced else f"THE POLICY ISN'T ENFORCED until {until}: nothing is hidden",
        counts=[(list(key), number) for key, number in counts.items()],
        times=[(list(key), list(row)) for key, row in services.times.rows.items()],
        gauges=[([name, label], value) for (name, label), value in _gauges(services).items()],
    )


async def _checks(services: Services) -> AsyncIterator[tuple[str, str]]:
    yield "serving", "it is being stopped" if services.draining.is_set() else OK
    yield "policy", OK  # there is always one in force, or nothing would run
    yield "detector", OK if services.detector.ready else "no detector process is ready"
    audit, vault = await asyncio.gather(_audit(services), _vault(services))
    yield "audit", audit
    if services.callers is not None:
        yield "keys", OK if services.callers.sound else "the file of callers can't be read"
    yield "vault", vault


async def _audit(services: Services) -> str:
    try:
        await services.recorder.probe()
    except AuditUnavailable as error:
        return error.message
    return OK


async def _vault(services: Services) -> str:
    try:
        await services.vault.probe()
    except OSError:
        return "stored responses can't be read"
    return OK


def _gauges(services: Services) -> dict[tuple[str, str], float]:
    backlog, cooling = services.recorder.backlog, services.health.cooling(time.monotonic())
    return {
        ("audit_waiting", ""): backlog.waiting,
        ("audit_lag", ""): backlog.lag_s,
        ("audit_unprotected", ""): backlog.unprotected,
        ("detector_processes", ""): len(services.detector.pids),
        ("detector_waiting", ""): services.detector.waiting,
        **{("audit_sink_up", name): float(up) for name, up in services.elsewhere.up.items()},
        **{("provider_up", name): float(name not in cooling) for name in services.providers},
    }
