"""What the audit log needs while Privet serves: erasure orders carried out, retention kept.

Runs beside the requests and never stops them: a failure is logged, and tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from audit.errors import AuditError
from audit.log import AuditLog
from audit.note import VerifierKey
from audit.orders import carry_out

#: How often erasure orders are looked for, in seconds.
ORDERS_EVERY_S = 1.0
#: How often retention is looked at. It ends at midnight, so mostly there is nothing to do.
RETENTION_EVERY_S = 600.0

log = structlog.get_logger(__name__)


async def keep_up(
    audit_log: AuditLog, site: Path, slot: str, approvers: Sequence[VerifierKey]
) -> None:
    """Carry out orders and retention until cancelled."""
    async with asyncio.TaskGroup() as group:
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


async def _retention(audit_log: AuditLog) -> None:
    while True:
        try:
            if contents := await audit_log.expire():
                log.info("retention ended", contents=contents)
                continue  # there may be more than one record can name
        except AuditError as error:
            log.error("retention not kept", problem=str(error))
        await asyncio.sleep(RETENTION_EVERY_S)
