"""What the audit log needs while Privet serves: erasure orders carried out, retention kept.

Runs beside the requests and never stops them: a failure is logged, and tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from audit.checkpoint import line_of
from audit.cosignature import WitnessKey
from audit.errors import AuditError, FormatError
from audit.layout import newest_note
from audit.log import AuditLog
from audit.note import VerifierKey
from audit.orders import carry_out
from audit.witness import ask

#: How often erasure orders are looked for, in seconds.
ORDERS_EVERY_S = 1.0
#: How often retention is looked at. It ends at midnight, so mostly there is nothing to do.
RETENTION_EVERY_S = 600.0
#: How often witnesses are asked, and the newest checkpoint is logged.
WITNESS_EVERY_S = 60.0

log = structlog.get_logger(__name__)


async def keep_up(
    audit_log: AuditLog,
    site: Path,
    slot: str,
    approvers: Sequence[VerifierKey],
    witnesses: Mapping[str, WitnessKey],
) -> None:
    """Carry out orders and retention, log checkpoints, ask witnesses (by their address)."""
    async with asyncio.TaskGroup() as group:
        for url, witness in witnesses.items():
            group.create_task(_witness(site / slot, url, witness))
        group.create_task(_tell_checkpoints(site / slot))
        group.create_task(_orders(audit_log, site, slot, approvers))
        group.create_task(_retention(audit_log))


async def _orders(
    audit_log: AuditLog, site: Path, slot: str, approvers: Sequence[VerifierKey]
) -> None:
    while True:
        try:
            for answer in await carry_out(audit_log, site, slot, approvers):
                if answer.refused:
                    log.error("erasure refused", order=answer.order, reason=answer.refused)
                else:
                    log.info("erased", order=answer.order, contents=answer.rows)
        except (AuditError, OSError) as error:
            log.error("erasure not finished", problem=str(error))
        await asyncio.sleep(ORDERS_EVERY_S)


async def _tell_checkpoints(folder: Path) -> None:
    """Put the newest checkpoint into the log, which is collected elsewhere (journald, syslog)."""
    told = ""
    while True:
        try:
            note, _ = await asyncio.to_thread(newest_note, folder)
        except (FormatError, OSError) as error:
            log.error("no checkpoint to be read", problem=str(error))
        else:
            if note != told:
                log.info("checkpoint", line=line_of(note))
                told = note
        await asyncio.sleep(WITNESS_EVERY_S)


async def _witness(folder: Path, url: str, witness: WitnessKey) -> None:
    while True:
        try:
            size = await asyncio.to_thread(ask, folder, url, witness)
            log.info("checkpoint cosigned", witness=witness.name, records=size)
        except (AuditError, FormatError, OSError) as error:
            log.error("checkpoint not cosigned", witness=witness.name, problem=str(error))
        await asyncio.sleep(WITNESS_EVERY_S)


async def _retention(audit_log: AuditLog) -> None:
    while True:
        try:
            if contents := await audit_log.expire():
                log.info("retention ended", contents=contents)
                continue  # there may be more than one record can name
        except AuditError as error:
            log.error("retention not kept", problem=str(error))
        await asyncio.sleep(RETENTION_EVERY_S)
