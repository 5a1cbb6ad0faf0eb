"""While serving: files that change are taken up, and what came of it is in the log and the counts.

Policies (the one in force and a candidate), knowledge files, and the file of callers (virtual keys
or client certificates). A signal asks for policies at once. The policy in force and knowledge are
also on record.

Invariant: what can't be used leaves the last good one in force; nothing that goes wrong here ends
the watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from proxy.detect.knowledge.read import Knowledge
from proxy.detect.knowledge.watch import KnowledgeStore
from proxy.errors import AuditUnavailable
from proxy.identity import Callers
from proxy.metrics import Counts
from proxy.policy.compiled import Policy
from proxy.policy.watch import PolicyStore, Reload
from proxy.recording import Recorder
from proxy.yaml_file import ConfigError, Problem

#: How often changed files are looked for.
_EVERY_S = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched, and where it is told.

    Attributes:
        candidates: the store of the candidate policy, if there is one.
        asked: set by whoever wants the policies looked at now.
        counts: how often what happened, for metrics.
    """

    policies: PolicyStore
    candidates: PolicyStore | None
    knowledge: KnowledgeStore
    callers: Callers | None
    recorder: Recorder
    asked: asyncio.Event
    counts: Counts


async def watch(watched: Watched) -> None:
    """Follow changes until cancelled."""
    reloads: asyncio.Queue[tuple[str, Reload]] = asyncio.Queue()

    def telling(role: str) -> Callable[[Reload], None]:
        return lambda reload: reloads.put_nowait((role, reload))

    async with asyncio.TaskGroup() as group:
        group.create_task(watched.policies.watch(_EVERY_S, telling("policy")))
        if watched.candidates is not None:
            group.create_task(watched.candidates.watch(_EVERY_S, telling("candidate")))
        group.create_task(_reload_when_asked(watched, telling))
        group.create_task(_report(reloads, watched))
        group.create_task(
            watched.knowledge.watch(
                _EVERY_S, watched.policies.rely_on, partial(_report_knowledge, watched)
            )
        )
        if watched.callers is not None:
            group.create_task(_watch_callers(watched.callers, watched.counts))


async def on_record(policy: Policy, recorder: Recorder, *, accepted: bool) -> None:
    """Put a policy's coming into force, or a refused successor, on record and in the log.

    Raises:
        AuditUnavailable: it can't be recorded.
    """
    if policy.shadow is not None and accepted:
        log.warning("THE POLICY ISN'T ENFORCED", policy=policy.name, until=policy.shadow.until)
    await recorder.policy_changed(
        policy.name, policy.digest, accepted=accepted, waivers=_waivers(policy)
    )


async def _reload_when_asked(
    watched: Watched, telling: Callable[[str], Callable[[Reload], None]]
) -> None:
    while True:
        await watched.asked.wait()
        watched.asked.clear()
        telling("policy")(await asyncio.to_thread(watched.policies.reload))
        if watched.candidates is not None:
            telling("candidate")(await asyncio.to_thread(watched.candidates.reload))


async def _report(reloads: asyncio.Queue[tuple[str, Reload]], watched: Watched) -> None:
    """Say what came of each reload; only the policy in force is on record."""
    while True:
        role, reload = await reloads.get()
        policy, said = reload.policy, "refused" if reload.problems else "loaded"
        watched.counts["reload", role, said] += 1
        if reload.problems:
            problems = [str(problem) for problem in reload.problems]
            log.error(
                "policy refused, the last good one stays",
                role=role,
                policy=policy.name,
                digest=policy.digest,
                problems=problems,
            )
        else:
            log.info("policy loaded", role=role, policy=policy.name, digest=policy.digest)
        if role != "policy":
            continue
        try:
            await on_record(policy, watched.recorder, accepted=not reload.problems)
        except AuditUnavailable:
            # The watch goes on: a key that is taken away must still be.
            log.error("policy change not recorded", policy=policy.name, digest=policy.digest)


async def _report_knowledge(
    watched: Watched, knowledge: Knowledge, problems: Sequence[Problem]
) -> None:
    watched.counts["reload", "knowledge", "refused" if problems else "loaded"] += 1
    if problems:
        said = [str(problem) for problem in problems]
        log.error("knowledge refused, the last good one stays", problems=said)
    else:
        log.info("knowledge loaded", entities=sorted(knowledge.entities))
    try:
        await watched.recorder.knowledge_changed(
            knowledge.digest, knowledge.entities, accepted=not problems
        )
    except AuditUnavailable:
        log.error("knowledge change not recorded")


async def _watch_callers(callers: Callers, counts: Counts) -> None:
    while True:
        await asyncio.sleep(_EVERY_S)
        try:
            if not await asyncio.to_thread(callers.reload_if_changed):
                continue
        except ConfigError as error:
            counts["reload", "callers", "refused"] += 1
            problems = [str(problem) for problem in error.problems]
            log.error("callers refused, the last good ones stay", problems=problems)
        else:
            counts["reload", "callers", "loaded"] += 1
            log.info("callers loaded")


def _waivers(policy: Policy) -> list[dict[str, Any]]:
    """What a policy's waivers lift, for whom, until when, and who approved them."""
    return [
        {
            "id": waiver.id,
            "lifts": waiver.rule,
            "providers": sorted(waiver.providers),
            "scope": {name: sorted(values) for name, values in waiver.scope},
            "until": waiver.until.isoformat(),
            "approved_by": list(waiver.approved_by),
            "why": waiver.why,
        }
        for waiver in policy.waivers
    ]
